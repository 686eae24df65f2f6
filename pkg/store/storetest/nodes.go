package storetest

import (
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func nodeCases() []Case {
	return slices.Concat(
		forEachKind(nodeCreated),
		forEachKind(nodeRefusals),
		forEachKind(nodeConflictsOnCreate),
		forEachKind(nodeConflictsOnUpdate),
		forEachKind(nodeUniqueScopes),
		forEachKind(nodeReplaced),
		forEachKind(nodeUpdateRefusals),
		forEachKind(nodeUndone),
		forEachKind(nodeTimes),
		forEachKind(nodeTimeMoves),
		forEachKind(nodeRepeatedInOneRequest),
		nodeNameCases(),
		abortIfChangedCases(),
	)
}

var everyProperty = props{
	"i": kindInt, "d": kindDouble, "s": kindString, "b": kindBool, "st": kindStruct, "p": kindProto,
}

// full returns a node with all fields of its kind.
func (k kind) full(s *scene, typeID int64) node {
	n := node{
		typeID: &typeID, name: proto.String(s.own("full")), externalID: proto.String(s.own("x")),
		properties: values{
			"i": integer(-7), "d": double(0.5), "s": str("naïve 日本"), "b": boolean(false), "st": object("a", 1),
			"p": packed("hello"),
		},
		custom: values{"ci": str("not an int here"), "": integer(0), "é.x": boolean(true)},
	}
	if k.name != contexts.name {
		n.state = proto.Int32(2)
	}
	if k.name == artifacts.name {
		n.uri = proto.String("s3://a/b?c=d#é")
	}
	return n
}

func nodeCreated(k kind) Case {
	return Case{Name: "a node reads as it was created", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, everyProperty)
		want := k.full(s, typeID)
		sent := want
		sent.typeName, sent.created, sent.lastUpdate = proto.String("ignored"), proto.Int64(5), proto.Int64(6)
		sent.systemMetadata = &anypb.Any{TypeUrl: "type.example/x", Value: []byte("ignored")}
		before := time.Now().UnixMilli()
		got := k.stored(s, k.one(s, sent), typeName, want)
		equal(s, "the two times are one", *got.created, *got.lastUpdate)
		if *got.created < before-1 || *got.created > time.Now().UnixMilli()+1 {
			s.Errorf("it was created at %d; want the time of the call, %d", *got.created, before)
		}
		least := k.minimal(s, typeID)
		k.stored(s, k.one(s, least), typeName, least)
	})}
}

// A nodeRefusal is an invalid node; build changes a valid one.
type nodeRefusal struct {
	name     string
	build    func(s *scene, n *node)
	code     codes.Code
	fragment string
	only     string // the only kind to check; empty: all
}

var nodeRefusalRows = []nodeRefusal{
	{"no type", func(_ *scene, n *node) { n.typeID = nil }, codes.InvalidArgument, "Type id is missing.", ""},
	{
		"an unknown type", func(_ *scene, n *node) { n.typeID = proto.Int64(1 << 40) }, codes.NotFound,
		"Cannot find type for ", "",
	},
	{
		"an unknown type says which", func(_ *scene, n *node) { n.typeID = proto.Int64(0) }, codes.NotFound,
		"No type found for query, type_id: ", "",
	},
	{"a negative type", func(_ *scene, n *node) { n.typeID = proto.Int64(-1) }, codes.NotFound, "No type found", ""},
	{
		"a property that the type lacks", func(_ *scene, n *node) { n.properties = values{"no": integer(1)} },
		codes.InvalidArgument, "Found unknown property: ", "",
	},
	{
		"a property that the type lacks says of what", func(_ *scene, n *node) { n.properties = values{"no": integer(1)} },
		codes.InvalidArgument, "Cannot validate properties of ", "",
	},
	{
		"an int for a double", func(_ *scene, n *node) { n.properties = values{"d": integer(1)} },
		codes.InvalidArgument, "Found unmatched property type: ", "",
	},
	{
		"a bool for an int", func(_ *scene, n *node) { n.properties = values{"i": boolean(true)} },
		codes.InvalidArgument, "Found unmatched property type: ", "",
	},
	{
		"a property without a kind", func(_ *scene, n *node) { n.properties = values{"s": {}} },
		codes.InvalidArgument, "Found unmatched property type: ", "",
	},
	{
		"no name", func(_ *scene, n *node) { n.name = nil }, codes.InvalidArgument, "Context name should not be empty",
		"context",
	},
	{
		"an empty name", func(_ *scene, n *node) { n.name = proto.String("") }, codes.InvalidArgument,
		"Context name should not be empty", "context",
	},
	{
		"an unknown id", func(_ *scene, n *node) { n.id = proto.Int64(1 << 40) }, codes.InvalidArgument,
		"Cannot find the given id ", "",
	},
	{
		"the id 0", func(_ *scene, n *node) { n.id = proto.Int64(0) }, codes.InvalidArgument,
		"Cannot find the given id ", "",
	},
	{
		"a negative id", func(_ *scene, n *node) { n.id = proto.Int64(-1) }, codes.InvalidArgument,
		"Cannot find the given id ", "",
	},
}

