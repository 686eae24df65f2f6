package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// RegisteredModels stores and finds registered models.
type RegisteredModels struct {
	e *Collection[model.RegisteredModel, *mlmdpb.Context]
}

// RegisteredModels returns the collection of registered models. It makes no
// RPC.
func (c *Client) RegisteredModels() RegisteredModels {
	return RegisteredModels{c.collections.registeredModels}
}

// Upsert creates v or patches the stored model, sets v.ID and returns it. A
// model is identified by its ID, or else by its name. See [Collection.Upsert].
func (s RegisteredModels) Upsert(
	ctx context.Context, v *model.RegisteredModel, opts ...UpsertOption[model.RegisteredModel],
) (string, error) {
	return s.e.Upsert(ctx, v, opts...)
}

// Replace is [RegisteredModels.Upsert] except that it removes the fields that
// are not set in v. See [Collection.Replace].
func (s RegisteredModels) Replace(ctx context.Context, v *model.RegisteredModel) (string, error) {
	return s.e.Replace(ctx, v)
}

// Get returns the model with the given ID. The error is [ErrNotFound] if it
// does not exist.
func (s RegisteredModels) Get(ctx context.Context, id string) (*model.RegisteredModel, error) {
	return s.e.Get(ctx, id)
}

// FindByName returns the model with the given name. The error is [ErrNotFound]
// if it does not exist.
func (s RegisteredModels) FindByName(ctx context.Context, name string) (*model.RegisteredModel, error) {
	return s.e.FindByName(ctx, name)
}

// FindByExternalID returns the model with the given external ID. The error is
// [ErrNotFound] if it does not exist.
func (s RegisteredModels) FindByExternalID(ctx context.Context, externalID string) (*model.RegisteredModel, error) {
	return s.e.FindByExternalID(ctx, externalID)
}

// Query returns a query for all models.
func (s RegisteredModels) Query() Query[model.RegisteredModel] {
	return s.e.Query()
}
