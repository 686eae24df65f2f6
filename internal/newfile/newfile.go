// Package newfile makes files that get their name once they are complete.
package newfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Make makes the file target, which must not exist and which only its owner can
// read. It calls fill with the name of an empty file in the same directory, and gives
// that file its name when it is on the disk. If Make fails, target does not exist.
func Make(target string, fill func(name string) error) (err error) {
	if _, err := os.Lstat(target); err == nil {
		return exists(target)
	}
	f, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*.tmp") // with mode 0600
	if err != nil {
		return err
	}
	name := f.Name()
	defer func() {
		if removed := os.Remove(name); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}()
	if err := f.Close(); err != nil {
		return err
	}
	if err := fill(name); err != nil {
		return err
	}
	if err := sync(name, os.O_RDWR); err != nil {
		return err
	}
	switch err := os.Link(name, target); {
	case errors.Is(err, fs.ErrExist):
		return exists(target)
	case err != nil: // a file system without links
		if _, err := os.Lstat(target); err == nil {
			return exists(target)
		}
		if err := os.Rename(name, target); err != nil {
			return err
		}
	}
	_ = sync(filepath.Dir(target), os.O_RDONLY) // not all systems can sync a directory
	return nil
}

func exists(target string) error {
	return fmt.Errorf("%s exists already: choose another name, or remove it", target)
}

// sync writes a file or directory, opened in a mode, to the disk. Windows requires
// one for writing.
func sync(name string, mode int) error {
	f, err := os.OpenFile(name, mode, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
