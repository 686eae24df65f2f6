// Package telemetry makes clients, stores and servers visible to OpenTelemetry: a
// trace of a call has spans of the client, the server, the RPC and each statement
// of the database, and metrics have their times. Only programs that import this
// package link OpenTelemetry. Package export sends what it sees, as the standard
// environment variables say:
//
//	t, shutdown, err := export.Setup(ctx, export.Service{Name: "trainer"})
//	…
//	defer shutdown(ctx)
//	reg, err := registry.Dial("mlmd.example:8080", t.DialOptions()...)
//
// A program with providers of its own calls [New] instead.
package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// name is the name of the instrumentation.
const name = "github.com/mlmd-go/sdk/pkg/telemetry"

// A Telemetry gives options to clients, stores and servers. The methods of a nil
// Telemetry return options that do nothing, which cost nothing.
type Telemetry struct {
	traces     trace.TracerProvider
	metrics    metric.MeterProvider
	propagator propagation.TextMapPropagator
	tracer     trace.Tracer
	statements metric.Float64Histogram
}

// New returns a Telemetry of the providers; nil stands for the global ones of
// package otel. Requests between client and server carry the trace in the headers
// of W3C Trace Context, with baggage.
func New(traces trace.TracerProvider, metrics metric.MeterProvider) (*Telemetry, error) {
	if traces == nil {
		traces = otel.GetTracerProvider()
	}
	if metrics == nil {
		metrics = otel.GetMeterProvider()
	}
	statements, err := metrics.Meter(name).Float64Histogram("db.client.operation.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of statements of the database."),
		metric.WithExplicitBucketBoundaries(.00001, .0001, .001, .005, .01, .05, .1, .5, 1, 5, 10))
	if err != nil {
		return nil, err
	}
	return &Telemetry{
		traces: traces, metrics: metrics, tracer: traces.Tracer(name), statements: statements,
		propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
	}, nil
}

// LogHandler returns a handler that adds trace_id and span_id to the records that
// are logged in the context of a span, and passes them to h.
func (t *Telemetry) LogHandler(h slog.Handler) slog.Handler {
	if t == nil {
		return h
	}
	return logHandler{h}
}

type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if at := trace.SpanContextFromContext(ctx); at.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", at.TraceID().String()), slog.String("span_id", at.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
