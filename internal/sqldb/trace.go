package sqldb

import "context"

type tracerKey struct{}

// An tracer is told what a request reads.
type tracer func(text string, args []any)

// WithTracer returns a context whose requests tell f each query before it runs,
// as it is spelled for the database. It is for those who ask the database for
// the plans of our queries.
func WithTracer(ctx context.Context, f func(text string, args []any)) context.Context {
	return context.WithValue(ctx, tracerKey{}, tracer(f))
}

// trace tells the observer of a context, if it has one.
func trace(ctx context.Context, text string, args []any) {
	if f, ok := ctx.Value(tracerKey{}).(tracer); ok {
		f(text, args)
	}
}