func nodeRefusals(k kind) Case {
	return Case{Name: "an invalid node is rejected without a write", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, everyProperty)
		for _, r := range nodeRefusalRows {
			if r.only != "" && r.only != k.name {
				continue
			}
			good, bad := k.full(s, typeID), k.full(s, typeID)
			bad.name, bad.externalID = proto.String(s.own("bad")), nil
			r.build(s, &bad)
			_, err := k.put(s, nil, good, bad)
			s.Logf("%s", r.name)
			s.refused(err, r.code, r.fragment)
			left, err := k.byType(s, typeName, nil)
			s.ok(err)
			equal(s, "the number of nodes left behind", len(left), 0)
		}
		foreign := kinds[0]
		if k.name == foreign.name {
			foreign = kinds[1]
		}
		otherType, _ := foreign.newType(s, nil)
		_, err := k.put(s, nil, k.minimal(s, otherType))
		s.refused(err, codes.NotFound, "No type found for query, type_id: ")
	})}
}

func nodeConflictsOnCreate(k kind) Case {
	return Case{Name: "a taken name or external ID is rejected", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, nil)
		name, externalID := s.own("taken"), s.own("x")
		id := k.one(s, node{typeID: &typeID, name: &name, externalID: &externalID})
		for _, n := range []node{
			{typeID: &typeID, name: &name},
			{typeID: &typeID, name: proto.String(s.own("free")), externalID: &externalID},
		} {
			_, err := k.put(s, nil, n)
			s.refused(err, codes.AlreadyExists, "Given node already exists: ")
		}
		twin := node{typeID: &typeID, name: proto.String(s.own("twin"))}
		_, err := k.put(s, nil, twin, twin)
		s.refused(err, codes.AlreadyExists, "Given node already exists: ")
		left, err := k.byType(s, typeName, nil)
		s.ok(err)
		equalList(s, "the ids", ids(left), id)
	})}
}

func nodeConflictsOnUpdate(k kind) Case {
	clash := func(code codes.Code) func(s *scene) {
		return func(s *scene) {
			typeID, typeName := k.newType(s, props{"p": kindInt})
			name, other, taken := s.own("a"), s.own("b"), s.own("x")
			k.one(s, node{typeID: &typeID, name: &other, externalID: &taken})
			want := node{typeID: &typeID, name: &name, properties: values{"p": integer(1)}}
			id := k.one(s, want)
			change := node{id: &id, name: &name, externalID: &taken, properties: values{"p": integer(2)}}
			_, err := k.put(s, nil, change)
			s.refused(err, code, "")
			_, err = k.put(s, []string{"external_id", "properties.p"}, change)
			s.refused(err, code, "")
			if k.name == contexts.name {
				_, err = k.put(s, nil, node{id: &id, name: &other})
				s.refused(err, code, "")
			}
			k.stored(s, id, typeName, want)
		}
	}
	return Case{
		Name:              "an update that takes what is taken is refused",
		Requires:          []Capability{UpdateAlreadyExists},
		Run:               on(clash(codes.AlreadyExists)),
		WithoutCapability: on(clash(codes.Internal)),
	}
}

func nodeUniqueScopes(k kind) Case {
	return Case{Name: "names are unique within a type, external IDs within a kind", Run: on(func(s *scene) {
		first, err := k.putType(s, typ{name: proto.String(s.own("one"))})
		s.ok(err)
		second, err := k.putType(s, typ{name: proto.String(s.own("one")), version: proto.String("2")})
		s.ok(err)
		name, externalID := s.own("n"), s.own("x")
		k.one(s, node{typeID: &first, name: &name, externalID: &externalID})
		k.one(s, node{typeID: &second, name: &name})
		_, err = k.put(s, nil, node{typeID: &second, name: proto.String(s.own("m")), externalID: &externalID})
		s.refused(err, codes.AlreadyExists, "Given node already exists: ")
		for _, other := range kinds {
			if other.name != k.name {
				typeID, _ := other.newType(s, nil)
				other.one(s, node{typeID: &typeID, name: &name, externalID: &externalID})
			}
		}
		if k.name == contexts.name {
			return
		}
		k.one(s, node{typeID: &first})
		k.one(s, node{typeID: &first})
		k.one(s, node{typeID: &first, name: proto.String("")})
		_, err = k.put(s, nil, node{typeID: &first, name: proto.String("")})
		s.refused(err, codes.AlreadyExists, "Given node already exists: ")
	})}
}

