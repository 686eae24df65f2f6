package telemetry

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/server"
)

// ClientOption makes a client report a span for each call, such as an Upsert. Its
// requests and statements are within it. It is an option of [registry.New]; those
// of DialOptions and RESTOptions include it.
func (t *Telemetry) ClientOption() registry.Option {
	if t == nil {
		return nil
	}
	return registry.WithCallObserver(func(ctx context.Context, verb, entity string) (context.Context, func(error)) {
		ctx, span := t.tracer.Start(ctx, strings.TrimSuffix(verb+" "+entity, " "))
		return ctx, func(err error) {
			if err != nil {
				fail(span, err)
			}
			span.End()
		}
	})
}

// DialOptions make a client of [registry.Dial] report a span for each call and
// each attempt of an RPC, and tell the server of the trace.
func (t *Telemetry) DialOptions() []registry.DialOption {
	if t == nil {
		return nil
	}
	handler := grpc.WithStatsHandler(otelgrpc.NewClientHandler(t.grpc()...))
	return []registry.DialOption{t.ClientOption(), registry.WithGRPCDialOptions(handler)}
}

// RESTOptions are like DialOptions for [registry.DialREST].
func (t *Telemetry) RESTOptions() []registry.RESTOption {
	if t == nil {
		return nil
	}
	return []registry.RESTOption{
		t.ClientOption(),
		registry.WithRoundTripper(func(next http.RoundTripper) http.RoundTripper {
			return otelhttp.NewTransport(next, t.http()...)
		}),
	}
}

// ServerOption makes a server report a span for each RPC of the MLMD service.
func (t *Telemetry) ServerOption() server.Option {
	if t == nil {
		return nil
	}
	service := "/" + mlmdpb.MetadataStoreService_ServiceDesc.ServiceName + "/"
	only := otelgrpc.WithFilter(func(i *stats.RPCTagInfo) bool { return strings.HasPrefix(i.FullMethodName, service) })
	return server.WithGRPCServerOptions(grpc.StatsHandler(otelgrpc.NewServerHandler(append(t.grpc(), only)...)))
}

// Handler returns a handler that reports a span for each request to h, such as a
// handler of package rest.
func (t *Telemetry) Handler(h http.Handler) http.Handler {
	if t == nil {
		return h
	}
	return otelhttp.NewHandler(h, "rest", t.http()...)
}

func (t *Telemetry) grpc() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(t.traces), otelgrpc.WithMeterProvider(t.metrics),
		otelgrpc.WithPropagators(t.propagator),
	}
}

func (t *Telemetry) http() []otelhttp.Option {
	return []otelhttp.Option{
		otelhttp.WithTracerProvider(t.traces), otelhttp.WithMeterProvider(t.metrics),
		otelhttp.WithPropagators(t.propagator),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return spanName(r) }),
	}
}

var id = regexp.MustCompile(`/[0-9]+(/|$)`)

// spanName returns the method and the path, without IDs, of a request. Paths that
// no API has are left out, because strangers may send any number of them.
func spanName(r *http.Request) string {
	if _, path, ok := strings.Cut(r.URL.Path, "/api/"); ok {
		return r.Method + " /api/" + id.ReplaceAllString(path, "/{id}$1")
	}
	return r.Method
}
