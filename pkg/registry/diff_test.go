package registry

import (
	"errors"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func TestRoundsTo(t *testing.T) {
	for _, c := range []struct {
		sent, stored float64
		want         bool
	}{
		{0.1234567, 0.123457, true},
		{0.1234567, 0.123456, false},
		{0.1234567, 0.1234568, false},
		{3, 3, true},
		{1e-9, 0, true},
		{1e-6, 0, false},
		{123456789012345678, 1.23456789012346e17, true},
		{123456789012345678, 1.2345678901234568e17, true},
		{1e300, 1e65, true},
		{-1e300, -1e65, true},
		{1e300, 1e64, false},
		{math.MaxFloat64, math.Inf(1), true},
		{math.MaxFloat64, math.MaxFloat64, true},
		{0, math.Copysign(0, -1), true},
	} {
		if got := roundsTo(c.sent, c.stored); got != c.want {
			t.Errorf("sent %v, stored %v: got %v", c.sent, c.stored, got)
		}
	}
}

func TestComparison_Diff(t *testing.T) {
	text := func(s string) *mlmdpb.Value { return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}} }
	double := func(f float64) *mlmdpb.Value {
		return &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: f}}
	}
	object := func(m map[string]any) *mlmdpb.Value {
		s, err := structpb.NewStruct(m)
		if err != nil {
			t.Fatal(err)
		}
		return &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: s}}
	}
	type values = map[string]*mlmdpb.Value
	for _, c := range []struct {
		name           string
		stored, wanted nodeView
		path           string
		same           bool
	}{
		{"no uri and an empty one", nodeView{uri: new("")}, nodeView{}, "uri", true},
		{"another uri", nodeView{uri: new("a")}, nodeView{uri: new("b")}, "uri", false},
		{"no external id and an empty one", nodeView{}, nodeView{externalID: new("")}, "external_id", true},
		{"the same state", nodeView{state: new(int32(2))}, nodeView{state: new(int32(2))}, "state", true},
		{"no state and state 0", nodeView{}, nodeView{state: new(int32(0))}, "state", false},
		{
			"the same text",
			nodeView{props: values{"a": text("x")}},
			nodeView{props: values{"a": text("x")}},
			"properties.a",
			true,
		},
		{"no property and an empty text", nodeView{}, nodeView{props: values{"a": text("")}}, "properties.a", false},
		{"a property that goes", nodeView{props: values{"a": text("x")}}, nodeView{}, "properties.a", false},
		{
			"the same number as a text",
			nodeView{props: values{"a": text("1")}},
			nodeView{props: values{"a": double(1)}},
			"properties.a", true,
		},
		{
			"another number as a text",
			nodeView{props: values{"a": text("1")}},
			nodeView{props: values{"a": double(2)}},
			"properties.a", false,
		},
		{
			"a number that a program wrote otherwise",
			nodeView{props: values{"a": text("1.0")}},
			nodeView{props: values{"a": double(1)}},
			"properties.a", false,
		},
		{
			"custom properties as a whole",
			nodeView{custom: values{"a": text("x")}},
			nodeView{custom: values{"a": text("x")}},
			"custom_properties", true,
		},
		{
			"one custom property more",
			nodeView{custom: values{"a": text("x")}},
			nodeView{custom: values{"a": text("x"), "b": text("y")}},
			"custom_properties", false,
		},
		{
			"another custom property",
			nodeView{custom: values{"a": text("x")}},
			nodeView{custom: values{"b": text("x")}},
			"custom_properties", false,
		},
		{"none and none of them", nodeView{}, nodeView{custom: values{}}, "custom_properties", true},
		{
			"the same structure",
			nodeView{props: values{"a": object(map[string]any{"x": 1, "y": "z"})}},
			nodeView{props: values{"a": object(map[string]any{"y": "z", "x": 1})}},
			"properties.a", true,
		},
		{
			"another structure",
			nodeView{props: values{"a": object(map[string]any{"x": 1})}},
			nodeView{props: values{"a": object(map[string]any{"x": 2})}},
			"properties.a", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmp := comparison{
				stored: c.stored, read: c.stored, wanted: c.wanted,
				rounds: func() (bool, error) { return false, errors.New("must not be asked") },
			}
			diff, err := cmp.diff(c.path)
			if err != nil {
				t.Fatal(err)
			}
			if same := len(diff) == 0; same != c.same {
				t.Errorf("differing %v, want the same: %v", diff, c.same)
			}
		})
	}
}

