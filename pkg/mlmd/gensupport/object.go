package gensupport

import (
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// An ObjectWriter collects the members of one object.
type ObjectWriter struct {
	fields map[string]*structpb.Value
	errs   mlmd.InvalidErrors
}

// NewObjectWriter returns an ObjectWriter for an object that declares n
// members.
func NewObjectWriter(n int) ObjectWriter {
	return ObjectWriter{fields: make(map[string]*structpb.Value, n)}
}

// Set sets the member called name. Its last two arguments are the results of
// an Encode function.
func (o *ObjectWriter) Set(name string, v *structpb.Value, err error) {
	if err != nil {
		o.errs = append(o.errs, below(name, err)...)
		return
	}
	o.fields[name] = v
}

// Value returns the object, or the errors in its members.
func (o *ObjectWriter) Value() (*structpb.Value, error) {
	if o.errs != nil {
		return nil, join(o.errs)
	}
	return structpb.NewStructValue(&structpb.Struct{Fields: o.fields}), nil
}

// Set sets the member called name to the encoded v.
func Set[V any](o *ObjectWriter, name string, v V, encode func(V) (*structpb.Value, error)) {
	p, err := encode(v)
	o.Set(name, p, err)
}

// SetOpt is like Set for a pointer. It omits the member if v is nil.
func SetOpt[V any](o *ObjectWriter, name string, v *V, encode func(V) (*structpb.Value, error)) {
	if v != nil {
		Set(o, name, *v, encode)
	}
}

// SetList sets the member called name to a list. It omits the member if vs
// is nil.
func SetList[V any](o *ObjectWriter, name string, vs []V, encode func(V) (*structpb.Value, error)) {
	if vs != nil {
		p, err := EncodeList(vs, encode)
		o.Set(name, p, err)
	}
}

// SetMap sets the member called name to a map. It omits the member if vs is
// nil.
func SetMap[V any](o *ObjectWriter, name string, vs map[string]V, encode func(V) (*structpb.Value, error)) {
	if vs != nil {
		p, err := EncodeMap(vs, encode)
		o.Set(name, p, err)
	}
}

// SetNonzero is like Set. It omits the member if v is zero.
func SetNonzero[V interface{ IsZero() bool }](
	o *ObjectWriter, name string, v V, encode func(V) (*structpb.Value, error),
) {
	if !v.IsZero() {
		Set(o, name, v, encode)
	}
}

// An ObjectReader reads the members of one object.
type ObjectReader struct {
	fields map[string]*structpb.Value
	errs   mlmd.InvalidErrors
}

// NewObjectReader returns an ObjectReader of p.
func NewObjectReader(p *structpb.Value) ObjectReader {
	s, ok := p.GetKind().(*structpb.Value_StructValue)
	if !ok {
		return ObjectReader{errs: mlmd.Invalid(isNotStored(p, "an object"))}
	}
	return ObjectReader{fields: s.StructValue.GetFields()}
}

// Err returns the errors in the members that were read, or nil.
func (o *ObjectReader) Err() error {
	if nothing(join(o.errs)) { // not an object, so its members are not missing
		return o.errs[0]
	}
	return join(o.errs)
}

func (o *ObjectReader) find(name string, older []string) *structpb.Value {
	for i := -1; i < len(older); i++ {
		key := name
		if i >= 0 {
			key = older[i]
		}
		p := o.fields[key]
		if _, null := p.GetKind().(*structpb.Value_NullValue); p != nil && !null {
			return p
		}
	}
	return nil
}

// get returns a member. It returns false if the member is missing or cannot
// be read.
func get[V any](o *ObjectReader, name string, older []string, decode func(*structpb.Value) (V, error)) (v V, ok bool) {
	p := o.find(name, older)
	if p == nil {
		return v, false
	}
	v, err := decode(p)
	if err == nil {
		return v, true
	}
	if s, text := p.GetKind().(*structpb.Value_StringValue); text && s.StringValue == "" {
		return *new(V), false // an empty string that is not a value is unset
	}
	o.errs = append(o.errs, below(name, err)...)
	return v, !nothing(err)
}

// GetRequired returns the member called name, or by one of its older names.
// A missing member is reported as an error, because a zero would look like a
// stored value.
func GetRequired[V any](o *ObjectReader, name string, decode func(*structpb.Value) (V, error), older ...string) V {
	failed := len(o.errs)
	v, ok := get(o, name, older, decode)
	if !ok && len(o.errs) == failed {
		o.errs = append(o.errs, below(name, missing())...)
	}
	return v
}

// Get returns the member called name, or by one of its older names. It
// returns the zero value if the member is missing.
func Get[V any](o *ObjectReader, name string, decode func(*structpb.Value) (V, error), older ...string) V {
	v, _ := get(o, name, older, decode)
	return v
}

// GetOpt is like Get for a pointer. It returns nil if the member is missing.
func GetOpt[V any](o *ObjectReader, name string, decode func(*structpb.Value) (V, error), older ...string) *V {
	v, ok := get(o, name, older, decode)
	if !ok {
		return nil
	}
	return &v
}

// GetList is like Get for a list.
func GetList[V any](o *ObjectReader, name string, decode func(*structpb.Value) (V, error), older ...string) []V {
	v, _ := get(o, name, older, func(p *structpb.Value) ([]V, error) { return DecodeList(p, decode) })
	return v
}

// GetMap is like Get for a map.
func GetMap[V any](
	o *ObjectReader, name string, decode func(*structpb.Value) (V, error), older ...string,
) map[string]V {
	v, _ := get(o, name, older, func(p *structpb.Value) (map[string]V, error) { return DecodeMap(p, decode) })
	return v
}

// WriteStruct writes a property that is an object or a map. Its last two
// arguments are the results of an Encode function.
func WriteStruct(w *PropertyWriter, field, key string, v *structpb.Value, err error) {
	if err != nil {
		w.failAt(field, err)
		return
	}
	w.props[key] = &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: v.GetStructValue()}}
}

