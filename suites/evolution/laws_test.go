package evolution_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
	map1 "github.com/mlmd-go/sdk/suites/evolution/v1/mapping"
	map2 "github.com/mlmd-go/sdk/suites/evolution/v2/mapping"
)

func FuzzRoundTrips(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, entry := range slices.Concat(map1.Catalog, map2.Catalog) {
			r := random{rand.New(rand.NewPCG(seed, 1))}
			v, parent := r.entity(entry)
			node, err := entry.EncodeAny(v, parent)
			if err != nil {
				t.Fatalf("%s: encode %+v: %v", entry.Type().Entity, v, err)
			}
			again, err := entry.EncodeAny(v, parent)
			if err != nil || !proto.Equal(node, again) {
				t.Errorf("%s: a second Encode differs (%v)", entry.Type().Entity, err)
			}
			got, err := entry.DecodeAny(node)
			if err != nil {
				t.Fatalf("%s: decode: %v", entry.Type().Entity, err)
			}
			if !reflect.DeepEqual(got, v) {
				t.Errorf("%s: Decode(Encode(v)) differs:\n got %+v\nwant %+v", entry.Type().Entity, got, v)
			}
		}
	})
}

// A node that one version encodes, the other decodes: the fields that both
// have are equal.
func FuzzWhatBothVersionsKnowIsTheSameInBoth(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	newer := map[string]mlmd.AnyMapping{}
	for _, e := range map2.Catalog {
		newer[e.Type().Entity] = e
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, one := range map1.Catalog {
			two, ok := newer[one.Type().Entity]
			if !ok {
				t.Fatalf("v2 has no %s", one.Type().Entity)
			}
			// Both ways; v1 does not know what v2 writes under a new name.
			same(t, seed, one, two)
			same(t, seed, two, one, "Source", "Size")
		}
	})
}

// same encodes with from, decodes with to, and compares all but some fields.
func same(t *testing.T, seed uint64, from, to mlmd.AnyMapping, but ...string) {
	t.Helper()
	r := random{rand.New(rand.NewPCG(seed, 2))}
	v, parent := r.entity(from)
	node, err := from.EncodeAny(v, parent)
	if err != nil {
		t.Fatal(err)
	}
	got, err := to.DecodeAny(node)
	if err != nil {
		t.Fatalf("%s: decode: %v", to.Type().Entity, err)
	}
	a, b := reflect.ValueOf(v).Elem(), reflect.ValueOf(got).Elem()
	for i := range a.NumField() {
		name := a.Type().Field(i).Name
		other := b.FieldByName(name)
		stored := a.Type().Field(i).Tag.Get("json") != "-"
		if slices.Contains(but, name) || !stored || !other.IsValid() {
			continue
		}
		if was, is := text(a.Field(i)), text(other); was != is {
			t.Errorf("%s.%s: %s was written, and %s is read", from.Type().Entity, name, was, is)
		}
	}
}

// text tells apart what both versions can tell apart: Go types differ, nil is
// the zero of a required number, and members of objects are the common ones.
func text(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return text(reflect.Zero(v.Type().Elem()))
		}
		return text(v.Elem())
	case reflect.String:
		return strconv.Quote(v.String())
	case reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	case reflect.Slice:
		var parts []string
		for i := range v.Len() {
			if u, ok := v.Index(i).Interface().(json.Marshaler); ok { // a union
				raw, _ := u.MarshalJSON()
				parts = append(parts, ordered(raw))
				continue
			}
			parts = append(parts, text(v.Index(i).FieldByName("Name")))
		}
		return strings.Join(parts, ",")
	case reflect.Map:
		return fmt.Sprint(v.Interface())
	case reflect.Struct:
		if u, ok := v.Interface().(interface {
			json.Marshaler
			Kind() string
		}); ok {
			raw, _ := u.MarshalJSON()
			return ordered(raw)
		}
		return "" // times, which the store assigns
	}
	panic("no text of " + v.Type().String())
}

// ordered is JSON with the members of objects in order.
func ordered(raw []byte) string {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		panic(err)
	}
	return fmt.Sprint(v)
}

