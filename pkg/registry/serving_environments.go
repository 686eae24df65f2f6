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
func (s ServingEnvironments) CreateAll(ctx context.Context, values []*model.ServingEnvironment) ([]Result, error) {
	return s.c.CreateAll(ctx, values)
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
func (s ServingEnvironments) Get(ctx context.Context, id string) (*model.ServingEnvironment, error) {
	return s.c.Get(ctx, id)
}

// FindByName returns the environment with the given name. The error is
// [ErrNotFound] if it does not exist.
func (s ServingEnvironments) FindByName(ctx context.Context, name string) (*model.ServingEnvironment, error) {
	return s.c.FindByName(ctx, name)
}

// FindByExternalID returns the environment with the given external ID. The
// error is [ErrNotFound] if it does not exist.
func (s ServingEnvironments) FindByExternalID(
	ctx context.Context, externalID string,
) (*model.ServingEnvironment, error) {
	return s.c.FindByExternalID(ctx, externalID)
}

// Query returns a query for all environments.
func (s ServingEnvironments) Query() Query[model.ServingEnvironment] {
	return s.c.Query()
}
