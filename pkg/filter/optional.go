package filter

import "time"

// A Clearable is a field that can be empty. Clear of package registry takes it; the
// symbols of ids, names, parents and required fields are none.
type Clearable[T any] interface {
	// ClearPath returns the update_mask path of the field. Its argument is
	// never used: it ties the symbol to the entity.
	ClearPath(T) string
}

// path returns the update_mask path of what r refers to.
//
//go:noinline
func (r *Ref) path() string {
	if r.Custom {
		return "custom_properties." + r.Property
	}
	if r.Property != "" {
		return "properties." + r.Property
	}
	return r.Attr
}

// A Clear is a field that can be emptied, and no more: the filter language
// cannot ask for it. Path is its update_mask path.
type Clear[T any] struct{ Path string }

// ClearPath returns the update_mask path of the field.
//
//go:noinline
func (f *Clear[T]) ClearPath(T) string { return f.Path }

// An OptString is a [String] that can be emptied.
type OptString[T any] Ref

// ClearPath returns the update_mask path of the field.
//
//go:noinline
func (f *OptString[T]) ClearPath(T) string { return (*Ref)(f).path() }

// Eq holds where the field is v, byte for byte.
//
//go:noinline
func (f *OptString[T]) Eq(v string) Expr[T] { return Expr[T]{textNode((*Ref)(f), opEq, v)} }

// Ne holds where the field is set and is not v.
//
//go:noinline
func (f *OptString[T]) Ne(v string) Expr[T] { return Expr[T]{textNode((*Ref)(f), opNe, v)} }

// In holds where the field is one of vs. In() holds nowhere.
//
//go:noinline
func (f *OptString[T]) In(vs ...string) Expr[T] { return Expr[T]{textsNode((*Ref)(f), vs)} }

// Like holds where the field matches a pattern; see [String.Like].
//
//go:noinline
func (f *OptString[T]) Like(pattern string) Expr[T] {
	return Expr[T]{textNode((*Ref)(f), opLike, pattern)}
}

// Lt holds where the field sorts before v, byte by byte.
//
//go:noinline
func (f *OptString[T]) Lt(v string) Expr[T] { return Expr[T]{textNode((*Ref)(f), opLt, v)} }

// Ge holds where the field is v or sorts after it, byte by byte.
//
//go:noinline
func (f *OptString[T]) Ge(v string) Expr[T] { return Expr[T]{textNode((*Ref)(f), opGe, v)} }

// IsSet holds where the field has a value.
//
//go:noinline
func (f *OptString[T]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), stringColumn)} }

// An OptInt is an [Int] that can be emptied.
type OptInt[T any] Ref

// ClearPath returns the update_mask path of the field.
//
//go:noinline
func (f *OptInt[T]) ClearPath(T) string { return (*Ref)(f).path() }

// Eq holds where the field is v.
//
//go:noinline
func (f *OptInt[T]) Eq(v int64) Expr[T] { return Expr[T]{intNode((*Ref)(f), opEq, v)} }

// Ne holds where the field is set and is not v.
//
//go:noinline
func (f *OptInt[T]) Ne(v int64) Expr[T] { return Expr[T]{intNode((*Ref)(f), opNe, v)} }

// In holds where the field is one of vs. In() holds nowhere.
//
//go:noinline
func (f *OptInt[T]) In(vs ...int64) Expr[T] { return Expr[T]{intsNode((*Ref)(f), vs)} }

// Lt holds where the field is less than v.
//
//go:noinline
func (f *OptInt[T]) Lt(v int64) Expr[T] { return Expr[T]{intNode((*Ref)(f), opLt, v)} }

// Le holds where the field is v or less.
//
//go:noinline
func (f *OptInt[T]) Le(v int64) Expr[T] { return Expr[T]{intNode((*Ref)(f), opLe, v)} }

// Gt holds where the field is greater than v.
//
//go:noinline
func (f *OptInt[T]) Gt(v int64) Expr[T] { return Expr[T]{intNode((*Ref)(f), opGt, v)} }

// Ge holds where the field is v or greater.
//
//go:noinline
func (f *OptInt[T]) Ge(v int64) Expr[T] { return Expr[T]{intNode((*Ref)(f), opGe, v)} }

// IsSet holds where the field has a value.
//
//go:noinline
func (f *OptInt[T]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), intColumn)} }

// An OptDouble is a [Double] that can be emptied.
type OptDouble[T any] Ref

// ClearPath returns the update_mask path of the field.
//
//go:noinline
func (f *OptDouble[T]) ClearPath(T) string { return (*Ref)(f).path() }

// Eq holds where the field is v; mind that stores may round to six decimals.
//
//go:noinline
func (f *OptDouble[T]) Eq(v float64) Expr[T] { return Expr[T]{doubleNode((*Ref)(f), opEq, v)} }

