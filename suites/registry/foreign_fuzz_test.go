package registry_test

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oapi-codegen/runtime/types"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	_ "modernc.org/sqlite" // the driver

	objects "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/objects/want/mapping"
	rules "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/rules/want/mapping"
	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
	map2 "github.com/mlmd-go/sdk/suites/evolution/v2/mapping"
)

// FuzzForeignRows writes arbitrary rows into the tables of a store, as other
// programs may. Each entity must be listed. Upsert and Replace must accept what
// Get returns, and change nothing. Setting or clearing a field must change
// nothing else.
func FuzzForeignRows(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(seed)
	}
	file := filepath.Join(f.TempDir(), "mlmd.db")
	store, err := sqlite.Open(f.Context(), file)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { store.Close() })
	db, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	w := &under{rpc: store.Client(), db: db}
	subjects := []func(*testing.T, *under, odd){
		odds(mapping.RegisteredModel), odds(mapping.ModelVersion), odds(mapping.ModelArtifact), odds(mapping.DocArtifact),
		odds(mapping.DataSet), odds(mapping.Metric), odds(mapping.Parameter), odds(mapping.InferenceService),
		odds(mapping.ServeModel), odds(mapping.ServingEnvironment), odds(mapping.Experiment), odds(mapping.ExperimentRun),
		odds(mapping.MetricHistory),
		odds(rules.Everything), odds(objects.Table), odds(map2.DataSet), odds(map2.Run),
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		w.types++
		o := odd{rand.New(rand.NewPCG(seed, 1))}
		subjects[o.IntN(len(subjects))](t, w, o)
	})
}

// under is the store under test and its tables.
type under struct {
	rpc   mlmdpb.MetadataStoreServiceClient
	db    *sql.DB
	types int
}

