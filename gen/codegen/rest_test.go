package codegen_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/mlmd-go/sdk/gen/codegen"
	configs "github.com/mlmd-go/sdk/gen/internal/config"
)

// documents returns the OpenAPI documents of this module's spec, by version.
func documents(t *testing.T) map[string]*openapi3.T {
	t.Helper()
	cfg, err := configs.Load("../..", "", "")
	if err != nil {
		t.Fatal(err)
	}
	files, err := codegen.Generate(t.Context(), cfg.Config)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*openapi3.T{}
	for name, data := range files {
		if version, ok := strings.CutSuffix(filepath.Base(name), ".openapi.json"); ok {
			out[version] = load(t, name, data)
		}
	}
	return out
}

// load parses a document and validates it, with its defaults and patterns.
func load(t *testing.T, name string, data []byte) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return doc
}

// The files in testdata/rest list the operations that the clients of Kubeflow's
// model registry call.
func TestREST_OperationsOfTheField(t *testing.T) {
	for version, doc := range documents(t) {
		var want []string
		for _, file := range map[string][]string{"v1": {"v1"}, "v1alpha3": {"v1", "v1alpha3"}}[version] {
			rows, err := os.ReadFile("testdata/rest/" + file + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(rows)) {
				if !strings.HasPrefix(line, "#") {
					want = append(want, expand(line))
				}
			}
		}
		got := operations(doc, "/api/model_registry/"+version)
		slices.Sort(want)
		for _, row := range got {
			if !slices.Contains(want, row) {
				t.Errorf("%s has an operation too many, or another one: %s", version, row)
			}
		}
		for _, row := range want {
			if !slices.Contains(got, row) {
				t.Errorf("%s lacks %s", version, row)
			}
		}
	}
}

// expand returns a row of the table in the form of operations.
func expand(line string) string {
	call, schemas, _ := strings.Cut(line, "|")
	words := strings.Fields(call)
	query := words[3:]
	if i := slices.Index(query, "L"); i >= 0 {
		query = append(slices.Delete(query, i, i+1), "filterQuery", "pageSize", "orderBy", "sortOrder", "nextPageToken")
	}
	slices.Sort(query)
	return strings.Join(append(words[:3], query...), " ") + " | " + strings.Join(strings.Fields(schemas), " ")
}

var pathID = regexp.MustCompile(`\{\w+\}`)

// operations returns the operations of a document, one a line, sorted.
func operations(doc *openapi3.T, base string) (out []string) {
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			var query []string
			for _, p := range op.Parameters {
				query = append(query, p.Value.Name)
			}
			slices.Sort(query)
			row := method + " " + pathID.ReplaceAllString(strings.TrimPrefix(path, base), "{}") + " " + op.OperationID
			row = strings.Join(append([]string{row}, query...), " ") + " | "
			if op.RequestBody != nil {
				row += schemaName(op.RequestBody.Value.Content) + " "
			}
			row += "->"
			statuses := ""
			for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
				if status[0] == '2' {
					row = strings.TrimSuffix(row, " "+schemaName(op.Responses.Value(status).Value.Content))
					row += " " + schemaName(op.Responses.Value(status).Value.Content)
					statuses += " " + status
				}
			}
			out = append(out, row+statuses)
		}
	}
	slices.Sort(out)
	return out
}

func schemaName(c openapi3.Content) string {
	return strings.TrimPrefix(c.Get("application/json").Schema.Ref, "#/components/schemas/")
}

