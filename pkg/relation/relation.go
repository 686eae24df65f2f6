// Package relation describes the edges between entities that a spec declares:
// which artifacts an execution used and made, which contexts a node is a member
// of, and which entities it refers to.
//
// Generated symbols, those of package generated/edge or of your own schema, are
// the way to use it. edge.TrainingRun.Inputs.To(&day1) is a link that
// registry.Record stores, registry.With(edge.TrainingRun.Inputs) loads the
// neighbors of what a method returns, and edge.TrainingRun.Inputs.Any(condition)
// is a condition for a query.
//
// The type parameters F and T are what collections return, such as
// *model.TrainingRun and *model.DataSet: an edge of one entity does not compile
// where another is meant.
package relation

import (
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A Kind is how a store keeps an edge.
type Kind uint8

// The kinds of edge.
const (
	// Event is an event between an execution and an artifact.
	Event Kind = iota + 1
	// Membership is an attribution of an artifact, an association of an execution,
	// or a parent context of a context.
	Membership
	// Parent is the membership in the parent whose ID the entity has.
	Parent
	// Reference is an ID, or a list of IDs, in a property.
	Reference
)

// A Step is the last step of the path of an event.
type Step uint8

// The steps.
const (
	NoStep    Step = iota
	IndexStep      // the position of the artifact among those that are linked together
	KeyStep        // a text of the caller's
)

// A Relation describes one edge of a spec, with all entities that it leads to.
// Relations are generated; other code must not change them.
type Relation struct {
	Entity string // whose edge it is, such as "TrainingRun"
	Name   string // in the spec, such as "inputs"
	Kind   Kind
	// EventType is the type of an Event, and Key the first step of its path, unless
	// it is empty. Step says how the path ends.
	EventType mlmdpb.Event_Type
	Key       string
	Step      Step
	// Required reports that registry.Record needs a neighbor. Max limits the
	// neighbors of one entity; 0 does not. Unique reports that an entity is the
	// neighbor of at most one.
	Required bool
	Max      int
	Unique   bool
	// Property is the stored property of a Reference.
	Property string
	// IDs returns the IDs that an entity, a pointer, has in the field of a Parent or
	// Reference. It is nil for the other kinds.
	IDs func(v any) []string
	// From maps the entity, and To those that the edge leads to.
	From mlmd.AnyMapping
	To   []mlmd.AnyMapping
}

// String returns the edge as messages name it, such as "TrainingRun.inputs".
func (r *Relation) String() string { return r.Entity + "." + r.Name }

// A Neighbors leads from entities to their neighbors along an edge, in one
// direction.
type Neighbors[F, T any] struct {
	relation *Relation
	target   int
	reverse  bool
	set      func(v F, neighbors []T)
}

// NewNeighbors returns the neighbors along the edge r from its entity to the target
// with the given index in r.To or, if reverse is set, back. set stores the loaded
// neighbors in an entity. Generated code calls it.
func NewNeighbors[F, T any](r *Relation, target int, reverse bool, set func(F, []T)) *Neighbors[F, T] {
	return &Neighbors[F, T]{r, target, reverse, set}
}

// An Edge is a Neighbors that callers may link: its neighbors are stored as events
// or memberships, not as IDs in a field.
type Edge[F, T any] struct{ Neighbors[F, T] }

// NewEdge is like [NewNeighbors] for an Edge, which leads from the entity of r.
func NewEdge[F, T any](r *Relation, target int, set func(F, []T)) *Edge[F, T] {
	return &Edge[F, T]{Neighbors[F, T]{r, target, false, set}}
}

// First returns the first neighbor, or the zero value without neighbors.
func First[T any](neighbors []T) (first T) {
	if len(neighbors) > 0 {
		first = neighbors[0]
	}
	return first
}

// ID returns the list of one ID, or nil if it is empty. Generated code calls it.
func ID(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

// OptID is like [ID] for a pointer, which may be nil.
func OptID(id *string) []string {
	if id == nil {
		return nil
	}
	return ID(*id)
}
