package filter

// A Ref says where the store keeps a field.
type Ref struct {
	// Attr is the filter language's name of a column of the node itself
	// ("name", "uri", "state"); empty for a property.
	Attr string
	// Property is the property's name; empty for a column of the node. The
	// empty name cannot be asked for.
	Property string
	// Custom tells a custom property from one that the type declares.
	Custom bool
	// Column is the value column of a property: "string_value", "int_value",
	// "double_value" or "bool_value". The symbols fill it in.
	Column string
	// Neighbour is the filter language's alias of a linked node
	// ("parent_contexts_p", "contexts_p"); Attr is then a column of it.
	Neighbour string
}

// The value columns of properties.
const (
	stringColumn = "string_value"
	intColumn    = "int_value"
	doubleColumn = "double_value"
	boolColumn   = "bool_value"
)

// in returns r, of a property, with its value column.
func (r Ref) in(column string) Ref {
	if r.Property != "" {
		r.Column = column
	}
	return r
}

// A String is a field of text.
type String[T any] Ref

func (f String[T]) ref() Ref { return Ref(f).in(stringColumn) }

// Eq holds where the field is v, byte for byte.
func (f String[T]) Eq(v string) Expr[T] { return leaf[T](opEq, f.ref(), v) }

// Ne holds where the field is set and is not v.
func (f String[T]) Ne(v string) Expr[T] { return leaf[T](opNe, f.ref(), v) }

// In holds where the field is one of vs. In() holds nowhere.
func (f String[T]) In(vs ...string) Expr[T] { return leaf[T](opIn, f.ref(), each(vs)...) }

// Like holds where the field matches a pattern in which % stands for any run
// of characters and _ for one. The pattern has no escape; letter case counts
// or not as in the database below (SQLite folds ASCII letters).
func (f String[T]) Like(pattern string) Expr[T] { return leaf[T](opLike, f.ref(), pattern) }

// Lt holds where the field sorts before v, byte by byte.
func (f String[T]) Lt(v string) Expr[T] { return leaf[T](opLt, f.ref(), v) }

// Ge holds where the field is v or sorts after it, byte by byte.
func (f String[T]) Ge(v string) Expr[T] { return leaf[T](opGe, f.ref(), v) }

// IsSet holds where the field has a value.
func (f String[T]) IsSet() Expr[T] { return leaf[T](opIsSet, f.ref()) }

// An Int is a field of a 64-bit integer.
type Int[T any] Ref

func (f Int[T]) ref() Ref { return Ref(f).in(intColumn) }

// Eq holds where the field is v.
func (f Int[T]) Eq(v int64) Expr[T] { return leaf[T](opEq, f.ref(), v) }

// Ne holds where the field is set and is not v.
func (f Int[T]) Ne(v int64) Expr[T] { return leaf[T](opNe, f.ref(), v) }

// In holds where the field is one of vs. In() holds nowhere.
func (f Int[T]) In(vs ...int64) Expr[T] { return leaf[T](opIn, f.ref(), each(vs)...) }

// Lt holds where the field is less than v.
func (f Int[T]) Lt(v int64) Expr[T] { return leaf[T](opLt, f.ref(), v) }

// Le holds where the field is v or less.
func (f Int[T]) Le(v int64) Expr[T] { return leaf[T](opLe, f.ref(), v) }

// Gt holds where the field is greater than v.
func (f Int[T]) Gt(v int64) Expr[T] { return leaf[T](opGt, f.ref(), v) }

// Ge holds where the field is v or greater.
func (f Int[T]) Ge(v int64) Expr[T] { return leaf[T](opGe, f.ref(), v) }

// IsSet holds where the field has a value.
func (f Int[T]) IsSet() Expr[T] { return leaf[T](opIsSet, f.ref()) }

// A Double is a field of a floating-point number.
type Double[T any] Ref

func (f Double[T]) ref() Ref { return Ref(f).in(doubleColumn) }

// Eq holds where the field is v; mind that stores may round to six decimals.
func (f Double[T]) Eq(v float64) Expr[T] { return leaf[T](opEq, f.ref(), v) }

// Ne holds where the field is set and is not v.
func (f Double[T]) Ne(v float64) Expr[T] { return leaf[T](opNe, f.ref(), v) }

// Lt holds where the field is less than v.
func (f Double[T]) Lt(v float64) Expr[T] { return leaf[T](opLt, f.ref(), v) }

// Le holds where the field is v or less.
func (f Double[T]) Le(v float64) Expr[T] { return leaf[T](opLe, f.ref(), v) }

// Gt holds where the field is greater than v.
func (f Double[T]) Gt(v float64) Expr[T] { return leaf[T](opGt, f.ref(), v) }

// Ge holds where the field is v or greater.
func (f Double[T]) Ge(v float64) Expr[T] { return leaf[T](opGe, f.ref(), v) }

// IsSet holds where the field has a value.
func (f Double[T]) IsSet() Expr[T] { return leaf[T](opIsSet, f.ref()) }

// A Bool is a field that is true or false.
type Bool[T any] Ref

func (f Bool[T]) ref() Ref { return Ref(f).in(boolColumn) }

// Eq holds where the field is v.
func (f Bool[T]) Eq(v bool) Expr[T] { return leaf[T](opEq, f.ref(), v) }

// IsSet holds where the field has a value.
func (f Bool[T]) IsSet() Expr[T] { return leaf[T](opIsSet, f.ref()) }

// An Enum is a field that has one of the named values of E, stored as text.
type Enum[T any, E ~string] Ref

func (f Enum[T, E]) ref() Ref { return Ref(f).in(stringColumn) }

// Eq holds where the field is v.
func (f Enum[T, E]) Eq(v E) Expr[T] { return leaf[T](opEq, f.ref(), string(v)) }

// Ne holds where the field is set and is not v.
func (f Enum[T, E]) Ne(v E) Expr[T] { return leaf[T](opNe, f.ref(), string(v)) }

// In holds where the field is one of vs. In() holds nowhere.
func (f Enum[T, E]) In(vs ...E) Expr[T] {
	args := make([]any, len(vs))
	for i, v := range vs {
		args[i] = string(v)
	}
	return leaf[T](opIn, f.ref(), args...)
}

// IsSet holds where the field has a value.
func (f Enum[T, E]) IsSet() Expr[T] { return leaf[T](opIsSet, f.ref()) }

// An Entity is what the symbols of all entities have besides their fields:
// access to the custom properties by name. The generated symbols embed it.
type Entity[T any] struct{}

// Custom returns the custom property called name, whose kind is chosen next.
func (Entity[T]) Custom(name string) CustomProperty[T] { return CustomProperty[T]{name} }

// A CustomProperty is a custom property before its kind is said.
type CustomProperty[T any] struct{ name string }

// String takes the property as text.
func (p CustomProperty[T]) String() String[T] { return String[T](p.ref()) }

// Int takes the property as an integer.
func (p CustomProperty[T]) Int() Int[T] { return Int[T](p.ref()) }

// Double takes the property as a double.
func (p CustomProperty[T]) Double() Double[T] { return Double[T](p.ref()) }

// Bool takes the property as a boolean.
func (p CustomProperty[T]) Bool() Bool[T] { return Bool[T](p.ref()) }

func (p CustomProperty[T]) ref() Ref { return Ref{Property: p.name, Custom: true} }
