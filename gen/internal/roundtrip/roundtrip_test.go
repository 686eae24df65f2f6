// Package roundtrip tests that generated mappings decode what they encode.
package roundtrip

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oapi-codegen/runtime/types"
	"google.golang.org/protobuf/proto"

	objects "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/objects/want/mapping"
	parents "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/parent_edge/want/mapping"
	rules "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/rules/want/mapping"
	unions "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/unions/want/mapping"
	"github.com/mlmd-go/sdk/gen/codegen/testdata/cases/unions/want/model"
	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// every lists the mappings of the project's spec, and those of the golden
// cases, which have what the spec does not need.
func every() []mlmd.AnyMapping {
	var all []mlmd.AnyMapping
	for _, catalog := range [][]mlmd.AnyMapping{
		mapping.Catalog, objects.Catalog, parents.Catalog, rules.Catalog, unions.Catalog,
	} {
		all = append(all, catalog...)
	}
	return all
}

// variants are what the unions of the golden cases hold, with their discriminators;
// the last one is a variant that the spec does not know.
var variants = map[reflect.Type][]any{
	reflect.TypeFor[model.SourceVariant](): {
		&model.FileSource{Kind: "file"}, &model.QuerySource{Kind: "query"}, &model.DatabaseSource{Kind: "mysql"},
		&model.UnknownSource{Members: map[string]any{"kind": "stream", "topics": []any{"a", 0.5, nil, map[string]any{}}}},
	},
	reflect.TypeFor[model.ConditionVariant](): {
		&model.Above{Op: "Above"}, &model.Not{Op: "Not"}, &model.Between{Op: "Between"},
		&model.UnknownCondition{Members: map[string]any{"op": "below", "limit": 1.0}},
	},
	reflect.TypeFor[model.TableSinkVariant](): {
		&model.FileSource{Kind: "file"}, &model.UnknownTableSink{Members: map[string]any{"kind": "stream"}},
	},
}

// variant sets v to a random variant of a union, but to the first one if plain is
// true.
func (g *generator) variant(v reflect.Value, depth int, plain bool) {
	list := variants[v.Type()]
	of := reflect.ValueOf(list[g.IntN(len(list))])
	if plain {
		of = reflect.ValueOf(list[0])
	}
	x := reflect.New(of.Type().Elem())
	x.Elem().Set(of.Elem())
	if of.Elem().FieldByName("Members").IsValid() {
		v.Set(x)
		return
	}
	for i := range x.Elem().NumField() {
		if f := x.Elem().Field(i); i != 0 { // the discriminator
			g.fill(f, depth-1)
			notNil(f)
		}
	}
	v.Set(x)
}

// A union is the same after the way to JSON and back, and so are entities with
// unions.
func FuzzJSON(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, entry := range unions.Catalog {
			g := &generator{rand.New(rand.NewPCG(seed, 3)), entry.Type()}
			v, _ := g.entity(t, entry)
			raw, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			got := entry.New()
			if err := json.Unmarshal(raw, got); err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			if !reflect.DeepEqual(got, v) {
				t.Errorf("%s:\n got %s\nwant %s", raw, show(got), show(v))
			}
			if again, err := json.Marshal(got); err != nil || string(again) != string(raw) {
				t.Errorf("got %s (%v)\nwant %s", again, err, raw)
			}
		}
	})
}

// What is not a union is refused, and leaves what was there.
func TestUnmarshalJSON_Refuses(t *testing.T) {
	for raw, want := range map[string]string{
		`{}`:                            `Source without a text in "kind": want one of file, query, postgres, mysql`,
		`{"kind": 1}`:                   `Source without a text in "kind": want one of file, query, postgres, mysql`,
		`{"kind": ""}`:                  `Source without a text in "kind": want one of file, query, postgres, mysql`,
		`{"Kind": "file"}`:              `Source without a text in "kind": want one of file, query, postgres, mysql`,
		`[]`:                            `json: cannot unmarshal array into Go value of type map[string]json.RawMessage`,
		`{"kind": "file", "path": 1}`:   `json: cannot unmarshal number into Go struct field FileSource.path of type string`,
		`{"kind": "query", "of": {}}`:   `Source without a text in "kind": want one of file, query, postgres, mysql`,
		`{"kind": "query", "of": null}`: "",
		`null`:                          "",
	} {
		v := model.Source{Value: &model.FileSource{Path: "x"}}
		err := json.Unmarshal([]byte(raw), &v)
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s: got %v, want %s", raw, err, want)
		}
		if f, ok := v.Value.(*model.FileSource); (want != "" || raw == "null") && (!ok || f.Path != "x") {
			t.Errorf("%s: left %+v", raw, v.Value)
		}
	}
}

