package registry_test

import (
	"context"
	"encoding/json"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
)

// A verbs value has the methods of one of our collections, with entities as JSON.
type verbs struct {
	get            func(ctx context.Context, id string) (map[string]any, error)
	upsert         func(ctx context.Context, fields map[string]any) (string, error)
	replace        func(ctx context.Context, fields map[string]any) (string, error)
	list           func(ctx context.Context) ([]map[string]any, error)
	of             func(ctx context.Context, parent string) ([]map[string]any, error) // nil: no parents
	find           func(ctx context.Context, parent, name string) (map[string]any, error)
	findByExternal func(ctx context.Context, externalID string) (map[string]any, error)
	parent         string // the field
}

func idOf(r registry.Result, err error) (string, error) { return r.ID, err }

func verbsOf[T any](e interface {
	Get(context.Context, string, ...registry.ReadOption[T]) (*T, error)
	Upsert(context.Context, *T, ...registry.UpsertOption[T]) (registry.Result, error)
	Replace(context.Context, *T, ...registry.WriteOption[T]) (registry.Result, error)
	FindByExternalID(context.Context, string, ...registry.ReadOption[T]) (*T, error)
	Query() registry.Query[T]
}, parent string, of func(string) registry.Query[T],
	find func(ctx context.Context, parent, name string, _ ...registry.ReadOption[T]) (*T, error),
) verbs {
	list := func(ctx context.Context, q registry.Query[T]) ([]map[string]any, error) {
		all, err := q.Collect(ctx)
		out := make([]map[string]any, len(all))
		for i, v := range all {
			out[i], _ = asJSON(v, nil)
		}
		return out, err
	}
	v := verbs{
		get: func(ctx context.Context, id string) (map[string]any, error) { return asJSON(e.Get(ctx, id)) },
		upsert: func(ctx context.Context, fields map[string]any) (string, error) {
			v, err := fromJSON[T](fields)
			if err != nil {
				return "", err
			}
			return idOf(e.Upsert(ctx, v))
		},
		replace: func(ctx context.Context, fields map[string]any) (string, error) {
			v, err := fromJSON[T](fields)
			if err != nil {
				return "", err
			}
			return idOf(e.Replace(ctx, v))
		},
		list: func(ctx context.Context) ([]map[string]any, error) { return list(ctx, e.Query()) },
		find: func(ctx context.Context, parent, name string) (map[string]any, error) {
			return asJSON(find(ctx, parent, name))
		},
		findByExternal: func(ctx context.Context, id string) (map[string]any, error) {
			return asJSON(e.FindByExternalID(ctx, id))
		},
		parent: parent,
	}
	if of != nil {
		v.of = func(ctx context.Context, parent string) ([]map[string]any, error) { return list(ctx, of(parent)) }
	}
	return v
}

func asJSON[T any](v *T, err error) (map[string]any, error) {
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	return out, json.Unmarshal(raw, &out)
}

func fromJSON[T any](fields map[string]any) (*T, error) {
	raw, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	v := new(T)
	return v, json.Unmarshal(raw, v)
}

// ours has the collections of a client.
func ours(reg *registry.Client) map[string]verbs {
	models := verbsOf(
		reg.RegisteredModels(),
		"",
		nil,
		func(
			ctx context.Context, _, name string, _ ...registry.ReadOption[model.RegisteredModel],
		) (*model.RegisteredModel, error) {
			return reg.RegisteredModels().FindByName(ctx, name)
		},
	)
	environments := verbsOf(
		reg.ServingEnvironments(),
		"",
		nil,
		func(
			ctx context.Context, _, name string, _ ...registry.ReadOption[model.ServingEnvironment],
		) (*model.ServingEnvironment, error) {
			return reg.ServingEnvironments().FindByName(ctx, name)
		},
	)
	return map[string]verbs{
		"RegisteredModel":    models,
		"ServingEnvironment": environments,
		"ModelVersion": verbsOf(
			reg.ModelVersions(), "registeredModelId", reg.ModelVersions().OfModel, reg.ModelVersions().FindByName,
		),
		"ModelArtifact": verbsOf(
			reg.ModelArtifacts(), "modelVersionId", reg.ModelArtifacts().OfVersion, reg.ModelArtifacts().FindByName,
		),
		"DocArtifact": verbsOf(
			reg.DocArtifacts(), "modelVersionId", reg.DocArtifacts().OfVersion, reg.DocArtifacts().FindByName,
		),
		"InferenceService": verbsOf(
			reg.InferenceServices(), "servingEnvironmentId", reg.InferenceServices().OfEnvironment,
			reg.InferenceServices().FindByName,
		),
		"ServeModel": verbsOf(
			reg.ServeModels(), "inferenceServiceId", reg.ServeModels().OfService, reg.ServeModels().FindByName,
		),
	}
}
