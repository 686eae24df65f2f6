package value

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// tagged is the JSON form of a Value in the model registry's REST API: an object
// with the kind in metadataType and the content in the member of that kind. Its
// members are in alphabetical order, as other servers of the API send them.
type tagged struct {
	Bool         *bool    `json:"bool_value,omitempty"`
	Double       *float64 `json:"double_value,omitempty"`
	Int          *string  `json:"int_value,omitempty"` // decimal, to preserve 64 bits
	MetadataType string   `json:"metadataType"`
	Proto        *string  `json:"proto_value,omitempty"` // base64 of the message
	String       *string  `json:"string_value,omitempty"`
	Struct       *string  `json:"struct_value,omitempty"` // base64 of the JSON object
	Type         *string  `json:"type,omitempty"`
}

// MarshalJSON encodes v as a tagged object, such as
// {"int_value":"3","metadataType":"MetadataIntValue"}. It returns an error if v is
// invalid.
func (v Value) MarshalJSON() ([]byte, error) {
	var t tagged
	switch v.kind {
	case KindString:
		t = tagged{MetadataType: "MetadataStringValue", String: &v.text}
	case KindInt:
		t = tagged{MetadataType: "MetadataIntValue", Int: new(strconv.FormatInt(int64(v.num), 10))}
	case KindDouble:
		f, _ := v.AsDouble()
		t = tagged{MetadataType: "MetadataDoubleValue", Double: &f}
	case KindBool:
		t = tagged{MetadataType: "MetadataBoolValue", Bool: new(v.num == 1)}
	case KindStruct:
		t = tagged{MetadataType: "MetadataStructValue", Struct: new(base64.StdEncoding.EncodeToString([]byte(v.text)))}
	case KindProto:
		t = tagged{
			MetadataType: "MetadataProtoValue", Type: &v.text,
			Proto: new(base64.StdEncoding.EncodeToString([]byte(v.data))),
		}
	default:
		return nil, fmt.Errorf("value: %w", v.Err())
	}
	return json.Marshal(t)
}

// UnmarshalJSON decodes the form that MarshalJSON returns. An int_value may also be
// a JSON number.
func (v *Value) UnmarshalJSON(raw []byte) error {
	var t struct {
		tagged
		Int json.RawMessage `json:"int_value"`
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		var mismatch *json.UnmarshalTypeError
		if errors.As(err, &mismatch) && mismatch.Field != "" {
			member := mismatch.Field[strings.LastIndexByte(mismatch.Field, '.')+1:]
			return fmt.Errorf("value: %s is a JSON %s: must be a %s", member, mismatch.Value, jsonTypes[mismatch.Type.Kind()])
		}
		return fmt.Errorf("value: %w", err)
	}
	got, err := fromTagged(t.tagged, t.Int)
	if err == nil {
		err = got.Err()
	}
	if err != nil {
		return fmt.Errorf("value: %s: %w", t.MetadataType, err)
	}
	*v = got
	return nil
}

// jsonTypes are the names in JSON of what the members of a value are decoded to.
var jsonTypes = map[reflect.Kind]string{reflect.String: "string", reflect.Float64: "number", reflect.Bool: "boolean"}

func fromTagged(t tagged, integer json.RawMessage) (Value, error) {
	missing := func(member string) (Value, error) {
		return Value{}, fmt.Errorf("%s is missing", member)
	}
	switch t.MetadataType {
	case "MetadataStringValue":
		if t.String == nil {
			return missing("string_value")
		}
		return String(*t.String), nil
	case "MetadataIntValue":
		if integer == nil {
			return missing("int_value")
		}
		text := string(integer)
		if text[0] == '"' {
			if err := json.Unmarshal(integer, &text); err != nil {
				return Value{}, err
			}
		}
		i, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Value{}, fmt.Errorf("invalid int_value %q: must be a 64-bit integer", text)
		}
		return Int(i), nil
	case "MetadataDoubleValue":
		if t.Double == nil {
			return missing("double_value")
		}
		return Double(*t.Double), nil
	case "MetadataBoolValue":
		if t.Bool == nil {
			return missing("bool_value")
		}
		return Bool(*t.Bool), nil
	case "MetadataStructValue":
		if t.Struct == nil {
			return missing("struct_value")
		}
		raw, err := base64.StdEncoding.DecodeString(*t.Struct)
		if err != nil {
			return Value{}, fmt.Errorf("invalid struct_value: must be base64: %w", err)
		}
		return StructFromJSON(raw)
	case "MetadataProtoValue":
		if t.Proto == nil || t.Type == nil {
			return missing("type or proto_value")
		}
		raw, err := base64.StdEncoding.DecodeString(*t.Proto)
		if err != nil {
			return Value{}, fmt.Errorf("invalid proto_value: must be base64: %w", err)
		}
		return Proto(*t.Type, raw), nil
	default:
		return Value{}, fmt.Errorf(
			"invalid metadataType %q: must be MetadataStringValue, MetadataIntValue, MetadataDoubleValue, "+
				"MetadataBoolValue, MetadataStructValue or MetadataProtoValue",
			t.MetadataType,
		)
	}
}
