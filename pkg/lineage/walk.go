package lineage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
)

const (
	// DefaultLimit is how many nodes a graph has at most, unless [Walk.Limit] says
	// otherwise.
	DefaultLimit = 5000

	// MaxDepth is the largest depth of a walk, and the default.
	MaxDepth = 100

	// edgesPerNode limits the edges of a graph in terms of the limit of its nodes,
	// and leastEdges is that limit for small ones.
	edgesPerNode = 20
	leastEdges   = 1000
)

type direction = mlmdpb.LineageSubgraphQueryOptions_Direction

const (
	upstream   = mlmdpb.LineageSubgraphQueryOptions_UPSTREAM
	downstream = mlmdpb.LineageSubgraphQueryOptions_DOWNSTREAM
	both       = mlmdpb.LineageSubgraphQueryOptions_BIDIRECTIONAL
)

// A Walk selects a part of the lineage in a store. It is an immutable value:
// methods that refine it return a copy, and copies may be used concurrently. Only
// [Walk.Graph] makes RPCs; a mistake in a walk, such as a negative depth, is its
// error.
type Walk struct {
	reg         *registry.Client
	starts      []any
	way         direction
	depth       int
	limit       int
	kinds       []EdgeKind // nil for all
	memberships bool
	ends        map[mlmd.Kind]boundary
	types       []string // nil for all
	catalog     []mlmd.AnyMapping
	err         error
}

// A boundary ends a walk at the nodes that filter selects.
type boundary struct {
	filter  string
	include bool
}

// Of returns a walk in both directions from the given nodes. A start is a pointer to
// an entity of package model, the result of [registry.Collection.Entity], a [Ref] or
// a [*Node]. From a context, the walk starts at its artifacts and executions, and
// those of the contexts below it: from a RegisteredModel, at the artifacts of all of
// its versions.
func Of(reg *registry.Client, starts ...any) Walk {
	return Walk{
		reg: reg, starts: starts, way: both, depth: MaxDepth, limit: DefaultLimit, memberships: true,
	}
}

// Impact returns what was made from an entity, directly or not, with the executions
// that made it. The errors are those of [Walk.Graph].
func Impact(ctx context.Context, reg *registry.Client, entity any) (*Graph, error) {
	return Of(reg, entity).Downstream().Graph(ctx)
}

// Provenance returns what an entity was made from, directly or not, with the
// executions that made it. The errors are those of [Walk.Graph].
func Provenance(ctx context.Context, reg *registry.Client, entity any) (*Graph, error) {
	return Of(reg, entity).Upstream().Graph(ctx)
}

// Upstream makes the walk go against the flow of data, to what the starts come from.
func (w Walk) Upstream() Walk { w.way = upstream; return w }

// Downstream makes the walk follow the data, to what was made from the starts.
func (w Walk) Downstream() Walk { w.way = downstream; return w }

// Both makes the walk follow all edges in both directions, which also finds what was
// made beside the starts.
func (w Walk) Both() Walk { w.way = both; return w }

// Depth limits the walk to n hops. As in MLMD, a hop goes from an artifact to an
// execution or from an execution to an artifact, so that the inputs of the execution
// that made an artifact are two hops from it. With 0 hops, the graph has the starts
// only. More than [MaxDepth] hops are MaxDepth.
//
// The graph has the edges that the walk has gone along: those of the nodes that are
// less than n hops from a start. Two nodes at n hops may have edges in the store that
// the graph lacks.
func (w Walk) Depth(n int) Walk {
	if n < 0 {
		w.err = errors.Join(w.err, fmt.Errorf("depth %d is negative", n))
	}
	w.depth = min(n, MaxDepth)
	return w
}

// Limit limits the graph to n nodes, and to 20 edges for each of them or 1,000 edges,
// whichever is more. The default is [DefaultLimit]. Nearer nodes come first, those of
// the same distance by ID, and contexts last. [Graph.Cut] says what is missing.
func (w Walk) Limit(n int) Walk {
	if n < 1 {
		w.err = errors.Join(w.err, fmt.Errorf("limit %d is not positive", n))
	}
	w.limit = n
	return w
}

// Events makes the walk follow events of the given kinds only, such as [Input] and
// [Output]. The default is all kinds.
func (w Walk) Events(kinds ...EdgeKind) Walk {
	for _, k := range kinds {
		if _, ok := eventTypes[k]; !ok {
			w.err = errors.Join(w.err, fmt.Errorf("%q is not a kind of event", string(k)))
		}
	}
	w.kinds = slices.Clone(kinds)
	if w.kinds == nil {
		w.kinds = []EdgeKind{}
	}
	return w
}

// Memberships determines whether the graph has the contexts of its artifacts and
// executions, and the contexts above those. It has by default. A walk does not go
// from one member of a context to another.
func (w Walk) Memberships(on bool) Walk { w.memberships = on; return w }

// StopAt ends the walk at the artifacts, or executions, that a condition in MLMD's
// filter language selects: they are part of the graph, and what is beyond them is
// not. An empty condition selects all nodes of the kind. It replaces an earlier
// boundary of the kind. kind is [mlmd.Artifact] or [mlmd.Execution].
func (w Walk) StopAt(kind mlmd.Kind, filter string) Walk {
	return w.boundary(kind, boundary{filter, true})
}

// StopBefore is StopAt, except that the selected nodes are not part of the graph.
func (w Walk) StopBefore(kind mlmd.Kind, filter string) Walk {
	return w.boundary(kind, boundary{filter, false})
}

func (w Walk) boundary(kind mlmd.Kind, b boundary) Walk {
	if kind != mlmd.Artifact && kind != mlmd.Execution {
		w.err = errors.Join(w.err, fmt.Errorf("walks do not go through a node of kind %v", kind))
	}
	ends := map[mlmd.Kind]boundary{kind: b}
	for k, old := range w.ends {
		if k != kind {
			ends[k] = old
		}
	}
	w.ends = ends
	return w
}

// Types keeps, of all nodes that the walk reaches, those of the given types and those
// on the way to them from the starts: the graph shows how the starts and these nodes
// are connected. A type is given by its name in MLMD or by its entity. The starts
// are always part of the graph.
func (w Walk) Types(names ...string) Walk { w.types = slices.Clone(names); return w }

// Catalog adds mappings to those of this module, for the entities of your own spec:
// their generated Catalog. A mapping of the same type replaces an earlier one.
func (w Walk) Catalog(mappings ...mlmd.AnyMapping) Walk {
	w.catalog = slices.Concat(w.catalog, mappings)
	return w
}

// Graph reads the nodes and edges.
//
// It makes one RPC for the edges of up to 100 starts, one for each 500 nodes, and one
// or two for the parents of contexts. If the service does not have
// GetLineageSubgraph, or if its reply would be too large, the walk reads events hop by
// hop, a bounded number at a time, and ends at the limit of nodes. It is not one
// transaction: the graph may have some of what is written at the same time.
//
// The error is a [*registry.Error]. It is [registry.ErrNotFound] if a start does not
// exist or is another entity, [registry.ErrInvalidArgument] if the walk has a
// mistake, and [registry.ErrUnsupported] if the client speaks REST, which has no
// lineage; nothing is sent then.
func (w Walk) Graph(ctx context.Context) (*Graph, error) {
	r, err := w.reader()
	if err != nil {
		return nil, err
	}
	return r.read(ctx)
}
