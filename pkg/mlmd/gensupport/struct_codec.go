package gensupport

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// The Encode functions below convert Go values to values of a struct, and the
// Decode functions convert them back. Generated code combines them for lists,
// maps and objects. Their errors are [*mlmd.InvalidError] or
// [mlmd.InvalidErrors], whose paths start at the value; an empty path means the
// value itself. A Decode function that fails for parts of a value also returns
// the value without these parts.

// isNotStored returns the error of a stored value that is not what the spec
// declares.
func isNotStored(p *structpb.Value, what string) error {
	return &mlmd.InvalidError{Value: storedText(p), Why: "is not " + what}
}

// storedText returns a string as it is, and any other value as JSON.
func storedText(p *structpb.Value) string {
	if s, ok := p.GetKind().(*structpb.Value_StringValue); ok {
		return s.StringValue
	}
	text, err := json.Marshal(p.AsInterface())
	if err != nil {
		return fmt.Sprint(p.AsInterface())
	}
	return string(text)
}

// EncodeString encodes a string.
func EncodeString(v string) (*structpb.Value, error) {
	if !utf8.ValidString(v) {
		return nil, wrong("is not valid UTF-8")
	}
	return structpb.NewStringValue(v), nil
}

// DecodeString decodes a string.
func DecodeString(p *structpb.Value) (string, error) {
	s, ok := p.GetKind().(*structpb.Value_StringValue)
	if !ok {
		return "", isNotStored(p, "a text")
	}
	return s.StringValue, nil
}

// EncodeEnum encodes a value of an enum.
func EncodeEnum[E ~string](v E) (*structpb.Value, error) { return EncodeString(string(v)) }

// DecodeEnum decodes a value of an enum, which may be one that the spec does
// not list.
func DecodeEnum[E ~string](p *structpb.Value) (E, error) {
	s, err := DecodeString(p)
	return E(s), err
}

// EncodeInt encodes an integer. It fails if a double, which is how a struct
// stores numbers, cannot hold the integer exactly.
func EncodeInt[I int32 | int64](v I) (*structpb.Value, error) {
	f := float64(v)
	if f >= math.MaxInt64 || int64(f) != int64(v) {
		return nil, &mlmd.InvalidError{
			Value: strconv.FormatInt(int64(v), 10),
			Why:   "would be changed: numbers in a struct are doubles, exact up to 2^53",
		}
	}
	return structpb.NewNumberValue(f), nil
}

// DecodeInt decodes an integer.
func DecodeInt[I int32 | int64](p *structpb.Value) (I, error) {
	f, err := DecodeDouble(p)
	if err != nil {
		return 0, err
	}
	if f >= math.MaxInt64 || float64(I(f)) != f {
		return 0, isNotStored(p, "an integer of this size")
	}
	return I(f), nil
}

// EncodeDouble encodes a number.
func EncodeDouble(v float64) (*structpb.Value, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, &mlmd.InvalidError{
			Value: strconv.FormatFloat(v, 'g', -1, 64),
			Why:   "cannot be stored: only finite numbers can",
		}
	}
	return structpb.NewNumberValue(v), nil
}

// DecodeDouble decodes a number.
func DecodeDouble(p *structpb.Value) (float64, error) {
	f, ok := p.GetKind().(*structpb.Value_NumberValue)
	if !ok || math.IsNaN(f.NumberValue) || math.IsInf(f.NumberValue, 0) {
		return 0, isNotStored(p, "a finite number")
	}
	return f.NumberValue, nil
}

// EncodeBool encodes a boolean.
func EncodeBool(v bool) (*structpb.Value, error) { return structpb.NewBoolValue(v), nil }

// DecodeBool decodes a boolean.
func DecodeBool(p *structpb.Value) (bool, error) {
	b, ok := p.GetKind().(*structpb.Value_BoolValue)
	if !ok {
		return false, isNotStored(p, "true or false")
	}
	return b.BoolValue, nil
}

// EncodeMillis encodes a time as the decimal digits of its milliseconds.
func EncodeMillis(v value.Time) (*structpb.Value, error) {
	return structpb.NewStringValue(strconv.FormatInt(v.Millis(), 10)), nil
}

// DecodeMillis decodes a time from decimal digits or a number.
func DecodeMillis(p *structpb.Value) (value.Time, error) {
	if ms, err := DecodeInt[int64](p); err == nil {
		return value.Millis(ms), nil
	}
	ms, err := strconv.ParseInt(p.GetStringValue(), 10, 64)
	if err != nil {
		return value.Time{}, isNotStored(p, "a number of milliseconds")
	}
	return value.Millis(ms), nil
}

// EncodeDateTime encodes a time as a string, in UTC.
func EncodeDateTime(v time.Time) (*structpb.Value, error) {
	s, err := formatDateTime(v)
	if err != nil {
		return nil, err
	}
	return structpb.NewStringValue(s), nil
}

// DecodeDateTime decodes a time.
func DecodeDateTime(p *structpb.Value) (time.Time, error) {
	switch x := p.GetKind().(type) {
	case *structpb.Value_StringValue:
		return timeOf(x.StringValue)
	case *structpb.Value_NumberValue:
		return timeOf(strconv.FormatFloat(x.NumberValue, 'f', -1, 64))
	}
	return time.Time{}, isNotStored(p, "a time")
}