// Ne holds where the field is set and is not v.
//
//go:noinline
func (f *OptDouble[T]) Ne(v float64) Expr[T] { return Expr[T]{doubleNode((*Ref)(f), opNe, v)} }

// Lt holds where the field is less than v.
//
//go:noinline
func (f *OptDouble[T]) Lt(v float64) Expr[T] { return Expr[T]{doubleNode((*Ref)(f), opLt, v)} }

// Le holds where the field is v or less.
//
//go:noinline
func (f *OptDouble[T]) Le(v float64) Expr[T] { return Expr[T]{doubleNode((*Ref)(f), opLe, v)} }

// Gt holds where the field is greater than v.
//
//go:noinline
func (f *OptDouble[T]) Gt(v float64) Expr[T] { return Expr[T]{doubleNode((*Ref)(f), opGt, v)} }

// Ge holds where the field is v or greater.
//
//go:noinline
func (f *OptDouble[T]) Ge(v float64) Expr[T] { return Expr[T]{doubleNode((*Ref)(f), opGe, v)} }

// IsSet holds where the field has a value.
//
//go:noinline
func (f *OptDouble[T]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), doubleColumn)} }

// An OptBool is a [Bool] that can be emptied.
type OptBool[T any] Ref

// ClearPath returns the update_mask path of the field.
//
//go:noinline
func (f *OptBool[T]) ClearPath(T) string { return (*Ref)(f).path() }

// Eq holds where the field is v.
//
//go:noinline
func (f *OptBool[T]) Eq(v bool) Expr[T] { return Expr[T]{boolNode((*Ref)(f), v)} }

// IsSet holds where the field has a value.
//
//go:noinline
func (f *OptBool[T]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), boolColumn)} }

// An OptEnum is an [Enum] that can be emptied.
type OptEnum[T any, E ~string] Ref

// ClearPath returns the update_mask path of the field.
//
//go:noinline
func (f *OptEnum[T, E]) ClearPath(T) string { return (*Ref)(f).path() }

// Eq holds where the field is v.
//
//go:noinline
func (f *OptEnum[T, E]) Eq(v E) Expr[T] { return Expr[T]{textNode((*Ref)(f), opEq, string(v))} }

// Ne holds where the field is set and is not v.
//
//go:noinline
func (f *OptEnum[T, E]) Ne(v E) Expr[T] { return Expr[T]{textNode((*Ref)(f), opNe, string(v))} }

// In holds where the field is one of vs. In() holds nowhere.
//
//go:noinline
func (f *OptEnum[T, E]) In(vs ...E) Expr[T] { return Expr[T]{textsNode((*Ref)(f), vs)} }

// IsSet holds where the field has a value.
//
//go:noinline
func (f *OptEnum[T, E]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), stringColumn)} }

// An OptID is an [ID] that can be emptied.
type OptID[T any] Ref

// ClearPath returns the update_mask path of the field.
//
//go:noinline
func (f *OptID[T]) ClearPath(T) string { return (*Ref)(f).path() }

// Eq holds where the field is the id v.
//
//go:noinline
func (f *OptID[T]) Eq(v string) Expr[T] { return Expr[T]{idsNode((*Ref)(f), opEq, v)} }

// In holds where the field is one of the ids vs. In() holds nowhere.
//
//go:noinline
func (f *OptID[T]) In(vs ...string) Expr[T] { return Expr[T]{idsNode((*Ref)(f), opIn, vs...)} }

// IsSet holds where the field has a value.
//
//go:noinline
func (f *OptID[T]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), intColumn)} }

// An OptDateTime is a [DateTime] that can be emptied.
type OptDateTime[T any] Ref

// ClearPath returns the update_mask path of the field.
//
//go:noinline
func (f *OptDateTime[T]) ClearPath(T) string { return (*Ref)(f).path() }

// Eq holds where the time is t.
//
//go:noinline
func (f *OptDateTime[T]) Eq(t time.Time) Expr[T] {
	return Expr[T]{textNode((*Ref)(f), opEq, dateTime(t))}
}

// Before holds where the time is before t.
//
//go:noinline
func (f *OptDateTime[T]) Before(t time.Time) Expr[T] {
	return Expr[T]{textNode((*Ref)(f), opLt, dateTime(t))}
}

// After holds where the time is after t.
//
//go:noinline
func (f *OptDateTime[T]) After(t time.Time) Expr[T] {
	return Expr[T]{textNode((*Ref)(f), opGt, dateTime(t))}
}

// IsSet holds where the field has a value.
//
//go:noinline
func (f *OptDateTime[T]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), stringColumn)} }
