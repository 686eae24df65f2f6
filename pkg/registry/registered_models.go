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

// RegisteredModels returns the verbs for models. It sends nothing.
func (c *Client) RegisteredModels() RegisteredModels {
	return RegisteredModels{c.collections.registeredModels}
}

// Upsert stores v and returns its id; see [Collection.Upsert] for what it does with
// what is stored already. A model is the same model when its name is the same.
func (s RegisteredModels) Upsert(ctx context.Context, v *model.RegisteredModel, opts ...UpsertOption[model.RegisteredModel]) (string, error) {
	return s.e.Upsert(ctx, v, opts...)
}

// Replace stores exactly v: what is not set in it is emptied. See
// [Collection.Replace].
func (s RegisteredModels) Replace(ctx context.Context, v *model.RegisteredModel) (string, error) {
	return s.e.Replace(ctx, v)
}

// Get returns the model with the given id, or [ErrNotFound].
func (s RegisteredModels) Get(ctx context.Context, id string) (*model.RegisteredModel, error) {
	return s.e.Get(ctx, id)
}

// FindByName returns the model with the given name, or [ErrNotFound].
func (s RegisteredModels) FindByName(ctx context.Context, name string) (*model.RegisteredModel, error) {
	return s.e.FindByName(ctx, name)
}

// FindByExternalID returns the model with the given external id, or
// [ErrNotFound].
func (s RegisteredModels) FindByExternalID(ctx context.Context, externalID string) (*model.RegisteredModel, error) {
	return s.e.FindByExternalID(ctx, externalID)
}

// Query returns the query for all models.
func (s RegisteredModels) Query() Query[model.RegisteredModel] {
	return s.e.Query()
}
