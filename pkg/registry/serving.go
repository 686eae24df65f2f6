package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// ServingEnvironments stores and finds the environments that models are served
// in.
type ServingEnvironments struct {
	c *Collection[model.ServingEnvironment, *mlmdpb.Context]
}

// ServingEnvironments returns the collection of environments. It makes no RPC.
func (c *Client) ServingEnvironments() ServingEnvironments {
	return ServingEnvironments{c.collections.servingEnvironments}
}

// Upsert creates v or patches the stored environment, and sets v.ID. An
// environment is identified by its ID, or else by its name. See
// [Collection.Upsert].
func (s ServingEnvironments) Upsert(
	ctx context.Context, v *model.ServingEnvironment, opts ...UpsertOption[model.ServingEnvironment],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new environment and sets v.ID. The error is [ErrAlreadyExists] if
// it exists. See [Collection.Create].
func (s ServingEnvironments) Create(ctx context.Context, v *model.ServingEnvironment) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the environments in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s ServingEnvironments) UpsertAll(
	ctx context.Context, values []*model.ServingEnvironment, opts ...UpsertOption[model.ServingEnvironment],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [ServingEnvironments.UpsertAll] except that all environments must be new.
func (s ServingEnvironments) CreateAll(
	ctx context.Context, values []*model.ServingEnvironment, opts ...BatchOption[model.ServingEnvironment],
) ([]Result, error) {
	return s.c.CreateAll(ctx, values, opts...)
}

// Update stores what f changes in the environment with the given ID. See
// [Collection.Update].
func (s ServingEnvironments) Update(
	ctx context.Context, id string, f func(v *model.ServingEnvironment) error,
) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [ServingEnvironments.Upsert] except that it removes the fields
// that are not set in v. See [Collection.Replace].
func (s ServingEnvironments) Replace(
	ctx context.Context, v *model.ServingEnvironment, opts ...WriteOption[model.ServingEnvironment],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Get returns the environment with the given ID. The error is [ErrNotFound] if
// it does not exist.
func (s ServingEnvironments) Get(
	ctx context.Context, id string, opts ...ReadOption[model.ServingEnvironment],
) (*model.ServingEnvironment, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the environment with the given name. The error is
// [ErrNotFound] if it does not exist.
func (s ServingEnvironments) FindByName(
	ctx context.Context, name string, opts ...ReadOption[model.ServingEnvironment],
) (*model.ServingEnvironment, error) {
	return s.c.FindByName(ctx, name, opts...)
}

// FindByExternalID returns the environment with the given external ID. The
// error is [ErrNotFound] if it does not exist.
func (s ServingEnvironments) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.ServingEnvironment],
) (*model.ServingEnvironment, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all environments.
func (s ServingEnvironments) Query() Query[model.ServingEnvironment] {
	return s.c.Query()
}

// InferenceServices stores and finds the inference services of serving
// environments.
type InferenceServices struct {
	c *Collection[model.InferenceService, *mlmdpb.Context]
}

// InferenceServices returns the collection of services. It makes no RPC.
func (c *Client) InferenceServices() InferenceServices {
	return InferenceServices{c.collections.inferenceServices}
}

// Upsert creates v or patches the stored service, and sets v.ID. A
// service is identified by its ID, or else by its environment and its name.
// See [Collection.Upsert].
func (s InferenceServices) Upsert(
	ctx context.Context, v *model.InferenceService, opts ...UpsertOption[model.InferenceService],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new service and sets v.ID. The error is [ErrAlreadyExists] if
// it exists. See [Collection.Create].
func (s InferenceServices) Create(ctx context.Context, v *model.InferenceService) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the services in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s InferenceServices) UpsertAll(
	ctx context.Context, values []*model.InferenceService, opts ...UpsertOption[model.InferenceService],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [InferenceServices.UpsertAll] except that all services must be new.
func (s InferenceServices) CreateAll(
	ctx context.Context, values []*model.InferenceService, opts ...BatchOption[model.InferenceService],
) ([]Result, error) {
	return s.c.CreateAll(ctx, values, opts...)
}

// Update stores what f changes in the service with the given ID. See
// [Collection.Update].
func (s InferenceServices) Update(
	ctx context.Context, id string, f func(v *model.InferenceService) error,
) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [InferenceServices.Upsert] except that it removes the fields that
// are not set in v. See [Collection.Replace].
func (s InferenceServices) Replace(
	ctx context.Context, v *model.InferenceService, opts ...WriteOption[model.InferenceService],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Get returns the service with the given ID. The error is [ErrNotFound] if it
// does not exist.
func (s InferenceServices) Get(
	ctx context.Context, id string, opts ...ReadOption[model.InferenceService],
) (*model.InferenceService, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the service with the given name in the given serving
// environment. The error is [ErrNotFound] if it does not exist.
func (s InferenceServices) FindByName(
	ctx context.Context, servingEnvironmentID, name string, opts ...ReadOption[model.InferenceService],
) (*model.InferenceService, error) {
	return s.c.FindByNameIn(ctx, servingEnvironmentID, name, opts...)
}

// FindByExternalID returns the service with the given external ID. The error
// is [ErrNotFound] if it does not exist.
func (s InferenceServices) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.InferenceService],
) (*model.InferenceService, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all services.
func (s InferenceServices) Query() Query[model.InferenceService] {
	return s.c.Query()
}

// OfEnvironment returns a query for the services of the given serving
// environment.
func (s InferenceServices) OfEnvironment(servingEnvironmentID string) Query[model.InferenceService] {
	return s.c.ChildrenOf(servingEnvironmentID)
}

// ServeModels stores and finds the records of an inference service that serves
// a model version.
type ServeModels struct {
	c *Collection[model.ServeModel, *mlmdpb.Execution]
}

// ServeModels returns the collection of ServeModels. It makes no RPC.
func (c *Client) ServeModels() ServeModels {
	return ServeModels{c.collections.serveModels}
}

// Upsert creates v or patches the stored ServeModel, and sets v.ID.
// A ServeModel is identified by its ID, or else by its service and its name.
// Without a name, it is identified by its external ID; without either, each
// Upsert creates another one. See [Collection.Upsert].
func (s ServeModels) Upsert(
	ctx context.Context, v *model.ServeModel, opts ...UpsertOption[model.ServeModel],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new execution and sets v.ID. The error is [ErrAlreadyExists] if
// it exists. See [Collection.Create].
func (s ServeModels) Create(ctx context.Context, v *model.ServeModel) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the executions in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s ServeModels) UpsertAll(
	ctx context.Context, values []*model.ServeModel, opts ...UpsertOption[model.ServeModel],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [ServeModels.UpsertAll] except that all executions must be new.
func (s ServeModels) CreateAll(
	ctx context.Context, values []*model.ServeModel, opts ...BatchOption[model.ServeModel],
) ([]Result, error) {
	return s.c.CreateAll(ctx, values, opts...)
}

// Update stores what f changes in the execution with the given ID. See
// [Collection.Update].
func (s ServeModels) Update(ctx context.Context, id string, f func(v *model.ServeModel) error) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [ServeModels.Upsert] except that it removes the fields that are
// not set in v. See [Collection.Replace].
func (s ServeModels) Replace(
	ctx context.Context, v *model.ServeModel, opts ...WriteOption[model.ServeModel],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Get returns the ServeModel with the given ID. The error is [ErrNotFound] if
// it does not exist.
func (s ServeModels) Get(
	ctx context.Context, id string, opts ...ReadOption[model.ServeModel],
) (*model.ServeModel, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the ServeModel with the given name in the given inference
// service. The error is [ErrNotFound] if it does not exist.
func (s ServeModels) FindByName(
	ctx context.Context, inferenceServiceID, name string, opts ...ReadOption[model.ServeModel],
) (*model.ServeModel, error) {
	return s.c.FindByNameIn(ctx, inferenceServiceID, name, opts...)
}

// FindByExternalID returns the ServeModel with the given external ID. The
// error is [ErrNotFound] if it does not exist.
func (s ServeModels) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.ServeModel],
) (*model.ServeModel, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all ServeModels.
func (s ServeModels) Query() Query[model.ServeModel] {
	return s.c.Query()
}

// OfService returns a query for the ServeModels of the given inference
// service.
func (s ServeModels) OfService(inferenceServiceID string) Query[model.ServeModel] {
	return s.c.ChildrenOf(inferenceServiceID)
}