func nodeReplaced(k kind) Case {
	return Case{Name: "an update without a mask replaces the node", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, everyProperty)
		before := k.full(s, typeID)
		id := k.one(s, before)
		after := node{
			typeID: &typeID, name: before.name,
			properties: values{"i": integer(8), "b": boolean(false)},
			custom:     values{"ci": double(1), "new": str("")},
		}
		sent := after
		sent.id, sent.typeID = &id, nil
		_, err := k.put(s, nil, sent)
		s.ok(err)
		k.stored(s, id, typeName, after)

		empty := node{typeID: &typeID, name: before.name}
		sent = node{id: &id, typeID: &typeID, name: before.name}
		_, err = k.put(s, nil, sent)
		s.ok(err)
		k.stored(s, id, typeName, empty)

		full := before
		full.id = &id
		_, err = k.put(s, nil, full)
		s.ok(err)
		k.stored(s, id, typeName, before)
	})}
}

func nodeUpdateRefusals(k kind) Case {
	return Case{Name: "an invalid update is rejected without a write", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, props{"i": kindInt})
		otherType, err := k.putType(s, typ{name: proto.String(s.own("other"))})
		s.ok(err)
		want := node{typeID: &typeID, name: proto.String(s.own("n")), properties: values{"i": integer(1)}}
		id := k.one(s, want)
		rows := []struct {
			n        node
			code     codes.Code
			fragment string
		}{
			{node{typeID: &otherType, name: want.name}, codes.InvalidArgument, " is different from the one known before: "},
			{node{typeID: proto.Int64(0), name: want.name}, codes.InvalidArgument, " is different from the one known before: "},
			{node{name: want.name, properties: values{"no": integer(1)}}, codes.InvalidArgument, "Found unknown property: "},
			{node{name: want.name, properties: values{"i": str("1")}}, codes.InvalidArgument, "Found unmatched property type: "},
			{node{name: want.name, properties: values{"i": {}}}, codes.InvalidArgument, "Found unmatched property type: "},
		}
		for _, r := range rows {
			r.n.id = &id
			_, err := k.put(s, nil, r.n)
			s.refused(err, r.code, r.fragment)
		}
		if k.name == contexts.name {
			for _, name := range []*string{nil, proto.String("")} {
				_, err := k.put(s, nil, node{id: &id, name: name})
				s.refused(err, codes.InvalidArgument, "Context name should not be empty")
			}
		}
		k.stored(s, id, typeName, want)
	})}
}

func nodeUndone(k kind) Case {
	return Case{Name: "an invalid node undoes the updates before it", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, props{"i": kindInt})
		want := node{typeID: &typeID, name: proto.String(s.own("n")), properties: values{"i": integer(1)}}
		id := k.one(s, want)
		change := node{id: &id, name: want.name, properties: values{"i": integer(2)}}
		_, err := k.put(s, nil, change, node{})
		s.refused(err, codes.InvalidArgument, "Type id is missing.")
		k.stored(s, id, typeName, want)
		none, err := k.put(s, nil)
		s.ok(err)
		equal(s, "the number of ids for no node", len(none), 0)
	})}
}

func nodeRepeatedInOneRequest(k kind) Case {
	return Case{Name: "one node twice in a request is updated twice", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, props{"i": kindInt})
		want := node{typeID: &typeID, name: proto.String(s.own("n"))}
		id := k.one(s, want)
		got, err := k.put(s, nil,
			node{id: &id, name: want.name, properties: values{"i": integer(1)}},
			node{id: &id, name: want.name, custom: values{"c": integer(2)}})
		s.ok(err)
		equalList(s, "the ids", got, id, id)
		want.custom = values{"c": integer(2)}
		k.stored(s, id, typeName, want)
	})}
}

