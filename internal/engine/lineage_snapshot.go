package engine

import "context"

// readAtOnce answers a request that writes nothing and takes several statements:
// all of them see the database as of one moment. See [read].
func readAtOnce[R any](ctx context.Context, e *Engine, rpc string, answer func(context.Context, querier) (*R, error)) (*R, error) {
	reply, err := repeat(ctx, e, rpc, func() (*R, error) { return inSnapshot(ctx, e, answer) })
	return reply, e.status(ctx, rpc, err)
}

// inSnapshot calls answer in one transaction that reads.
func inSnapshot[R any](ctx context.Context, e *Engine, answer func(context.Context, querier) (*R, error)) (reply *R, err error) {
	s, err := e.readers.lend(ctx)
	if err != nil {
		return nil, err
	}
	ended := false
	defer func() { e.readers.giveBack(s, !ended || e.broken(err)) }()
	defer func() { ended = s.rollBack(ctx) }()
	for _, statement := range e.d.beginRead() {
		if _, err := s.execWaiting(ctx, statement); err != nil {
			return nil, err
		}
	}
	defer recovered(&err)
	return answer(ctx, s)
}
