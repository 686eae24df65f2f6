package lineage

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
	"github.com/mlmd-go/sdk/pkg/value"
)

// membershipOf is the kind of the edges from a node to its contexts.
var membershipOf = map[mlmd.Kind]EdgeKind{
	mlmd.Artifact: Attribution, mlmd.Execution: Association, mlmd.Context: ParentContext,
}

func fieldMask(paths []string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// resolve returns the artifacts and executions to start from, sorted, and the
// contexts that the caller named.
func (r *reader) resolve(ctx context.Context) (first, contexts []nodeID, err error) {
	for _, s := range r.named {
		if s.kind == mlmd.Context {
			contexts = append(contexts, s.nodeID)
		} else {
			first = append(first, s.nodeID)
		}
	}
	if len(contexts) > 0 {
		members, err := r.members(ctx, contexts)
		if err != nil {
			return nil, nil, err
		}
		first = append(first, members...)
	}
	slices.SortFunc(first, compareIDs)
	return slices.Compact(first), contexts, nil
}

// members returns the artifacts and executions of contexts and of the contexts below
// them. If they are more than the limit, it returns some, and the graph is cut.
func (r *reader) members(ctx context.Context, contexts []nodeID) ([]nodeID, error) {
	all := make(map[nodeID]bool)
	var queue, out []nodeID
	add := func(n nodeID) bool {
		if len(all) > 2*r.limit { // the contexts, and their members
			r.cut = r.cut.add(TooManyNodes, refsOf(contexts)...)
			return false
		}
		if !all[n] {
			all[n] = true
			if n.kind == mlmd.Context {
				queue = append(queue, n)
			} else {
				out = append(out, n)
			}
		}
		return true
	}
	for _, c := range contexts {
		add(c)
	}
	for begin := 0; begin < len(queue); {
		part := queue[begin:min(begin+batch, len(queue))]
		begin += len(part)
		for _, kind := range []mlmd.Kind{mlmd.Artifact, mlmd.Execution, mlmd.Context} {
			field := "contexts_c.id"
			if kind == mlmd.Context {
				field = "parent_contexts_p.id"
			}
			if err := r.list(ctx, kind, filtertext.OneOf(field, idsOf(part)), add); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// list lists the nodes of a kind that a filter selects, by ID, until f returns false.
// It keeps the nodes.
func (r *reader) list(ctx context.Context, kind mlmd.Kind, filter string, f func(nodeID) bool) error {
	o := &mlmdpb.ListOperationOptions{
		MaxResultSize: new(int32(batch)), FilterQuery: &filter,
		OrderByField: &mlmdpb.ListOperationOptions_OrderByField{
			Field: mlmdpb.ListOperationOptions_OrderByField_ID.Enum(), IsAsc: new(true),
		},
	}
	for {
		var ms []proto.Message
		var next string
		var err error
		switch kind {
		case mlmd.Artifact:
			var resp *mlmdpb.GetArtifactsResponse
			resp, err = r.rpc.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{Options: o})
			ms, next = messages(resp.GetArtifacts()), resp.GetNextPageToken()
		case mlmd.Execution:
			var resp *mlmdpb.GetExecutionsResponse
			resp, err = r.rpc.GetExecutions(ctx, &mlmdpb.GetExecutionsRequest{Options: o})
			ms, next = messages(resp.GetExecutions()), resp.GetNextPageToken()
		default:
			var resp *mlmdpb.GetContextsResponse
			resp, err = r.rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: o})
			ms, next = messages(resp.GetContexts()), resp.GetNextPageToken()
		}
		if err != nil {
			return r.failed(ctx, err)
		}
		for _, m := range ms {
			n := nodeID{kind, viewOf(m).id}
			r.messages[n] = m
			if !f(n) {
				return nil
			}
		}
		if next == "" || next == o.GetNextPageToken() {
			return nil
		}
		o.NextPageToken = &next
	}
}

func messages[N proto.Message](ns []N) []proto.Message {
	out := make([]proto.Message, len(ns))
	for i, n := range ns {
		out[i] = n
	}
	return out
}

// readMessages reads the nodes that were not read before. Those that do not exist
// are left out.
func (r *reader) readMessages(ctx context.Context, ids []nodeID) error {
	for _, kind := range []mlmd.Kind{mlmd.Artifact, mlmd.Execution, mlmd.Context} {
		var missing []int64
		for _, n := range ids {
			if n.kind == kind && r.messages[n] == nil {
				missing = append(missing, n.id)
			}
		}
		slices.Sort(missing)
		missing = slices.Compact(missing)
		for size := largestBatch; len(missing) > 0; {
			n := min(size, len(missing))
			ms, err := r.byID(ctx, kind, missing[:n])
			if isTooLarge(err) && n > 1 {
				size = n / 2
				continue
			}
			if err != nil {
				return r.failed(ctx, err)
			}
			for _, m := range ms {
				r.messages[nodeID{kind, viewOf(m).id}] = m
			}
			missing = missing[n:]
		}
	}
	return nil
}

func (r *reader) byID(ctx context.Context, kind mlmd.Kind, ids []int64) ([]proto.Message, error) {
	switch kind {
	case mlmd.Artifact:
		resp, err := r.rpc.GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: ids})
		return messages(resp.GetArtifacts()), err
	case mlmd.Execution:
		resp, err := r.rpc.GetExecutionsByID(ctx, &mlmdpb.GetExecutionsByIDRequest{ExecutionIds: ids})
		return messages(resp.GetExecutions()), err
	}
	resp, err := r.rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: ids})
	return messages(resp.GetContexts()), err
}

