// Command compare measures the registry on each of its stores beside MLMD's C++ core and
// MLflow's model registry, and prints a table:
//
//	go run ./bench/compare [-only memory,file,grpc] [-rounds 5] [-duration 400ms]
//	go run ./bench/compare -write docs/performance.md
//
// The systems take turns, so that other load on the machine affects all of them alike. The
// text below the table says what each of them does. Systems that cannot run here are named
// as left out; bench/compare/setup.sh installs MLflow, and suites/reference/setup.sh the C++
// core. TMPDIR names the folder of the databases, on the disk to measure.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/mlmd-go/sdk/internal/testdb"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	testdb.Stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		stop()
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "compare: interrupted")
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// options are the values of the command line.
type options struct {
	rounds         int
	duration       time.Duration
	models         int
	python, mlflow string // interpreters
	page           string
	only           []string
}

func parse(args []string, messages io.Writer) (options, error) {
	var o options
	var all []string
	for _, k := range kinds {
		all = append(all, k.name)
	}
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(messages)
	only := flags.String("only", strings.Join(all, ","), "systems to measure")
	flags.IntVar(&o.rounds, "rounds", 5, "rounds, in which all systems take their turns")
	flags.DurationVar(&o.duration, "duration", 400*time.Millisecond,
		"how long a turn takes; the writers take twice as long")
	flags.IntVar(&o.models, "models", 1000, "models in each store, a multiple of 10")
	flags.StringVar(&o.python, "python",
		cmp.Or(os.Getenv("MLMD_PYTHON"), filepath.Join("suites", "reference", ".venv", "bin", "python")),
		"interpreter with ml_metadata, as installed by suites/reference/setup.sh")
	flags.StringVar(&o.mlflow, "mlflow", filepath.Join("bench", "compare", ".venv", "bin", "python"),
		"interpreter with MLflow, as installed by bench/compare/setup.sh")
	flags.StringVar(&o.page, "write", "", "Markdown file to write the table into")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.only = strings.Split(*only, ",")
	for _, name := range o.only {
		if !slices.Contains(all, name) {
			return o, fmt.Errorf("invalid -only %q: the systems are %s", name, strings.Join(all, ","))
		}
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.rounds < 1:
		return o, fmt.Errorf("invalid -rounds %d: must be positive", o.rounds)
	case o.models < 10 || o.models%10 != 0:
		return o, fmt.Errorf("invalid -models %d: must be a positive multiple of 10", o.models)
	}
	return o, nil
}

// run measures the systems that args select, and prints the table to out and the progress
// to messages.
func run(ctx context.Context, args []string, out, messages io.Writer) (err error) {
	o, err := parse(args, messages)
	if err != nil {
		return err
	}
	if o.page != "" {
		if _, err := readPage(o.page); err != nil { // before minutes of measuring
			return err
		}
	}
	dir, err := os.MkdirTemp("", "mlmd-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	testdb.Durable()

	r := report{options: o, when: time.Now(), machine: describeMachine(ctx)}
	var systems []system
	defer func() {
		for _, s := range slices.Backward(systems) {
			if failed := s.close(); err == nil {
				err = failed
			}
		}
	}()
	for _, k := range kinds {
		if !slices.Contains(o.only, k.name) {
			continue
		}
		fmt.Fprintf(messages, "filling %s\n", k.title)
		s, version, err := k.open(ctx, o, filepath.Join(dir, k.name))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errUnavailable) || errors.Is(err, testdb.ErrNone):
			fmt.Fprintf(messages, "left out: %s: %v\n", k.title, err)
			r.leftOut = append(r.leftOut, fmt.Sprintf("%s (%v)", k.title, err))
			continue
		case err != nil:
			return fmt.Errorf("%s: %w", k.title, err)
		}
		systems = append(systems, s)
		r.columns = append(r.columns, column{kind: k, version: version, cells: make([]cell, len(rows))})
	}
	for round := range o.rounds + 1 {
		if round > 0 {
			fmt.Fprintf(messages, "round %d of %d\n", round, o.rounds)
		}
		if err := measure(ctx, o, round, systems, r.columns); err != nil {
			return err
		}
		if err := r.measureDisk(dir); err != nil {
			return err
		}
	}
	text := r.String()
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	if o.page != "" {
		return writePage(o.page, text)
	}
	return nil
}
