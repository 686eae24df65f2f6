package storetest

import (
	"math"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func valueCases() []Case {
	return slices.Concat(
		forEachKind(valuesRoundTrip),
		forEachKind(textRoundTrips),
		forEachKind(valuesChangeKind),
		forEachKind(spacesAreApart),
		forEachKind(oneSpaceAtATime),
		[]Case{
			wideIntegers(), exactDoubles(), refusedNumbers(), valueWithoutKind(), anyWithoutType(), wholeText(),
			nullMarker(), structMarker(), structsCompareByContent(), deepNesting(), sixDecimals(),
		},
	)
}

func structOf(fields map[string]*structpb.Value) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: &structpb.Struct{Fields: fields}}}
}

func anyOf(url string, payload []byte) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_ProtoValue{ProtoValue: &anypb.Any{TypeUrl: url, Value: payload}}}
}

var roundTrips = values{
	"int zero": integer(0), "int min": integer(math.MinInt32), "int max": integer(math.MaxInt32),
	"double zero": double(0), "double": double(-3.25), "double six": double(0.123457), "double whole": double(
		12345678901234,
	),
	"empty": str(""), "long": str(strings.Repeat("a b", 3000)), "true": boolean(true), "false": boolean(false),
	"empty struct": structOf(nil),
	"struct": structOf(map[string]*structpb.Value{
		"null": structpb.NewNullValue(), "n": structpb.NewNumberValue(1e-9), "s": structpb.NewStringValue("é\x00"),
		"": structpb.NewBoolValue(true),
		"list": structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{
			structpb.NewNumberValue(1), structpb.NewStructValue(&structpb.Struct{}),
		}}),
	}),
	"any": anyOf("type.googleapis.com/ml_metadata.Unknown", []byte{0, 1, 0xff, 0xfe}), "empty any": anyOf("t", nil),
}

func valuesRoundTrip(k kind) Case {
	return Case{Name: "values of every kind read as they were put", Run: on(func(s *scene) {
		kindOf := map[string]mlmdpb.PropertyType{}
		for name, v := range roundTrips {
			switch v.Value.(type) {
			case *mlmdpb.Value_IntValue:
				kindOf[name] = kindInt
			case *mlmdpb.Value_DoubleValue:
				kindOf[name] = kindDouble
			case *mlmdpb.Value_StringValue:
				kindOf[name] = kindString
			case *mlmdpb.Value_StructValue:
				kindOf[name] = kindStruct
			case *mlmdpb.Value_ProtoValue:
				kindOf[name] = kindProto
			default:
				kindOf[name] = kindBool
			}
		}
		typeID, typeName := k.newType(s, kindOf)
		custom := values{}
		for name, v := range roundTrips {
			custom["custom "+name] = v
		}
		want := k.minimal(s, typeID)
		want.properties, want.custom = roundTrips, custom
		k.stored(s, k.one(s, want), typeName, want)
	})}
}

var texts = []string{
	"'", `"`, "`", "%", "_", "$1", "?", ":x", "--", ";", "/*", "é", "日本語", "😀", "e\u0301", "\t\n\r\x01\x7f", " ",
	"a ", " a", "A", "a", "NULL", "null", "0",
}

func textRoundTrips(k kind) Case {
	return Case{Name: "text is stored unchanged and compared exactly", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, nil)
		for i, text := range texts {
			name := s.salt + text // unique even if the database ignores case
			want := node{
				typeID: &typeID, name: &name, externalID: &name,
				custom: values{text: str(text), "k" + text: integer(int64(i))},
			}
			if k.name == artifacts.name {
				want.uri = &text
			}
			id := k.one(s, want)
			k.stored(s, id, typeName, want)
			got, err := k.byTypeAndName(s, typeName, nil, name)
			s.ok(err)
			equal(s, "the id by name", *got.id, id)
			found, err := k.byExternalIDs(s, name)
			s.ok(err)
			equalList(s, "the ids by external id", ids(found), id)
		}
	})}
}

func valuesChangeKind(k kind) Case {
	return Case{Name: "a custom property can change its kind", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, nil)
		want := k.minimal(s, typeID)
		id := k.one(s, want)
		for _, name := range []string{
			"int max", "double", "empty", "struct", "any", "true", "false", "empty struct", "int zero",
		} {
			sent := want
			sent.id, sent.custom = &id, values{"c": roundTrips[name]}
			_, err := k.put(s, nil, sent)
			s.ok(err)
			want.custom = sent.custom
			k.stored(s, id, typeName, want)
		}
	})}
}

func oneSpaceAtATime(k kind) Case {
	return Case{Name: "a property and a custom property can have the same name", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, props{"p": kindInt})
		want := k.minimal(s, typeID)
		want.properties, want.custom = values{"p": integer(1)}, values{"p": str("custom")}
		k.stored(s, k.one(s, want), typeName, want)
	})}
}

// spacesAreApart changes a property, a custom property of the same name, or both.
// The statements of the reference implementation affect both rows.
func spacesAreApart(k kind) Case {
	change := func(s *scene, check func(id int64, typeName string, want node)) {
		typeID, typeName := k.newType(s, props{"p": kindInt})
		for i, put := range []node{
			{properties: values{"p": integer(2)}, custom: values{"p": str("c")}},
			{properties: values{"p": integer(1)}, custom: values{"p": str("d")}},
			{properties: values{"p": integer(1)}},
			{custom: values{"p": str("c")}},
			{properties: values{"p": integer(2)}, custom: values{"p": str("d")}},
			{properties: values{"p": integer(2)}},
			{custom: values{"p": str("d")}},
			{},
		} {
			n := node{
				typeID: &typeID, name: proto.String(s.own(string(rune('a' + i)))), properties: values{"p": integer(1)},
				custom: values{"p": str("c")},
			}
			id := k.one(s, n)
			n.properties, n.custom = put.properties, put.custom
			sent := n
			sent.id = &id
			_, err := k.put(s, nil, sent)
			s.ok(err)
			check(id, typeName, n)
		}
	}
	return Case{
		Name: "a change of one namespace keeps the other", Requires: []Capability{SeparatePropertyNamespaces},
		Run: on(func(s *scene) {
			change(s, func(id int64, typeName string, want node) { k.stored(s, id, typeName, want) })
		}),
		WithoutCapability: on(func(s *scene) {
			change(s, func(id int64, _ string, want node) {
				if got := k.read(s, id); len(got.properties)+len(got.custom) > 1 && got.custom["p"].GetStringValue() != "" {
					s.Errorf("both spaces are there: %v, %v", got.properties, got.custom)
				}
			})
		}),
	}
}
