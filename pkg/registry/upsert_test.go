package registry_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
	"github.com/mlmd-go/sdk/pkg/value"
)

func TestOnCreate_SetsWhatTheTypeLacks(t *testing.T) {
	reg := registrytest.New(t)
	_, err := reg.RPC().PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{Name: new(mapping.RegisteredModel.TypeName)},
	})
	if err != nil {
		t.Fatal(err)
	}
	v := model.RegisteredModel{Name: "m"}
	_, err = reg.RegisteredModels().Upsert(t.Context(), &v,
		registry.OnCreate(func(v *model.RegisteredModel) { v.Owner = new("ada") }))
	if err != nil {
		t.Fatal(err)
	}
	got, err := reg.RegisteredModels().Get(t.Context(), v.ID)
	if err != nil || got.Owner == nil || *got.Owner != "ada" {
		t.Errorf("owner %v, %v, want ada", got.Owner, err)
	}
}

// withRows is the mapping of a model that has the required number rows, which is 0.
func withRows() mlmd.Mapping[model.RegisteredModel, *mlmdpb.Context] {
	m := mapping.RegisteredModel
	m.Fields = append(slices.Clone(m.Fields),
		mlmd.Field{Name: "rows", Path: "properties.rows", Type: mlmdpb.PropertyType_INT})
	m.Encode = func(v *model.RegisteredModel, p mlmd.Parent) (*mlmdpb.Context, error) {
		n, err := mapping.RegisteredModel.Encode(v, p)
		if err == nil {
			n.Properties = maps.Clone(n.Properties)
			n.Properties["rows"] = &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{}}
		}
		return n, err
	}
	m.Unreadable = func(v *model.RegisteredModel) value.Unreadable {
		if v.ID == "" {
			return nil
		}
		return value.Unreadable{"rows": {Why: "is missing"}}
	}
	return m
}

func TestSet_WhatTheTypeLacks(t *testing.T) {
	reg := registrytest.New(t)
	v := model.RegisteredModel{Name: "m"}
	if _, err := reg.RegisteredModels().Upsert(t.Context(), &v); err != nil { // registers the type without rows
		t.Fatal(err)
	}
	models := registry.NewCollection(reg, withRows())
	set := registry.Set(&filter.Int[*model.RegisteredModel]{Property: "rows"})
	for _, name := range []string{"m", "another"} { // updates, then creates
		res, err := models.Upsert(t.Context(), &model.RegisteredModel{Name: name}, set)
		if err != nil || res.Outcome == registry.Unchanged {
			t.Fatalf("%v, %v", res, err)
		}
		r, err := reg.RPC().GetContextByTypeAndName(t.Context(), &mlmdpb.GetContextByTypeAndNameRequest{
			TypeName: new(mapping.RegisteredModel.TypeName), ContextName: &name,
		})
		if err != nil || fmt.Sprint(r.GetContext().GetProperties()["rows"]) != "int_value:0" {
			t.Errorf("%s has the properties %v, %v", name, r.GetContext().GetProperties(), err)
		}
	}
}

func TestUpdate_RemovesFieldReadFromCustomProperty(t *testing.T) {
	reg := registrytest.New(t)
	models := reg.RegisteredModels()
	for name, remove := range map[string]func(id string) (registry.Result, error){
		"update": func(id string) (registry.Result, error) {
			return models.Update(t.Context(), id, func(v *model.RegisteredModel) error { v.Owner = nil; return nil })
		},
		"replace": func(id string) (registry.Result, error) {
			return models.Replace(t.Context(), &model.RegisteredModel{ID: id, Name: "replace"})
		},
	} {
		v := model.RegisteredModel{Name: name}
		if _, err := models.Upsert(t.Context(), &v); err != nil {
			t.Fatal(err)
		}
		id, err := value.ParseID(v.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = reg.RPC().PutContexts(t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
			Id: &id, Name: &name,
			CustomProperties: map[string]*mlmdpb.Value{"owner": {Value: &mlmdpb.Value_StringValue{StringValue: "ada"}}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := models.Get(t.Context(), v.ID); err != nil || got.Owner == nil {
			t.Fatalf("%v, %v, want an owner", got, err)
		}
		res, err := remove(v.ID)
		if err != nil || res.Outcome != registry.Updated {
			t.Errorf("%s: %v, %v", name, res, err)
		}
		if got, err := models.Get(t.Context(), v.ID); err != nil || got.Owner != nil {
			t.Errorf("%s: owner %v, %v, want none", name, got.Owner, err)
		}
	}
}
