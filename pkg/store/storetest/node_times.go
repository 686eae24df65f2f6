package storetest

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// tick waits until the server's clock has advanced by a millisecond.
func tick() { time.Sleep(3 * time.Millisecond) }

func nodeTimes(k kind) Case {
	return Case{Name: "a node put unchanged keeps its update time", Run: on(func(s *scene) {
		typeID, _ := k.newType(s, everyProperty)
		id := k.one(s, k.full(s, typeID))
		before := k.read(s, id)
		tick()
		_, err := k.put(s, nil, before)
		s.ok(err)
		s.same(k.message(k.read(s, id)), k.message(before))
		before.typeID, before.created, before.lastUpdate = nil, nil, proto.Int64(1)
		_, err = k.put(s, nil, before)
		s.ok(err)
		_, err = k.put(s, []string{"custom_properties", "uri", "properties.i"}, before)
		s.ok(err)
		after := k.read(s, id)
		equal(s, "the update time of a node that never changed", *after.lastUpdate, *after.created)
	})}
}

// A timeMove is a put of a node as it was read, after change.
type timeMove struct {
	name   string
	change func(s *scene, n *node)
	mask   []string
	moves  bool
	only   string // the only kind to check; empty: all
}

var timeMoves = []timeMove{
	{"a property changed", func(_ *scene, n *node) { n.properties = values{"i": integer(2)} }, nil, true, ""},
	{"a property gone", func(_ *scene, n *node) { n.properties = nil }, nil, true, ""},
	{"a custom property added", func(_ *scene, n *node) { n.custom = values{"c": integer(1)} }, nil, true, ""},
	{"the type's name absent", func(_ *scene, n *node) { n.typeName = nil }, nil, true, ""},
	{"the type's name another", func(_ *scene, n *node) { n.typeName = proto.String("x") }, nil, true, ""},
	{"the type's id absent", func(_ *scene, n *node) { n.typeID = nil }, nil, false, ""},
	{"the times others", func(_ *scene, n *node) { n.created, n.lastUpdate = nil, proto.Int64(7) }, nil, false, ""},
	{"the external id gone", func(_ *scene, n *node) { n.externalID = nil }, nil, true, ""},
	{
		"system metadata", func(_ *scene, n *node) { n.systemMetadata = &anypb.Any{TypeUrl: "type.example/x"} }, nil,
		true, "",
	},
	{"another name", func(s *scene, n *node) { n.name = proto.String(s.own("another")) }, nil, true, ""},
	{"the uri absent", func(_ *scene, n *node) { n.uri = nil }, nil, true, "artifact"},
	{"the state unknown instead of absent", func(_ *scene, n *node) { n.state = proto.Int32(0) }, nil, true, "artifact"},
	{
		"the last state unknown instead of absent", func(_ *scene, n *node) { n.state = proto.Int32(0) }, nil, true,
		"execution",
	},
	{
		"masked, and nothing masked changed", func(_ *scene, n *node) { n.typeName = nil },
		[]string{"properties.i"},
		true, "",
	},
	{
		"masked, and only unmasked properties changed", func(_ *scene, n *node) { n.custom = values{"c": integer(1)} },
		[]string{"properties.i"},
		false, "",
	},
	{"masked with an unknown path", func(_ *scene, n *node) { n.typeName = nil }, []string{"nothing"}, true, ""},
	{
		"masked whole, as it was read", func(*scene, *node) {},
		[]string{"properties", "custom_properties", "uri", "external_id"},
		false, "",
	},
}

func nodeTimeMoves(k kind) Case {
	return Case{Name: "the update time changes if the message differs from the stored node", Run: on(func(s *scene) {
		typeID, _ := k.newType(s, props{"i": kindInt})
		for _, m := range timeMoves {
			if m.only != "" && m.only != k.name {
				continue
			}
			id := k.one(s, node{
				typeID: &typeID, name: proto.String(s.own(m.name)), externalID: proto.String(s.own(m.name)),
				properties: values{"i": integer(1)},
			})
			before := k.read(s, id)
			sent := before
			m.change(s, &sent)
			tick()
			_, err := k.put(s, m.mask, sent)
			s.ok(err)
			after := k.read(s, id)
			equal(s, m.name+": the create time", *after.created, *before.created)
			equal(s, m.name+": the update time moved", *after.lastUpdate > *before.lastUpdate, m.moves)
		}
	})}
}
