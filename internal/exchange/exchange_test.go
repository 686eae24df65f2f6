package exchange

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

func TestID(t *testing.T) {
	const want = "8f29e181-2d7d-5e6d-87e3-41d7a8de6ecd" // uuid5(uuid5(NAMESPACE_URL, "mlmd://a"), "execution/1") in Python
	if got := ID("mlmd://a", "execution/1"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if ID("mlmd://a", "execution/1") == ID("mlmd://b", "execution/1") {
		t.Error("two stores have one ID")
	}
}

func TestPropertiesOf(t *testing.T) {
	str := func(s string) *mlmdpb.Value { return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}} }
	double := func(d float64) *mlmdpb.Value { return &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: d}} }
	custom := map[string]*mlmdpb.Value{
		"int": {Value: &mlmdpb.Value_IntValue{IntValue: 1 << 60}}, "nan": double(math.NaN()), "inf": double(math.Inf(-1)),
		"half": double(0.5), "yes": {Value: &mlmdpb.Value_BoolValue{BoolValue: true}}, "none": {},
		"struct": {Value: &mlmdpb.Value_StructValue{StructValue: &structpb.Struct{
			Fields: map[string]*structpb.Value{"a": structpb.NewNumberValue(1)},
		}}},
		"proto": {Value: &mlmdpb.Value_ProtoValue{ProtoValue: &anypb.Any{TypeUrl: "t/x", Value: []byte{1}}}},
	}
	own := map[string]*mlmdpb.Value{"description": str("d"), "empty": str("")}
	want := Properties{
		Own: map[string]any{"description": "d", "empty": ""},
		Custom: map[string]any{
			"int": int64(1 << 60), "nan": "NaN", "inf": "-Inf", "half": 0.5, "yes": true,
			"struct": json.RawMessage(`{"a":1}`), "proto": map[string]any{"@type": "t/x", "value": "AQ=="},
		},
	}
	for _, n := range []*lineage.Node{
		{Message: &mlmdpb.Artifact{Properties: own, CustomProperties: custom}},
		{Message: &mlmdpb.Execution{Properties: own, CustomProperties: custom}},
		{Message: &mlmdpb.Context{Properties: own, CustomProperties: custom}},
	} {
		got := PropertiesOf(n)
		if raw, ok := got.Custom["struct"].(json.RawMessage); ok { // in any form
			var v any
			if json.Unmarshal(raw, &v) == nil {
				plain, _ := json.Marshal(v)
				got.Custom["struct"] = json.RawMessage(plain)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%T: %#v, want %#v", n.Message, got, want)
		}
		if _, err := json.Marshal(got.Custom); err != nil {
			t.Error(err)
		}
	}
	if got := want.Text("missing", "empty", "description"); got != "d" {
		t.Errorf("the text is %q", got)
	}
}

func TestPropertiesOf_Entity(t *testing.T) {
	got := PropertiesOf(&lineage.Node{Value: &model.DataSet{
		ID: "1", Name: "n", Description: new("d"), URI: new("s3://a"),
		CustomProperties: value.Map{"rows": value.Int(3), "share": value.Double(0.5)},
	}})
	if want := map[string]any{"rows": int64(3), "share": 0.5}; !reflect.DeepEqual(got.Custom, want) {
		t.Errorf("the custom properties are %v, want %v", got.Custom, want)
	}
	if got.Own["description"] != "d" {
		t.Errorf("the properties are %v", got.Own)
	}
	for _, name := range ofNode {
		if v, ok := got.Own[name]; ok {
			t.Errorf("%s is %v, want only what the node lacks", name, v)
		}
	}
	for _, v := range []any{nil, 1, "text", func() {}} {
		if p := PropertiesOf(&lineage.Node{Value: v}); len(p.Own)+len(p.Custom) > 0 {
			t.Errorf("%T: %v", v, p)
		}
	}
}

func TestString(t *testing.T) {
	for want, v := range map[string]any{
		"a b": "a b", "1": int64(1), "true": true, `{"a":1}`: json.RawMessage(`{"a":1}`), "": func() {},
	} {
		if got := String(v); got != want {
			t.Errorf("%T: %q, want %q", v, got, want)
		}
	}
}

func TestTitle(t *testing.T) {
	n := &lineage.Node{Ref: lineage.Ref{Kind: mlmd.Artifact, ID: "7"}}
	for _, want := range []string{n.Ref.String(), "x", "name"} {
		if got := Title(n); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if n.ExternalID != "" {
			n.Name = "name"
		}
		n.ExternalID = "x"
	}
}

func TestFlow(t *testing.T) {
	a, x, c := lineage.Ref{Kind: mlmd.Artifact, ID: "1"}, lineage.Ref{Kind: mlmd.Execution, ID: "1"},
		lineage.Ref{Kind: mlmd.Context, ID: "1"}
	for _, test := range []struct {
		edge       lineage.Edge
		output, ok bool
	}{
		{lineage.Edge{From: a, To: x, Kind: lineage.Input}, false, true},
		{lineage.Edge{From: x, To: a, Kind: lineage.Output}, true, true},
		{lineage.Edge{From: a, To: x, Kind: lineage.UnknownEvent}, false, false},
		{lineage.Edge{From: a, To: c, Kind: lineage.Attribution}, false, false},
		{lineage.Edge{From: a, To: a, Kind: lineage.Reference}, false, false},
	} {
		artifact, execution, output, ok := Flow(test.edge)
		if output != test.output || ok != test.ok || ok && (artifact != a || execution != x) {
			t.Errorf("%+v: %v, %v, %v, %v", test.edge, artifact, execution, output, ok)
		}
	}
}
