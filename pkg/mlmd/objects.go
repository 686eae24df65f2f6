package mlmd

import (
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// An ObjectWriter collects the members of one object for generated code.
type ObjectWriter struct {
	fields map[string]*structpb.Value
	err    error
}

// NewObject returns an ObjectWriter for an object that declares n members.
func NewObject(n int) ObjectWriter {
	return ObjectWriter{fields: make(map[string]*structpb.Value, n)}
}

// Put writes the member called name; it takes the two results of an Encode
// function.
func (o *ObjectWriter) Put(name string, v *structpb.Value, err error) {
	if err != nil {
		if o.err == nil {
			o.err = below(name, err)
		}
		return
	}
	o.fields[name] = v
}

// Value returns the object.
func (o *ObjectWriter) Value() (*structpb.Value, error) {
	if o.err != nil {
		return nil, o.err
	}
	return structpb.NewStructValue(&structpb.Struct{Fields: o.fields}), nil
}

// PutSet writes the member called name as encode has it.
func PutSet[V any](o *ObjectWriter, name string, v V, encode func(V) (*structpb.Value, error)) {
	p, err := encode(v)
	o.Put(name, p, err)
}

// PutOpt is PutSet for a pointer: nil leaves the member out.
func PutOpt[V any](o *ObjectWriter, name string, v *V, encode func(V) (*structpb.Value, error)) {
	if v != nil {
		PutSet(o, name, *v, encode)
	}
}

// PutList writes a list; nil leaves the member out.
func PutList[V any](o *ObjectWriter, name string, vs []V, encode func(V) (*structpb.Value, error)) {
	if vs != nil {
		p, err := EncodeList(vs, encode)
		o.Put(name, p, err)
	}
}

// PutMap writes a map; nil leaves the member out.
func PutMap[V any](o *ObjectWriter, name string, vs map[string]V, encode func(V) (*structpb.Value, error)) {
	if vs != nil {
		p, err := EncodeMap(vs, encode)
		o.Put(name, p, err)
	}
}

// PutUnlessZero writes a value whose zero is unset.
func PutUnlessZero[V interface{ IsZero() bool }](o *ObjectWriter, name string, v V, encode func(V) (*structpb.Value, error)) {
	if !v.IsZero() {
		PutSet(o, name, v, encode)
	}
}

// An ObjectReader takes one object apart for generated code.
type ObjectReader struct {
	fields map[string]*structpb.Value
	err    error
}

// OpenObject returns an ObjectReader of p.
func OpenObject(p *structpb.Value) ObjectReader {
	s, ok := p.GetKind().(*structpb.Value_StructValue)
	if !ok {
		return ObjectReader{err: wrong("is stored, which is no object")}
	}
	return ObjectReader{fields: s.StructValue.GetFields()}
}

// Err returns the first mistake, an *InvalidError, or nil.
func (o *ObjectReader) Err() error { return o.err }

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

func take[V any](o *ObjectReader, name string, older []string, decode func(*structpb.Value) (V, error)) (v V, ok bool) {
	p := o.find(name, older)
	if p == nil {
		return v, false
	}
	v, err := decode(p)
	if err != nil && o.err == nil {
		o.err = below(name, err)
	}
	return v, err == nil
}

// Take returns the member called name, or by one of its older names; the zero
// value where there is none.
func Take[V any](o *ObjectReader, name string, decode func(*structpb.Value) (V, error), older ...string) V {
	v, _ := take(o, name, older, decode)
	return v
}

// TakeOpt is Take for a pointer: nil where there is none.
func TakeOpt[V any](o *ObjectReader, name string, decode func(*structpb.Value) (V, error), older ...string) *V {
	v, ok := take(o, name, older, decode)
	if !ok {
		return nil
	}
	return &v
}

// TakeList is Take for a list.
func TakeList[V any](o *ObjectReader, name string, decode func(*structpb.Value) (V, error), older ...string) []V {
	v, _ := take(o, name, older, func(p *structpb.Value) ([]V, error) { return DecodeList(p, decode) })
	return v
}

// TakeMap is Take for a map.
func TakeMap[V any](o *ObjectReader, name string, decode func(*structpb.Value) (V, error), older ...string) map[string]V {
	v, _ := take(o, name, older, func(p *structpb.Value) (map[string]V, error) { return DecodeMap(p, decode) })
	return v
}

// WriteStruct writes a property that is an object or a map, unless v is nil.
func WriteStruct(w *Writer, field, key string, v *structpb.Value, err error) {
	if err != nil {
		w.failAt(field, err)
		return
	}
	w.props[key] = &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: v.GetStructValue()}}
}

