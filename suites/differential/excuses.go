package differential

import (
	"math"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// An excuse recognises a difference that is wanted. After it the two stores may
// hold different things, so that a sequence ends there.
type excuse struct {
	difference storetest.Capability
	// asks says whether the request is of the sort that the difference is about.
	asks func(r proto.Message) bool
	// accepts says whether ours is what the difference promises. Where fatal is
	// set the request must not reach the original: it would end.
	accepts func(ours, original answer) bool
	fatal   bool
}

// excuses are in the order in which they are tried.
var excuses = []excuse{
	{
		difference: storetest.ValuesWithoutKind, fatal: true,
		asks: func(r proto.Message) bool {
			return anyNode(r, func(n properties) bool { return anyValue(n.custom, kindless) })
		},
		accepts: func(ours, _ answer) bool { return ours.err.Code() != codes.OK },
	},
	{
		difference: storetest.WholeText,
		asks: func(r proto.Message) bool {
			return anyText(r, func(s string) bool { return strings.Contains(s, "\x00") })
		},
		accepts: notWorse,
	},
	{
		difference: storetest.NullMarker,
		asks:       func(r proto.Message) bool { return anyText(r, func(s string) bool { return s == "__MLMD_NULL__" }) },
		accepts:    notWorse,
	},
	{
		difference: storetest.StructMarker,
		asks: func(r proto.Message) bool {
			return anyText(r, func(s string) bool { return strings.HasPrefix(s, "mlmd-struct::") })
		},
		accepts: refusedBy(codes.InvalidArgument, "mlmd-struct::"),
	},
	{
		difference: storetest.AnyWithoutType,
		asks: func(r proto.Message) bool {
			return anyNode(r, func(n properties) bool { return anyValue(n.defined, untyped) || anyValue(n.custom, untyped) })
		},
		accepts: refusedBy(codes.InvalidArgument, "type_url"),
	},
	{
		difference: storetest.NoDanglingEvents,
		asks:       isOneOf("PutExecutionRequest", "PutLineageSubgraphRequest"),
		accepts:    refusedBy(codes.InvalidArgument, "with the given id "),
	},
	{
		difference: storetest.TypeConflicts,
		asks:       isOneOf("PutArtifactTypeRequest", "PutExecutionTypeRequest", "PutContextTypeRequest", "PutTypesRequest"),
		accepts: func(ours, original answer) bool {
			return ours.err.Code() == codes.AlreadyExists && original.err.Code() == codes.Internal
		},
	},
}

// refusedBy accepts that ours refuses, with these words, what the original
// took or refused otherwise.
func refusedBy(code codes.Code, fragment string) func(ours, original answer) bool {
	return func(ours, _ answer) bool {
		return ours.err.Code() == code && strings.Contains(ours.err.Message(), fragment)
	}
}

// notWorse accepts a success, and a refusal of the request.
func notWorse(ours, _ answer) bool {
	switch ours.err.Code() {
	case codes.OK, codes.InvalidArgument, codes.NotFound, codes.AlreadyExists:
		return true
	}
	return false
}

func isOneOf(messages ...protoreflect.Name) func(proto.Message) bool {
	return func(r proto.Message) bool {
		for _, name := range messages {
			if r.ProtoReflect().Descriptor().Name() == name {
				return true
			}
		}
		return false
	}
}

// properties are the two maps of a node.
type properties struct{ defined, custom map[string]*mlmdpb.Value }

func anyNode(r proto.Message, is func(properties) bool) bool {
	found := false
	walk(r.ProtoReflect(), func(m protoreflect.Message) {
		switch n := m.Interface().(type) {
		case *mlmdpb.Artifact:
			found = found || is(properties{n.Properties, n.CustomProperties})
		case *mlmdpb.Execution:
			found = found || is(properties{n.Properties, n.CustomProperties})
		case *mlmdpb.Context:
			found = found || is(properties{n.Properties, n.CustomProperties})
		}
	})
	return found
}

func anyValue(values map[string]*mlmdpb.Value, is func(*mlmdpb.Value) bool) bool {
	for _, v := range values {
		if is(v) {
			return true
		}
	}
	return false
}

func kindless(v *mlmdpb.Value) bool { return v.GetValue() == nil }

func untyped(v *mlmdpb.Value) bool {
	any, ok := v.GetValue().(*mlmdpb.Value_ProtoValue)
	return ok && any.ProtoValue.GetTypeUrl() == ""
}

// anyText looks at every string of a request, keys included. Structs are no
// text: they are stored as bytes.
func anyText(r proto.Message, is func(string) bool) bool {
	found := false
	walkText(r.ProtoReflect(), func(s string) { found = found || is(s) })
	return found
}

func walkText(m protoreflect.Message, visit func(string)) {
	switch m.Descriptor().FullName() {
	case "google.protobuf.Struct", "google.protobuf.Any":
		return
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
			v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
				if f.MapKey().Kind() == protoreflect.StringKind {
					visit(k.String())
				}
				if f.MapValue().Message() != nil {
					walkText(v.Message(), visit)
				}
				return true
			})
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				walkText(v.List().Get(i).Message(), visit)
			}
		case f.IsList() && f.Kind() == protoreflect.StringKind:
			for i := range v.List().Len() {
				visit(v.List().Get(i).String())
			}
		case f.Message() != nil && !f.IsList():
			walkText(v.Message(), visit)
		case f.Kind() == protoreflect.StringKind && !f.IsList():
			visit(v.String())
		}
		return true
	})
}

// hasOddDouble says whether a request has a double that the original cannot
// hold: replies are compared as it reads them, but whether a put changes such a
// value, and so the node's time, differs.
func hasOddDouble(r proto.Message) bool {
	odd := func(v *mlmdpb.Value) bool {
		d, ok := v.GetValue().(*mlmdpb.Value_DoubleValue)
		return ok && math.Float64bits(asOriginalReads(d.DoubleValue)) != math.Float64bits(d.DoubleValue)
	}
	return anyNode(r, func(n properties) bool { return anyValue(n.defined, odd) || anyValue(n.custom, odd) })
}
