package differential

import (
	"math"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

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
	// parts is set where the stores hold different things after such a request,
	// although both took it.
	parts bool
}

// excuses are in the order in which they are tried.
var excuses = []excuse{
	{
		difference: storetest.ValuesWithoutKind, fatal: true,
		asks:    writesKindless,
		accepts: func(ours, _ answer) bool { return ours.err.Code() != codes.OK },
	},
	{
		difference: storetest.WholeText, parts: true,
		asks: func(r proto.Message) bool {
			return anyText(r, func(s string) bool { return strings.Contains(s, "\x00") })
		},
		accepts: notWorse,
	},
	{
		difference: storetest.NullMarker, parts: true,
		asks:    func(r proto.Message) bool { return anyText(r, func(s string) bool { return s == "__MLMD_NULL__" }) },
		accepts: notWorse,
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
		difference: storetest.SeparateSpaces, parts: true,
		asks:    func(r proto.Message) bool { return anyNode(r, bothSpaces) },
		accepts: func(ours, original answer) bool { return ours.err.Code() == original.err.Code() },
	},
	{
		difference: storetest.TypeIDsStay, parts: true,
		asks: repeatsType,
		accepts: func(ours, original answer) bool { // the empty text may be taken
			return ours.err.Code() == codes.OK && original.err.Code() == codes.Internal && strings.Contains(original.err.Message(), "UNIQUE")
		},
	},
	{
		difference: storetest.NoDanglingLinks, parts: true,
		asks: func(r proto.Message) bool {
			put, ok := r.(*mlmdpb.PutExecutionRequest)
			return ok && len(put.Contexts) > 0 && slices.ContainsFunc(put.ArtifactEventPairs, func(p *mlmdpb.PutExecutionRequest_ArtifactAndEvent) bool {
				return p.GetArtifact() == nil && p.GetEvent() == nil
			})
		},
		accepts: never,
	},
	{
		difference: storetest.LineageGraphs,
		asks:       isOneOf("GetLineageGraphRequest"),
		accepts:    func(_, original answer) bool { return original.err.Code() == codes.Unimplemented },
	},
	{
		difference: storetest.RefusedNumbers,
		asks: func(r proto.Message) bool {
			return anyNode(r, func(n properties) bool { return anyValue(n.defined, infinite) || anyValue(n.custom, infinite) })
		},
		accepts: refusedBy(codes.InvalidArgument, "finite"),
	},
	{
		difference: storetest.ConflictsOnUpdate,
		asks:       isOneOf("PutArtifactsRequest", "PutExecutionsRequest", "PutContextsRequest", "PutExecutionRequest", "PutLineageSubgraphRequest"),
		accepts: func(ours, original answer) bool {
			return ours.err.Code() == codes.AlreadyExists && original.err.Code() == codes.Internal && strings.Contains(original.err.Message(), "UNIQUE")
		},
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

func never(_, _ answer) bool { return false }

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
type properties struct {
	defined, custom map[string]*mlmdpb.Value
	created         bool // the node has no id
}

func anyNode(r proto.Message, is func(properties) bool) bool {
	found := false
	walk(r.ProtoReflect(), func(m protoreflect.Message) {
		switch n := m.Interface().(type) {
		case *mlmdpb.Artifact:
			found = found || is(properties{n.Properties, n.CustomProperties, n.Id == nil})
		case *mlmdpb.Execution:
			found = found || is(properties{n.Properties, n.CustomProperties, n.Id == nil})
		case *mlmdpb.Context:
			found = found || is(properties{n.Properties, n.CustomProperties, n.Id == nil})
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

// writesKindless says whether a request writes a custom property without a
// kind: one that an update's mask leaves out is not written.
func writesKindless(r proto.Message) bool {
	var paths []string
	if masked, ok := r.(interface{ GetUpdateMask() *fieldmaskpb.FieldMask }); ok {
		paths = masked.GetUpdateMask().GetPaths()
	}
	return anyNode(r, func(n properties) bool {
		for name, v := range n.custom {
			if kindless(v) && (len(paths) == 0 || n.created || slices.Contains(paths, "custom_properties") || slices.Contains(paths, "custom_properties."+name)) {
				return true
			}
		}
		return false
	})
}

// bothSpaces says whether a node has a custom property under a name that types
// declare.
func bothSpaces(n properties) bool {
	for _, name := range propertyNames {
		if _, ok := n.custom[name]; ok {
			return true
		}
	}
	return false
}

// repeatsType says whether a request has a type twice, with different external
// ids.
func repeatsType(r proto.Message) bool {
	put, ok := r.(*mlmdpb.PutTypesRequest)
	return ok && (repeats(put.ArtifactTypes) || repeats(put.ExecutionTypes) || repeats(put.ContextTypes))
}

func repeats[T interface {
	GetName() string
	GetVersion() string
	GetExternalId() string
}](types []T) bool {
	ids := map[[2]string]string{}
	for _, t := range types {
		key := [2]string{t.GetName(), t.GetVersion()}
		if id, ok := ids[key]; ok && id != t.GetExternalId() {
			return true
		}
		ids[key] = t.GetExternalId()
	}
	return false
}

func kindless(v *mlmdpb.Value) bool { return v.GetValue() == nil }

func untyped(v *mlmdpb.Value) bool {
	any, ok := v.GetValue().(*mlmdpb.Value_ProtoValue)
	return ok && any.ProtoValue.GetTypeUrl() == ""
}

func infinite(v *mlmdpb.Value) bool {
	d, ok := v.GetValue().(*mlmdpb.Value_DoubleValue)
	return ok && (math.IsNaN(d.DoubleValue) || math.IsInf(d.DoubleValue, 0))
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