// random makes entities in normal form.
type random struct{ *rand.Rand }

func (r random) entity(entry mlmd.AnyMapping) (any, mlmd.Parent) {
	v := entry.New()
	s := reflect.ValueOf(v).Elem()
	parent := mlmd.Parent{UUID: "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"}
	edge := entry.Type().Parent
	if edge != nil && !(edge.Optional && r.IntN(2) == 0) {
		parent = mlmd.Parent{ID: 1 + r.Int64N(1<<40), Name: r.text(), UUID: parent.UUID}
	}
	for i := range s.NumField() {
		f, typ := s.Field(i), s.Type().Field(i)
		tag, _, _ := strings.Cut(typ.Tag.Get("json"), ",")
		switch {
		case typ.Name == "ID", typ.Name == "CreateTime", typ.Name == "UpdateTime", typ.Tag.Get("json") == "-": // the store's
		case typ.Name == "Name":
			f.SetString("n" + r.text())
		case edge != nil && tag == edge.Field:
			if parent.ID != 0 {
				f.SetString(value.FormatID(parent.ID))
			}
		case typ.Name == "State", typ.Name == "LastKnownState":
			f.Set(reflect.New(f.Type().Elem()))
			f.Elem().SetString("UNKNOWN")
		case typ.Name == "CustomProperties":
			if r.IntN(2) == 0 {
				f.Set(reflect.ValueOf(value.Map{"custom " + r.text(): value.Int(r.Int64())}))
			}
		case typ.Name == "ExternalID", typ.Name == "URI":
			if r.IntN(2) == 0 {
				f.Set(reflect.New(f.Type().Elem()))
				f.Elem().SetString("x" + r.text())
			}
		default:
			r.fill(f)
		}
	}
	return v, parent
}

func (r random) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			r.fill(v.Elem())
		}
	case reflect.String:
		v.SetString(r.text())
		if _, enum := v.Interface().(interface{ Valid() bool }); enum { // of which an empty text is unset
			v.SetString("e" + r.text())
		}
	case reflect.Int64:
		v.SetInt(r.Int64N(1 << 40))
	case reflect.Float64:
		v.SetFloat(r.NormFloat64() * 1e6)
	case reflect.Struct:
		if u, ok := v.Addr().Interface().(json.Unmarshaler); ok {
			if r.IntN(3) > 0 {
				r.union(u)
			}
			return
		}
		for i := range v.NumField() {
			r.fill(v.Field(i))
		}
	case reflect.Slice:
		if r.IntN(4) > 0 {
			v.Set(reflect.MakeSlice(v.Type(), r.IntN(4), 4))
			for i := range v.Len() {
				if u, ok := v.Index(i).Addr().Interface().(json.Unmarshaler); ok {
					r.union(u)
					continue
				}
				r.fill(v.Index(i))
			}
		}
	default:
		panic("no random " + v.Type().String())
	}
}

// union sets u to a variant: one that both versions know, that v2 knows, or neither.
func (r random) union(u json.Unmarshaler) {
	members := map[string]any{"kind": []string{"file", "table", "view", "stream", "cloud"}[r.IntN(5)]}
	switch members["kind"] {
	case "file":
		members["path"] = r.text()
	case "table", "view": // without the member that has another name in v2
	case "stream":
		members["topic"] = r.text()
		if r.IntN(2) == 0 {
			members["from"] = r.IntN(1 << 40)
			members["before"] = map[string]any{"kind": "file", "path": r.text()}
		}
	default:
		members["regions"] = []any{r.text(), r.NormFloat64(), nil, map[string]any{r.text(): true}}
	}
	raw, err := json.Marshal(members)
	if err == nil {
		err = u.UnmarshalJSON(raw)
	}
	if err != nil {
		panic(err)
	}
}

func (r random) text() string {
	parts := []string{"", "a", ":", "12:", "é", "日本", "'", `"`, "`", "\n", "%", "\\", " ", "null", "{}", "𝔘"}
	var b strings.Builder
	for range r.IntN(4) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}
