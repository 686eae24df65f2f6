// Command gen makes Go types, mappings and field symbols from a spec.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/codegen"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 0, 1 for a spec with mistakes or stale output, 2
// for a call that cannot be understood.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("gen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	check := flags.Bool("check", false, "write nothing; fail when the generated files are stale")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	c := codegen.Config{
		Spec:    "spec/openapi.yaml",
		Read:    func(name string) ([]byte, error) { return os.ReadFile(filepath.FromSlash(name)) },
		Model:   codegen.Package{Dir: "generated/model", Import: "github.com/mlmd-go/sdk/generated/model"},
		Mapping: codegen.Package{Dir: "generated/mapping", Import: "github.com/mlmd-go/sdk/generated/mapping"},
		Field:   codegen.Package{Dir: "generated/field", Import: "github.com/mlmd-go/sdk/generated/field"},
	}
	files, err := codegen.Generate(ctx, c)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	if *check {
		err = compare(c, files)
	} else {
		err = write(c, files)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// stale returns the generated files in the output directories that files does
// not have: those of entities that left the spec.
func stale(c codegen.Config, files codegen.Files) ([]string, error) {
	var out []string
	for _, dir := range []string{c.Model.Dir, c.Mapping.Dir, c.Field.Dir} {
		entries, err := os.ReadDir(filepath.FromSlash(dir))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if _, ours := files[name]; ours || !strings.HasSuffix(name, ".gen.go") {
				continue
			}
			out = append(out, name)
		}
	}
	return out, nil
}

func sorted(files codegen.Files) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func compare(c codegen.Config, files codegen.Files) error {
	var bad []string
	for _, name := range sorted(files) {
		got, err := os.ReadFile(filepath.FromSlash(name))
		switch {
		case errors.Is(err, os.ErrNotExist):
			bad = append(bad, name+" is missing")
		case err != nil:
			return err
		case !bytes.Equal(got, files[name]):
			bad = append(bad, name+" is stale")
		}
	}
	left, err := stale(c, files)
	if err != nil {
		return err
	}
	for _, name := range left {
		bad = append(bad, name+" belongs to nothing in the spec")
	}
	if bad != nil {
		return fmt.Errorf("%s\nrun go generate ./...", strings.Join(bad, "\n"))
	}
	return nil
}

func write(c codegen.Config, files codegen.Files) error {
	for _, name := range sorted(files) {
		file := filepath.FromSlash(name)
		if got, err := os.ReadFile(file); err == nil && bytes.Equal(got, files[name]) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, files[name], 0o644); err != nil {
			return err
		}
	}
	left, err := stale(c, files)
	if err != nil {
		return err
	}
	for _, name := range left {
		if err := os.Remove(filepath.FromSlash(name)); err != nil {
			return err
		}
	}
	return nil
}
