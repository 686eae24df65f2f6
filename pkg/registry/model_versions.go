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

// ModelVersions returns the collection of versions. It makes no RPC.
func (c *Client) ModelVersions() ModelVersions {
	return ModelVersions{c.collections.modelVersions}
}

// Upsert creates v or patches the stored version, sets v.ID and returns it. A
// version is identified by its ID, or else by its model and its name. See
// [Collection.Upsert].
func (s ModelVersions) Upsert(
	ctx context.Context, v *model.ModelVersion, opts ...UpsertOption[model.ModelVersion],
) (string, error) {
	return s.e.Upsert(ctx, v, opts...)
}

// Replace is [ModelVersions.Upsert] except that it removes the fields that are
// not set in v. See [Collection.Replace].
func (s ModelVersions) Replace(ctx context.Context, v *model.ModelVersion) (string, error) {
	return s.e.Replace(ctx, v)
}

// Get returns the version with the given ID. The error is [ErrNotFound] if it
// does not exist.
func (s ModelVersions) Get(ctx context.Context, id string) (*model.ModelVersion, error) {
	return s.e.Get(ctx, id)
}

// FindByName returns the version with the given name in the given registered
// model. The error is [ErrNotFound] if it does not exist.
func (s ModelVersions) FindByName(ctx context.Context, registeredModelID, name string) (*model.ModelVersion, error) {
	return s.e.FindByNameIn(ctx, registeredModelID, name)
}

// FindByExternalID returns the version with the given external ID. The error
// is [ErrNotFound] if it does not exist.
func (s ModelVersions) FindByExternalID(ctx context.Context, externalID string) (*model.ModelVersion, error) {
	return s.e.FindByExternalID(ctx, externalID)
}

// Query returns a query for all versions.
func (s ModelVersions) Query() Query[model.ModelVersion] {
	return s.e.Query()
}

// OfModel returns a query for the versions of the given registered model.
func (s ModelVersions) OfModel(registeredModelID string) Query[model.ModelVersion] {
	return s.e.ChildrenOf(registeredModelID)
}
