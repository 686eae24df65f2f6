package mlmd

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"

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
	v := r.props[key]
	if v == nil && len(older) > 0 {
		v = r.find(key, older)
	}
	if x, ok := v.GetValue().(*mlmdpb.Value_StringValue); ok { // nearly always
		s := x.StringValue
		return &s
	}
	if v.GetValue() == nil {
		return nil
	}
	s := FromProto(v).String()
	return &s
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

// DateTime returns the time under key.
func (r *Reader) DateTime(field, key string, older ...string) time.Time {
	v := r.find(key, older)
	if v == nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, FromProto(v).String())
	if err != nil {
		r.fail(field, v, "is no time")
		return time.Time{}
	}
	return t.UTC()
}

// Bytes returns the bytes under key, or nil.
func (r *Reader) Bytes(field, key string, older ...string) []byte {
	v := r.find(key, older)
	if v == nil {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(FromProto(v).String())
	if err != nil {
		r.fail(field, v, "is no base64")
		return nil
	}
	return b
}

// ReadText returns the value under key that is a text of its own, or nil.
func ReadText[V any, P Text[V]](r *Reader, field, key string, older ...string) *V {
	v := r.find(key, older)
	if v == nil {
		return nil
	}
	var out V
	if err := P(&out).UnmarshalText([]byte(FromProto(v).String())); err != nil {
		r.fail(field, v, "cannot be read: "+err.Error())
		return nil
	}
	return &out
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
//
//go:noinline
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
