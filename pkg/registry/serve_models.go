package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// ServeModels stores and finds the acts of serving a model version by an inference
// service.
type ServeModels struct {
	e *Collection[model.ServeModel, *mlmdpb.Execution]
}

// ServeModels returns the verbs for ServeModels. It sends nothing.
func (c *Client) ServeModels() ServeModels {
	return ServeModels{c.collections.serveModels}
}

// Upsert stores v and returns its id; see [Collection.Upsert] for what it does with
// what is stored already. A ServeModel is the same when its service and its name are the same.
// One without a name is told apart by its external id only; without that, too,
// every call creates one.
func (s ServeModels) Upsert(ctx context.Context, v *model.ServeModel, opts ...UpsertOption[model.ServeModel]) (string, error) {
	return s.e.Upsert(ctx, v, opts...)
}

// Replace stores exactly v: what is not set in it is emptied. See
// [Collection.Replace].
func (s ServeModels) Replace(ctx context.Context, v *model.ServeModel) (string, error) {
	return s.e.Replace(ctx, v)
}

// Get returns the ServeModel with the given id, or [ErrNotFound].
func (s ServeModels) Get(ctx context.Context, id string) (*model.ServeModel, error) {
	return s.e.Get(ctx, id)
}

// FindByName returns the ServeModel that has the given name in the inference service
// with the given id, or [ErrNotFound].
func (s ServeModels) FindByName(ctx context.Context, inferenceServiceID, name string) (*model.ServeModel, error) {
	return s.e.FindByNameIn(ctx, inferenceServiceID, name)
}

// FindByExternalID returns the ServeModel with the given external id, or
// [ErrNotFound].
func (s ServeModels) FindByExternalID(ctx context.Context, externalID string) (*model.ServeModel, error) {
	return s.e.FindByExternalID(ctx, externalID)
}

// Query returns the query for all ServeModels.
func (s ServeModels) Query() Query[model.ServeModel] {
	return s.e.Query()
}

// OfService returns the query for the ServeModels of the inference service with the given
// id.
func (s ServeModels) OfService(inferenceServiceID string) Query[model.ServeModel] {
	return s.e.ChildrenOf(inferenceServiceID)
}
