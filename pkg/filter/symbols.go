package filter

// A Ref says where the store keeps a field.
type Ref struct {
	// Attr is the filter language's name of a column of the node itself
	// ("name", "uri", "state"); empty for a property.
	Attr string
	// Property is the property's name; empty for a column of the node. The
	// empty name cannot be asked for.
	Property string
	// Was are the names under which older programs kept the property. A
	// condition holds for what is read: the value under the first of all names
	// that is there. It asks for the same column under each name: what is stored
	// there as another kind is read, and not found.
	Was []string
	// Custom tells a custom property from one that the type declares.
	Custom bool
	// Column is the value column of a property: "string_value", "int_value",
	// "double_value" or "bool_value". The symbols fill it in.
	Column string
	// Neighbour is the filter language's alias of a linked node
	// ("parent_contexts_p", "contexts_p"); Attr is then a column of it.
	Neighbour string

	// anyNumber reports whether a number in the property may be an integer or a
	// double, whichever the condition says: no type declares it.
	anyNumber bool

	_ [0]func() // not comparable: each symbol type would have a comparison of its own
}

// Symbols are pointers, and their methods are few, small and not inlined: the
// compiler makes them again for each entity of a spec. What is the same for all
// entities is in make.go.

// A String is a field of text.
type String[T any] Ref

// Eq holds where the field is v, byte for byte.
//
//go:noinline
func (f *String[T]) Eq(v string) Expr[T] { return Expr[T]{textNode((*Ref)(f), opEq, v)} }

// Ne holds where the field is set and is not v.
//
//go:noinline
func (f *String[T]) Ne(v string) Expr[T] { return Expr[T]{textNode((*Ref)(f), opNe, v)} }

// In holds where the field is one of vs. In() holds nowhere.
//
//go:noinline
func (f *String[T]) In(vs ...string) Expr[T] { return Expr[T]{textsNode((*Ref)(f), vs)} }

// Like holds where the field matches a pattern in which % stands for any run
// of characters and _ for one. The pattern has no escape. The case of ASCII
// letters does not count in the stores of this module; on the published server
// it depends on its database.
//
//go:noinline
func (f *String[T]) Like(pattern string) Expr[T] {
	return Expr[T]{textNode((*Ref)(f), opLike, pattern)}
}

// Lt holds where the field sorts before v, byte by byte.
//
//go:noinline
func (f *String[T]) Lt(v string) Expr[T] { return Expr[T]{textNode((*Ref)(f), opLt, v)} }

// Ge holds where the field is v or sorts after it, byte by byte.
//
//go:noinline
func (f *String[T]) Ge(v string) Expr[T] { return Expr[T]{textNode((*Ref)(f), opGe, v)} }

// IsSet holds where the field has a value.
//
//go:noinline
func (f *String[T]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), stringColumn)} }

// An Int is a field of a 64-bit integer.
type Int[T any] Ref

// Eq holds where the field is v.
//
//go:noinline
func (f *Int[T]) Eq(v int64) Expr[T] { return Expr[T]{intNode((*Ref)(f), opEq, v)} }

// Ne holds where the field is set and is not v.
//
//go:noinline
func (f *Int[T]) Ne(v int64) Expr[T] { return Expr[T]{intNode((*Ref)(f), opNe, v)} }

// In holds where the field is one of vs. In() holds nowhere.
//
//go:noinline
func (f *Int[T]) In(vs ...int64) Expr[T] { return Expr[T]{intsNode((*Ref)(f), vs)} }

// Lt holds where the field is less than v.
//
//go:noinline
func (f *Int[T]) Lt(v int64) Expr[T] { return Expr[T]{intNode((*Ref)(f), opLt, v)} }

// Le holds where the field is v or less.
//
//go:noinline
func (f *Int[T]) Le(v int64) Expr[T] { return Expr[T]{intNode((*Ref)(f), opLe, v)} }

// Gt holds where the field is greater than v.
//
//go:noinline
func (f *Int[T]) Gt(v int64) Expr[T] { return Expr[T]{intNode((*Ref)(f), opGt, v)} }

// Ge holds where the field is v or greater.
//
//go:noinline
func (f *Int[T]) Ge(v int64) Expr[T] { return Expr[T]{intNode((*Ref)(f), opGe, v)} }

// IsSet holds where the field has a value.
//
//go:noinline
func (f *Int[T]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), intColumn)} }

// A Double is a field of a floating-point number.
type Double[T any] Ref

