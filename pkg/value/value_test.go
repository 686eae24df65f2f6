package value_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/pkg/value"
)

func TestValue_Accessors(t *testing.T) {
	values := map[value.Kind]value.Value{
		value.KindString: value.String("x"),
		value.KindInt:    value.Int(-3),
		value.KindDouble: value.Double(0.5),
		value.KindBool:   value.Bool(true),
		value.KindStruct: value.Struct(map[string]any{"a": []any{1, "b"}}),
		value.KindProto:  value.Proto("type.example/T", []byte{1, 2}),
	}
	for kind, v := range values {
		if v.Kind() != kind || v.Err() != nil {
			t.Errorf("%v: kind %v, error %v", kind, v.Kind(), v.Err())
		}
		_, isString := v.AsString()
		_, isInt := v.AsInt()
		_, isDouble := v.AsDouble()
		_, isBool := v.AsBool()
		_, isStruct := v.AsStruct()
		_, _, isProto := v.AsProto()
		got := []bool{isString, isInt, isDouble, isBool, isStruct, isProto}
		for i, ok := range got {
			if want := value.Kind(i+1) == kind; ok != want {
				t.Errorf("%v: accessor of %v says %v", kind, value.Kind(i+1), ok)
			}
		}
	}
}

func TestValue_Err(t *testing.T) {
	for name, c := range map[string]struct {
		v    value.Value
		want string
	}{
		"the zero Value":    {value.Value{}, "zero Value"},
		"invalid UTF-8":     {value.String("\xff"), "UTF-8"},
		"NaN":               {value.Double(math.NaN()), "finite"},
		"infinity":          {value.Double(math.Inf(1)), "finite"},
		"a large integer":   {value.Struct(map[string]any{"n": int64(1<<53 + 1)}), "2^53"},
		"a channel":         {value.Struct(map[string]any{"c": make(chan int)}), "JSON"},
		"an empty type URL": {value.Proto("", nil), "type URL"},
	} {
		if c.v.Kind() != value.KindInvalid {
			t.Errorf("%s: kind %v", name, c.v.Kind())
		}
		if err := c.v.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want one with %q", name, err, c.want)
		}
		if _, err := json.Marshal(c.v); err == nil {
			t.Errorf("%s: no error from Marshal", name)
		}
	}
}

func TestStruct_Equality(t *testing.T) {
	a := value.Struct(map[string]any{"x": 1, "y": map[string]any{"b": true, "a": nil}})
	b, err := value.StructFromJSON([]byte(` {"y": {"a":null, "b":true}, "x": 1.0} `))
	if err != nil {
		t.Fatal(err)
	}
	if a != b {
		t.Errorf("%v and %v differ", a, b)
	}
	m, _ := a.AsStruct()
	m["x"] = "changed"
	if again, _ := a.AsStruct(); again["x"] != 1.0 {
		t.Error("a caller can change what a Value holds")
	}
}

func TestStruct_Integers(t *testing.T) {
	for _, n := range []int64{0, -1, 1 << 53, -(1 << 53), 1 << 60} {
		if v := value.Struct(map[string]any{"n": n}); v.Err() != nil {
			t.Errorf("%d: %v", n, v.Err())
		}
	}
	for _, n := range []int64{1<<53 + 1, math.MaxInt64, math.MinInt64 + 1} {
		if v := value.Struct(map[string]any{"n": n}); v.Err() == nil {
			t.Errorf("%d: no error, although a double cannot represent it", n)
		}
	}
}

func TestValue_MarshalJSON(t *testing.T) {
	for want, v := range map[string]value.Value{
		`{"metadataType":"MetadataStringValue","string_value":""}`:              value.String(""),
		`{"int_value":"9223372036854775807","metadataType":"MetadataIntValue"}`: value.Int(math.MaxInt64),
		`{"double_value":0.93,"metadataType":"MetadataDoubleValue"}`:            value.Double(0.93),
		`{"bool_value":false,"metadataType":"MetadataBoolValue"}`:               value.Bool(false),
		`{"metadataType":"MetadataStructValue","struct_value":"eyJhIjoxfQ=="}`: value.Struct(
			map[string]any{"a": 1},
		),
		`{"metadataType":"MetadataProtoValue","proto_value":"AQI=","type":"type.example/T"}`: value.Proto(
			"type.example/T", []byte{1, 2},
		),
	} {
		raw, err := json.Marshal(v)
		if err != nil || string(raw) != want {
			t.Errorf("got %s, %v; want %s", raw, err, want)
		}
		var back value.Value
		if err := json.Unmarshal(raw, &back); err != nil || back != v {
			t.Errorf("%s reads back as %v, %v", raw, back, err)
		}
	}
}

