package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-sql-driver/mysql"
)

// A connector configures new connections.
type connector struct {
	driver.Connector
	killer   *killer
	readOnly bool
}

// driverConn is the interface of the driver's connections.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.QueryerContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// A connection is a driver connection with its ID on the server.
type connection struct {
	driverConn
	killer *killer
	id     string // empty: unknown
	server string
	opened time.Time
}

// Connect sets the isolation level READ COMMITTED, in which a statement sees what was
// committed while it waited for a lock.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := conn.(driverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("unexpected type %T of driver connections", conn), conn.Close())
	}
	// The name of the variable depends on the server; the statement does not.
	const readCommitted = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
	if _, err := inner.ExecContext(ctx, readCommitted, nil); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if c.readOnly {
		// Some compatible servers lack the statement. The store itself does not write, either.
		_, err := inner.ExecContext(ctx, "SET SESSION TRANSACTION READ ONLY", nil)
		if err != nil && !errors.As(err, new(*mysql.MySQLError)) {
			return nil, errors.Join(err, conn.Close())
		}
	}
	opened := time.Now()
	answer, err := firstRow(ctx, inner, "SELECT CONNECTION_ID(), "+serverName)
	if err != nil && !errors.As(err, new(*mysql.MySQLError)) {
		return nil, errors.Join(err, conn.Close())
	}
	made := &connection{driverConn: inner, killer: c.killer, opened: opened}
	if err == nil {
		made.id, made.server = answer[0], answer[1]
	}
	return made, nil
}

// serverName is an expression that identifies a server behind a shared address.
const serverName = "CONCAT_WS(' ', @@hostname, @@port, @@server_id, @@datadir)"

// Abandon kills the statement that the server may still execute for a connection that
// its driver has closed, because the server does not notice that.
func (c *connection) Abandon() {
	if c.id != "" {
		c.killer.kill(c)
	}
}

// killPatience limits the time to kill a statement.
const killPatience = 3 * time.Second

// A killer kills statements on the server, one after the other, over a separate
// connection.
type killer struct {
	inner driver.Connector
	turn  chan struct{}
}

func newKiller(config *mysql.Config) (*killer, error) {
	config = config.Clone()
	config.Timeout, config.ReadTimeout, config.WriteTimeout = killPatience, killPatience, killPatience
	config.Logger, config.MultiStatements = &mysql.NopLogger{}, false
	inner, err := mysql.NewConnector(config)
	return &killer{inner: inner, turn: make(chan struct{}, 1)}, err
}

// kill kills the statement of c on the server. It ignores errors, after which the
// statement runs to its end.
func (k *killer) kill(c *connection) {
	ctx, cancel := context.WithTimeout(context.Background(), killPatience)
	defer cancel()
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return
	}
	conn, err := k.inner.Connect(ctx)
	if err != nil {
		return
	}
	defer conn.Close()
	side, ok := conn.(driverConn)
	if !ok {
		return
	}
	// An address may lead to several servers, and a restarted server reuses IDs: make
	// sure that the ID is of this connection.
	server, err := firstRow(ctx, side, "SELECT "+serverName)
	if err != nil || server[0] != c.server {
		return
	}
	uptime, err := firstRow(ctx, side, "SHOW GLOBAL STATUS LIKE 'Uptime'")
	if err != nil || len(uptime) < 2 {
		return
	}
	up, err := time.ParseDuration(uptime[1] + "s")
	if err != nil || up+time.Second < time.Since(c.opened) {
		return
	}
	if _, err := side.ExecContext(ctx, "KILL "+c.id, nil); err != nil {
		return // the statement has ended
	}
	for ctx.Err() == nil {
		left, err := firstRow(ctx, side, "SELECT COUNT(*) FROM information_schema.processlist WHERE id = "+c.id)
		if err != nil || left[0] == "0" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// firstRow returns the first row of a query as text.
func firstRow(ctx context.Context, conn driver.QueryerContext, query string) ([]string, error) {
	rows, err := conn.QueryContext(ctx, query, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(values); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the query returned no row")
		}
		return nil, err
	}
	texts := make([]string, len(values))
	for i, v := range values {
		if b, ok := v.([]byte); ok {
			v = string(b)
		}
		texts[i] = fmt.Sprint(v)
	}
	return texts, nil
}
