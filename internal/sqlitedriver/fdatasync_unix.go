//go:build unix

package sqlitedriver

import lib "modernc.org/sqlite/lib"

// Commits call fdatasync where there is one, as SQLite does in the builds of Linux
// distributions. It writes the data and the size of a file to the disk but not its times,
// for which fsync may wait for the journal of the file system. The setting is one of the
// process; sqlite.Fdatasync of modernc.org/sqlite changes it.
func init() { lib.Xmodernc_fdatasync(nil, 1) }
