package gensupport

import (
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A PropertyReader reads the properties of one node. It reads a property by
// the kind of its value, not by the declared kind, because other programs
// and older ones stored another kind. An empty string that is not a value is
// unset. Any other value that cannot be read leaves its field unset and is
// reported by [PropertyReader.Unreadable].
//
// A custom property that has the key of a field is read as the field if the
// property itself is missing and the kind is that of the field: programs
// stored it so before the spec had the field.
type PropertyReader struct {
	props, custom map[string]*mlmdpb.Value
	unread        value.Unreadable
	taken         []string // custom properties that were read as fields
}

// NewPropertyReader returns a PropertyReader of the properties of a node.
func NewPropertyReader(props, custom map[string]*mlmdpb.Value) PropertyReader {
	return PropertyReader{props: props, custom: custom}
}

// Unreadable returns the values that could not be read so far, or nil.
func (r *PropertyReader) Unreadable() value.Unreadable { return r.unread }

// fail records the errors in the stored value of a field.
func (r *PropertyReader) fail(field string, err error) {
	if r.unread == nil {
		r.unread = make(value.Unreadable)
	}
	for _, e := range below(field, err) {
		r.unread[e.Field] = value.Unread{Stored: e.Value, Why: e.Why}
	}
}

// find returns the value under key, or under the first of its older names
// that is present, or the custom property called key if it has the given
// kind.
func (r *PropertyReader) find(key string, older []string, kind mlmdpb.PropertyType) (v *mlmdpb.Value, custom bool) {
	if v := r.props[key]; v.GetValue() != nil {
		return v, false
	}
	for _, k := range older {
		if v := r.props[k]; v.GetValue() != nil {
			return v, false
		}
	}
	if len(r.custom) > 0 {
		if v := r.custom[key]; v != nil && kindOfValue(v) == kind {
			return v, true
		}
	}
	return nil, false
}

// read parses the value of a field. It returns false if the value is missing
// or cannot be read.
func read[V any](
	r *PropertyReader, field, key string, older []string,
	kind mlmdpb.PropertyType, parse func(*mlmdpb.Value) (V, error),
) (v V, ok bool) {
	p, custom := r.find(key, older, kind)
	if p == nil {
		return v, false
	}
	v, err := parse(p)
	if err == nil {
		if custom {
			r.taken = append(r.taken, key)
		}
		return v, true
	}
	if s, text := p.GetValue().(*mlmdpb.Value_StringValue); custom || text && s.StringValue == "" {
		return *new(V), false // it stays a custom property
	}
	r.fail(field, err)
	return v, !nothing(err)
}

// readOpt is like read for a pointer.
func readOpt[V any](
	r *PropertyReader, field, key string, older []string,
	kind mlmdpb.PropertyType, parse func(*mlmdpb.Value) (V, error),
) *V {
	v, ok := read(r, field, key, older, kind, parse)
	if !ok {
		return nil
	}
	return &v
}

// Required returns *v. If v is nil because the field is missing, not because
// it is unreadable, the field is reported: a zero would look like a stored
// value.
func Required[V any](r *PropertyReader, field string, v *V) V {
	if v == nil {
		if !r.unread.Has(field) {
			r.fail(field, missing())
		}
		return *new(V)
	}
	return *v
}

func missing() error { return wrong("is missing, and the spec requires it") }

// String returns the string under key, or nil.
func (r *PropertyReader) String(key string, older ...string) *string {
	v, custom := r.props[key], false
	if v.GetValue() == nil {
		v, custom = r.find(key, older, mlmdpb.PropertyType_STRING)
	}
	if custom {
		r.taken = append(r.taken, key)
	}
	if x, ok := v.GetValue().(*mlmdpb.Value_StringValue); ok { // the usual case
		s := x.StringValue
		return &s
	}
	if v.GetValue() == nil {
		return nil
	}
	s := FromProto(v).String()
	return &s
}

// Text is like String. It returns "" instead of nil.
func (r *PropertyReader) Text(key string, older ...string) string {
	if s := r.String(key, older...); s != nil {
		return *s
	}
	return ""
}

// Name is like String for a value of an enum. It returns nil if the string
// is empty.
func (r *PropertyReader) Name(key string, older ...string) *string {
	s := r.String(key, older...)
	if s != nil && *s == "" {
		return nil
	}
	return s
}

// Int returns the integer under key, or nil.
func (r *PropertyReader) Int(field, key string, older ...string) *int64 {
	return readOpt(r, field, key, older, mlmdpb.PropertyType_INT, parseInt)
}

func parseInt(v *mlmdpb.Value) (int64, error) {
	switch x := v.GetValue().(type) {
	case *mlmdpb.Value_IntValue:
		return x.IntValue, nil
	case *mlmdpb.Value_DoubleValue:
		if x.DoubleValue == math.Trunc(x.DoubleValue) && math.Abs(x.DoubleValue) < 1<<63 {
			return int64(x.DoubleValue), nil
		}
	case *mlmdpb.Value_StringValue:
		if n, err := strconv.ParseInt(x.StringValue, 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, isNot(v, "an integer")
}

// isNot returns the error of a stored value that is not what the spec
// declares.
func isNot(v *mlmdpb.Value, what string) error {
	return &mlmd.InvalidError{Value: FromProto(v).String(), Why: "is not " + what}
}

// Int32 is like Int for 32 bits.
func (r *PropertyReader) Int32(field, key string, older ...string) *int32 {
	return readOpt(r, field, key, older, mlmdpb.PropertyType_INT, parseInt32)
}

func parseInt32(v *mlmdpb.Value) (int32, error) {
	i, err := parseInt(v)
	if err == nil && i != int64(int32(i)) {
		err = isNot(v, "an integer of 32 bits")
	}
	return int32(i), err
}

// Double returns the number under key, or nil.
func (r *PropertyReader) Double(field, key string, older ...string) *float64 {
	return readOpt(r, field, key, older, mlmdpb.PropertyType_DOUBLE, parseDouble)
}

func parseDouble(v *mlmdpb.Value) (float64, error) {
	f := math.NaN()
	switch x := v.GetValue().(type) {
	case *mlmdpb.Value_DoubleValue:
		f = x.DoubleValue
	case *mlmdpb.Value_IntValue:
		f = float64(x.IntValue)
	case *mlmdpb.Value_StringValue:
		if n, err := strconv.ParseFloat(x.StringValue, 64); err == nil {
			f = n
		}
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, isNot(v, "a finite number")
	}
	return f, nil
}

// Bool returns the boolean under key, or nil.
func (r *PropertyReader) Bool(field, key string, older ...string) *bool {
	return readOpt(r, field, key, older, mlmdpb.PropertyType_BOOLEAN, parseBool)
}

func parseBool(v *mlmdpb.Value) (bool, error) {
	switch x := v.GetValue().(type) {
	case *mlmdpb.Value_BoolValue:
		return x.BoolValue, nil
	case *mlmdpb.Value_IntValue:
		if x.IntValue == 0 || x.IntValue == 1 {
			return x.IntValue == 1, nil
		}
	case *mlmdpb.Value_StringValue:
		if b, err := strconv.ParseBool(x.StringValue); err == nil {
			return b, nil
		}
	}
	return false, isNot(v, "true or false")
}

// OptID returns the ID under key, stored as an integer or as a string, or
// nil.
func (r *PropertyReader) OptID(field, key string, older ...string) *string {
	id := readOpt(r, field, key, older, mlmdpb.PropertyType_INT, parseID)
	if id != nil && *id == "" {
		return nil
	}
	return id
}

// parseID returns the ID in v, or "" if it is 0.
func parseID(v *mlmdpb.Value) (string, error) {
	id := FromProto(v).String()
	if id == "0" {
		return "", nil
	}
	if _, err := value.ParseID(id); err != nil {
		return "", isNot(v, "an id")
	}
	return id, nil
}

// ID is like OptID. It returns "" instead of nil.
func (r *PropertyReader) ID(field, key string, older ...string) string {
	if id := r.OptID(field, key, older...); id != nil {
		return *id
	}
	return ""
}

// Millis returns the time under key, stored as milliseconds in an integer or
// in decimal digits.
func (r *PropertyReader) Millis(field, key string, older ...string) value.Time {
	t, _ := read(r, field, key, older, mlmdpb.PropertyType_STRING, parseMillis)
	return t
}

func parseMillis(v *mlmdpb.Value) (value.Time, error) {
	ms, err := parseInt(v)
	if err != nil {
		return value.Time{}, isNot(v, "a number of milliseconds")
	}
	return value.Millis(ms), nil
}

// DateTime returns the time under key.
func (r *PropertyReader) DateTime(field, key string, older ...string) time.Time {
	t, _ := read(r, field, key, older, mlmdpb.PropertyType_STRING, parseDateTime)
	return t
}

func parseDateTime(v *mlmdpb.Value) (time.Time, error) {
	return timeOf(FromProto(v).String())
}

// Bytes returns the bytes under key, or nil.
func (r *PropertyReader) Bytes(field, key string, older ...string) []byte {
	b, _ := read(r, field, key, older, mlmdpb.PropertyType_STRING, parseBytes)
	return b
}

func parseBytes(v *mlmdpb.Value) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(FromProto(v).String())
	if err != nil {
		return nil, isNot(v, "base64")
	}
	return b, nil
}

// ReadText returns the value under key that is stored in its text form, or
// nil.
func ReadText[V any, P Text[V]](r *PropertyReader, field, key string, older ...string) *V {
	return readOpt(r, field, key, older, mlmdpb.PropertyType_STRING, func(v *mlmdpb.Value) (V, error) {
		return textOf[V, P](FromProto(v).String())
	})
}

// Custom returns the custom properties that were not read as fields, or nil.
// It must be called after the fields are read.
func (r *PropertyReader) Custom() value.Map {
	var out value.Map
	for name, p := range r.custom {
		if p.GetValue() == nil || slices.Contains(r.taken, name) {
			continue
		}
		if out == nil {
			out = make(value.Map, len(r.custom))
		}
		out[name] = FromProto(p)
	}
	return out
}

// OptText returns a string attribute of the node. It returns nil if the
// string is empty.
//
//go:noinline
func OptText(v *string) *string {
	if v == nil || *v == "" {
		return nil
	}
	s := *v
	return &s
}

// Millis returns a time attribute of the node.
func Millis(ms *int64) value.Time {
	if ms == nil {
		return value.Time{}
	}
	return value.Millis(*ms)
}
