package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

// tour registers, finds and lists entities.
func tour(ctx context.Context, reg *registry.Client, out io.Writer) error {
	modelID, versionID, err := register(ctx, reg, out)
	if err != nil {
		return err
	}
	if err := find(ctx, reg, out, modelID); err != nil {
		return err
	}
	if err := list(ctx, reg, out, modelID); err != nil {
		return err
	}
	return change(ctx, reg, out, versionID)
}

// register stores a model, a version of it and an artifact of the version.
func register(ctx context.Context, reg *registry.Client, out io.Writer) (modelID, versionID string, err error) {
	fmt.Fprintln(out, "\nRegister")
	m := model.RegisteredModel{Name: "fraud", Description: new("card fraud"), Owner: new("ada")}
	if _, err = reg.RegisteredModels().Upsert(ctx, &m); err != nil {
		return "", "", err
	}
	fmt.Fprintf(out, "  model     %-8s id %s\n", m.Name, m.ID)

	v := model.ModelVersion{
		RegisteredModelID: m.ID,
		Name:              "v1.0",
		Author:            new("ada"),
		CustomProperties:  value.Map{"auc": value.Double(0.93), "epochs": value.Int(7)},
	}
	if _, err = reg.ModelVersions().Upsert(ctx, &v); err != nil {
		return "", "", err
	}
	fmt.Fprintf(out, "  version   %-8s id %s, of model %s\n", v.Name, v.ID, m.ID)

	a := model.ModelArtifact{
		ModelVersionID: v.ID, Name: "weights", URI: new("s3://models/fraud/1"), ModelFormatName: new("onnx"),
	}
	if _, err = reg.ModelArtifacts().Upsert(ctx, &a); err != nil {
		return "", "", err
	}
	fmt.Fprintf(out, "  artifact  %-8s id %s, of version %s\n", a.Name, a.ID, v.ID)
	return m.ID, v.ID, nil
}

// find reads them by name, ID and external ID.
func find(ctx context.Context, reg *registry.Client, out io.Writer, modelID string) error {
	fmt.Fprintln(out, "\nFind")
	m, err := reg.RegisteredModels().FindByName(ctx, "fraud")
	if err != nil {
		return err
	}
	fmt.Fprintf(
		out, "  model fraud: %s, owned by %s, created %s\n", *m.Description, *m.Owner,
		m.CreateTime.Format("2006-01-02 15:04:05 MST"),
	)

	v, err := reg.ModelVersions().FindByName(ctx, modelID, "v1.0")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  version v1.0: %s\n", properties(v.CustomProperties))

	a, err := reg.ModelArtifacts().OfVersion(v.ID).First(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  its first artifact: %s (%s)\n", *a.URI, *a.ModelFormatName)
	return nil
}

// list prints all versions of the model, and those that a condition selects.
func list(ctx context.Context, reg *registry.Client, out io.Writer, modelID string) error {
	fmt.Fprintln(out, "\nList")
	for v, err := range reg.ModelVersions().OfModel(modelID).OrderBy(registry.OrderByCreateTime).Desc().All(ctx) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  version %s, last changed %s\n", v.Name, v.UpdateTime.Format("2006-01-02 15:04:05 MST"))
	}
	f := field.ModelVersion
	good, err := reg.ModelVersions().OfModel(modelID).Where(f.Author.Eq("ada").And(
		f.Custom("auc").Double().Gt(0.9),
	)).Collect(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  %d by ada with an auc over 0.9\n", len(good))
	return nil
}

// change patches the version: fields that are not set keep their values.
func change(ctx context.Context, reg *registry.Client, out io.Writer, versionID string) error {
	fmt.Fprintln(out, "\nChange")
	v := model.ModelVersion{ID: versionID, Description: new("the first that went live")}
	if _, err := reg.ModelVersions().Upsert(ctx, &v); err != nil {
		return err
	}
	now, err := reg.ModelVersions().Get(ctx, versionID)
	if err != nil {
		return err
	}
	fmt.Fprintf(
		out, "  version %s: %s; still by %s, with %s\n", now.Name, *now.Description, *now.Author,
		properties(now.CustomProperties),
	)
	return nil
}

// properties prints custom properties by name.
func properties(m value.Map) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, name+" "+m[name].String())
	}
	return strings.Join(parts, ", ")
}
