package sqlitedriver

import (
	"testing"

	lib "modernc.org/sqlite/lib"
)

func TestFdatasync(t *testing.T) {
	if lib.Xmodernc_fdatasync(nil, -1) != 1 {
		t.Error("commits call fsync")
	}
}
