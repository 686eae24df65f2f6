package sqldb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/mlmd-go/sdk/internal/textutil"
)

// The limits of the log of slow statements.
const (
	slowPerSecond = 1
	slowBurst     = 10
	slowText      = 4000 // bytes of a statement or a plan
	planLines     = 200
	planTimeout   = time.Second // to get a connection and the plan
)

// A slowLog logs statements that take long, with their plans.
type slowLog struct {
	db       *DB
	min      time.Duration
	limit    *rate.Limiter
	skipped  atomic.Int64  // not logged since the last one that was
	planning chan struct{} // holds a token while a plan is read
	pending  sync.WaitGroup
}

func newSlowLog(db *DB, minimum time.Duration) *slowLog {
	return &slowLog{
		db: db, min: minimum, limit: rate.NewLimiter(slowPerSecond, slowBurst), planning: make(chan struct{}, 1),
	}
}

// report logs a statement. It does not wait for the plan, which another
// connection reads: this one may be in a transaction.
func (l *slowLog) report(ctx context.Context, s Statement, args []any) {
	if !l.limit.Allow() {
		l.skipped.Add(1)
		return
	}
	ctx = context.WithoutCancel(ctx)
	if !hasPlan(s.Operation) || l.db.d.Explain == "" {
		l.log(ctx, s)
		return
	}
	select {
	case l.planning <- struct{}{}:
	default:
		l.log(ctx, s, slog.String("no_plan", "the plan of another statement is being read"))
		return
	}
	l.pending.Go(func() {
		defer func() { <-l.planning }()
		plan, err := l.db.plan(ctx, s.Text, args)
		if err != nil {
			l.log(ctx, s, slog.String("no_plan", err.Error()))
			return
		}
		l.log(ctx, s, slog.String("plan", plan))
	})
}

// hasPlan reports whether statements of the kind search tables.
func hasPlan(operation string) bool {
	switch operation {
	case "SELECT", "UPDATE", "DELETE":
		return true
	}
	return false
}

func (l *slowLog) log(ctx context.Context, s Statement, more ...slog.Attr) {
	attrs := append([]slog.Attr{
		slog.Duration("took", s.Duration), slog.Int64("rows", s.Rows),
		slog.String("statement", textutil.Truncate(s.Text, slowText)),
	}, more...)
	if s.Err != nil {
		attrs = append(attrs, slog.Any("error", s.Err))
	}
	if n := l.skipped.Swap(0); n > 0 {
		attrs = append(attrs, slog.Int64("not_logged_before", n))
	}
	l.db.log.LogAttrs(ctx, slog.LevelWarn, "slow statement", attrs...)
}

// plan returns how the database runs a statement, without running it. It waits
// for planTimeout at most.
func (db *DB) plan(ctx context.Context, text string, args []any) (plan string, err error) {
	ctx, cancel := context.WithTimeout(ctx, planTimeout)
	defer cancel()
	acquired := db.readers.withConn(ctx, func(c *Conn) (broken bool) {
		ctx, err2 := c.d.stmtContext(ctx)
		if err2 == nil {
			plan, err2 = c.readPlan(ctx, text, args)
		}
		err = err2
		return db.isBroken(err)
	})
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("it could not be read within %v", planTimeout)
	case acquired != nil:
		return "", acquired
	}
	return plan, err
}

func (c *Conn) readPlan(ctx context.Context, text string, args []any) (string, error) {
	rows, err := c.queryText(ctx, c.d.Explain+text, args)
	if err != nil {
		return "", err
	}
	columns := rows.Columns()
	var lines []string
	err = Each(rows, nil, len(columns), func(r *Row) error {
		if lines = append(lines, c.d.planLine(columns, r)); len(lines) >= planLines {
			return errLongPlan
		}
		return nil
	})
	if err != nil && !errors.Is(err, errLongPlan) {
		return "", err
	}
	plan := strings.Join(lines, "\n")
	if c.d.HidePlanValues != nil {
		plan = c.d.HidePlanValues(plan)
	}
	return textutil.Truncate(plan, slowText), nil
}

// planLine returns a line of a plan.
func (d *Dialect) planLine(columns []string, r *Row) string {
	var words []string
	for i, name := range columns {
		v := r.value(i)
		if b, ok := v.([]byte); ok {
			v = string(b)
		}
		switch {
		case v == nil, name == d.PlanOmits:
		case d.PlanColumn == "":
			words = append(words, fmt.Sprintf("%s=%v", name, v))
		case d.PlanColumn == name:
			words = append(words, fmt.Sprint(v))
		}
	}
	return strings.Join(words, " ")
}

var errLongPlan = errors.New("the plan has too many lines")