func TestComparison_RoundedDouble(t *testing.T) {
	double := func(f float64) nodeView {
		return nodeView{props: map[string]*mlmdpb.Value{"a": {Value: &mlmdpb.Value_DoubleValue{DoubleValue: f}}}}
	}
	for _, rounds := range []bool{true, false} {
		cmp := comparison{
			stored: double(0), read: double(0), wanted: double(1e-7),
			rounds: func() (bool, error) { return rounds, nil },
		}
		diff, err := cmp.diff("properties.a")
		if err != nil || (len(diff) == 0) != rounds {
			t.Errorf("rounds %v: differing %v, %v", rounds, diff, err)
		}
	}
}

func TestMergeUnknown(t *testing.T) {
	parse := func(text string) *structpb.Value {
		t.Helper()
		v := &structpb.Value{}
		if err := protojson.Unmarshal([]byte(text), v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	// The members u and v are not known: what is read lacks them.
	for _, c := range []struct{ what, stored, read, wanted, want string }{
		{"a change", `{"a": 1, "u": 2}`, `{"a": 1}`, `{"a": 3}`, `{"a": 3, "u": 2}`},
		{"a removal", `{"a": 1, "b": 1, "u": 2}`, `{"a": 1, "b": 1}`, `{"b": 1}`, `{"b": 1, "u": 2}`},
		{"an addition", `{"u": 2}`, `{}`, `{"a": 3}`, `{"a": 3, "u": 2}`},
		{"a member that the caller set itself", `{"u": 2}`, `{}`, `{"u": 3}`, `{"u": 3}`},
		{"an object within", `{"o": {"a": 1, "u": 2}}`, `{"o": {"a": 1}}`, `{"o": {"a": 3}}`, `{"o": {"a": 3, "u": 2}}`},
		{"another variant", `{"kind": "a", "u": 2}`, `{"kind": "a"}`, `{"kind": "b"}`, `{"kind": "b"}`},
		{
			"elements that move", `[{"a": 1, "u": 1}, {"a": 2, "u": 2}]`, `[{"a": 1}, {"a": 2}]`,
			`[{"a": 2}, {"a": 3}, {"a": 1}]`, `[{"a": 2, "u": 2}, {"a": 3}, {"a": 1, "u": 1}]`,
		},
		{
			"equal elements", `[{"a": 1, "u": 1}, {"a": 1, "u": 2}]`, `[{"a": 1}, {"a": 1}]`,
			`[{"a": 1}, {"a": 1}, {"a": 1}]`, `[{"a": 1, "u": 1}, {"a": 1, "u": 2}, {"a": 1}]`,
		},
		{
			"an element that keeps its name", `[{"name": "x", "a": 1, "u": 1}, {"name": "y", "u": 2}]`,
			`[{"name": "x", "a": 1}, {"name": "y"}]`, `[{"name": "y", "a": 3}, {"name": "x", "a": 2}, {"name": "x", "a": 4}]`,
			`[{"name": "y", "a": 3, "u": 2}, {"name": "x", "a": 2, "u": 1}, {"name": "x", "a": 4}]`,
		},
		{
			"an element that could not be read", `[{"a": 1, "u": 1}, 7]`, `[{"a": 1}]`, `[{"a": 1}, {"a": 2}]`,
			`[{"a": 1}, {"a": 2}]`,
		},
		{"scalars", `[1, 2]`, `[1, 2]`, `[2, 3]`, `[2, 3]`},
	} {
		got := mergeUnknown(parse(c.stored), parse(c.read), parse(c.wanted))
		if !proto.Equal(got, parse(c.want)) {
			t.Errorf("%s: got %v, want %s", c.what, got, c.want)
		}
	}
}
