// Package exchange_test reads what lineage is exported as with the published clients
// of the formats.
package exchange_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/lineage/cyclonedx"
	"github.com/mlmd-go/sdk/pkg/lineage/openlineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

const namespace = "mlmd://registry.example.com"

// trained returns the provenance of a version that was trained from a data set, which
// was made from another.
func trained(t *testing.T) (*lineage.Graph, *model.ModelVersion) {
	t.Helper()
	store, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	reg := registry.New(store.Client())
	m := model.RegisteredModel{
		Name: "fraud", License: new("Apache-2.0"), LicenseLink: new("https://example.com/a license"),
		Tasks: []string{"tabular"},
	}
	v := model.ModelVersion{Name: "v1", Author: new("Ann"), Description: new("The first.")}
	weights := model.ModelArtifact{Name: "weights", URI: new("s3://models/fraud/1"), ModelFormatName: new("onnx")}
	data := model.DataSet{
		Name: "payments", URI: new("gs://bank/payments 2026.csv"), Digest: new("sha256:" + strings.Repeat("5c", 32)),
		Description: new("All payments."),
		Schema:      new(`{"type":"object","properties":{"amount":{"type":"number","description":"in cents"}}}`),
		CustomProperties: value.Map{
			"rows": value.Int(1 << 60), "share": value.Double(0.5), "of": value.Struct(map[string]any{"a": []any{1.0}}),
		},
	}
	auc := model.Metric{Name: "auc", Value: new(0.93)}
	epochs := model.Parameter{Name: "epochs", Value: new("10")}
	doc := model.DocArtifact{Name: "guide", URI: new("https://example.com/guide?a=[b]")}
	if _, err := reg.Register(t.Context(), &m, &v, &weights, &data, &auc, &epochs, &doc); err != nil {
		t.Fatal(err)
	}
	rpc := reg.RPC()
	types, err := rpc.PutTypes(t.Context(), &mlmdpb.PutTypesRequest{
		ArtifactTypes:  []*mlmdpb.ArtifactType{{Name: new("system.Dataset")}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("test.Step")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	type event = mlmdpb.PutExecutionRequest_ArtifactAndEvent
	stored := func(id string, typ mlmdpb.Event_Type) *event {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		path := &mlmdpb.Event_Path{Steps: []*mlmdpb.Event_Path_Step{
			{Value: &mlmdpb.Event_Path_Step_Key{Key: "examples"}}, {Value: &mlmdpb.Event_Path_Step_Index{Index: 0}},
		}}
		return &event{Event: &mlmdpb.Event{ArtifactId: &n, Type: &typ, Path: path}}
	}
	put := func(name string, state mlmdpb.Execution_State, events ...*event) {
		_, err := rpc.PutExecution(t.Context(), &mlmdpb.PutExecutionRequest{
			Execution:          &mlmdpb.Execution{TypeId: &types.ExecutionTypeIds[0], Name: &name, LastKnownState: &state},
			ArtifactEventPairs: events,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("clean", mlmdpb.Execution_CACHED,
		&event{
			Artifact: &mlmdpb.Artifact{TypeId: &types.ArtifactTypeIds[0], Name: new("raw")},
			Event:    &mlmdpb.Event{Type: mlmdpb.Event_INPUT.Enum()},
		},
		stored(data.ID, mlmdpb.Event_OUTPUT))
	put("train", mlmdpb.Execution_COMPLETE, stored(data.ID, mlmdpb.Event_INPUT), stored(weights.ID, mlmdpb.Event_OUTPUT))
	put("evaluate", mlmdpb.Execution_FAILED, stored(weights.ID, mlmdpb.Event_INPUT), stored(auc.ID, mlmdpb.Event_OUTPUT))
	g, err := lineage.Provenance(t.Context(), reg, &v)
	if err != nil {
		t.Fatal(err)
	}
	return g, &v
}

// reread returns g as it is read from JSON.
func reread(t *testing.T, g *lineage.Graph) *lineage.Graph {
	t.Helper()
	raw, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	out := new(lineage.Graph)
	if err := json.Unmarshal(raw, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// hostile returns a graph with cycles, whose nodes have the given text wherever a
// node can have one.
func hostile(text string) (*lineage.Graph, *model.ModelVersion) {
	v := &model.ModelVersion{ID: "1", Author: &text, Description: &text}
	parameter, score := model.Parameter{Value: &text}, model.Metric{Value: new(1e300)}
	g := &lineage.Graph{Nodes: []*lineage.Node{
		{Value: &model.DataSet{Digest: &text, Schema: &text, Description: &text}},
		{Value: &model.ModelArtifact{ModelFormatName: &text}},
		{Value: &parameter},
		{Value: &score},
		{Value: &model.DocArtifact{}},
		{Message: &mlmdpb.Artifact{CustomProperties: map[string]*mlmdpb.Value{text: {}}}},
		{Ref: lineage.Ref{Kind: mlmd.Execution, ID: "1"}, CreateTime: value.Millis(1)},
		{Ref: lineage.Ref{Kind: mlmd.Context, ID: "1"}, Value: v},
		{Ref: lineage.Ref{Kind: mlmd.Context, ID: "2"}, Value: &model.RegisteredModel{
			License: &text, LicenseLink: &text, Tasks: []string{text}, Provider: &text,
		}},
	}}
	for i, n := range g.Nodes {
		if i < 6 {
			n.Ref = lineage.Ref{Kind: mlmd.Artifact, ID: strconv.Itoa(i + 1)}
			g.Edges = append(g.Edges,
				lineage.Edge{From: n.Ref, To: g.Nodes[7].Ref, Kind: lineage.Attribution},
				lineage.Edge{From: n.Ref, To: g.Nodes[6].Ref, Kind: lineage.Input},
				lineage.Edge{From: g.Nodes[6].Ref, To: n.Ref, Kind: lineage.Output, Path: []lineage.Step{{Key: text}}},
			)
		}
		n.TypeName, n.Name, n.ExternalID, n.State, n.URI = text, text, text, text, text
	}
	g.Nodes[0].Entity = "DataSet"
	g.Edges[0].To = g.Nodes[7].Ref
	g.Edges = append(g.Edges, lineage.Edge{From: g.Nodes[7].Ref, To: g.Nodes[8].Ref, Kind: lineage.ParentContext})
	return g, v
}

var texts = map[string]string{
	"empty": "", "control": "\x00\x01\n\t\x7f\u2028", "not UTF-8": "a\xff\xfeb", "long": strings.Repeat("é", 70_000),
	"URI":   "http://user:secret@[::1]:80/a b?c=[d]#e#f%zz",
	"Azure": "abfss://box:key@account.example/\x00 ü", "bad authority": "http://[::1%25eth0]:x/", "opaque": "urn:a b:<c>",
	"markup": `</script><!-- "' ]]>`, "schema": `{"fields":[{"name":"\u0000","type":{}}]}`, "path": `C:\a\b`,
	"host":   "s3://a_b^c/d",
	"signed": "https://user:secret@h/a?X-Amz-Signature=secret&versionId=1&token=secret",
	"bare":   "x:", "slashes": "x://", "no path": "s3:", "colon": "://",
}

func TestOpenLineage_ClientReadsEvents(t *testing.T) {
	g, _ := trained(t)
	want := []string{
		`["COMPLETE", "test.Step/clean", ["system.Dataset/6/raw"], ["payments 2026.csv"]]`,
		`["COMPLETE", "test.Step/train", ["payments 2026.csv"], ["fraud/1"]]`,
		`["FAIL", "test.Step/evaluate", ["fraud/1"], ["kf.Metric/3/auc"]]`,
	}
	for name, g := range map[string]*lineage.Graph{"read from a store": g, "read from JSON": reread(t, g)} {
		t.Run(name, func(t *testing.T) {
			if got := readEvents(t, g); !slices.Equal(got, want) {
				t.Errorf("the client reads %s, want %s", got, want)
			}
		})
	}
	t.Run("hostile", func(t *testing.T) {
		var gs []*lineage.Graph
		for _, text := range texts {
			g, _ := hostile(text)
			gs = append(gs, g)
		}
		if got := readEvents(t, gs...); len(got) != len(texts) {
			t.Errorf("the client reads %d events, want %d", len(got), len(texts))
		}
	})
}

// readEvents returns what the client of OpenLineage says of the events of graphs.
func readEvents(t *testing.T, gs ...*lineage.Graph) []string {
	t.Helper()
	args := []string{"testdata/read_events.py", "../../pkg/lineage/openlineage/facets-1-0-0.json"}
	for _, g := range gs {
		events, err := openlineage.Events(g, openlineage.Config{Namespace: namespace, Producer: "https://example.com/export"})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := openlineage.Write(&b, events); err != nil {
			t.Fatal(err)
		}
		refuseSecret(t, b.String())
		args = append(args, save(t, b.Bytes()))
	}
	return lines(run(t, args...))
}

func TestCycloneDX_StrictlyValid(t *testing.T) {
	g, v := trained(t)
	want := []string{`["machine-learning-model", "fraud", "v1", ["payments", "raw"]]`}
	for name, g := range map[string]*lineage.Graph{"read from a store": g, "read from JSON": reread(t, g)} {
		t.Run(name, func(t *testing.T) {
			if got := lines(run(t, "testdata/validate_bills.py", save(t, bill(t, g, v)))); !slices.Equal(got, want) {
				t.Errorf("the library reads %s, want %s", got, want)
			}
		})
	}
	t.Run("hostile", func(t *testing.T) {
		args := []string{"testdata/validate_bills.py"}
		for name, text := range texts {
			g, v := hostile(text)
			file := save(t, bill(t, g, v))
			t.Log(name, file)
			args = append(args, file)
		}
		if got := lines(run(t, args...)); len(got) != len(texts) {
			t.Errorf("%d bills are valid, want %d", len(got), len(texts))
		}
	})
}

// TestCycloneDX_RefusesWrongBill checks that the validation can fail.
func TestCycloneDX_RefusesWrongBill(t *testing.T) {
	g, v := trained(t)
	for good, bad := range map[string]string{
		`"type":"file"`: `"type":"weights"`, `"s3://models/fraud/1"`: `"s3://models/a b"`, `"modelCard"`: `"modelcard"`,
	} {
		text := string(bill(t, g, v))
		if !strings.Contains(text, good) {
			t.Fatalf("%s has no %s", text, good)
		}
		cmd := exec.CommandContext(t.Context(), python(t), "testdata/validate_bills.py",
			save(t, []byte(strings.Replace(text, good, bad, 1))))
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("%s in place of %s is accepted: %s", bad, good, out)
		}
	}
}

// bill returns the bill of a version, as JSON.
func bill(t *testing.T, g *lineage.Graph, v *model.ModelVersion) []byte {
	t.Helper()
	bom, err := cyclonedx.BOM(g, v, cyclonedx.Config{Namespace: namespace})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).Encode(bom); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// refuseSecret fails the test if the name of a data set has the password of a user, or
// a credential.
func refuseSecret(t *testing.T, events string) {
	t.Helper()
	for _, bad := range []string{
		`"namespace":"http://user`, `"namespace":"abfss://box:`, `"namespace":"https://user`,
		`"name":"/a?X-Amz`, `"name":"/a?token`,
	} {
		if strings.Contains(events, bad) {
			t.Errorf("the events have %s", bad)
		}
	}
}

func save(t *testing.T, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "export")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

// run runs a program in Python and returns what it prints.
func run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python(t), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%.4000s", args[0], err, out, stderr.String())
	}
	return string(out)
}

// python returns the interpreter that setup.sh installs.
func python(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(cmp.Or(os.Getenv("MLMD_EXCHANGE_CLIENTS"), ".venv"), "bin", "python"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		const reason = "the clients are not installed: run suites/exchange/setup.sh"
		if os.Getenv("MLMD_REQUIRE") == "all" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	return path
}
