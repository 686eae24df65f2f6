// Command gen generates Go types, MLMD mappings and field symbols from a spec.
//
//	//go:generate go tool -modfile=tools/go.mod gen
//
// It reads spec/openapi.yaml and writes generated/model, generated/mapping,
// generated/field and, if entities have edges, generated/edge, all below the
// working directory; a file mlmd.yaml there may say otherwise (docs/spec.md has
// its form).
//
// The spec, and what it refers to, is read below the root of the module; -root
// names a directory above it.
//
//	gen [-config FILE] [-check]       generate; -check writes nothing and fails when something is stale
//	gen -print-base                   print the schemas that entities share, to refer to
//	gen docs [-out DIR] [-check]      write a page of Markdown for each entity, and an index
//	gen breaking -against REF|FILE    report what a change of the spec breaks
//
// The pages of gen docs have an example of each entity. With -test, gen docs also
// writes a Go test that runs the examples. It does not replace files that it did
// not generate, and removes the pages of entities that the spec no longer has.
//
// It exits with 0, with 1 for an invalid spec, stale files or a breaking
// change, and with 2 for any other error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"

	"github.com/mlmd-go/sdk/gen/codegen"
	"github.com/mlmd-go/sdk/gen/internal/config"
)

func main() {
	debug.SetGCPercent(400) // it runs for a second: memory is cheaper than collecting
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// The exit codes.
const (
	exitOK = iota
	exitFound
	exitFailed
)

const usage = `gen generates Go types, MLMD mappings and field symbols from a spec.

  gen [-config FILE] [-check]       generate, or check that nothing is stale
  gen -print-base                   print the schemas that entities share
  gen docs [-out DIR] [-check]      write a page of Markdown for each entity, and an index
  gen breaking -against REF|FILE    report what a change of the spec breaks

`

// run executes the command in args and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "breaking":
			return breakingCommand(ctx, args[1:], stdout, stderr)
		case "docs":
			return docsCommand(ctx, args[1:], stderr)
		}
	}
	flags := flag.NewFlagSet("gen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	configFile := flags.String("config", "", "the config file; without it "+config.DefaultFile+", where there is one")
	root := flags.String("root", "", rootUsage)
	check := flags.Bool("check", false, "write nothing; fail if a generated file is stale")
	printBase := flags.Bool("print-base", false, "print the schemas that entities share, and do no more")
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	if code, done := parse(flags, args); done {
		return code
	}
	if *printBase {
		fmt.Fprint(stdout, codegen.Base())
		return exitOK
	}
	cfg, err := config.Load(".", *configFile, *root)
	if err != nil {
		return fail(stderr, err)
	}
	files, err := codegen.Generate(ctx, cfg.Config)
	if err != nil {
		return fail(stderr, err)
	}
	out := packages(cfg, files)
	if *check {
		err = out.compare()
	} else {
		err = out.write(func() error { return typeCheck(ctx, cfg, files, stderr) })
	}
	if err != nil {
		return fail(stderr, err)
	}
	return exitOK
}

const rootUsage = "the directory that the spec and what it refers to must be in; without it, the module's"

// parse parses args, which must only be flags. It returns done if the command
// is complete.
func parse(flags *flag.FlagSet, args []string) (code int, done bool) {
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK, true
	case err != nil:
		return exitFailed, true
	case flags.NArg() > 0:
		if flags.Name() == "gen" {
			fmt.Fprintf(flags.Output(), "gen: unknown command %q; the commands are breaking and docs\n", flags.Arg(0))
		} else {
			fmt.Fprintf(flags.Output(), "%s: unexpected argument %q; it only takes flags\n", flags.Name(), flags.Arg(0))
		}
		return exitFailed, true
	}
	return exitOK, false
}

// fail prints err and returns the exit code for it.
func fail(stderr io.Writer, err error) int {
	fmt.Fprintln(stderr, err)
	var problems codegen.Problems
	var stale *staleError
	if errors.As(err, &problems) || errors.As(err, &stale) {
		return exitFound
	}
	return exitFailed
}
