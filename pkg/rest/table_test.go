package rest_test

import (
	"slices"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/pkg/rest"
)

func names(s ...string) []string {
	return append([]string{"externalId", "description", "customProperties"}, s...)
}

func with(list []string, more ...string) []string { return slices.Concat(list, more) }

func api(base string) rest.API {
	model := names("owner", "state", "readme", "maturity", "language", "tasks", "provider", "logo", "license",
		"licenseLink", "libraryName")
	version := names("author", "state")
	artifact := names("uri", "state", "modelFormatName", "modelFormatVersion", "storageKey", "storagePath",
		"serviceAccountName", "modelSourceKind", "modelSourceClass", "modelSourceGroup", "modelSourceId", "modelSourceName")
	doc := names("uri", "state")
	service := names("modelVersionId", "runtime", "desiredState")
	unknown := map[string]string{"state": "UNKNOWN"}
	return rest.API{
		Base:     base,
		Document: []byte(`{"openapi":"3.0.3"}`),
		Resources: []rest.Resource{
			{
				Entity: rest.NewEntity(&mapping.RegisteredModel), Title: "registered model",
				Singular: "registered_model", Plural: "registered_models", Operations: rest.AllOperations,
				Create: with(model, "name"), Required: []string{"name"}, Update: model,
				Defaults: map[string]string{"state": "LIVE"},
			},
			{
				Entity: rest.NewEntity(&mapping.ModelVersion), Title: "model version",
				Singular: "model_version", Plural: "model_versions", Operations: rest.AllOperations,
				Children: []rest.Child{{Parent: "RegisteredModel", Segment: "versions", Whole: true}},
				Create:   with(version, "name", "registeredModelId"), Required: []string{"name", "registeredModelId"},
				Update: version, Defaults: map[string]string{"state": "LIVE"},
			},
			{
				Entity: rest.NewEntity(&mapping.ModelArtifact), Title: "model artifact", Union: "Artifact",
				Singular: "model_artifact", Plural: "model_artifacts", Operations: rest.AllOperations,
				Constants: map[string]string{"artifactType": "model-artifact"}, Hidden: []string{"modelVersionId"},
				Create: with(artifact, "name"), Update: artifact, Defaults: unknown, GeneratedName: true,
			},
			{
				Entity: rest.NewEntity(&mapping.DocArtifact), Title: "doc artifact", Union: "Artifact",
				Constants: map[string]string{"artifactType": "doc-artifact"}, Hidden: []string{"modelVersionId"},
				Create: with(doc, "name"), Update: doc, Defaults: unknown, GeneratedName: true,
			},
			{
				Entity: rest.NewEntity(&mapping.ServingEnvironment), Title: "serving environment",
				Singular: "serving_environment", Plural: "serving_environments", Operations: rest.AllOperations,
				Create: names("name"), Required: []string{"name"}, Update: names(),
			},
			{
				Entity: rest.NewEntity(&mapping.InferenceService), Title: "inference service",
				Singular: "inference_service", Plural: "inference_services", Operations: rest.AllOperations,
				Children: []rest.Child{{Parent: "ServingEnvironment", Segment: "inference_services"}},
				Create:   with(service, "name", "servingEnvironmentId", "registeredModelId"),
				Required: []string{"registeredModelId", "servingEnvironmentId"}, Update: service,
				Defaults: map[string]string{"desiredState": "DEPLOYED"}, GeneratedName: true,
				References: []rest.Reference{
					{Member: "registeredModelId", Entity: "RegisteredModel", Segment: "model"},
					{
						Member: "modelVersionId", Entity: "ModelVersion", Segment: "version",
						NewestOf: "registeredModelId",
					},
				},
			},
			{
				Entity: rest.NewEntity(&mapping.ServeModel), Title: "serve model",
				Children: []rest.Child{{Parent: "InferenceService", Segment: "serves"}},
				Hidden:   []string{"inferenceServiceId"},
				Create:   names("name", "modelVersionId", "lastKnownState"), Required: []string{"modelVersionId"},
				Defaults: map[string]string{"lastKnownState": "UNKNOWN"}, GeneratedName: true,
				References: []rest.Reference{{Member: "modelVersionId", Entity: "ModelVersion"}},
			},
		},
		Unions: []rest.Union{{
			Name: "Artifact", Title: "artifact", Singular: "artifact", Plural: "artifacts",
			Operations: rest.AllOperations, Member: "artifactType",
			Children: []rest.Child{{Parent: "ModelVersion", Segment: "artifacts", Whole: true}},
		}},
	}
}
