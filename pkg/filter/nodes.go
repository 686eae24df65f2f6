package filter

import (
	"time"

	"github.com/mlmd-go/sdk/internal/filtertext"
)

// An ID is a field that holds the ID of an entity: its own, its parent's or
// another's. A query whose condition contains an invalid ID returns an error.
type ID[T any] Ref

// Eq holds if the field has the ID v.
//
//go:noinline
func (f *ID[T]) Eq(v string) Expr[T] { return Expr[T](compareIDs((*Ref)(f), filtertext.OpEq, v)) }

// In holds if the field has one of the IDs vs. In() never holds.
//
//go:noinline
func (f *ID[T]) In(vs ...string) Expr[T] {
	return Expr[T](compareIDs((*Ref)(f), filtertext.OpIn, vs...))
}

// NotIn holds if the field is set and has none of the IDs vs. NotIn() holds
// for all entities.
//
//go:noinline
func (f *ID[T]) NotIn(vs ...string) Expr[T] {
	return Expr[T](negate(compareIDs((*Ref)(f), filtertext.OpIn, vs...)))
}

// IsSet holds if the field has a value.
//
//go:noinline
func (f *ID[T]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.IntColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *ID[T]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), filtertext.IntColumn)) }

// A Time is a time that the store records for every entity, in whole
// milliseconds.
type Time[T any] Ref

// Before holds if the time is before t.
//
//go:noinline
func (f *Time[T]) Before(t time.Time) Expr[T] {
	return Expr[T](compareInt((*Ref)(f), filtertext.OpLt, ceil(t)))
}

// After holds if the time is after t.
//
//go:noinline
func (f *Time[T]) After(t time.Time) Expr[T] {
	return Expr[T](compareInt((*Ref)(f), filtertext.OpGt, t.UnixMilli()))
}

// Between holds if the time is from or later, but before to.
//
//go:noinline
func (f *Time[T]) Between(from, to time.Time) Expr[T] {
	return Expr[T](both(
		compareInt((*Ref)(f), filtertext.OpGe, ceil(from)),
		compareInt((*Ref)(f), filtertext.OpLt, ceil(to)),
	))
}

// ceil returns the first whole millisecond that is not before t.
func ceil(t time.Time) int64 {
	ms := t.UnixMilli()
	if time.UnixMilli(ms).Before(t) {
		ms++
	}
	return ms
}

// A DateTime is a field of the schema that holds a time. It is stored as text of
// fixed width, which sorts like the time.
type DateTime[T any] Ref

// Eq holds if the time is t.
//
//go:noinline
func (f *DateTime[T]) Eq(t time.Time) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpEq, dateTime(t)))
}

// Before holds if the time is before t.
//
//go:noinline
func (f *DateTime[T]) Before(t time.Time) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpLt, dateTime(t)))
}

// After holds if the time is after t.
//
//go:noinline
func (f *DateTime[T]) After(t time.Time) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpGt, dateTime(t)))
}

// IsSet holds if the field has a value.
//
//go:noinline
func (f *DateTime[T]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.StringColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *DateTime[T]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), filtertext.StringColumn)) }

// dateTimeLayout is the layout in which mappings store a DateTime, in UTC.
const dateTimeLayout = "2006-01-02T15:04:05.000000000Z"

func dateTime(t time.Time) string { return t.UTC().Format(dateTimeLayout) }

// An ArtifactState is the state of an artifact, which the store keeps as a
// number. It can be cleared.
type ArtifactState[T any, E ~string] Ref

//go:noinline
func (f *ArtifactState[T, E]) maskPath(T) string { return (*Ref)(f).maskPath() }

// Eq holds if the state is v.
//
//go:noinline
func (f *ArtifactState[T, E]) Eq(v E) Expr[T] {
	return Expr[T](inStates((*Ref)(f), artifactStates[:], v))
}

// In holds if the state is one of vs. In() never holds. Unknown names are
// ignored.
//
//go:noinline
func (f *ArtifactState[T, E]) In(vs ...E) Expr[T] {
	return Expr[T](inStates((*Ref)(f), artifactStates[:], vs...))
}

// NotIn holds if the state is set and not one of vs. NotIn() holds for all
// entities. Unknown names are ignored.
//
//go:noinline
func (f *ArtifactState[T, E]) NotIn(vs ...E) Expr[T] {
	return Expr[T](negate(inStates((*Ref)(f), artifactStates[:], vs...)))
}

// IsSet holds if the state has a value.
//
//go:noinline
func (f *ArtifactState[T, E]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), "")) }

// IsUnset holds if the state has no value.
//
//go:noinline
func (f *ArtifactState[T, E]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), "")) }

// An ExecutionState is the last known state of an execution, which the store
// keeps as a number. It can be cleared.
type ExecutionState[T any, E ~string] Ref

//go:noinline
func (f *ExecutionState[T, E]) maskPath(T) string { return (*Ref)(f).maskPath() }

// Eq holds if the state is v.
//
//go:noinline
func (f *ExecutionState[T, E]) Eq(v E) Expr[T] {
	return Expr[T](inStates((*Ref)(f), executionStates[:], v))
}

// In holds if the state is one of vs. In() never holds. Unknown names are
// ignored.
//
//go:noinline
func (f *ExecutionState[T, E]) In(vs ...E) Expr[T] {
	return Expr[T](inStates((*Ref)(f), executionStates[:], vs...))
}

// NotIn holds if the state is set and not one of vs. NotIn() holds for all
// entities. Unknown names are ignored.
//
//go:noinline
func (f *ExecutionState[T, E]) NotIn(vs ...E) Expr[T] {
	return Expr[T](negate(inStates((*Ref)(f), executionStates[:], vs...)))
}

// IsSet holds if the state has a value.
//
//go:noinline
func (f *ExecutionState[T, E]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), "")) }

// IsUnset holds if the state has no value.
//
//go:noinline
func (f *ExecutionState[T, E]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), "")) }

// The states, indexed by the number that the store keeps.
var (
	artifactStates  = [...]string{"UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE"}
	executionStates = [...]string{"UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED"}
)
