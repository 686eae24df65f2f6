package differential

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// reads make one read each.
var reads = []func(w *world) step{
	func(w *world) step {
		return step{
			"GetArtifactType",
			&mlmdpb.GetArtifactTypeRequest{TypeName: w.maybeText(30, typeNames...), TypeVersion: w.version()},
		}
	},
	func(w *world) step {
		return step{
			"GetExecutionType",
			&mlmdpb.GetExecutionTypeRequest{TypeName: w.maybeText(30, typeNames...), TypeVersion: w.version()},
		}
	},
	func(w *world) step {
		return step{
			"GetContextType",
			&mlmdpb.GetContextTypeRequest{TypeName: w.maybeText(30, typeNames...), TypeVersion: w.version()},
		}
	},
	func(w *world) step { return step{"GetArtifactTypes", &mlmdpb.GetArtifactTypesRequest{}} },
	func(w *world) step { return step{"GetExecutionTypes", &mlmdpb.GetExecutionTypesRequest{}} },
	func(w *world) step { return step{"GetContextTypes", &mlmdpb.GetContextTypesRequest{}} },
	func(w *world) step {
		return step{"GetArtifactTypesByID", &mlmdpb.GetArtifactTypesByIDRequest{TypeIds: w.typeIDs(artifact)}}
	},
	func(w *world) step {
		return step{"GetExecutionTypesByID", &mlmdpb.GetExecutionTypesByIDRequest{TypeIds: w.typeIDs(execution)}}
	},
	func(w *world) step {
		return step{"GetContextTypesByID", &mlmdpb.GetContextTypesByIDRequest{TypeIds: w.typeIDs(context_)}}
	},
	func(w *world) step {
		return step{
			"GetArtifactTypesByExternalIds",
			&mlmdpb.GetArtifactTypesByExternalIdsRequest{ExternalIds: w.texts("x1", "x2", "x3", "x4")},
		}
	},
	func(w *world) step {
		return step{
			"GetExecutionTypesByExternalIds",
			&mlmdpb.GetExecutionTypesByExternalIdsRequest{ExternalIds: w.texts("x1", "x2", "x3", "x4")},
		}
	},
	func(w *world) step {
		return step{
			"GetContextTypesByExternalIds",
			&mlmdpb.GetContextTypesByExternalIdsRequest{ExternalIds: w.texts("x1", "x2", "x3", "x4")},
		}
	},
	func(w *world) step { return step{"GetArtifacts", &mlmdpb.GetArtifactsRequest{}} },
	func(w *world) step { return step{"GetExecutions", &mlmdpb.GetExecutionsRequest{}} },
	func(w *world) step { return step{"GetContexts", &mlmdpb.GetContextsRequest{}} },
	func(w *world) step {
		return step{
			"GetArtifactsByID",
			&mlmdpb.GetArtifactsByIDRequest{ArtifactIds: w.nodeIDs(artifact), PopulateArtifactTypes: maybe(w, 2, true, false)},
		}
	},
	func(w *world) step {
		return step{"GetExecutionsByID", &mlmdpb.GetExecutionsByIDRequest{ExecutionIds: w.nodeIDs(execution)}}
	},
	func(w *world) step {
		return step{"GetContextsByID", &mlmdpb.GetContextsByIDRequest{ContextIds: w.nodeIDs(context_)}}
	},
	func(w *world) step {
		return step{
			"GetArtifactsByType",
			&mlmdpb.GetArtifactsByTypeRequest{TypeName: w.maybeText(30, typeNames...), TypeVersion: w.version()},
		}
	},
	func(w *world) step {
		return step{
			"GetExecutionsByType",
			&mlmdpb.GetExecutionsByTypeRequest{TypeName: w.maybeText(30, typeNames...), TypeVersion: w.version()},
		}
	},
	func(w *world) step {
		return step{
			"GetContextsByType",
			&mlmdpb.GetContextsByTypeRequest{TypeName: w.maybeText(30, typeNames...), TypeVersion: w.version()},
		}
	},
	func(w *world) step {
		return step{"GetArtifactByTypeAndName", &mlmdpb.GetArtifactByTypeAndNameRequest{
			TypeName: w.maybeText(30, typeNames...), TypeVersion: w.version(), ArtifactName: w.nodeName(),
		}}
	},
	func(w *world) step {
		return step{"GetExecutionByTypeAndName", &mlmdpb.GetExecutionByTypeAndNameRequest{
			TypeName: w.maybeText(30, typeNames...), TypeVersion: w.version(), ExecutionName: w.nodeName(),
		}}
	},
	func(w *world) step {
		return step{"GetContextByTypeAndName", &mlmdpb.GetContextByTypeAndNameRequest{
			TypeName: w.maybeText(30, typeNames...), TypeVersion: w.version(), ContextName: w.nodeName(),
		}}
	},
	func(w *world) step {
		return step{
			"GetArtifactsByExternalIds",
			&mlmdpb.GetArtifactsByExternalIdsRequest{ExternalIds: w.texts("e1", "e2", "e3", "e4")},
		}
	},
	func(w *world) step {
		return step{
			"GetExecutionsByExternalIds",
			&mlmdpb.GetExecutionsByExternalIdsRequest{ExternalIds: w.texts("e1", "e2", "e3", "e4")},
		}
	},
	func(w *world) step {
		return step{
			"GetContextsByExternalIds",
			&mlmdpb.GetContextsByExternalIdsRequest{ExternalIds: w.texts("e1", "e2", "e3", "e4")},
		}
	},
	func(w *world) step {
		r := &mlmdpb.GetArtifactsByURIRequest{Uris: w.texts("u1", "u2", "u3", "")}
		if w.chance(20) {
			r.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 7))
		}
		return step{"GetArtifactsByURI", r}
	},
	func(w *world) step {
		return step{"GetEventsByArtifactIDs", &mlmdpb.GetEventsByArtifactIDsRequest{ArtifactIds: w.nodeIDs(artifact)}}
	},
	func(w *world) step {
		return step{"GetEventsByExecutionIDs", &mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: w.nodeIDs(execution)}}
	},
	func(w *world) step {
		return step{"GetContextsByArtifact", &mlmdpb.GetContextsByArtifactRequest{ArtifactId: ptr(w.nodeID(artifact))}}
	},
	func(w *world) step {
		return step{"GetContextsByExecution", &mlmdpb.GetContextsByExecutionRequest{ExecutionId: ptr(w.nodeID(execution))}}
	},
	func(w *world) step {
		return step{"GetArtifactsByContext", &mlmdpb.GetArtifactsByContextRequest{ContextId: ptr(w.nodeID(context_))}}
	},
	func(w *world) step {
		return step{"GetExecutionsByContext", &mlmdpb.GetExecutionsByContextRequest{ContextId: ptr(w.nodeID(context_))}}
	},
	func(w *world) step {
		return step{
			"GetParentContextsByContext",
			&mlmdpb.GetParentContextsByContextRequest{ContextId: ptr(w.nodeID(context_))},
		}
	},
	func(w *world) step {
		return step{
			"GetChildrenContextsByContext",
			&mlmdpb.GetChildrenContextsByContextRequest{ContextId: ptr(w.nodeID(context_))},
		}
	},
	func(w *world) step {
		return step{
			"GetParentContextsByContexts",
			&mlmdpb.GetParentContextsByContextsRequest{ContextIds: w.nodeIDs(context_)},
		}
	},
	func(w *world) step {
		return step{
			"GetChildrenContextsByContexts",
			&mlmdpb.GetChildrenContextsByContextsRequest{ContextIds: w.nodeIDs(context_)},
		}
	},
}

