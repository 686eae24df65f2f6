package differential

import (
	"math"

	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// propertyNames are those of types. Custom properties mostly have others, since
// the reference implementation confuses the two when one of them changes.
var (
	propertyNames = []string{"i", "d", "s", "b", "st", "p", "x.y", ""}
	customNames   = []string{"c1", "c2", "c3", "k.l", "é"}
)

// kindOfName is what a property is mostly declared as, so that types agree.
var kindOfName = map[string]mlmdpb.PropertyType{
	"i": mlmdpb.PropertyType_INT, "d": mlmdpb.PropertyType_DOUBLE, "s": mlmdpb.PropertyType_STRING,
	"b":  mlmdpb.PropertyType_BOOLEAN,
	"st": mlmdpb.PropertyType_STRUCT, "p": mlmdpb.PropertyType_PROTO, "x.y": mlmdpb.PropertyType_INT,
	"": mlmdpb.PropertyType_STRING,
}

// A node is what the three kinds of nodes have, and what only some have.
type node struct {
	id, typeID                      *int64
	name, typeName, externalID, uri *string
	state                           *int32
	defined, custom                 map[string]*mlmdpb.Value
	created, updated                *int64
	metadata                        *anypb.Any
}

func (n node) artifact() *mlmdpb.Artifact {
	return &mlmdpb.Artifact{
		Id: n.id, TypeId: n.typeID, Name: n.name, Type: n.typeName, ExternalId: n.externalID, Uri: n.uri,
		State:      (*mlmdpb.Artifact_State)(n.state),
		Properties: n.defined, CustomProperties: n.custom, CreateTimeSinceEpoch: n.created,
		LastUpdateTimeSinceEpoch: n.updated, SystemMetadata: n.metadata,
	}
}

func (n node) execution() *mlmdpb.Execution {
	return &mlmdpb.Execution{
		Id: n.id, TypeId: n.typeID, Name: n.name, Type: n.typeName, ExternalId: n.externalID,
		LastKnownState: (*mlmdpb.Execution_State)(n.state),
		Properties:     n.defined, CustomProperties: n.custom, CreateTimeSinceEpoch: n.created,
		LastUpdateTimeSinceEpoch: n.updated, SystemMetadata: n.metadata,
	}
}

func (n node) context() *mlmdpb.Context {
	return &mlmdpb.Context{
		Id: n.id, TypeId: n.typeID, Name: n.name, Type: n.typeName, ExternalId: n.externalID,
		Properties: n.defined, CustomProperties: n.custom, CreateTimeSinceEpoch: n.created,
		LastUpdateTimeSinceEpoch: n.updated, SystemMetadata: n.metadata,
	}
}

// node makes a new node, or a change of one.
func (w *world) node(kind int) node {
	if w.chance(150) {
		return node{}
	}
	n := node{
		typeID: w.typeID(kind), name: w.maybeText(6, "n1", "n2", "n3", "n4", "n5", "n6", "n7"), externalID: w.externalID(3),
		uri: w.maybeText(3, "u1", "u2", ""), state: maybe[int32](w, 3, 0, 1, 2, 3, 4, 5, 6, 6, 7, 99, -1),
	}
	if w.chance(20) {
		n.name = ptr("")
	}
	if len(w.nodes[kind]) > 0 && w.chance(2) || w.chance(40) {
		w.change(kind, &n)
	}
	n.defined, n.custom = w.defined(kind, n.typeID), w.custom()
	if w.chance(15) {
		n.typeName, n.created, n.updated = ptr("T1"), ptr[int64](5), ptr[int64](6)
	}
	if w.chance(30) {
		n.metadata = &anypb.Any{TypeUrl: "type.example/x", Value: []byte("m")}
	}
	return n
}

// change turns a new node into a change of one that is there.
func (w *world) change(kind int, n *node) {
	n.id = ptr(w.nodeID(kind))
	if !w.chance(8) {
		n.typeID = nil
	}
	switch {
	case w.chance(3): // as it is stored, but for a little
		*n = node{id: n.id, created: ptr[int64](asRead)}
		if w.chance(4) {
			n.externalID = w.externalID(2)
		}
		if w.chance(6) {
			n.uri = ptr(w.text("u1", "u3"))
		}
	case w.chance(3):
		n.updated = ptr[int64](currentTime)
	}
}

func (w *world) externalID(n int) *string {
	if w.chance(n) {
		return w.maybeText(2, "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "")
	}
	return nil
}

// defined makes properties that mostly fit the type.
func (w *world) defined(kind int, typeID *int64) map[string]*mlmdpb.Value {
	out := map[string]*mlmdpb.Value{}
	declared := map[string]mlmdpb.PropertyType{}
	for _, t := range w.types[kind] {
		if typeID == nil || *typeID == t.id {
			declared = t.properties
		}
	}
	for _, name := range propertyNames {
		p, ok := declared[name]
		switch {
		case ok && w.chance(2):
			out[name] = w.value(p)
		case w.chance(150):
			out[name] = w.value(kindOfName[name])
		}
		if out[name] != nil && w.chance(60) {
			out[name] = w.anyValue()
		}
	}
	return out
}

func (w *world) custom() map[string]*mlmdpb.Value {
	out := map[string]*mlmdpb.Value{}
	for range w.IntN(3) {
		out[w.text(customNames...)] = w.anyValue()
	}
	if w.chance(400) {
		out[pick(w, propertyNames...)] = w.anyValue()
	}
	if w.chance(2000) {
		out["kindless"] = &mlmdpb.Value{}
	}
	return out
}

func (w *world) anyValue() *mlmdpb.Value {
	return w.value(mlmdpb.PropertyType(1 + w.Int32N(6)))
}

// value makes a value of the kind, or one without a kind if kind is not defined.
func (w *world) value(kind mlmdpb.PropertyType) *mlmdpb.Value {
	switch kind {
	case mlmdpb.PropertyType_INT:
		return &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: pick[int64](w, 0, 1, 2, -1, math.MaxInt32, math.MaxInt64,
			math.MinInt64)}}
	case mlmdpb.PropertyType_DOUBLE:
		return &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: w.double()}}
	case mlmdpb.PropertyType_STRING:
		return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: w.text("", "s", "t", "1")}}
	case mlmdpb.PropertyType_BOOLEAN:
		return &mlmdpb.Value{Value: &mlmdpb.Value_BoolValue{BoolValue: w.chance(2)}}
	case mlmdpb.PropertyType_STRUCT:
		return &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: w.structure(2)}}
	case mlmdpb.PropertyType_PROTO:
		url := pick(w, "type.example/x", "type.googleapis.com/ml_metadata.Artifact", "t")
		if w.chance(500) {
			url = ""
		}
		return &mlmdpb.Value{Value: &mlmdpb.Value_ProtoValue{ProtoValue: &anypb.Any{
			TypeUrl: url,
			Value:   pick(w, nil, []byte{8, 1}, []byte("\xff\x00raw")),
		}}}
	}
	return &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{}}
}

