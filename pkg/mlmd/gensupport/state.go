package gensupport

import (
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// A State is one of the two enums for the states of nodes.
type State interface {
	~int32
	protoreflect.Enum
}

// StateName returns the name of a node's state as E, or nil. A state of a newer
// MLMD has its number for a name.
func StateName[E ~string, S State](s *S) *E {
	if s == nil {
		return nil
	}
	d := (*s).Descriptor().Values().ByNumber(protoreflect.EnumNumber(*s))
	name := E(strconv.Itoa(int(*s)))
	if d != nil {
		name = E(d.Name())
	}
	return &name
}

// StateNumber returns the state of the node for its name; nil for none.
func StateNumber[S State, E ~string](w *PropertyWriter, field string, name *E) *S {
	if name == nil || *name == "" {
		return nil
	}
	var zero S
	if d := zero.Descriptor().Values().ByName(protoreflect.Name(*name)); d != nil {
		s := S(d.Number())
		return &s
	}
	if n, err := strconv.ParseInt(string(*name), 10, 32); err == nil { // see StateName
		s := S(n)
		return &s
	}
	w.Fail(field, string(*name), "is no state of a node")
	return nil
}
