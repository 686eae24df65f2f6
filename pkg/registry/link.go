package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/relation"
	"github.com/mlmd-go/sdk/pkg/value"
)

// Link links a stored entity to neighbors, and stores those without an ID first,
// like [Record]. Links that exist stay. The error is [ErrNotFound] if the entity
// does not exist.
//
// On an embedded store the limits of edges, max and unique, hold although several
// calls of Record and Link run at once: Link is one transaction, which others that
// could exceed the limit wait for. A server checks no limits, so calls at once that
// add different neighbors may exceed them there.
func (c *Collection[T, N]) Link(ctx context.Context, id string, links ...relation.Link[*T]) error {
	return c.core.linkTo(ctx, id, untypedLinks(links))
}

func untypedLinks[F any](links []relation.Link[F]) []relation.Links {
	out := make([]relation.Links, 0, len(links))
	for _, l := range links {
		if len(l.Nodes) > 0 {
			out = append(out, relation.Links(l))
		}
	}
	return out
}

// linkable is what linking needs of an [anyCore].
type linkable interface {
	isNil(v any) bool
	upsert(ctx context.Context, c *Client, v any) (Result, error)
	// prepare returns the nodes to create for values, or nil if one of them may exist
	// or cannot be created without its parent.
	prepare(ctx context.Context, values []any) []preparedNode
}

func (c *core[N]) isNil(v any) bool { return c.m.IsNilAny(v) }

func (c *core[N]) upsert(ctx context.Context, client *Client, v any) (Result, error) {
	return c.on(client).write(ctx, upsert, v, writeOptions{})
}

// A target is one neighbor to link.
type target struct {
	relation *relation.Relation
	core     anyCore
	id       int64 // 0 if it is new
	value    any   // nil if only the ID is known
	key      string
}

// targets checks links and returns what they lead to.
func (c *Client) targets(s operation, links []relation.Links) ([]*target, error) {
	var out []*target
	cores := make(map[mlmd.AnyMapping]anyCore)
	for _, l := range links {
		r, m := l.Relation, l.Relation.To[l.Target]
		if cores[m] == nil {
			cores[m] = c.coreOf(m)
		}
		for _, n := range l.Nodes {
			t := &target{relation: r, core: cores[m], value: n.Value, key: n.Key}
			id := n.ID
			if t.value != nil {
				if t.core.isNil(t.value) {
					return nil, s.edgeError(ErrInvalidArgument, r, "", "a neighbor is nil")
				}
				id = t.core.identOf(t.value).ID
			}
			if t.value == nil || id != "" {
				var err error
				if t.id, err = parseID(id); err != nil {
					return nil, s.edgeError(ErrInvalidArgument, r, id, err.Error())
				}
			}
			if why := stepProblem(r, n.Key); why != "" {
				return nil, s.edgeError(ErrInvalidArgument, r, id, why)
			}
			out = append(out, t)
		}
	}
	return out, nil
}

// stepProblem returns why a link of the edge cannot have the key, or "".
func stepProblem(r *relation.Relation, key string) string {
	switch {
	case r.Step == relation.KeyStep && key == "":
		return "the events of this edge have a key: use At"
	case r.Step != relation.KeyStep && key != "":
		return fmt.Sprintf("the key %q has no place: the edge is declared without step: key", key)
	}
	return nameProblem(key)
}

// edgeError returns an error about the neighbor with the given ID.
func (s operation) edgeError(kind error, r *relation.Relation, id, why string) *Error {
	return s.fieldError(kind, r.Name, id, why)
}

// checkTargets returns [ErrNotFound] if a target with an ID does not exist or is
// another entity. It makes one RPC for 100 targets of each kind.
func (c *Client) checkTargets(ctx context.Context, s operation, targets []*target) error {
	byKind := make(map[mlmd.Kind][]*target)
	for _, t := range targets {
		if t.id != 0 {
			_, typ := t.core.describe()
			byKind[typ.kind] = append(byKind[typ.kind], t)
		}
	}
	for _, kind := range []mlmd.Kind{mlmd.Artifact, mlmd.Execution, mlmd.Context} {
		var ids []int64
		for _, t := range byKind[kind] {
			ids = append(ids, t.id)
		}
		names, err := c.typeNames(ctx, kind, ids)
		if err != nil {
			return s.rpcError(ctx, err)
		}
		for _, t := range byKind[kind] {
			entity, typ := t.core.describe()
			if why := c.notOf(names[t.id], []string{typ.name}, []string{entity}); why != "" {
				return s.edgeError(ErrNotFound, t.relation, strconv.FormatInt(t.id, 10), why)
			}
		}
	}
	return nil
}

