package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/mlmd-go/sdk/pkg/server"
	"github.com/mlmd-go/sdk/pkg/store"
)

// serve opens the database and answers calls until ctx ends. It logs "stopped"
// after the database is closed.
func (p *plan) serve(ctx context.Context, stdout io.Writer, log *slog.Logger) error {
	if p.migration.downgrade >= 0 {
		return p.downgrade(ctx, log)
	}
	st, err := p.open(ctx, log)
	if err != nil {
		if ctx.Err() != nil {
			log.Info("stopped before the database was opened")
			return nil
		}
		return err
	}
	if err := errors.Join(p.answer(ctx, st, stdout, log), st.Close()); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}

// answer listens and answers calls until ctx ends. If one listener fails, it
// stops the other too.
func (p *plan) answer(ctx context.Context, st *store.Store, stdout io.Writer, log *slog.Logger) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	options := append(p.options, server.WithLogger(log), server.WithReadiness(st.Ping))
	if p.limitConcurrency {
		options = append(options, server.WithConcurrency(st.Stats().MaxConns))
	}
	srv := server.New(st.Server(), options...)
	var servers []func() error
	for _, open := range []func() (func() error, error){
		func() (func() error, error) { return p.openGRPC(ctx, srv, stdout, log) },
		func() (func() error, error) { return p.openHTTP(ctx, st, srv, stdout, log) },
	} {
		serve, err := open()
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
func (p *plan) openGRPC(
	ctx context.Context, srv *server.Server, stdout io.Writer, log *slog.Logger,
) (serve func() error, _ error) {
	if p.listen == (address{}) {
		return nil, nil
	}
	lis, err := p.listen.open(ctx)
	if err != nil {
		return nil, err
	}
	at := address{p.listen.network, lis.Addr().String()}
	log.Info("serving", "address", at.String(), "database", p.db.String(), "version", version())
	// The message of metadata_store_server, which programs wait for.
	log.Info("Server listening on " + at.String())
	announce(stdout, log, at.String())
	return func() error { return srv.Serve(ctx, lis) }, nil
}

func announce(stdout io.Writer, log *slog.Logger, where string) {
	if _, err := fmt.Fprintf(stdout, "serving %s\n", where); err != nil {
		log.Warn("standard output is closed", "error", err)
	}
}
