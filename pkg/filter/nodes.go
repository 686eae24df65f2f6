package filter

import "time"

// An ID is a field that holds the id of an entity: its own, its parent's or
// another's. Ids are decimal strings to callers and numbers in the store; a
// condition with a string that is no id is refused when it is sent.
type ID[T any] Ref

// Eq holds where the field is the id v.
//
//go:noinline
func (f *ID[T]) Eq(v string) Expr[T] { return Expr[T]{idsNode((*Ref)(f), opEq, v)} }

// In holds where the field is one of the ids vs. In() holds nowhere.
//
//go:noinline
func (f *ID[T]) In(vs ...string) Expr[T] { return Expr[T]{idsNode((*Ref)(f), opIn, vs...)} }

// IsSet holds where the field has a value.
//
//go:noinline
func (f *ID[T]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), intColumn)} }

// A Time is a time that the store keeps of every entity, in whole
// milliseconds.
type Time[T any] Ref

// Before holds where the time is before t.
//
//go:noinline
func (f *Time[T]) Before(t time.Time) Expr[T] { return Expr[T]{intNode((*Ref)(f), opLt, ceil(t))} }

// After holds where the time is after t.
//
//go:noinline
func (f *Time[T]) After(t time.Time) Expr[T] {
	return Expr[T]{intNode((*Ref)(f), opGt, t.UnixMilli())}
}

// Between holds where the time is from or later, and before to.
//
//go:noinline
func (f *Time[T]) Between(from, to time.Time) Expr[T] {
	return Expr[T]{conjunction(intNode((*Ref)(f), opGe, ceil(from)), intNode((*Ref)(f), opLt, ceil(to)))}
}

// ceil returns the first whole millisecond that is not before t.
func ceil(t time.Time) int64 {
	ms := t.UnixMilli()
	if time.UnixMilli(ms).Before(t) {
		ms++
	}
	return ms
}

// A DateTime is a time of an entity's own, kept as text of one width, so that
// texts sort as times do.
type DateTime[T any] Ref

// Eq holds where the time is t.
//
//go:noinline
func (f *DateTime[T]) Eq(t time.Time) Expr[T] { return Expr[T]{textNode((*Ref)(f), opEq, dateTime(t))} }

// Before holds where the time is before t.
//
//go:noinline
func (f *DateTime[T]) Before(t time.Time) Expr[T] {
	return Expr[T]{textNode((*Ref)(f), opLt, dateTime(t))}
}

// After holds where the time is after t.
//
//go:noinline
func (f *DateTime[T]) After(t time.Time) Expr[T] {
	return Expr[T]{textNode((*Ref)(f), opGt, dateTime(t))}
}

// IsSet holds where the field has a value.
//
//go:noinline
func (f *DateTime[T]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), stringColumn)} }

// dateTimeLayout is the form in which mappings store a DateTime, in UTC.
const dateTimeLayout = "2006-01-02T15:04:05.000000000Z"

func dateTime(t time.Time) string { return t.UTC().Format(dateTimeLayout) }

// An ArtifactState is the state of an artifact, whose names the store keeps as
// numbers. It can be emptied.
type ArtifactState[T any, E ~string] Ref

// ClearPath returns the update_mask path of the field.
//
//go:noinline
func (f *ArtifactState[T, E]) ClearPath(T) string { return (*Ref)(f).path() }

// Eq holds where the state is v.
//
//go:noinline
func (f *ArtifactState[T, E]) Eq(v E) Expr[T] {
	return Expr[T]{statesNode((*Ref)(f), artifactStates[:], v)}
}

// In holds where the state is one of vs. In() holds nowhere, and so does a
// name that is no state.
//
//go:noinline
func (f *ArtifactState[T, E]) In(vs ...E) Expr[T] {
	return Expr[T]{statesNode((*Ref)(f), artifactStates[:], vs...)}
}

// IsSet holds where the state has a value.
//
//go:noinline
func (f *ArtifactState[T, E]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), "")} }

// An ExecutionState is the last known state of an execution, whose names the store keeps as
// numbers. It can be emptied.
type ExecutionState[T any, E ~string] Ref

// ClearPath returns the update_mask path of the field.
//
//go:noinline
func (f *ExecutionState[T, E]) ClearPath(T) string { return (*Ref)(f).path() }

// Eq holds where the state is v.
//
//go:noinline
func (f *ExecutionState[T, E]) Eq(v E) Expr[T] {
	return Expr[T]{statesNode((*Ref)(f), executionStates[:], v)}
}

// In holds where the state is one of vs. In() holds nowhere, and so does a
// name that is no state.
//
//go:noinline
func (f *ExecutionState[T, E]) In(vs ...E) Expr[T] {
	return Expr[T]{statesNode((*Ref)(f), executionStates[:], vs...)}
}

// IsSet holds where the state has a value.
//
//go:noinline
func (f *ExecutionState[T, E]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), "")} }

// The states by the number that the store keeps.
var (
	artifactStates  = [...]string{"UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE"}
	executionStates = [...]string{"UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED"}
)
