package engine

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func TestUpdateMask_Paths(t *testing.T) {
	for _, c := range []struct {
		name              string
		paths             []string
		prop, custom, uri bool // whether property "a.b", custom property "a.b" and the URI are written
	}{
		{"none", nil, true, true, true},
		{"a field", []string{"uri"}, false, false, true},
		{"a property with a dot", []string{"properties.a.b"}, true, false, false},
		{"a custom property", []string{"custom_properties.a.b"}, false, true, false},
		{"all properties", []string{"properties"}, true, false, false},
		{"all, and one that does not matter", []string{"properties", "properties.z"}, true, false, false},
		{"all custom properties", []string{"custom_properties", "uri"}, false, true, true},
		{"nothing that is known", []string{"nonsense", "system_metadata.type_url", ""}, false, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newUpdateMask(&fieldmaskpb.FieldMask{Paths: c.paths})
			if m.propsWritten("a.b") != c.prop || m.customWritten("a.b") != c.custom || m.fieldWritten("uri") != c.uri {
				t.Errorf("property %v, custom %v, uri %v", m.propsWritten("a.b"), m.customWritten("a.b"), m.fieldWritten("uri"))
			}
		})
	}
}

func TestUpdateMask_ClearsAbsentFields(t *testing.T) {
	old := &node{uri: proto.String("u"), externalID: proto.String("x"), name: proto.String("n"), state: proto.Int32(2)}
	m := newUpdateMask(&fieldmaskpb.FieldMask{Paths: []string{"external_id", "state", "name"}})
	row := m.apply(artifactKind, &node{uri: proto.String("other")}, old)
	if row.externalID != nil || row.state != nil {
		t.Errorf("not cleared: %v, %v", row.externalID, row.state)
	}
	if deref(row.uri) != "u" || deref(row.name) != "n" {
		t.Errorf("uri %q, name %q changed", deref(row.uri), deref(row.name))
	}
}

func TestFromArtifact_UnknownStateIsAbsent(t *testing.T) {
	n := fromArtifact(&mlmdpb.Artifact{State: mlmdpb.Artifact_State(99).Enum()})
	if n.state != nil || !n.hasUnknown {
		t.Errorf("state %v, extra %v", n.state, n.hasUnknown)
	}
	if e := newEvent(&mlmdpb.Event{Type: mlmdpb.Event_Type(-1).Enum()}, 1, 1); e.kind != mlmdpb.Event_UNKNOWN {
		t.Errorf("event type %v", e.kind)
	}
	r := artifactTypeRequest(&mlmdpb.ArtifactType{
		BaseType:   mlmdpb.ArtifactType_SystemDefinedBaseType(77).Enum(),
		Properties: map[string]mlmdpb.PropertyType{"a": 1, "b": 99},
	})
	if r.base != nil || len(r.props) != 1 {
		t.Errorf("base %v, properties %v", r.base, r.props)
	}
}
