// Command quickstart registers a model, a version and an artifact, finds and lists them,
// in a temporary file, a given file, or on a server.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	db := flags.String("db", "", "keep the store in this `FILE`; without it the file is a fresh one that is removed again")
	addr := flags.String("addr", "", "use the MLMD server at this `HOST:PORT` instead of a file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: must be -db FILE or -addr HOST:PORT, or absent", flags.Arg(0))
	case *db != "" && *addr != "":
		return errors.New("-db and -addr exclude each other: a store is in a file or on a server")
	case *addr != "":
		return onServer(ctx, *addr, out)
	case *db != "":
		return inFile(ctx, *db, "this file is kept: run again with it, and nothing is stored twice", out)
	}
	folder, err := os.MkdirTemp("", "mlmd-quickstart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	return inFile(ctx, filepath.Join(folder, "registry.db"), "a fresh file, removed at the end: -db FILE keeps one", out)
}

func inFile(ctx context.Context, file, remark string, out io.Writer) error {
	store, err := sqlite.Open(ctx, file)
	if err != nil {
		return fmt.Errorf("the store cannot be opened: %w", err)
	}
	fmt.Fprintf(out, "The store is %s\n(%s).\n", file, remark)
	if err := tour(ctx, registry.New(store.Client()), out); err != nil {
		return errors.Join(err, store.Close())
	}
	return store.Close()
}

func onServer(ctx context.Context, addr string, out io.Writer) error {
	// Fail fast if the server is unreachable.
	reg, err := registry.Dial(addr, registry.WithRetryTimeout(time.Second))
	if err != nil {
		return err
	}
	defer reg.Close()
	fmt.Fprintf(out, "The store is the server at %s.\n", addr)
	if err := tour(ctx, reg, out); errors.Is(err, registry.ErrUnreachable) {
		return fmt.Errorf(
			"no MLMD server answers at %s; one starts with: go run ./cmd/mlmd-server --db registry.db --grpc_port 8080\n(%w)",
			addr, err,
		)
	} else if err != nil {
		return err
	}
	return nil
}
