package catalog_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	bareNames "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/bare_names/want/mapping"
	descriptions "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/descriptions/want/mapping"
	edges "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/edges/want/mapping"
	fragment "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/fragment/want/mapping"
	harmless "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/harmless/want/mapping"
	jsonSpec "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/json/want/mapping"
	jsonNames "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/json_names/want/mapping"
	objects "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/objects/want/mapping"
	openapi31 "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/openapi31/want/mapping"
	otherFile "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/other_file/want/mapping"
	overlays "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/overlays/want/mapping"
	parentEdge "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/parent_edge/want/mapping"
	rest "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/rest/want/mapping"
	rules "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/rules/want/mapping"
	rulesTogether "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/rules_together/want/mapping"
	smallest "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/smallest/want/mapping"
	twiceAlike "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/twice_alike/want/mapping"
	unions "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/unions/want/mapping"
	"github.com/mlmd-go/sdk/gen/internal/catalog"
	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

// The flag lets go test ./gen/... -update run this package too.
var _ = flag.Bool("update", false, "has no effect here")

// generated are the mappings of the golden cases.
var generated = map[string][]mlmd.AnyMapping{
	"bare_names": bareNames.Catalog, "descriptions": descriptions.Catalog, "edges": edges.Catalog,
	"fragment": fragment.Catalog, "harmless": harmless.Catalog, "json": jsonSpec.Catalog, "json_names": jsonNames.Catalog,
	"objects": objects.Catalog, "other_file": otherFile.Catalog, "parent_edge": parentEdge.Catalog, "rest": rest.Catalog,
	"rules": rules.Catalog, "rules_together": rulesTogether.Catalog, "smallest": smallest.Catalog,
	"twice_alike": twiceAlike.Catalog, "openapi31": openapi31.Catalog, "overlays": overlays.Catalog,
	"unions": unions.Catalog,
}

// A pair is an entity with its two mappings.
type pair struct {
	of        string // the spec
	e         *ir.Entity
	want, got mlmd.AnyMapping
}

func pairs(tb testing.TB) (out []pair) {
	tb.Helper()
	dirs, err := filepath.Glob("../../codegen/testdata/cases/*/want/mapping")
	if err != nil || len(dirs) != len(generated) {
		tb.Errorf("%d cases have mappings, and %d are tested here (%v)", len(dirs), len(generated), err)
	}
	add := func(of, dir string, want []mlmd.AnyMapping) {
		g := graph(tb, dir)
		got := catalog.Of(g)
		if len(got) != len(want) {
			tb.Fatalf("%s: %d mappings, want %d", of, len(got), len(want))
		}
		for i, e := range g.Entities {
			out = append(out, pair{of, e, want[i], got[i]})
		}
	}
	for of, want := range generated {
		add(of, "../../codegen/testdata/cases/"+of, want)
	}
	add("the project", "../../../spec", mapping.Catalog)
	slices.SortFunc(out, func(a, b pair) int {
		return slices.Compare([]string{a.of, a.e.Name}, []string{b.of, b.e.Name})
	})
	return out
}

func graph(tb testing.TB, dir string) *ir.Graph {
	tb.Helper()
	var overlays []string
	for _, name := range []string{"overlay.yaml", "overlay-2.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			overlays = append(overlays, name)
		}
	}
	set, err := spec.Load(tb.Context(), "openapi.yaml", func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	}, overlays...)
	if err != nil {
		tb.Fatal(err)
	}
	g := ir.Build(set)
	if ps := set.Problems(); len(ps) > 0 {
		tb.Fatal(ps.Sorted())
	}
	return g
}

func TestOf_DescribesTheSameTypes(t *testing.T) {
	for _, p := range pairs(t) {
		got, want := p.got.Type(), p.want.Type()
		if len(got.Fields) != len(want.Fields) {
			t.Errorf("%s: %s has %d fields, want %d", p.of, p.e.Name, len(got.Fields), len(want.Fields))
			continue
		}
		got.Fields, want.Fields = plain(got.Fields), plain(want.Fields)
		if a, b := fmt.Sprintf("%q", *got.Spec), fmt.Sprintf("%q", *want.Spec); a != b {
			t.Errorf("%s: %s: the spec is\n %s\nnot\n %s", p.of, p.e.Name, a, b)
		}
		got.Spec = want.Spec
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s:\n got %+v\nwant %+v", p.of, p.e.Name, got, want)
		}
		if a, b := p.got.PropTypes(), p.want.PropTypes(); !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %s has the properties %v, want %v", p.of, p.e.Name, a, b)
		}
		if a, b := p.got.Paths(), p.want.Paths(); !slices.Equal(a, b) {
			t.Errorf("%s: %s has the paths %v, want %v", p.of, p.e.Name, a, b)
		}
	}
}

