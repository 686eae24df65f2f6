package filter

import (
	"time"

	"github.com/mlmd-go/sdk/internal/filtertext"
)

// A Clearable is the symbol of a field that can be empty, which registry.Clear
// takes. The symbols of IDs, names, parents and required fields do not implement
// it.
type Clearable[T any] interface {
	// maskPath returns the update_mask path of the field. Its argument only ties
	// the symbol to the entity.
	maskPath(T) string
}

// MaskPath returns the update_mask path of a field, such as "properties.author".
func MaskPath[T any](f Clearable[T]) string {
	var unused T
	return f.maskPath(unused)
}

// maskPath returns the update_mask path of r.
//
//go:noinline
func (r *Ref) maskPath() string {
	if r.Custom {
		return "custom_properties." + r.Property
	}
	if r.Property != "" {
		return "properties." + r.Property
	}
	return r.Attr
}

// A Clear is the symbol of a field that can be cleared, but has no conditions in
// the filter language. Path is its update_mask path.
type Clear[T any] struct{ Path string }

//go:noinline
func (f *Clear[T]) maskPath(T) string { return f.Path }

// An OptString is a [String] that can be cleared.
type OptString[T any] Ref

//go:noinline
func (f *OptString[T]) maskPath(T) string { return (*Ref)(f).maskPath() }

// Eq holds if the field is v, byte for byte.
//
//go:noinline
func (f *OptString[T]) Eq(v string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpEq, v))
}

// Ne holds if the field is set and differs from v.
//
//go:noinline
func (f *OptString[T]) Ne(v string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpNe, v))
}

// In holds if the field is one of vs. In() never holds.
//
//go:noinline
func (f *OptString[T]) In(vs ...string) Expr[T] { return Expr[T](inStrings((*Ref)(f), vs)) }

// NotIn holds if the field is set and not one of vs. NotIn() holds for all
// entities.
//
//go:noinline
func (f *OptString[T]) NotIn(vs ...string) Expr[T] {
	return Expr[T](negate(inStrings((*Ref)(f), vs)))
}

// HasPrefix holds if the field begins with prefix, byte for byte.
//
//go:noinline
func (f *OptString[T]) HasPrefix(prefix string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpPrefix, prefix))
}

// Contains holds if the field contains substr, byte for byte.
//
//go:noinline
func (f *OptString[T]) Contains(substr string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpContains, substr))
}

// Like holds if the field matches a pattern; see [String.Like].
//
//go:noinline
func (f *OptString[T]) Like(pattern string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpLike, pattern))
}

// Lt holds if the field sorts before v, byte by byte.
//
//go:noinline
func (f *OptString[T]) Lt(v string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpLt, v))
}

// Le holds if the field is v or sorts before it, byte by byte.
//
//go:noinline
func (f *OptString[T]) Le(v string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpLe, v))
}

// Gt holds if the field sorts after v, byte by byte.
//
//go:noinline
func (f *OptString[T]) Gt(v string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpGt, v))
}

// Ge holds if the field is v or sorts after it, byte by byte.
//
//go:noinline
func (f *OptString[T]) Ge(v string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpGe, v))
}

// IsSet holds if the field has a value.
//
//go:noinline
func (f *OptString[T]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.StringColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *OptString[T]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), filtertext.StringColumn)) }

// An OptInt is an [Int] that can be cleared.
type OptInt[T any] Ref

//go:noinline
func (f *OptInt[T]) maskPath(T) string { return (*Ref)(f).maskPath() }

// Eq holds if the field is v.
//
//go:noinline
func (f *OptInt[T]) Eq(v int64) Expr[T] { return Expr[T](compareInt((*Ref)(f), filtertext.OpEq, v)) }

// Ne holds if the field is set and differs from v.
//
//go:noinline
func (f *OptInt[T]) Ne(v int64) Expr[T] { return Expr[T](compareInt((*Ref)(f), filtertext.OpNe, v)) }

// In holds if the field is one of vs. In() never holds.
//
//go:noinline
func (f *OptInt[T]) In(vs ...int64) Expr[T] { return Expr[T](inInts((*Ref)(f), vs)) }

// NotIn holds if the field is set and not one of vs. NotIn() holds for all
// entities.
//
//go:noinline
func (f *OptInt[T]) NotIn(vs ...int64) Expr[T] {
	return Expr[T](negate(inInts((*Ref)(f), vs)))
}

// Lt holds if the field is less than v.
//
//go:noinline
func (f *OptInt[T]) Lt(v int64) Expr[T] { return Expr[T](compareInt((*Ref)(f), filtertext.OpLt, v)) }

// Le holds if the field is v or less.
//
//go:noinline
func (f *OptInt[T]) Le(v int64) Expr[T] { return Expr[T](compareInt((*Ref)(f), filtertext.OpLe, v)) }

// Gt holds if the field is greater than v.
//
//go:noinline
func (f *OptInt[T]) Gt(v int64) Expr[T] { return Expr[T](compareInt((*Ref)(f), filtertext.OpGt, v)) }

// Ge holds if the field is v or greater.
//
//go:noinline
func (f *OptInt[T]) Ge(v int64) Expr[T] { return Expr[T](compareInt((*Ref)(f), filtertext.OpGe, v)) }

// IsSet holds if the field has a value.
//
//go:noinline
func (f *OptInt[T]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.IntColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *OptInt[T]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), filtertext.IntColumn)) }

// An OptDouble is a [Double] that can be cleared.
type OptDouble[T any] Ref

