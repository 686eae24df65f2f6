package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// InferenceServices stores and finds the inference services of serving
// environments.
type InferenceServices struct {
	e *Collection[model.InferenceService, *mlmdpb.Context]
}

// InferenceServices returns the verbs for services. It sends nothing.
func (c *Client) InferenceServices() InferenceServices {
	return InferenceServices{c.collections.inferenceServices}
}

// Upsert stores v and returns its id; see [Collection.Upsert] for what it does with
// what is stored already. A service is the same service when its environment and its name are
// the same.
func (s InferenceServices) Upsert(ctx context.Context, v *model.InferenceService, opts ...UpsertOption[model.InferenceService]) (string, error) {
	return s.e.Upsert(ctx, v, opts...)
}

// Replace stores exactly v: what is not set in it is emptied. See
// [Collection.Replace].
func (s InferenceServices) Replace(ctx context.Context, v *model.InferenceService) (string, error) {
	return s.e.Replace(ctx, v)
}

// Get returns the service with the given id, or [ErrNotFound].
func (s InferenceServices) Get(ctx context.Context, id string) (*model.InferenceService, error) {
	return s.e.Get(ctx, id)
}

// FindByName returns the service that has the given name in the serving environment
// with the given id, or [ErrNotFound].
func (s InferenceServices) FindByName(ctx context.Context, servingEnvironmentID, name string) (*model.InferenceService, error) {
	return s.e.FindByNameIn(ctx, servingEnvironmentID, name)
}

// FindByExternalID returns the service with the given external id, or
// [ErrNotFound].
func (s InferenceServices) FindByExternalID(ctx context.Context, externalID string) (*model.InferenceService, error) {
	return s.e.FindByExternalID(ctx, externalID)
}

// Query returns the query for all services.
func (s InferenceServices) Query() Query[model.InferenceService] {
	return s.e.Query()
}

// OfEnvironment returns the query for the services of the serving environment with the given
// id.
func (s InferenceServices) OfEnvironment(servingEnvironmentID string) Query[model.InferenceService] {
	return s.e.ChildrenOf(servingEnvironmentID)
}