func (w *world) read() step {
	if w.chance(1000) {
		return step{"GetLineageGraph", &mlmdpb.GetLineageGraphRequest{}}
	}
	return pick(w, reads...)(w)
}

func (w *world) typeIDs(kind int) []int64 {
	var out []int64
	for range w.IntN(4) {
		if id := w.typeID(kind); id != nil {
			out = append(out, *id)
		}
	}
	return out
}

func (w *world) texts(from ...string) []string {
	var out []string
	for range w.IntN(4) {
		out = append(out, w.text(from...))
	}
	if w.chance(30) {
		out = append(out, "")
	}
	return out
}

func (w *world) nodeName() *string {
	return w.maybeText(30, "n1", "n2", "n3", "n4", "n5", "n6", "n7", "")
}

// audit reads whatever a store may hold after a sequence.
func (w *world) audit() []step {
	var few []int64
	for id := range int64(40) {
		few = append(few, id-1)
	}
	out := []step{
		{"GetArtifacts", &mlmdpb.GetArtifactsRequest{}},
		{"GetExecutions", &mlmdpb.GetExecutionsRequest{}},
		{"GetContexts", &mlmdpb.GetContextsRequest{}},
		{"GetArtifactTypesByID", &mlmdpb.GetArtifactTypesByIDRequest{TypeIds: few}},
		{"GetExecutionTypesByID", &mlmdpb.GetExecutionTypesByIDRequest{TypeIds: few}},
		{"GetContextTypesByID", &mlmdpb.GetContextTypesByIDRequest{TypeIds: few}},
		{"GetEventsByArtifactIDs", &mlmdpb.GetEventsByArtifactIDsRequest{ArtifactIds: few}},
		{"GetParentContextsByContexts", &mlmdpb.GetParentContextsByContextsRequest{ContextIds: few}},
	}
	for id := range int64(8) {
		out = append(out,
			step{"GetArtifactsByContext", &mlmdpb.GetArtifactsByContextRequest{ContextId: ptr(id + 1)}},
			step{"GetExecutionsByContext", &mlmdpb.GetExecutionsByContextRequest{ContextId: ptr(id + 1)}})
	}
	return out
}
