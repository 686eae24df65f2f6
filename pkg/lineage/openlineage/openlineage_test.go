package openlineage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/lineage/openlineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

var config = openlineage.Config{Namespace: "mlmd://test", Producer: "https://example.com/export"}

func artifact(id, uri string) *lineage.Node {
	return &lineage.Node{Ref: lineage.Ref{Kind: mlmd.Artifact, ID: id}, TypeName: "kf.DataSet", URI: uri}
}

func execution(id, state string) *lineage.Node {
	return &lineage.Node{
		Ref: lineage.Ref{Kind: mlmd.Execution, ID: id}, TypeName: "test.Step", State: state,
		CreateTime: value.Millis(1_700_000_000_000),
	}
}

func edge(from, to *lineage.Node, kind lineage.EdgeKind) lineage.Edge {
	return lineage.Edge{From: from.Ref, To: to.Ref, Kind: kind}
}

func events(tb testing.TB, g *lineage.Graph) []openlineage.RunEvent {
	tb.Helper()
	es, err := openlineage.Events(g, config)
	if err != nil {
		tb.Fatal(err)
	}
	return es
}

// lines returns the events as they are written.
func lines(tb testing.TB, es []openlineage.RunEvent) string {
	tb.Helper()
	var b bytes.Buffer
	if err := openlineage.Write(&b, es); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

func TestEvents_Type(t *testing.T) {
	for state, want := range map[string]string{
		"": "OTHER", "UNKNOWN": "OTHER", "NEW": "OTHER", "RUNNING": "RUNNING", "COMPLETE": "COMPLETE",
		"CACHED": "COMPLETE", "FAILED": "FAIL", "CANCELED": "ABORT",
	} {
		es := events(t, &lineage.Graph{Nodes: []*lineage.Node{execution("1", state)}})
		if len(es) != 1 || es[0].EventType != want {
			t.Errorf("%q: %+v, want one event of type %s", state, es, want)
		}
	}
}

func TestEvents_DatasetNames(t *testing.T) {
	for uri, want := range map[string][2]string{
		"s3://bucket/a/b.csv":                {"s3://bucket", "a/b.csv"},
		"s3a://bucket/a%20b#c":               {"s3://bucket", "a%20b#c"},
		"s3://bucket":                        {"s3://bucket", "/"},
		"s3://bucket/":                       {"s3://bucket", "/"},
		"gs://bucket/a":                      {"gs://bucket", "a"},
		"hdfs://name:8020/a/b":               {"hdfs://name:8020", "/a/b"},
		"file:///tmp/a":                      {"file", "/tmp/a"},
		"file://host/tmp/a":                  {"file://host", "/tmp/a"},
		"abfss://box:key@acct.example/a":     {"abfss://box@acct.example", "/a"},
		"wasbs://box@acct.example/a":         {"wasbs://box@acct.example", "a"},
		"postgres://me:secret@db:5432/x":     {"postgres://db:5432", "/x"},
		"https://a@b@example.com/x?version=": {"https://example.com", "/x?version="},
		"https://h/x?token=a&version=3":      {"https://h", "/x?version=3"},
		"s3://b/x?X-Amz-Signature=a":         {"s3://b", "x"},
		"bigquery:project.set.table":         {"bigquery", "project.set.table"},
		"":                                   {"mlmd://test", "kf.DataSet/1"},
		`C:\data`:                            {"mlmd://test", "kf.DataSet/1"},
		"/data/a":                            {"mlmd://test", "kf.DataSet/1"},
		"1s://a":                             {"mlmd://test", "kf.DataSet/1"},
	} {
		a, x := artifact("1", uri), execution("1", "COMPLETE")
		es := events(t, &lineage.Graph{
			Nodes: []*lineage.Node{a, x}, Edges: []lineage.Edge{edge(a, x, lineage.Input)},
		})
		if in := es[0].Inputs; len(in) != 1 || in[0].Namespace != want[0] || in[0].Name != want[1] {
			t.Errorf("%q: %+v, want %q", uri, in, want)
		}
	}
}

// TestEvents_Datasets checks which edges make inputs and outputs, and that artifacts
// of one URI are one data set.
func TestEvents_Datasets(t *testing.T) {
	a, b, c, x := artifact("1", "s3://b/x"), artifact("2", "s3://b/x"), artifact("3", ""), execution("1", "COMPLETE")
	c.Name = "third"
	a.Value, b.Value = &model.DataSet{Description: new("old")}, &model.DataSet{Description: new("new"), Digest: new("d")}
	run := &lineage.Node{Ref: lineage.Ref{Kind: mlmd.Context, ID: "1"}, TypeName: "system.PipelineRun", Name: "r"}
	es := events(t, &lineage.Graph{
		Nodes: []*lineage.Node{a, b, c, x, run},
		Edges: []lineage.Edge{
			edge(a, x, lineage.Input), edge(a, x, lineage.DeclaredInput), edge(b, x, lineage.InternalInput),
			edge(c, x, lineage.UnknownEvent), edge(x, c, lineage.Output), edge(x, run, lineage.Association),
			edge(x, artifact("9", ""), lineage.Output), // not in the graph
		},
	})
	if len(es[0].Inputs) != 1 || len(es[0].Outputs) != 1 || es[0].Outputs[0].Name != "kf.DataSet/3/third" {
		t.Fatalf("inputs %+v and outputs %+v", es[0].Inputs, es[0].Outputs)
	}
	text := lines(t, es)
	for _, want := range []string{
		`DocumentationDatasetFacet","description":"new"`, `"datasetVersion":"d"`,
		`"events":[{"kind":"input"},{"kind":"declared input"}]`, `"events":[{"kind":"internal input"}]`,
		`"contexts":[{"id":"1","type":"system.PipelineRun","name":"r"}]`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s has no %s", text, want)
		}
	}
}

