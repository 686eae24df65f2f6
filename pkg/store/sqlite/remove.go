package sqlite

import (
	"errors"
	"io/fs"
	"os"
)

// Exists reports whether a file exists at the path, which is as for [Open].
func Exists(path string) bool {
	at, err := locate(path)
	if err != nil || at.file == "" {
		return false
	}
	_, err = os.Stat(at.file)
	return err == nil
}

// Remove removes the database in the file path, which is as for [Open], and the files
// beside it. No process must use it. It does nothing if no file exists.
func Remove(path string) error {
	at, err := locate(path)
	if err != nil || at.file == "" {
		return err
	}
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(at.file + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
