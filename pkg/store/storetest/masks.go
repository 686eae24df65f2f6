package storetest

import (
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

func maskCases() []Case {
	return slices.Concat(
		forEachKind(maskedUpdates),
		forEachKind(maskIgnoredByCreation),
		forEachKind(maskRefusals),
		forEachKind(maskOverManyNodes),
	)
}

// A maskedUpdate is an update of a node with the properties i = 1 and a.b = 2, the
// custom properties x = 1 and y.z = 2, an external ID and, if its kind has them, a
// state and a URI.
type maskedUpdate struct {
	name string
	mask []string
	send node
	want func(n *node) // changes the stored node to the expected one
	only string        // the only kind to check; empty: all
}

var maskedUpdateRows = []maskedUpdate{
	{
		"one property",
		[]string{"properties.i"},
		node{properties: values{"i": integer(9), "a.b": integer(9)}, custom: values{"x": integer(9)}},
		func(n *node) { n.properties = values{"i": integer(9), "a.b": integer(2)} }, "",
	},
	{
		"one property that is absent",
		[]string{"properties.i"},
		node{},
		func(n *node) { n.properties = values{"a.b": integer(2)} }, "",
	},
	{
		"a property with a dot",
		[]string{"properties.a.b"},
		node{properties: values{"a.b": integer(9)}},
		func(n *node) { n.properties = values{"i": integer(1), "a.b": integer(9)} }, "",
	},
	{
		"a new property",
		[]string{"properties.new"},
		node{properties: values{"new": integer(3)}},
		func(n *node) { n.properties = values{"i": integer(1), "a.b": integer(2), "new": integer(3)} }, "",
	},
	{
		"all properties",
		[]string{"properties"},
		node{properties: values{"new": integer(3)}},
		func(n *node) { n.properties = values{"new": integer(3)} }, "",
	},
	{
		"all properties and one",
		[]string{"properties.i", "properties"},
		node{properties: values{"new": integer(3)}},
		func(n *node) { n.properties = values{"new": integer(3)} }, "",
	},
	{"all properties, none sent", []string{"properties"}, node{}, func(n *node) { n.properties = nil }, ""},
	{
		"one custom property",
		[]string{"custom_properties.x"},
		node{custom: values{"x": str("s"), "y.z": integer(9)}},
		func(n *node) { n.custom = values{"x": str("s"), "y.z": integer(2)} }, "",
	},
	{
		"one custom property with a dot, absent",
		[]string{"custom_properties.y.z"},
		node{},
		func(n *node) { n.custom = values{"x": integer(1)} }, "",
	},
	{
		"all custom properties",
		[]string{"custom_properties"},
		node{custom: values{"new": double(1)}},
		func(n *node) { n.custom = values{"new": double(1)} }, "",
	},
	{
		"both maps at once",
		[]string{"custom_properties", "properties.i"},
		node{properties: values{"i": integer(5)}},
		func(n *node) { n.custom, n.properties = nil, values{"i": integer(5), "a.b": integer(2)} }, "",
	},
	{
		"the external id",
		[]string{"external_id"},
		node{externalID: proto.String("")},
		func(n *node) { n.externalID = proto.String("") }, "",
	},
	{
		"the external id, absent",
		[]string{"external_id"},
		node{properties: values{"i": integer(9)}},
		func(n *node) { n.externalID = nil }, "",
	},
	{
		"the uri",
		[]string{"uri"},
		node{uri: proto.String("new")},
		func(n *node) { n.uri = proto.String("new") },
		"artifact",
	},
	{"the uri, absent", []string{"uri"}, node{}, func(n *node) { n.uri = nil }, "artifact"},
	{"the state", []string{"state"}, node{state: proto.Int32(4)}, func(n *node) { n.state = proto.Int32(4) }, "artifact"},
	{"the state, absent", []string{"state"}, node{}, func(n *node) { n.state = nil }, "artifact"},
	{
		"the last state",
		[]string{"last_known_state"},
		node{state: proto.Int32(4)},
		func(n *node) { n.state = proto.Int32(4) }, "execution",
	},
	{"the last state, absent", []string{"last_known_state"}, node{}, func(n *node) { n.state = nil }, "execution"},
	{"a field of another kind", []string{"last_known_state"}, node{state: proto.Int32(4)}, func(*node) {}, "artifact"},
	{
		"the name of a context",
		[]string{"name"},
		node{name: proto.String("renamed")},
		func(n *node) { n.name = proto.String("renamed") }, "context",
	},
	{"the name of an artifact", []string{"name"}, node{name: proto.String("renamed")}, func(*node) {}, "artifact"},
	{
		"what the server sets",
		[]string{"id", "type_id", "type", "create_time_since_epoch", "last_update_time_since_epoch"},
		node{},
		func(*node) {}, "",
	},
	{
		"nothing that exists",
		[]string{"nothing", "uri.x", "", "Properties", "system_metadata.type_url"},
		node{properties: values{"i": integer(9)}},
		func(*node) {}, "",
	},
	{
		"words that begin like the maps",
		[]string{"propertiesx", "custom_propertiesi"},
		node{properties: values{"i": integer(9)}, custom: values{"x": integer(9)}},
		func(*node) {}, "",
	},
	{
		"properties of unknown names, absent",
		[]string{"properties.unknown", "custom_properties.unknown"},
		node{},
		func(*node) {}, "",
	},
	{"an empty mask", []string{}, node{name: proto.String("kept")}, func(n *node) { *n = node{name: n.name} }, "artifact"},
}

func maskedUpdates(k kind) Case {
	return Case{Name: "an update with a mask changes the masked fields", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, props{"i": kindInt, "a.b": kindInt, "new": kindInt})
		for _, m := range maskedUpdateRows {
			if m.only != "" && m.only != k.name {
				continue
			}
			stored := node{
				name: proto.String(s.own(m.name)), externalID: proto.String(s.own(m.name)),
				properties: values{"i": integer(1), "a.b": integer(2)}, custom: values{"x": integer(1), "y.z": integer(2)},
			}
			if k.name != contexts.name {
				stored.state = proto.Int32(2)
			}
			if k.name == artifacts.name {
				stored.uri = proto.String("old")
			}
			create := stored
			create.typeID = &typeID
			id := k.one(s, create)
			send := m.send
			send.id, send.externalID = &id, ownIfEmpty(s, send.externalID)
			s.Logf("%s: mask %q", m.name, m.mask)
			_, err := k.put(s, m.mask, send)
			s.ok(err)
			m.want(&stored)
			stored.typeID, stored.externalID = &typeID, ownIfEmpty(s, stored.externalID)
			k.stored(s, id, typeName, stored)
			if stored.externalID != nil { // keep the empty one for other cases
				_, err = k.put(s, []string{"external_id"}, node{id: &id})
				s.ok(err)
			}
		}
	})}
}

