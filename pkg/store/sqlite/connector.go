package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"log/slog"
	"math"

	"zombiezen.com/go/sqlite"

	"github.com/mlmd-go/sdk/internal/sqlitedriver"
)

// A connector opens connections to one database and sets their pragmas.
type connector struct {
	driver.Connector
	files   *files // nil: there are none
	pragmas []string
	wal     bool // switch the file to write-ahead logging
	log     *slog.Logger
}

// handle returns a handle with the connector c.
func (l *location) handle(c connector) *sql.DB {
	c.Connector = sqlitedriver.NewConnector(l.uri())
	return sql.OpenDB(&c)
}

// Connect returns an error if the file is not the one that other connections have
// open.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	// The file is open now, but neither it nor its log has been read.
	if err = c.check(); err == nil {
		err = c.ready(ctx, conn.(driverConn))
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func (c *connector) check() error {
	if c.files == nil {
		return nil
	}
	return c.files.Check(false)
}

type driverConn interface {
	driver.QueryerContext
	driver.ExecerContext
}

func (c *connector) ready(ctx context.Context, conn driverConn) error {
	for _, pragma := range c.pragmas {
		if _, err := conn.ExecContext(ctx, "PRAGMA "+pragma, nil); err != nil {
			return err
		}
	}
	if c.wal {
		// If other processes hold the file, or it is read-only, it keeps its mode.
		if _, err := conn.ExecContext(ctx, "PRAGMA journal_mode = WAL", nil); err != nil {
			if ctx.Err() != nil {
				return err
			}
			c.log.InfoContext(ctx, "cannot switch the database to write-ahead logging", "error", err)
		}
	}
	if c.files == nil {
		return nil
	}
	if err := look(ctx, conn); err != nil {
		return err
	}
	c.files.opened()
	return nil
}

// look reads from the database, which makes SQLite open its log.
func look(ctx context.Context, conn driverConn) error {
	rows, err := conn.QueryContext(ctx, "SELECT 1 FROM sqlite_master LIMIT 1", nil)
	if err != nil {
		return err
	}
	if err := rows.Next(make([]driver.Value, 1)); err != nil && err != io.EOF {
		return errors.Join(err, rows.Close())
	}
	return rows.Close()
}

// limitText returns a function that limits the texts and rows of a connection to n
// bytes, or nil if n is 0. SQLite has a limit of its own that cannot be exceeded.
func limitText(n int64) func(*sql.Conn) error {
	if n == 0 {
		return nil
	}
	return func(conn *sql.Conn) error {
		return conn.Raw(func(c any) error {
			c.(*sqlitedriver.Conn).Limit(sqlite.LimitLength, int32(min(n, math.MaxInt32)))
			return nil
		})
	}
}
