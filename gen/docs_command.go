package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"path"
	"path/filepath"

	"github.com/mlmd-go/sdk/gen/codegen"
	"github.com/mlmd-go/sdk/gen/internal/config"
)

// docsCommand writes the documentation of the spec.
func docsCommand(ctx context.Context, args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("gen docs", flag.ContinueOnError)
	flags.SetOutput(stderr)
	configFile := flags.String("config", "", "the config file; without it "+config.DefaultFile+", where there is one")
	root := flags.String("root", "", rootUsage)
	dir := flags.String("out", "docs/entities", "the directory of the pages, relative to the config file and below it")
	withTest := flags.Bool("test", false, "also write a Go test that runs the examples")
	check := flags.Bool("check", false, "write nothing; fail if a page is stale")
	if code, done := parse(flags, args); done {
		return code
	}
	to := path.Clean(filepath.ToSlash(*dir))
	if *dir == "" || !filepath.IsLocal(filepath.FromSlash(to)) {
		fmt.Fprintf(
			stderr,
			"gen docs: -out %q is not below the directory of the config: name one that is, or put the config file above it\n",
			*dir,
		)
		return exitFailed
	}
	cfg, err := config.Load(".", *configFile, *root)
	if err != nil {
		return fail(stderr, err)
	}
	files, err := codegen.Docs(ctx, cfg.Config, to, *withTest)
	if err != nil {
		return fail(stderr, err)
	}
	out := output{Config: cfg, dirs: []string{to}, files: files, place: "with -out", again: "gen docs"}
	if *withTest {
		out.again += " -test"
	}
	if *check {
		err = out.compare()
	} else {
		err = out.write(func() error { return nil })
	}
	if err != nil {
		return fail(stderr, err)
	}
	return exitOK
}
