package lineage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A nodeID is a [Ref] with its ID as a number.
type nodeID struct {
	kind mlmd.Kind
	id   int64
}

func (n nodeID) ref() Ref { return Ref{n.kind, value.FormatID(n.id)} }

func compareIDs(a, b nodeID) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id))
}

func refsOf(ns []nodeID) []Ref {
	out := make([]Ref, len(ns))
	for i, n := range ns {
		out[i] = n.ref()
	}
	return out
}

// A start is a node that the caller named.
type start struct {
	nodeID
	entity, typeName string // empty if the caller did not name the type
}

// A typeKey identifies a type within a store.
type typeKey struct {
	kind mlmd.Kind
	name string
}

// A known is a mapping, and the entity that it describes.
type known struct {
	mapping mlmd.AnyMapping
	mlmd.Type
}

// A reader reads one graph.
type reader struct {
	Walk
	rpc     mlmdpb.MetadataStoreServiceClient
	named   []start
	catalog map[typeKey]known

	messages map[nodeID]proto.Message // that were read
	links    []link                   // memberships
	cut      *Cut

	contextsOf map[nodeID][]nodeID // the contexts of each node, from links
}

// A link is a membership.
type link struct{ member, context nodeID }

// reader checks the walk.
func (w Walk) reader() (*reader, error) {
	if w.err != nil {
		return nil, &registry.Error{Op: operation, Kind: registry.ErrInvalidArgument, Err: w.err}
	}
	if w.reg == nil {
		return nil, &registry.Error{Op: operation, Kind: registry.ErrInvalidArgument, Err: errors.New("the client is nil")}
	}
	if w.reg.SpeaksREST() {
		return nil, &registry.Error{
			Op: operation, Kind: registry.ErrUnsupported,
			Err: errors.New("the REST API has no lineage: use a client of registry.Dial or registry.New"),
		}
	}
	if len(w.starts) == 0 {
		return nil, &registry.Error{
			Op: operation, Kind: registry.ErrInvalidArgument, Err: errors.New("the walk has no start"),
		}
	}
	r := &reader{
		Walk: w, rpc: w.reg.RPC(),
		catalog: make(map[typeKey]known), messages: make(map[nodeID]proto.Message),
	}
	for _, m := range slices.Concat(mapping.Catalog, w.catalog) {
		t := m.Type()
		r.catalog[typeKey{t.Kind, w.reg.TypeName(t.TypeName)}] = known{m, t}
	}
	for i, arg := range w.starts {
		s, err := r.start(i, arg)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(r.named, func(other start) bool { return other.nodeID == s.nodeID }) {
			r.named = append(r.named, s)
		}
	}
	return r, nil
}

// operation is what errors say was attempted.
const operation = "read lineage"

// start returns argument i of Of.
func (r *reader) start(i int, arg any) (start, error) {
	var s start
	var ref Ref
	switch a := arg.(type) {
	case Ref:
		ref = a
	case *Node:
		if a == nil {
			return s, invalidStart(i, "", errors.New("is a nil *Node"))
		}
		ref = a.Ref
	default:
		named, err := r.reg.Identify(arg)
		if err != nil {
			return s, invalidStart(i, "", fmt.Errorf(
				"is %T: pass a pointer to an entity of package model, the result of Collection.Entity, a Ref or a *Node, not nil",
				arg))
		}
		s.entity, s.typeName, ref = named.Entity, named.TypeName, Ref{named.Kind, named.ID}
		if ref.ID == "" {
			return s, invalidStart(i, s.entity, errors.New("has no ID: store or read it first"))
		}
	}
	id, err := value.ParseID(ref.ID)
	if err != nil {
		return s, invalidStart(i, s.entity, fmt.Errorf("has the ID %q, which %w", ref.ID, err))
	}
	if ref.Kind < mlmd.Artifact || ref.Kind > mlmd.Context {
		return s, invalidStart(i, s.entity, errors.New("has an unknown kind of node"))
	}
	s.nodeID = nodeID{ref.Kind, id}
	return s, nil
}

func invalidStart(i int, entity string, why error) error {
	return &registry.Error{
		Op: operation, Entity: entity, Kind: registry.ErrInvalidArgument, Err: fmt.Errorf("start %d %w", i+1, why),
	}
}

// failed returns the error for an RPC that failed.
func (r *reader) failed(ctx context.Context, err error) error {
	return registry.RPCError(ctx, operation, "", "", err)
}

// notFound returns the error for a start that does not exist.
func (s start) notFound(why string) error {
	entity := s.entity
	if entity == "" {
		entity = s.kind.String()
	}
	e := &registry.Error{Op: operation, Entity: entity, Key: value.FormatID(s.id), Kind: registry.ErrNotFound}
	if why != "" {
		e.Err = errors.New(why)
	}
	return e
}