// ownIfEmpty replaces an empty external ID by a unique one.
func ownIfEmpty(s *scene, id *string) *string {
	if id != nil && *id == "" {
		return proto.String(s.own("emptied"))
	}
	return id
}

func maskIgnoredByCreation(k kind) Case {
	return Case{Name: "a creation ignores the mask", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, everyProperty)
		want := k.full(s, typeID)
		got, err := k.put(s, []string{"properties.i"}, want)
		s.ok(err)
		k.stored(s, got[0], typeName, want)
	})}
}

func maskRefusals(k kind) Case {
	return Case{Name: "an invalid update with a mask is rejected without a write", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, props{"i": kindInt})
		want := node{typeID: &typeID, name: proto.String(s.own("n")), properties: values{"i": integer(1)}}
		id := k.one(s, want)
		rows := []struct {
			name     string
			mask     []string
			send     node
			code     codes.Code
			fragment string
		}{
			{
				"masked name of another kind of value",
				[]string{"properties.i"},
				node{properties: values{"i": str("x")}},
				codes.InvalidArgument, "Found unmatched property type: ",
			},
			{
				"masked name that the type lacks",
				[]string{"properties.no"},
				node{properties: values{"no": str("x")}},
				codes.InvalidArgument, "Found unknown property: ",
			},
			{
				"all properties",
				[]string{"properties"},
				node{properties: values{"no": str("x")}},
				codes.InvalidArgument, "Found unknown property: ",
			},
			{
				"another type",
				[]string{"properties.i"},
				node{typeID: proto.Int64(typeID + 1)},
				codes.InvalidArgument,
				" is different from the one known before: ",
			},
			{
				"an unknown id",
				[]string{"properties.i"},
				node{id: proto.Int64(1 << 40)},
				codes.InvalidArgument,
				"Cannot find the given id ",
			},
		}
		for _, r := range rows {
			if r.send.id == nil {
				r.send.id = &id
			}
			s.Logf("%s", r.name)
			_, err := k.put(s, r.mask, r.send)
			s.refused(err, r.code, r.fragment)
		}
		if k.name == contexts.name {
			_, err := k.put(s, []string{"name"}, node{id: &id})
			s.refused(err, codes.InvalidArgument, "Context name should not be empty")
		}
		_, err := k.put(s, []string{"custom_properties"}, node{id: &id, properties: values{"no": integer(1)}})
		s.ok(err)
		k.stored(s, id, typeName, want)
	})}
}

func maskOverManyNodes(k kind) Case {
	return Case{Name: "a mask applies to every node of the request", Run: on(func(s *scene) {
		typeID, typeName := k.newType(s, props{"i": kindInt})
		first := node{typeID: &typeID, name: proto.String(s.own("a")), custom: values{"c": integer(1)}}
		second := node{typeID: &typeID, name: proto.String(s.own("b")), properties: values{"i": integer(1)}}
		a, b := k.one(s, first), k.one(s, second)
		created := node{typeID: &typeID, name: proto.String(s.own("c")), custom: values{"c": integer(1)}}
		got, err := k.put(
			s, []string{"properties.i"}, node{id: &a, properties: values{"i": integer(5)}}, created, node{id: &b},
		)
		s.ok(err)
		first.properties, second.properties = values{"i": integer(5)}, nil
		k.stored(s, a, typeName, first)
		k.stored(s, got[1], typeName, created)
		k.stored(s, b, typeName, second)
	})}
}