func TestEvents_Schema(t *testing.T) {
	const jsonSchema = `{"properties":{"b":{"type":"integer"},"a":{"type":["string"],"description":"x"}}}`
	const spark = `{"type":"struct","fields":[{"name":"p","type":{"type":"struct","fields":[{"name":"q","type":"int"}]}}]}`
	for schema, want := range map[string]string{
		jsonSchema: `[{"name":"b","type":"integer"},{"name":"a","type":"[\"string\"]","description":"x"}]`,
		spark:      `[{"name":"p","type":"struct","fields":[{"name":"q","type":"int"}]}]`,
		`{"mlflow_colspec":[{"type":"double","name":"amount"}]}`: `[{"name":"amount","type":"double"}]`,
	} {
		a, x := artifact("1", ""), execution("1", "COMPLETE")
		a.Value = &model.DataSet{Schema: &schema}
		text := lines(t, events(t, &lineage.Graph{
			Nodes: []*lineage.Node{a, x}, Edges: []lineage.Edge{edge(x, a, lineage.Output)},
		}))
		if !strings.Contains(text, `"fields":`+want) {
			t.Errorf("%s: %s, want %s", schema, text, want)
		}
	}
	for _, schema := range []string{"a,b", "[]", "{", `{"properties":3}`, strings.Repeat(`{"properties":{"a":`, 5000)} {
		a, x := artifact("1", ""), execution("1", "COMPLETE")
		a.Value = &model.DataSet{Schema: &schema}
		es := events(t, &lineage.Graph{
			Nodes: []*lineage.Node{a, x}, Edges: []lineage.Edge{edge(x, a, lineage.Output)},
		})
		if f, ok := es[0].Outputs[0].Facets["schema"]; ok {
			t.Errorf("%.30s: %+v, want no schema", schema, f)
		}
	}
}

func TestEvents_Times(t *testing.T) {
	a, x := artifact("1", ""), execution("1", "COMPLETE")
	e := edge(a, x, lineage.Input)
	g := &lineage.Graph{Nodes: []*lineage.Node{a, x}, Edges: []lineage.Edge{e}}
	check := func(want string) {
		t.Helper()
		es, err := openlineage.Events(g, config)
		if err != nil && want != "" || err == nil && (want == "" || es[0].EventTime != want) {
			t.Errorf("%+v, %v, want %s", es, err, want)
		}
	}
	check("2023-11-14T22:13:20.000Z")
	x.UpdateTime = value.Millis(1_700_000_000_123)
	check("2023-11-14T22:13:20.123Z")
	x.UpdateTime, x.CreateTime = value.Time{}, value.Time{}
	check("")
	g.Edges[0].Time = value.Millis(1)
	check("1970-01-01T00:00:00.001Z")
	g.Edges[0].Time = value.Millis(math.MaxInt64)
	check("")
}

