package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// ModelVersions stores and finds the versions of registered models.
type ModelVersions struct {
	e *Collection[model.ModelVersion, *mlmdpb.Context]
}

// ModelVersions returns the verbs for versions. It sends nothing.
func (c *Client) ModelVersions() ModelVersions {
	return ModelVersions{c.collections.modelVersions}
}

// Upsert stores v and returns its id; see [Collection.Upsert] for what it does with
// what is stored already. A version is the same version when its model and its name are the
// same.
func (s ModelVersions) Upsert(ctx context.Context, v *model.ModelVersion, opts ...UpsertOption[model.ModelVersion]) (string, error) {
	return s.e.Upsert(ctx, v, opts...)
}

// Replace stores exactly v: what is not set in it is emptied. See
// [Collection.Replace].
func (s ModelVersions) Replace(ctx context.Context, v *model.ModelVersion) (string, error) {
	return s.e.Replace(ctx, v)
}

// Get returns the version with the given id, or [ErrNotFound].
func (s ModelVersions) Get(ctx context.Context, id string) (*model.ModelVersion, error) {
	return s.e.Get(ctx, id)
}

// FindByName returns the version that has the given name in the registered model
// with the given id, or [ErrNotFound].
func (s ModelVersions) FindByName(ctx context.Context, registeredModelID, name string) (*model.ModelVersion, error) {
	return s.e.FindByNameIn(ctx, registeredModelID, name)
}

// FindByExternalID returns the version with the given external id, or
// [ErrNotFound].
func (s ModelVersions) FindByExternalID(ctx context.Context, externalID string) (*model.ModelVersion, error) {
	return s.e.FindByExternalID(ctx, externalID)
}

// Query returns the query for all versions.
func (s ModelVersions) Query() Query[model.ModelVersion] {
	return s.e.Query()
}

// OfModel returns the query for the versions of the registered model with the given
// id.
func (s ModelVersions) OfModel(registeredModelID string) Query[model.ModelVersion] {
	return s.e.ChildrenOf(registeredModelID)
}
