package registry_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
)

func TestWithCallObserver(t *testing.T) {
	type level struct{}
	var calls []string
	observer := registry.WithCallObserver(func(ctx context.Context, verb, entity string) (context.Context, func(error)) {
		depth, _ := ctx.Value(level{}).(int)
		at := len(calls)
		calls = append(calls, "")
		return context.WithValue(ctx, level{}, depth+1), func(err error) {
			calls[at] = fmt.Sprint(depth, " ", verb, " ", entity, " ", errors.Is(err, registry.ErrNotFound))
		}
	})
	c := registrytest.New(t, registrytest.WithRegistryOptions(observer))
	models := c.RegisteredModels()
	m := model.RegisteredModel{Name: "m"}
	_, err := models.Upsert(t.Context(), &m)
	_, err2 := models.Replace(t.Context(), &m)
	_, err3 := models.Create(t.Context(), &model.RegisteredModel{Name: "n"})
	_, err4 := models.Update(t.Context(), m.ID, func(m *model.RegisteredModel) error { return nil })
	_, err5 := models.Get(t.Context(), m.ID)
	_, err6 := models.FindByName(t.Context(), "m")
	_, err7 := c.Register(t.Context(), &model.RegisteredModel{Name: "r"})
	_, err8 := models.UpsertAll(t.Context(), []*model.RegisteredModel{{Name: "a"}, {Name: "b"}})
	if err := errors.Join(err, err2, err3, err4, err5, err6, err7, err8); err != nil {
		t.Fatal(err)
	}
	if _, err := models.Get(t.Context(), "999"); !errors.Is(err, registry.ErrNotFound) {
		t.Error(err)
	}
	if _, err := models.FindByExternalID(t.Context(), "x"); !errors.Is(err, registry.ErrNotFound) {
		t.Error(err)
	}
	want := []string{
		"0 upsert RegisteredModel false", "0 replace RegisteredModel false", "0 create RegisteredModel false",
		"0 update RegisteredModel false", "0 get RegisteredModel false", "0 find RegisteredModel false",
		"0 register  false", "1 upsert RegisteredModel false",
		"0 upsert RegisteredModel false",
		"0 get RegisteredModel true", "0 find RegisteredModel true",
	}
	if !slices.Equal(calls, want) {
		t.Errorf("got  %q\nwant %q", calls, want)
	}
}
