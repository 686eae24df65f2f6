package lineage

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A Ref identifies a node: artifacts, executions and contexts have IDs of their
// own. Its text, also in JSON, is "artifact/12".
type Ref struct {
	Kind mlmd.Kind
	ID   string // decimal digits
}

// String returns the text of r.
func (r Ref) String() string { return r.Kind.String() + "/" + r.ID }

// MarshalText returns the text of r.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText sets r to the Ref with the given text.
func (r *Ref) UnmarshalText(text []byte) error {
	kind, id, _ := strings.Cut(string(text), "/")
	for _, k := range []mlmd.Kind{mlmd.Artifact, mlmd.Execution, mlmd.Context} {
		if kind == k.String() {
			if _, err := value.ParseID(id); err != nil {
				return fmt.Errorf("lineage: reference %q: ID %w", text, err)
			}
			*r = Ref{k, id}
			return nil
		}
	}
	return fmt.Errorf("lineage: reference %q: must begin with artifact/, execution/ or context/", text)
}

// compareRefs orders refs by kind and numeric ID.
func compareRefs(a, b Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
}

// A Node is an artifact, an execution or a context.
type Node struct {
	Ref
	TypeName   string // of MLMD, such as "kf.ModelArtifact"
	Entity     string // in the spec, such as "ModelArtifact"; empty if no mapping has the type
	Name       string // without the parent's prefix; may be empty
	ExternalID string
	// State is the state of an artifact or execution, such as "LIVE" or "COMPLETE",
	// and the property "state" of a context. It is empty if it is not set.
	State string
	URI   string // of an artifact

	CreateTime, UpdateTime value.Time

	// Value is the entity, such as a *model.ModelArtifact. It is nil if no mapping
	// has the type, or if the node cannot be decoded.
	Value any
	// Message is the node as it is stored: a *mlmdpb.Artifact, *mlmdpb.Execution or
	// *mlmdpb.Context. It is nil in a graph that was read from JSON.
	Message proto.Message
}

// Label returns the entity of n, or the last part of its type's name.
func (n *Node) Label() string {
	if n.Entity != "" {
		return n.Entity
	}
	if i := strings.LastIndexByte(n.TypeName, '.'); i >= 0 && i < len(n.TypeName)-1 {
		return n.TypeName[i+1:]
	}
	return n.TypeName
}

// An EdgeKind is what an edge is made of: an event of MLMD, or a membership in a
// context. Other kinds may be added.
type EdgeKind string

// Events make the edges of the first group, which follow the data. Edges of Input,
// DeclaredInput and InternalInput go from an artifact to the execution that read it;
// those of Output, DeclaredOutput, InternalOutput and PendingOutput go from an
// execution to its artifact. UnknownEvent has no direction: its edge goes from the
// artifact to the execution, and only walks in both directions follow it.
//
// Edges of the second group go from an artifact, execution or context to a context
// that it belongs to. Reference goes from an entity to one whose ID is in a field of
// it, which is the only step of its path; a walk does not follow it.
const (
	Input          EdgeKind = "input"
	Output         EdgeKind = "output"
	DeclaredInput  EdgeKind = "declared input"
	DeclaredOutput EdgeKind = "declared output"
	InternalInput  EdgeKind = "internal input"
	InternalOutput EdgeKind = "internal output"
	PendingOutput  EdgeKind = "pending output"
	UnknownEvent   EdgeKind = "unknown event"

	Attribution   EdgeKind = "attribution"    // of an artifact
	Association   EdgeKind = "association"    // of an execution
	ParentContext EdgeKind = "parent context" // of a context

	Reference EdgeKind = "reference"
)

// IsMembership reports whether edges of kind k go to a context.
func (k EdgeKind) IsMembership() bool {
	return k == Attribution || k == Association || k == ParentContext
}

// isEvent reports whether edges of kind k are between an artifact and an execution.
func (k EdgeKind) isEvent() bool { return !k.IsMembership() && k != Reference }

// isFlow reports whether edges of kind k follow the data.
func (k EdgeKind) isFlow() bool { return k.isEvent() && k != UnknownEvent }

// An Edge connects two nodes of a graph.
type Edge struct {
	From, To Ref
	Kind     EdgeKind
	Path     []Step     // of an event: which input or output it is; of a reference: the field
	Time     value.Time // of an event
}

func compareEdges(a, b Edge) int {
	return cmp.Or(
		compareRefs(a.From, b.From), compareRefs(a.To, b.To), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Time.Millis(), b.Time.Millis()), slices.CompareFunc(a.Path, b.Path, compareSteps),
	)
}

// A Step is a step of an event's path: a key or an index. In JSON it is a string or
// a number.
type Step struct {
	Key     string
	Index   int64
	IsIndex bool
}

// String returns the key, or the index in brackets.
func (s Step) String() string {
	if s.IsIndex {
		return "[" + strconv.FormatInt(s.Index, 10) + "]"
	}
	return s.Key
}

func compareSteps(a, b Step) int {
	if a.IsIndex != b.IsIndex {
		return map[bool]int{true: -1, false: 1}[a.IsIndex]
	}
	return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Key, b.Key))
}

