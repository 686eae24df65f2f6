//go:build unix

package sqlite

import (
	"io/fs"
	"syscall"
)

// A fileID identifies a file as long as it exists. The zero value identifies none.
type fileID struct{ device, inode uint64 }

// identify returns the ID of the file that path leads to.
func identify(path string) (fileID, error) {
	for {
		id, err := lookUp(path)
		switch err {
		case nil:
			return id, nil
		case syscall.EINTR:
		default:
			return fileID{}, &fs.PathError{Op: "stat", Path: path, Err: err}
		}
	}
}

func (f fileID) is(other fileID) bool { return f == other }

func stat(path string) (fileID, error) {
	var s syscall.Stat_t
	err := syscall.Stat(path, &s)
	return idOf(&s), err
}

func idOf(s *syscall.Stat_t) fileID { return fileID{uint64(s.Dev), uint64(s.Ino)} }
