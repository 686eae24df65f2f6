package sqldb

import "context"

// tracer is called before each query.
type tracerKey struct{}

// An tracer is told what a request reads.
type tracer func(text string, args []any)

// WithTracer returns a context whose transactions call f before each query,
// with the text in the database's syntax. It is meant for tests and for reading
// query plans.
func WithTracer(ctx context.Context, f func(text string, args []any)) context.Context {
	return context.WithValue(ctx, tracerKey{}, tracer(f))
}

// trace calls the tracer of ctx, if any.
func trace(ctx context.Context, text string, args []any) {
	if f, ok := ctx.Value(tracerKey{}).(tracer); ok {
		f(text, args)
	}
}
