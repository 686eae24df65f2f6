package mlmd

import (
	"math"
	"strconv"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A Reader takes the properties of one node apart for generated Decode
// functions. What it finds under a key counts, not what the type declares:
// other programs and older ones stored the same property as another kind. It
// remembers the first value that cannot be read; see [Reader.Err].
type Reader struct {
	props map[string]*mlmdpb.Value
	err   error
}

// NewReader returns a Reader of props.
func NewReader(props map[string]*mlmdpb.Value) Reader { return Reader{props: props} }

// Err returns the first mistake, an *InvalidError, or nil.
func (r *Reader) Err() error { return r.err }

func (r *Reader) fail(field string, v *mlmdpb.Value, why string) {
	if r.err == nil {
		r.err = &InvalidError{Field: field, Value: FromProto(v).String(), Why: "is stored, which " + why}
	}
}

// find returns the value under key, or else under the first of its older
// names that is there.
func (r *Reader) find(key string, older []string) *mlmdpb.Value {
	if v, ok := r.props[key]; ok {
		return v
	}
	for _, k := range older {
		if v, ok := r.props[k]; ok {
			return v
		}
	}
	return nil
}

// String returns the text under key, or nil.
func (r *Reader) String(key string, older ...string) *string {
	v := r.find(key, older)
	switch x := v.GetValue().(type) {
	case nil:
		return nil
	case *mlmdpb.Value_StringValue:
		s := x.StringValue
		return &s
	default:
		s := FromProto(v).String()
		return &s
	}
}

// Text is String for a field that is no pointer.
func (r *Reader) Text(key string, older ...string) string {
	if s := r.String(key, older...); s != nil {
		return *s
	}
	return ""
}

// Int returns the integer under key, or nil.
func (r *Reader) Int(field, key string, older ...string) *int64 {
	v := r.find(key, older)
	var i int64
	switch x := v.GetValue().(type) {
	case nil:
		return nil
	case *mlmdpb.Value_IntValue:
		i = x.IntValue
	case *mlmdpb.Value_DoubleValue:
		if x.DoubleValue != math.Trunc(x.DoubleValue) || math.Abs(x.DoubleValue) >= 1<<63 {
			r.fail(field, v, "is no integer")
			return nil
		}
		i = int64(x.DoubleValue)
	case *mlmdpb.Value_StringValue:
		n, err := strconv.ParseInt(x.StringValue, 10, 64)
		if err != nil {
			r.fail(field, v, "is no integer")
			return nil
		}
		i = n
	default:
		r.fail(field, v, "is no integer")
		return nil
	}
	return &i
}

// Int32 is Int for 32 bits.
func (r *Reader) Int32(field, key string, older ...string) *int32 {
	i := r.Int(field, key, older...)
	if i == nil {
		return nil
	}
	if *i < math.MinInt32 || *i > math.MaxInt32 {
		r.fail(field, intValue(*i), "does not fit 32 bits")
		return nil
	}
	n := int32(*i)
	return &n
}

// Double returns the number under key, or nil.
func (r *Reader) Double(field, key string, older ...string) *float64 {
	v := r.find(key, older)
	var f float64
	switch x := v.GetValue().(type) {
	case nil:
		return nil
	case *mlmdpb.Value_DoubleValue:
		f = x.DoubleValue
	case *mlmdpb.Value_IntValue:
		f = float64(x.IntValue)
	case *mlmdpb.Value_StringValue:
		n, err := strconv.ParseFloat(x.StringValue, 64)
		if err != nil {
			r.fail(field, v, "is no number")
			return nil
		}
		f = n
	default:
		r.fail(field, v, "is no number")
		return nil
	}
	return &f
}

// Bool returns the boolean under key, or nil.
func (r *Reader) Bool(field, key string, older ...string) *bool {
	v := r.find(key, older)
	var b bool
	switch x := v.GetValue().(type) {
	case nil:
		return nil
	case *mlmdpb.Value_BoolValue:
		b = x.BoolValue
	case *mlmdpb.Value_IntValue:
		if x.IntValue != 0 && x.IntValue != 1 {
			r.fail(field, v, "is neither true nor false")
			return nil
		}
		b = x.IntValue == 1
	case *mlmdpb.Value_StringValue:
		parsed, err := strconv.ParseBool(x.StringValue)
		if err != nil {
			r.fail(field, v, "is neither true nor false")
			return nil
		}
		b = parsed
	default:
		r.fail(field, v, "is neither true nor false")
		return nil
	}
	return &b
}

// OptID returns the id under key, stored as an integer or as text, or nil.
func (r *Reader) OptID(key string, older ...string) *string {
	id := r.String(key, older...)
	if id == nil || *id == "" || *id == "0" {
		return nil
	}
	return id
}

// ID is OptID for a field that is no pointer.
func (r *Reader) ID(key string, older ...string) string {
	if id := r.OptID(key, older...); id != nil {
		return *id
	}
	return ""
}

// Millis returns the time under key, stored as milliseconds in an integer or
// in decimal digits.
func (r *Reader) Millis(field, key string, older ...string) value.Time {
	if ms := r.Int(field, key, older...); ms != nil {
		return value.Millis(*ms)
	}
	return value.Time{}
}

// Strings returns the list under key, or nil. A text by itself is a list of
// one.
func (r *Reader) Strings(field, key string, older ...string) []string {
	v := r.find(key, older)
	if v == nil {
		return nil
	}
	if s, ok := v.GetValue().(*mlmdpb.Value_StringValue); ok {
		return []string{s.StringValue}
	}
	list, ok := listOf(v, key, older)
	if !ok {
		r.fail(field, v, "is no list of texts")
		return nil
	}
	out := make([]string, len(list))
	for i, e := range list {
		s, ok := e.GetKind().(*structpb.Value_StringValue)
		if !ok {
			r.fail(field, v, "is no list of texts")
			return nil
		}
		out[i] = s.StringValue
	}
	return out
}

// listOf returns the list in a struct with one member, whose name is the
// property's.
func listOf(v *mlmdpb.Value, key string, older []string) ([]*structpb.Value, bool) {
	fields := v.GetStructValue().GetFields()
	for _, k := range append([]string{key}, older...) {
		if list, ok := fields[k].GetKind().(*structpb.Value_ListValue); ok {
			return list.ListValue.GetValues(), true
		}
	}
	return nil, false
}

// CustomMap returns custom properties; nil where there are none.
func CustomMap(props map[string]*mlmdpb.Value) value.Map {
	if len(props) == 0 {
		return nil
	}
	out := make(value.Map, len(props))
	for name, p := range props {
		out[name] = FromProto(p)
	}
	return out
}

// OptText returns a text of the node itself; empty is unset.
func OptText(v *string) *string {
	if v == nil || *v == "" {
		return nil
	}
	s := *v
	return &s
}

// Millis returns a time of the node itself.
func Millis(ms *int64) value.Time {
	if ms == nil {
		return value.Time{}
	}
	return value.Millis(*ms)
}
