package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/codegen"
	"github.com/mlmd-go/sdk/gen/internal/config"
)

// breakingCommand compares the spec with what it was.
func breakingCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("gen breaking", flag.ContinueOnError)
	flags.SetOutput(stderr)
	configFile := flags.String("config", "", "the config file; without it "+config.DefaultFile+", where there is one")
	against := flags.String("against", "", "what to compare with: a git ref such as main, or a file")
	asJSON := flags.Bool("json", false, "print a JSON array, for other programs")
	if code, done := parse(flags, args); done {
		return code
	}
	if *against == "" {
		fmt.Fprintln(stderr, "gen breaking: -against is missing: name a git ref, such as main, or a file with the old spec")
		return exitFailed
	}
	cfg, err := config.Load(".", *configFile)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	breaks, err := codegen.Breaking(ctx, oldConfig(ctx, cfg, *against), cfg.Config)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	if err := printBreaks(stdout, breaks, *asJSON, *against); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	if slices.ContainsFunc(breaks, func(b codegen.Break) bool { return !b.Warning }) {
		return exitFound
	}
	return exitOK
}

func printBreaks(w io.Writer, breaks []codegen.Break, asJSON bool, against string) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(append([]codegen.Break{}, breaks...)) // [], not null
	}
	warnings := 0
	for _, b := range breaks {
		if b.Warning {
			warnings++
		}
		if _, err := fmt.Fprintln(w, b); err != nil {
			return err
		}
	}
	summary := fmt.Sprintf("nothing breaks against %s", against)
	if n := len(breaks) - warnings; n > 0 {
		summary = fmt.Sprintf("breaking changes against %s: %d", against, n)
	}
	if warnings > 0 {
		summary += fmt.Sprintf("; warnings: %d", warnings)
	}
	_, err := fmt.Fprintln(w, summary)
	return err
}

// oldConfig reads the spec as it was: from a file, where against is one, or
// from git.
func oldConfig(ctx context.Context, cfg config.Config, against string) codegen.Config {
	old := cfg.Config
	if info, err := os.Stat(against); err == nil && !info.IsDir() {
		dir := filepath.Dir(against)
		old.Spec = filepath.Base(against)
		old.Read = func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))) }
		return old
	}
	old.Read = func(name string) ([]byte, error) { return gitShow(ctx, cfg.Root, against, name) }
	return old
}

// gitShow returns the file called name, relative to dir, at ref.
func gitShow(ctx context.Context, dir, ref, name string) ([]byte, error) {
	if strings.HasPrefix(ref, "-") {
		return nil, fmt.Errorf("%q is no git ref", ref)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", "show", ref+":./"+name)
	cmd.Dir, cmd.Stderr = dir, &stderr
	out, err := cmd.Output()
	if err != nil {
		why := strings.TrimSpace(stderr.String())
		if why == "" {
			why = err.Error()
		}
		return nil, errors.New("git show " + ref + ":./" + name + ": " + why)
	}
	return out, nil
}