func (w *under) exec(t *testing.T, text string, args ...any) int64 {
	t.Helper()
	r, err := w.db.ExecContext(t.Context(), text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	id, err := r.LastInsertId()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A stored value is one entity under test.
type storedNode[T any, N mlmd.Node] struct {
	*testing.T
	*under
	odd
	e    *registry.Collection[T, N]
	m    mlmd.Mapping[T, N]
	kind string // the name of the table
	id   string
}

func odds[T any, N mlmd.Node](m mlmd.Mapping[T, N]) func(*testing.T, *under, odd) {
	return func(t *testing.T, w *under, o odd) {
		m := m
		m.TypeName = fmt.Sprintf("odd%d", w.types)
		m.Fields = slices.Clone(m.Fields)
		for i := range m.Fields {
			m.Fields[i].Refers = nil // the IDs are random
		}
		s := &storedNode[T, N]{T: t, under: w, odd: o, m: m}
		s.kind = map[mlmd.Kind]string{
			mlmd.Artifact: "Artifact", mlmd.Execution: "Execution", mlmd.Context: "Context",
		}[m.Kind()]
		s.e = registry.NewCollection(registry.New(w.rpc), m)
		typeID := s.register()
		var ids []string
		for i := range 3 {
			ids = append(ids, s.insert(typeID, i))
		}
		s.listed(ids)
		for _, s.id = range ids {
			s.takesBack()
			for i := range m.Fields {
				if f := &m.Fields[i]; f.Path != "" && !f.Derived {
					s.patch(f)
					s.clearField(f)
				}
			}
			s.takesBack()
		}
		s.listed(ids)
	}
}

// register declares some of the properties, most with the type of the spec.
func (s *storedNode[T, N]) register() int64 {
	s.Helper()
	props := map[string]mlmdpb.PropertyType{}
	for i := range s.m.Fields {
		if name, ok := s.m.Fields[i].Property(); ok && s.IntN(4) > 0 {
			props[name] = s.m.Fields[i].Type
			if s.IntN(8) == 0 {
				props[name] = mlmdpb.PropertyType(1 + s.IntN(3))
			}
		}
	}
	r, err := s.rpc.PutTypes(s.Context(), map[string]*mlmdpb.PutTypesRequest{
		"Artifact":  {ArtifactTypes: []*mlmdpb.ArtifactType{{Name: &s.m.TypeName, Properties: props}}},
		"Execution": {ExecutionTypes: []*mlmdpb.ExecutionType{{Name: &s.m.TypeName, Properties: props}}},
		"Context":   {ContextTypes: []*mlmdpb.ContextType{{Name: &s.m.TypeName, Properties: props}}},
	}[s.kind])
	if err != nil {
		s.Fatal(err)
	}
	return slices.Concat(r.ArtifactTypeIds, r.ExecutionTypeIds, r.ContextTypeIds)[0]
}

// insert writes the rows of one node.
func (s *storedNode[T, N]) insert(typeID int64, i int) string {
	s.Helper()
	name := fmt.Sprintf("%s%d", s.text(), i)
	columns, args := "type_id, name, external_id, create_time_since_epoch, last_update_time_since_epoch", []any{
		typeID, name, nil, s.Int64N(1 << 40), s.Int64N(1 << 40),
	}
	if s.IntN(2) == 0 {
		args[2] = fmt.Sprintf("odd%d-%d", s.types, i)
	}
	state := []any{nil, 0, 1, 2, 3, 9, 77}[s.IntN(7)]
	switch s.kind {
	case "Artifact":
		columns, args = columns+", uri, state", append(args, []any{"", nil, "s3://x"}[s.IntN(3)], state)
	case "Execution":
		columns, args = columns+", last_known_state", append(args, state)
	}
	if s.kind != "Context" && s.IntN(4) == 0 {
		args[1] = nil
	}
	id := s.exec(s.T, "INSERT INTO "+s.kind+"("+columns+") VALUES (?"+strings.Repeat(", ?", len(args)-1)+")", args...)
	names := []string{"x", "other name"}
	for i := range s.m.Fields {
		f := &s.m.Fields[i]
		if name, ok := f.Property(); ok {
			names = append(append(names, name), f.LegacyNames...)
		}
	}
	for _, name := range names {
		for custom := range 2 {
			if s.IntN(2+2*custom) > 0 {
				continue
			}
			column, v := s.column(name)
			row := "INSERT INTO " + s.kind + "Property(" + strings.ToLower(s.kind) + "_id, name, is_custom_property"
			if column == "" {
				s.exec(s.T, row+") VALUES (?, ?, ?)", id, name, custom)
			} else {
				s.exec(s.T, row+", "+column+") VALUES (?, ?, ?, ?)", id, name, custom, v)
			}
		}
	}
	return fmt.Sprint(id)
}

// listed checks that lists have each of the entities.
func (s *storedNode[T, N]) listed(ids []string) {
	s.Helper()
	var got []string
	for token := ""; ; {
		page, err := s.e.Query().Limit(2).Page(s.Context(), token)
		if err != nil {
			s.Fatalf("list: %v", err)
		}
		for _, v := range page.Items {
			got = append(got, s.m.Ident(v).ID)
			if one, err := s.e.Get(s.Context(), s.m.Ident(v).ID); err != nil || !reflect.DeepEqual(one, v) {
				s.Errorf("Get and the list differ: %v\n%+v\n%+v", err, one, v)
			}
		}
		if token = page.NextToken; token == "" {
			break
		}
	}
	if !slices.Equal(got, ids) {
		s.Errorf("%v are listed, want %v", got, ids)
	}
}

func (s *storedNode[T, N]) get() *T {
	s.Helper()
	v, err := s.e.Get(s.Context(), s.id)
	if err != nil {
		s.Fatalf("get: %v", err)
	}
	return v
}

// rows returns all rows of the node.
func (s *storedNode[T, N]) rows() string {
	s.Helper()
	var b strings.Builder
	for _, text := range []string{
		"SELECT * FROM " + s.kind + " WHERE id = ?",
		"SELECT * FROM " + s.kind + "Property WHERE " + strings.ToLower(s.kind) + "_id = ? ORDER BY name, is_custom_property",
	} {
		rows, err := s.db.QueryContext(s.Context(), text, s.id)
		if err != nil {
			s.Fatal(err)
		}
		names, err := rows.Columns()
		if err != nil {
			s.Fatal(err)
		}
		for rows.Next() {
			cells := make([]any, len(names))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				s.Fatal(err)
			}
			for i := range cells {
				fmt.Fprintf(&b, "%s=%#v ", names[i], *cells[i].(*any))
			}
			b.WriteString("\n")
		}
		if err := rows.Err(); err != nil {
			s.Fatal(err)
		}
		rows.Close()
	}
	return b.String()
}

// takesBack checks that writing what was read changes nothing.
func (s *storedNode[T, N]) takesBack() {
	s.Helper()
	before := s.rows()
	for name, write := range map[string]func(*T) (registry.Result, error){
		"upsert":  func(v *T) (registry.Result, error) { return s.e.Upsert(s.Context(), v) },
		"replace": func(v *T) (registry.Result, error) { return s.e.Replace(s.Context(), v) },
		"update": func(*T) (registry.Result, error) {
			return s.e.Update(s.Context(), s.id, func(*T) error { return nil })
		},
		"conditional upsert": func(v *T) (registry.Result, error) {
			if s.m.Ident(v).UpdateTime.IsZero() { // the spec has no such field
				return s.e.Upsert(s.Context(), v)
			}
			return s.e.Upsert(s.Context(), v, registry.IfUnchanged(v))
		},
	} {
		v := s.get()
		if r, err := write(v); err != nil || r.Outcome != registry.Unchanged {
			s.Errorf("%s of what was read: %v, %v\n%+v\n%s", name, r, err, v, before)
		}
		if after := s.rows(); after != before {
			s.Errorf("%s of what was read changes what is stored of\n%+v\nfrom\n%sto\n%s", name, v, before, after)
		}
	}
}

// goField returns the Go field of f in v.
func goField(v any, f *mlmd.Field) reflect.Value {
	s := reflect.ValueOf(v).Elem()
	for i := range s.NumField() {
		if tag, _, _ := strings.Cut(s.Type().Field(i).Tag.Get("json"), ","); tag == f.Name {
			return s.Field(i)
		}
	}
	panic("no field " + f.Name)
}

// patch sets one field, by an Upsert or an Update.
func (s *storedNode[T, N]) patch(f *mlmd.Field) {
	s.Helper()
	before, rows := s.get(), s.rows()
	v := new(T)
	s.m.SetID(v, s.id)
	to := goField(v, f)
	s.fill(to, 2)
	if to.IsZero() || !slices.Contains(s.m.SetPaths(v), f.Path) {
		return
	}
	if f.Path == "external_id" {
		to.Set(reflect.ValueOf(new(fmt.Sprintf("set%d-%s-%d", s.types, s.id, s.Int64()))).Convert(to.Type()))
	}
	want := to
	var err error
	if s.IntN(2) == 0 {
		_, err = s.e.Update(s.Context(), s.id, func(v *T) error {
			goField(v, f).Set(to)
			return nil
		})
	} else {
		_, err = s.e.Upsert(s.Context(), v)
		if merged, ok := want.Interface().(value.Map); ok {
			merged = maps.Clone(merged)
			for k, old := range goField(before, f).Interface().(value.Map) {
				if _, ok := merged[k]; !ok {
					merged[k] = old
				}
			}
			want = reflect.ValueOf(merged)
		}
	}
	if err != nil {
		if !errors.Is(err, registry.ErrInvalidArgument) && !errors.Is(err, registry.ErrConflict) {
			s.Errorf("set %s: %v", f.Name, err)
		}
		if s.rows() != rows {
			s.Errorf("set %s is refused, and changes what is stored: %v", f.Name, err)
		}
		return
	}
	after := s.get()
	if got := goField(after, f); !reflect.DeepEqual(got.Interface(), want.Interface()) {
		s.Errorf("%s is %s, want what was set, %s; it was\n%s", f.Name, show(got), show(want), rows)
	}
	s.others(f, before, after, rows, nil)
}

// clearField clears one field.
func (s *storedNode[T, N]) clearField(f *mlmd.Field) {
	s.Helper()
	before, rows := s.get(), s.rows()
	v := new(T)
	s.m.SetID(v, s.id)
	_, err := s.e.Upsert(s.Context(), v, registry.Clear[T](&filter.Clear[*T]{Path: f.Path}))
	if f.Immutable && errors.Is(err, registry.ErrInvalidArgument) && s.rows() == rows {
		return
	}
	if err != nil {
		s.Fatalf("clear %s: %v", f.Name, err)
	}
	after := s.get()
	var n N
	empty, err := s.m.Decode(reflect.New(reflect.TypeOf(n).Elem()).Interface().(N))
	if err != nil {
		s.Fatal(err)
	}
	if got, want := goField(after, f), goField(empty, f); !reflect.DeepEqual(got.Interface(), want.Interface()) {
		s.Errorf("%s is %s after it was cleared; it was\n%s", f.Name, show(got), rows)
	}
	s.others(f, before, after, rows, func(name string) bool {
		// A custom property that would be read as the field is removed too.
		key, ok := f.Property()
		return ok && key == name
	})
}

// others checks that all fields but one are unchanged. gone lists the custom
// properties that may be missing.
func (s *storedNode[T, N]) others(but *mlmd.Field, before, after *T, rows string, gone func(string) bool) {
	s.Helper()
	a, b := reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem()
	for i := range a.NumField() {
		name := a.Type().Field(i)
		tag, _, _ := strings.Cut(name.Tag.Get("json"), ",")
		x, y := a.Field(i).Interface(), b.Field(i).Interface()
		switch {
		case tag == but.Name, name.Name == "UpdateTime", name.Name == "Updated":
			continue
		case name.Name == "Unreadable":
			x, y = s.except(x, but), s.except(y, but)
		case name.Type == reflect.TypeFor[value.Map]() && gone != nil:
			left := value.Map{}
			for k, v := range x.(value.Map) {
				if _, ok := y.(value.Map)[k]; ok || !gone(k) {
					left[k] = v
				}
			}
			if x = left; len(left) == 0 {
				x = value.Map(nil)
			}
		}
		if !reflect.DeepEqual(x, y) {
			s.Errorf("a write of %s changes %s from %+v to %+v; it was\n%snow\n%s", but.Name, name.Name, x, y, rows, s.rows())
		}
	}
}

// except returns u without one field.
func (s *storedNode[T, N]) except(u any, f *mlmd.Field) map[string]value.Unread {
	out := map[string]value.Unread{}
	for path, why := range u.(value.Unreadable) {
		if !(value.Unreadable{path: why}).Has(f.Name) {
			out[path] = why
		}
	}
	return out
}

func show(v reflect.Value) string {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return fmt.Sprintf("%#v", v.Interface())
}

// An odd makes values that other programs may have stored.
type odd struct{ *rand.Rand }

var oddTexts = []string{
	"", "yesterday", "2024-05-01T10:00:00", "2024-05-01 10:00:00+02:00", "2024-05-01", "1714557600000",
	"0001-01-01T00:00:00Z", "5", "-7", "5.5",
	"true", "maybe", "mlmd-struct::%%%", "LIVE", "ARCHIVED", "PAUSED", "red", "0", "12:name", ":", "é", "__MLMD_NULL__",
	"f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "aGk=", "{}", "[1]", "NaN", "1e400", "99999999999999999999", " ", "a\x00b",
	strings.Repeat("long ", 99),
}

func (o odd) text() string { return oddTexts[o.IntN(len(oddTexts))] }

// column returns a value column and its content; "" for no value.
func (o odd) column(name string) (string, any) {
	switch o.IntN(12) {
	case 0:
		return "", nil
	case 1:
		return "int_value", []any{int64(0), int64(1), int64(7), int64(math.MaxInt64), int64(1714557600000), "many"}[o.IntN(6)]
	case 2:
		return "double_value", []any{0.5, 7.0, 1e300, math.Inf(1), "much"}[o.IntN(5)]
	case 3:
		return "bool_value", []any{true, false, 7}[o.IntN(3)]
	case 4:
		return "proto_value", [][]byte{{}, {0xff}, []byte("\n\x01t\x12\x01v")}[o.IntN(3)]
	case 5, 6, 7, 8:
		return "string_value", o.text()
	}
	v := o.json(3)
	fields := map[string]*structpb.Value{name: v}
	if s := v.GetStructValue(); s != nil && o.IntN(2) == 0 {
		fields = s.Fields
	}
	b, err := proto.Marshal(&structpb.Struct{Fields: fields})
	if err != nil {
		panic(err)
	}
	return "string_value", "mlmd-struct::" + base64.StdEncoding.EncodeToString(b)
}

var oddMembers = []string{
	"name",
	"kind",
	"comment",
	"parts",
	"added",
	"checksum",
	"batch",
	"day",
	"seen",
	"weight",
	"label",
	"title",
	"rows",
	"bytes",
	"mail",
	"unit",
	"path",
	"address",
	"place",
	"topic",
	"before",
	"",
}

func (o odd) json(depth int) *structpb.Value {
	switch n := o.IntN(8); {
	case n == 0:
		return structpb.NewNullValue()
	case n == 1:
		return structpb.NewBoolValue(true)
	case n == 2:
		return structpb.NewNumberValue([]float64{0, 7, 0.5, 1e300, math.NaN()}[o.IntN(5)])
	case n == 3 || depth == 0:
		return structpb.NewStringValue(o.text())
	case n < 6:
		var vs []*structpb.Value
		for range o.IntN(4) {
			vs = append(vs, o.json(depth-1))
		}
		return structpb.NewListValue(&structpb.ListValue{Values: vs})
	}
	fields := map[string]*structpb.Value{}
	for range o.IntN(6) {
		fields[oddMembers[o.IntN(len(oddMembers))]] = o.json(depth - 1)
	}
	if o.IntN(4) == 0 {
		kind := []string{"file", "table", "view", "stream", "cloud"}[o.IntN(5)]
		fields["kind"] = structpb.NewStringValue(kind)
	}
	return structpb.NewStructValue(&structpb.Struct{Fields: fields})
}

var enums = []string{"LIVE", "ARCHIVED", "UNKNOWN", "NEW", "DEPLOYED", "red", "number", "text", "csv", "RUNNING", "a b"}

// unions are valid values of the union of the evolution suite.
var unions = []string{
	`{"kind": "file", "path": "a"}`, `{"kind": "table", "address": "a.b"}`, `{"kind": "view"}`,
	`{"kind": "stream", "topic": "a", "from": 7, "before": {"kind": "file", "path": "b"}}`,
}

// fill sets v to a random value, which may be rejected later.
func (o odd) fill(v reflect.Value, depth int) {
	switch v.Interface().(type) {
	case value.Time:
		v.Set(reflect.ValueOf(value.Millis(o.Int64N(1<<42) + 1)))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(o.Int64N(1<<33)+1, o.Int64N(1e9)).UTC()))
		return
	case types.Date:
		v.Set(reflect.ValueOf(types.Date{Time: time.Date(2000+o.IntN(99), 1, 1+o.IntN(365), 0, 0, 0, 0, time.UTC)}))
		return
	case value.Map:
		v.Set(reflect.ValueOf(value.Map{"a " + fmt.Sprint(o.IntN(3)): value.String(fmt.Sprint(o.IntN(9)))}))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		o.fill(v.Elem(), depth)
	case reflect.String:
		v.SetString(fmt.Sprint(1 + o.IntN(99)))
		if e, ok := v.Interface().(interface{ Valid() bool }); ok {
			for !e.Valid() {
				v.SetString(enums[o.IntN(len(enums))])
				e = v.Interface().(interface{ Valid() bool })
			}
		}
	case reflect.Int32, reflect.Int64:
		v.SetInt(1 + o.Int64N(99))
	case reflect.Uint8:
		v.SetUint(o.Uint64() & 0xff)
	case reflect.Float64:
		v.SetFloat(1 + float64(o.IntN(99)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Interface:
		v.Set(reflect.ValueOf("x"))
	case reflect.Array:
		for i := range v.Len() {
			o.fill(v.Index(i), depth)
		}
	case reflect.Struct:
		if u, ok := v.Addr().Interface().(interface {
			json.Unmarshaler
			Kind() string
		}); ok {
			raw := unions[o.IntN(len(unions))]
			if err := u.UnmarshalJSON([]byte(raw)); err != nil {
				panic(err)
			}
			return
		}
		for i := range v.NumField() {
			if depth > 0 || v.Field(i).Kind() != reflect.Slice {
				o.fill(v.Field(i), depth-1)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+o.IntN(2), 4))
		for i := range v.Len() {
			o.fill(v.Index(i), depth-1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		e := reflect.New(v.Type().Elem()).Elem()
		o.fill(e, depth-1)
		v.SetMapIndex(reflect.ValueOf("k"), e)
	default:
		panic("no random " + v.Type().String())
	}
}