// Every operation says how it fails, and that it takes a token, which not every
// server demands.
func TestREST_Failures(t *testing.T) {
	for version, doc := range documents(t) {
		if len(doc.Security) != 2 || doc.Security[1]["Bearer"] == nil ||
			doc.Components.SecuritySchemes["Bearer"].Value.BearerFormat != "JWT" {
			t.Errorf("%s: the security is %v", version, doc.Security)
		}
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				want := []string{"400", "401", "500", "503"}
				switch {
				case method == "POST":
					want = append(want, "409", "422")
				case method == "PATCH":
					want = append(want, "404", "409")
				case strings.Contains(path, "{"), len(op.Parameters) > 0 && !hasParameter(op, "pageSize"):
					want = append(want, "404")
				}
				for _, status := range want {
					if r := op.Responses.Value(status); r == nil || schemaName(r.Value.Content) != "Error" {
						t.Errorf("%s: %s %s does not document %s", version, method, path, status)
					}
				}
			}
		}
	}
}

func hasParameter(op *openapi3.Operation, name string) bool {
	return op.Parameters.GetByInAndName("query", name) != nil
}

// What a create, a patch and a whole entity have follows from the spec.
func TestREST_Schemas(t *testing.T) {
	doc := documents(t)["v1"]
	members := func(name string) []string {
		return slices.Sorted(maps.Keys(doc.Components.Schemas[name].Value.Properties))
	}
	for name, want := range map[string]string{
		"ModelVersion": "author createTimeSinceEpoch customProperties description externalId id " +
			"lastUpdateTimeSinceEpoch name registeredModelId state",
		"ModelVersionCreate":     "author customProperties description externalId name registeredModelId state",
		"ModelVersionUpdate":     "author customProperties description externalId state",
		"InferenceServiceUpdate": "customProperties description desiredState externalId modelVersionId runtime",
		"ServeModelCreate":       "customProperties description externalId lastKnownState modelVersionId name",
		"MetricCreate":           "artifactType customProperties description externalId name state step timestamp value",
		"DataSetUpdate": "artifactType customProperties description digest externalId profile schema source " +
			"sourceType state uri",
		"Error":               "code message",
		"RegisteredModelList": "items nextPageToken pageSize size",
	} {
		if got := strings.Join(members(name), " "); got != want {
			t.Errorf("%s has %s; want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"RegisteredModelCreate": "name", "ModelVersionCreate": "name registeredModelId", "ModelVersionUpdate": "",
		"InferenceServiceCreate": "servingEnvironmentId registeredModelId", "MetricCreate": "value artifactType",
		"ModelArtifact": "artifactType", "ServeModelCreate": "modelVersionId",
		"ArtifactList": "items nextPageToken pageSize size",
	} {
		if got := strings.Join(doc.Components.Schemas[name].Value.Required, " "); got != want {
			t.Errorf("%s requires %q; want %q", name, got, want)
		}
	}
	for name, want := range map[string]any{
		"ModelVersionCreate": "LIVE", "ModelVersionUpdate": nil, "ModelVersion": nil, "ModelArtifactCreate": "UNKNOWN",
	} {
		if got := doc.Components.Schemas[name].Value.Properties["state"].Value.Default; got != want {
			t.Errorf("the default of %s.state is %v; want %v", name, got, want)
		}
	}
}

// All parameters in queries are optional texts, and those in paths have the names
// that clients generated from the field's document of v1 know.
func TestREST_Parameters(t *testing.T) {
	want := map[string]string{
		"registered_models": "registered_model_id", "model_versions": "model_version_id", "artifacts": "id",
		"model_artifacts": "model_artifact_id", "inference_services": "inference_service_id",
		"serving_environments": "serving_environment_id", "experiments": "experiment_id",
		"experiment_runs": "experiment_run_id",
	}
	for version, doc := range documents(t) {
		for path, item := range doc.Paths.Map() {
			parts := strings.Split(strings.TrimPrefix(path, "/api/model_registry/"+version+"/"), "/")
			if len(parts) > 1 && parts[1] != "metric_history" && parts[1] != "{"+want[parts[0]]+"}" {
				t.Errorf("%s: the parameter of %s is not called %s", version, path, want[parts[0]])
			}
			for method, op := range item.Operations() {
				for _, p := range op.Parameters {
					if p.Value.In != "query" || p.Value.Required || !p.Value.Schema.Value.Type.Is("string") {
						t.Errorf("%s: %s %s: %s is not an optional text", version, method, path, p.Value.Name)
					}
				}
			}
		}
	}
}

// Members have the types of the field's documents, and none can be null.
func TestREST_Members(t *testing.T) {
	readOnly := map[string][]string{
		"v1": {"createTimeSinceEpoch", "lastUpdateTimeSinceEpoch"},
		"v1alpha3": { // the server writes all of them
			"createTimeSinceEpoch", "experimentId", "experimentRunId", "lastUpdateTimeSinceEpoch",
		},
	}
	for version, doc := range documents(t) {
		found := map[string]bool{}
		for schema, s := range doc.Components.Schemas {
			if s.Value.Nullable {
				t.Errorf("%s: %s can be null", version, schema)
			}
			for name, m := range s.Value.Properties {
				if m.Value.Nullable {
					t.Errorf("%s: %s.%s can be null", version, schema, name)
				}
				if m.Value.ReadOnly {
					found[name] = true
				}
				id := name == "id" || strings.HasSuffix(name, "Id") || strings.HasSuffix(name, "TimeSinceEpoch")
				if id && !m.Value.Type.Is("string") {
					t.Errorf("%s: %s.%s is not a text", version, schema, name)
				}
			}
			if !strings.HasSuffix(schema, "List") {
				continue
			}
			required := strings.Join(slices.Sorted(slices.Values(s.Value.Required)), " ")
			if required != "items nextPageToken pageSize size" {
				t.Errorf("%s: %s requires %s", version, schema, required)
			}
			for _, name := range []string{"pageSize", "size"} {
				if m := s.Value.Properties[name].Value; !m.Type.Is("integer") || m.Format != "int32" {
					t.Errorf("%s: %s.%s is not an integer of 32 bits", version, schema, name)
				}
			}
		}
		if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, readOnly[version]) {
			t.Errorf("%s: %v are only read", version, got)
		}
		step := doc.Components.Schemas["Metric"].Value.Properties["step"].Value
		if want := map[string]string{"v1": "string", "v1alpha3": "integer"}[version]; !step.Type.Is(want) ||
			step.Format != "int64" {
			t.Errorf("%s: Metric.step is %v of %s", version, step.Type, step.Format)
		}
		if name := doc.Components.Schemas["RegisteredModelCreate"].Value.Properties["name"].Value; name.MinLength != 1 {
			t.Errorf("%s: a name may have %d letters", version, name.MinLength)
		}
		for schema, want := range enums {
			s := doc.Components.Schemas[schema]
			if s == nil && version == "v1" && strings.HasPrefix(schema, "Experiment") {
				continue
			}
			if got := strings.Trim(fmt.Sprint(s.Value.Enum), "[]"); got != want {
				t.Errorf("%s: %s has the values %s; want %s", version, schema, got, want)
			}
		}
	}
}

// enums are the values of the enumerations.
var enums = map[string]string{
	"RegisteredModelState": "LIVE ARCHIVED", "ModelVersionState": "LIVE ARCHIVED",
	"InferenceServiceState": "DEPLOYED UNDEPLOYED",
	"ArtifactState":         "UNKNOWN PENDING LIVE MARKED_FOR_DELETION DELETED ABANDONED REFERENCE",
	"ExecutionState":        "UNKNOWN NEW RUNNING COMPLETE FAILED CACHED CANCELED",
	"ParameterType":         "string number boolean object", "OrderByField": "CREATE_TIME LAST_UPDATE_TIME ID",
	"SortOrder": "ASC DESC", "ArtifactTypeQueryParam": "dataset-artifact doc-artifact metric model-artifact parameter",
	"ExperimentState": "LIVE ARCHIVED", "ExperimentRunState": "LIVE ARCHIVED",
	"ExperimentRunStatus": "RUNNING SCHEDULED FINISHED FAILED KILLED",
}

// A value of a union matches one of its schemas.
func TestREST_UnionsAreUnambiguous(t *testing.T) {
	doc := documents(t)["v1"]
	visit := func(schema string, value any) error {
		return doc.Components.Schemas[schema].Value.VisitJSON(value)
	}
	for _, c := range []struct {
		schema string
		value  map[string]any
		valid  bool
	}{
		{"ArtifactCreate", map[string]any{"artifactType": "doc-artifact", "name": "x"}, true},
		{"ArtifactCreate", map[string]any{"artifactType": "model-artifact"}, true},
		{"ArtifactCreate", map[string]any{"name": "x"}, false},
		{"ArtifactCreate", map[string]any{"artifactType": "metric"}, false},
		{"ArtifactCreate", map[string]any{"artifactType": "metric", "value": 0.0}, true},
		{"ArtifactCreate", map[string]any{"artifactType": "doc-artifact", "digest": "x"}, false},
		{"MetadataValue", map[string]any{"metadataType": "MetadataIntValue", "int_value": "3"}, true},
		{"MetadataValue", map[string]any{"metadataType": "MetadataIntValue", "int_value": 3.0}, false},
		{"MetadataValue", map[string]any{"metadataType": "MetadataStringValue"}, false},
	} {
		if err := visit(c.schema, c.value); (err == nil) != c.valid {
			t.Errorf("%s %v: %v", c.schema, c.value, err)
		}
	}
}

// The golden documents of other specs are valid too.
func TestREST_GoldenDocumentsAreValid(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*/want/*/*.openapi.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no documents", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		load(t, name, data)
	}
}

// The API of another version of the spec needs a path of its own.
func TestREST_ConvertedVersions(t *testing.T) {
	cfg, err := configs.Load("", "../../suites/evolution/teams/v2/mlmd.yaml", "")
	if err != nil {
		t.Fatal(err)
	}
	generate := func() (codegen.Files, error) { return codegen.Generate(t.Context(), cfg.Config) }
	files, err := generate()
	if err != nil || files["restapi/former.gen.go"] == nil {
		t.Errorf("got %v and %v, want the API of the older version", slices.Collect(maps.Keys(files)), err)
	}
	if !strings.Contains(string(files["restapi/former.gen.go"]), "rest.NewEntity(&views.PlaceView)") {
		t.Errorf("the older version is not served as the newer one stores it:\n%s", files["restapi/former.gen.go"])
	}

	// Entities whose parents differ are stored and served as before.
	read := cfg.Convert.From.Read
	cfg.Convert.From.Read = func(name string) ([]byte, error) {
		src, err := read(name)
		if path.Base(name) == "openapi.yaml" {
			src = bytes.ReplaceAll(src, []byte("x-mlmd-parent: Team"), []byte("x-mlmd-parent: Room"))
			src = append(src, "    Room:\n      x-mlmd-kind: context\n      type: object\n      required: [name]\n"+
				"      properties: {id: {type: string, x-mlmd-store: id}, name: {type: string, x-mlmd-store: name}}\n"...)
		}
		return src, err
	}
	files, err = generate()
	former, conversions := string(files["restapi/former.gen.go"]), string(files["convert/convert.gen.go"])
	if err != nil || !strings.Contains(former, "TeamView") || strings.Contains(former+conversions, "PlaceView") ||
		!strings.Contains(conversions, "func PlaceUp(") {
		t.Errorf("got %v and\n%s\n%s", err, former, conversions)
	}

	cfg.REST.Versions = []string{"v2", "v1"}
	if _, err = generate(); err == nil || !strings.Contains(err.Error(), "a REST API at /api/teams/v1: list another one") {
		t.Errorf("got %v", err)
	}
	cfg.REST = nil
	files, err = generate()
	if err != nil || files["convert/convert.gen.go"] == nil || files["restapi/former.gen.go"] != nil {
		t.Errorf("got %v and %v, want conversions alone", slices.Collect(maps.Keys(files)), err)
	}
}