// A Graph is a part of the lineage in a store. Nodes and edges are sorted, and an
// edge connects nodes of the graph. A program that changes Nodes or Edges must do so
// before it calls a method. A Graph is not safe for concurrent use.
type Graph struct {
	Nodes  []*Node
	Edges  []Edge
	Starts []Ref // of the walk, as they were given
	Cut    *Cut  // nil if the walk saw all that it was to see

	byRef    map[Ref]*Node // nil until it is needed
	incoming map[Ref][]int // the edges to a node, by index
	outgoing map[Ref][]int
}

// A Cut says that a limit ended a walk, and where.
type Cut struct {
	Reasons []Reason // sorted
	// At lists the nodes that may have more edges and neighbors than the graph
	// has, sorted. A context may have more members.
	At []Ref
}

// A Reason is a limit that ended a walk.
type Reason string

// The limits of a walk.
const (
	TooManyNodes Reason = "too many nodes" // see [Walk.Limit]
	TooManyEdges Reason = "too many edges" // see [Walk.Limit]
	// LargeReply means that the events of one node alone do not fit in a reply.
	LargeReply Reason = "too many events of one node"
)

// String returns a sentence such as "cut at 12 nodes: too many nodes".
func (c *Cut) String() string {
	if c == nil {
		return "complete"
	}
	reasons := make([]string, len(c.Reasons))
	for i, r := range c.Reasons {
		reasons[i] = string(r)
	}
	nodes := "nodes"
	if len(c.At) == 1 {
		nodes = "node"
	}
	return fmt.Sprintf("cut at %d %s: %s", len(c.At), nodes, strings.Join(reasons, ", "))
}

// add records that the walk ended at nodes.
func (c *Cut) add(why Reason, at ...Ref) *Cut {
	if c == nil {
		c = &Cut{}
	}
	if !slices.Contains(c.Reasons, why) {
		c.Reasons = append(c.Reasons, why)
	}
	c.At = append(c.At, at...)
	return c
}

func (c *Cut) sort() {
	if c != nil {
		slices.Sort(c.Reasons)
		slices.SortFunc(c.At, compareRefs)
		c.At = slices.Compact(c.At)
	}
}

// index prepares the maps of g.
func (g *Graph) index() {
	if g.byRef != nil {
		return
	}
	g.byRef = make(map[Ref]*Node, len(g.Nodes))
	for _, n := range g.Nodes {
		g.byRef[n.Ref] = n
	}
	g.incoming, g.outgoing = make(map[Ref][]int), make(map[Ref][]int)
	for i, e := range g.Edges {
		g.incoming[e.To] = append(g.incoming[e.To], i)
		g.outgoing[e.From] = append(g.outgoing[e.From], i)
	}
}

// sort sorts the nodes and edges of g.
func (g *Graph) sort() {
	slices.SortFunc(g.Nodes, func(a, b *Node) int { return compareRefs(a.Ref, b.Ref) })
	slices.SortFunc(g.Edges, compareEdges)
	g.Cut.sort()
}

// Node returns the node that r identifies, or nil.
func (g *Graph) Node(r Ref) *Node {
	g.index()
	return g.byRef[r]
}

// Upstream returns the nodes from which data goes directly to r: the inputs of an
// execution, or the executions that made an artifact. They are sorted.
func (g *Graph) Upstream(r Ref) []*Node {
	g.index()
	return g.neighbors(g.incoming[r], func(e Edge) (Ref, bool) { return e.From, e.Kind.isFlow() })
}

// Downstream returns the nodes to which data goes directly from r: the outputs of
// an execution, or the executions that read an artifact. They are sorted.
func (g *Graph) Downstream(r Ref) []*Node {
	g.index()
	return g.neighbors(g.outgoing[r], func(e Edge) (Ref, bool) { return e.To, e.Kind.isFlow() })
}

// Contexts returns the contexts that r belongs to directly, sorted.
func (g *Graph) Contexts(r Ref) []*Node {
	g.index()
	return g.neighbors(g.outgoing[r], func(e Edge) (Ref, bool) { return e.To, e.Kind.IsMembership() })
}

// Members returns the nodes that belong to context r directly, sorted.
func (g *Graph) Members(r Ref) []*Node {
	g.index()
	return g.neighbors(g.incoming[r], func(e Edge) (Ref, bool) { return e.From, e.Kind.IsMembership() })
}

func (g *Graph) neighbors(edges []int, far func(Edge) (Ref, bool)) []*Node {
	var out []*Node
	for _, i := range edges {
		r, ok := far(g.Edges[i])
		if n := g.byRef[r]; ok && n != nil {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b *Node) int { return compareRefs(a.Ref, b.Ref) })
	return slices.Compact(out)
}

// Values returns the entities of a Go type in g, in the order of the nodes:
//
//	models := lineage.Values[*model.ModelArtifact](g)
func Values[T any](g *Graph) []T {
	var out []T
	for _, n := range g.Nodes {
		if v, ok := n.Value.(T); ok {
			out = append(out, v)
		}
	}
	return out
}
