// Package value defines the types of MLMD values that Go has no type for: custom
// properties, times and IDs.
package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// A Kind is the kind of property that a [Value] holds.
type Kind uint8

// The kinds of a Value. KindInvalid is the kind of the zero Value, and of a Value
// made of something that cannot be stored; see [Value.Err].
const (
	KindInvalid Kind = iota
	KindString
	KindInt
	KindDouble
	KindBool
	KindStruct
	KindProto
)

var kindNames = [...]string{"invalid", "string", "int", "double", "bool", "struct", "proto"}

// String returns the kind's name in lower case: "string", "int", …
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// A Value is the value of a custom property: a string, a 64-bit integer, a double,
// a boolean, a JSON object, or a protobuf message with its type URL. Values are
// immutable and comparable with ==. Two structs are equal if their canonical JSON
// is.
//
// The zero Value is invalid and cannot be stored.
type Value struct {
	kind Kind
	num  uint64 // int, double (its bits) and bool
	text string // string, struct (canonical JSON), proto (type URL), invalid (reason)
	data string // proto: the serialized message
}

// A Map holds custom properties by name. In an upsert, a nil Map keeps the stored
// properties, and an empty Map removes them.
type Map map[string]Value

// String returns a string value. It must be valid UTF-8.
func String(s string) Value {
	if !utf8.ValidString(s) {
		return invalid("invalid string: must be UTF-8")
	}
	return Value{kind: KindString, text: s}
}

// Int returns a 64-bit integer value. Stores on PostgreSQL and MySQL reject values
// beyond 32 bits.
func Int(i int64) Value { return Value{kind: KindInt, num: uint64(i)} }

// Double returns a floating-point value, which must be finite. The reference
// implementation rounds it to six decimals.
func Double(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return invalid(fmt.Sprintf("invalid double %v: must be finite", f))
	}
	return Value{kind: KindDouble, num: math.Float64bits(f)}
}

// Bool returns a boolean value.
func Bool(b bool) Value {
	v := Value{kind: KindBool}
	if b {
		v.num = 1
	}
	return v
}

// Struct returns a JSON object, with the members that encoding/json encodes m to.
// Numbers are stored as doubles: an integer that a double cannot represent makes
// the Value invalid.
func Struct(m map[string]any) Value {
	if m == nil {
		m = map[string]any{}
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return invalid(fmt.Sprintf("invalid struct: must be JSON: %v", err))
	}
	v, err := StructFromJSON(raw)
	if err != nil {
		return invalid(err.Error())
	}
	return v
}

// StructFromJSON returns the JSON object that raw encodes.
func StructFromJSON(raw []byte) (Value, error) {
	text, err := canonicalJSON(raw)
	if err != nil {
		return Value{}, err
	}
	if text[0] != '{' {
		return Value{}, errors.New("invalid struct: must be a JSON object")
	}
	return Value{kind: KindStruct, text: text}, nil
}

// Proto returns a serialized protobuf message with its type URL, which must not be
// empty.
func Proto(typeURL string, message []byte) Value {
	if typeURL == "" {
		return invalid("invalid proto: the type URL must not be empty")
	}
	return Value{kind: KindProto, text: typeURL, data: string(message)}
}

func invalid(why string) Value { return Value{text: why} }

// Kind returns the kind of v.
func (v Value) Kind() Kind { return v.kind }

// Err returns the reason why v cannot be stored, or nil if v is valid.
func (v Value) Err() error {
	if v.kind != KindInvalid {
		return nil
	}
	if v.text == "" {
		return errors.New("the zero Value is invalid: use value.String, Int, Double, Bool, Struct or Proto")
	}
	return errors.New(v.text)
}

// AsString returns the string, and whether v is of kind string.
func (v Value) AsString() (string, bool) {
	if v.kind != KindString {
		return "", false
	}
	return v.text, true
}

// AsInt returns the integer, and whether v is of kind int.
func (v Value) AsInt() (int64, bool) {
	if v.kind != KindInt {
		return 0, false
	}
	return int64(v.num), true
}

// AsDouble returns the double, and whether v is of kind double. It does not convert
// integers.
func (v Value) AsDouble() (float64, bool) {
	if v.kind != KindDouble {
		return 0, false
	}
	return math.Float64frombits(v.num), true
}

// AsBool returns the boolean, and whether v is of kind bool.
func (v Value) AsBool() (b, ok bool) {
	if v.kind != KindBool {
		return false, false
	}
	return v.num == 1, true
}

// AsStruct returns a copy of the JSON object, with numbers as float64, and whether
// v is of kind struct.
func (v Value) AsStruct() (map[string]any, bool) {
	if v.kind != KindStruct {
		return nil, false
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(v.text), &m); err != nil {
		return nil, false
	}
	return m, true
}

// AsJSON returns the JSON of a struct, with sorted keys and without white space,
// and whether v is of kind struct.
func (v Value) AsJSON() (string, bool) {
	if v.kind != KindStruct {
		return "", false
	}
	return v.text, true
}

// AsProto returns the type URL and a copy of the serialized message, and whether v
// is of kind proto.
func (v Value) AsProto() (typeURL string, message []byte, ok bool) {
	if v.kind != KindProto {
		return "", nil, false
	}
	return v.text, []byte(v.data), true
}

// String returns v in human-readable form: a string unchanged, a number in its
// shortest form, a struct as JSON.
func (v Value) String() string {
	switch v.kind {
	case KindString, KindStruct:
		return v.text
	case KindInt:
		return strconv.FormatInt(int64(v.num), 10)
	case KindDouble:
		return strconv.FormatFloat(math.Float64frombits(v.num), 'g', -1, 64)
	case KindBool:
		return strconv.FormatBool(v.num == 1)
	case KindProto:
		return fmt.Sprintf("%s (%d bytes)", v.text, len(v.data))
	default:
		return "invalid: " + v.Err().Error()
	}
}

// canonicalJSON returns raw with sorted keys, without white space, and with every
// number in the form of its double. It rejects integers that a double cannot
// represent.
func canonicalJSON(raw []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", fmt.Errorf("invalid struct: must be JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) { // More ignores a closing bracket
		return "", errors.New("invalid struct: must be a single JSON object")
	}
	v, err := doubles(v)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", fmt.Errorf("invalid struct: must be JSON: %w", err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

func doubles(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		f, ferr := v.Float64()
		if ferr != nil {
			return nil, fmt.Errorf("number %s is out of the range of doubles", v)
		}
		if i, ierr := strconv.ParseInt(v.String(), 10, 64); ierr == nil && !fitsDouble(i) {
			return nil, fmt.Errorf(
				"integer %s cannot be stored exactly: numbers in a struct are doubles, exact up to 2^53: store it as a string",
				v,
			)
		}
		return f, nil
	case map[string]any:
		for k := range v {
			if v[k], err = doubles(v[k]); err != nil {
				return nil, err
			}
		}
		return v, nil
	case []any:
		for i := range v {
			if v[i], err = doubles(v[i]); err != nil {
				return nil, err
			}
		}
		return v, nil
	default:
		return v, nil
	}
}

func fitsDouble(i int64) bool {
	f := float64(i)
	return f < math.MaxInt64 && int64(f) == i
}