// readLinks reads the memberships of artifacts and executions.
func (r *reader) readLinks(ctx context.Context, ns []nodeID) error {
	ns = slices.SortedFunc(slices.Values(ns), compareIDs)
	find := false // because the service does not have GetLineageSubgraph
	for len(ns) > 0 {
		size := batch
		if find {
			size = largestBatch
		}
		part := ns[:min(size, len(ns))]
		if i := slices.IndexFunc(part, func(n nodeID) bool { return n.kind != part[0].kind }); i > 0 {
			part = part[:i]
		}
		if !find {
			w := reader{Walk: Walk{way: r.way}, rpc: r.rpc} // without boundaries
			g, err := w.getSubgraph(ctx, part[0].kind, idsOf(part), 0, []string{"attributions", "associations"})
			switch status.Code(err) {
			case codes.OK, codes.NotFound:
				r.addLinks(g)
				ns = ns[len(part):]
				continue
			case codes.Unimplemented:
				find = true
				continue
			case codes.ResourceExhausted:
			default:
				return r.failed(ctx, err)
			}
		}
		if err := r.findLinks(ctx, part); err != nil {
			return err
		}
		ns = ns[len(part):]
	}
	return nil
}

// findLinks reads the memberships of some nodes of one kind without
// GetLineageSubgraph: in one request for each of their contexts, or one for each node
// if these are fewer.
func (r *reader) findLinks(ctx context.Context, ns []nodeID) error {
	kind, field := ns[0].kind, "artifacts_a.id"
	if kind == mlmd.Execution {
		field = "executions_e.id"
	}
	var contexts []nodeID
	err := r.list(ctx, mlmd.Context, filtertext.OneOf(field, idsOf(ns)), func(c nodeID) bool {
		contexts = append(contexts, c)
		return len(contexts) < len(ns)
	})
	if err != nil {
		return err
	}
	if len(contexts) < len(ns) {
		for _, c := range contexts {
			filter := fmt.Sprintf("%s AND contexts_c.id = %d", filtertext.OneOf("id", idsOf(ns)), c.id)
			err := r.list(ctx, kind, filter, func(n nodeID) bool {
				r.links = append(r.links, link{n, c})
				return true
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	for _, n := range ns {
		if err := r.readLinksOf(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// readLinksOf reads the memberships of one node. Some servers answer NOT_FOUND if it
// has none.
func (r *reader) readLinksOf(ctx context.Context, n nodeID) error {
	var found []*mlmdpb.Context
	var err error
	if n.kind == mlmd.Artifact {
		var resp *mlmdpb.GetContextsByArtifactResponse
		resp, err = r.rpc.GetContextsByArtifact(ctx, &mlmdpb.GetContextsByArtifactRequest{ArtifactId: &n.id})
		found = resp.GetContexts()
	} else {
		var resp *mlmdpb.GetContextsByExecutionResponse
		resp, err = r.rpc.GetContextsByExecution(ctx, &mlmdpb.GetContextsByExecutionRequest{ExecutionId: &n.id})
		found = resp.GetContexts()
	}
	if err != nil && status.Code(err) != codes.NotFound {
		return r.failed(ctx, err)
	}
	for _, c := range found {
		r.addContext(n, c)
	}
	return nil
}

// addContext records that a node belongs to a context.
func (r *reader) addContext(member nodeID, c *mlmdpb.Context) nodeID {
	n := nodeID{mlmd.Context, c.GetId()}
	r.messages[n] = c
	r.links = append(r.links, link{member, n})
	return n
}

// readContexts adds the contexts of the nodes to keep, and the contexts above those,
// as far as the limit allows.
func (r *reader) readContexts(ctx context.Context, keep map[nodeID]bool) error {
	room := r.limit
	level := make(map[nodeID]bool) // new contexts, or those that the caller named
	for n, kept := range keep {
		if kept {
			room--
			if n.kind == mlmd.Context {
				level[n] = true
			}
		}
	}
	begin := 0
	for {
		for _, l := range sortedLinks(r.links[begin:]) {
			if _, known := keep[l.context]; known || !keep[l.member] {
				continue
			}
			if room == 0 {
				r.cut = r.cut.add(TooManyNodes, l.member.ref())
				continue
			}
			room--
			keep[l.context], level[l.context] = true, true
		}
		begin = len(r.links)
		if len(level) == 0 {
			return nil
		}
		ids := make([]nodeID, 0, len(level))
		for n := range level {
			ids = append(ids, n)
		}
		slices.SortFunc(ids, compareIDs)
		if err := r.readMessages(ctx, ids); err != nil {
			return err
		}
		for _, n := range ids {
			keep[n] = r.messages[n] != nil
		}
		if err := r.readParents(ctx, ids); err != nil {
			return err
		}
		clear(level)
	}
}

func sortedLinks(ls []link) []link {
	return slices.SortedFunc(slices.Values(ls), func(a, b link) int {
		if c := compareIDs(a.context, b.context); c != 0 {
			return c
		}
		return compareIDs(a.member, b.member)
	})
}

// readParents reads the parents of contexts: in one request for 500 contexts if the
// service has GetParentContextsByContexts, otherwise in one for each context, unless
// none has a parent.
func (r *reader) readParents(ctx context.Context, contexts []nodeID) error {
	for part := range slices.Chunk(contexts, largestBatch) {
		resp, err := r.rpc.GetParentContextsByContexts(ctx, &mlmdpb.GetParentContextsByContextsRequest{
			ContextIds: idsOf(part),
		})
		if status.Code(err) == codes.Unimplemented {
			if err := r.readParentsOneByOne(ctx, part); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return r.failed(ctx, err)
		}
		for _, n := range part {
			for _, p := range resp.GetContexts()[n.id].GetParentContexts() {
				r.addContext(n, p)
			}
		}
	}
	return nil
}

func (r *reader) readParentsOneByOne(ctx context.Context, contexts []nodeID) error {
	for part := range slices.Chunk(contexts, batch) {
		some := false
		err := r.list(ctx, mlmd.Context, filtertext.OneOf("child_contexts_c.id", idsOf(part)), func(nodeID) bool {
			some = true
			return false
		})
		if err != nil {
			return err
		}
		if !some {
			continue
		}
		for _, n := range part {
			resp, err := r.rpc.GetParentContextsByContext(ctx, &mlmdpb.GetParentContextsByContextRequest{ContextId: &n.id})
			if err != nil && status.Code(err) != codes.NotFound {
				return r.failed(ctx, err)
			}
			for _, p := range resp.GetContexts() {
				r.addContext(n, p)
			}
		}
	}
	return nil
}

// A view has the fields of a node of any kind.
type view struct {
	id                              int64
	typeName, name, externalID, uri string
	state                           string
	created, updated                int64
	properties                      map[string]*mlmdpb.Value
}

func viewOf(m proto.Message) view {
	switch n := m.(type) {
	case *mlmdpb.Artifact:
		v := view{
			n.GetId(), n.GetType(), n.GetName(), n.GetExternalId(), n.GetUri(), "",
			n.GetCreateTimeSinceEpoch(), n.GetLastUpdateTimeSinceEpoch(), n.GetProperties(),
		}
		if n.State != nil {
			v.state = n.State.String()
		}
		return v
	case *mlmdpb.Execution:
		v := view{
			n.GetId(), n.GetType(), n.GetName(), n.GetExternalId(), "", "",
			n.GetCreateTimeSinceEpoch(), n.GetLastUpdateTimeSinceEpoch(), n.GetProperties(),
		}
		if n.LastKnownState != nil {
			v.state = n.LastKnownState.String()
		}
		return v
	case *mlmdpb.Context:
		return view{
			n.GetId(), n.GetType(), n.GetName(), n.GetExternalId(), "", n.GetProperties()["state"].GetStringValue(),
			n.GetCreateTimeSinceEpoch(), n.GetLastUpdateTimeSinceEpoch(), n.GetProperties(),
		}
	}
	return view{}
}

// node returns the node that was read as n.
func (r *reader) node(n nodeID) *Node {
	m := r.messages[n]
	v := viewOf(m)
	out := &Node{
		Ref: n.ref(), TypeName: v.typeName, Name: v.name, ExternalID: v.externalID, State: v.state, URI: v.uri,
		CreateTime: value.Millis(v.created), UpdateTime: value.Millis(v.updated), Message: m,
	}
	t, ok := r.catalog[typeKey{n.kind, v.typeName}]
	if !ok {
		return out
	}
	out.Entity = t.Entity
	if t.Parent != nil && !t.Parent.UnprefixedName {
		out.Name = gensupport.ChildOwnName(v.name)
		if gensupport.ParentID(v.name) == "" {
			m = r.withParent(n, m, r.reg.TypeName(t.Parent.TypeName), out.Name)
		}
	}
	if e, err := t.mapping.DecodeAny(m); err == nil {
		out.Value = e
	}
	return out
}

// withParent returns m with a stored name that has the ID of its parent, as package
// registry does for children that other programs have stored without it: the oldest
// of its contexts that has the parent's type.
func (r *reader) withParent(n nodeID, m proto.Message, parentType, name string) proto.Message {
	var parent int64
	for _, c := range r.contextsOf[n] {
		if viewOf(r.messages[c]).typeName == parentType && (parent == 0 || c.id < parent) {
			parent = c.id
		}
	}
	if parent == 0 {
		return m
	}
	full := value.FormatID(parent) + ":" + name
	m = proto.Clone(m)
	switch m := m.(type) {
	case *mlmdpb.Artifact:
		m.Name = &full
	case *mlmdpb.Execution:
		m.Name = &full
	case *mlmdpb.Context:
		m.Name = &full
	}
	return m
}
