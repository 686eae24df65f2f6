package filter

import (
	"fmt"
	"strconv"
	"time"
)

// An ID is a field that holds the id of an entity: its own, its parent's or
// another's. Ids are decimal strings to callers and numbers in the store; a
// condition with a string that is no id is refused when it is sent.
type ID[T any] Ref

func (f ID[T]) ref() Ref { return Ref(f).in(intColumn) }

// Eq holds where the field is the id v.
func (f ID[T]) Eq(v string) Expr[T] { return leaf[T](opEq, f.ref(), idArg(v)) }

// In holds where the field is one of the ids vs. In() holds nowhere.
func (f ID[T]) In(vs ...string) Expr[T] {
	args := make([]any, len(vs))
	for i, v := range vs {
		args[i] = idArg(v)
	}
	return leaf[T](opIn, f.ref(), args...)
}

// IsSet holds where the field has a value.
func (f ID[T]) IsSet() Expr[T] { return leaf[T](opIsSet, f.ref()) }

// idArg returns the number of an id, or the error that printing the condition
// ends with.
func idArg(id string) any {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no id: ids are decimal numbers", id)
	}
	return n
}

// A Time is a time that the store keeps of every entity, in whole
// milliseconds.
type Time[T any] Ref

// Before holds where the time is before t.
func (f Time[T]) Before(t time.Time) Expr[T] { return leaf[T](opLt, Ref(f), ceil(t)) }

// After holds where the time is after t.
func (f Time[T]) After(t time.Time) Expr[T] { return leaf[T](opGt, Ref(f), t.UnixMilli()) }

// Between holds where the time is from or later, and before to.
func (f Time[T]) Between(from, to time.Time) Expr[T] {
	return leaf[T](opGe, Ref(f), ceil(from)).And(f.Before(to))
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

func (f DateTime[T]) ref() Ref { return Ref(f).in(stringColumn) }

// dateTimeLayout is the form in which mappings store a DateTime, in UTC.
const dateTimeLayout = "2006-01-02T15:04:05.000000000Z"

func dateTime(t time.Time) string { return t.UTC().Format(dateTimeLayout) }

// Eq holds where the time is t.
func (f DateTime[T]) Eq(t time.Time) Expr[T] { return leaf[T](opEq, f.ref(), dateTime(t)) }

// Before holds where the time is before t.
func (f DateTime[T]) Before(t time.Time) Expr[T] { return leaf[T](opLt, f.ref(), dateTime(t)) }

// After holds where the time is after t.
func (f DateTime[T]) After(t time.Time) Expr[T] { return leaf[T](opGt, f.ref(), dateTime(t)) }

// IsSet holds where the field has a value.
func (f DateTime[T]) IsSet() Expr[T] { return leaf[T](opIsSet, f.ref()) }

// An OptDateTime is a [DateTime] that can be emptied.
type OptDateTime[T any] Ref

// ClearPath returns the update_mask path of the field.
func (f OptDateTime[T]) ClearPath(T) string { return Ref(f).path() }

// Eq holds where the time is t.
func (f OptDateTime[T]) Eq(t time.Time) Expr[T] { return DateTime[T](f).Eq(t) }

// Before holds where the time is before t.
func (f OptDateTime[T]) Before(t time.Time) Expr[T] { return DateTime[T](f).Before(t) }

// After holds where the time is after t.
func (f OptDateTime[T]) After(t time.Time) Expr[T] { return DateTime[T](f).After(t) }

// IsSet holds where the field has a value.
func (f OptDateTime[T]) IsSet() Expr[T] { return DateTime[T](f).IsSet() }

// An ArtifactState is the state of an artifact, whose names the store keeps as
// numbers. It can be emptied.
type ArtifactState[T any, E ~string] Ref

// ClearPath returns the update_mask path of the field.
func (f ArtifactState[T, E]) ClearPath(T) string { return Ref(f).path() }

// Eq holds where the state is v.
func (f ArtifactState[T, E]) Eq(v E) Expr[T] { return f.In(v) }

// In holds where the state is one of vs. In() holds nowhere, and so does a
// name that is no state.
func (f ArtifactState[T, E]) In(vs ...E) Expr[T] {
	return leaf[T](opIn, Ref(f), numbers(artifactStates[:], vs)...)
}

// IsSet holds where the state has a value.
func (f ArtifactState[T, E]) IsSet() Expr[T] { return leaf[T](opIsSet, Ref(f)) }

// An ExecutionState is the last known state of an execution, whose names the
// store keeps as numbers. It can be emptied.
type ExecutionState[T any, E ~string] Ref

// ClearPath returns the update_mask path of the field.
func (f ExecutionState[T, E]) ClearPath(T) string { return Ref(f).path() }

// Eq holds where the state is v.
func (f ExecutionState[T, E]) Eq(v E) Expr[T] { return f.In(v) }

// In holds where the state is one of vs. In() holds nowhere, and so does a
// name that is no state.
func (f ExecutionState[T, E]) In(vs ...E) Expr[T] {
	return leaf[T](opIn, Ref(f), numbers(executionStates[:], vs)...)
}

// IsSet holds where the state has a value.
func (f ExecutionState[T, E]) IsSet() Expr[T] { return leaf[T](opIsSet, Ref(f)) }

// The states by the number that the store keeps.
var (
	artifactStates  = [...]string{"UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE"}
	executionStates = [...]string{"UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED"}
)

func numbers[E ~string](names []string, vs []E) []any {
	var args []any
	for _, v := range vs {
		for n, name := range names {
			if name == string(v) {
				args = append(args, int64(n))
			}
		}
	}
	return args
}
