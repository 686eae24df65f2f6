package main

import (
	"context"
	"crypto/tls"
	"net/http"
	"time"

	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/pkg/rest/docs"
	"github.com/mlmd-go/sdk/pkg/server"
)

// A restPlan is how the REST API is served.
type restPlan struct {
	listen   address
	tls      *tls.Config // nil for plain HTTP
	options  []rest.Option
	read     time.Duration // for the request
	shutdown time.Duration
}

// restPlan returns how to serve the REST API, or nil if the flags do not ask for
// it.
func (f *flags) restPlan() (*restPlan, error) {
	if f.http.port < 0 {
		if f.http.host != "" || len(f.http.origins) > 0 || f.http.sunset != "" {
			return nil, usagef("the --http flags configure the REST API: give its port with --http_port")
		}
		return nil, nil
	}
	if f.http.read <= 0 {
		return nil, usagef("--http_read_timeout is %v: must be more than 0", f.http.read)
	}
	p := &restPlan{read: f.http.read, options: []rest.Option{rest.WithCORS(f.http.origins...)}}
	at := *f
	if at.port = f.http.port; f.http.host != "" {
		at.host = f.http.host
	}
	var err error
	if p.listen, err = at.tcpAddress(); err != nil {
		return nil, err
	}
	if f.portChanged && f.port == f.http.port && f.port != 0 {
		return nil, usagef("--grpc_port and --http_port are both %d: they must differ", f.port)
	}
	if f.http.sunset != "" {
		day, err := time.Parse(time.DateOnly, f.http.sunset)
		if err != nil {
			return nil, usagef("invalid --http_sunset: must be a day such as 2027-01-31")
		}
		p.options = append(p.options, rest.WithSunset(day))
	}
	return p, nil
}

// webOption returns the option for gRPC-Web, or nil if the flags do not ask for it.
func (f *flags) webOption(p *plan) (server.Option, error) {
	switch {
	case !f.web.on && len(f.web.origins) > 0:
		return nil, usagef("--grpc_web_cors_origins configures gRPC-Web: turn it on with --grpc_web")
	case !f.web.on:
		return nil, nil
	case p.listen == (address{}):
		return nil, usagef("--grpc_web answers on the port of gRPC: give it with --grpc_port")
	}
	return server.WithWeb(f.web.origins...), nil
}

// openHTTP listens for the REST API, if it is to be served, and returns what
// answers requests until ctx ends.
func (p *plan) openHTTP(ctx context.Context, e *environment) (serve func() error, _ error) {
	if p.rest == nil {
		return nil, nil
	}
	if p.db.readOnly {
		p.rest.options = append(p.rest.options, rest.WithReadOnly())
	}
	h, err := rest.NewHandler(registry.New(e.store.Client()), restapi.APIs,
		append(p.rest.options, rest.WithLogger(e.log), rest.WithPolicy(e.policy), rest.WithLimits(e.server.Handler))...)
	if err != nil {
		return nil, err
	}
	lis, err := p.rest.listen.open(ctx)
	if err != nil {
		return nil, err
	}
	url := "http://" + lis.Addr().String()
	if p.rest.tls != nil {
		url, lis = "https://"+lis.Addr().String(), tls.NewListener(lis, p.rest.tls)
	}
	e.log.Info("serving the REST API", "url", url, "database", p.db.String(), "version", version())
	announce(e.stdout, e.log, url)
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.Handle("/docs/", docs.NewHandler("Model registry", version(), restapi.APIs))
	return func() error {
		return rest.Serve(ctx, lis, p.telemetry.Handler(e.http.count(mux)), p.rest.shutdown, func(s *http.Server) {
			s.ReadTimeout, s.ReadHeaderTimeout = p.rest.read, min(s.ReadHeaderTimeout, p.rest.read)
		})
	}, nil
}