func TestValue_UnmarshalJSON_Errors(t *testing.T) {
	for raw, want := range map[string]string{
		`{}`:                                  "metadataType",
		`{"metadataType":"MetadataIntValue"}`: "int_value is missing",
		`{"metadataType":"MetadataIntValue","int_value":"x"}`:          "64-bit integer",
		`{"metadataType":"MetadataStructValue","struct_value":"%"}`:    "base64",
		`{"metadataType":"MetadataStructValue","struct_value":"W10="}`: "object",
		`{"metadataType":"Other"}`:                                     "invalid metadataType",
		`[]`:                                                           "value:",
		`{"metadataType":"MetadataStringValue","string_value":7}`:      "string_value is a JSON number: must be a string",
		`{"metadataType":"MetadataDoubleValue","double_value":"x"}`:    "double_value is a JSON string: must be a number",
	} {
		v := value.Int(1)
		err := json.Unmarshal([]byte(raw), &v)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v; want one with %q", raw, err, want)
		}
		if v != value.Int(1) {
			t.Errorf("%s: changed the value to %v", raw, v)
		}
	}
}

func TestTime(t *testing.T) {
	at := value.Time{Time: time.Date(2026, 3, 1, 12, 0, 0, 123_999_999, time.UTC)}
	raw, err := json.Marshal(at)
	if err != nil || string(raw) != `"1772366400123"` {
		t.Fatalf("got %s, %v", raw, err)
	}
	for _, text := range []string{`"1772366400123"`, `1772366400123`} {
		var back value.Time
		if err := json.Unmarshal([]byte(text), &back); err != nil || back.Millis() != at.Millis() {
			t.Errorf("%s reads as %v, %v", text, back, err)
		}
	}
	var unset value.Time
	for _, text := range []string{`""`, `"0"`, `null`} {
		if err := json.Unmarshal([]byte(text), &unset); err != nil || !unset.IsZero() {
			t.Errorf("%s reads as %v, %v", text, unset, err)
		}
	}
	if err := json.Unmarshal([]byte(`"soon"`), &unset); err == nil {
		t.Error(`"soon" is not a time`)
	}
}

func TestStructFromJSON_TrailingData(t *testing.T) {
	for _, text := range []string{
		`{"a":1}}`, `{"a":1}]`, `{"a":1} {}`, `{"a":1} 2`, `{"a":1},`, `{"a":1}x`, `[]`, `null`, ``,
	} {
		if v, err := value.StructFromJSON([]byte(text)); err == nil {
			t.Errorf("%s was accepted as %v", text, v)
		}
	}
	if _, err := value.StructFromJSON([]byte(" {\"a\":1} \n")); err != nil {
		t.Error(err)
	}
}

func FuzzStructFromJSON(f *testing.F) {
	f.Add([]byte(`{"b":[1,2.50,{"x":null}],"a":"<&>"}`))
	f.Add([]byte(`{"a":1}}`))
	f.Add([]byte(`{"a":1}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := value.StructFromJSON(raw)
		if err != nil {
			return
		}
		if !json.Valid(raw) {
			t.Errorf("%q is not JSON, and was accepted as %v", raw, v)
		}
		text, _ := v.AsJSON()
		again, err := value.StructFromJSON([]byte(text))
		if err != nil || again != v {
			t.Errorf("%s became %v, then %v, %v", raw, v, again, err)
		}
		tagged, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back value.Value
		if err := json.Unmarshal(tagged, &back); err != nil || back != v {
			t.Errorf("%s reads back as %v, %v", tagged, back, err)
		}
	})
}
