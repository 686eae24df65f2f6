package mlmd

import (
	"errors"
	"strconv"
	"strings"
)

// An InvalidError says which field of an entity cannot be stored, and why.
type InvalidError struct {
	Field string // the JSON name, with a path below it where that helps: "customProperties.auc"
	Value string // the value at fault, where it is short and known
	Why   string // what is wrong and what would be right
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

// InvalidErrors are the mistakes in one entity, of which there is at least
// one. The first stands for all where only one is shown.
type InvalidErrors []*InvalidError

func (es InvalidErrors) Error() string { return es[0].Error() }

// Unwrap lets [errors.As] find the first mistake.
func (es InvalidErrors) Unwrap() []error {
	out := make([]error, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}

// Invalid returns the mistakes that err stands for; nil for none. An error of
// another type is a mistake without a field.
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