// EncodeBytes encodes bytes in base64.
func EncodeBytes(v []byte) (*structpb.Value, error) {
	return structpb.NewStringValue(base64.StdEncoding.EncodeToString(v)), nil
}

// DecodeBytes decodes bytes.
func DecodeBytes(p *structpb.Value) ([]byte, error) {
	s, ok := p.GetKind().(*structpb.Value_StringValue)
	if !ok {
		return nil, isNotStored(p, "base64")
	}
	b, err := base64.StdEncoding.DecodeString(s.StringValue)
	if err != nil {
		return nil, isNotStored(p, "base64")
	}
	return b, nil
}

// EncodeText encodes the text form of a value such as a UUID.
func EncodeText[V encoding.TextMarshaler](v V) (*structpb.Value, error) {
	b, err := v.MarshalText()
	if err != nil {
		return nil, wrong(err.Error())
	}
	return EncodeString(string(b))
}

// Text is a pointer to a value that can be parsed from its text form.
type Text[V any] interface {
	*V
	encoding.TextUnmarshaler
}

// DecodeText decodes a value from its text form.
func DecodeText[V any, P Text[V]](p *structpb.Value) (V, error) {
	s, err := DecodeString(p)
	if err != nil {
		return *new(V), err
	}
	return textOf[V, P](s)
}

// textOf parses a value from its text form.
func textOf[V any, P Text[V]](s string) (V, error) {
	var v V
	if err := P(&v).UnmarshalText([]byte(s)); err != nil {
		return *new(V), &mlmd.InvalidError{Value: s, Why: "cannot be read: " + err.Error()}
	}
	return v, nil
}

// EncodeJSON encodes an object without declared members.
func EncodeJSON(v map[string]any) (*structpb.Value, error) {
	p, err := ToProto(value.Struct(v))
	if err != nil {
		return nil, wrong(err.Error())
	}
	return structpb.NewStructValue(p.GetStructValue()), nil
}

// DecodeJSON decodes an object without declared members.
func DecodeJSON(p *structpb.Value) (map[string]any, error) {
	s, ok := p.GetKind().(*structpb.Value_StructValue)
	if !ok {
		return nil, isNotStored(p, "an object")
	}
	return s.StructValue.AsMap(), nil
}

// EncodeList encodes a list, each element with encode.
func EncodeList[V any](vs []V, encode func(V) (*structpb.Value, error)) (*structpb.Value, error) {
	list := make([]*structpb.Value, len(vs))
	var errs mlmd.InvalidErrors
	for i, v := range vs {
		p, err := encode(v)
		if err != nil {
			errs = append(errs, below(element(i), err)...)
		}
		list[i] = p
	}
	if errs != nil {
		return nil, join(errs)
	}
	return structpb.NewListValue(&structpb.ListValue{Values: list}), nil
}

func element(i int) string { return "[" + strconv.Itoa(i) + "]" }

// DecodeList decodes a list, each element with decode. An element that
// cannot be read is zero. The list is never nil.
func DecodeList[V any](p *structpb.Value, decode func(*structpb.Value) (V, error)) ([]V, error) {
	list, ok := p.GetKind().(*structpb.Value_ListValue)
	if !ok {
		return nil, isNotStored(p, "a list")
	}
	out := make([]V, len(list.ListValue.GetValues()))
	var errs mlmd.InvalidErrors
	for i, e := range list.ListValue.GetValues() {
		v, err := decode(e)
		if err != nil {
			errs = append(errs, below(element(i), err)...)
		}
		out[i] = v
	}
	return out, join(errs)
}

// EncodeMap encodes a map, each value with encode.
func EncodeMap[V any](vs map[string]V, encode func(V) (*structpb.Value, error)) (*structpb.Value, error) {
	fields := make(map[string]*structpb.Value, len(vs))
	var errs mlmd.InvalidErrors
	for k, v := range vs {
		p, err := encode(v)
		if err == nil && !utf8.ValidString(k) {
			err = wrong("has a name that is not valid UTF-8")
		}
		if err != nil {
			errs = append(errs, below(k, err)...)
		}
		fields[k] = p
	}
	if errs != nil {
		return nil, join(byField(errs))
	}
	return structpb.NewStructValue(&structpb.Struct{Fields: fields}), nil
}

// byField sorts errors that were found in a map, so that the same value
// always has the same error.
func byField(es mlmd.InvalidErrors) mlmd.InvalidErrors {
	slices.SortStableFunc(es, func(a, b *mlmd.InvalidError) int { return strings.Compare(a.Field, b.Field) })
	return es
}

// DecodeMap decodes a map, each value with decode. It omits values that
// cannot be read. The map is never nil.
func DecodeMap[V any](p *structpb.Value, decode func(*structpb.Value) (V, error)) (map[string]V, error) {
	s, ok := p.GetKind().(*structpb.Value_StructValue)
	if !ok {
		return nil, isNotStored(p, "an object")
	}
	out := make(map[string]V, len(s.StructValue.GetFields()))
	var errs mlmd.InvalidErrors
	for k, e := range s.StructValue.GetFields() {
		v, err := decode(e)
		if err != nil {
			errs = append(errs, below(k, err)...)
		}
		if err == nil || !nothing(err) {
			out[k] = v
		}
	}
	return out, join(byField(errs))
}
