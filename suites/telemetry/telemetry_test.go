// Package telemetry_test sends traces and metrics of a client and a server to the
// OTLP receiver of the OpenTelemetry Collector.
package telemetry_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/telemetry"
	"github.com/mlmd-go/sdk/pkg/telemetry/export"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m) }

// A collector is a receiver and what it has received.
type collector struct {
	grpc, http string // addresses
	traces     *consumertest.TracesSink
	metrics    *consumertest.MetricsSink
}

func startCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{
		freeAddress(t), freeAddress(t), new(consumertest.TracesSink), new(consumertest.MetricsSink),
	}
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{
		"grpc": map[string]any{"endpoint": c.grpc}, "http": map[string]any{"endpoint": c.http},
	}}).Unmarshal(config); err != nil {
		t.Fatal(err)
	}
	settings := receivertest.NewNopSettings(factory.Type())
	traces, err := factory.CreateTraces(t.Context(), settings, config, c.traces)
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := factory.CreateMetrics(t.Context(), settings, config, c.metrics)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []interface {
		Start(context.Context, component.Host) error
		Shutdown(context.Context) error
	}{traces, metrics} {
		if err := r.Start(t.Context(), componenttest.NewNopHost()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Shutdown(context.Background()) })
	}
	return c
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A span is what the tests look at.
type span struct {
	service, name, kind string
	trace, id, parent   string
	attributes          map[string]any
}

func (s span) String() string { return fmt.Sprintf("%s %s %s", s.service, s.kind, s.name) }

func (c *collector) spans() []span {
	var all []span
	for _, batch := range c.traces.AllTraces() {
		for _, r := range batch.ResourceSpans().All() {
			service, _ := r.Resource().Attributes().Get("service.name")
			for _, scope := range r.ScopeSpans().All() {
				for _, s := range scope.Spans().All() {
					all = append(all, spanOf(service.Str(), s))
				}
			}
		}
	}
	return all
}

func spanOf(service string, s ptrace.Span) span {
	return span{
		service, s.Name(), s.Kind().String(),
		s.TraceID().String(), s.SpanID().String(), s.ParentSpanID().String(), s.Attributes().AsRaw(),
	}
}

// path returns the span and those above it, which the test expects to be the
// application's span at last.
func path(all []span, from span) []string {
	names := []string{from.String()}
	for from.parent != "" {
		at := slices.IndexFunc(all, func(s span) bool { return s.id == from.parent && s.trace == from.trace })
		if at < 0 {
			return append(names, "a parent that was not received")
		}
		from = all[at]
		names = append(names, from.String())
	}
	return names
}

func (c *collector) hasMetric(name string) bool {
	for _, batch := range c.metrics.AllMetrics() {
		for _, r := range batch.ResourceMetrics().All() {
			for _, scope := range r.ScopeMetrics().All() {
				for _, m := range scope.Metrics().All() {
					if m.Name() == name {
						return true
					}
				}
			}
		}
	}
	return false
}

