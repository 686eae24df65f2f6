package mlmd

import (
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// Fields are the fields of an entity that an update can write, and those that
// it cannot because they are fixed, in the order of the spec; then the copies.
type Fields []Field

// A Field is one field of an entity as an update sees it.
type Field struct {
	Name string // in JSON: "modelFormatName"; empty for a copy
	// Path is the update_mask path. It is empty for the name and the parent's
	// id, which no update writes.
	Path string
	// Type is the declared type of the property that keeps the field; it is
	// UNKNOWN where no property does.
	Type mlmdpb.PropertyType
	// Immutable reports that the field cannot change once it is stored.
	Immutable bool
	// Derived reports that the property repeats a name or an ID: Encode always
	// writes it, and no patch names it.
	Derived bool
	// LegacyNames are the properties that older programs kept the field in, the
	// latest first.
	LegacyNames []string
	// List reports that the property is a struct with one member, the list.
	List bool
	// Rename gives the members of stored objects the names that they have now,
	// and reports whether it changed anything; nil where none has older names.
	Rename func(*structpb.Value) bool
}

// A PropertyDecl is one property that an MLMD type declares.
type PropertyDecl struct {
	Name string
	Type mlmdpb.PropertyType
}

const properties = "properties."

// Property returns the name of the property that keeps the field; false where
// none does.
func (f *Field) Property() (string, bool) {
	if f.Type == mlmdpb.PropertyType_UNKNOWN {
		return "", false
	}
	return strings.CutPrefix(f.Path, properties)
}

// DeclaredIn reports whether props has every property of the fields, with its
// type.
func (fs Fields) DeclaredIn(props map[string]mlmdpb.PropertyType) bool {
	for i := range fs {
		if name, ok := fs[i].Property(); ok && props[name] != fs[i].Type {
			return false
		}
	}
	return true
}

// The functions below do the work of a Mapping's methods, which are compiled
// again for each entity: they are not to be inlined there.

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

// paths returns the update_mask paths of the fields that are set; nil stands
// for all.
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
