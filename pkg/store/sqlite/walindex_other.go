//go:build !unix

package sqlite

import "github.com/mlmd-go/sdk/internal/sqldb"

// A walIndex is the shared memory of a write-ahead log, which is not read on this
// system.
type walIndex struct{}

func openWALIndex(string, fileID) *walIndex { return nil }

func (*walIndex) state() (state sqldb.FileState, ok bool) { return state, false }

func (*walIndex) close() {}
