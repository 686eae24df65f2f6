package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/relation"
	"github.com/mlmd-go/sdk/pkg/value"
)

// Record stores an execution with what it used and made, and sets the IDs of all
// values:
//
//	registry.Record(ctx, runs, &run, edge.TrainingRun.Inputs.To(&day1, &day2), edge.TrainingRun.Outputs.To(&weights))
//
// The execution is upserted. So are entities without an ID that links lead to;
// entities with an ID are linked as they are stored. Links that exist stay, and
// Record never removes one. Recording the same values twice stores them once.
// Record returns what the upsert of the execution did.
//
// On an embedded store Record is one transaction. On a server it is one RPC if the
// execution and the artifacts without an ID are new and these have no parents;
// memberships and the parent of the execution take another RPC. Otherwise Record
// upserts one entity after the other and then stores the events. If that fails
// halfway, Record with the same values completes it. In the transaction of a
// [Client.Tx] a Record that fails leaves nothing behind.
//
// The errors are those of [Collection.Upsert]. Besides, the error is
// [ErrInvalidArgument] if a required edge has no neighbor or an edge more than it
// may have, [ErrNotFound] if a link leads to an ID that does not exist or belongs
// to another entity, and [ErrAlreadyExists] if the neighbor of a unique edge
// already is the neighbor of another execution. A REST registry has no events: the
// error is [ErrUnsupported].
func Record[T any](
	ctx context.Context, c *Collection[T, *mlmdpb.Execution], v *T, links ...relation.Link[*T],
) (Result, error) {
	return record(ctx, &c.core, v, untypedLinks(links))
}

// A preparedNode is a new node on its way to the store.
type preparedNode interface {
	message() proto.Message
	before(ctx context.Context) error
	// stored sets the ID of the value and records the creation for the hooks.
	stored(id int64) Result
	// linkParent links the node to its parent, if it has one.
	linkParent(ctx context.Context, id int64) error
	after(ctx context.Context) hookErrors
}

func (c *core[N]) prepare(ctx context.Context, values []any) []preparedNode {
	if _, err := c.client.typeOf(ctx, c.typ, c.m.PropTypes()); err != nil {
		return nil // the upsert will return it
	}
	group := c.newNodes(ctx, upsert, values, writeOptions{})
	if len(group) < len(values) {
		return nil
	}
	out := make([]preparedNode, len(group))
	for i := range group {
		out[i] = &group[i]
	}
	return out
}

func (n *newNode[N]) message() proto.Message { return any(n.node).(proto.Message) }

func (n *newNode[N]) before(ctx context.Context) error { return n.beforeCreate(ctx, n.node) }

func (n *newNode[N]) stored(id int64) Result {
	r := n.result(id, Created, nil)
	n.cacheCreated(id, n.typeID, n.nodes.view(n.node), true)
	n.setID(r.ID)
	n.recordCreated(n.node, r)
	return r
}

func (n *newNode[N]) linkParent(ctx context.Context, id int64) error {
	return n.linkNew(ctx, id, false)
}

func (n *newNode[N]) after(ctx context.Context) hookErrors { return n.afterWrite(ctx) }

// record stores an execution and its links.
func record(
	ctx context.Context, c *core[*mlmdpb.Execution], v any, links []relation.Links,
) (_ Result, err error) {
	ctx, observed := c.client.observe(ctx, "record", c.m.entity)
	defer func() { observed.end(err) }()
	if c.m.IsNilAny(v) {
		return Result{}, c.operation("record", "").newError(ErrInvalidArgument, "the value is nil")
	}
	s := c.operation("record", displayName(c.m.IdentAny(v)))
	if c.client.rest() != nil {
		return Result{}, s.newError(ErrUnsupported, "a REST registry has no events")
	}
	targets, err := c.client.targets(s, links)
	if err != nil {
		return Result{}, err
	}
	if err := c.checkRequired(ctx, s, v, targets); err != nil {
		return Result{}, err
	}
	if err := c.checkNumber(s, targets); err != nil {
		return Result{}, err
	}
	if _, embedded := transactorOf(c.client.rpc); !embedded {
		if err := c.client.checkTargets(ctx, s, targets); err != nil {
			return Result{}, err
		}
		if r, done, err := recordAtOnce(ctx, c, s, v, targets); done || err != nil {
			return r, err
		}
		return c.recordEach(ctx, s, v, targets)
	}
	results, err := c.client.inBatch(ctx, func(client *Client) ([]Result, error) {
		targets, err := client.targets(s, links) // the IDs of another try may not exist
		if err != nil {
			return nil, err
		}
		if err := client.checkTargets(ctx, s, targets); err != nil {
			return nil, err
		}
		r, err := c.on(client).recordEach(ctx, s, v, targets)
		return []Result{r}, err
	})
	if len(results) == 0 {
		return Result{}, err
	}
	return results[0], err
}

// checkRequired returns an error if the execution is new and a required edge has no
// neighbor. Stored executions have them.
func (c *core[N]) checkRequired(ctx context.Context, s operation, v any, targets []*target) error {
	for _, name := range c.m.Type().RequiredEdges {
		if slices.ContainsFunc(targets, func(t *target) bool { return t.relation.Name == name }) {
			continue
		}
		exists, err := c.isStored(ctx, v)
		if err != nil || exists {
			return err
		}
		return s.fieldError(ErrInvalidArgument, name, "",
			fmt.Sprintf("has no neighbor: %s needs at least one", withArticle(c.m.entity)))
	}
	return nil
}

