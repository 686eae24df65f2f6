// Command mlmd-server serves the MLMD service over gRPC from a SQLite file, a
// PostgreSQL or a MySQL database.
//
//	mlmd-server --db registry.db --grpc_port 8080
//
// It also takes the flags and configuration files of metadata_store_server, the
// server of the reference implementation, and can replace it.
//
// Its subcommands back up, verify, migrate, dump and load databases; see mlmd-server
// --help.
//
// Exit codes: 0 after a clean shutdown (SIGTERM, SIGINT), a schema downgrade or a
// subcommand that succeeded, 1 if the server could not start or shut down cleanly or
// the subcommand failed, 2 if flags or configuration are invalid.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, restore := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, restore) // a second signal terminates the process
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run executes the command and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f, err := &flags{}, error(nil)
	switch {
	case len(args) > 0 && args[0] == "token":
		err = tokenCommand(args[1:], stdout)
	case isSubcommand(args):
		f, err = subcommands[args[0]].maintain(ctx, args[0], args[1:], stdout, stderr)
	case len(args) > 0 && args[0] == "config":
		if f, err = parse(args[1:]); err == nil {
			err = f.printSettings(stdout)
		}
	default:
		if f, err = parse(args); err == nil {
			err = f.command(ctx, stdout, stderr)
		}
	}
	if err == nil {
		return 0
	}
	var usage *usageError
	code, advice := 1, ""
	if errors.As(err, &usage) {
		code, advice = 2, "Run mlmd-server --help for the flags."
	}
	if f.logFormat == "json" { // keep the log machine-readable
		json, _ := f.logger(stderr)
		if json == nil {
			json = slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{ReplaceAttr: withUnits}))
		}
		json.Error("mlmd-server: "+err.Error(), "exit_code", code)
		return code
	}
	fmt.Fprintf(stderr, "mlmd-server: %v\n", err)
	if advice != "" {
		fmt.Fprintln(stderr, advice)
	}
	return code
}

func (f *flags) command(ctx context.Context, stdout, stderr io.Writer) error {
	switch {
	case f.help:
		return f.usage(stdout)
	case f.version:
		_, err := fmt.Fprintln(stdout, version())
		return err
	}
	log, err := f.logger(stderr)
	if err != nil {
		return err
	}
	slog.SetDefault(log) // for libraries that use package log
	p, err := f.plan(os.ReadFile)
	if err != nil {
		return err
	}
	for _, w := range p.warnings {
		log.Warn(w)
	}
	return p.serve(ctx, stdout, log)
}

// logger returns the logger that the flags configure.
func (f *flags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return nil, usagef("invalid --log_level: must be debug, info, warn or error")
	}
	o := &slog.HandlerOptions{Level: level}
	switch f.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		o.ReplaceAttr = withUnits
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, usagef("invalid --log_format: must be text or json")
}

// withUnits makes durations numbers of seconds, and their keys say so. JSON would
// have nanoseconds without a unit.
func withUnits(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		return slog.Float64(a.Key+"_seconds", a.Value.Duration().Seconds())
	}
	return a
}

// A usageError is an error in flags or configuration.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}
