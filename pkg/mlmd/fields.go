package mlmd

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// Fields lists the fields of an entity, in the order of the spec, and then its
// derived fields. The ID and the times, which the store assigns, are not listed.
type Fields []Field

// A Field describes how a field of an entity is stored and updated.
type Field struct {
	Name string // in JSON, such as "modelFormatName"; empty for a derived field
	// Path is the update_mask path. It is empty for the name and the parent's
	// ID, which no update writes.
	Path string
	// Type is the declared type of the property that stores the field. It is
	// UNKNOWN if the field is not stored in a property.
	Type mlmdpb.PropertyType
	// Immutable reports that the field cannot change once it is stored.
	Immutable bool
	// Derived reports that the property repeats a name or an ID: Encode always
	// writes it, and no patch names it.
	Derived bool
	// LegacyNames are the properties that older programs stored the field in,
	// from the oldest to the latest.
	LegacyNames []string
	// List reports that the property is a struct with one member, the list.
	List bool
	// Rename moves the members of stored objects from their former names to
	// their present ones, and reports whether it changed anything. It is nil if
	// no member has former names.
	Rename func(*structpb.Value) bool
	// Refers is not nil if the field holds the ID, or a list of IDs, of other
	// entities.
	Refers *Reference
	// LegacyMembers describes what Rename does, one member each:
	// "Column.label: title, caption".
	LegacyMembers []string
}

// A Reference says which entities a field refers to by ID.
type Reference struct {
	Kind      Kind     // of all of them: IDs of different kinds overlap
	Entities  []string // such as "ModelVersion"
	TypeNames []string // their MLMD types, in the same order
}

// IDs returns the ID, or the IDs of a list, in the value of a property, which may be
// nil.
func (*Reference) IDs(v *mlmdpb.Value) []string {
	switch x := v.GetValue().(type) {
	case *mlmdpb.Value_IntValue:
		return []string{strconv.FormatInt(x.IntValue, 10)}
	case *mlmdpb.Value_StringValue:
		return []string{x.StringValue}
	case *mlmdpb.Value_StructValue:
		var out []string
		for _, member := range x.StructValue.GetFields() { // the list
			for _, id := range member.GetListValue().GetValues() {
				out = append(out, id.GetStringValue())
			}
		}
		return out
	}
	return nil
}

// A PropertyDecl is a property that an MLMD type declares.
type PropertyDecl struct {
	Name string
	Type mlmdpb.PropertyType
}

const properties = "properties."

// Property returns the name of the property that stores the field. It returns
// false if the field is not stored in a property.
func (f *Field) Property() (string, bool) {
	if f.Type == mlmdpb.PropertyType_UNKNOWN {
		return "", false
	}
	return strings.CutPrefix(f.Path, properties)
}

// DeclaredIn reports whether props declares the property of every field, with
// the field's type.
func (fs Fields) DeclaredIn(props map[string]mlmdpb.PropertyType) bool {
	for i := range fs {
		if name, ok := fs[i].Property(); ok && props[name] != fs[i].Type {
			return false
		}
	}
	return true
}

// The functions below implement methods of Mapping, which are compiled once for
// each entity, so they must not be inlined there.

//go:noinline
func (fs Fields) propTypes() map[string]mlmdpb.PropertyType {
	out := make(map[string]mlmdpb.PropertyType, len(fs))
	for i := range fs {
		if name, ok := fs[i].Property(); ok {
			out[name] = fs[i].Type
		}
	}
	return out
}

// paths returns the update_mask paths of the fields that are set, or of all
// fields if set is nil.
//
//go:noinline
func (fs Fields) paths(set []bool) []string {
	out := make([]string, 0, len(fs))
	for i := range fs {
		if fs[i].Path != "" && (set == nil || i < len(set) && set[i]) {
			out = append(out, fs[i].Path)
		}
	}
	return out
}
