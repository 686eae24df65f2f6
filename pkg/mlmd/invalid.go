package mlmd

import (
	"errors"
	"strconv"
	"strings"
)

// An InvalidError reports a field of an entity that cannot be stored.
type InvalidError struct {
	Field string // the JSON name or a path, such as "customProperties.auc"
	Value string // the invalid value, or empty
	Why   string // what is wrong and what is allowed
}

func (e *InvalidError) Error() string {
	if e.Value != "" {
		return e.Field + " " + quote(e.Value) + " " + e.Why
	}
	return e.Field + " " + e.Why
}

func quote(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}

// InvalidErrors holds all errors in one entity, at least one. Its message is
// that of the first.
type InvalidErrors []*InvalidError

func (es InvalidErrors) Error() string { return es[0].Error() }

// Unwrap returns the errors, for [errors.As].
func (es InvalidErrors) Unwrap() []error {
	out := make([]error, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}

// Invalid returns the errors in err, or nil if err is nil. An error that is not
// an InvalidError becomes one without a field.
func Invalid(err error) InvalidErrors {
	var several InvalidErrors
	var one *InvalidError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &several):
		return several
	case errors.As(err, &one):
		return InvalidErrors{one}
	}
	return InvalidErrors{{Why: err.Error()}}
}
