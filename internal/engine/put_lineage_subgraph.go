package engine

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// PutLineageSubgraph stores executions, artifacts and contexts, and the events
// between them. All contexts contain all executions and artifacts.
func (s *Service) PutLineageSubgraph(
	ctx context.Context, req *mlmdpb.PutLineageSubgraphRequest,
) (*mlmdpb.PutLineageSubgraphResponse, error) {
	resp := new(mlmdpb.PutLineageSubgraphResponse)
	err := s.update(ctx, func(ctx context.Context, t *tx) error {
		p := &lineagePut{
			t: t, req: req,
			contexts:   mapSlice(req.GetContexts(), fromContext),
			artifacts:  mapSlice(req.GetArtifacts(), fromArtifact),
			executions: mapSlice(req.GetExecutions(), fromExecution),
		}
		if err := p.check(ctx); err != nil {
			return err
		}
		return p.store(ctx, resp)
	})
	return reply(resp, err)
}

// lineagePut is the state of a PutLineageSubgraph.
type lineagePut struct {
	t                               *tx
	req                             *mlmdpb.PutLineageSubgraphRequest
	contexts, artifacts, executions []*node
}

// check validates what can be checked before anything is written.
func (p *lineagePut) check(ctx context.Context) error {
	for _, edge := range p.req.GetEventEdges() {
		if err := p.checkEdge(edge); err != nil {
			return err
		}
	}
	if err := p.checkNodes(ctx, artifactKind, p.artifacts); err != nil {
		return err
	}
	if err := p.checkNodes(ctx, executionKind, p.executions); err != nil {
		return err
	}
	return p.checkNodes(ctx, contextKind, p.contexts)
}

func (p *lineagePut) checkEdge(edge *mlmdpb.PutLineageSubgraphRequest_EventEdge) error {
	if edge.GetEvent() == nil {
		return invalidArgf("No event found for event_edge")
	}
	err := checkEnd("execution", "Execution", edge.ExecutionIndex, edge.Event.ExecutionId, p.executions)
	if err != nil {
		return err
	}
	return checkEnd("artifact", "Artifact", edge.ArtifactIndex, edge.Event.ArtifactId, p.artifacts)
}

// checkEnd checks one end of an edge: its index in the request, its ID, or
// both.
func checkEnd(word, title string, index *int32, id *int64, nodes []*node) error {
	switch {
	case index == nil && id == nil:
		return invalidArgf("Event_edge is missing an %s: it has neither index nor id", word)
	case index == nil:
		return nil
	case *index < 0 || int(*index) >= len(nodes):
		return errorf(codes.OutOfRange, "The %s_index %d is outside the bounds of the request's %ss list", word, *index, word)
	case id == nil:
		return nil
	case nodes[*index].id == nil:
		return invalidArgf("Missing %s ID: the event names %d, the %s at index %d has none", word, *id, word, *index)
	case *nodes[*index].id != *id:
		return invalidArgf("%s ID mismatch: the event names %d, the %s at index %d has %d", title, *id, word, *index,
			*nodes[*index].id)
	}
	return nil
}

// checkNodes validates the nodes of a kind against their types.
func (p *lineagePut) checkNodes(ctx context.Context, k *nodeKind, nodes []*node) error {
	ids := make([]int64, 0, len(nodes))
	for _, n := range nodes {
		if n.typeID == nil {
			return invalidArgf("Type id is missing.")
		}
		ids = append(ids, *n.typeID)
	}
	types, err := loadTypes(ctx, p.t, k.typeKind, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if types[id] == nil {
			return errorf(codes.NotFound, "Results missing for ids: {%d}: there is no such %s type", id, k.noun)
		}
	}
	for _, n := range nodes {
		if err := p.t.checkProperties(ctx, types[*n.typeID], n.props, types); err != nil {
			return withPrefix(err, "Cannot validate properties of %s%s: ", k.noun, quoted(n.name))
		}
	}
	return nil
}

func (p *lineagePut) store(ctx context.Context, resp *mlmdpb.PutLineageSubgraphResponse) error {
	options := p.req.GetOptions()
	var err error
	contexts, nameless := p.contexts, slices.IndexFunc(p.contexts, func(c *node) bool { return c.name == nil })
	if nameless >= 0 { // errors of earlier contexts take precedence
		contexts = contexts[:nameless]
	}
	if resp.ContextIds, err = p.t.putContexts(ctx, contexts, options.GetReuseContextIfAlreadyExist()); err != nil {
		return err
	}
	if nameless >= 0 {
		return invalidArgf("Context is missing a name")
	}
	resp.ArtifactIds, err = p.t.putArtifacts(ctx, p.artifacts, options.GetReuseArtifactIfAlreadyExistByExternalId(), true)
	if err != nil {
		return err
	}
	if resp.ExecutionIds, err = p.t.putNodes(ctx, executionKind, p.executions, putOptions{}); err != nil {
		return err
	}
	if err := p.t.insertEdgesAll(ctx, associations, resp.ContextIds, resp.ExecutionIds); err != nil {
		return err
	}
	if err := p.t.insertEdgesAll(ctx, attributions, resp.ContextIds, resp.ArtifactIds); err != nil {
		return err
	}
	return p.putEvents(ctx, resp)
}

// putEvents stores the events of the edges. IDs without an index must be those
// of stored nodes.
func (p *lineagePut) putEvents(ctx context.Context, reply *mlmdpb.PutLineageSubgraphResponse) error {
	var artifacts, executions []int64
	for _, edge := range p.req.GetEventEdges() {
		if edge.ArtifactIndex == nil {
			artifacts = append(artifacts, *edge.Event.ArtifactId)
		}
		if edge.ExecutionIndex == nil {
			executions = append(executions, *edge.Event.ExecutionId)
		}
	}
	knownArtifacts, knownExecutions, err := existingEnds(ctx, p.t, artifactKind, artifacts, executionKind, executions)
	if err != nil {
		return err
	}
	var events []event
	for _, edge := range p.req.GetEventEdges() {
		e := newEvent(edge.Event, edge.Event.GetArtifactId(), edge.Event.GetExecutionId())
		refused := e.check(p.t.d)
		if edge.ArtifactIndex != nil {
			e.artifact = reply.ArtifactIds[*edge.ArtifactIndex]
		} else if refused == nil && !knownArtifacts[e.artifact] {
			refused = invalidArgf("No artifact with the given id %d", e.artifact)
		}
		if edge.ExecutionIndex != nil {
			e.execution = reply.ExecutionIds[*edge.ExecutionIndex]
		} else if refused == nil && !knownExecutions[e.execution] {
			refused = invalidArgf("No execution with the given id %d", e.execution)
		}
		if refused != nil {
			return p.t.putEvents(ctx, events, refused)
		}
		events = append(events, e)
	}
	return p.t.putEvents(ctx, events, nil)
}
