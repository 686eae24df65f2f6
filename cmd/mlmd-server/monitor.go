package main

import (
	"context"
	"io"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/pkg/auth"
	"github.com/mlmd-go/sdk/pkg/rest"
)

// readyTimeout limits how long /readyz waits for the database.
const readyTimeout = 2 * time.Second

// monitoringFlags are the flags of the monitoring port.
type monitoringFlags struct {
	host  string
	port  int32 // -1 for none
	pprof bool
}

// A monitoringPlan is how the server is monitored.
type monitoringPlan struct {
	listen   address
	pprof    bool
	shutdown time.Duration
}

// monitoringPlan returns how to monitor the server, or nil if the flags do not ask
// for it.
func (f *flags) monitoringPlan() (*monitoringPlan, error) {
	if f.monitoring.port < 0 {
		if f.monitoring.pprof || f.monitoring.host != "" {
			return nil, usagef("--pprof and --monitoring_host require --monitoring_port")
		}
		return nil, nil
	}
	at := *f
	if at.port = f.monitoring.port; f.monitoring.host != "" {
		at.host = f.monitoring.host
	}
	listen, err := at.tcpAddress()
	return &monitoringPlan{listen, f.monitoring.pprof, f.shutdown}, err
}

// openMonitoring listens for monitoring, and returns what answers until ctx ends.
func (p *plan) openMonitoring(ctx context.Context, e *environment) (serve func() error, _ error) {
	if p.monitoring == nil {
		return nil, nil
	}
	lis, err := p.monitoring.listen.open(ctx)
	if err != nil {
		return nil, err
	}
	e.log.Info("serving /livez, /readyz and /metrics", "url", "http://"+lis.Addr().String())
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { p.ready(ctx, e, w, r) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(e.metrics(p.db), promhttp.HandlerOpts{}))
	if p.monitoring.pprof {
		profiles := http.NewServeMux()
		profiles.HandleFunc("/debug/pprof/", pprof.Index)
		profiles.HandleFunc("/debug/pprof/cmdline", http.NotFound) // flags may have passwords
		profiles.HandleFunc("/debug/pprof/profile", pprof.Profile)
		profiles.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		profiles.HandleFunc("/debug/pprof/trace", pprof.Trace)
		mux.Handle("/debug/pprof/", e.requireAdmin(profiles))
	}
	return func() error { return rest.Serve(ctx, lis, mux, p.monitoring.shutdown) }, nil
}

// ready answers whether the server can serve, and whether only reads: 503 while the
// database does not answer, and after ctx has ended.
func (p *plan) ready(ctx context.Context, e *environment, w http.ResponseWriter, r *http.Request) {
	limited, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	switch err := e.store.Ping(limited); {
	case ctx.Err() != nil:
		http.Error(w, "the server is shutting down", http.StatusServiceUnavailable)
	case err != nil:
		e.log.Warn("not ready: the database does not answer", "error", err)
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
	case p.db.readOnly:
		_, _ = io.WriteString(w, "ok, read-only\n")
	default:
		_, _ = io.WriteString(w, "ok\n")
	}
}

// requireAdmin passes requests of clients with the role admin to h.
func (e *environment) requireAdmin(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := e.policy.AdmitHTTP(r, e.log, auth.Admin)
		switch status.Code(err) {
		case codes.OK:
			h.ServeHTTP(w, r)
		case codes.Unauthenticated:
			w.Header().Set("WWW-Authenticate", auth.Challenge)
			http.Error(w, status.Convert(err).Message(), http.StatusUnauthorized)
		default:
			http.Error(w, status.Convert(err).Message(), http.StatusForbidden)
		}
	})
}
