package main

import (
	"context"
	"net/http"
	"os"
	"runtime"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
)

// latency are the bounds of the histograms of durations, in seconds.
var latency = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// rpcMetrics count RPCs under the names that are usual for gRPC servers. They are
// a [stats.Handler], which also sees RPCs that are refused.
type rpcMetrics struct {
	handled *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	running *prometheus.GaugeVec
	known   map[string]string // names of methods by full name
}

func newRPCMetrics() *rpcMetrics {
	m := &rpcMetrics{
		handled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "grpc_server_handled_total", Help: "Completed RPCs by method and code.",
		}, []string{"grpc_method", "grpc_code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "grpc_server_handling_seconds", Help: "Time from the arrival of an RPC to the end of its reply.",
			Buckets: latency,
		}, []string{"grpc_method"}),
		running: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "grpc_server_in_flight", Help: "RPCs that run or wait.",
		}, []string{"grpc_method"}),
		known: map[string]string{
			"/grpc.health.v1.Health/Check": "Check", "/grpc.health.v1.Health/Watch": "Watch",
			"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":      "ServerReflectionInfo",
			"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": "ServerReflectionInfo",
		},
	}
	for _, d := range mlmdpb.MetadataStoreService_ServiceDesc.Methods {
		m.known["/"+mlmdpb.MetadataStoreService_ServiceDesc.ServiceName+"/"+d.MethodName] = d.MethodName
	}
	return m
}

type methodKey struct{}

// TagRPC remembers the method. Clients may send any name: those of unknown methods
// are one label.
func (m *rpcMetrics) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	name, ok := m.known[info.FullMethodName]
	if !ok {
		name = "unknown"
	}
	return context.WithValue(ctx, methodKey{}, name)
}

// HandleRPC counts the beginning and the end of an RPC.
func (m *rpcMetrics) HandleRPC(ctx context.Context, s stats.RPCStats) {
	name, _ := ctx.Value(methodKey{}).(string)
	switch s := s.(type) {
	case *stats.Begin:
		m.running.WithLabelValues(name).Inc()
	case *stats.End:
		m.running.WithLabelValues(name).Dec()
		m.handled.WithLabelValues(name, status.Code(s.Error).String()).Inc()
		m.seconds.WithLabelValues(name).Observe(s.EndTime.Sub(s.BeginTime).Seconds())
	}
}

// TagConn does nothing.
func (m *rpcMetrics) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn does nothing.
func (m *rpcMetrics) HandleConn(context.Context, stats.ConnStats) {}

// httpMetrics count the requests of the REST API.
type httpMetrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	running  prometheus.Gauge
}

func newHTTPMetrics() *httpMetrics {
	return &httpMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mlmd_http_requests_total", Help: "Completed requests of the REST API by method and status.",
		}, []string{"method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "mlmd_http_request_duration_seconds", Help: "Time of requests of the REST API.", Buckets: latency,
		}, []string{"method"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "mlmd_http_requests_in_flight", Help: "Requests of the REST API that run or wait.",
		}),
	}
}

// count counts the requests that pass to h.
func (m *httpMetrics) count(h http.Handler) http.Handler {
	return promhttp.InstrumentHandlerInFlight(m.running,
		promhttp.InstrumentHandlerDuration(m.seconds, promhttp.InstrumentHandlerCounter(m.requests, h)))
}

// statementMetrics count and time the statements of the store.
type statementMetrics struct {
	seconds  *prometheus.HistogramVec
	rows     *prometheus.CounterVec
	failures *prometheus.CounterVec
}

func newStatementMetrics() *statementMetrics {
	operation := []string{"operation"}
	return &statementMetrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "mlmd_db_statement_duration_seconds", Help: "Time of statements of the database by their first word.",
			Buckets: append([]float64{.00001, .000025, .00005, .0001, .00025}, latency...),
		}, operation),
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mlmd_db_rows_total", Help: "Rows that statements read or changed.",
		}, operation),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mlmd_db_statement_failures_total", Help: "Statements that failed, such as those that lost a conflict.",
		}, operation),
	}
}

