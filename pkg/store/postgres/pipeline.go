package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// pipeline returns a [sqldb.PipelineFunc] that sends statements in a batch of the
// driver. prepare reports whether to prepare them: the driver's own cache forgets all
// statements of a batch in which one fails, such as the INSERT of a name that exists.
func pipeline(prepare func() bool) sqldb.PipelineFunc {
	return func(
		ctx context.Context, conn any, statements []sqldb.PipelineStmt, rows bool,
	) (sqldb.PipelineResult, error) {
		c, ok := conn.(*stdlib.Conn)
		if !ok {
			return sqldb.PipelineResult{}, driver.ErrSkip
		}
		batch := new(pgx.Batch)
		for _, s := range statements {
			if prepare() {
				if _, err := c.Conn().Prepare(ctx, s.Text, s.Text); err != nil {
					return sqldb.PipelineResult{}, err
				}
			}
			args := make([]any, len(s.Args))
			for i, v := range s.Args {
				args[i] = v.Value
			}
			batch.Queue(s.Text, args...)
		}
		return sendBatch(ctx, c.Conn(), batch, rows)
	}
}

// sendBatch runs a batch, the last statement of which is a query if rows is set.
func sendBatch(
	ctx context.Context, conn *pgx.Conn, batch *pgx.Batch, rows bool,
) (result sqldb.PipelineResult, err error) {
	results := conn.SendBatch(ctx, batch)
	defer func() {
		if closed := results.Close(); err == nil && closed != nil {
			result.Done, err = -1, closed
		}
	}()
	for i := range batch.Len() {
		if rows && i == batch.Len()-1 {
			result.Rows, err = readAll(results)
		} else {
			var tag pgconn.CommandTag
			tag, err = results.Exec()
			result.Result = driver.RowsAffected(tag.RowsAffected())
		}
		if err != nil {
			result.Done = done(i, err)
			return result, err
		}
	}
	return result, nil
}

// done returns how many statements succeeded, of which i did before err, or -1 if all
// may have been sent.
func done(i int, err error) int {
	switch {
	case errors.As(err, new(*pgconn.PgError)):
		return i
	case strings.Contains(err.Error(), badArgument):
		return 0 // found before the batch was sent
	}
	return -1
}

// readAll reads the rows of the next query.
func readAll(results pgx.BatchResults) (driver.Rows, error) {
	from, err := results.Query()
	if err != nil {
		return nil, err
	}
	defer from.Close()
	to := &bufferedRows{}
	for _, f := range from.FieldDescriptions() {
		to.columns = append(to.columns, f.Name)
	}
	for from.Next() {
		values, err := from.Values()
		if err != nil {
			return nil, err
		}
		row := make([]driver.Value, len(values))
		for i, v := range values {
			if row[i], err = driverValue(v); err != nil {
				return nil, fmt.Errorf("column %s: %w", to.columns[i], err)
			}
		}
		to.rows = append(to.rows, row)
	}
	return to, from.Err()
}

// driverValue converts a value of the driver to a value of package database/sql/driver.
func driverValue(v any) (driver.Value, error) {
	switch v := v.(type) {
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case float32:
		return float64(v), nil
	case driver.Valuer:
		return v.Value()
	}
	if !driver.IsValue(v) {
		return nil, fmt.Errorf("unexpected type %T", v)
	}
	return v, nil
}

// bufferedRows are rows in memory.
type bufferedRows struct {
	columns []string
	rows    [][]driver.Value
}

func (r *bufferedRows) Columns() []string { return r.columns }

func (r *bufferedRows) Close() error { return nil }

func (r *bufferedRows) Next(values []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(values, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}
