package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// ServingEnvironments stores and finds the environments that models are served in.
type ServingEnvironments struct {
	e *Collection[model.ServingEnvironment, *mlmdpb.Context]
}

// ServingEnvironments returns the verbs for environments. It sends nothing.
func (c *Client) ServingEnvironments() ServingEnvironments {
	return ServingEnvironments{c.collections.servingEnvironments}
}

// Upsert stores v and returns its id; see [Collection.Upsert] for what it does with
// what is stored already. An environment is the same environment when its name is the same.
func (s ServingEnvironments) Upsert(ctx context.Context, v *model.ServingEnvironment, opts ...UpsertOption[model.ServingEnvironment]) (string, error) {
	return s.e.Upsert(ctx, v, opts...)
}

// Replace stores exactly v: what is not set in it is emptied. See
// [Collection.Replace].
func (s ServingEnvironments) Replace(ctx context.Context, v *model.ServingEnvironment) (string, error) {
	return s.e.Replace(ctx, v)
}

// Get returns the environment with the given id, or [ErrNotFound].
func (s ServingEnvironments) Get(ctx context.Context, id string) (*model.ServingEnvironment, error) {
	return s.e.Get(ctx, id)
}

// FindByName returns the environment with the given name, or [ErrNotFound].
func (s ServingEnvironments) FindByName(ctx context.Context, name string) (*model.ServingEnvironment, error) {
	return s.e.FindByName(ctx, name)
}

// FindByExternalID returns the environment with the given external id, or
// [ErrNotFound].
func (s ServingEnvironments) FindByExternalID(ctx context.Context, externalID string) (*model.ServingEnvironment, error) {
	return s.e.FindByExternalID(ctx, externalID)
}

// Query returns the query for all environments.
func (s ServingEnvironments) Query() Query[model.ServingEnvironment] {
	return s.e.Query()
}