// WriteObject writes a property that is an object. It omits the property if
// v is nil.
func WriteObject[V any](w *PropertyWriter, field, key string, v *V, encode func(V) (*structpb.Value, error)) {
	if v != nil {
		p, err := encode(*v)
		WriteStruct(w, field, key, p, err)
	}
}

// WriteMap writes a property that is a map. It omits the property if vs is
// nil.
func WriteMap[V any](w *PropertyWriter, field, key string, vs map[string]V, encode func(V) (*structpb.Value, error)) {
	if vs != nil {
		p, err := EncodeMap(vs, encode)
		WriteStruct(w, field, key, p, err)
	}
}

// WriteJSON writes a property that is an object without declared members. It
// omits the property if v is nil.
func WriteJSON(w *PropertyWriter, field, key string, v map[string]any) {
	if v != nil {
		p, err := EncodeJSON(v)
		WriteStruct(w, field, key, p, err)
	}
}

// WriteList writes a property that is a list, stored as a struct whose only
// member is called key. It omits the property if vs is nil.
func WriteList[V any](w *PropertyWriter, field, key string, vs []V, encode func(V) (*structpb.Value, error)) {
	if vs == nil {
		return
	}
	p, err := EncodeList(vs, encode)
	if err != nil {
		w.failAt(field, err)
		return
	}
	s := &structpb.Struct{Fields: map[string]*structpb.Value{key: p}}
	w.props[key] = &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: s}}
}

func (w *PropertyWriter) failAt(field string, err error) {
	w.errs = append(w.errs, below(field, err)...)
}

// structOf converts a property to a value of a struct.
func structOf(v *mlmdpb.Value) *structpb.Value {
	if s, ok := v.GetValue().(*mlmdpb.Value_StructValue); ok {
		return structpb.NewStructValue(s.StructValue)
	}
	return structpb.NewStringValue(FromProto(v).String())
}

// ReadObject returns the object stored under key, or nil.
func ReadObject[V any](
	r *PropertyReader, field, key string, decode func(*structpb.Value) (V, error), older ...string,
) *V {
	return readOpt(r, field, key, older, mlmdpb.PropertyType_STRUCT, func(v *mlmdpb.Value) (V, error) {
		return decode(structOf(v))
	})
}

// ReadMap returns the map stored under key, or nil.
func ReadMap[V any](
	r *PropertyReader, field, key string, decode func(*structpb.Value) (V, error), older ...string,
) map[string]V {
	m, _ := read(r, field, key, older, mlmdpb.PropertyType_STRUCT, func(v *mlmdpb.Value) (map[string]V, error) {
		return DecodeMap(structOf(v), decode)
	})
	return m
}

// ReadJSON returns the object without declared members stored under key, or
// nil.
func ReadJSON(r *PropertyReader, field, key string, older ...string) map[string]any {
	m, _ := read(r, field, key, older, mlmdpb.PropertyType_STRUCT, func(v *mlmdpb.Value) (map[string]any, error) {
		return DecodeJSON(structOf(v))
	})
	return m
}

// ReadList returns the list stored under key, or nil. A string is read as a
// list with one element.
func ReadList[V any](
	r *PropertyReader, field, key string, decode func(*structpb.Value) (V, error), older ...string,
) []V {
	list, _ := read(r, field, key, older, mlmdpb.PropertyType_STRUCT, func(v *mlmdpb.Value) ([]V, error) {
		list, err := listOf(structOf(v), key, older)
		if err != nil {
			return nil, err
		}
		return DecodeList(list, decode)
	})
	return list
}

// listOf returns the list in p: the only member of a struct that was written
// by WriteList, or a list of the string p.
func listOf(p *structpb.Value, key string, older []string) (*structpb.Value, error) {
	s := p.GetStructValue()
	if s == nil {
		if text := p.GetStringValue(); text == "" || strings.HasPrefix(text, brokenStruct) {
			return nil, isNotStored(p, "a list")
		}
		return structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{p}}), nil
	}
	for i := -1; i < len(older); i++ {
		name := key
		if i >= 0 {
			name = older[i]
		}
		if list, ok := s.GetFields()[name]; ok {
			return list, nil
		}
	}
	return nil, isNotStored(p, "a list")
}

// brokenStruct is the prefix of a string that stands for a struct which
// could not be parsed: stores return such a struct as a string, if at all.
const brokenStruct = "mlmd-struct::"
