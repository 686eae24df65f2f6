package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/gen/codegen"
	"github.com/mlmd-go/sdk/gen/internal/config"
)

// typeCheck type-checks files before they are written. It resolves imports
// with the export data of their module. If that module does not require the
// SDK yet, only the names of the output are checked, and a note is written
// to notes.
func typeCheck(ctx context.Context, c config.Config, files codegen.Files, notes io.Writer) error {
	sdk, err := exportData(ctx, c, files)
	if err != nil {
		fmt.Fprintf(
			notes,
			"gen: note: the files are written without a check against the SDK, which go list does not find here: %v\n",
			err,
		)
	}
	return codegen.TypeCheck(ctx, c.Config, files, sdk)
}

// exportData returns an importer of the imports of files. The go command
// compiles them if necessary, as the next build would.
func exportData(ctx context.Context, c config.Config, files codegen.Files) (types.Importer, error) {
	imports := map[string]bool{}
	for name, src := range files {
		if path.Ext(name) != ".go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		for _, s := range f.Imports {
			p, err := strconv.Unquote(s.Path.Value)
			if err != nil {
				return nil, err
			}
			imports[p] = true
		}
	}
	for _, p := range c.Packages() {
		delete(imports, p.Import)
	}
	var stderr bytes.Buffer
	args := append(
		[]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", "--"},
		slices.Sorted(maps.Keys(imports))...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stderr = c.Root, &stderr
	out, err := cmd.Output()
	if err != nil {
		if line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n"); line != "" {
			err = errors.New(line)
		}
		return nil, err
	}
	export := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if p, file, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
			export[p] = file
		}
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(p string) (io.ReadCloser, error) {
		if export[p] == "" {
			return nil, fmt.Errorf("go list has no export data for %s", p)
		}
		return os.Open(export[p])
	}), nil
}
