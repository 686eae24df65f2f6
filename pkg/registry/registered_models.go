package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/edge"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// RegisteredModels stores and finds registered models.
type RegisteredModels struct {
	c *Collection[model.RegisteredModel, *mlmdpb.Context]
}

// RegisteredModels returns the collection of registered models. It makes no
// RPC.
func (c *Client) RegisteredModels() RegisteredModels {
	return RegisteredModels{c.collections.registeredModels}
}

// Upsert creates v or patches the stored model, and sets v.ID. A
// model is identified by its ID, or else by its name. See [Collection.Upsert].
func (s RegisteredModels) Upsert(
	ctx context.Context, v *model.RegisteredModel, opts ...UpsertOption[model.RegisteredModel],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new model and sets v.ID. The error is [ErrAlreadyExists] if
// it exists. See [Collection.Create].
func (s RegisteredModels) Create(ctx context.Context, v *model.RegisteredModel) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the models in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s RegisteredModels) UpsertAll(
	ctx context.Context, values []*model.RegisteredModel, opts ...UpsertOption[model.RegisteredModel],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [RegisteredModels.UpsertAll] except that all models must be new.
func (s RegisteredModels) CreateAll(
	ctx context.Context, values []*model.RegisteredModel, opts ...BatchOption[model.RegisteredModel],
) ([]Result, error) {
	return s.c.CreateAll(ctx, values, opts...)
}

// Update stores what f changes in the model with the given ID. See
// [Collection.Update].
func (s RegisteredModels) Update(
	ctx context.Context, id string, f func(v *model.RegisteredModel) error,
) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [RegisteredModels.Upsert] except that it removes the fields that
// are not set in v. See [Collection.Replace].
func (s RegisteredModels) Replace(
	ctx context.Context, v *model.RegisteredModel, opts ...WriteOption[model.RegisteredModel],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Archive sets the state of the model with the given ID to ARCHIVED. Archived models
// are still found and listed.
func (s RegisteredModels) Archive(
	ctx context.Context, id string, opts ...WriteOption[model.RegisteredModel],
) (Result, error) {
	return s.setState(ctx, id, model.RegisteredModelStateArchived, opts)
}

// Restore sets the state of the model with the given ID to LIVE.
func (s RegisteredModels) Restore(
	ctx context.Context, id string, opts ...WriteOption[model.RegisteredModel],
) (Result, error) {
	return s.setState(ctx, id, model.RegisteredModelStateLive, opts)
}

func (s RegisteredModels) setState(
	ctx context.Context, id string, state model.RegisteredModelState, opts []WriteOption[model.RegisteredModel],
) (Result, error) {
	return s.c.Update(ctx, id, func(v *model.RegisteredModel) error {
		v.State = &state
		return nil
	}, opts...)
}

// Get returns the model with the given ID. The error is [ErrNotFound] if it
// does not exist.
func (s RegisteredModels) Get(
	ctx context.Context, id string, opts ...ReadOption[model.RegisteredModel],
) (*model.RegisteredModel, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the model with the given name. The error is [ErrNotFound]
// if it does not exist.
func (s RegisteredModels) FindByName(
	ctx context.Context, name string, opts ...ReadOption[model.RegisteredModel],
) (*model.RegisteredModel, error) {
	return s.c.FindByName(ctx, name, opts...)
}

// FindByExternalID returns the model with the given external ID. The error is
// [ErrNotFound] if it does not exist.
func (s RegisteredModels) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.RegisteredModel],
) (*model.RegisteredModel, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all models.
func (s RegisteredModels) Query() Query[model.RegisteredModel] {
	return s.c.Query()
}

// A ModelTree is a registered model with its versions and their artifacts.
type ModelTree struct {
	Model    *model.RegisteredModel
	Versions []VersionTree // by ID
}

// A VersionTree is a model version with its artifacts, which are sorted by ID.
type VersionTree struct {
	Version   *model.ModelVersion
	Artifacts []*model.ModelArtifact
	Docs      []*model.DocArtifact
}

// Tree returns the model with the given ID, its versions and their artifacts. The
// error is [ErrNotFound] if the model does not exist. Tree makes one RPC for the
// model, one for each 100 versions, and two for each 100 artifacts of either
// kind. It is not one transaction: the tree may lack entities that are written
// at the same time.
//
// It is a shorthand: [With] loads any edges of any entity.
func (s RegisteredModels) Tree(ctx context.Context, id string) (*ModelTree, error) {
	m, err := s.Get(ctx, id, With(
		edge.RegisteredModel.Versions.With(edge.ModelVersion.Artifacts, edge.ModelVersion.Docs),
	))
	if err != nil {
		return nil, err
	}
	tree := &ModelTree{Model: m, Versions: make([]VersionTree, len(m.Edges.Versions))}
	for i, v := range m.Edges.Versions {
		tree.Versions[i] = VersionTree{v, v.Edges.Artifacts, v.Edges.Docs}
	}
	return tree, nil
}

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
