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
//	gen init [MODULE]                 lay out a module with one entity, and generate it
//	gen [-config FILE] [-check]       generate; -check writes nothing and fails when something is stale
//	gen -watch                        generate again whenever the spec changes
//	gen -print-base                   print the schemas that entities share, to refer to
//	gen -print-ir                     print what the generator knows of the spec, as JSON
//	gen -print-schema                 print a JSON Schema of specs, for editors
//	gen lint                          report what makes a spec harder to read or use
//	gen docs [-out DIR] [-check]      write a page of Markdown for each entity, and an index
//	gen breaking -against REF|FILE    report what a change of the spec breaks; with -store, by what is stored
//	gen plan -store STORE             print what registering the spec adds to a store, and what conflicts
//	gen migrate -store STORE          bring the entities of a store into the form of the spec; -dry-run only counts
//
// The pages of gen docs have an example of each entity. With -test, gen docs also
// writes a Go test that runs the examples. It does not replace files that it did
// not generate, and removes the pages of entities that the spec no longer has.
//
// STORE is a file of SQLite, a URL of PostgreSQL or MySQL, or HOST:PORT of a server.
// These commands need neither generated code nor a Go module. They are in programs
// that are built with the tag stores.
//
// It exits with 0, with 1 for an invalid spec, stale files, a breaking change, a
// conflict with a store or values that a migration left, and with 2 for any other
// error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
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

  gen init [MODULE]                 lay out a module with one entity, and generate it
  gen [-config FILE] [-check]       generate, or check that nothing is stale
  gen -watch                        generate again whenever the spec changes
  gen -print-base                   print the schemas that entities share
  gen -print-ir                     print what the generator knows of the spec, as JSON
  gen -print-schema                 print a JSON Schema of specs, for editors
  gen lint                          report what makes a spec harder to read or use
  gen docs [-out DIR] [-check]      write a page of Markdown for each entity, and an index
  gen breaking -against REF|FILE    report what a change of the spec breaks; with -store, by what is stored
  gen plan -store STORE             print what registering the spec adds to a store, and what conflicts
  gen migrate -store STORE          bring the entities of a store into the form of the spec

`

// run executes the command in args and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "breaking":
			return breakingCommand(ctx, args[1:], stdout, stderr)
		case "docs":
			return docsCommand(ctx, args[1:], stderr)
		case "init":
			return initCommand(ctx, args[1:], stdout, stderr)
		case "lint":
			return lintCommand(ctx, args[1:], stdout, stderr)
		case "plan":
			return planCommand(ctx, args[1:], stdout, stderr)
		case "migrate":
			return migrateCommand(ctx, args[1:], stdout, stderr)
		}
	}
	flags := flag.NewFlagSet("gen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	configFile := flags.String("config", "", "the config file; without it "+config.DefaultFile+", where there is one")
	root := flags.String("root", "", rootUsage)
	check := flags.Bool("check", false, "write nothing; fail if a generated file is stale")
	asJSON := flags.Bool("json", false, "print errors as a JSON array, for other programs")
	again := flags.Bool("watch", false, "generate again whenever the spec changes, until it is interrupted")
	printBase := flags.Bool("print-base", false, "print the schemas that entities share, and do no more")
	printIR := flags.Bool("print-ir", false, "print what the generator knows of the spec as JSON, and do no more")
	printSchema := flags.Bool("print-schema", false, "print a JSON Schema of specs, for editors, and do no more")
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	if code, done := parse(flags, args); done {
		return code
	}
	generate := func() (read []string, err error) { return generate(ctx, *configFile, *root, *check, stderr) }
	switch {
	case *printBase:
		fmt.Fprint(stdout, codegen.Base())
	case *printSchema:
		stdout.Write(codegen.Schema()) //nolint:errcheck // as of Fprint
	case *printIR:
		return describe(ctx, *configFile, *root, stdout, stderr)
	case *again && *check:
		fmt.Fprintln(stderr, "gen: -watch writes and -check does not: use one of them")
		return exitFailed
	case *again:
		err := watch(ctx, stderr, func() []string {
			read, err := generate()
			if err != nil || *asJSON {
				conclude(stdout, stderr, err, *asJSON)
			}
			return read
		})
		if err != nil {
			return fail(stderr, err)
		}
	default:
		_, err := generate()
		return conclude(stdout, stderr, err, *asJSON)
	}
	return exitOK
}

// describe prints the description of the spec.
func describe(ctx context.Context, configFile, root string, stdout, stderr io.Writer) int {
	cfg, err := config.Load(".", configFile, root)
	if err != nil {
		return fail(stderr, err)
	}
	d, err := codegen.Describe(ctx, cfg.Config)
	if err != nil {
		return fail(stderr, err)
	}
	if err := encodeJSON(stdout, d); err != nil {
		return fail(stderr, err)
	}
	return exitOK
}

// generate writes the output, or checks it. It returns the files that it read,
// also if it fails.
func generate(ctx context.Context, configFile, root string, check bool, stderr io.Writer) (read []string, err error) {
	read = []string{config.DefaultFile}
	if configFile != "" {
		read[0] = configFile
	}
	cfg, err := config.Load(".", configFile, root)
	if err != nil {
		return read, err
	}
	readFile := cfg.Read
	cfg.Read = func(name string) ([]byte, error) {
		read = append(read, cfg.Path(name))
		return readFile(name)
	}
	files, err := codegen.Generate(ctx, cfg.Config)
	if err != nil {
		return read, err
	}
	out := packages(cfg, maps.Clone(files))
	if err := runPlugins(ctx, cfg, &out); err != nil {
		return read, err
	}
	if check {
		return read, out.compare()
	}
	return read, out.write(func() error { return typeCheck(ctx, cfg, files, stderr) })
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
			fmt.Fprintf(flags.Output(),
				"gen: unknown command %q; the commands are init, docs, lint, breaking, plan and migrate\n", flags.Arg(0))
		} else {
			fmt.Fprintf(flags.Output(), "%s: unexpected argument %q; it only takes flags\n", flags.Name(), flags.Arg(0))
		}
		return exitFailed, true
	}
	return exitOK, false
}

// conclude prints err, which may be nil, and returns the exit code for it. As JSON,
// it is an array of errors, which is empty for nil.
func conclude(stdout, stderr io.Writer, err error, asJSON bool) int {
	if !asJSON {
		if err == nil {
			return exitOK
		}
		return fail(stderr, err)
	}
	reports := []codegen.Report{}
	var problems codegen.Problems
	var stale *staleError
	switch {
	case errors.As(err, &problems):
		reports = codegen.Reports(problems)
	case errors.As(err, &stale):
		for _, f := range stale.files {
			reports = append(reports, codegen.Report{File: f.name, Message: f.state, Fix: "run " + stale.again})
		}
	case err != nil:
		reports = append(reports, codegen.Report{Message: err.Error()})
	}
	if err := encodeJSON(stdout, reports); err != nil {
		return fail(stderr, err)
	}
	return exitCode(err)
}

// fail prints err and returns the exit code for it.
func fail(stderr io.Writer, err error) int {
	fmt.Fprintln(stderr, err)
	return exitCode(err)
}

// exitCode returns the exit code for err, which may be nil.
func exitCode(err error) int {
	var problems codegen.Problems
	var stale *staleError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &problems), errors.As(err, &stale):
		return exitFound
	}
	return exitFailed
}
