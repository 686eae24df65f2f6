package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// ModelArtifacts stores and finds the artifacts of model versions: what a
// version is made of.
type ModelArtifacts struct {
	e *Collection[model.ModelArtifact, *mlmdpb.Artifact]
}

// ModelArtifacts returns the verbs for artifacts. It sends nothing.
func (c *Client) ModelArtifacts() ModelArtifacts {
	return ModelArtifacts{c.collections.modelArtifacts}
}

// Upsert stores v and returns its id; see [Collection.Upsert] for what it does with
// what is stored already. An artifact is the same artifact when its version and its name are
// the same. One without a version is told apart by its external id only;
// without that, too, every call creates one.
func (s ModelArtifacts) Upsert(ctx context.Context, v *model.ModelArtifact, opts ...UpsertOption[model.ModelArtifact]) (string, error) {
	return s.e.Upsert(ctx, v, opts...)
}

// Replace stores exactly v: what is not set in it is emptied. See
// [Collection.Replace].
func (s ModelArtifacts) Replace(ctx context.Context, v *model.ModelArtifact) (string, error) {
	return s.e.Replace(ctx, v)
}

// Get returns the artifact with the given id, or [ErrNotFound].
func (s ModelArtifacts) Get(ctx context.Context, id string) (*model.ModelArtifact, error) {
	return s.e.Get(ctx, id)
}

// FindByName returns the artifact that has the given name in the model version
// with the given id, or [ErrNotFound].
func (s ModelArtifacts) FindByName(ctx context.Context, modelVersionID, name string) (*model.ModelArtifact, error) {
	return s.e.FindByNameIn(ctx, modelVersionID, name)
}

// FindByExternalID returns the artifact with the given external id, or
// [ErrNotFound].
func (s ModelArtifacts) FindByExternalID(ctx context.Context, externalID string) (*model.ModelArtifact, error) {
	return s.e.FindByExternalID(ctx, externalID)
}

// Query returns the query for all artifacts.
func (s ModelArtifacts) Query() Query[model.ModelArtifact] {
	return s.e.Query()
}

// OfVersion returns the query for the artifacts of the model version with the given
// id.
func (s ModelArtifacts) OfVersion(modelVersionID string) Query[model.ModelArtifact] {
	return s.e.ChildrenOf(modelVersionID)
}
