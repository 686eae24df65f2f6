package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"syscall"

	"github.com/mlmd-go/sdk/pkg/server"
)

// serve opens the database, listens, and answers calls until ctx ends. Where
// it listens goes to stdout, as one line, for programs that wait for it.
func (p *plan) serve(ctx context.Context, stdout io.Writer, log *slog.Logger) (err error) {
	if p.migration.downgrade >= 0 {
		return p.downgrade(ctx, log)
	}
	st, err := p.open(ctx, log)
	if err != nil {
		if ctx.Err() != nil {
			log.Info("stopped before the database was open")
			return nil
		}
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()

	lis, err := new(net.ListenConfig).Listen(ctx, "tcp", p.address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use by another program; --grpc_port takes another port: %w", p.address, err)
	}
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", p.address, err)
	}
	log.Info("serving", "address", lis.Addr().String(), "database", p.db.String(), "version", version())
	if _, err := fmt.Fprintf(stdout, "serving %s\n", lis.Addr()); err != nil {
		log.Warn("standard output is closed", "error", err)
	}
	context.AfterFunc(ctx, func() { log.Info("stopping; calls that run are finished", "timeout", p.drain) })
	if err := server.New(st.Server(), append(p.options, server.Logger(log))...).Serve(ctx, lis); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}