// plain returns fields with the functions replaced by marks, which can be
// compared.
func plain(fields mlmd.Fields) mlmd.Fields {
	out := slices.Clone(fields)
	for i := range out {
		if out[i].Rename != nil {
			out[i].Rename = nil
			out[i].LegacyMembers = append(slices.Clone(out[i].LegacyMembers), "and renames them")
		}
	}
	return out
}

// What the two mappings read of a node, and write of it, is the same, whatever the
// node holds.
func FuzzOf_ReadsAndWritesTheSame(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	all := pairs(f)
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, p := range all {
			r := &random{rand.New(rand.NewPCG(seed, 7))}
			n := r.node(p.e)
			parent := mlmd.Parent{UUID: "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"}
			if r.IntN(4) > 0 {
				parent.ID, parent.Name = 1+r.Int64N(1000), r.text()
			}
			got, want := outcome(t, p.got, n, parent), outcome(t, p.want, n, parent)
			if !proto.Equal(got.node, want.node) {
				t.Errorf("%s: %s: from %v\n got %v\nwant %v", p.of, p.e.Name, n, got.node, want.node)
			}
			if got.rest != want.rest {
				t.Errorf("%s: %s: from %v\n got %s\nwant %s", p.of, p.e.Name, n, got.rest, want.rest)
			}
			fields, others := p.got.Type().Fields, p.want.Type().Fields
			for i := range fields {
				if fields[i].Rename == nil {
					continue
				}
				f := p.e.Fields[slices.IndexFunc(p.e.Fields, func(f *ir.Field) bool { return f.Name == fields[i].Name })]
				v := &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: r.property(f, f.Key).GetStructValue()}}
				a, moved := gensupport.RenameStored(&fields[i], v, f.Key)
				b, wanted := gensupport.RenameStored(&others[i], v, f.Key)
				if moved != wanted || !proto.Equal(a, b) {
					t.Errorf("%s: %s.%s renames %v\n to %v\nnot %v", p.of, p.e.Name, f.Name, v, a, b)
				}
			}
		}
	})
}

// A result is what a mapping made of a node.
type result struct {
	node proto.Message
	rest string // all that can be printed
}

func outcome(t *testing.T, m mlmd.AnyMapping, n proto.Message, parent mlmd.Parent) result {
	t.Helper()
	v, err := m.DecodeAny(n)
	if err != nil {
		t.Fatal(err)
	}
	node, err := m.EncodeAny(v, parent)
	ident := m.IdentAny(v)
	valid := m.ValidateAny(v)
	paths := m.SetPathsAny(v)
	unreadable := m.UnreadableAny(v)
	m.SetIDAny(v, "")
	m.SetParentIDAny(v, "77")
	fresh, freshErr := m.EncodeAny(v, parent)
	return result{node, fmt.Sprintf("%v; %+v; %v; %v; %v; %+v; %s %v; %v", err, ident, valid, paths, unreadable,
		m.IdentAny(v), fresh.ProtoReflect().Descriptor().Name(), freshErr, m.ValidateAny(v))}
}

// random makes nodes that are often, but not always, what the spec says.
type random struct{ *rand.Rand }

func (r *random) text() string {
	words := []string{
		"a", "b", "warm", "LIVE", "", "2026-12-01", "2026-12-01T10:00:00Z", "17", "true", "0.5", "über",
		"f81d4fae-7dec-41d0-a765-00a0c91e6bf6", "YWJj", "a long text that many rules would refuse for its length",
	}
	return words[r.IntN(len(words))]
}

func (r *random) some() bool { return r.IntN(3) > 0 }

func (r *random) node(e *ir.Entity) proto.Message {
	props, custom := map[string]*mlmdpb.Value{}, map[string]*mlmdpb.Value{}
	for _, f := range e.Fields {
		if f.Slot != ir.Property {
			continue
		}
		for _, key := range append([]string{f.Key}, f.Aliases...) {
			if r.some() {
				props[key] = r.property(f, key)
			}
			if r.IntN(8) == 0 {
				custom[key] = r.property(f, key)
			}
		}
	}
	for _, c := range e.Copies {
		if r.some() {
			props[c.Property] = &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: r.Int64N(9)}}
		}
	}
	if r.some() {
		custom["extra "+r.text()] = r.any()
	}
	name := r.text()
	if r.some() {
		name = fmt.Sprintf("%d:%s", r.IntN(9), name)
	}
	opt := func() *string {
		if !r.some() {
			return nil
		}
		return new(r.text())
	}
	var id, at *int64
	if r.some() {
		id, at = new(1+r.Int64N(99)), new(r.Int64N(1<<40))
	}
	switch e.Kind {
	case ir.Artifact:
		a := &mlmdpb.Artifact{
			Id: id, Name: &name, ExternalId: opt(), Uri: opt(), Properties: props, CustomProperties: custom,
			CreateTimeSinceEpoch: at, LastUpdateTimeSinceEpoch: at,
		}
		if r.some() {
			a.State = mlmdpb.Artifact_State(r.IntN(9)).Enum()
		}
		return a
	case ir.Execution:
		x := &mlmdpb.Execution{
			Id: id, Name: &name, ExternalId: opt(), Properties: props, CustomProperties: custom,
			CreateTimeSinceEpoch: at, LastUpdateTimeSinceEpoch: at,
		}
		if r.some() {
			x.LastKnownState = mlmdpb.Execution_State(r.IntN(9)).Enum()
		}
		return x
	}
	return &mlmdpb.Context{
		Id: id, Name: &name, ExternalId: opt(), Properties: props, CustomProperties: custom,
		CreateTimeSinceEpoch: at, LastUpdateTimeSinceEpoch: at,
	}
}