// typeNames returns the names of the types of those nodes that exist.
func (c *Client) typeNames(ctx context.Context, kind mlmd.Kind, ids []int64) (map[int64]string, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	out := make(map[int64]string, len(ids))
	switch kind {
	case mlmd.Artifact:
		return out, addTypeNames(ctx, artifacts{c.rpc}, ids, out)
	case mlmd.Execution:
		return out, addTypeNames(ctx, executions{c.rpc}, ids, out)
	}
	unknown := ids[:0:0]
	for _, id := range ids {
		if p, ok := c.contexts.get(id); ok {
			out[id] = p.typeName
		} else {
			unknown = append(unknown, id)
		}
	}
	return out, addTypeNames(ctx, contexts{c.rpc}, unknown, out)
}

func addTypeNames[N mlmd.Node](ctx context.Context, nodes nodes[N], ids []int64, to map[int64]string) error {
	for some := range slices.Chunk(ids, pageSize) {
		ns, err := nodes.byIDs(ctx, some)
		if err != nil {
			return err
		}
		for _, n := range ns {
			v := nodes.view(n)
			to[v.id] = v.typeName
		}
	}
	return nil
}

// notOf returns why the type of a node, empty if it does not exist, is not one of the
// given types, or "". entities are those that are stored as these types.
func (c *Client) notOf(typeName string, typeNames, entities []string) string {
	if typeName != "" && slices.Contains(typeNames, typeName) {
		return ""
	}
	want := withArticle(entities[0])
	for i, e := range entities[1:] {
		sep := ", "
		if i == len(entities)-2 {
			sep = " or "
		}
		want += sep + withArticle(e)
	}
	if typeName == "" {
		return "does not exist: want the ID of " + want
	}
	return fmt.Sprintf("is the ID of %s, not of %s", withArticle(c.entityName(typeName)), want)
}

// storeTargets upserts the targets without an ID, each value once.
func (c *Client) storeTargets(ctx context.Context, s operation, targets []*target) error {
	for _, t := range targets {
		if t.id != 0 {
			continue
		}
		if id := t.core.identOf(t.value).ID; id != "" { // another target with the same value
			t.id, _ = value.ParseID(id)
			continue
		}
		r, err := t.core.upsert(ctx, c, t.value)
		if err != nil && !tookEffect(err) {
			var cause *Error
			if errors.As(err, &cause) {
				return cause
			}
			return err
		}
		if t.id, err = value.ParseID(r.ID); err != nil {
			return s.newError(ErrInternal, "the store returned an invalid ID")
		}
	}
	return nil
}

func (s operation) tooMany(r *relation.Relation) error {
	return s.edgeError(ErrInvalidArgument, r, "", fmt.Sprintf("has more than %d neighbors", r.Max))
}

// linkTo links the entity with the given ID.
func (c *core[N]) linkTo(ctx context.Context, idText string, links []relation.Links) (err error) {
	ctx, observed := c.client.observe(ctx, "link", c.m.entity)
	defer func() { observed.end(err) }()
	s, id, err := c.linkOperation("link", idText, links)
	if err != nil {
		return err
	}
	_, err = c.client.inBatch(ctx, func(client *Client) ([]Result, error) {
		targets, err := client.targets(s, links)
		if err != nil {
			return nil, err
		}
		c := c.on(client)
		if err := c.checkStored(ctx, s, id); err != nil {
			return nil, err
		}
		if err := client.checkTargets(ctx, s, targets); err != nil {
			return nil, err
		}
		var late hookErrors
		if err := late.keep(client.storeTargets(ctx, s, targets)); err != nil {
			return nil, err
		}
		if err := c.storeLinks(ctx, s, id, targets); err != nil {
			return nil, err
		}
		return nil, late.beside(nil)
	})
	return err
}

// linkOperation checks the arguments of Link and Unlink.
func (c *core[N]) linkOperation(op, idText string, links []relation.Links) (operation, int64, error) {
	s := c.operation(op, idText)
	id, err := parseID(idText)
	if err != nil {
		return s, 0, s.fieldError(ErrInvalidArgument, "id", idText, err.Error())
	}
	for _, l := range links {
		if err := c.client.supports(s, l.Relation); err != nil {
			return s, 0, err
		}
	}
	return s, id, nil
}

// checkStored returns [ErrNotFound] unless the entity is stored.
func (c *core[N]) checkStored(ctx context.Context, s operation, id int64) error {
	n, err := c.nodes.byID(ctx, id)
	if err != nil {
		return s.rpcError(ctx, err)
	}
	if n == nil {
		return s.newError(ErrNotFound, "")
	}
	if v := c.nodes.view(n); v.typeName != c.m.typeName {
		return s.newError(ErrNotFound, fmt.Sprintf(
			"not found: this ID belongs to %s", withArticle(c.client.entityName(v.typeName))))
	}
	return nil
}

