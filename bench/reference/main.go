// Command reference compares the duration of each RPC in the embedded store and in the
// reference implementation, and prints the ratio.
//
//	go run ./bench/reference -python suites/reference/.venv/bin/python
//
// Both run in the process of their caller: the embedded store is called through its
// client, and the reference implementation through its Python package, of which only
// the call into C++ is timed. Both get the same requests on the same data, alternately,
// and must return the same replies.
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

// options are the values of the command line.
type options struct {
	python, folder string
	calls, rounds  int
	only           *regexp.Regexp
}

func run(ctx context.Context) error {
	var o options
	python := cmp.Or(os.Getenv("MLMD_PYTHON"), filepath.Join("suites", "reference", ".venv", "bin", "python"))
	flag.StringVar(&o.python, "python", python, "interpreter with ml_metadata, as installed by suites/reference/setup.sh")
	flag.StringVar(&o.folder, "folder", os.TempDir(), "directory of database files, on the disk to measure")
	flag.IntVar(&o.calls, "calls", 50, "calls of each RPC in a round")
	flag.IntVar(&o.rounds, "rounds", 9, "rounds, in which both implementations alternate")
	names := flag.String("databases", strings.Join(databaseNames(), ","), "databases to measure")
	only := flag.String("rpc", "", "measure only RPCs whose names match this regular expression")
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

// measureOn measures every step on one kind of database and prints a table.
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

// steps returns all steps. Reads come first, so that they see the same data on all
// databases.
func steps() []*step { return append(reads(), writes()...) }