func (w *world) double() float64 {
	switch {
	case w.chance(300):
		return pick(w, math.NaN(), math.Inf(1), math.Inf(-1))
	case w.chance(20) && !w.plain:
		return pick(w, 1e-7, 0.1234567, 123456789012345678, 1e300, math.MaxFloat64, math.SmallestNonzeroFloat64,
			math.Copysign(0, -1), 0.1+0.2)
	}
	return pick(w, 0, 1, 0.5, -2.25, 0.123457, 1e14, 12345.678901)
}

func (w *world) structure(depth int) *structpb.Struct {
	out := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for range w.IntN(4) {
		v := pick(w, structpb.NewNullValue(), structpb.NewNumberValue(1e-9), structpb.NewStringValue("é\x00"),
			structpb.NewBoolValue(true))
		if depth > 0 && w.chance(3) {
			v = pick(w, structpb.NewStructValue(w.structure(depth-1)),
				structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{v, v}}))
		}
		out.Fields[pick(w, "a", "b", "c", "", "日本")] = v
	}
	return out
}

// mask is mostly absent; else some paths, of which some mean nothing.
func (w *world) mask() *fieldmaskpb.FieldMask {
	if !w.chance(3) {
		return nil
	}
	out := &fieldmaskpb.FieldMask{}
	for range w.IntN(4) {
		path := pick(w, "name", "uri", "state", "last_known_state", "external_id", "id", "type_id", "type",
			"create_time_since_epoch", "system_metadata",
			"properties", "custom_properties", "nothing", "", "properties.", "propertiesx", "custom_propertiesc1",
			"custom_properties.", "system_metadata.type_url", "uri.x")
		switch w.IntN(3) {
		case 0:
			path = "properties." + pick(w, propertyNames...)
		case 1:
			path = "custom_properties." + pick(w, customNames...)
		}
		out.Paths = append(out.Paths, path)
	}
	return out
}