// Eq holds where the field is v; mind that stores may round to six decimals.
//
//go:noinline
func (f *Double[T]) Eq(v float64) Expr[T] { return Expr[T]{doubleNode((*Ref)(f), opEq, v)} }

// Ne holds where the field is set and is not v.
//
//go:noinline
func (f *Double[T]) Ne(v float64) Expr[T] { return Expr[T]{doubleNode((*Ref)(f), opNe, v)} }

// Lt holds where the field is less than v.
//
//go:noinline
func (f *Double[T]) Lt(v float64) Expr[T] { return Expr[T]{doubleNode((*Ref)(f), opLt, v)} }

// Le holds where the field is v or less.
//
//go:noinline
func (f *Double[T]) Le(v float64) Expr[T] { return Expr[T]{doubleNode((*Ref)(f), opLe, v)} }

// Gt holds where the field is greater than v.
//
//go:noinline
func (f *Double[T]) Gt(v float64) Expr[T] { return Expr[T]{doubleNode((*Ref)(f), opGt, v)} }

// Ge holds where the field is v or greater.
//
//go:noinline
func (f *Double[T]) Ge(v float64) Expr[T] { return Expr[T]{doubleNode((*Ref)(f), opGe, v)} }

// IsSet holds where the field has a value.
//
//go:noinline
func (f *Double[T]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), doubleColumn)} }

// A Bool is a field that is true or false.
type Bool[T any] Ref

// Eq holds where the field is v.
//
//go:noinline
func (f *Bool[T]) Eq(v bool) Expr[T] { return Expr[T]{boolNode((*Ref)(f), v)} }

// IsSet holds where the field has a value.
//
//go:noinline
func (f *Bool[T]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), boolColumn)} }

// An Enum is a field that has one of the named values of E, stored as text.
type Enum[T any, E ~string] Ref

// Eq holds where the field is v.
//
//go:noinline
func (f *Enum[T, E]) Eq(v E) Expr[T] { return Expr[T]{textNode((*Ref)(f), opEq, string(v))} }

// Ne holds where the field is set and is not v.
//
//go:noinline
func (f *Enum[T, E]) Ne(v E) Expr[T] { return Expr[T]{textNode((*Ref)(f), opNe, string(v))} }

// In holds where the field is one of vs. In() holds nowhere.
//
//go:noinline
func (f *Enum[T, E]) In(vs ...E) Expr[T] { return Expr[T]{textsNode((*Ref)(f), vs)} }

// IsSet holds where the field has a value.
//
//go:noinline
func (f *Enum[T, E]) IsSet() Expr[T] { return Expr[T]{setNode((*Ref)(f), stringColumn)} }

// An Entity is what the symbols of all entities have besides their fields:
// access to the custom properties by name. The generated symbols embed it.
type Entity[T any] struct{}

// Custom returns the custom property called name, whose kind is chosen next.
// Every program may set custom properties of any name and kind, so a name that
// is misspelt is not an error: conditions on it hold for no entity.
// [CustomProperty.IsSet] finds the entities that have the property.
func (*Entity[T]) Custom(name string) *CustomProperty[T] {
	return &CustomProperty[T]{Property: name, Custom: true, anyNumber: true}
}

// A CustomProperty is a custom property before its kind is said. Of whatever
// kind, it can be emptied: the others stay.
type CustomProperty[T any] Ref

// IsSet holds where the property has a value that is text, a number, a boolean
// or a struct. The filter language has no conditions on values of kind proto.
//
//go:noinline
func (p *CustomProperty[T]) IsSet() Expr[T] { return Expr[T]{customSetNode((*Ref)(p))} }

// String takes the property as text. Conditions do not hold where it is
// something else.
//
//go:noinline
func (p *CustomProperty[T]) String() *OptString[T] { return (*OptString[T])(p) }

// Int takes the property as a number that is compared with integers. Conditions
// hold for numbers stored as doubles too: Eq(7) for 7.0, and Gt(6) for 6.5.
//
//go:noinline
func (p *CustomProperty[T]) Int() *OptInt[T] { return (*OptInt[T])(p) }

// Double takes the property as a number that is compared with doubles.
// Conditions hold for numbers stored as integers too, which are compared
// exactly: Gt(6) and Eq(7) hold for 7.
//
//go:noinline
func (p *CustomProperty[T]) Double() *OptDouble[T] { return (*OptDouble[T])(p) }

// Bool takes the property as a boolean. Conditions do not hold where it is
// something else.
//
//go:noinline
func (p *CustomProperty[T]) Bool() *OptBool[T] { return (*OptBool[T])(p) }