// An application's span, the client's, the server's, the RPC's and those of the
// statements are one trace, over each protocol, and have no values.
func TestUpsert_OneTrace(t *testing.T) {
	const rpc = "ml_metadata.MetadataStoreService/PutContexts"
	for _, c := range []struct {
		name, protocol string
		endpoint       func(*collector) string
		dial           func(*backend.Process, *telemetry.Telemetry) (*registry.Client, error)
		path           []string
		metrics        []string
	}{
		{
			"gRPC", "grpc", func(c *collector) string { return "http://" + c.grpc },
			func(p *backend.Process, t *telemetry.Telemetry) (*registry.Client, error) {
				return registry.Dial(p.Address, t.DialOptions()...)
			},
			[]string{
				"mlmd-server Client INSERT", "mlmd-server Server " + rpc, "trainer Client " + rpc,
				"trainer Internal upsert RegisteredModel", "trainer Internal publish",
			},
			[]string{"rpc.client.call.duration", "rpc.server.call.duration", "db.client.operation.duration"},
		},
		{
			"REST", "http/protobuf", func(c *collector) string { return "http://" + c.http },
			func(p *backend.Process, t *telemetry.Telemetry) (*registry.Client, error) {
				return registry.DialREST(p.URL, t.RESTOptions()...)
			},
			[]string{
				"mlmd-server Client INSERT", "mlmd-server Internal " + rpc,
				"mlmd-server Server POST /api/model_registry/v1/registered_models",
				"trainer Client POST /api/model_registry/v1/registered_models",
				"trainer Internal upsert RegisteredModel", "trainer Internal publish",
			},
			[]string{"http.client.request.duration", "http.server.request.duration", "db.client.operation.duration"},
		},
	} {
		for database, dsn := range map[string]func(*testing.T) string{
			"sqlite": func(t *testing.T) string { return filepath.Join(t.TempDir(), "r.db") },
			"postgresql": func(t *testing.T) string {
				dsn, err := testdb.Postgres(t)
				testdb.Check(t, "postgres", err)
				return dsn
			},
		} {
			t.Run(c.name+" "+database, func(t *testing.T) {
				received := startCollector(t)
				t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.endpoint(received))
				t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", c.protocol)
				server, err := backend.StartProcess("--db="+dsn(t), "--http_port=0", "--log_format=json", "--log_level=debug")
				if err != nil {
					t.Fatal(err)
				}
				stopped := false
				defer func() {
					if !stopped {
						server.Kill()
					}
				}()
				tel, shutdown, err := export.Setup(t.Context(), export.Service{Name: "trainer"})
				if err != nil {
					t.Fatal(err)
				}
				client, err := c.dial(server, tel)
				if err != nil {
					t.Fatal(err)
				}
				ctx, root := otel.Tracer("test").Start(t.Context(), "publish")
				if _, err := client.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "hidden-name"}); err != nil {
					t.Fatal(err)
				}
				root.End()
				client.Close()
				if err := shutdown(t.Context()); err != nil {
					t.Fatal(err)
				}
				log := server.Log() // before the end of the process
				stopped = true
				if code, err := server.Stop(); err != nil || code != 0 {
					t.Fatalf("exit code %d, %v: %s", code, err, server.Log())
				}
				received.check(t, root.SpanContext().TraceID().String(), database, c.path, c.metrics)
				if c.name == "gRPC" && !strings.Contains(log, `"trace_id":"`+root.SpanContext().TraceID().String()) {
					t.Errorf("the log has no trace_id: %s", log)
				}
			})
		}
	}
}

func (c *collector) check(t *testing.T, trace, database string, want, metrics []string) {
	t.Helper()
	all := c.spans()
	var paths []string
	statements := 0
	for _, s := range all {
		if s.trace != trace {
			t.Errorf("%v is in another trace", s)
		}
		for key, v := range s.attributes {
			if strings.Contains(fmt.Sprint(v), "hidden-name") {
				t.Errorf("%v has a value: %s is %v", s, key, v)
			}
		}
		if s.attributes["db.query.text"] == nil {
			continue
		}
		statements++
		if s.attributes["db.system.name"] != database || s.attributes["db.operation.name"] != s.name {
			t.Errorf("%v has %v", s, s.attributes)
		}
		insertion := "INSERT INTO Context "
		if database == "sqlite" {
			insertion = "INSERT OR FAIL INTO Context "
		}
		if strings.HasPrefix(fmt.Sprint(s.attributes["db.query.text"]), insertion) {
			paths = path(all, s)
			if s.attributes["db.response.returned_rows"] != int64(1) {
				t.Errorf("%v has %v", s, s.attributes)
			}
		}
	}
	t.Logf("%d spans, %d of them of statements; the insertion: %s", len(all), statements, strings.Join(paths, " < "))
	if !slices.Equal(paths, want) {
		t.Errorf("got %q, want %q", paths, want)
	}
	for _, name := range metrics {
		if !c.hasMetric(name) {
			t.Errorf("the metric %s was not received", name)
		}
	}
}

// Exports to a receiver that is away neither delay nor fail calls, or the end of
// the server.
func TestReceiver_Away(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+freeAddress(t))
	server, err := backend.StartProcess("--db="+filepath.Join(t.TempDir(), "r.db"), "--log_format=json")
	if err != nil {
		t.Fatal(err)
	}
	client, err := registry.Dial(server.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.RegisteredModels().Upsert(t.Context(), &model.RegisteredModel{Name: "m"}); err != nil {
		t.Error(err)
	}
	began := time.Now()
	if code, err := server.Stop(); err != nil || code != 0 {
		t.Errorf("exit code %d, %v: %s", code, err, server.Log())
	}
	t.Logf("ended after %v", time.Since(began))
	for line := range strings.Lines(server.Log()) {
		if !strings.HasPrefix(line, "{") {
			t.Errorf("not JSON: %s", line)
		}
	}
	if !strings.Contains(server.Log(), "traces or metrics are") {
		t.Errorf("the log does not say so: %s", server.Log())
	}
}