//go:noinline
func (f *OptDouble[T]) maskPath(T) string { return (*Ref)(f).maskPath() }

// Eq holds if the field is v. A store may have rounded the field to six decimals.
//
//go:noinline
func (f *OptDouble[T]) Eq(v float64) Expr[T] {
	return Expr[T](compareDouble((*Ref)(f), filtertext.OpEq, v))
}

// Ne holds if the field is set and differs from v.
//
//go:noinline
func (f *OptDouble[T]) Ne(v float64) Expr[T] {
	return Expr[T](compareDouble((*Ref)(f), filtertext.OpNe, v))
}

// Lt holds if the field is less than v.
//
//go:noinline
func (f *OptDouble[T]) Lt(v float64) Expr[T] {
	return Expr[T](compareDouble((*Ref)(f), filtertext.OpLt, v))
}

// Le holds if the field is v or less.
//
//go:noinline
func (f *OptDouble[T]) Le(v float64) Expr[T] {
	return Expr[T](compareDouble((*Ref)(f), filtertext.OpLe, v))
}

// Gt holds if the field is greater than v.
//
//go:noinline
func (f *OptDouble[T]) Gt(v float64) Expr[T] {
	return Expr[T](compareDouble((*Ref)(f), filtertext.OpGt, v))
}

// Ge holds if the field is v or greater.
//
//go:noinline
func (f *OptDouble[T]) Ge(v float64) Expr[T] {
	return Expr[T](compareDouble((*Ref)(f), filtertext.OpGe, v))
}

// IsSet holds if the field has a value.
//
//go:noinline
func (f *OptDouble[T]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.DoubleColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *OptDouble[T]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), filtertext.DoubleColumn)) }

// An OptBool is a [Bool] that can be cleared.
type OptBool[T any] Ref

//go:noinline
func (f *OptBool[T]) maskPath(T) string { return (*Ref)(f).maskPath() }

// Eq holds if the field is v.
//
//go:noinline
func (f *OptBool[T]) Eq(v bool) Expr[T] { return Expr[T](equalsBool((*Ref)(f), v)) }

// IsSet holds if the field has a value.
//
//go:noinline
func (f *OptBool[T]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.BoolColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *OptBool[T]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), filtertext.BoolColumn)) }

// An OptEnum is an [Enum] that can be cleared.
type OptEnum[T any, E ~string] Ref

//go:noinline
func (f *OptEnum[T, E]) maskPath(T) string { return (*Ref)(f).maskPath() }

// Eq holds if the field is v.
//
//go:noinline
func (f *OptEnum[T, E]) Eq(v E) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpEq, string(v)))
}

// Ne holds if the field is set and differs from v.
//
//go:noinline
func (f *OptEnum[T, E]) Ne(v E) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpNe, string(v)))
}

// In holds if the field is one of vs. In() never holds.
//
//go:noinline
func (f *OptEnum[T, E]) In(vs ...E) Expr[T] { return Expr[T](inStrings((*Ref)(f), vs)) }

// NotIn holds if the field is set and not one of vs. NotIn() holds for all
// entities.
//
//go:noinline
func (f *OptEnum[T, E]) NotIn(vs ...E) Expr[T] {
	return Expr[T](negate(inStrings((*Ref)(f), vs)))
}

// IsSet holds if the field has a value.
//
//go:noinline
func (f *OptEnum[T, E]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.StringColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *OptEnum[T, E]) IsUnset() Expr[T] {
	return Expr[T](isUnset((*Ref)(f), filtertext.StringColumn))
}

// An OptID is an [ID] that can be cleared.
type OptID[T any] Ref

//go:noinline
func (f *OptID[T]) maskPath(T) string { return (*Ref)(f).maskPath() }

// Eq holds if the field has the ID v.
//
//go:noinline
func (f *OptID[T]) Eq(v string) Expr[T] { return Expr[T](compareIDs((*Ref)(f), filtertext.OpEq, v)) }

// In holds if the field has one of the IDs vs. In() never holds.
//
//go:noinline
func (f *OptID[T]) In(vs ...string) Expr[T] {
	return Expr[T](compareIDs((*Ref)(f), filtertext.OpIn, vs...))
}

// NotIn holds if the field is set and has none of the IDs vs. NotIn() holds
// for all entities.
//
//go:noinline
func (f *OptID[T]) NotIn(vs ...string) Expr[T] {
	return Expr[T](negate(compareIDs((*Ref)(f), filtertext.OpIn, vs...)))
}

// IsSet holds if the field has a value.
//
//go:noinline
func (f *OptID[T]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.IntColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *OptID[T]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), filtertext.IntColumn)) }

// An OptDateTime is a [DateTime] that can be cleared.
type OptDateTime[T any] Ref

//go:noinline
func (f *OptDateTime[T]) maskPath(T) string { return (*Ref)(f).maskPath() }

// Eq holds if the time is t.
//
//go:noinline
func (f *OptDateTime[T]) Eq(t time.Time) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpEq, dateTime(t)))
}

// Before holds if the time is before t.
//
//go:noinline
func (f *OptDateTime[T]) Before(t time.Time) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpLt, dateTime(t)))
}

// After holds if the time is after t.
//
//go:noinline
func (f *OptDateTime[T]) After(t time.Time) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpGt, dateTime(t)))
}

// IsSet holds if the field has a value.
//
//go:noinline
func (f *OptDateTime[T]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.StringColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *OptDateTime[T]) IsUnset() Expr[T] {
	return Expr[T](isUnset((*Ref)(f), filtertext.StringColumn))
}
