package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// DocArtifacts stores and finds documents about model versions.
type DocArtifacts struct {
	e *Collection[model.DocArtifact, *mlmdpb.Artifact]
}

// DocArtifacts returns the verbs for documents. It sends nothing.
func (c *Client) DocArtifacts() DocArtifacts {
	return DocArtifacts{c.collections.docArtifacts}
}

// Upsert stores v and returns its id; see [Collection.Upsert] for what it does with
// what is stored already. A document is the same document when its version and its name are
// the same. One without a version is told apart by its external id only;
// without that, too, every call creates one.
func (s DocArtifacts) Upsert(ctx context.Context, v *model.DocArtifact, opts ...UpsertOption[model.DocArtifact]) (string, error) {
	return s.e.Upsert(ctx, v, opts...)
}

// Replace stores exactly v: what is not set in it is emptied. See
// [Collection.Replace].
func (s DocArtifacts) Replace(ctx context.Context, v *model.DocArtifact) (string, error) {
	return s.e.Replace(ctx, v)
}

// Get returns the document with the given id, or [ErrNotFound].
func (s DocArtifacts) Get(ctx context.Context, id string) (*model.DocArtifact, error) {
	return s.e.Get(ctx, id)
}

// FindByName returns the document that has the given name in the model version
// with the given id, or [ErrNotFound].
func (s DocArtifacts) FindByName(ctx context.Context, modelVersionID, name string) (*model.DocArtifact, error) {
	return s.e.FindByNameIn(ctx, modelVersionID, name)
}

// FindByExternalID returns the document with the given external id, or
// [ErrNotFound].
func (s DocArtifacts) FindByExternalID(ctx context.Context, externalID string) (*model.DocArtifact, error) {
	return s.e.FindByExternalID(ctx, externalID)
}

// Query returns the query for all documents.
func (s DocArtifacts) Query() Query[model.DocArtifact] {
	return s.e.Query()
}

// OfVersion returns the query for the documents of the model version with the given
// id.
func (s DocArtifacts) OfVersion(modelVersionID string) Query[model.DocArtifact] {
	return s.e.ChildrenOf(modelVersionID)
}