func TestEvents_Config(t *testing.T) {
	for _, c := range []openlineage.Config{
		{}, {Namespace: "x"}, {Producer: "https://example.com"}, {Namespace: "x", Producer: "export"},
	} {
		if _, err := openlineage.Events(&lineage.Graph{}, c); err == nil || !strings.Contains(err.Error(), "Config.") {
			t.Errorf("%+v: %v, want an error about the config", c, err)
		}
	}
	c := config
	c.Job = func(n *lineage.Node) string { return n.TypeName }
	x := execution("1", "NEW")
	x.Name = "once"
	es, err := openlineage.Events(&lineage.Graph{Nodes: []*lineage.Node{x}}, c)
	if err != nil || es[0].Job.Name != "test.Step" {
		t.Errorf("%+v, %v, want a job test.Step", es, err)
	}
}

// TestEvents_Properties checks that properties are as they are stored, and what
// becomes of values that JSON lacks.
func TestEvents_Properties(t *testing.T) {
	x := execution("1", "COMPLETE")
	x.Message = &mlmdpb.Execution{
		Properties: map[string]*mlmdpb.Value{
			"big": {Value: &mlmdpb.Value_IntValue{IntValue: math.MaxInt64}},
			"nan": {Value: &mlmdpb.Value_DoubleValue{DoubleValue: math.NaN()}},
		},
		CustomProperties: map[string]*mlmdpb.Value{"a\x00b": {Value: &mlmdpb.Value_BoolValue{BoolValue: true}}, "none": {}},
	}
	text := lines(t, events(t, &lineage.Graph{Nodes: []*lineage.Node{x}}))
	for _, want := range []string{`"big":9223372036854775807`, `"nan":"NaN"`, `"a\u0000b":true`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s has no %s", text, want)
		}
	}
	if strings.Contains(text, `"none"`) {
		t.Errorf("%s has a property without a value", text)
	}
}

// FuzzEvents checks that any graph makes valid events, and the same each time.
func FuzzEvents(f *testing.F) {
	f.Add("kf.DataSet", "payments", "s3://b/k", "a description", `{"properties":{"a":{}}}`, byte(3))
	f.Add("", "", "", "", "", byte(0))
	f.Add("\x00", strings.Repeat("é", 5000), "file://[::1]/\x01", "\xff", `{"fields":[{"name":"x","type":{}}]}`, byte(255))
	f.Fuzz(func(t *testing.T, typ, name, uri, description, schema string, edges byte) {
		a, b, x, y := artifact("1", uri), artifact("2", uri), execution("1", name), execution("2", "FAILED")
		for _, n := range []*lineage.Node{a, x} {
			n.TypeName, n.Name = typ, name
		}
		a.Value = &model.DataSet{Description: &description, Schema: &schema}
		x.Message = &mlmdpb.Execution{CustomProperties: map[string]*mlmdpb.Value{
			name: {Value: &mlmdpb.Value_StringValue{StringValue: description}},
		}}
		g := &lineage.Graph{Nodes: []*lineage.Node{a, b, x, y}}
		for i, e := range []lineage.Edge{
			edge(a, x, lineage.Input), edge(b, x, lineage.Input), edge(x, a, lineage.Output), edge(x, b, lineage.Output),
			edge(a, y, lineage.DeclaredInput), edge(y, a, lineage.PendingOutput), edge(x, y, lineage.Input),
			edge(a, x, lineage.EdgeKind(typ)),
		} {
			if edges&(1<<i) != 0 {
				g.Edges = append(g.Edges, e)
			}
		}
		es := events(t, g)
		text := lines(t, es)
		if again := lines(t, events(t, g)); again != text {
			t.Errorf("%s, then %s", text, again)
		}
		for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			var read openlineage.RunEvent
			d := json.NewDecoder(strings.NewReader(line))
			d.DisallowUnknownFields()
			if err := d.Decode(&read); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if read.Job.Name == "" || read.Run.RunID == "" || read.EventType != es[i].EventType {
				t.Errorf("%s is not what was written: %+v", line, es[i])
			}
			for _, ds := range [][]openlineage.Dataset{read.Inputs, read.Outputs} {
				names := map[string]bool{}
				for _, d := range ds {
					key := fmt.Sprintf("%q %q", d.Namespace, d.Name)
					if names[key] || d.Namespace == "" || d.Name == "" || reflect.ValueOf(d.Facets).Len() == 0 {
						t.Errorf("%s: data set %s", line, key)
					}
					names[key] = true
				}
			}
		}
	})
}
