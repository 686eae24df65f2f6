package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/codegen"
	"github.com/mlmd-go/sdk/gen/internal/config"
)

// staleError lists generated files that are not what the spec says.
type staleError []string

func (e staleError) Error() string {
	return strings.Join(e, "\n") + "\nrun go generate ./..."
}

// ours tells whether a file was made by this program, so that it may be
// replaced and removed.
func ours(src []byte) bool { return bytes.HasPrefix(src, []byte(codegen.Mark)) }

// left returns the files of ours in the output directories that files does not
// have: those of what left the spec.
func left(c config.Config, files codegen.Files) ([]string, error) {
	var out []string
	for _, dir := range []string{c.Model.Dir, c.Mapping.Dir, c.Field.Dir} {
		entries, err := os.ReadDir(c.Path(dir))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if files[name] != nil || !strings.HasSuffix(name, ".gen.go") {
				continue
			}
			src, err := os.ReadFile(c.Path(name))
			if err != nil {
				return nil, err
			}
			if ours(src) {
				out = append(out, name)
			}
		}
	}
	return out, nil
}

// compare fails with a staleError where the disk differs from files.
func compare(c config.Config, files codegen.Files) error {
	var bad staleError
	for _, name := range slices.Sorted(maps.Keys(files)) {
		got, err := os.ReadFile(c.Path(name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			bad = append(bad, name+" is missing")
		case err != nil:
			return err
		case !bytes.Equal(got, files[name]):
			bad = append(bad, name+" is stale")
		}
	}
	old, err := left(c, files)
	if err != nil {
		return err
	}
	for _, name := range old {
		bad = append(bad, name+" belongs to nothing in the spec")
	}
	if bad != nil {
		return bad
	}
	return nil
}

// write brings the disk to files. It replaces nothing that it did not make, and
// before it changes anything it calls check.
func write(c config.Config, files codegen.Files, check func() error) error {
	names := slices.Sorted(maps.Keys(files))
	var changed []string
	for _, name := range names {
		got, err := os.ReadFile(c.Path(name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case bytes.Equal(got, files[name]):
			continue
		case !ours(got):
			return fmt.Errorf("%s exists and was not made by this program: move it, or name another directory in %s", name, config.DefaultFile)
		}
		changed = append(changed, name)
	}
	old, err := left(c, files)
	if err != nil {
		return err
	}
	if len(changed) > 0 {
		if err := check(); err != nil {
			return err
		}
	}
	for _, name := range changed {
		if err := os.MkdirAll(filepath.Dir(c.Path(name)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(c.Path(name), files[name], 0o644); err != nil {
			return err
		}
	}
	for _, name := range old {
		if err := os.Remove(c.Path(name)); err != nil {
			return err
		}
	}
	return nil
}
