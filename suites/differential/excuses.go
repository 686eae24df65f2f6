package differential

import (
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// An excuse recognizes an intended difference. After it the contents of the two
// stores may differ, so the sequence ends.
type excuse struct {
	difference storetest.Capability
	// asks reports whether the difference is about requests such as r.
	asks func(r proto.Message) bool
	// accepts reports whether ours is what the difference promises. If fatal is
	// set, the request must not reach the reference implementation, whose process
	// would end.
	accepts func(ours, original answer) bool
	fatal   bool
	// parts is set where the stores hold different things after such a request,
	// although both took it.
	parts bool
}

// excuses are in the order in which they are tried.
var excuses = []excuse{
	{
		difference: storetest.RejectsUnsetValues, fatal: true,
		asks:    writesKindless,
		accepts: func(ours, _ answer) bool { return ours.err.Code() != codes.OK },
	},
	{
		// Whether such a context is written depends on what is stored.
		difference: storetest.RejectsUnsetValues, fatal: true,
		asks:    mayReuseKindless,
		accepts: func(ours, _ answer) bool { return notWorse(ours, ours) },
	},
	{
		// The largest doubles read as infinite there, and cannot be put again.
		difference: storetest.ExactDoubles,
		asks: func(r proto.Message) bool {
			found := false
			walk(r.ProtoReflect(), func(m protoreflect.Message) { found = found || intField(m, createTime) == asRead })
			return found
		},
		accepts: func(ours, original answer) bool {
			return ours.err.Code() == codes.OK && original.err.Code() == codes.Internal &&
				strings.Contains(original.err.Message(), "no such column: inf")
		},
	},
	{
		difference: storetest.NULBytes, parts: true,
		asks: func(r proto.Message) bool {
			return anyText(r, func(s string) bool { return strings.Contains(s, "\x00") })
		},
		accepts: notWorse,
	},
	{
		difference: storetest.NullMarkerAsText, parts: true,
		asks:    func(r proto.Message) bool { return anyText(r, func(s string) bool { return s == "__MLMD_NULL__" }) },
		accepts: notWorse,
	},
	{
		difference: storetest.RejectsStructMarker,
		asks: func(r proto.Message) bool {
			return anyText(r, func(s string) bool { return strings.HasPrefix(s, "mlmd-struct::") })
		},
		accepts: refusedBy(codes.InvalidArgument, "mlmd-struct::"),
	},
	{
		difference: storetest.RejectsUntypedAny,
		asks: func(r proto.Message) bool {
			return anyNode(r, func(n properties) bool { return anyValue(n.defined, untyped) || anyValue(n.custom, untyped) })
		},
		accepts: refusedBy(codes.InvalidArgument, "type_url"),
	},
	{
		difference: storetest.SeparatePropertyNamespaces, parts: true,
		asks:    func(r proto.Message) bool { return anyNode(r, bothSpaces) },
		accepts: func(ours, original answer) bool { return ours.err.Code() == original.err.Code() },
	},
	{
		difference: storetest.TypeExternalIDsKept, parts: true,
		asks: repeatsType,
		accepts: func(ours, original answer) bool { // the empty text may be taken
			return ours.err.Code() == codes.OK && original.err.Code() == codes.Internal &&
				strings.Contains(original.err.Message(), "UNIQUE")
		},
	},
	{
		difference: storetest.NoDanglingAttributions, parts: true,
		asks: func(r proto.Message) bool {
			put, ok := r.(*mlmdpb.PutExecutionRequest)
			return ok && len(put.Contexts) > 0 &&
				slices.ContainsFunc(put.ArtifactEventPairs, func(p *mlmdpb.PutExecutionRequest_ArtifactAndEvent) bool {
					return p.GetArtifact() == nil && p.GetEvent() == nil
				})
		},
		accepts: never,
	},
	{
		difference: storetest.LineageGraphRPC,
		asks:       isOneOf("GetLineageGraphRequest"),
		accepts:    func(_, original answer) bool { return original.err.Code() == codes.Unimplemented },
	},
	{
		difference: storetest.RejectsNonFinite,
		asks: func(r proto.Message) bool {
			return anyNode(r, func(n properties) bool { return anyValue(n.defined, infinite) || anyValue(n.custom, infinite) })
		},
		accepts: func(ours, original answer) bool { // which of two mistakes is told may differ
			return ours.err.Code() == codes.InvalidArgument && original.err.Code() != codes.OK &&
				(strings.Contains(ours.err.Message(), "finite") || strings.Contains(original.err.Message(), "no such column: "))
		},
	},
	{
		difference: storetest.UpdateAlreadyExists,
		asks: isOneOf("PutArtifactsRequest", "PutExecutionsRequest", "PutContextsRequest", "PutExecutionRequest",
			"PutLineageSubgraphRequest"),
		accepts: func(ours, original answer) bool {
			return ours.err.Code() == codes.AlreadyExists && original.err.Code() == codes.Internal &&
				strings.Contains(original.err.Message(), "UNIQUE")
		},
	},
	{
		difference: storetest.RejectsDanglingEvents,
		asks:       isOneOf("PutExecutionRequest", "PutLineageSubgraphRequest"),
		accepts:    refusedBy(codes.InvalidArgument, "with the given id "),
	},
	{
		difference: storetest.TypeAlreadyExists,
		asks:       isOneOf("PutArtifactTypeRequest", "PutExecutionTypeRequest", "PutContextTypeRequest", "PutTypesRequest"),
		accepts: func(ours, original answer) bool {
			return ours.err.Code() == codes.AlreadyExists && original.err.Code() == codes.Internal
		},
	},
}

// refusedBy accepts that ours refuses, with these words, what the reference
// implementation accepts or refuses otherwise.
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
