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
	if err := noLinks(c, names); err != nil {
		return err
	}
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
	root, err := os.OpenRoot(c.Root)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range changed {
		if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(filepath.FromSlash(name), files[name], 0o644); err != nil {
			return err
		}
	}
	for _, name := range old {
		if err := root.Remove(filepath.FromSlash(name)); err != nil {
			return err
		}
	}
	return nil
}

// noLinks fails where an output directory, or a file that is to be written, is
// a symbolic link or below one: what it leads to belongs to someone else.
func noLinks(c config.Config, names []string) error {
	seen := map[string]bool{}
	for _, name := range names {
		for at := name; at != "." && !seen[at]; at = path.Dir(at) {
			seen[at] = true
			info, err := os.Lstat(c.Path(at))
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				return err
			case info.Mode()&fs.ModeSymlink != 0:
				return fmt.Errorf("%s is a symbolic link, and nothing is written through one: remove it, or name another directory in %s", at, config.DefaultFile)
			case at == name && !info.Mode().IsRegular():
				return fmt.Errorf("%s exists and is not a regular file: remove it, or name another directory in %s", at, config.DefaultFile)
			}
		}
	}
	return nil
}