// any returns a value of any kind.
func (r *random) any() *mlmdpb.Value {
	switch r.IntN(6) {
	case 0:
		return &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: r.Int64N(1<<33) - 5}}
	case 1:
		return &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: r.Float64() * 10}}
	case 2:
		return &mlmdpb.Value{Value: &mlmdpb.Value_BoolValue{BoolValue: r.some()}}
	case 3:
		s := &structpb.Struct{Fields: map[string]*structpb.Value{r.text(): r.member(nil, 2)}}
		return &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: s}}
	case 4:
		return &mlmdpb.Value{}
	}
	return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: r.text()}}
}

// property returns a value for a property that stores f under key.
func (r *random) property(f *ir.Field, key string) *mlmdpb.Value {
	if r.IntN(6) == 0 {
		return r.any()
	}
	switch f.Stored {
	case ir.INT:
		return &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: r.Int64N(40)}}
	case ir.DOUBLE:
		return &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: float64(r.IntN(40)) / 4}}
	case ir.BOOLEAN:
		return &mlmdpb.Value{Value: &mlmdpb.Value_BoolValue{BoolValue: r.some()}}
	case ir.STRING:
		text := r.text()
		if len(f.Type.Values) > 0 && r.some() {
			text = f.Type.Values[r.IntN(len(f.Type.Values))].Text
		}
		return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: text}}
	}
	v := r.member(f.Type, 4)
	s := v.GetStructValue()
	if s == nil {
		s = &structpb.Struct{Fields: map[string]*structpb.Value{key: v}}
	}
	return &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: s}}
}

// member returns a value in a struct, mostly of the type t, which may be nil.
func (r *random) member(t *ir.Type, depth int) *structpb.Value {
	if t == nil || r.IntN(8) == 0 {
		return []*structpb.Value{
			structpb.NewStringValue(r.text()), structpb.NewNumberValue(float64(r.IntN(99)) / 4), structpb.NewBoolValue(r.some()),
			structpb.NewNullValue(),
			structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{structpb.NewNumberValue(1)}}),
			structpb.NewStructValue(&structpb.Struct{}),
		}[r.IntN(6)]
	}
	switch t.Basic {
	case ir.Int32, ir.Int64, ir.Double:
		return structpb.NewNumberValue(float64(r.IntN(40)) / float64(1+3*r.IntN(2)))
	case ir.Bool:
		return structpb.NewBoolValue(r.some())
	case ir.Enum:
		return structpb.NewStringValue(t.Values[r.IntN(len(t.Values))].Text)
	case ir.List:
		list := &structpb.ListValue{}
		for range r.IntN(3) {
			list.Values = append(list.Values, r.member(t.Elem, depth-1))
		}
		return structpb.NewListValue(list)
	case ir.Map, ir.JSON:
		s := &structpb.Struct{Fields: map[string]*structpb.Value{}}
		for range r.IntN(3) {
			s.Fields[r.text()] = r.member(t.Elem, depth-1)
		}
		return structpb.NewStructValue(s)
	case ir.Object:
		s := &structpb.Struct{Fields: map[string]*structpb.Value{}}
		for _, f := range t.Fields {
			for _, name := range append([]string{f.Name}, f.Aliases...) {
				if depth > 0 && r.some() {
					s.Fields[name] = r.member(f.Type, depth-1)
				}
			}
		}
		return structpb.NewStructValue(s)
	case ir.Union:
		v := t.Variants[r.IntN(len(t.Variants))]
		p := r.member(v.Type, depth)
		if s := p.GetStructValue(); s != nil && s.Fields != nil && r.IntN(8) > 0 {
			kind := v.Values[r.IntN(len(v.Values))]
			if r.IntN(4) == 0 {
				kind = "new"
			}
			s.Fields[t.Kind] = structpb.NewStringValue(kind)
		}
		return p
	}
	return structpb.NewStringValue(r.text())
}
