package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"

	"github.com/mlmd-go/sdk/gen/codegen"
	"github.com/mlmd-go/sdk/gen/internal/config"
)

// lintCommand reports what is valid in the spec and makes it harder to use.
func lintCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("gen lint", flag.ContinueOnError)
	flags.SetOutput(stderr)
	configFile := flags.String("config", "", "the config file; without it "+config.DefaultFile+", where there is one")
	root := flags.String("root", "", rootUsage)
	asJSON := flags.Bool("json", false, jsonUsage)
	if code, done := parse(flags, args); done {
		return code
	}
	cfg, err := config.Load(".", *configFile, *root)
	if err != nil {
		return conclude(stdout, stderr, err, *asJSON)
	}
	found, err := codegen.Lint(ctx, cfg.Config)
	if err != nil {
		return conclude(stdout, stderr, err, *asJSON)
	}
	found = slices.DeleteFunc(found, func(f codegen.Finding) bool { return cfg.Lint[f.Rule] == config.LintOff })
	for i, f := range found {
		found[i].Warning = cfg.Lint[f.Rule] == config.LintWarning
	}
	if err := printFindings(stdout, found, *asJSON); err != nil {
		return fail(stderr, err)
	}
	if slices.ContainsFunc(found, func(f codegen.Finding) bool { return !f.Warning }) {
		return exitFound
	}
	return exitOK
}

func printFindings(w io.Writer, found []codegen.Finding, asJSON bool) error {
	if asJSON {
		return encodeJSON(w, append([]codegen.Finding{}, found...)) // [], not null
	}
	for _, f := range found {
		if _, err := fmt.Fprintln(w, f); err != nil {
			return err
		}
	}
	return nil
}

const jsonUsage = "print a JSON array, for other programs"
