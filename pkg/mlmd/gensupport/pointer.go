package gensupport

// Deref returns what v points to, or the zero value.
func Deref[V any](v *V) V {
	if v == nil {
		var zero V
		return zero
	}
	return *v
}

// ValueOr returns v, or a pointer to otherwise where v is nil.
func ValueOr[V any](v *V, otherwise V) *V {
	if v == nil {
		return &otherwise
	}
	return v
}

// Nonzero returns a pointer to v, or nil where v is the zero value.
func Nonzero[V comparable](v V) *V {
	var zero V
	if v == zero {
		return nil
	}
	return &v
}
