package stored

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/gen/internal/breaking"
	"github.com/mlmd-go/sdk/gen/internal/catalog"
	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/value"
)

// links reads the links of the nodes of one type, each kind of link once.
type links struct {
	rpc      mlmdpb.MetadataStoreServiceClient
	kind     ir.Kind
	nodes    []int64
	values   map[int64]*catalog.Value // of the old spec
	events   []*mlmdpb.Event
	contexts map[int64][]int64
	types    map[ir.Kind]map[int64]string
	read     map[ir.RelationKind]bool
}

// count sets how many of the nodes the findings about edges concern.
func (l *links) count(ctx context.Context, fs []*breaking.Finding) error {
	l.contexts, l.read = map[int64][]int64{}, map[ir.RelationKind]bool{}
	l.types = map[ir.Kind]map[int64]string{}
	for _, f := range fs {
		was, now := f.Edge, f.EdgeNow
		switch f.Rule.ID {
		case "EDGE_NOT_STRICTER":
			stricter, err := l.breaking(ctx, now, f.Key)
			if err != nil {
				return err
			}
			f.Stored.Entities += stricter
		default: // links that are not found any more
			to := was.To
			if f.To != nil {
				to = []*ir.Entity{f.To}
			}
			linked, err := l.along(ctx, was, to)
			if err != nil {
				return err
			}
			f.Stored.Entities += len(linked)
		}
	}
	return nil
}

// breaking returns how many nodes have links that break what an edge demands now.
func (l *links) breaking(ctx context.Context, now *ir.Relation, demand string) (n int, _ error) {
	linked, err := l.along(ctx, now, now.To)
	if err != nil {
		return 0, err
	}
	switch demand {
	case breaking.EdgeRequired:
		return len(l.nodes) - len(linked), nil
	case breaking.EdgeMax:
		for _, to := range linked {
			if len(to) > now.Max {
				n++
			}
		}
	case breaking.EdgeUnique:
		users := map[int64]int{}
		for _, to := range linked {
			for _, id := range to {
				users[id]++
			}
		}
		for _, to := range linked {
			if slices.ContainsFunc(to, func(id int64) bool { return users[id] > 1 }) {
				n++
			}
		}
	case breaking.EdgeChecked:
		for id, v := range l.values {
			if len(idsIn(v, now.Field)) > len(linked[id]) {
				n++
			}
		}
	}
	return n, nil
}

// along returns the neighbors along an edge that are stored as one of the entities, by
// node. Nodes without neighbors are left out.
func (l *links) along(ctx context.Context, r *ir.Relation, to []*ir.Entity) (map[int64][]int64, error) {
	kind := to[0].Kind
	var found map[int64][]int64
	switch r.Kind {
	case ir.EventRelation:
		if err := l.readEvents(ctx); err != nil {
			return nil, err
		}
		found = map[int64][]int64{}
		for _, e := range l.events {
			steps := e.GetPath().GetSteps()
			if e.GetType().String() == r.Event && (r.Key == "" || len(steps) > 0 && steps[0].GetKey() == r.Key) {
				found[e.GetExecutionId()] = append(found[e.GetExecutionId()], e.GetArtifactId())
			}
		}
	case ir.MembershipRelation, ir.ParentRelation:
		if err := l.readContexts(ctx); err != nil {
			return nil, err
		}
		found = l.contexts
	default:
		found = map[int64][]int64{}
		for id, v := range l.values {
			if ids := idsIn(v, r.Field); len(ids) > 0 {
				found[id] = ids
			}
		}
	}
	var all []int64
	for _, ids := range found {
		all = append(all, ids...)
	}
	if err := l.readTypes(ctx, kind, all); err != nil {
		return nil, err
	}
	out := map[int64][]int64{}
	for from, ids := range found {
		ids = slices.Clone(ids)
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			if slices.ContainsFunc(to, func(e *ir.Entity) bool { return e.TypeName == l.types[kind][id] }) {
				out[from] = append(out[from], id)
			}
		}
	}
	return out, nil
}

// idsIn returns the IDs in the field of an entity. What is not an ID is 0.
func idsIn(v *catalog.Value, f *ir.Field) []int64 {
	var texts []string
	switch x := v.Fields[f.Name].(type) {
	case string:
		texts = append(texts, x)
	case []any:
		for _, elem := range x {
			text, _ := elem.(string)
			texts = append(texts, text)
		}
	}
	var out []int64
	for _, text := range texts {
		if text != "" {
			id, _ := value.ParseID(text) // 0 is the ID of no node
			out = append(out, id)
		}
	}
	return out
}

