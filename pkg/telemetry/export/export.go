// Package export sends the traces and metrics of package telemetry where the
// standard environment variables of OpenTelemetry say, such as
// OTEL_EXPORTER_OTLP_ENDPOINT.
package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/mlmd-go/sdk/pkg/telemetry"
)

// A Service names a program in its traces and metrics.
type Service struct {
	Name    string // OTEL_SERVICE_NAME goes before it
	Version string
	Log     *slog.Logger // told of failed exports; nil for [slog.Default]
}

// Setup returns a Telemetry that exports as the environment says, and a function
// that sends what is left and ends the exports.
//
// Traces are exported if OTEL_TRACES_EXPORTER is otlp or console, or if
// OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set and
// OTEL_TRACES_EXPORTER is not none; metrics likewise, where prometheus is another
// exporter. OTEL_SDK_DISABLED=true turns both off. If the environment asks for
// neither, the Telemetry is nil, whose options do nothing. The other variables have
// their standard meaning, except for OTEL_PROPAGATORS, which is ignored.
//
// Setup also sets the global providers of package otel, so that spans that the
// program makes itself are exported too. It connects in the background: a receiver
// that is away is logged, and delays nothing.
func Setup(ctx context.Context, s Service) (_ *telemetry.Telemetry, shutdown func(context.Context) error, _ error) {
	shutdown = func(context.Context) error { return nil }
	traces, metrics := asked("TRACES"), asked("METRICS")
	if !traces && !metrics {
		return nil, shutdown, nil
	}
	if s.Log == nil {
		s.Log = slog.Default()
	}
	otel.SetLogger(logr.FromSlogHandler(s.Log.Handler()))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		s.Log.Warn("traces or metrics are not exported", "error", err)
	}))
	// The command line is left out: it may contain passwords.
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", s.Name), attribute.String("service.version", s.Version)),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return nil, shutdown, fmt.Errorf("telemetry: environment: %w", err)
	}
	otel.SetTracerProvider(tracenoop.NewTracerProvider())
	otel.SetMeterProvider(noop.NewMeterProvider())
	otel.SetTextMapPropagator(
		propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
	)
	var ends []func(context.Context) error
	shutdown = func(ctx context.Context) error {
		var errs []error
		for _, end := range ends {
			errs = append(errs, end(ctx))
		}
		return errors.Join(errs...)
	}
	if traces {
		exporter, err := autoexport.NewSpanExporter(ctx)
		if err != nil {
			return nil, shutdown, fmt.Errorf("telemetry: exporter of traces: %w", err)
		}
		provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
		otel.SetTracerProvider(provider)
		ends = append(ends, provider.Shutdown)
	}
	if metrics {
		reader, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return nil, shutdown, errors.Join(fmt.Errorf("telemetry: exporter of metrics: %w", err), shutdown(ctx))
		}
		provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(about))
		otel.SetMeterProvider(provider)
		ends = append(ends, provider.Shutdown)
	}
	t, err := telemetry.New(nil, nil)
	return t, shutdown, err
}

// asked reports whether the environment asks to export a signal, TRACES or METRICS.
func asked(signal string) bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	if exporter := os.Getenv("OTEL_" + signal + "_EXPORTER"); exporter != "" {
		return exporter != "none"
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
}
