package engine

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// PutExecution stores an execution with its artifacts, their events, and the
// contexts that contain them.
func (s *Service) PutExecution(
	ctx context.Context, req *mlmdpb.PutExecutionRequest,
) (*mlmdpb.PutExecutionResponse, error) {
	resp := new(mlmdpb.PutExecutionResponse)
	err := s.update(ctx, func(ctx context.Context, t *tx) error {
		if req.GetExecution() == nil {
			return invalidArgf("No execution is found: the request has none")
		}
		p := executionPut{t: t, req: req, options: req.GetOptions()}
		var err error
		if resp.ArtifactIds, err = p.putArtifacts(ctx); err != nil {
			return err
		}
		ids, err := t.putNodes(ctx, executionKind, []*node{fromExecution(req.Execution)},
			putOptions{forceUpdateTime: p.options.GetForceUpdateTime()})
		if err != nil {
			return err
		}
		resp.ExecutionId = &ids[0]
		if err := p.putEvents(ctx, ids[0], resp.ArtifactIds); err != nil {
			return err
		}
		if resp.ContextIds, err = p.putContexts(ctx); err != nil {
			return err
		}
		return p.linkContexts(ctx, resp)
	})
	return reply(resp, err)
}

// executionPut is the state of a PutExecution.
type executionPut struct {
	t       *tx
	req     *mlmdpb.PutExecutionRequest
	options *mlmdpb.PutExecutionRequest_Options
}

// putArtifacts stores the artifacts of the pairs and returns their IDs. For a
// pair without an artifact, the ID is that of its event, or -1.
func (p *executionPut) putArtifacts(ctx context.Context) ([]int64, error) {
	pairs := p.req.GetArtifactEventPairs()
	ids := make([]int64, len(pairs))
	var nodes []*node
	var at []int // indexes of nodes in pairs
	for i, pair := range pairs {
		switch event := pair.GetEvent(); {
		case pair.GetArtifact() != nil:
			nodes, at = append(nodes, fromArtifact(pair.Artifact)), append(at, i)
		case event != nil && event.ArtifactId != nil:
			ids[i] = *event.ArtifactId
		default:
			ids[i] = -1
		}
	}
	stored, err := p.t.putArtifacts(ctx, nodes, p.options.GetReuseArtifactIfAlreadyExistByExternalId(), false)
	for i, id := range stored {
		ids[at[i]] = id
	}
	return ids, err
}

// putEvents stores the events of the pairs. If a pair has no artifact, the
// artifact of its event must be stored already.
func (p *executionPut) putEvents(ctx context.Context, execution int64, artifacts []int64) error {
	var named []int64
	for i, pair := range p.req.GetArtifactEventPairs() {
		if pair.GetArtifact() == nil {
			named = append(named, artifacts[i])
		}
	}
	found, err := existingIDs(ctx, p.t, artifactKind, named)
	if err != nil {
		return err
	}
	var events []event
	for i, pair := range p.req.GetArtifactEventPairs() {
		if pair.GetEvent() == nil {
			continue
		}
		if err := checkPair(pair, execution, artifacts[i], found); err != nil {
			return p.t.putEvents(ctx, events, err)
		}
		e := newEvent(pair.Event, artifacts[i], execution)
		if err := e.check(p.t.d); err != nil {
			return p.t.putEvents(ctx, events, err)
		}
		events = append(events, e)
	}
	return p.t.putEvents(ctx, events, nil)
}

// checkPair checks the IDs of a pair's event.
func checkPair(
	pair *mlmdpb.PutExecutionRequest_ArtifactAndEvent, execution, artifact int64, found map[int64]bool,
) error {
	e := pair.GetEvent()
	switch {
	case e.ExecutionId != nil && *e.ExecutionId != execution:
		return invalidArgf("Request's event.execution_id does not match with the given execution: %d is not %d",
			*e.ExecutionId, execution)
	case pair.GetArtifact() != nil && e.ArtifactId != nil && *e.ArtifactId != artifact:
		return invalidArgf("Given event.artifact_id is not aligned with the artifact: %d is not %d", *e.ArtifactId, artifact)
	case pair.GetArtifact() == nil && e.ArtifactId == nil:
		return invalidArgf("If no artifact is present, given event must have an artifact_id")
	case pair.GetArtifact() == nil && !found[artifact]:
		return invalidArgf("No artifact with the given id %d", artifact)
	}
	return nil
}

// putContexts stores or reuses the contexts and returns their IDs.
func (p *executionPut) putContexts(ctx context.Context) ([]int64, error) {
	nodes := mapSlice(p.req.GetContexts(), fromContext)
	found, err := existingIDs(ctx, p.t, contextKind, p.forcedIDs(nodes))
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(nodes))
	var put []*node
	var at []int // indexes of put in nodes
	flush := func() error {
		stored, err := p.t.putContexts(ctx, put, p.options.GetReuseContextIfAlreadyExist())
		for i, id := range stored {
			ids[at[i]], found[id] = id, true
		}
		put, at = nil, nil
		return err
	}
	for i, n := range nodes {
		var refused error
		switch {
		case p.forced(n):
			ids[i] = *n.id
			if found[*n.id] {
				continue
			}
			refused = errorf(codes.NotFound, "Results missing for ids: {%d}", *n.id)
		case n.typeID == nil:
			refused = invalidArgf("Context is missing a type_id")
		case n.name == nil:
			refused = invalidArgf("Context is missing a name")
		default:
			put, at = append(put, n), append(at, i)
			continue
		}
		// Errors of earlier contexts take precedence, and this request may create the
		// context that is missing.
		if err := flush(); err != nil {
			return nil, err
		}
		if !p.forced(n) || !found[*n.id] {
			return nil, refused
		}
	}
	return ids, flush()
}

// forced reports whether the context is reused without changes.
func (p *executionPut) forced(n *node) bool { return p.options.GetForceReuseContext() && n.id != nil }

func (p *executionPut) forcedIDs(nodes []*node) []int64 {
	var ids []int64
	for _, n := range nodes {
		if p.forced(n) {
			ids = append(ids, *n.id)
		}
	}
	return ids
}

// linkContexts adds the execution and the artifacts to the contexts, except for
// IDs that do not stand for an artifact.
func (p *executionPut) linkContexts(ctx context.Context, reply *mlmdpb.PutExecutionResponse) error {
	if len(reply.ContextIds) == 0 {
		return nil
	}
	if err := p.t.insertEdgesAll(ctx, associations, reply.ContextIds, []int64{*reply.ExecutionId}); err != nil {
		return err
	}
	artifacts := slices.DeleteFunc(slices.Clone(reply.ArtifactIds), func(id int64) bool { return id < 0 })
	return p.t.insertEdgesAll(ctx, attributions, reply.ContextIds, artifacts)
}
