// Package sqldb runs transactions on one SQL database: connections, statements,
// transactions and their retries. It knows nothing of what the tables hold. What
// differs between databases is data in a [Dialect].
package sqldb