// The flag lets go test ./gen/... -update run this package too.
var _ = flag.Bool("update", false, "has no effect here")

// roundTripUUID stands where a node has no name of its own.
const roundTripUUID = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"

func FuzzRoundTrip(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, entry := range every() {
			g := &generator{rand.New(rand.NewPCG(seed, 1)), entry.Type()}
			v, parent := g.entity(t, entry)
			first, err := entry.EncodeAny(v, parent)
			if err != nil {
				t.Fatalf("%s: encode %+v: %v", g.typ.Entity, v, err)
			}
			if second, err := entry.EncodeAny(v, parent); err != nil || !proto.Equal(first, second) {
				t.Errorf("%s: a second Encode differs (%v)", g.typ.Entity, err)
			}
			wire, err := proto.Marshal(first)
			if err != nil {
				t.Fatalf("%s: %v", g.typ.Entity, err)
			}
			read := first.ProtoReflect().New().Interface()
			if err := proto.Unmarshal(wire, read); err != nil {
				t.Fatalf("%s: %v", g.typ.Entity, err)
			}
			got, err := entry.DecodeAny(read)
			if err != nil {
				t.Fatalf("%s: decode: %v", g.typ.Entity, err)
			}
			if !reflect.DeepEqual(got, v) {
				t.Errorf("%s: Decode(Encode(v)) differs:\n got %s\nwant %s", g.typ.Entity, show(got), show(v))
			}
		}
	})
}

func show(v any) string {
	var b strings.Builder
	s := reflect.ValueOf(v).Elem()
	for i := range s.NumField() {
		f := s.Field(i)
		if f.Kind() == reflect.Pointer && !f.IsNil() {
			f = f.Elem()
		}
		fmt.Fprintf(&b, "%s=%+v ", s.Type().Field(i).Name, f.Interface())
	}
	return b.String()
}

// A generator makes random entities in normal form: what the store cannot tell
// apart is made equal.
type generator struct {
	*rand.Rand
	typ mlmd.Type
}

func (g *generator) entity(tb testing.TB, entry mlmd.AnyMapping) (v any, parent mlmd.Parent) {
	tb.Helper()
	v = entry.New()
	s := reflect.ValueOf(v).Elem()
	g.fill(s, 3)
	parent.UUID = roundTripUUID
	if g.typ.Parent != nil && !(g.typ.Parent.Optional && g.IntN(2) == 0) {
		parent = mlmd.Parent{ID: 1 + g.Int64N(1<<40), Name: g.text(), UUID: roundTripUUID}
	}
	for i := range s.NumField() {
		f, typ := s.Field(i), s.Type().Field(i)
		tag, _, _ := strings.Cut(typ.Tag.Get("json"), ",")
		switch {
		case typ.Name == "ID",
			typ.Name == "CreateTime",
			typ.Name == "UpdateTime",
			typ.Name == "Created",
			typ.Name == "Updated":
			f.SetZero() // the store's
		case typ.Name == "Name":
			f.SetString("n" + g.text())
		case g.typ.Parent != nil && tag == g.typ.Parent.Field:
			f.SetString(value.FormatID(parent.ID))
		case typ.Name == "ExternalID", typ.Name == "URI":
			if !f.IsNil() && f.Elem().String() == "" {
				f.SetZero()
			}
		case (typ.Name == "State" || typ.Name == "LastKnownState") &&
			typ.Type.Kind() == reflect.Pointer && strings.HasSuffix(typ.Type.Elem().Name(), "State"):
			if !f.IsNil() {
				f.Elem().SetString("UNKNOWN")
			}
		case strings.HasSuffix(typ.Name, "ID"):
			id := strconv.FormatInt(1+g.Int64N(1<<62), 10)
			if f.Kind() == reflect.String {
				f.SetString(id)
			} else if !f.IsNil() {
				f.Elem().SetString(id)
			}
		}
	}
	g.defaults(tb, entry, s)
	return v, parent
}

// defaults sets what is unset and has a default: that is what is read.
func (g *generator) defaults(tb testing.TB, entry mlmd.AnyMapping, s reflect.Value) {
	tb.Helper()
	plain := entry.New()
	reflect.ValueOf(plain).Elem().FieldByName("ID").SetString("1")
	node, err := entry.EncodeAny(plain, mlmd.Parent{})
	if err != nil {
		tb.Fatal(err)
	}
	proto.Reset(node)
	empty, err := entry.DecodeAny(node)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range s.NumField() {
		if f, d := s.Field(i), reflect.ValueOf(empty).Elem().Field(i); f.Kind() == reflect.Pointer && f.IsNil() {
			f.Set(d)
		}
	}
}

