package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/nesting"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// typeRequest is a type of any kind as a client sends it.
type typeRequest struct {
	kind                  typekind.Kind
	name                  typeName
	description, external *string
	inputType, outputType *mlmdpb.ArtifactStructType
	props                 map[string]mlmdpb.PropertyType
	base                  *int32 // a number of SystemDefinedBaseType
}

// BaseTypes are the names of the values of SystemDefinedBaseType, by kind. 0 is
// UNSET.
var BaseTypes = map[typekind.Kind][]string{
	typekind.Artifact:  {"", "mlmd.Dataset", "mlmd.Model", "mlmd.Metrics", "mlmd.Statistics"},
	typekind.Execution: {"", "mlmd.Train", "mlmd.Transform", "mlmd.Process", "mlmd.Evaluate", "mlmd.Deploy"},
	typekind.Context:   {""},
}

// newTypeRequest drops unknown enum values, as a reader with closed enums does.
func newTypeRequest(
	kind typekind.Kind, name, version string, description, external *string,
	props map[string]mlmdpb.PropertyType, base *int32,
) typeRequest {
	r := typeRequest{kind: kind, name: typeName{name, version}, description: description, external: external, props: props}
	if base != nil && *base >= 0 && int(*base) < len(BaseTypes[kind]) {
		r.base = base
	}
	for _, p := range props {
		if !knownPropertyType(p) {
			r.props = maps.Clone(props)
			maps.DeleteFunc(r.props, func(_ string, p mlmdpb.PropertyType) bool { return !knownPropertyType(p) })
			break
		}
	}
	return r
}

func knownPropertyType(p mlmdpb.PropertyType) bool {
	return p >= mlmdpb.PropertyType_UNKNOWN && p <= mlmdpb.PropertyType_BOOLEAN
}

func artifactTypeRequest(t *mlmdpb.ArtifactType) typeRequest {
	if t == nil {
		t = &mlmdpb.ArtifactType{}
	}
	return newTypeRequest(typekind.Artifact, t.GetName(), t.GetVersion(), t.Description, t.ExternalId, t.Properties,
		(*int32)(t.BaseType))
}

func executionTypeRequest(t *mlmdpb.ExecutionType) typeRequest {
	if t == nil {
		t = &mlmdpb.ExecutionType{}
	}
	r := newTypeRequest(typekind.Execution, t.GetName(), t.GetVersion(), t.Description, t.ExternalId, t.Properties,
		(*int32)(t.BaseType))
	r.inputType, r.outputType = t.InputType, t.OutputType
	return r
}

func contextTypeRequest(t *mlmdpb.ContextType) typeRequest {
	if t == nil {
		t = &mlmdpb.ContextType{}
	}
	return newTypeRequest(typekind.Context, t.GetName(), t.GetVersion(), t.Description, t.ExternalId, t.Properties,
		(*int32)(t.BaseType))
}

// omit returns a copy of t with fewer fields, because the RPCs that read types
// differ in the fields that they return.
func (t *typeInfo) omit(external, base, structs bool) *typeInfo {
	less := *t
	if external {
		less.external = nil
	}
	if base {
		less.parents = nil
	}
	if structs {
		less.inputType, less.outputType = nil, nil
	}
	return &less
}

// basic returns t without the base type and without what only execution types
// have.
func (t *typeInfo) basic() *typeInfo { return t.omit(false, true, true) }

// base returns the value of SystemDefinedBaseType for the type's base, or nil.
func (t *typeInfo) base() *int32 {
	for _, parent := range t.parents {
		for number, name := range BaseTypes[t.kind] {
			if number > 0 && name == parent {
				n := int32(number)
				return &n
			}
		}
	}
	return nil
}

func optionalString(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// clone returns a copy that shares nothing with t, because t is cached and the
// client may change a reply.
func (t *typeInfo) clone() *typeInfo {
	c := *t
	c.description, c.external = clonePtr(t.description), clonePtr(t.external)
	c.props = maps.Clone(t.props)
	return &c
}

// clonePtr returns a pointer to a copy of *p.
func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

func (t *typeInfo) artifactType() *mlmdpb.ArtifactType {
	t = t.clone()
	return &mlmdpb.ArtifactType{
		Id: &t.id, Name: &t.name, Version: optionalString(t.version), Description: t.description, ExternalId: t.external,
		Properties: t.props, BaseType: (*mlmdpb.ArtifactType_SystemDefinedBaseType)(t.base()),
	}
}

func (t *typeInfo) contextType() *mlmdpb.ContextType {
	t = t.clone()
	return &mlmdpb.ContextType{
		Id: &t.id, Name: &t.name, Version: optionalString(t.version), Description: t.description, ExternalId: t.external,
		Properties: t.props,
	}
}

func (t *typeInfo) executionType() *mlmdpb.ExecutionType {
	t = t.clone()
	return &mlmdpb.ExecutionType{
		Id: &t.id, Name: &t.name, Version: optionalString(t.version), Description: t.description, ExternalId: t.external,
		Properties: t.props, BaseType: (*mlmdpb.ExecutionType_SystemDefinedBaseType)(t.base()),
		InputType: proto.CloneOf(t.inputType), OutputType: proto.CloneOf(t.outputType),
	}
}

// EncodeStructType returns the JSON to store, or nil. protojson adds random
// spaces, which are removed.
func EncodeStructType(t *mlmdpb.ArtifactStructType) (any, error) {
	if t == nil {
		return nil, nil
	}
	if err := nesting.CheckType(t); err != nil {
		return nil, invalidArgf("The input_type or output_type cannot be stored: %v", err)
	}
	text, err := protojson.Marshal(t)
	if err != nil {
		return nil, invalidArgf("The input_type or output_type cannot be written as JSON: %v", err)
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return nil, invalidArgf("The input_type or output_type cannot be written as JSON: %v", err)
	}
	return b.String(), nil
}

// DecodeStructType converts stored JSON. It returns nil if text is empty.
func DecodeStructType(text string) (*mlmdpb.ArtifactStructType, error) {
	if text == "" {
		return nil, nil
	}
	t := &mlmdpb.ArtifactStructType{}
	if err := protojson.Unmarshal([]byte(text), t); err != nil {
		return nil, fmt.Errorf("the input_type or output_type is not an ArtifactStructType in JSON: %w", err)
	}
	if err := nesting.CheckType(t); err != nil {
		return nil, fmt.Errorf("the input_type or output_type: %w", err)
	}
	return t, nil
}
