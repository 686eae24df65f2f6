// Package convert has the functions that generated conversions between two versions
// of a spec are made of. Other code has no use for it.
//
// A function that converts a value reports whether the other version can hold it.
package convert

import (
	"encoding/json"
	"maps"
	"math"
	"slices"

	"github.com/mlmd-go/sdk/pkg/value"
)

// Value converts a value. The result is the zero value if f cannot.
func Value[A, B any](v A, f func(A) (B, bool)) B {
	out, ok := f(v)
	if !ok {
		return *new(B)
	}
	return out
}

// ToPointer converts a value to one that may be unset. The result is nil if f cannot.
func ToPointer[A, B any](v A, f func(A) (B, bool)) *B {
	if out, ok := f(v); ok {
		return &out
	}
	return nil
}

// FromPointer converts a value that may be unset. The result is the zero value if v is
// nil or f cannot.
func FromPointer[A, B any](v *A, f func(A) (B, bool)) B {
	if v == nil {
		return *new(B)
	}
	return Value(*v, f)
}

// Pointer converts a value that may be unset. The result is nil if v is nil or f
// cannot.
func Pointer[A, B any](v *A, f func(A) (B, bool)) *B {
	if v == nil {
		return nil
	}
	return ToPointer(*v, f)
}

// Keep returns v.
func Keep[T any](v T) (T, bool) { return v, true }

// Same returns a copy of what could not be read.
func Same(v value.Unreadable) value.Unreadable { return maps.Clone(v) }

// Bytes returns a copy of v.
func Bytes(v []byte) ([]byte, bool) { return slices.Clone(v), true }

// Values returns a copy of custom properties.
func Values(v value.Map) (value.Map, bool) { return maps.Clone(v), true }

// JSON returns a copy of an object without declared members.
func JSON(v map[string]any) (map[string]any, bool) {
	out, _ := clone(v).(map[string]any)
	return out, true
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v == nil {
			return v
		}
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = clone(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = clone(element)
		}
		return out
	}
	return v
}

// Text converts one kind of text to another, such as the value of an enum.
func Text[A, B ~string](v A) (B, bool) { return B(v), true }

// ToDouble converts an integer, unless a double cannot hold it exactly.
func ToDouble[A int32 | int64](v A) (float64, bool) {
	f := float64(v)
	return f, f < math.MaxInt64 && A(f) == v
}

// ToInteger converts a double that is whole and in range.
func ToInteger[B int32 | int64](v float64) (B, bool) {
	if !(v >= math.MinInt64 && v < math.MaxInt64) {
		return 0, false
	}
	out := B(v)
	return out, float64(out) == v
}

// Integer converts an integer that the other type can hold.
func Integer[A, B int32 | int64](v A) (B, bool) { return B(v), int64(B(v)) == int64(v) }

// Union sets to to the union from by way of JSON, for a variant that one of the versions
// does not know, and reports whether it could. to is unchanged if from has no variant.
func Union(from json.Marshaler, to json.Unmarshaler) bool {
	raw, err := from.MarshalJSON()
	return err == nil && to.UnmarshalJSON(raw) == nil
}

// List returns a function that converts the elements of a list. It leaves out those
// that f cannot convert.
func List[A, B any](f func(A) (B, bool)) func([]A) ([]B, bool) {
	return func(v []A) ([]B, bool) {
		if v == nil {
			return nil, true
		}
		out := make([]B, 0, len(v))
		for _, a := range v {
			if b, ok := f(a); ok {
				out = append(out, b)
			}
		}
		return out, true
	}
}

// Map is [List] for the values of a map.
func Map[A, B any](f func(A) (B, bool)) func(map[string]A) (map[string]B, bool) {
	return func(v map[string]A) (map[string]B, bool) {
		if v == nil {
			return nil, true
		}
		out := make(map[string]B, len(v))
		for name, a := range v {
			if b, ok := f(a); ok {
				out[name] = b
			}
		}
		return out, true
	}
}