// isStored reports whether an upsert of v would find it.
func (c *core[N]) isStored(ctx context.Context, v any) (bool, error) {
	if c.m.IdentAny(v).ID != "" {
		return true, nil
	}
	w, err := c.begin(ctx, upsert, v, writeOptions{})
	if err != nil {
		return false, err
	}
	n, err := w.encode(w.parent.mappingParent(w.m.parent))
	if err != nil {
		return false, err
	}
	stored, _, err := w.findBefore(ctx, w.nodes.view(n))
	return stored != nil, err
}

// checkNumber returns an error if an edge leads to more targets than it may have. A
// target that is given twice counts once.
func (c *core[N]) checkNumber(s operation, targets []*target) error {
	type neighbor struct {
		r     *relation.Relation
		id    int64
		value any // if it has no ID
	}
	seen := make(map[neighbor]bool)
	count := make(map[*relation.Relation]int)
	for _, t := range targets {
		n := neighbor{t.relation, t.id, nil}
		if t.id == 0 {
			n.value = t.value
		}
		if seen[n] {
			continue
		}
		seen[n] = true
		if count[t.relation]++; t.relation.Max > 0 && count[t.relation] > t.relation.Max {
			return s.tooMany(t.relation)
		}
	}
	return nil
}

// recordEach stores the targets, then the execution, and then the links.
func (c *core[N]) recordEach(ctx context.Context, s operation, v any, targets []*target) (Result, error) {
	var late hookErrors
	if err := late.keep(c.client.storeTargets(ctx, s, targets)); err != nil {
		return Result{}, err
	}
	r, err := c.write(ctx, upsert, v, writeOptions{})
	if err := late.keep(err); err != nil {
		return Result{}, err
	}
	id, err := value.ParseID(r.ID)
	if err != nil {
		return Result{}, s.newError(ErrInternal, "the store returned an invalid ID")
	}
	if err := c.storeLinks(ctx, s, id, targets); err != nil {
		return Result{}, err
	}
	return r, late.beside(nil)
}

// recordAtOnce stores a new execution and new artifacts without parents in one RPC.
// It returns false if one of them may be stored already or needs another RPC first.
func recordAtOnce(
	ctx context.Context, c *core[*mlmdpb.Execution], s operation, v any, targets []*target,
) (_ Result, done bool, _ error) {
	if c.m.IdentAny(v).ID != "" {
		return Result{}, false, nil
	}
	req := &mlmdpb.PutExecutionRequest{}
	var nodes []preparedNode
	var owners []*target // of nodes
	index := make(map[any]int)
	events := slices.DeleteFunc(slices.Clone(targets), func(t *target) bool { return t.relation.Kind != relation.Event })
	for _, t := range targets {
		if t.relation.Kind != relation.Event && t.id == 0 {
			return Result{}, false, nil
		}
	}
	var paths eventSet
	for _, t := range events {
		if has, why := paths.has(t); t.id != 0 && (has || why != "") {
			return Result{}, false, nil
		}
		pair := &mlmdpb.PutExecutionRequest_ArtifactAndEvent{Event: paths.add(t)}
		switch _, twice := index[t.value]; {
		case t.id != 0:
			pair.Event.ArtifactId = &t.id
		case twice:
			return Result{}, false, nil
		default:
			prepared := t.core.prepare(ctx, []any{t.value})
			if len(prepared) == 0 || t.core.identOf(t.value).ParentID != "" {
				return Result{}, false, nil
			}
			index[t.value] = len(nodes)
			nodes, owners = append(nodes, prepared[0]), append(owners, t)
			pair.Artifact = prepared[0].message().(*mlmdpb.Artifact)
		}
		req.ArtifactEventPairs = append(req.ArtifactEventPairs, pair)
	}
	if taken := c.client.checkUnique(ctx, s, 0, events); taken != nil {
		if !errors.Is(taken, ErrAlreadyExists) {
			return Result{}, false, taken
		}
		if stored, err := c.isStored(ctx, v); err != nil || stored { // by this execution, perhaps
			return Result{}, false, err
		}
		return Result{}, false, taken
	}
	run := c.prepare(ctx, []any{v})
	if len(run) == 0 {
		return Result{}, false, nil
	}
	req.Execution = run[0].message().(*mlmdpb.Execution)
	for _, n := range append(nodes, run[0]) {
		if err := n.before(ctx); err != nil {
			return Result{}, false, err
		}
	}
	resp, err := c.client.rpc.PutExecution(ctx, req)
	switch status.Code(err) {
	case codes.OK:
	case codes.AlreadyExists, codes.NotFound, codes.InvalidArgument, codes.FailedPrecondition,
		codes.ResourceExhausted: // a request that is too large, too
		return Result{}, false, nil // the sequence finds what exists, or the reason
	default:
		return Result{}, false, s.rpcError(ctx, err)
	}
	if len(resp.GetArtifactIds()) != len(req.ArtifactEventPairs) || resp.ExecutionId == nil {
		return Result{}, false, s.newError(ErrInternal, "the store returned another number of IDs")
	}
	var late hookErrors
	next := 0
	for i, pair := range req.ArtifactEventPairs {
		if pair.Artifact != nil {
			nodes[next].stored(resp.ArtifactIds[i])
			owners[next].id = resp.ArtifactIds[i]
			next++
		}
	}
	r := run[0].stored(resp.GetExecutionId())
	if err := run[0].linkParent(ctx, resp.GetExecutionId()); err != nil {
		return Result{}, false, err
	}
	members := slices.DeleteFunc(slices.Clone(targets), func(t *target) bool { return t.relation.Kind == relation.Event })
	if err := c.storeLinks(ctx, s, resp.GetExecutionId(), members); err != nil {
		return Result{}, false, err
	}
	for _, n := range append(nodes, run[0]) {
		late = append(late, n.after(ctx)...)
	}
	return r, true, late.beside(nil)
}
