package catalog

import (
	"sync"
	"time"

	"github.com/oapi-codegen/runtime/types"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A codec converts values of one type to values of a struct, and back.
type codec struct {
	encode func(any) (*structpb.Value, error)
	decode func(*structpb.Value) (any, error)
}

// codecs holds what types need, by type.
type codecs struct {
	objects  map[*ir.Type]*codec
	renamers map[*ir.Type]func(*structpb.Value) bool
	patterns sync.Map // of *gensupport.Pattern, by text
}

func newCodecs() *codecs {
	return &codecs{objects: map[*ir.Type]*codec{}, renamers: map[*ir.Type]func(*structpb.Value) bool{}}
}

func codecOf[V any](encode func(V) (*structpb.Value, error), decode func(*structpb.Value) (V, error)) *codec {
	return &codec{
		func(v any) (*structpb.Value, error) { return encode(v.(V)) },
		func(p *structpb.Value) (any, error) { return decode(p) },
	}
}

var basics = map[ir.Basic]*codec{
	ir.String:   codecOf(gensupport.EncodeString, gensupport.DecodeString),
	ir.Enum:     codecOf(gensupport.EncodeEnum[string], gensupport.DecodeEnum[string]),
	ir.Int32:    codecOf(gensupport.EncodeInt[int32], gensupport.DecodeInt[int32]),
	ir.Int64:    codecOf(gensupport.EncodeInt[int64], gensupport.DecodeInt[int64]),
	ir.Double:   codecOf(gensupport.EncodeDouble, gensupport.DecodeDouble),
	ir.Bool:     codecOf(gensupport.EncodeBool, gensupport.DecodeBool),
	ir.Millis:   codecOf(gensupport.EncodeMillis, gensupport.DecodeMillis),
	ir.DateTime: codecOf(gensupport.EncodeDateTime, gensupport.DecodeDateTime),
	ir.Bytes:    codecOf(gensupport.EncodeBytes, gensupport.DecodeBytes),
	ir.UUID:     codecOf(gensupport.EncodeText[types.UUID], gensupport.DecodeText[types.UUID]),
	ir.Date:     codecOf(gensupport.EncodeText[types.Date], gensupport.DecodeText[types.Date]),
	ir.JSON:     codecOf(gensupport.EncodeJSON, gensupport.DecodeJSON),
}

// of returns the codec of t.
func (c *codecs) of(t *ir.Type) *codec {
	switch t.Basic {
	case ir.List:
		elem := c.of(t.Elem)
		return codecOf(
			func(v []any) (*structpb.Value, error) { return gensupport.EncodeList(v, elem.encode) },
			func(p *structpb.Value) ([]any, error) { return gensupport.DecodeList(p, elem.decode) },
		)
	case ir.Map:
		elem := c.of(t.Elem)
		return codecOf(
			func(v map[string]any) (*structpb.Value, error) { return gensupport.EncodeMap(v, elem.encode) },
			func(p *structpb.Value) (map[string]any, error) { return gensupport.DecodeMap(p, elem.decode) },
		)
	case ir.Object:
		return c.object(t)
	case ir.Union:
		return c.union(t)
	}
	return basics[t.Basic]
}

func (c *codecs) object(t *ir.Type) *codec {
	if known := c.objects[t]; known != nil {
		return known
	}
	out := &codec{}
	c.objects[t] = out // before its members, which may refer to it
	members := make([]*codec, len(t.Fields))
	for i, f := range t.Fields {
		members[i] = c.of(f.Type)
	}
	*out = *codecOf(
		func(v map[string]any) (*structpb.Value, error) {
			o := gensupport.NewObjectWriter(len(t.Fields))
			for i, f := range t.Fields {
				put(&o, f, members[i], v[f.Name])
			}
			return o.Value()
		},
		func(p *structpb.Value) (map[string]any, error) {
			o := gensupport.NewObjectReader(p)
			v := make(map[string]any, len(t.Fields))
			for i, f := range t.Fields {
				if x := take(&o, f, members[i]); x != nil {
					v[f.Name] = x
				}
			}
			return v, o.Err()
		},
	)
	return out
}

// union returns the codec of a union, whose values are the members of the variant.
func (c *codecs) union(t *ir.Type) *codec {
	if known := c.objects[t]; known != nil {
		return known
	}
	out := &codec{}
	c.objects[t] = out // before its variants, which may hold it
	variants := map[string]*codec{}
	for _, v := range t.Variants {
		for _, value := range v.Values {
			variants[value] = c.of(v.Type)
		}
	}
	*out = *codecOf(
		func(v map[string]any) (*structpb.Value, error) {
			if v == nil {
				return gensupport.NoVariant()
			}
			kind, _ := v[t.Kind].(string)
			if variant := variants[kind]; variant != nil {
				return variant.encode(v)
			}
			return gensupport.EncodeUnknown(v, t.Kind)
		},
		func(p *structpb.Value) (map[string]any, error) {
			kind, err := gensupport.KindOf(p, t.Kind)
			if err != nil {
				return nil, err
			}
			if variant := variants[kind]; variant != nil {
				v, err := variant.decode(p)
				return v.(map[string]any), err
			}
			return gensupport.DecodeJSON(p)
		},
	)
	return out
}

// put writes the member f of an object.
func put(o *gensupport.ObjectWriter, f *ir.Field, c *codec, v any) {
	if v == nil {
		v = defaultOf(f)
	}
	if v == nil && !f.Pointer && !f.Type.UnsetIsZero() {
		v = zero(f.Type)
	}
	if v != nil {
		gensupport.Set(o, f.Name, v, c.encode)
	}
}

// take reads the member f of an object. The result is nil if it is not set.
func take(o *gensupport.ObjectReader, f *ir.Field, c *codec) any {
	switch {
	case f.Pointer:
		if v := gensupport.GetOpt(o, f.Name, c.decode, f.Aliases...); v != nil {
			return *v
		}
		return defaultOf(f)
	case f.Required && !f.Type.UnsetIsZero() && f.Type.Basic != ir.List && f.Type.Basic != ir.Map:
		return gensupport.GetRequired(o, f.Name, c.decode, f.Aliases...)
	default:
		return orNil(gensupport.Get(o, f.Name, c.decode, f.Aliases...))
	}
}

// orNil returns v, or nil if v is a value that stands for one that is not set.
func orNil(v any) any {
	unset := false
	switch v := v.(type) {
	case []any:
		unset = v == nil
	case map[string]any:
		unset = v == nil
	case []byte:
		unset = v == nil
	case value.Time:
		unset = v.IsZero()
	case time.Time:
		unset = v.IsZero()
	}
	if unset {
		return nil
	}
	return v
}

// zero returns the zero value of a type that is not unset.
func zero(t *ir.Type) any {
	switch t.Basic {
	case ir.Int32:
		return int32(0)
	case ir.Int64:
		return int64(0)
	case ir.Double:
		return 0.0
	case ir.Bool:
		return false
	case ir.UUID:
		return types.UUID{}
	case ir.Date:
		return types.Date{}
	case ir.Object:
		return map[string]any{}
	default:
		return ""
	}
}

// pointer returns a pointer to v, the value of f. If v is not set, the result is nil,
// or a pointer to a zero if the Go field is not a pointer.
func pointer[V any](f *ir.Field, v any) *V {
	x, ok := v.(V)
	if !ok && f.Pointer {
		return nil
	}
	return &x
}

// write writes the property of f.
func (c *codecs) write(w *gensupport.PropertyWriter, f *ir.Field, v any) {
	if v == nil {
		v = defaultOf(f)
	}
	switch f.Type.Basic {
	case ir.List:
		list, _ := v.([]any)
		gensupport.WriteList(w, f.Name, f.Key, list, c.of(f.Type.Elem).encode)
	case ir.Map:
		m, _ := v.(map[string]any)
		gensupport.WriteMap(w, f.Name, f.Key, m, c.of(f.Type.Elem).encode)
	case ir.JSON:
		m, _ := v.(map[string]any)
		gensupport.WriteJSON(w, f.Name, f.Key, m)
	case ir.Object, ir.Union:
		if v == nil && !f.Pointer && f.Type.Basic == ir.Object {
			v = zero(f.Type)
		}
		if v != nil {
			gensupport.WriteObject(w, f.Name, f.Key, &v, c.of(f.Type).encode)
		}
	case ir.UUID:
		writeText[types.UUID](w, f, v)
	case ir.Date:
		writeText[types.Date](w, f, v)
	case ir.Int32:
		w.Int32(f.Key, pointer[int32](f, v))
	case ir.Int64:
		w.Int(f.Key, pointer[int64](f, v))
	case ir.Double:
		w.Double(f.Name, f.Key, pointer[float64](f, v))
	case ir.Bool:
		w.Bool(f.Key, pointer[bool](f, v))
	case ir.Millis:
		t, _ := v.(value.Time)
		w.Millis(f.Key, t)
	case ir.DateTime:
		t, _ := v.(time.Time)
		w.DateTime(f.Name, f.Key, t)
	case ir.Bytes:
		b, _ := v.([]byte)
		w.Bytes(f.Key, b)
	case ir.IDString:
		w.OptID(f.Name, f.Key, pointer[string](f, v))
	default:
		if s := pointer[string](f, v); f.Pointer {
			w.String(f.Name, f.Key, s)
		} else {
			w.Text(f.Name, f.Key, *s)
		}
	}
}

func writeText[V interface {
	comparable
	MarshalText() ([]byte, error)
}](w *gensupport.PropertyWriter, f *ir.Field, v any) {
	p := pointer[V](f, v)
	if !f.Pointer {
		p = gensupport.Nonzero(*p)
	}
	gensupport.WriteText(w, f.Name, f.Key, p)
}

// readProperty reads the property of f. The result is nil if it is not set.
func (c *codecs) readProperty(r *gensupport.PropertyReader, f *ir.Field) any {
	name, key, older := f.Name, f.Key, f.Aliases
	switch f.Type.Basic {
	case ir.List:
		return orNil(gensupport.ReadList(r, name, key, c.of(f.Type.Elem).decode, older...))
	case ir.Map:
		return orNil(gensupport.ReadMap(r, name, key, c.of(f.Type.Elem).decode, older...))
	case ir.JSON:
		return orNil(gensupport.ReadJSON(r, name, key, older...))
	case ir.Object, ir.Union:
		return found(r, f, gensupport.ReadObject(r, name, key, c.of(f.Type).decode, older...))
	case ir.UUID:
		return found(r, f, gensupport.ReadText[types.UUID](r, name, key, older...))
	case ir.Date:
		return found(r, f, gensupport.ReadText[types.Date](r, name, key, older...))
	case ir.Int32:
		return found(r, f, r.Int32(name, key, older...))
	case ir.Int64:
		return found(r, f, r.Int(name, key, older...))
	case ir.Double:
		return found(r, f, r.Double(name, key, older...))
	case ir.Bool:
		return found(r, f, r.Bool(name, key, older...))
	case ir.Millis:
		return orNil(r.Millis(name, key, older...))
	case ir.DateTime:
		return orNil(r.DateTime(name, key, older...))
	case ir.Bytes:
		return orNil(r.Bytes(name, key, older...))
	case ir.IDString:
		return found(r, f, r.OptID(name, key, older...))
	case ir.Enum:
		if f.Pointer {
			return found(r, f, r.Name(key, older...))
		}
	}
	return found(r, f, r.String(key, older...))
}

// found returns *v, or the default of f. It reports a missing number or boolean
// that the spec requires.
func found[V any](r *gensupport.PropertyReader, f *ir.Field, v *V) any {
	if v != nil {
		return *v
	}
	if f.Required && f.ZeroLeaves() {
		return gensupport.Required(r, f.Name, v)
	}
	return defaultOf(f)
}

// renamer returns the function that renames members of a stored t, or nil.
func (c *codecs) renamer(t *ir.Type) func(*structpb.Value) bool {
	if len(t.LegacyMembers()) == 0 {
		return nil
	}
	switch t.Basic {
	case ir.List:
		elem := c.renamer(t.Elem)
		return func(p *structpb.Value) bool { return gensupport.RenameElements(p, elem) }
	case ir.Map:
		elem := c.renamer(t.Elem)
		return func(p *structpb.Value) bool { return gensupport.RenameValues(p, elem) }
	}
	if known := c.renamers[t]; known != nil {
		return known
	}
	if t.Basic == ir.Union {
		return c.unionRenamer(t)
	}
	within := make([]func(*structpb.Value) bool, len(t.Fields))
	out := func(p *structpb.Value) bool {
		r := gensupport.NewRenamer(p)
		for i, f := range t.Fields {
			if len(f.Aliases) > 0 {
				r.Rename(f.Name, f.Aliases...)
			}
			if within[i] != nil {
				r.Within(f.Name, within[i])
			}
		}
		return r.Moved()
	}
	c.renamers[t] = out // before its members, which may refer to it
	for i, f := range t.Fields {
		within[i] = c.renamer(f.Type)
	}
	return out
}

// unionRenamer is renamer for a union.
func (c *codecs) unionRenamer(t *ir.Type) func(*structpb.Value) bool {
	variants := map[string]func(*structpb.Value) bool{}
	out := func(p *structpb.Value) bool {
		kind, _ := gensupport.KindOf(p, t.Kind)
		rename := variants[kind]
		return rename != nil && rename(p)
	}
	c.renamers[t] = out // before its variants, which may hold it
	for _, v := range t.Variants {
		for _, value := range v.Values {
			variants[value] = c.renamer(v.Type)
		}
	}
	return out
}
