package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

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
func (s InferenceServices) CreateAll(ctx context.Context, values []*model.InferenceService) ([]Result, error) {
	return s.c.CreateAll(ctx, values)
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
func (s InferenceServices) Get(ctx context.Context, id string) (*model.InferenceService, error) {
	return s.c.Get(ctx, id)
}

// FindByName returns the service with the given name in the given serving
// environment. The error is [ErrNotFound] if it does not exist.
func (s InferenceServices) FindByName(
	ctx context.Context, servingEnvironmentID, name string,
) (*model.InferenceService, error) {
	return s.c.FindByNameIn(ctx, servingEnvironmentID, name)
}

// FindByExternalID returns the service with the given external ID. The error
// is [ErrNotFound] if it does not exist.
func (s InferenceServices) FindByExternalID(ctx context.Context, externalID string) (*model.InferenceService, error) {
	return s.c.FindByExternalID(ctx, externalID)
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