// storeLinks stores those links from an entity to targets that are missing.
func (c *core[N]) storeLinks(ctx context.Context, s operation, id int64, targets []*target) error {
	if err := c.lock(ctx, s, id, targets); err != nil {
		return err
	}
	var events, members []*target
	for _, t := range targets {
		if t.relation.Kind == relation.Event {
			events = append(events, t)
		} else {
			members = append(members, t)
		}
	}
	if err := c.storeEvents(ctx, s, id, events); err != nil {
		return err
	}
	return c.storeMembers(ctx, s, id, members)
}

// storeEvents stores the events that are missing. If another writer stores one of
// them at the same time, it tries once more.
func (c *core[N]) storeEvents(ctx context.Context, s operation, execution int64, targets []*target) error {
	for try := 1; len(targets) > 0; try++ {
		stored, err := c.client.events(ctx, false, []int64{execution})
		if err != nil {
			return s.rpcError(ctx, err)
		}
		paths := eventSet(stored)
		var put []*mlmdpb.Event
		var added []*target
		for _, t := range targets {
			if has, why := paths.has(t); why != "" {
				return s.edgeError(ErrInvalidArgument, t.relation, strconv.FormatInt(t.id, 10), why)
			} else if has {
				continue
			}
			e := paths.add(t)
			e.ArtifactId, e.ExecutionId = &t.id, &execution // also for the next target
			put, added = append(put, e), append(added, t)
		}
		for _, t := range added {
			if t.relation.Max > 0 && paths.count(t.relation) > t.relation.Max {
				return s.tooMany(t.relation)
			}
		}
		if err := c.client.checkUnique(ctx, s, execution, added); err != nil || len(put) == 0 {
			return err
		}
		_, err = c.client.rpc.PutEvents(ctx, &mlmdpb.PutEventsRequest{Events: put})
		if err == nil {
			return nil
		}
		if status.Code(err) != codes.AlreadyExists || try == maxAttempts {
			return s.rpcError(ctx, err)
		}
	}
	return nil
}

// An eventSet holds the events of one execution.
type eventSet []*mlmdpb.Event

// has reports whether the target is linked already. Since the store keeps one event
// of each type between two nodes, why says what keeps it from being linked.
func (s eventSet) has(t *target) (_ bool, why string) {
	for _, e := range s {
		if e.GetType() != t.relation.EventType || e.GetArtifactId() != t.id {
			continue
		}
		if !isOf(e, t.relation) {
			return false, fmt.Sprintf("is linked along another edge: two nodes have at most one event of type %s", e.GetType())
		}
		if t.relation.Step != relation.KeyStep {
			return true, ""
		}
		key := "" // of another program's event, which may have no path
		if steps := e.GetPath().GetSteps(); len(steps) > 0 {
			key = steps[len(steps)-1].GetKey()
		}
		if key != t.key {
			return false, fmt.Sprintf("is linked under the key %q: two nodes have at most one event of type %s",
				key, e.GetType())
		}
		return true, ""
	}
	return false, ""
}

// add adds the event of a target, without IDs, and returns it. Its index follows
// those of the edge's other events.
func (s *eventSet) add(t *target) *mlmdpb.Event {
	r := t.relation
	var steps []*mlmdpb.Event_Path_Step
	if r.Key != "" {
		steps = append(steps, &mlmdpb.Event_Path_Step{Value: &mlmdpb.Event_Path_Step_Key{Key: r.Key}})
	}
	switch r.Step {
	case relation.KeyStep:
		steps = append(steps, &mlmdpb.Event_Path_Step{Value: &mlmdpb.Event_Path_Step_Key{Key: t.key}})
	case relation.IndexStep:
		next := int64(0)
		for _, e := range *s {
			if isOf(e, r) {
				next = max(next, stepOf(e)+1)
			}
		}
		steps = append(steps, &mlmdpb.Event_Path_Step{Value: &mlmdpb.Event_Path_Step_Index{Index: next}})
	}
	e := &mlmdpb.Event{Type: &r.EventType}
	if len(steps) > 0 {
		e.Path = &mlmdpb.Event_Path{Steps: steps}
	}
	*s = append(*s, e)
	return e
}

// count returns the number of events of an edge.
func (s eventSet) count(r *relation.Relation) int {
	n := 0
	for _, e := range s {
		if isOf(e, r) {
			n++
		}
	}
	return n
}