// observe is a statement observer of a store.
func (m *statementMetrics) observe(_ context.Context, s store.Statement) {
	m.seconds.WithLabelValues(s.Operation).Observe(s.Duration.Seconds())
	m.rows.WithLabelValues(s.Operation).Add(float64(s.Rows))
	failed := m.failures.WithLabelValues(s.Operation)
	if s.Err != nil {
		failed.Inc()
	}
}

// metrics returns all metrics of the server.
func (e *environment) metrics(db database) prometheus.Gatherer {
	r := prometheus.NewRegistry()
	r.MustRegister(
		e.rpcs.handled, e.rpcs.seconds, e.rpcs.running, e.http.requests, e.http.seconds, e.http.running,
		e.statements.seconds, e.statements.rows, e.statements.failures,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&storeCollector{e, db.walFile()},
	)
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "mlmd_build_info", Help: "The version of the server; always 1.",
	}, []string{"version", "goversion"})
	info.WithLabelValues(strings.TrimPrefix(version(), "mlmd-server "), runtime.Version()).Set(1)
	r.MustRegister(info)
	return r
}

// walFile returns the name of the write-ahead log of SQLite, or "".
func (d database) walFile() string {
	if d.kind != "sqlite" || d == memory {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(d.dsn, "file://"), "file:"), "?")
	return name + "-wal"
}

// A storeCollector collects the numbers of a store and of its queues.
type storeCollector struct {
	*environment
	wal string // the write-ahead log of SQLite; empty for other databases
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	connectionsMax  = describe("mlmd_db_connections_max", "Limit of the connections to the database.")
	connections     = describe("mlmd_db_connections", "Open connections to the database by state.", "state")
	statements      = describe("mlmd_db_statements_total", "Statements sent to the database.")
	retries         = describe("mlmd_db_retries_total", "Repeated transactions, after conflicts and lost connections.")
	connectionWaits = describe("mlmd_db_connection_waits_total", "Times that a call waited for a connection.")
	connectionWait  = describe("mlmd_db_connection_wait_seconds_total", "Time that calls waited for a connection.")
	cacheHits       = describe("mlmd_cache_hits_total", "Statements and types that were found in a cache.", "cache")
	cacheMisses     = describe("mlmd_cache_misses_total", "Statements and types that were not found in a cache.", "cache")
	walBytes        = describe("mlmd_sqlite_wal_bytes", "Size of the write-ahead log of SQLite.")
	requestsRunning = describe("mlmd_requests_running", "Admitted requests by kind.", "kind")
	requestsWaiting = describe("mlmd_requests_waiting", "Requests that wait for others of their kind.", "kind")
)

// Describe implements [prometheus.Collector].
func (c *storeCollector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect implements [prometheus.Collector].
func (c *storeCollector) Collect(ch chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	s := c.store.Stats()
	send(connectionsMax, prometheus.GaugeValue, float64(s.MaxConns))
	send(connections, prometheus.GaugeValue, float64(s.InUse), "in_use")
	send(connections, prometheus.GaugeValue, float64(s.Idle), "idle")
	send(statements, prometheus.CounterValue, float64(s.Statements))
	send(retries, prometheus.CounterValue, float64(s.Retries))
	send(connectionWaits, prometheus.CounterValue, float64(s.Waits))
	send(connectionWait, prometheus.CounterValue, s.WaitTime.Seconds())
	for name, cache := range map[string]store.CacheStats{"statements": s.StatementCache, "types": s.TypeCache} {
		send(cacheHits, prometheus.CounterValue, float64(cache.Hits), name)
		send(cacheMisses, prometheus.CounterValue, float64(cache.Misses), name)
	}
	for _, l := range c.server.Load() {
		send(requestsRunning, prometheus.GaugeValue, float64(l.Running), l.Kind)
		send(requestsWaiting, prometheus.GaugeValue, float64(l.Waiting), l.Kind)
	}
	if c.wal == "" {
		return
	}
	size := int64(0) // before the first write
	if at, err := os.Stat(c.wal); err == nil {
		size = at.Size()
	}
	send(walBytes, prometheus.GaugeValue, float64(size))
}
