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
	// "double_value" or "bool_value".
	Column string
	// Neighbour is the filter language's alias of a linked node
	// ("parent_contexts_p", "contexts_p"); Attr is then a column of it.
	Neighbour string
}

// A Clearable is a field that can be empty. [registry.Clear] takes it; the
// symbols of ids, names, parents and required fields are none.
type Clearable[T any] interface {
	// ClearPath returns the update_mask path of the field. Its argument is
	// never used: it ties the symbol to the entity.
	ClearPath(T) string
}

// Clear is what makes a symbol Clearable. Generated code embeds it.
type Clear[T any] struct{ Path string }

// ClearPath returns the update_mask path of the field.
func (c Clear[T]) ClearPath(T) string { return c.Path }

// A String is a field of text.
type String[T any] struct{ Ref Ref }

// Eq holds where the field is v, byte for byte.
func (f String[T]) Eq(v string) Expr[T] { return leaf[T](opEq, f.Ref, v) }

// Ne holds where the field is set and is not v.
func (f String[T]) Ne(v string) Expr[T] { return leaf[T](opNe, f.Ref, v) }

// In holds where the field is one of vs. In() holds nowhere.
func (f String[T]) In(vs ...string) Expr[T] { return leaf[T](opIn, f.Ref, each(vs)...) }

// Like holds where the field matches a pattern in which % stands for any run
// of characters and _ for one. The pattern has no escape; letter case counts
// or not as in the database below (SQLite folds ASCII letters).
func (f String[T]) Like(pattern string) Expr[T] { return leaf[T](opLike, f.Ref, pattern) }

// Lt holds where the field sorts before v, byte by byte.
func (f String[T]) Lt(v string) Expr[T] { return leaf[T](opLt, f.Ref, v) }

// Ge holds where the field is v or sorts after it, byte by byte.
func (f String[T]) Ge(v string) Expr[T] { return leaf[T](opGe, f.Ref, v) }

// IsSet holds where the field has a value.
func (f String[T]) IsSet() Expr[T] { return leaf[T](opIsSet, f.Ref) }

// An Int is a field of a 64-bit integer.
type Int[T any] struct{ Ref Ref }

// Eq holds where the field is v.
func (f Int[T]) Eq(v int64) Expr[T] { return leaf[T](opEq, f.Ref, v) }

// Ne holds where the field is set and is not v.
func (f Int[T]) Ne(v int64) Expr[T] { return leaf[T](opNe, f.Ref, v) }

// In holds where the field is one of vs. In() holds nowhere.
func (f Int[T]) In(vs ...int64) Expr[T] { return leaf[T](opIn, f.Ref, each(vs)...) }

// Lt holds where the field is less than v.
func (f Int[T]) Lt(v int64) Expr[T] { return leaf[T](opLt, f.Ref, v) }

// Le holds where the field is v or less.
func (f Int[T]) Le(v int64) Expr[T] { return leaf[T](opLe, f.Ref, v) }

// Gt holds where the field is greater than v.
func (f Int[T]) Gt(v int64) Expr[T] { return leaf[T](opGt, f.Ref, v) }

// Ge holds where the field is v or greater.
func (f Int[T]) Ge(v int64) Expr[T] { return leaf[T](opGe, f.Ref, v) }

// IsSet holds where the field has a value.
func (f Int[T]) IsSet() Expr[T] { return leaf[T](opIsSet, f.Ref) }

// A Double is a field of a floating-point number.
type Double[T any] struct{ Ref Ref }

// Eq holds where the field is v; mind that stores may round to six decimals.
func (f Double[T]) Eq(v float64) Expr[T] { return leaf[T](opEq, f.Ref, v) }

// Ne holds where the field is set and is not v.
func (f Double[T]) Ne(v float64) Expr[T] { return leaf[T](opNe, f.Ref, v) }

// Lt holds where the field is less than v.
func (f Double[T]) Lt(v float64) Expr[T] { return leaf[T](opLt, f.Ref, v) }

// Le holds where the field is v or less.
func (f Double[T]) Le(v float64) Expr[T] { return leaf[T](opLe, f.Ref, v) }

// Gt holds where the field is greater than v.
func (f Double[T]) Gt(v float64) Expr[T] { return leaf[T](opGt, f.Ref, v) }

// Ge holds where the field is v or greater.
func (f Double[T]) Ge(v float64) Expr[T] { return leaf[T](opGe, f.Ref, v) }

// IsSet holds where the field has a value.
func (f Double[T]) IsSet() Expr[T] { return leaf[T](opIsSet, f.Ref) }

// A Bool is a field that is true or false.
type Bool[T any] struct{ Ref Ref }

// Eq holds where the field is v.
func (f Bool[T]) Eq(v bool) Expr[T] { return leaf[T](opEq, f.Ref, v) }

// IsSet holds where the field has a value.
func (f Bool[T]) IsSet() Expr[T] { return leaf[T](opIsSet, f.Ref) }

// An Enum is a field that has one of the named values of E, stored as text.
type Enum[T any, E ~string] struct{ Ref Ref }

// Eq holds where the field is v.
func (f Enum[T, E]) Eq(v E) Expr[T] { return leaf[T](opEq, f.Ref, string(v)) }

// Ne holds where the field is set and is not v.
func (f Enum[T, E]) Ne(v E) Expr[T] { return leaf[T](opNe, f.Ref, string(v)) }

// In holds where the field is one of vs. In() holds nowhere.
func (f Enum[T, E]) In(vs ...E) Expr[T] {
	args := make([]any, len(vs))
	for i, v := range vs {
		args[i] = string(v)
	}
	return leaf[T](opIn, f.Ref, args...)
}

// IsSet holds where the field has a value.
func (f Enum[T, E]) IsSet() Expr[T] { return leaf[T](opIsSet, f.Ref) }

// A State is the state of an artifact or of an execution, which the store
// keeps as a number; Numbers ties the names of E to them.
type State[T any, E ~string] struct {
	Ref     Ref
	Numbers map[E]int64
}

// Eq holds where the state is v.
func (f State[T, E]) Eq(v E) Expr[T] { return f.In(v) }

// In holds where the state is one of vs. In() holds nowhere, and so does a
// name that is no state.
func (f State[T, E]) In(vs ...E) Expr[T] {
	var args []any
	for _, v := range vs {
		if n, ok := f.Numbers[v]; ok {
			args = append(args, n)
		}
	}
	return leaf[T](opIn, f.Ref, args...)
}

// IsSet holds where the state has a value.
func (f State[T, E]) IsSet() Expr[T] { return leaf[T](opIsSet, f.Ref) }

// A Custom gives access to the custom properties of an entity by name. The
// generated symbols of an entity embed it.
type Custom[T any] struct{}

// Custom returns the custom property called name, whose kind is chosen next.
func (Custom[T]) Custom(name string) CustomProperty[T] { return CustomProperty[T]{name} }

// A CustomProperty is a custom property before its kind is said.
type CustomProperty[T any] struct{ name string }

// String takes the property as text.
func (p CustomProperty[T]) String() String[T] { return String[T]{p.ref("string_value")} }

// Int takes the property as an integer.
func (p CustomProperty[T]) Int() Int[T] { return Int[T]{p.ref("int_value")} }

// Double takes the property as a double.
func (p CustomProperty[T]) Double() Double[T] { return Double[T]{p.ref("double_value")} }

// Bool takes the property as a boolean.
func (p CustomProperty[T]) Bool() Bool[T] { return Bool[T]{p.ref("bool_value")} }

func (p CustomProperty[T]) ref(column string) Ref {
	return Ref{Property: p.name, Custom: true, Column: column}
}
