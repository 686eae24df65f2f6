package gensupport

import (
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// A State is one of the two enums of node states.
type State interface {
	~int32
	protoreflect.Enum
}

// StateName returns the name of a node's state, or nil if s is nil. The name
// of a state that this version of MLMD does not define is its number.
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

// StateNumber returns the state with the given name, or nil if the name is
// empty. It is the inverse of StateName. An unknown name is reported to w.
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
	w.Fail(field, string(*name), "is not a state of a node")
	return nil
}
