package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// ServingEnvironments stores and finds the environments that models are served
// in.
type ServingEnvironments struct {
	e *Collection[model.ServingEnvironment, *mlmdpb.Context]
}

// ServingEnvironments returns the collection of environments. It makes no RPC.
func (c *Client) ServingEnvironments() ServingEnvironments {
	return ServingEnvironments{c.collections.servingEnvironments}
}

// Upsert creates v or patches the stored environment, sets v.ID and returns
// it. An environment is identified by its ID, or else by its name. See
// [Collection.Upsert].
func (s ServingEnvironments) Upsert(
	ctx context.Context, v *model.ServingEnvironment, opts ...UpsertOption[model.ServingEnvironment],
) (string, error) {
	return s.e.Upsert(ctx, v, opts...)
}

// Replace is [ServingEnvironments.Upsert] except that it removes the fields
// that are not set in v. See [Collection.Replace].
func (s ServingEnvironments) Replace(ctx context.Context, v *model.ServingEnvironment) (string, error) {
	return s.e.Replace(ctx, v)
}

// Get returns the environment with the given ID. The error is [ErrNotFound] if
// it does not exist.
func (s ServingEnvironments) Get(ctx context.Context, id string) (*model.ServingEnvironment, error) {
	return s.e.Get(ctx, id)
}

// FindByName returns the environment with the given name. The error is
// [ErrNotFound] if it does not exist.
func (s ServingEnvironments) FindByName(ctx context.Context, name string) (*model.ServingEnvironment, error) {
	return s.e.FindByName(ctx, name)
}

// FindByExternalID returns the environment with the given external ID. The
// error is [ErrNotFound] if it does not exist.
func (s ServingEnvironments) FindByExternalID(
	ctx context.Context, externalID string,
) (*model.ServingEnvironment, error) {
	return s.e.FindByExternalID(ctx, externalID)
}

// Query returns a query for all environments.
func (s ServingEnvironments) Query() Query[model.ServingEnvironment] {
	return s.e.Query()
}
