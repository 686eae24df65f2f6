package filter

// A Settable is the symbol of a required number or boolean, which registry.Set
// takes. An upsert leaves the zero value of such a field out, because it cannot
// be told apart from one that is not set.
type Settable[T any] interface {
	// zeroPath returns the update_mask path of the field. Its argument only ties
	// the symbol to the entity.
	zeroPath(T) string
}

// ZeroPath returns the update_mask path of a field, such as "properties.rows".
func ZeroPath[T any](f Settable[T]) string {
	var unused T
	return f.zeroPath(unused)
}

//go:noinline
func (f *Int[T]) zeroPath(T) string { return (*Ref)(f).maskPath() }

//go:noinline
func (f *Double[T]) zeroPath(T) string { return (*Ref)(f).maskPath() }

//go:noinline
func (f *Bool[T]) zeroPath(T) string { return (*Ref)(f).maskPath() }
