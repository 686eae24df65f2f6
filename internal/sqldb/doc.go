// Package sqldb runs transactions on one SQL database: connections, statements,
// transactions and retries. It does not know what the tables contain. What
// differs between database systems is data in a [Dialect].
//
// # Direct calls of the driver
//
// A [Conn] takes the driver's connection out of database/sql with
// [database/sql.Conn.Raw] and calls the driver itself. On SQLite, what
// database/sql adds to each statement and row costs more than a small statement:
// a lock, a goroutine per context, the conversion of each value. Together with
// the statement cache, direct calls took the service in memory from 1.5 to 2.5
// times the speed of the reference implementation. Rows that are a [Cursor], as
// those of internal/sqlitedriver, hand out values without an interface for each. On PostgreSQL and MySQL the
// network outweighs the difference, and one code path serves all.
//
// The following keeps this sound:
//
//   - A Conn owns its connection. Raw holds the connection's lock during each call,
//     and only one goroutine uses a Conn at a time.
//   - Prepared statements are used within Raw only, and closed before the
//     connection is.
//   - The rows of a statement are closed before the next statement runs.
//   - Arguments are converted as database/sql does, see namedValues.
//   - Errors of the driver are marked by [DriverError], so that they are told from
//     errors of this package.
//
// Because connections stay checked out of database/sql, it no longer does the
// following, and this package does it instead or not at all:
//
//   - ResetSession is called when an idle connection to a server is acquired.
//   - ConnMaxLifetime and ConnMaxIdleTime have no effect: the pool closes old and
//     idle connections.
//   - A statement that fails with ErrBadConn is not retried by itself. The
//     transaction is, on another connection.
//   - DB.Stats of database/sql counts all connections of the pool as in use;
//     [DB.Stats] of this package does not.
//
// To measure a change, run
//
//	go test ./bench -run '^$' -bench . -benchmem
//	go run ./bench/reference
//
// In the former, BenchmarkGet and BenchmarkFindByName consist of small reads,
// where the cost per statement and row shows most.
package sqldb
