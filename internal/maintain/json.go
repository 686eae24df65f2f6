package maintain

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"
)

// errInvalidText reports stored bytes that are not UTF-8.
var errInvalidText = errors.New("a stored text is not valid UTF-8")

// needsEscape has the bytes that JSON escapes within a string.
var needsEscape = func() (table [256]bool) {
	for b := range table {
		table[b] = b < ' ' || b == '"' || b == '\\'
	}
	return table
}()

// appendText appends text as a JSON string.
func appendText(b []byte, text string) ([]byte, error) {
	b = append(b, '"')
	start, plain := 0, true
	for i := range len(text) {
		c := text[i]
		if c >= utf8.RuneSelf {
			plain = false
		}
		if !needsEscape[c] {
			continue
		}
		b = append(b, text[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\t':
			b = append(b, '\\', 't')
		case '\r':
			b = append(b, '\\', 'r')
		default:
			b = fmt.Appendf(b, `\u%04x`, c)
		}
	}
	if !plain && !utf8.ValidString(text) {
		return b, errInvalidText
	}
	return append(append(b, text[start:]...), '"'), nil
}

// appendID appends a number of 64 bits as a JSON string, as protobuf does.
func appendID(b []byte, n int64) []byte {
	return append(strconv.AppendInt(append(b, '"'), n, 10), '"')
}

// appendDouble appends a number, or the string that protobuf has for one that JSON
// cannot hold.
func appendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

func appendBytes(b, bytes []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), bytes), '"')
}

// errNotJSON reports a struct that has no form in JSON.
var errNotJSON = errors.New("a struct has a value that JSON cannot hold")

// appendStruct appends a struct as a JSON object with its members in order.
func appendStruct(b []byte, s *structpb.Struct) ([]byte, error) {
	b = append(b, '{')
	var err error
	for i, name := range slices.Sorted(maps.Keys(s.GetFields())) {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendText(b, name); err != nil {
			return b, err
		}
		if b, err = appendStructValue(append(b, ':'), s.Fields[name]); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

func appendStructValue(b []byte, v *structpb.Value) ([]byte, error) {
	switch v := v.GetKind().(type) {
	case *structpb.Value_NullValue:
		return append(b, "null"...), nil
	case *structpb.Value_BoolValue:
		return strconv.AppendBool(b, v.BoolValue), nil
	case *structpb.Value_NumberValue:
		if math.IsNaN(v.NumberValue) || math.IsInf(v.NumberValue, 0) {
			return b, errNotJSON
		}
		return strconv.AppendFloat(b, v.NumberValue, 'g', -1, 64), nil
	case *structpb.Value_StringValue:
		return appendText(b, v.StringValue)
	case *structpb.Value_StructValue:
		return appendStruct(b, v.StructValue)
	case *structpb.Value_ListValue:
		b = append(b, '[')
		var err error
		for i, item := range v.ListValue.GetValues() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendStructValue(b, item); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
	return b, errNotJSON
}
