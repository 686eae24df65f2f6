package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

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
func (s ServeModels) CreateAll(ctx context.Context, values []*model.ServeModel) ([]Result, error) {
	return s.c.CreateAll(ctx, values)
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
func (s ServeModels) Get(ctx context.Context, id string) (*model.ServeModel, error) {
	return s.c.Get(ctx, id)
}

// FindByName returns the ServeModel with the given name in the given inference
// service. The error is [ErrNotFound] if it does not exist.
func (s ServeModels) FindByName(ctx context.Context, inferenceServiceID, name string) (*model.ServeModel, error) {
	return s.c.FindByNameIn(ctx, inferenceServiceID, name)
}

// FindByExternalID returns the ServeModel with the given external ID. The
// error is [ErrNotFound] if it does not exist.
func (s ServeModels) FindByExternalID(ctx context.Context, externalID string) (*model.ServeModel, error) {
	return s.c.FindByExternalID(ctx, externalID)
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