func nodeNameCases() []Case {
	var out []Case
	for _, k := range []kind{artifacts, executions} {
		out = append(out, Case{Name: k.name + ": a name can be neither changed nor added", Run: on(func(s *scene) {
			typeID, typeName := k.newType(s, nil)
			named := node{typeID: &typeID, name: proto.String(s.own("n"))}
			nameless := node{typeID: &typeID}
			a, b := k.one(s, named), k.one(s, nameless)
			for _, mask := range [][]string{nil, {"name"}} {
				_, err := k.put(s, mask, node{id: &a, name: proto.String(s.own("m"))}, node{id: &b, name: proto.String(s.own("o"))})
				s.ok(err)
				k.stored(s, a, typeName, named)
				k.stored(s, b, typeName, nameless)
			}
		})})
	}
	return append(out, Case{Name: "context: a name can be changed", Run: on(func(s *scene) {
		typeID, typeName := contexts.newType(s, nil)
		id := contexts.one(s, node{typeID: &typeID, name: proto.String(s.own("n"))})
		after := node{typeID: &typeID, name: proto.String(s.own("m"))}
		_, err := contexts.put(s, nil, node{id: &id, name: after.name})
		s.ok(err)
		contexts.stored(s, id, typeName, after)
		contexts.one(s, node{typeID: &typeID, name: proto.String(s.own("n"))})
	})}, Case{Name: "an unknown state is treated as absent", Run: on(func(s *scene) {
		for _, k := range []kind{artifacts, executions} {
			typeID, typeName := k.newType(s, nil)
			k.stored(s, k.one(s, node{typeID: &typeID, state: proto.Int32(99)}), typeName, node{typeID: &typeID})
			k.stored(
				s, k.one(s, node{typeID: &typeID, state: proto.Int32(0)}), typeName,
				node{typeID: &typeID, state: proto.Int32(0)},
			)
		}
	})})
}

func abortIfChangedCases() []Case {
	put := func(s *scene, nodes ...*mlmdpb.Artifact) error {
		_, err := s.rpc.PutArtifacts(s.ctx, &mlmdpb.PutArtifactsRequest{
			Artifacts: nodes, Options: &mlmdpb.PutArtifactsRequest_Options{AbortIfLatestUpdatedTimeChanged: proto.Bool(true)},
		})
		return err
	}
	const fragment = "abort_if_latest_updated_time_changed"
	return []Case{
		{Name: "abort_if_latest_updated_time_changed lets the first writer win", Run: on(func(s *scene) {
			typeID, typeName := artifacts.newType(s, props{"i": kindInt})
			id := artifacts.one(s, node{typeID: &typeID})
			read := artifacts.read(s, id).artifact()
			first, second := proto.Clone(read).(*mlmdpb.Artifact), proto.Clone(read).(*mlmdpb.Artifact)
			first.Properties, second.Properties = values{"i": integer(1)}, values{"i": integer(2)}
			s.ok(put(s, first))
			s.refused(put(s, second), codes.FailedPrecondition, fragment)
			got := artifacts.stored(s, id, typeName, node{typeID: &typeID, properties: values{"i": integer(1)}})
			if *got.lastUpdate <= *read.LastUpdateTimeSinceEpoch {
				s.Errorf(
					"the update time is %d after an update at %d; want a later one", *got.lastUpdate,
					*read.LastUpdateTimeSinceEpoch,
				)
			}
		})},
		{Name: "abort_if_latest_updated_time_changed treats an absent time as 0", Run: on(func(s *scene) {
			typeID, _ := artifacts.newType(s, nil)
			id := artifacts.one(s, node{typeID: &typeID})
			s.refused(put(s, &mlmdpb.Artifact{Id: &id}), codes.FailedPrecondition, fragment)
			s.refused(put(s, &mlmdpb.Artifact{Id: proto.Int64(1 << 40)}), codes.InvalidArgument, "Cannot find the given id ")
			s.ok(put(s, &mlmdpb.Artifact{TypeId: &typeID}))
		})},
		{Name: "abort_if_latest_updated_time_changed undoes the whole request", Run: on(func(s *scene) {
			typeID, typeName := artifacts.newType(s, props{"i": kindInt})
			id := artifacts.one(s, node{typeID: &typeID})
			read := artifacts.read(s, id).artifact()
			change := proto.Clone(read).(*mlmdpb.Artifact)
			change.Properties = values{"i": integer(1)}
			s.refused(put(s, change, change), codes.FailedPrecondition, fragment)
			artifacts.stored(s, id, typeName, node{typeID: &typeID})
		})},
	}
}
