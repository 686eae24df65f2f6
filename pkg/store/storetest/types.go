package storetest

import (
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

const (
	kindUnknown = mlmdpb.PropertyType_UNKNOWN
	kindInt     = mlmdpb.PropertyType_INT
	kindDouble  = mlmdpb.PropertyType_DOUBLE
	kindString  = mlmdpb.PropertyType_STRING
	kindStruct  = mlmdpb.PropertyType_STRUCT
	kindProto   = mlmdpb.PropertyType_PROTO
	kindBool    = mlmdpb.PropertyType_BOOLEAN
)

type props = map[string]mlmdpb.PropertyType

func typeCases() []Case {
	return slices.Concat(
		forEachKind(putTypeRefusals),
		forEachKind(putTypeKeepsWhatIsStored),
		forEachKind(putTypeIdentity),
		forEachKind(putTypeEvolution),
		forEachKind(typeExternalIDs),
		forEachKind(typeExternalIDsAcrossKinds),
		forEachKind(typeNotFound),
		forEachKind(typesReadByID),
		forEachKind(typesReadByExternalID),
		forEachKind(allTypesAnswersEveryVersion),
		putTypesCases(),
		baseTypeCases(),
		executionSignatureCases(),
	)
}

// A typeRefusal is an invalid put of a type after a valid one.
type typeRefusal struct {
	name     string
	first    *typ // the type put before; nil: none
	then     typ
	code     codes.Code
	fragment string
}

var typeRefusals = []typeRefusal{
	{"no name", nil, typ{name: nil}, codes.InvalidArgument, "No type name is specified."},
	{"an empty name", nil, typ{name: proto.String("")}, codes.InvalidArgument, "No type name is specified."},
	{"a property of unknown kind", nil, typ{properties: props{"p": kindUnknown}}, codes.InvalidArgument, "is UNKNOWN."},
	{
		"a new property of unknown kind", &typ{},
		typ{properties: props{"p": kindUnknown}, add: proto.Bool(true)},
		codes.InvalidArgument, "type should not be UNKNOWN",
	},
	{
		"another kind of a stored property", &typ{properties: props{"p": kindInt}},
		typ{properties: props{"p": kindString}},
		codes.AlreadyExists, "Type already exists with different properties: Conflicting property value type found in " +
			"stored and given types",
	},
	{
		"another kind of a stored property, with every flag", &typ{properties: props{"p": kindInt}},
		typ{properties: props{"p": kindString}, add: proto.Bool(true), omit: proto.Bool(true), remove: proto.Bool(true)},
		codes.AlreadyExists, "Conflicting property value type",
	},
	{
		"fewer properties", &typ{properties: props{"p": kindInt}},
		typ{add: proto.Bool(true)},
		codes.AlreadyExists, "can_omit_fields is false while stored type has more properties",
	},
	{
		"more properties", &typ{},
		typ{properties: props{"p": kindInt}, omit: proto.Bool(true)},
		codes.AlreadyExists, "can_add_fields is false while the given type has more properties",
	},
	{"all_fields_match false", nil, typ{allFieldsMatch: proto.Bool(false)}, codes.Unimplemented, "Must match all fields."},
	{
		"all_fields_match false and no name", nil,
		typ{name: proto.String(""), allFieldsMatch: proto.Bool(false)},
		codes.Unimplemented, "Must match all fields.",
	},
}

func putTypeRefusals(k kind) Case {
	return Case{Name: "an invalid type is rejected without a write", Run: on(func(s *scene) {
		for _, r := range typeRefusals {
			name := s.own(r.name)
			if r.first != nil {
				first := *r.first
				first.name = &name
				_, err := k.putType(s, first)
				s.ok(err)
			}
			then := r.then
			if r.name != "no name" && then.name == nil {
				then.name = &name
			}
			_, err := k.putType(s, then)
			s.Logf("%s", r.name)
			s.refused(err, r.code, r.fragment)
			got, err := k.typeByName(s, name, nil)
			if r.first == nil {
				s.refused(err, codes.NotFound, "No type found for query")
				continue
			}
			s.ok(err)
			equal(s, "the number of properties", len(got.properties), len(r.first.properties))
		}
	})}
}

func putTypeKeepsWhatIsStored(k kind) Case {
	return Case{Name: "a type reads as it was put first", Run: on(func(s *scene) {
		all := props{
			"i": kindInt, "d": kindDouble, "s": kindString, "st": kindStruct, "p": kindProto, "b": kindBool, "": kindInt,
			"é 日本.x": kindString,
		}
		first := typ{
			id: proto.Int64(7), name: proto.String(s.own("kept")), version: proto.String("v1"),
			description: proto.String("as it was"), properties: all, externalID: proto.String(s.own("id")),
		}
		id, err := k.putType(s, first)
		s.ok(err)
		again := first
		again.description, again.externalID, again.id = proto.String("changed"), nil, nil
		same, err := k.putType(s, again)
		s.ok(err)
		equal(s, "the id of the repeated put", same, id)
		first.id = &id
		got, err := k.typesByID(s, id)
		s.ok(err)
		equal(s, "the number of types", len(got), 1)
		s.same(k.typeMessage(got[0]), k.typeMessage(first))
	})}
}

func putTypeIdentity(k kind) Case {
	return Case{Name: "a type is identified by kind, name and version", Run: on(func(s *scene) {
		name := s.own("versioned")
		plain, err := k.putType(s, typ{name: &name})
		s.ok(err)
		empty, err := k.putType(s, typ{name: &name, version: proto.String("")})
		s.ok(err)
		equal(s, "the id with an empty version", empty, plain)
		v1, err := k.putType(s, typ{name: &name, version: proto.String("v1"), properties: props{"p": kindInt}})
		s.ok(err)
		seen := []int64{plain, v1}
		for _, other := range kinds {
			if other.name != k.name {
				id, err := other.putType(s, typ{name: &name})
				s.ok(err)
				seen = append(seen, id)
			}
		}
		slices.Sort(seen)
		equal(s, "the number of different ids", len(slices.Compact(seen)), 4)

		got, err := k.typeByName(s, name, proto.String(""))
		s.ok(err)
		s.same(k.typeMessage(got), k.typeMessage(typ{id: &plain, name: &name}))
		got, err = k.typeByName(s, name, proto.String("v1"))
		s.ok(err)
		s.same(k.typeMessage(got), k.typeMessage(typ{
			id: &v1, name: &name, version: proto.String("v1"), properties: props{"p": kindInt},
		}))
	})}
}

func putTypeEvolution(k kind) Case {
	return Case{Name: "a type can gain properties, but not lose them", Run: on(func(s *scene) {
		name := s.own("grows")
		id, err := k.putType(s, typ{name: &name, properties: props{"a": kindInt}})
		s.ok(err)
		for _, step := range []struct {
			put, want props
			flags     typ
		}{
			{props{"a": kindInt, "b": kindString}, props{"a": kindInt, "b": kindString}, typ{add: proto.Bool(true)}},
			{props{"b": kindString}, props{"a": kindInt, "b": kindString}, typ{omit: proto.Bool(true)}},
			{
				props{"c": kindBool},
				props{"a": kindInt, "b": kindString, "c": kindBool},
				typ{add: proto.Bool(true), omit: proto.Bool(true)},
			},
			{nil, props{"a": kindInt, "b": kindString, "c": kindBool}, typ{omit: proto.Bool(true), remove: proto.Bool(true)}},
		} {
			put := step.flags
			put.name, put.properties = &name, step.put
			same, err := k.putType(s, put)
			s.ok(err)
			equal(s, "the id", same, id)
			got, err := k.typeByName(s, name, nil)
			s.ok(err)
			s.same(k.typeMessage(got), k.typeMessage(typ{id: &id, name: &name, properties: step.want}))
		}
	})}
}

func typeNotFound(k kind) Case {
	return Case{Name: "a missing type is not found", Run: on(func(s *scene) {
		_, name := k.newType(s, nil)
		_, err := k.typeByName(s, s.own("missing"), nil)
		s.refused(err, codes.NotFound, "No type found for query, name: ")
		_, err = k.typeByName(s, name, proto.String("v9"))
		s.refused(err, codes.NotFound, "No type found for query, name: ")
		_, err = k.typeByName(s, "", nil)
		s.refused(err, codes.NotFound, "No type found for query, name: ")
		for _, other := range kinds {
			if other.name != k.name {
				_, err = other.typeByName(s, name, nil)
				s.refused(err, codes.NotFound, "No type found for query, name: ")
			}
		}
	})}
}

func typesReadByID(k kind) Case {
	return Case{Name: "types by ID are in the order of the request", Run: on(func(s *scene) {
		a, err := k.putType(s, typ{name: proto.String(s.own("a"))})
		s.ok(err)
		b, err := k.putType(s, typ{name: proto.String(s.own("b"))})
		s.ok(err)
		var foreign int64
		for _, other := range kinds {
			if other.name != k.name {
				foreign, _ = other.newType(s, nil)
			}
		}
		got, err := k.typesByID(s, b, 1<<40, a, foreign, b, 0, -1)
		s.ok(err)
		equalList(s, "the ids", mapped(got, func(t typ) int64 { return *t.id }), b, a, b)
		got, err = k.typesByID(s)
		s.ok(err)
		equal(s, "the answer to no id", len(got), 0)
	})}
}

func allTypesAnswersEveryVersion(k kind) Case {
	return Case{Name: "all types include all versions, without external IDs", Run: on(func(s *scene) {
		name := s.own("all")
		plain, err := k.putType(s, typ{name: &name, externalID: proto.String(s.own("x")), description: proto.String("d")})
		s.ok(err)
		v1, err := k.putType(s, typ{name: &name, version: proto.String("v1"), properties: props{"p": kindDouble}})
		s.ok(err)
		got, err := k.allTypes(s)
		s.ok(err)
		got = slices.DeleteFunc(got, func(t typ) bool { return *t.name != name })
		if len(got) != 2 {
			s.Fatalf("%d types are called %s; want 2", len(got), name)
		}
		slices.SortFunc(got, func(a, b typ) int { return int(*a.id - *b.id) })
		s.same(k.typeMessage(got[0]), k.typeMessage(typ{id: &plain, name: &name, description: proto.String("d")}))
		s.same(k.typeMessage(got[1]), k.typeMessage(typ{
			id: &v1, name: &name, version: proto.String("v1"), properties: props{"p": kindDouble},
		}))
	})}
}
