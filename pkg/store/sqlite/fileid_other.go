//go:build !unix

package sqlite

import "os"

// A fileID identifies a file as long as it exists. The zero value identifies none.
type fileID struct{ info os.FileInfo }

// identify returns the ID of the file that path leads to.
func identify(path string) (fileID, error) {
	info, err := os.Stat(path)
	return fileID{info}, err
}

func (f fileID) is(other fileID) bool { return os.SameFile(f.info, other.info) }
