package gensupport

// Deref returns *v, or the zero value if v is nil.
func Deref[V any](v *V) V {
	if v == nil {
		var zero V
		return zero
	}
	return *v
}

// ValueOr returns v, or a pointer to otherwise if v is nil.
func ValueOr[V any](v *V, otherwise V) *V {
	if v == nil {
		return &otherwise
	}
	return v
}

// Nonzero returns a pointer to v, or nil if v is the zero value.
func Nonzero[V comparable](v V) *V {
	var zero V
	if v == zero {
		return nil
	}
	return &v
}
