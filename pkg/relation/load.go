package relation

import (
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/pkg/filter"
)

// A Loader says which neighbors of entities of type F are loaded. [Neighbors],
// [Edge], and the results of their With methods are loaders.
type Loader[F any] interface {
	// load returns what to load. Its argument only ties the loader to the entity.
	load(F) *Load
}

// A Load is a [Loader] for entities of any type.
type Load struct {
	*End
	Set  func(v any, neighbors []any)
	More []*Load // of the neighbors
}

// An End is one direction of an edge: to the target with the given index or, if
// Reverse is set, back from it.
type End struct {
	Relation *Relation
	Target   int
	Reverse  bool
}

// String identifies the end: "TrainingRun.inputs to DataSet".
func (e *End) String() string {
	to := e.Relation.To[e.Target].Type().Entity
	if e.Reverse {
		return e.Relation.String() + " from " + to
	}
	return e.Relation.String() + " to " + to
}

// LoadOf returns what a loader loads.
func LoadOf[F any](l Loader[F]) *Load {
	var unused F
	return l.load(unused)
}

type loads[F any] struct{ *Load }

func (l loads[F]) load(F) *Load { return l.Load }

func (n *Neighbors[F, T]) load(F) *Load {
	return &Load{
		End: n.end(),
		Set: func(v any, neighbors []any) {
			typed := make([]T, len(neighbors))
			for i, x := range neighbors {
				typed[i] = x.(T)
			}
			n.set(v.(F), typed)
		},
	}
}

func (n *Neighbors[F, T]) end() *End { return &End{n.relation, n.target, n.reverse} }

// With returns a loader of the neighbors that loads neighbors of theirs too:
//
//	edge.RegisteredModel.Versions.With(edge.ModelVersion.ModelArtifacts)
func (n *Neighbors[F, T]) With(more ...Loader[T]) Loader[F] {
	var unused F
	l := n.load(unused)
	for _, m := range more {
		if m != nil {
			l.More = append(l.More, LoadOf(m))
		}
	}
	return loads[F]{l}
}

// Any returns the condition that an entity has a neighbor for which all of the
// given conditions hold. Without conditions, any neighbor will do. A query finds
// the neighbors first: the condition costs one listing of them, and it does not
// see what is written in the meantime.
func (n *Neighbors[F, T]) Any(conditions ...filter.Expr[T]) filter.Expr[F] {
	node := &filtertext.Node{Op: filtertext.OpNeighbor, Edge: n.end()}
	if root := filtertext.Expr(filter.Expr[T]{}.And(conditions...)).Root(); root != nil {
		node.Kids = []*filtertext.Node{root}
	}
	return filter.Expr[F](filtertext.New(node))
}
