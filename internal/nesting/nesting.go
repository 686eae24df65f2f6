// Package nesting measures how deeply messages nest.
//
// Protobuf's parsers for Python, C++ and Java refuse messages that nest deeper
// than 100 levels; Go's takes 10,000. A value that is stored beyond that limit
// makes every reply that it is part of unreadable for their clients, so it must
// not be stored.
package nesting

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// The limits are what the messages that enclose a value in replies leave of 100
// levels.
const (
	// MaxStruct is the limit for a struct that is a property. The deepest reply
	// with one is that of GetParentContextsByContexts, where five messages
	// enclose it.
	MaxStruct = 100 - 5
	// MaxType is the limit for an input or output type. In a LineageGraph, two
	// messages enclose it.
	MaxType = 100 - 2
)

// CheckStruct returns an error if some clients could not read a property with
// value s.
func CheckStruct(s *structpb.Struct) error {
	if n := structDepth(s); n > MaxStruct {
		return fmt.Errorf("it nests %d messages deep: at most %d can be read by every client (an object takes 3, a list 2)",
			n, MaxStruct)
	}
	return nil
}

// CheckType is like CheckStruct for an input or output type.
func CheckType(t *mlmdpb.ArtifactStructType) error {
	if t == nil {
		return nil
	}
	if n := depth(t.ProtoReflect()); n > MaxType {
		return fmt.Errorf("it nests %d messages deep: at most %d can be read by every client", n, MaxType)
	}
	return nil
}

// structDepth is like depth for a struct.
func structDepth(s *structpb.Struct) int {
	deepest := 0
	for _, v := range s.GetFields() {
		deepest = max(deepest, 1+valueDepth(v)) // a map entry is a message
	}
	return 1 + deepest
}

func valueDepth(v *structpb.Value) int {
	switch v := v.GetKind().(type) {
	case *structpb.Value_StructValue:
		return 1 + structDepth(v.StructValue)
	case *structpb.Value_ListValue:
		deepest := 0
		for _, e := range v.ListValue.GetValues() {
			deepest = max(deepest, valueDepth(e))
		}
		return 1 + 1 + deepest
	}
	return 1
}

// depth returns the number of messages on the longest path into m, including m
// and map entries.
func depth(m protoreflect.Message) int {
	deepest := 0
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				entry := 1
				if f.MapValue().Message() != nil {
					entry += depth(v.Message())
				}
				deepest = max(deepest, entry)
				return true
			})
		case f.Message() == nil:
		case f.IsList():
			for i := range v.List().Len() {
				deepest = max(deepest, depth(v.List().Get(i).Message()))
			}
		default:
			deepest = max(deepest, depth(v.Message()))
		}
		return true
	})
	return 1 + deepest
}

// Depth returns how many messages deep m nests, m and the entries of maps
// included.
func Depth(m proto.Message) int { return depth(m.ProtoReflect()) }
