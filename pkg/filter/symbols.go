package filter

import "github.com/mlmd-go/sdk/internal/filtertext"

// A Ref is where the store keeps a field. Generated code writes it.
type Ref struct {
	// Attr is the filter language's name of a column of the node itself, such as
	// "name", "uri" or "state". It is empty for a property.
	Attr string
	// Property is the property's name. It is empty for a column.
	Property string
	// LegacyNames are the names under which earlier versions of the schema stored
	// the property. A condition reads the value under the first of all names that
	// an entity has.
	LegacyNames []string
	// Custom reports whether the property is a custom property, as opposed to one
	// that the type declares.
	Custom bool
	// OwnName reports that Attr is "name" and that stored names have a prefix,
	// which conditions leave out.
	OwnName bool
	// Member is the path from the entity to what is compared, if that is a part of
	// the property's value: names of Go fields, joined by dots. [] after a name
	// stands for each element of a list.
	Member string
	// Neighbor is the filter language's alias of a linked node, such as
	// "contexts_p" or "parent_contexts_p", whose column Attr is. It is empty for
	// the node itself.
	Neighbor string

	// anyNumber reports whether the property may hold an integer or a double,
	// whichever the condition compares with, because no type declares it.
	anyNumber bool

	_ [0]func() // not comparable, which saves a comparison function per symbol type
}

// Symbols are pointers, and their methods are few, small and not inlined,
// because the compiler instantiates them for each entity of a schema. What does
// not depend on the entity is in make.go.

// A String is a field of text.
type String[T any] Ref

// Eq holds if the field is v, byte for byte.
//
//go:noinline
func (f *String[T]) Eq(v string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpEq, v))
}

// Ne holds if the field is set and differs from v.
//
//go:noinline
func (f *String[T]) Ne(v string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpNe, v))
}

// In holds if the field is one of vs. In() never holds.
//
//go:noinline
func (f *String[T]) In(vs ...string) Expr[T] { return Expr[T](inStrings((*Ref)(f), vs)) }

// NotIn holds if the field is set and not one of vs. NotIn() holds for all
// entities.
//
//go:noinline
func (f *String[T]) NotIn(vs ...string) Expr[T] {
	return Expr[T](negate(inStrings((*Ref)(f), vs)))
}

// HasPrefix holds if the field begins with prefix, byte for byte.
//
//go:noinline
func (f *String[T]) HasPrefix(prefix string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpPrefix, prefix))
}

// Contains holds if the field contains substr, byte for byte.
//
//go:noinline
func (f *String[T]) Contains(substr string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpContains, substr))
}

// Like holds if the field matches a pattern in which % stands for any run of
// characters and _ for one. They have no escape: use [String.HasPrefix]
// or [String.Contains] for text that may contain them. The stores of this module
// ignore the case of ASCII letters. On a server of the reference implementation
// case depends on its database.
//
//go:noinline
func (f *String[T]) Like(pattern string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpLike, pattern))
}

// Lt holds if the field sorts before v, byte by byte.
//
//go:noinline
func (f *String[T]) Lt(v string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpLt, v))
}

// Le holds if the field is v or sorts before it, byte by byte.
//
//go:noinline
func (f *String[T]) Le(v string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpLe, v))
}

// Gt holds if the field sorts after v, byte by byte.
//
//go:noinline
func (f *String[T]) Gt(v string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpGt, v))
}

// Ge holds if the field is v or sorts after it, byte by byte.
//
//go:noinline
func (f *String[T]) Ge(v string) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpGe, v))
}

// IsSet holds if the field has a value.
//
//go:noinline
func (f *String[T]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.StringColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *String[T]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), filtertext.StringColumn)) }

// An Int is a field of a 64-bit integer.
type Int[T any] Ref

// Eq holds if the field is v.
//
//go:noinline
func (f *Int[T]) Eq(v int64) Expr[T] { return Expr[T](compareInt((*Ref)(f), filtertext.OpEq, v)) }

// Ne holds if the field is set and differs from v.
//
//go:noinline
func (f *Int[T]) Ne(v int64) Expr[T] { return Expr[T](compareInt((*Ref)(f), filtertext.OpNe, v)) }

// In holds if the field is one of vs. In() never holds.
//
//go:noinline
func (f *Int[T]) In(vs ...int64) Expr[T] { return Expr[T](inInts((*Ref)(f), vs)) }

// NotIn holds if the field is set and not one of vs. NotIn() holds for all
// entities.
//
//go:noinline
func (f *Int[T]) NotIn(vs ...int64) Expr[T] {
	return Expr[T](negate(inInts((*Ref)(f), vs)))
}

// Lt holds if the field is less than v.
//
//go:noinline
func (f *Int[T]) Lt(v int64) Expr[T] { return Expr[T](compareInt((*Ref)(f), filtertext.OpLt, v)) }

// Le holds if the field is v or less.
//
//go:noinline
func (f *Int[T]) Le(v int64) Expr[T] { return Expr[T](compareInt((*Ref)(f), filtertext.OpLe, v)) }

// Gt holds if the field is greater than v.
//
//go:noinline
func (f *Int[T]) Gt(v int64) Expr[T] { return Expr[T](compareInt((*Ref)(f), filtertext.OpGt, v)) }

// Ge holds if the field is v or greater.
//
//go:noinline
func (f *Int[T]) Ge(v int64) Expr[T] { return Expr[T](compareInt((*Ref)(f), filtertext.OpGe, v)) }

// IsSet holds if the field has a value.
//
//go:noinline
func (f *Int[T]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.IntColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *Int[T]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), filtertext.IntColumn)) }