func (g *generator) fill(v reflect.Value, depth int) {
	switch v.Interface().(type) {
	case value.Time:
		if g.IntN(3) > 0 {
			v.Set(reflect.ValueOf(value.Millis(g.Int64N(1<<42) + 1)))
		}
		return
	case time.Time:
		if g.IntN(3) > 0 {
			v.Set(reflect.ValueOf(time.Unix(g.Int64N(1<<35), g.Int64N(1e9)).UTC()))
		}
		return
	case types.Date:
		v.Set(reflect.ValueOf(types.Date{Time: time.Date(1900+g.IntN(300), 1, 1+g.IntN(365), 0, 0, 0, 0, time.UTC)}))
		return
	case value.Map:
		v.Set(reflect.ValueOf(g.custom()))
		return
	case value.Value:
		v.Set(reflect.ValueOf(g.value()))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if g.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			g.fill(v.Elem(), depth)
		}
	case reflect.String:
		v.SetString(g.text())
		if _, enum := v.Interface().(interface{ Valid() bool }); enum { // of which an empty text is unset
			v.SetString("e" + g.text())
		}
	case reflect.Int32, reflect.Int64:
		v.SetInt(g.Int64N(1<<31) - 1<<30)
	case reflect.Uint8:
		v.SetUint(g.Uint64() & 0xff)
	case reflect.Float64:
		v.SetFloat(g.NormFloat64() * 1e6)
	case reflect.Bool:
		v.SetBool(g.IntN(2) == 0)
	case reflect.Interface:
		switch {
		case variants[v.Type()] == nil:
			v.Set(reflect.ValueOf(g.text()))
		case depth > 0 && g.IntN(3) > 0:
			g.variant(v, depth, false)
		}
	case reflect.Array:
		for i := range v.Len() {
			g.fill(v.Index(i), depth)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") == "-" { // not stored
				continue
			}
			g.fill(v.Field(i), depth-1)
			if f := v.Field(i); v.Type().Field(i).Name == "Weight" && f.IsNil() {
				f.Set(reflect.ValueOf(new(0.5))) // its default
			}
		}
	case reflect.Slice:
		if depth > 0 && g.IntN(4) > 0 {
			v.Set(reflect.MakeSlice(v.Type(), g.IntN(4), 4))
			for i := range v.Len() {
				g.fill(v.Index(i), depth-1)
				g.present(v.Index(i))
			}
		}
	case reflect.Map:
		if g.IntN(4) > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range g.IntN(4) {
				e := reflect.New(v.Type().Elem()).Elem()
				g.fill(e, depth-1)
				g.present(e)
				v.SetMapIndex(reflect.ValueOf(g.text()), e)
			}
		}
	default:
		panic("no random " + v.Type().String())
	}
}

// present is notNil, and gives a union that holds none a variant.
func (g *generator) present(v reflect.Value) {
	notNil(v)
	if v.Kind() != reflect.Struct {
		return
	}
	if f := v.FieldByName("Value"); f.IsValid() && variants[f.Type()] != nil && f.IsNil() {
		g.variant(f, 1, true)
	}
}

// notNil makes a list within a list or a map empty where it is nil: there is
// no null in either.
func notNil(v reflect.Value) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
}

func (g *generator) custom() value.Map {
	var m value.Map
	for range g.IntN(5) {
		if m == nil {
			m = value.Map{}
		}
		m["custom "+g.text()] = g.value()
	}
	return m
}

func (g *generator) value() value.Value {
	switch g.IntN(6) {
	case 0:
		return value.Int(g.Int64())
	case 1:
		return value.Double(g.NormFloat64())
	case 2:
		return value.Bool(g.IntN(2) == 0)
	case 3:
		return value.Struct(map[string]any{g.text(): []any{g.text(), g.NormFloat64(), nil, true}})
	case 4:
		return value.Proto("type.googleapis.com/x", []byte(g.text()))
	default:
		return value.String(g.text())
	}
}

func (g *generator) text() string {
	parts := []string{"", "a", ":", "12:", "é", "日本", "'", `"`, "`", "\n", "%", "\\", " ", "null", "{}", "𝔘"}
	var b strings.Builder
	for range g.IntN(4) {
		b.WriteString(parts[g.IntN(len(parts))])
	}
	return b.String()
}