// read reads the graph.
func (r *reader) read(ctx context.Context) (*Graph, error) {
	first, contexts, err := r.resolve(ctx)
	if err != nil {
		return nil, err
	}
	t, err := r.traverse(ctx, first, max(0, r.limit-len(contexts)))
	if err != nil {
		return nil, err
	}
	ids := slices.Concat(contexts, t.order)
	for _, s := range r.named { // also those that a boundary leaves out: they must exist
		ids = append(ids, s.nodeID)
	}
	if err := r.readMessages(ctx, ids); err != nil {
		return nil, err
	}
	if err := r.checkStarts(); err != nil {
		return nil, err
	}
	g := &Graph{Cut: r.cut}
	for _, s := range r.named {
		g.Starts = append(g.Starts, s.ref())
	}
	keep := make(map[nodeID]bool, len(t.order)+len(contexts))
	for _, n := range slices.Concat(contexts, t.order) {
		keep[n] = r.messages[n] != nil
	}
	if r.types != nil {
		r.keepTypes(keep, t, first)
	}
	if r.memberships {
		if err := r.readContexts(ctx, keep); err != nil {
			return nil, err
		}
	}
	r.contextsOf = make(map[nodeID][]nodeID)
	for _, l := range r.links {
		r.contextsOf[l.member] = append(r.contextsOf[l.member], l.context)
	}
	for n, kept := range keep {
		if kept {
			g.Nodes = append(g.Nodes, r.node(n))
		}
	}
	for _, e := range t.edges {
		if e := edgeOf(e); keep[nodeID{mlmd.Artifact, e.artifact}] && keep[nodeID{mlmd.Execution, e.execution}] {
			g.Edges = append(g.Edges, e.Edge)
		}
	}
	for _, l := range r.links {
		if keep[l.member] && keep[l.context] {
			g.Edges = append(g.Edges, Edge{From: l.member.ref(), To: l.context.ref(), Kind: membershipOf[l.member.kind]})
		}
	}
	for _, n := range g.Nodes {
		for _, e := range r.references(n) {
			if id, err := value.ParseID(e.To.ID); err == nil && keep[nodeID{e.To.Kind, id}] {
				g.Edges = append(g.Edges, e)
			}
		}
	}
	g.Cut = r.cut
	g.sort()
	g.Edges = slices.CompactFunc(g.Edges, func(a, b Edge) bool { return compareEdges(a, b) == 0 })
	return g, nil
}

// references returns the edges from a node to the entities whose IDs it has.
func (r *reader) references(n *Node) []Edge {
	t, ok := r.catalog[typeKey{n.Kind, n.TypeName}]
	if !ok {
		return nil
	}
	props := viewOf(n.Message).properties
	var out []Edge
	for i := range t.Fields {
		f := &t.Fields[i]
		name, _ := f.Property()
		if f.Refers == nil {
			continue
		}
		for _, name := range append([]string{name}, f.LegacyNames...) {
			for _, id := range f.Refers.IDs(props[name]) {
				out = append(out, Edge{
					From: n.Ref, To: Ref{f.Refers.Kind, id}, Kind: Reference, Path: []Step{{Key: f.Name}},
				})
			}
		}
	}
	return out
}

// checkStarts returns an error if a start does not exist, or is another entity than
// the caller said.
func (r *reader) checkStarts() error {
	for _, s := range r.named {
		m := r.messages[s.nodeID]
		if m == nil {
			return s.notFound("")
		}
		if v := viewOf(m); s.typeName != "" && v.typeName != s.typeName {
			other := v.typeName
			if k, ok := r.catalog[typeKey{s.kind, v.typeName}]; ok {
				other = k.Entity
			}
			return s.notFound(fmt.Sprintf("not found: this ID belongs to a node of type %s", other))
		}
	}
	return nil
}

// keepTypes removes the nodes from keep that are neither starts, nor of the types of
// the walk, nor on a way from the one to the other.
func (r *reader) keepTypes(keep map[nodeID]bool, t *traversal, first []nodeID) {
	back := make(map[nodeID][]nodeID) // the nodes one hop nearer to a start
	for _, e := range t.edges {
		a, x := nodeID{mlmd.Artifact, e.GetArtifactId()}, nodeID{mlmd.Execution, e.GetExecutionId()}
		if r.way == both { // ways are shortest ones, since all nodes are connected
			switch da, dx := t.depth[a], t.depth[x]; {
			case da < dx:
				back[x] = append(back[x], a)
			case dx < da:
				back[a] = append(back[a], x)
			}
		} else if isInput(e.GetType()) == (r.way == downstream) {
			back[x] = append(back[x], a)
		} else {
			back[a] = append(back[a], x)
		}
	}
	wanted := make(map[nodeID]bool, len(keep))
	for _, n := range first {
		wanted[n] = true
	}
	var queue []nodeID
	for _, n := range t.order {
		if m := r.messages[n]; m != nil && r.hasType(n.kind, viewOf(m).typeName) {
			wanted[n] = true
			queue = append(queue, n)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, n := range back[queue[0]] {
			if !wanted[n] {
				wanted[n] = true
				queue = append(queue, n)
			}
		}
	}
	for n := range keep {
		if n.kind != mlmd.Context && !wanted[n] {
			delete(keep, n)
		}
	}
	if r.cut != nil {
		r.cut.At = slices.DeleteFunc(r.cut.At, func(at Ref) bool {
			id, _ := value.ParseID(at.ID)
			return !keep[nodeID{at.Kind, id}]
		})
	}
}

// hasType reports whether the types of the walk include a type of the store.
func (r *reader) hasType(kind mlmd.Kind, typeName string) bool {
	if slices.Contains(r.types, typeName) {
		return true
	}
	k, ok := r.catalog[typeKey{kind, typeName}]
	return ok && (slices.Contains(r.types, k.Entity) || slices.Contains(r.types, k.TypeName))
}
