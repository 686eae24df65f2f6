package registry_test

import (
	"errors"
	"testing"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
	"github.com/mlmd-go/sdk/pkg/value"
)

func TestOnCreate_LeavesTheCallersValue(t *testing.T) {
	models := registrytest.New(t).RegisteredModels()
	onCreate := registry.OnCreate(func(v *model.RegisteredModel) {
		*v.Description = "new"
		v.Tasks[0] = "new"
		v.CustomProperties["new"] = value.Bool(true)
	})
	for range 2 { // creates, then updates
		v := model.RegisteredModel{
			Name: "m", Description: new("mine"), Tasks: []string{"mine"}, CustomProperties: value.Map{},
		}
		if _, err := models.Upsert(t.Context(), &v, onCreate); err != nil {
			t.Fatal(err)
		}
		if *v.Description != "mine" || v.Tasks[0] != "mine" || len(v.CustomProperties) != 0 {
			t.Errorf("the value is now %q, %q, %v", *v.Description, v.Tasks, v.CustomProperties)
		}
	}
	got, err := models.FindByName(t.Context(), "m")
	if err != nil || *got.Description != "mine" || got.Tasks[0] != "mine" {
		t.Errorf("stored: %v, %v", got, err)
	}
}

func TestClear_WhatOnCreateSets(t *testing.T) {
	models := registrytest.New(t).RegisteredModels()
	f := field.RegisteredModel
	onCreate := registry.OnCreate(func(v *model.RegisteredModel) {
		v.Description, v.ExternalID, v.CustomProperties = new("new"), new("x"), value.Map{"auc": value.Int(1)}
	})
	for _, cleared := range []filter.Clearable[*model.RegisteredModel]{f.Description, f.ExternalID, f.Custom("auc")} {
		_, err := models.Upsert(t.Context(), &model.RegisteredModel{Name: "m"}, onCreate, registry.Clear(cleared))
		if !errors.Is(err, registry.ErrInvalidArgument) {
			t.Errorf("%s: %v, want ErrInvalidArgument", filter.MaskPath(cleared), err)
		}
	}
}

func TestIfUnchanged_Nil(t *testing.T) {
	models := registrytest.New(t).RegisteredModels()
	v := model.RegisteredModel{Name: "m"}
	if _, err := models.Upsert(t.Context(), &v); err != nil {
		t.Fatal(err)
	}
	var read *model.RegisteredModel
	v.Owner = new("ada")
	_, err := models.Upsert(t.Context(), &v, registry.IfUnchanged(read))
	if !errors.Is(err, registry.ErrInvalidArgument) {
		t.Errorf("%v, want ErrInvalidArgument", err)
	}
}
