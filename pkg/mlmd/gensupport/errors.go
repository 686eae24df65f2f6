package gensupport

import "github.com/mlmd-go/sdk/pkg/mlmd"

// join returns the mistakes as an error; nil for none.
func join(es mlmd.InvalidErrors) error {
	switch len(es) {
	case 0:
		return nil
	case 1:
		return es[0]
	}
	return es
}

func wrong(why string) error { return &mlmd.InvalidError{Why: why} }

// below returns the mistakes of err with step before their paths.
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

// nothing reports whether err says that nothing at all could be read: not only
// parts are missing.
func nothing(err error) bool {
	for _, e := range mlmd.Invalid(err) {
		if e.Field == "" {
			return true
		}
	}
	return false
}