// WriteObject writes a property that is an object; nil leaves it out.
func WriteObject[V any](w *Writer, field, key string, v *V, encode func(V) (*structpb.Value, error)) {
	if v != nil {
		p, err := encode(*v)
		WriteStruct(w, field, key, p, err)
	}
}

// WriteMap writes a property that is a map; nil leaves it out.
func WriteMap[V any](w *Writer, field, key string, vs map[string]V, encode func(V) (*structpb.Value, error)) {
	if vs != nil {
		p, err := EncodeMap(vs, encode)
		WriteStruct(w, field, key, p, err)
	}
}

// WriteJSON writes a property that is an object without declared members; nil
// leaves it out.
func WriteJSON(w *Writer, field, key string, v map[string]any) {
	if v != nil {
		p, err := EncodeJSON(v)
		WriteStruct(w, field, key, p, err)
	}
}

// WriteList writes a property that is a list, as a struct with one member
// called key; nil leaves it out.
func WriteList[V any](w *Writer, field, key string, vs []V, encode func(V) (*structpb.Value, error)) {
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

func (w *Writer) failAt(field string, err error) {
	if w.err == nil {
		w.err = below(field, err)
	}
}

func (r *Reader) failAt(field string, err error) {
	if r.err == nil {
		r.err = below(field, err)
	}
}

// structOf returns what is under key as a value of a struct.
func (r *Reader) structOf(key string, older []string) *structpb.Value {
	v := r.find(key, older)
	if v == nil {
		return nil
	}
	s, ok := v.GetValue().(*mlmdpb.Value_StructValue)
	if !ok {
		return structpb.NewStringValue(FromProto(v).String())
	}
	return structpb.NewStructValue(s.StructValue)
}

// ReadObject returns the object under key, or nil.
func ReadObject[V any](r *Reader, field, key string, decode func(*structpb.Value) (V, error), older ...string) *V {
	p := r.structOf(key, older)
	if p == nil {
		return nil
	}
	v, err := decode(p)
	if err != nil {
		r.failAt(field, err)
		return nil
	}
	return &v
}

// ReadMap returns the map under key, or nil.
func ReadMap[V any](r *Reader, field, key string, decode func(*structpb.Value) (V, error), older ...string) map[string]V {
	p := r.structOf(key, older)
	if p == nil {
		return nil
	}
	v, err := DecodeMap(p, decode)
	if err != nil {
		r.failAt(field, err)
	}
	return v
}

// ReadJSON returns the object without declared members under key, or nil.
func ReadJSON(r *Reader, field, key string, older ...string) map[string]any {
	p := r.structOf(key, older)
	if p == nil {
		return nil
	}
	v, err := DecodeJSON(p)
	if err != nil {
		r.failAt(field, err)
	}
	return v
}

// ReadList returns the list under key, or nil. A text by itself is a list of
// one.
func ReadList[V any](r *Reader, field, key string, decode func(*structpb.Value) (V, error), older ...string) []V {
	p := r.structOf(key, older)
	if p == nil {
		return nil
	}
	list := p
	if s := p.GetStructValue(); s != nil {
		list = member(s, key, older)
	} else {
		list = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{p}})
	}
	v, err := DecodeList(list, decode)
	if err != nil {
		r.failAt(field, err)
	}
	return v
}

// member returns the one member of a struct that stands for a list.
func member(s *structpb.Struct, key string, older []string) *structpb.Value {
	if v, ok := s.GetFields()[key]; ok {
		return v
	}
	for _, k := range older {
		if v, ok := s.GetFields()[k]; ok {
			return v
		}
	}
	return nil
}
