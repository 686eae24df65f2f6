package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxSize limits the size of a file of a spec.
const maxSize = 64 << 20

// Reader returns a function that reads files relative to dir: regular files
// of at most maxSize below root, also after symbolic links are resolved. If
// root is empty, it is the root of the module. A spec may come from an
// untrusted source, so it must not make the generator read devices, or print
// lines of files that are not schemas.
func Reader(dir, root string) (func(name string) ([]byte, error), error) {
	if root == "" {
		root = moduleRoot(dir)
	}
	absRoot, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	absDir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return func(name string) ([]byte, error) {
		rel, err := filepath.Rel(absRoot, filepath.Join(absDir, filepath.FromSlash(name)))
		if err != nil || !filepath.IsLocal(rel) {
			return nil, fmt.Errorf("%s is outside of %s: -root DIR allows a directory above it", name, root)
		}
		r, err := os.OpenRoot(absRoot)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return readRegular(r, rel)
	}, nil
}

func readRegular(r *os.Root, name string) ([]byte, error) {
	info, err := r.Stat(name) // before it is opened: to open a pipe waits for a writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("it is not a regular file")}
	}
	f, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, err
	}
	if len(src) > maxSize {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it has more than %d MiB", maxSize>>20)}
	}
	return src, nil
}

// moduleRoot returns the directory of the go.mod above dir, or dir if it is not
// in a module.
func moduleRoot(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	for at := abs; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}
