package telemetry

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/textutil"
	"github.com/mlmd-go/sdk/pkg/store"
)

// maxText limits the bytes of a statement in a span.
const maxText = 4000

// StoreOption makes a store report a span for each RPC of its client and for each
// statement, as children of the span of the caller. Statements have no values.
func (t *Telemetry) StoreOption() store.Option {
	if t == nil {
		return nil
	}
	return store.WithAll(store.WithInterceptors(t.call), store.WithStatementObserver(t.statement))
}

// call is an interceptor of a store's client.
func (t *Telemetry) call(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (any, error) {
	ctx, span := t.tracer.Start(ctx, strings.TrimPrefix(info.FullMethod, "/"))
	defer span.End()
	reply, err := handler(ctx, req)
	if err != nil {
		fail(span, err)
	}
	return reply, err
}

// fail marks a span as failed. The message of the error is left out, because it
// may have values.
func fail(span trace.Span, err error) {
	code := status.Code(err).String()
	span.SetStatus(codes.Error, code)
	span.SetAttributes(attribute.String("error.type", code))
}

// statement is a statement observer. The text of an error is left out, because it
// may contain values.
func (t *Telemetry) statement(ctx context.Context, s store.Statement) {
	attrs := []attribute.KeyValue{
		attribute.String("db.system.name", s.System), attribute.String("db.operation.name", s.Operation),
	}
	if s.Err != nil {
		attrs = append(attrs, attribute.String("error.type", "_OTHER"))
	}
	t.statements.Record(ctx, s.Duration.Seconds(), metric.WithAttributes(attrs...))
	if !trace.SpanFromContext(ctx).IsRecording() { // such as a check of health
		return
	}
	_, span := t.tracer.Start(ctx, s.Operation,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(s.Start), trace.WithAttributes(attrs...),
		trace.WithAttributes(attribute.String("db.query.text", textutil.Truncate(s.Text, maxText)),
			attribute.Int64("db.response.returned_rows", s.Rows)))
	if s.Err != nil {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(s.Start.Add(s.Duration)))
}
