package storetest

import (
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func readCases() []Case {
	return slices.Concat(
		forEachKind(readByID),
		forEachKind(readByExternalID),
		forEachKind(readByType),
		forEachKind(readByTypeAndName),
		forEachKind(readAll),
		[]Case{artifactTypesOfArtifacts(), artifactsByURI(), removedURIField(), emptyLineageGraph()},
	)
}

func readByID(k kind) Case {
	return Case{Name: "nodes by ID are the existing ones, each once", Run: on(func(s *scene) {
		typeID, _ := k.newType(s, nil)
		a := k.one(s, node{typeID: &typeID, name: proto.String(s.own("a"))})
		b := k.one(s, node{typeID: &typeID, name: proto.String(s.own("b"))})
		got, err := k.byID(s, b, 0, a, 1<<40, b, -1, 1<<62)
		s.ok(err)
		found := ids(got)
		slices.Sort(found)
		equalList(s, "the ids", found, a, b)
		got, err = k.byID(s)
		s.ok(err)
		equal(s, "the answer to no id", len(got), 0)
	})}
}

func readByExternalID(k kind) Case {
	return Case{Name: "nodes by external ID are the existing ones", Run: on(func(s *scene) {
		typeID, _ := k.newType(s, nil)
		x, y := s.own("x"), s.own("y")
		a := k.one(s, node{typeID: &typeID, name: proto.String(s.own("a")), externalID: &x})
		b := k.one(s, node{typeID: &typeID, name: proto.String(s.own("b")), externalID: &y})
		got, err := k.byExternalIDs(s, y, s.own("missing"), x, y)
		s.ok(err)
		found := ids(got)
		slices.Sort(found)
		equalList(s, "the ids", found, a, b)
		s.same(k.message(got[0]), k.message(k.read(s, *got[0].id)))
		got, err = k.byExternalIDs(s)
		s.ok(err)
		equal(s, "the answer to no external id", len(got), 0)
		_, err = k.byExternalIDs(s, s.own("missing"))
		s.refused(err, codes.NotFound, "No "+k.name+"s found for external_ids.")
		_, err = k.byExternalIDs(s, x, "")
		s.refused(err, codes.InvalidArgument, "at least one empty external_id")
	})}
}

func readByType(k kind) Case {
	return Case{Name: "nodes by type are those of one version", Run: on(func(s *scene) {
		plain, name := k.newType(s, nil)
		v1, err := k.putType(s, typ{name: &name, version: proto.String("v1")})
		s.ok(err)
		a := k.one(s, node{typeID: &plain, name: proto.String(s.own("a"))})
		b := k.one(s, node{typeID: &v1, name: proto.String(s.own("b"))})
		c := k.one(s, node{typeID: &plain, name: proto.String(s.own("c"))})
		for _, r := range []struct {
			version *string
			want    []int64
		}{
			{nil, []int64{a, c}},
			{proto.String(""), []int64{a, c}},
			{proto.String("v1"), []int64{b}},
			{proto.String("v2"), nil},
		} {
			got, err := k.byType(s, name, r.version)
			s.ok(err)
			found := ids(got)
			slices.Sort(found)
			equalList(s, "the ids", found, r.want...)
		}
		got, err := k.byType(s, s.own("missing"), nil)
		s.ok(err)
		equal(s, "the nodes of an unknown type", len(got), 0)
	})}
}

func readByTypeAndName(k kind) Case {
	return Case{Name: "a node by type and name", Run: on(func(s *scene) {
		plain, typeName := k.newType(s, nil)
		v1, err := k.putType(s, typ{name: &typeName, version: proto.String("v1")})
		s.ok(err)
		name := s.own("n")
		a := k.one(s, node{typeID: &plain, name: &name})
		b := k.one(s, node{typeID: &v1, name: &name})
		for _, r := range []struct {
			typeName string
			version  *string
			name     string
			want     int64
		}{
			{typeName, nil, name, a},
			{typeName, proto.String(""), name, a},
			{typeName, proto.String("v1"), name, b},
			{typeName, proto.String("v2"), name, 0},
			{s.own("missing"), nil, name, 0},
			{typeName, nil, s.own("missing"), 0},
			{typeName, nil, "", 0},
			{"", nil, "", 0},
			{typeName, nil, name + " ", 0},
		} {
			got, err := k.byTypeAndName(s, r.typeName, r.version, r.name)
			s.ok(err)
			switch {
			case got == nil:
				equal(s, "nothing is found instead of", r.want, 0)
			default:
				equal(s, "the id", *got.id, r.want)
				s.same(k.message(*got), k.message(k.read(s, r.want)))
			}
		}
	})}
}

func readAll(k kind) Case {
	return Case{Name: "all nodes are sorted by ID", Requires: []Capability{
		EmptyStore, ReadsSortedByID,
	}, Run: on(func(s *scene) {
		got, err := k.all(s)
		s.ok(err)
		equal(s, "the number of nodes at first", len(got), 0)
		first, _ := k.newType(s, nil)
		second, _ := k.newType(s, nil)
		var want []int64
		for i := range 25 {
			typeID := first
			if i%3 == 0 {
				typeID = second
			}
			want = append(want, k.one(s, node{typeID: &typeID, name: proto.String(string(rune('z' - i)))}))
		}
		_, err = k.put(s, nil, node{id: &want[3], name: proto.String("moved"), custom: values{"c": integer(1)}})
		s.ok(err)
		got, err = k.all(s)
		s.ok(err)
		equalList(s, "the ids", ids(got), want...)
		got, err = k.byID(s, append(slices.Clone(want[10:]), want[:10]...)...)
		s.ok(err)
		equalList(s, "the ids", ids(got), want...)
	})}
}

func artifactTypesOfArtifacts() Case {
	return Case{Name: "populate_artifact_types adds each type once, in the order of the " +
		"artifacts", Run: on(func(s *scene) {
		base := int32(mlmdpb.ArtifactType_MODEL)
		first := typ{
			name: proto.String(s.own("t")), version: proto.String("v"), description: proto.String("d"),
			externalID: proto.String(s.own("x")), properties: props{"i": kindInt}, base: &base,
		}
		firstID, err := artifacts.putType(s, first)
		s.ok(err)
		secondID, secondName := artifacts.newType(s, nil)
		first.id, first.base = &firstID, nil
		b := artifacts.one(s, node{typeID: &secondID})
		a := artifacts.one(s, node{typeID: &firstID})
		c := artifacts.one(s, node{typeID: &secondID})
		for _, populate := range []*bool{nil, proto.Bool(false), proto.Bool(true)} {
			r, err := s.rpc.GetArtifactsByID(s.ctx, &mlmdpb.GetArtifactsByIDRequest{
				ArtifactIds: []int64{a, b, c}, PopulateArtifactTypes: populate,
			})
			s.ok(err)
			equal(s, "the number of artifacts", len(r.Artifacts), 3)
			if populate == nil || !*populate {
				equal(s, "the number of types", len(r.ArtifactTypes), 0)
				continue
			}
			if len(r.ArtifactTypes) != 2 {
				s.Fatalf("%d types; want 2", len(r.ArtifactTypes))
			}
			byID := map[int64]*mlmdpb.ArtifactType{}
			for _, t := range r.ArtifactTypes {
				byID[t.GetId()] = t
			}
			s.same(byID[firstID], first.artifact())
			s.same(byID[secondID], typ{id: &secondID, name: &secondName}.artifact())
			equal(s, "the first type is that of the first artifact", r.ArtifactTypes[0].GetId(), r.Artifacts[0].GetTypeId())
		}
	})}
}

func artifactsByURI() Case {
	return Case{Name: "artifacts by URI match exactly", Run: on(func(s *scene) {
		typeID, _ := artifacts.newType(s, nil)
		x, y := s.own("s3://x"), s.own("s3://y")
		a := artifacts.one(s, node{typeID: &typeID, uri: &x})
		b := artifacts.one(s, node{typeID: &typeID, uri: &y})
		c := artifacts.one(s, node{typeID: &typeID, uri: &x})
		bare := artifacts.one(s, node{typeID: &typeID})
		read := func(uris ...string) []int64 {
			r, err := s.rpc.GetArtifactsByURI(s.ctx, &mlmdpb.GetArtifactsByURIRequest{Uris: uris})
			s.ok(err)
			return slices.Sorted(slices.Values(mapped(r.Artifacts, (*mlmdpb.Artifact).GetId)))
		}
		equalList(s, "the artifacts of one uri", read(x), a, c)
		equalList(s, "the artifacts of several uris", read(y, x, y, s.own("missing")), a, b, c)
		equalList(s, "the artifacts of a part of a uri", read("s3://x"))
		equalList(s, "the artifacts of no uri", read())
		equal(s, "the artifact without a uri is found by the empty one", slices.Contains(read(""), bare), true)
	})}
}

func removedURIField() Case {
	return Case{Name: "the former field uri of GetArtifactsByURI is rejected", Run: on(func(s *scene) {
		for _, old := range [][]byte{
			protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "s3://x"),
			protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 7),
		} {
			for _, uris := range [][]string{nil, {"s3://x"}} {
				r := &mlmdpb.GetArtifactsByURIRequest{Uris: uris}
				r.ProtoReflect().SetUnknown(old)
				_, err := s.rpc.GetArtifactsByURI(s.ctx, r)
				s.refused(err, codes.InvalidArgument, "The request contains deprecated field")
			}
		}
		r := &mlmdpb.GetArtifactsByURIRequest{}
		r.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 77, protowire.VarintType), 7))
		_, err := s.rpc.GetArtifactsByURI(s.ctx, r)
		s.ok(err)
	})}
}

func emptyLineageGraph() Case {
	ask := func(s *scene) error {
		_, err := s.rpc.GetLineageGraph(s.ctx, &mlmdpb.GetLineageGraphRequest{})
		return err
	}
	return Case{
		Name: "a lineage graph without start nodes is rejected", Requires: []Capability{LineageGraphRPC},
		Run:               on(func(s *scene) { s.refused(ask(s), codes.InvalidArgument, "query_nodes") }),
		WithoutCapability: on(func(s *scene) { s.refused(ask(s), codes.Unimplemented, "") }),
	}
}