func (l *links) readEvents(ctx context.Context) error {
	if l.read[ir.EventRelation] {
		return nil
	}
	l.read[ir.EventRelation] = true
	for ids := range slices.Chunk(l.nodes, pageSize) {
		r, err := l.rpc.GetEventsByExecutionIDs(ctx, &mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: ids})
		if err != nil {
			return err
		}
		l.events = append(l.events, r.GetEvents()...)
	}
	return nil
}

// readContexts reads the contexts that the nodes are linked to.
func (l *links) readContexts(ctx context.Context) error {
	if l.read[ir.MembershipRelation] {
		return nil
	}
	l.read[ir.MembershipRelation] = true
	for ids := range slices.Chunk(l.nodes, pageSize) {
		if l.kind == ir.Context {
			if err := l.readParents(ctx, ids); err != nil {
				return err
			}
			continue
		}
		texts := make([]string, len(ids))
		for i, id := range ids {
			texts[i] = fmt.Sprint(id)
		}
		start := &mlmdpb.LineageSubgraphQueryOptions_StartingNodes{
			FilterQuery: new("id IN (" + strings.Join(texts, ", ") + ")"),
		}
		q := &mlmdpb.GetLineageSubgraphRequest{
			LineageSubgraphQueryOptions: &mlmdpb.LineageSubgraphQueryOptions{MaxNumHops: new(int64(0))},
			ReadMask:                    &fieldmaskpb.FieldMask{Paths: []string{"associations", "attributions"}},
		}
		if l.kind == ir.Artifact {
			q.LineageSubgraphQueryOptions.StartingNodes = &mlmdpb.LineageSubgraphQueryOptions_StartingArtifacts{
				StartingArtifacts: start,
			}
		} else {
			q.LineageSubgraphQueryOptions.StartingNodes = &mlmdpb.LineageSubgraphQueryOptions_StartingExecutions{
				StartingExecutions: start,
			}
		}
		r, err := l.rpc.GetLineageSubgraph(ctx, q)
		if err != nil && status.Code(err) != codes.NotFound {
			return err
		}
		for _, x := range r.GetLineageSubgraph().GetAttributions() {
			l.contexts[x.GetArtifactId()] = append(l.contexts[x.GetArtifactId()], x.GetContextId())
		}
		for _, x := range r.GetLineageSubgraph().GetAssociations() {
			l.contexts[x.GetExecutionId()] = append(l.contexts[x.GetExecutionId()], x.GetContextId())
		}
	}
	return nil
}

// readParents makes one RPC for each context.
func (l *links) readParents(ctx context.Context, ids []int64) error {
	for _, id := range ids {
		r, err := l.rpc.GetParentContextsByContext(ctx, &mlmdpb.GetParentContextsByContextRequest{ContextId: &id})
		if err != nil {
			return err
		}
		for _, c := range r.GetContexts() {
			l.contexts[id] = append(l.contexts[id], c.GetId())
		}
	}
	return nil
}

// readTypes reads the names of the types of nodes that are not known yet.
func (l *links) readTypes(ctx context.Context, kind ir.Kind, ids []int64) error {
	if l.types[kind] == nil {
		l.types[kind] = map[int64]string{}
	}
	known := l.types[kind]
	ids = slices.DeleteFunc(ids, func(id int64) bool { _, ok := known[id]; return ok || id == 0 })
	slices.Sort(ids)
	for some := range slices.Chunk(slices.Compact(ids), pageSize) {
		var err error
		switch kind {
		case ir.Artifact:
			var r *mlmdpb.GetArtifactsByIDResponse
			r, err = l.rpc.GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: some})
			for _, n := range r.GetArtifacts() {
				known[n.GetId()] = n.GetType()
			}
		case ir.Execution:
			var r *mlmdpb.GetExecutionsByIDResponse
			r, err = l.rpc.GetExecutionsByID(ctx, &mlmdpb.GetExecutionsByIDRequest{ExecutionIds: some})
			for _, n := range r.GetExecutions() {
				known[n.GetId()] = n.GetType()
			}
		default:
			var r *mlmdpb.GetContextsByIDResponse
			r, err = l.rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: some})
			for _, n := range r.GetContexts() {
				known[n.GetId()] = n.GetType()
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
