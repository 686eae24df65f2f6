package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// ModelVersions stores and finds the versions of registered models.
type ModelVersions struct {
	c *Collection[model.ModelVersion, *mlmdpb.Context]
}

// ModelVersions returns the collection of versions. It makes no RPC.
func (c *Client) ModelVersions() ModelVersions {
	return ModelVersions{c.collections.modelVersions}
}

// Upsert creates v or patches the stored version, and sets v.ID. A
// version is identified by its ID, or else by its model and its name. See
// [Collection.Upsert].
func (s ModelVersions) Upsert(
	ctx context.Context, v *model.ModelVersion, opts ...UpsertOption[model.ModelVersion],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new version and sets v.ID. The error is [ErrAlreadyExists] if
// it exists. See [Collection.Create].
func (s ModelVersions) Create(ctx context.Context, v *model.ModelVersion) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the versions in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s ModelVersions) UpsertAll(
	ctx context.Context, values []*model.ModelVersion, opts ...UpsertOption[model.ModelVersion],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [ModelVersions.UpsertAll] except that all versions must be new.
func (s ModelVersions) CreateAll(
	ctx context.Context, values []*model.ModelVersion, opts ...BatchOption[model.ModelVersion],
) ([]Result, error) {
	return s.c.CreateAll(ctx, values, opts...)
}

// Update stores what f changes in the version with the given ID. See
// [Collection.Update].
func (s ModelVersions) Update(ctx context.Context, id string, f func(v *model.ModelVersion) error) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [ModelVersions.Upsert] except that it removes the fields that are
// not set in v. See [Collection.Replace].
func (s ModelVersions) Replace(
	ctx context.Context, v *model.ModelVersion, opts ...WriteOption[model.ModelVersion],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Archive sets the state of the version with the given ID to ARCHIVED. Archived versions
// are still found and listed.
func (s ModelVersions) Archive(
	ctx context.Context, id string, opts ...WriteOption[model.ModelVersion],
) (Result, error) {
	return s.setState(ctx, id, model.ModelVersionStateArchived, opts)
}

// Restore sets the state of the version with the given ID to LIVE.
func (s ModelVersions) Restore(
	ctx context.Context, id string, opts ...WriteOption[model.ModelVersion],
) (Result, error) {
	return s.setState(ctx, id, model.ModelVersionStateLive, opts)
}

func (s ModelVersions) setState(
	ctx context.Context, id string, state model.ModelVersionState, opts []WriteOption[model.ModelVersion],
) (Result, error) {
	return s.c.Update(ctx, id, func(v *model.ModelVersion) error {
		v.State = &state
		return nil
	}, opts...)
}

// Get returns the version with the given ID. The error is [ErrNotFound] if it
// does not exist.
func (s ModelVersions) Get(
	ctx context.Context, id string, opts ...ReadOption[model.ModelVersion],
) (*model.ModelVersion, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the version with the given name in the given registered
// model. The error is [ErrNotFound] if it does not exist.
func (s ModelVersions) FindByName(
	ctx context.Context, registeredModelID, name string, opts ...ReadOption[model.ModelVersion],
) (*model.ModelVersion, error) {
	return s.c.FindByNameIn(ctx, registeredModelID, name, opts...)
}

// FindByExternalID returns the version with the given external ID. The error
// is [ErrNotFound] if it does not exist.
func (s ModelVersions) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.ModelVersion],
) (*model.ModelVersion, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all versions.
func (s ModelVersions) Query() Query[model.ModelVersion] {
	return s.c.Query()
}

// OfModel returns a query for the versions of the given registered model.
func (s ModelVersions) OfModel(registeredModelID string) Query[model.ModelVersion] {
	return s.c.ChildrenOf(registeredModelID)
}
