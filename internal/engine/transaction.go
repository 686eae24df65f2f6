package engine

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// enclosing is the transaction, or the part of one, that the RPCs of a Service are
// part of.
type enclosing struct {
	parent *Service
	tx     *sqldb.Tx
	types  []cachedType // added to the parent's cache after the commit
	leaves leaves
	closed bool
	busy   chan struct{} // full while an RPC or a part runs, since one runs at a time
}

func newEnclosing(parent *Service, tx *sqldb.Tx) *enclosing {
	return &enclosing{parent: parent, tx: tx, busy: make(chan struct{}, 1)}
}

// Transact calls fn with a Service whose RPCs are one transaction. They see each
// other's writes. An RPC that fails leaves nothing behind, and fn may go on. If fn
// returns an error or panics, or if the commit fails, nothing is stored.
//
// fn is called again if the transaction lost a conflict with another one. The
// Service must not be used after fn has returned.
//
// Transact of that Service makes a part of the transaction, which is undone if its fn
// returns an error or panics. Other RPCs of the transaction wait until it ends.
//
// The error is that of fn, or has a gRPC status.
func (s *Service) Transact(ctx context.Context, fn func(context.Context, *Service) error) error {
	var end ending
	run := s.transact
	if s.outer != nil {
		run = s.outer.part
	}
	err := run(ctx, fn, &end)
	switch {
	case end.panicked != nil:
		panic(end.panicked)
	case errors.Is(err, errNotReturned):
		runtime.Goexit()
	case end.err != nil:
		return end.err
	}
	return s.status(ctx, err)
}

// An ending is how the function of a transaction ended.
type ending struct {
	panicked any
	returned bool
	err      error
}

// transact is Transact outside of a transaction. It returns the error of the
// database, if it is not that of fn.
func (s *Service) transact(ctx context.Context, fn func(context.Context, *Service) error, end *ending) error {
	return s.db.UpdateFirst(ctx, func(ctx context.Context, t *sqldb.Tx) error {
		outer := newEnclosing(s, t)
		t.OnCommit(func() { s.types.add(outer.types...) })
		return outer.finish(ctx, fn, end)
	})
}

// part is transact within the transaction.
func (o *enclosing) part(ctx context.Context, fn func(context.Context, *Service) error, end *ending) error {
	if err := o.begin(ctx); err != nil {
		return err
	}
	defer func() { <-o.busy }()
	inner := newEnclosing(o.parent, o.tx)
	inner.leaves = maps.Clone(o.leaves)
	err := o.tx.Nested(ctx, func(ctx context.Context) error { return inner.finish(ctx, fn, end) })
	if err == nil {
		o.types = append(o.types, inner.types...)
		o.leaves = inner.leaves
	}
	return err
}

// begin waits until no other RPC runs. The caller must receive from o.busy unless
// begin returns an error.
func (o *enclosing) begin(ctx context.Context) error {
	select {
	case o.busy <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if o.closed {
		<-o.busy
		return errorf(codes.FailedPrecondition, "the transaction has ended: its client cannot be used any more")
	}
	return nil
}

// finish calls fn and returns the error to end the transaction, or the part, with.
func (o *enclosing) finish(ctx context.Context, fn func(context.Context, *Service) error, end *ending) error {
	*end = o.call(ctx, fn)
	switch {
	case !end.returned:
		return errNotReturned
	case o.tx.Err() != nil: // whatever fn made of it
		end.err = nil
		return o.tx.Err()
	}
	return end.err
}

var errNotReturned = errors.New("the function of a transaction did not return")

// call calls fn with a service whose RPCs are part of the transaction. It does so
// in a goroutine of its own: if fn ends it, as testing.T.FailNow does, the
// transaction is still rolled back.
func (o *enclosing) call(ctx context.Context, fn func(context.Context, *Service) error) (end ending) {
	p := o.parent
	inner := &Service{db: p.db, schema: p.schema, filter: p.filter, log: p.log, clock: p.clock, outer: o}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { end.panicked = recover() }()
		end.err = fn(ctx, inner)
		end.returned = true
	}()
	<-done
	o.busy <- struct{}{}
	o.closed = true
	<-o.busy
	return end
}

// run runs fn for one RPC.
func (o *enclosing) run(ctx context.Context, s *Service, fn func(context.Context, *tx) error) error {
	if err := o.begin(ctx); err != nil {
		return err
	}
	defer func() { <-o.busy }()
	var types []cachedType
	var changed leaves
	err := o.tx.Savepoint(ctx, func(ctx context.Context, part *sqldb.Tx) error {
		t := &tx{Tx: part, s: s, d: part.Dialect(), leaves: maps.Clone(o.leaves)}
		err := fn(ctx, t)
		types, changed = t.cacheOnCommit, t.leaves
		return err
	})
	if err == nil {
		o.types = append(o.types, types...)
		o.leaves = changed
	}
	return err
}

// LockNodes makes other calls of it that name one of the nodes wait until the
// transaction ends that s is part of.
func (s *Service) LockNodes(ctx context.Context, artifacts, executions, contexts []int64) error {
	return s.update(ctx, func(ctx context.Context, t *tx) error {
		for _, nodes := range []struct {
			kind *nodeKind
			ids  []int64
		}{{artifactKind, artifacts}, {executionKind, executions}, {contextKind, contexts}} {
			if err := t.lock(ctx, nodes.kind, t.d.ValidIDs(slices.Clone(nodes.ids))); err != nil {
				return err
			}
		}
		return nil
	})
}

// root returns the service whose caches s uses.
func (s *Service) root() *Service {
	if s.outer != nil {
		return s.outer.parent
	}
	return s
}
