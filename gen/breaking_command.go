package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/codegen"
	"github.com/mlmd-go/sdk/gen/internal/config"
)

// breakingCommand compares the spec with an earlier version.
func breakingCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("gen breaking", flag.ContinueOnError)
	flags.SetOutput(stderr)
	configFile := flags.String("config", "", "the config file; without it "+config.DefaultFile+", where there is one")
	against := flags.String("against", "", "what to compare with: a git ref such as main, or a file")
	root := flags.String("root", "", rootUsage)
	format := flags.String("format", "text", "how to print: "+strings.Join(formatNames(), ", "))
	var on storeFlags
	on.add(flags)
	if code, done := parse(flags, args); done {
		return code
	}
	if *against == "" {
		fmt.Fprintln(
			stderr,
			"gen breaking: -against is missing: name a git ref, such as main, or a file with the old spec",
		)
		return exitFailed
	}
	printBreaks, ok := formats[*format]
	if !ok {
		fmt.Fprintf(stderr, "gen breaking: unknown format %q; want one of %s\n", *format, strings.Join(formatNames(), ", "))
		return exitFailed
	}
	cfg, err := config.LoadSpec(".", *configFile, *root)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	old, past, err := oldConfig(ctx, cfg, *against, *root)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	var judge codegen.Judge
	if on.store != "" {
		var done func()
		if judge, done, err = on.judge(ctx); err != nil {
			fmt.Fprintf(stderr, "gen breaking: %v\n", err)
			return exitFailed
		}
		defer done()
	}
	breaks, err := codegen.Breaking(ctx, old, cfg.Config, past.read(), judge)
	past.close(stderr)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	for i := range breaks {
		if breaks[i].Old && past.ref == "" { // of a file, which names others relative to itself
			breaks[i].File = path.Join(filepath.ToSlash(filepath.Dir(*against)), breaks[i].File)
		}
	}
	if err := printBreaks(stdout, newReport(ctx, cfg, *against, breaks)); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	if slices.ContainsFunc(breaks, codegen.Break.Refused) {
		return exitFound
	}
	return exitOK
}

// oldConfig returns the config of the earlier spec: at a git ref, with its
// history, or in a file, without. It refuses a name that is both, as git
// does.
func oldConfig(ctx context.Context, cfg config.Config, against, root string) (codegen.Config, *history, error) {
	old := cfg.Config
	info, err := os.Stat(against)
	isFile := err == nil && !info.IsDir()
	_, refErr := runGit(ctx, cfg.Root, "rev-parse", "--verify", "--quiet", "--end-of-options", against+"^{commit}")
	switch {
	case isFile && refErr == nil:
		return old, nil, fmt.Errorf(
			"gen breaking: %s is a git ref and a file: name the branch refs/heads/%s, or the file %s",
			against,
			against,
			"."+string(filepath.Separator)+filepath.Clean(against),
		)
	case isFile:
		dir := filepath.Dir(against)
		if root == "" {
			root = dir
			if rel, err := filepath.Rel(cfg.Root, dir); err == nil && filepath.IsLocal(rel) {
				root = "" // within the module, the same root as the present spec
			}
		}
		old.Spec, old.Accepted = filepath.Base(against), path.Base(cfg.Accepted)
		old.Read, err = config.Reader(dir, root)
		old.Read = readOverlays(cfg.Config, old.Read)
		return old, &history{}, err
	case refErr != nil:
		return old, nil, fmt.Errorf(
			"gen breaking: %s is neither a file nor a commit that git knows here%s",
			against,
			refHint(ctx, cfg.Root, against),
		)
	}
	old.Read = func(name string) ([]byte, error) { return runGit(ctx, cfg.Root, "show", against+":./"+name) }
	out, err := runGit(ctx, cfg.Root, "ls-tree", "--name-only", against, "--", cfg.Accepted)
	if err == nil && len(out) == 0 {
		old.Accepted = "" // it accepts no change
	}
	old.Overlays = readable(cfg.Overlays, old.Read)
	return old, &history{ctx: ctx, dir: cfg.Root, ref: against, config: old}, nil
}

// readOverlays returns read, but for overlays of c, which are read as for c: an
// older version of a spec in another place is changed like the present one.
func readOverlays(c codegen.Config, read func(string) ([]byte, error)) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if slices.Contains(c.Overlays, name) {
			return c.Read(name)
		}
		return read(name)
	}
}

// readable returns the names of files that read returns: a version of the past
// may not have all that its spec has now.
func readable(names []string, read func(string) ([]byte, error)) (out []string) {
	for _, name := range names {
		if _, err := read(name); err == nil {
			out = append(out, name)
		}
	}
	return out
}

// refHint returns why a ref may be missing, and a remedy.
func refHint(ctx context.Context, dir, ref string) string {
	if _, err := runGit(ctx, dir, "rev-parse", "--git-dir"); err != nil {
		return ": " + err.Error()
	}
	args := []string{"rev-parse", "--verify", "--quiet", "--end-of-options", "origin/" + ref + "^{commit}"}
	if _, err := runGit(ctx, dir, args...); err == nil {
		return ": there is origin/" + ref + ", so name that"
	}
	if out, err := runGit(ctx, dir, "rev-parse", "--is-shallow-repository"); err == nil &&
		strings.TrimSpace(string(out)) == "true" {
		return ": this is a shallow clone, so fetch the ref first (git fetch --depth=1 origin " + ref + ":" + ref +
			"), or clone with its history (fetch-depth: 0 in a workflow)"
	}
	return ": fetch it, or name another one"
}

// runGit runs a git command in dir and returns its output.
func runGit(ctx context.Context, dir string, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stderr = dir, &stderr
	out, err := cmd.Output()
	if err != nil {
		if why := strings.TrimSpace(stderr.String()); why != "" {
			err = errors.New(why)
		}
		return nil, fmt.Errorf("git %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}
