package filter

import (
	"reflect"
	"strings"

	"github.com/mlmd-go/sdk/internal/filtertext"
)

// A Value is a field of any kind. A condition can only test whether it is set.
type Value[T any] Ref

// IsSet holds if the field has a value.
//
//go:noinline
func (f *Value[T]) IsSet() Expr[T] { return Expr[T](isSetValue((*Ref)(f))) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *Value[T]) IsUnset() Expr[T] { return Expr[T](negate(isSetValue((*Ref)(f)))) }

// An OptValue is a [Value] that can be cleared.
type OptValue[T any] Ref

//go:noinline
func (f *OptValue[T]) maskPath(T) string { return (*Ref)(f).maskPath() }

// IsSet holds if the field has a value.
//
//go:noinline
func (f *OptValue[T]) IsSet() Expr[T] { return Expr[T](isSetValue((*Ref)(f))) }

// IsUnset holds if the field has no value.
//
//go:noinline
func (f *OptValue[T]) IsUnset() Expr[T] { return Expr[T](negate(isSetValue((*Ref)(f)))) }

// An Element is the type of the elements of a [List].
type Element interface {
	~string | ~bool | ~int32 | ~int64 | ~float64
}

// A List is a field with a list of values.
type List[T any, E Element] Ref

// Has holds if v is one of the elements.
//
//go:noinline
func (f *List[T, E]) Has(v E) Expr[T] { return Expr[T](has((*Ref)(f), v)) }

// HasAny holds if one of vs is one of the elements. HasAny() never holds.
//
//go:noinline
func (f *List[T, E]) HasAny(vs ...E) Expr[T] { return Expr[T](has((*Ref)(f), vs...)) }

// IsSet holds if the field has a list, even an empty one.
//
//go:noinline
func (f *List[T, E]) IsSet() Expr[T] { return Expr[T](isSetValue((*Ref)(f))) }

// IsUnset holds if the field has no list.
//
//go:noinline
func (f *List[T, E]) IsUnset() Expr[T] { return Expr[T](negate(isSetValue((*Ref)(f)))) }

// An OptList is a [List] that can be cleared.
type OptList[T any, E Element] Ref

//go:noinline
func (f *OptList[T, E]) maskPath(T) string { return (*Ref)(f).maskPath() }

// Has holds if v is one of the elements.
//
//go:noinline
func (f *OptList[T, E]) Has(v E) Expr[T] { return Expr[T](has((*Ref)(f), v)) }

// HasAny holds if one of vs is one of the elements. HasAny() never holds.
//
//go:noinline
func (f *OptList[T, E]) HasAny(vs ...E) Expr[T] { return Expr[T](has((*Ref)(f), vs...)) }

// IsSet holds if the field has a list, even an empty one.
//
//go:noinline
func (f *OptList[T, E]) IsSet() Expr[T] { return Expr[T](isSetValue((*Ref)(f))) }

// IsUnset holds if the field has no list.
//
//go:noinline
func (f *OptList[T, E]) IsUnset() Expr[T] { return Expr[T](negate(isSetValue((*Ref)(f)))) }

// Objects is a field with a list of objects. M has the symbols of their members.
type Objects[T, M any] struct {
	At Ref
	// Any holds the symbols of the members of each object. A condition on one holds
	// if it holds for any of the objects; two conditions need not hold for the same
	// one.
	Any M
}

// IsSet holds if the field has a list, even an empty one.
//
//go:noinline
func (f *Objects[T, M]) IsSet() Expr[T] { return Expr[T](isSetValue(&f.At)) }

// IsUnset holds if the field has no list.
//
//go:noinline
func (f *Objects[T, M]) IsUnset() Expr[T] { return Expr[T](negate(isSetValue(&f.At))) }

// OptObjects is an [Objects] that can be cleared.
type OptObjects[T, M any] struct {
	At  Ref
	Any M // as in Objects
}

//go:noinline
func (f *OptObjects[T, M]) maskPath(T) string { return f.At.maskPath() }

// IsSet holds if the field has a list, even an empty one.
//
//go:noinline
func (f *OptObjects[T, M]) IsSet() Expr[T] { return Expr[T](isSetValue(&f.At)) }

// IsUnset holds if the field has no list.
//
//go:noinline
func (f *OptObjects[T, M]) IsUnset() Expr[T] { return Expr[T](negate(isSetValue(&f.At))) }

// isSetValue tests a value as a whole. A property that holds one is stored as
// text.
//
//go:noinline
func isSetValue(r *Ref) filtertext.Expr {
	f := r.field(filtertext.StringColumn)
	if !strings.ContainsAny(f.Member, ".[") {
		f.Member = ""
	}
	return filtertext.New(&filtertext.Node{Op: filtertext.OpIsSet, Field: f})
}

// has reads the elements of a list.
//
//go:noinline
func has[E Element](r *Ref, vs ...E) filtertext.Expr {
	f := r.field(filtertext.StringColumn)
	f.Member += "[]"
	args := make([]any, len(vs))
	for i, v := range vs {
		switch v := reflect.ValueOf(v); v.Kind() {
		case reflect.String:
			args[i] = v.String()
		case reflect.Bool:
			args[i] = v.Bool()
		case reflect.Float64:
			args[i] = v.Float()
		default:
			args[i] = v.Int()
		}
	}
	return filtertext.New(&filtertext.Node{Op: filtertext.OpIn, Field: f, Args: args})
}