// checkUnique returns [ErrAlreadyExists] if the target of a unique edge has an event
// of it with another execution.
func (c *Client) checkUnique(ctx context.Context, s operation, execution int64, targets []*target) error {
	var ids []int64
	for _, t := range targets {
		if t.relation.Unique && t.id != 0 {
			ids = append(ids, t.id)
		}
	}
	for some := range slices.Chunk(ids, pageSize) {
		events, err := c.events(ctx, true, some)
		if err != nil {
			return s.rpcError(ctx, err)
		}
		for _, e := range events {
			for _, t := range targets {
				if t.relation.Unique && t.id == e.GetArtifactId() && isOf(e, t.relation) && e.GetExecutionId() != execution {
					return s.takenNeighbor(t, e.GetExecutionId())
				}
			}
		}
	}
	return nil
}

func (s operation) takenNeighbor(t *target, by int64) error {
	e := s.edgeError(ErrAlreadyExists, t.relation, strconv.FormatInt(t.id, 10), fmt.Sprintf(
		"is already linked to %s %d: neighbors of this edge have at most one", t.relation.Entity, by))
	e.ExistingID = strconv.FormatInt(by, 10)
	return e
}

// storeMembers stores the memberships that are missing.
func (c *core[N]) storeMembers(ctx context.Context, s operation, id int64, targets []*target) error {
	if len(targets) == 0 {
		return nil
	}
	has, err := c.contextsOf(ctx, s, id)
	if err != nil {
		return err
	}
	var added []int64
	for _, t := range targets {
		if has[t.id] {
			continue
		}
		if err := c.checkMember(ctx, s, t, has); err != nil {
			return err
		}
		has[t.id] = true
		added = append(added, t.id)
	}
	if len(added) == 0 {
		return nil
	}
	if err := c.nodes.linkAll(ctx, added, id); err != nil {
		return s.rpcError(ctx, err)
	}
	return nil
}

// contextsOf returns the set of the contexts that a node is linked to.
func (c *core[N]) contextsOf(ctx context.Context, s operation, id int64) (map[int64]bool, error) {
	links, err := c.contexts(ctx, s, []int64{id})
	out := make(map[int64]bool, len(links))
	for _, l := range links {
		out[l.to] = true
	}
	return out, err
}

// checkMember checks the limits of a membership of a node beside the contexts that
// it has.
func (c *core[N]) checkMember(ctx context.Context, s operation, t *target, has map[int64]bool) error {
	r := t.relation
	if r.Max > 0 {
		names, err := c.client.typeNames(ctx, mlmd.Context, slices.Collect(maps.Keys(has)))
		if err != nil {
			return s.rpcError(ctx, err)
		}
		n := 1
		for _, name := range names {
			for _, m := range r.To {
				if name == c.client.TypeName(m.Type().TypeName) {
					n++
				}
			}
		}
		if n > r.Max {
			return s.tooMany(r)
		}
	}
	if !r.Unique {
		return nil
	}
	for i, m := range r.To {
		if _, typ := t.core.describe(); c.client.TypeName(m.Type().TypeName) != typ.name {
			continue
		}
		f, err := c.client.members(ctx, s, &relation.End{Relation: r, Target: i, Reverse: true}, []int64{t.id})
		if err != nil {
			return err
		}
		if len(f.pairs) > 0 {
			return s.takenNeighbor(t, f.pairs[0].to)
		}
	}
	return nil
}

// A locker is an RPC client that can lock nodes: other transactions that lock one of
// them wait until its transaction ends. Those of embedded stores are.
type locker interface {
	LockNodes(ctx context.Context, artifacts, executions, contexts []int64) error
}

// lock locks what the limits of edges depend on: the entity, for how many neighbors it
// has, and neighbors that may have one entity only. It does nothing on a server, where
// a lock would not last longer than its request.
func (c *core[N]) lock(ctx context.Context, s operation, id int64, targets []*target) error {
	store, ok := transactorOf(c.client.rpc)
	l, ok2 := store.(locker)
	if !ok || !ok2 {
		return nil
	}
	ids := make(map[mlmd.Kind][]int64)
	for _, t := range targets {
		if t.relation.Max > 0 || t.relation.Required {
			ids[c.typ.kind] = []int64{id}
		}
	}
	for _, t := range targets {
		if t.relation.Unique {
			_, typ := t.core.describe()
			ids[typ.kind] = append(ids[typ.kind], t.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := l.LockNodes(ctx, ids[mlmd.Artifact], ids[mlmd.Execution], ids[mlmd.Context]); err != nil {
		return s.rpcError(ctx, err)
	}
	return nil
}
