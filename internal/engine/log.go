package engine

import (
	"context"
	"log/slog"
	"path"
	"sync"

	"google.golang.org/grpc"
)

// damageLog logs stored values that cannot be read and are left out of replies.
// One row must not make a list unreadable, but the operator needs to know. Each
// value is logged once, up to maxDamageReports values.
type damageLog struct {
	log *slog.Logger

	mu   sync.Mutex
	seen map[damagedRow]bool
}

type damagedRow struct {
	table string
	id    int64
	what  string
}

const maxDamageReports = 1000

func (l *damageLog) report(ctx context.Context, table string, id int64, what string, err error) {
	if l.log == nil {
		return
	}
	row := damagedRow{table, id, what}
	l.mu.Lock()
	known := l.seen[row] || len(l.seen) >= maxDamageReports
	if !known {
		if l.seen == nil {
			l.seen = map[damagedRow]bool{}
		}
		l.seen[row] = true
	}
	l.mu.Unlock()
	if !known {
		l.log.WarnContext(ctx, "a stored value cannot be read and is left out", "table", table, "id", id, "what", what,
			"error", err)
	}
}

// reportDamage logs that part of a stored row cannot be read. id is that of the
// row, or of the node or type that it belongs to.
func (r reader) reportDamage(ctx context.Context, table string, id int64, what string, err error) {
	r.s.damage.report(ctx, table, id, what, err)
}

func (t *tx) reportDamage(ctx context.Context, table string, id int64, what string, err error) {
	t.s.root().damage.report(ctx, table, id, what, err)
}

// rpcHandler adds the name of the RPC to the records that are logged during it.
type rpcHandler struct{ slog.Handler }

func (h rpcHandler) Handle(ctx context.Context, r slog.Record) error {
	if method, ok := grpc.Method(ctx); ok {
		r.AddAttrs(slog.String("rpc", path.Base(method)))
	}
	return h.Handler.Handle(ctx, r)
}

func (h rpcHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return rpcHandler{h.Handler.WithAttrs(attrs)}
}

func (h rpcHandler) WithGroup(name string) slog.Handler {
	return rpcHandler{h.Handler.WithGroup(name)}
}