// A Double is a field of a floating-point number.
type Double[T any] Ref

// Eq holds if the field is v. A store may have rounded the field to six decimals.
//
//go:noinline
func (f *Double[T]) Eq(v float64) Expr[T] {
	return Expr[T](compareDouble((*Ref)(f), filtertext.OpEq, v))
}

// Ne holds if the field is set and differs from v.
//
//go:noinline
func (f *Double[T]) Ne(v float64) Expr[T] {
	return Expr[T](compareDouble((*Ref)(f), filtertext.OpNe, v))
}

// Lt holds if the field is less than v.
//
//go:noinline
func (f *Double[T]) Lt(v float64) Expr[T] {
	return Expr[T](compareDouble((*Ref)(f), filtertext.OpLt, v))
}

// Le holds if the field is v or less.
//
//go:noinline
func (f *Double[T]) Le(v float64) Expr[T] {
	return Expr[T](compareDouble((*Ref)(f), filtertext.OpLe, v))
}

// Gt holds if the field is greater than v.
//
//go:noinline
func (f *Double[T]) Gt(v float64) Expr[T] {
	return Expr[T](compareDouble((*Ref)(f), filtertext.OpGt, v))
}

// Ge holds if the field is v or greater.
//
//go:noinline
func (f *Double[T]) Ge(v float64) Expr[T] {
	return Expr[T](compareDouble((*Ref)(f), filtertext.OpGe, v))
}

// IsSet holds if the field has a value.
//
//go:noinline
func (f *Double[T]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.DoubleColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *Double[T]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), filtertext.DoubleColumn)) }

// A Bool is a field that is true or false.
type Bool[T any] Ref

// Eq holds if the field is v.
//
//go:noinline
func (f *Bool[T]) Eq(v bool) Expr[T] { return Expr[T](equalsBool((*Ref)(f), v)) }

// IsSet holds if the field has a value.
//
//go:noinline
func (f *Bool[T]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.BoolColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *Bool[T]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), filtertext.BoolColumn)) }

// An Enum is a field that has one of the named values of E, stored as text.
type Enum[T any, E ~string] Ref

// Eq holds if the field is v.
//
//go:noinline
func (f *Enum[T, E]) Eq(v E) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpEq, string(v)))
}

// Ne holds if the field is set and differs from v.
//
//go:noinline
func (f *Enum[T, E]) Ne(v E) Expr[T] {
	return Expr[T](compareString((*Ref)(f), filtertext.OpNe, string(v)))
}

// In holds if the field is one of vs. In() never holds.
//
//go:noinline
func (f *Enum[T, E]) In(vs ...E) Expr[T] { return Expr[T](inStrings((*Ref)(f), vs)) }

// NotIn holds if the field is set and not one of vs. NotIn() holds for all
// entities.
//
//go:noinline
func (f *Enum[T, E]) NotIn(vs ...E) Expr[T] {
	return Expr[T](negate(inStrings((*Ref)(f), vs)))
}

// IsSet holds if the field has a value.
//
//go:noinline
func (f *Enum[T, E]) IsSet() Expr[T] { return Expr[T](isSet((*Ref)(f), filtertext.StringColumn)) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *Enum[T, E]) IsUnset() Expr[T] { return Expr[T](isUnset((*Ref)(f), filtertext.StringColumn)) }

// CustomSymbols gives access to custom properties by name. Generated symbols
// embed it.
type CustomSymbols[T any] struct{}

// Custom returns the symbol of the custom property name. Its kind is chosen next,
// as in f.Custom("auc").Double(). Custom properties are not declared, so that a
// misspelled name is not an error: conditions on it hold for no entity.
func (*CustomSymbols[T]) Custom(name string) *CustomProperty[T] {
	return &CustomProperty[T]{Property: name, Custom: true, anyNumber: true}
}

// A CustomProperty is the symbol of a custom property of any kind. It can be
// cleared.
type CustomProperty[T any] Ref

//go:noinline
func (p *CustomProperty[T]) maskPath(T) string { return (*Ref)(p).maskPath() }

// IsSet holds if the property has a value that is text, a number, a boolean or a
// struct. The filter language has no condition on values of kind proto.
//
//go:noinline
func (p *CustomProperty[T]) IsSet() Expr[T] { return Expr[T](isSetCustom((*Ref)(p))) }

// IsUnset holds if the property has no value, or one of kind proto.
//
//go:noinline
func (p *CustomProperty[T]) IsUnset() Expr[T] { return Expr[T](negate(isSetCustom((*Ref)(p)))) }

// AsString returns the symbol of the property as text. Conditions on it do not
// hold for values of other kinds.
//
//go:noinline
func (p *CustomProperty[T]) AsString() *OptString[T] { return (*OptString[T])(p) }

// Int returns the symbol of the property as a number that is compared with
// integers. Conditions hold for numbers stored as doubles too: Eq(7) for 7.0, and
// Gt(6) for 6.5.
//
//go:noinline
func (p *CustomProperty[T]) Int() *OptInt[T] { return (*OptInt[T])(p) }

// Double returns the symbol of the property as a number that is compared with
// doubles. Conditions hold for numbers stored as integers too, which are compared
// exactly: Gt(6) and Eq(7) hold for 7.
//
//go:noinline
func (p *CustomProperty[T]) Double() *OptDouble[T] { return (*OptDouble[T])(p) }

// Bool returns the symbol of the property as a boolean. Conditions on it do not
// hold for values of other kinds.
//
//go:noinline
func (p *CustomProperty[T]) Bool() *OptBool[T] { return (*OptBool[T])(p) }
