package mlmd

import (
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A State is one of the two enums for the states of nodes.
type State interface {
	~int32
	protoreflect.Enum
}

// StateName returns the name of a node's state as E, or nil.
func StateName[E ~string, S State](s *S) *E {
	if s == nil {
		return nil
	}
	d := (*s).Descriptor().Values().ByNumber(protoreflect.EnumNumber(*s))
	if d == nil {
		return nil // of a newer MLMD
	}
	name := E(d.Name())
	return &name
}

// StateNumber returns the state of the node for its name; nil for none.
func StateNumber[S State, E ~string](w *Writer, field string, name *E) *S {
	if name == nil || *name == "" {
		return nil
	}
	var zero S
	d := zero.Descriptor().Values().ByName(protoreflect.Name(*name))
	if d == nil {
		w.Fail(field, string(*name), "is no state of a node")
		return nil
	}
	s := S(d.Number())
	return &s
}

// Deref returns what v points to, or the zero value.
func Deref[V any](v *V) V {
	if v == nil {
		var zero V
		return zero
	}
	return *v
}

// Or returns v, or a pointer to otherwise where v is nil.
func Or[V any](v *V, otherwise V) *V {
	if v == nil {
		return &otherwise
	}
	return v
}

// Nonzero returns a pointer to v, or nil where v is the zero value.
func Nonzero[V comparable](v V) *V {
	var zero V
	if v == zero {
		return nil
	}
	return &v
}
