package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"modernc.org/sqlite"
)

// A connector opens connections to one database, each with the same pragmas.
type connector struct {
	driver.Connector
	files   *files // nil: there are none
	pragmas []string
	wal     bool // put the file into write-ahead mode
	log     *slog.Logger
}

// open makes a handle whose connections run the pragmas first.
func (l *location) open(c connector) (*sql.DB, error) {
	var err error
	if c.Connector, err = sqlite.NewConnector(l.uri()); err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", l.given, err)
	}
	return sql.OpenDB(&c), nil
}

// Connect refuses to open a file that is not the one that others have open.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	// Now the file is open, but nothing has been read from it, nor from its log.
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
		// Where others hold the file, or it cannot be written, the old mode does as
		// well.
		if _, err := conn.ExecContext(ctx, "PRAGMA journal_mode = WAL", nil); err != nil {
			if ctx.Err() != nil {
				return err
			}
			c.log.InfoContext(ctx, "the database stays in its journal mode", "error", err)
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

// look reads from the database, which opens its log.
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
