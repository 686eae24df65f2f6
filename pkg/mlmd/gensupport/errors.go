package gensupport

import "github.com/mlmd-go/sdk/pkg/mlmd"

// join returns errs as one error, or nil if it is empty.
func join(errs mlmd.InvalidErrors) error {
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	return errs
}

func wrong(why string) error { return &mlmd.InvalidError{Why: why} }

// below returns the errors in err with step prepended to their paths.
func below(step string, err error) mlmd.InvalidErrors {
	es := mlmd.Invalid(err)
	out := make(mlmd.InvalidErrors, len(es))
	for i, e := range es {
		path := step
		switch {
		case e.Field == "":
		case e.Field[0] == '[':
			path += e.Field
		default:
			path += "." + e.Field
		}
		out[i] = &mlmd.InvalidError{Field: path, Value: e.Value, Why: e.Why}
	}
	return out
}

// nothing reports whether err has an error without a path: the value itself
// could not be read, not only parts of it.
func nothing(err error) bool {
	for _, e := range mlmd.Invalid(err) {
		if e.Field == "" {
			return true
		}
	}
	return false
}
