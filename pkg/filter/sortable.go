package filter

import "github.com/mlmd-go/sdk/internal/filtertext"

// A Sortable is the symbol of a field that a query can be sorted by, which
// registry.Query.OrderByField takes: text, a number, a named value or a time of
// the schema. Members of objects cannot be sorted by.
type Sortable[T any] interface {
	// sortKey returns what the field reads. Its argument only ties the symbol to the
	// entity.
	sortKey(T) filtertext.Field
}

// SortKey returns what a field reads.
func SortKey[T any](f Sortable[T]) filtertext.Field {
	var unused T
	return f.sortKey(unused)
}

//go:noinline
func (f *String[T]) sortKey(T) filtertext.Field { return (*Ref)(f).field(filtertext.StringColumn) }

//go:noinline
func (f *OptString[T]) sortKey(T) filtertext.Field { return (*Ref)(f).field(filtertext.StringColumn) }

//go:noinline
func (f *Int[T]) sortKey(T) filtertext.Field { return (*Ref)(f).field(filtertext.IntColumn) }

//go:noinline
func (f *OptInt[T]) sortKey(T) filtertext.Field { return (*Ref)(f).field(filtertext.IntColumn) }

//go:noinline
func (f *Double[T]) sortKey(T) filtertext.Field { return (*Ref)(f).field(filtertext.DoubleColumn) }

//go:noinline
func (f *OptDouble[T]) sortKey(T) filtertext.Field { return (*Ref)(f).field(filtertext.DoubleColumn) }

//go:noinline
func (f *Enum[T, E]) sortKey(T) filtertext.Field { return (*Ref)(f).field(filtertext.StringColumn) }

//go:noinline
func (f *OptEnum[T, E]) sortKey(T) filtertext.Field { return (*Ref)(f).field(filtertext.StringColumn) }

//go:noinline
func (f *DateTime[T]) sortKey(T) filtertext.Field { return (*Ref)(f).field(filtertext.StringColumn) }

//go:noinline
func (f *OptDateTime[T]) sortKey(T) filtertext.Field { return (*Ref)(f).field(filtertext.StringColumn) }
