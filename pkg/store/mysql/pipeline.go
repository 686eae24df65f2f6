package mysql

import (
	"context"
	"database/sql/driver"
	"math"
	"strings"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// pipeline implements [sqldb.PipelineFunc] with one text of several statements, in which
// the driver puts the arguments.
func pipeline(
	ctx context.Context, conn any, statements []sqldb.PipelineStmt, rows bool,
) (result sqldb.PipelineResult, err error) {
	c, ok := conn.(*connection)
	if !ok {
		return result, driver.ErrSkip
	}
	var text strings.Builder
	var args []driver.NamedValue
	for i, s := range statements {
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString(s.Text)
		for _, v := range s.Args {
			if f, ok := v.Value.(float64); ok && f == 0 && math.Signbit(f) {
				return result, driver.ErrSkip // as text, -0 is an integer without a sign
			}
			args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: v.Value})
		}
	}
	if rows {
		result.Rows, err = c.QueryContext(ctx, text.String(), args)
	} else {
		result.Result, err = c.ExecContext(ctx, text.String(), args)
	}
	if err != nil {
		result.Done = -1
	}
	return result, err
}
