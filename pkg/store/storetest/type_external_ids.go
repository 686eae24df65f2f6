package storetest

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

func typeExternalIDs(k kind) Case {
	return Case{Name: "the external ID of a type can be set and replaced, not cleared", Run: on(func(s *scene) {
		name, first, second := s.own("t"), s.own("first"), s.own("second")
		id, err := k.putType(s, typ{name: &name})
		s.ok(err)
		want := func(externalID string) {
			s.Helper()
			got, err := k.typesByID(s, id)
			s.ok(err)
			s.same(k.typeMessage(got[0]), k.typeMessage(typ{id: &id, name: &name, externalID: &externalID}))
		}
		for _, step := range []struct {
			put  *string
			want string
		}{{&first, first}, {nil, first}, {proto.String(""), first}, {&first, first}, {&second, second}} {
			_, err = k.putType(s, typ{name: &name, externalID: step.put})
			s.ok(err)
			want(step.want)
		}
		_, err = k.putType(s, typ{name: proto.String(s.own("other")), externalID: &second})
		s.refused(err, codes.AlreadyExists, "Conflict of external_id: ")
		_, err = k.putType(s, typ{name: proto.String(s.own("other")), externalID: &first})
		s.ok(err)
	})}
}

// typeExternalIDsAcrossKinds checks that external IDs are unique across kinds of
// types, because all types are in one table.
func typeExternalIDsAcrossKinds(k kind) Case {
	clash := func(code codes.Code) func(s *scene) {
		return func(s *scene) {
			taken, name := s.own("taken"), s.own("t")
			for _, other := range kinds {
				if other.name == k.name {
					continue
				}
				externalID := taken + other.name
				_, err := other.putType(s, typ{name: &name, externalID: &externalID})
				s.ok(err)
				_, err = k.putType(s, typ{name: proto.String(s.own("create")), externalID: &externalID})
				s.refused(err, code, "")
				_, err = k.typeByName(s, s.own("create"), nil)
				s.refused(err, codes.NotFound, "")
			}
			_, err := k.putType(s, typ{name: proto.String(s.own("mine")), externalID: &taken})
			s.ok(err)
			_, err = k.putType(s, typ{name: &name})
			s.ok(err)
			_, err = k.putType(s, typ{name: &name, externalID: &taken})
			s.refused(err, code, "")
		}
	}
	return Case{
		Name:              "a type's external id that another type has is refused",
		Requires:          []Capability{TypeAlreadyExists},
		Run:               on(clash(codes.AlreadyExists)),
		WithoutCapability: on(clash(codes.Internal)),
	}
}

func typesReadByExternalID(k kind) Case {
	return Case{Name: "types by external ID are the existing ones", Run: on(func(s *scene) {
		name, version, externalID := s.own("t"), "v2", s.own("x")
		want := typ{
			name: &name, version: &version, externalID: &externalID, description: proto.String("d"),
			properties: props{"p": kindInt},
		}
		id, err := k.putType(s, want)
		s.ok(err)
		want.id = &id
		got, err := k.typesByExternalIDs(s, externalID, s.own("missing"), externalID)
		s.ok(err)
		if len(got) != 1 {
			s.Fatalf("%d types; want 1", len(got))
		}
		s.same(k.typeMessage(got[0]), k.typeMessage(want))

		got, err = k.typesByExternalIDs(s)
		s.ok(err)
		equal(s, "the answer to no external id", len(got), 0)
		_, err = k.typesByExternalIDs(s, s.own("missing"))
		s.refused(err, codes.NotFound, "No types found for external_ids.")
		_, err = k.typesByExternalIDs(s, externalID, "")
		s.refused(err, codes.InvalidArgument, "at least one empty external_id")
		for _, other := range kinds {
			if other.name != k.name {
				_, err = other.typesByExternalIDs(s, externalID)
				s.refused(err, codes.NotFound, "No types found for external_ids.")
			}
		}
	})}
}
