// Command reference measures each RPC of the embedded store against the
// published C++ core of MLMD, in one run, and prints the ratio.
//
//	go run ./bench/reference -python suites/reference/.venv/bin/python
//
// Both run in their caller's process: ours is called through its client, the
// core through the functions of its Python package, of which only the call into
// C++ is timed. Both get the same requests on the same data, in turns, and must
// answer the same.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	python, folder string
	calls, rounds  int
	only           *regexp.Regexp
}

func run(ctx context.Context) error {
	var o options
	python := cmp.Or(os.Getenv("MLMD_PYTHON"), filepath.Join("suites", "reference", ".venv", "bin", "python"))
	flag.StringVar(&o.python, "python", python, "interpreter that has ml_metadata; suites/reference/setup.sh makes one")
	flag.StringVar(&o.folder, "folder", os.TempDir(), "where database files are made: the disk that is measured")
	flag.IntVar(&o.calls, "calls", 50, "calls of each RPC in a round")
	flag.IntVar(&o.rounds, "rounds", 9, "rounds, in which ours and the core take turns")
	names := flag.String("databases", strings.Join(databaseNames(), ","), "which to measure on")
	only := flag.String("rpc", "", "measure only RPCs whose name this regular expression matches")
	flag.Parse()

	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return err
	}
	c, err := startCore(ctx, o.python)
	if err != nil {
		return err
	}
	defer c.close()
	for name := range strings.SplitSeq(*names, ",") {
		if err := measureOn(ctx, name, c, o); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// measureOn measures every step on one kind of database, and prints a table.
func measureOn(ctx context.Context, name string, c *core, o options) error {
	folder, err := os.MkdirTemp(o.folder, "mlmd-reference")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	st, title, err := openBoth(ctx, name, folder, c)
	if err != nil {
		return err
	}
	defer st.Close()
	us := ours{st.Client()}
	w, err := build(ctx, us)
	if err != nil {
		return err
	}
	theirs, err := build(ctx, c)
	if err != nil {
		return err
	}
	if *w != *theirs {
		return fmt.Errorf("the two sides gave out other ids: %+v and %+v", *w, *theirs)
	}
	t := table{title: title}
	for _, s := range steps() {
		if !o.only.MatchString(s.rpc) {
			continue
		}
		row, err := measure(ctx, s, w, us, c, o)
		if err != nil {
			return fmt.Errorf("%s (%s): %w", s.rpc, s.what, err)
		}
		t.rows = append(t.rows, row)
	}
	return t.print(os.Stdout)
}

// steps are all that is measured. What only reads comes first, so that all
// databases are read in the same state.
func steps() []*step { return append(reads(), writes()...) }
