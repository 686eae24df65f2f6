package engine

import "context"

type observerKey struct{}

// An observer is told what a request reads.
type observer func(text string, args []any)

// Observe returns a context whose requests tell f each query before it runs,
// as it is spelled for the database. It is for those who ask the database for
// the plans of our queries.
func Observe(ctx context.Context, f func(text string, args []any)) context.Context {
	return context.WithValue(ctx, observerKey{}, observer(f))
}

// observed tells the observer of a context, if it has one.
func observed(ctx context.Context, text string, args []any) {
	if f, ok := ctx.Value(observerKey{}).(observer); ok {
		f(text, args)
	}
}
