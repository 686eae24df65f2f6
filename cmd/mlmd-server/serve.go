package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/pkg/auth"
	"github.com/mlmd-go/sdk/pkg/server"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/telemetry/export"
)

// exportTimeout limits how long the server sends its last traces and metrics.
const exportTimeout = 5 * time.Second

// serve opens the database and answers calls until ctx ends. It logs "stopped"
// after the database is closed.
func (p *plan) serve(ctx context.Context, stdout io.Writer, log *slog.Logger) error {
	if p.migration.downgrade >= 0 {
		return p.downgrade(ctx, log)
	}
	var stopExports func(context.Context) error
	var err error
	p.telemetry, stopExports, err = export.Setup(ctx, export.Service{Name: "mlmd-server", Version: version(), Log: log})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportTimeout)
		defer cancel()
		if err := stopExports(ctx); err != nil {
			log.Warn("traces or metrics are lost", "error", err)
		}
	}()
	log = slog.New(p.telemetry.LogHandler(log.Handler()))
	audit, err := p.openAudit(p.audit, stdout)
	if err != nil {
		return err
	}
	if audit != nil {
		p.interceptors = append(p.interceptors, audit.intercept)
	}
	statements := newStatementMetrics()
	if p.monitoring != nil {
		p.statements = statements.observe
	}
	st, err := p.open(ctx, log)
	if err != nil {
		if ctx.Err() != nil {
			log.Info("stopped before the database was opened")
			return nil
		}
		return err
	}
	if err := errors.Join(p.answer(ctx, st, statements, stdout, log), st.Close()); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}

// An environment is what the servers of a plan share.
type environment struct {
	store      *store.Store
	server     *server.Server
	policy     *auth.Policy // nil if clients are not identified
	stdout     io.Writer
	log        *slog.Logger
	rpcs       *rpcMetrics
	http       *httpMetrics
	statements *statementMetrics
}

// answer listens and answers calls until ctx ends. If one listener fails, it
// stops the other too.
func (p *plan) answer(
	ctx context.Context, st *store.Store, statements *statementMetrics, stdout io.Writer, log *slog.Logger,
) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	policy, err := p.auth.policy(ctx, log)
	if err != nil {
		return err
	}
	go p.reloadFiles(ctx, log)
	if p.opening != "" {
		log.Warn(p.opening)
	}
	rpcs := newRPCMetrics()
	options := append(p.options, server.WithGRPCServerOptions(grpc.StatsHandler(rpcs)),
		p.telemetry.ServerOption(), server.WithLogger(log), server.WithReadiness(st.Ping), server.WithPolicy(policy),
		server.WithUnaryInterceptors(p.interceptors...))
	if p.limitConcurrency {
		options = append(options, server.WithConcurrency(st.Stats().MaxConns))
	}
	e := &environment{
		st, server.New(st.Server(), options...), policy, stdout, log, rpcs, newHTTPMetrics(), statements,
	}
	var servers []func() error
	for _, open := range []func(context.Context, *environment) (func() error, error){
		p.openMonitoring, p.openGRPC, p.openHTTP,
	} {
		serve, err := open(ctx, e)
		if err != nil {
			return err
		}
		if serve != nil {
			servers = append(servers, serve)
		}
	}
	ended := make(chan error, len(servers))
	for _, serve := range servers {
		go func() { ended <- serve() }()
	}
	var errs []error
	for range servers {
		errs = append(errs, <-ended)
		stop()
	}
	return errors.Join(errs...)
}

// openGRPC listens for gRPC, and returns what answers calls until ctx ends. It
// prints the address to stdout as one line, for programs that wait for it.
func (p *plan) openGRPC(ctx context.Context, e *environment) (serve func() error, _ error) {
	if p.listen == (address{}) {
		return nil, nil
	}
	lis, err := p.listen.open(ctx)
	if err != nil {
		return nil, err
	}
	at := address{p.listen.network, lis.Addr().String()}
	e.log.Info("serving", "address", at.String(), "database", p.db.String(), "read_only", p.db.readOnly,
		"version", version())
	// The message of metadata_store_server, which programs wait for.
	e.log.Info("Server listening on " + at.String())
	announce(e.stdout, e.log, at.String())
	return func() error { return e.server.Serve(ctx, lis) }, nil
}

func announce(stdout io.Writer, log *slog.Logger, where string) {
	if _, err := fmt.Fprintf(stdout, "serving %s\n", where); err != nil {
		log.Warn("standard output is closed", "error", err)
	}
}
