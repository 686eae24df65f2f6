package engine

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"sync"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// enclosing is the transaction that the RPCs of a Service are part of.
type enclosing struct {
	parent *Service

	mu     sync.Mutex // a transaction runs one RPC at a time
	tx     *sqldb.Tx
	types  []cachedType // added to the parent's cache after the commit
	leaves leaves
	closed bool
}

// Transact calls fn with a Service whose RPCs are one transaction. They see each
// other's writes. An RPC that fails leaves nothing behind, and fn may go on. If fn
// returns an error or panics, or if the commit fails, nothing is stored.
//
// fn is called again if the transaction lost a conflict with another one. The
// Service must not be used after fn has returned. Transactions cannot be nested.
//
// The error is that of fn, or has a gRPC status.
func (s *Service) Transact(ctx context.Context, fn func(context.Context, *Service) error) error {
	if s.outer != nil {
		return s.status(ctx, errorf(codes.FailedPrecondition, "transactions cannot be nested"))
	}
	var failed error // of fn
	var panicked any
	var returned bool
	err := s.db.Update(ctx, func(ctx context.Context, t *sqldb.Tx) error {
		outer := &enclosing{parent: s, tx: t}
		t.OnCommit(func() { s.types.add(outer.types...) })
		panicked, returned, failed = outer.call(ctx, fn)
		if !returned {
			return errNotReturned
		}
		if t.Err() != nil { // whatever fn made of it
			failed = nil
			return t.Err()
		}
		return failed
	})
	switch {
	case panicked != nil:
		panic(panicked)
	case errors.Is(err, errNotReturned):
		runtime.Goexit()
	case failed != nil:
		return failed
	}
	return s.status(ctx, err)
}

var errNotReturned = errors.New("the function of a transaction did not return")

// call calls fn with a service whose RPCs are part of the transaction. It does so
// in a goroutine of its own: if fn ends it, as testing.T.FailNow does, the
// transaction is still rolled back.
func (o *enclosing) call(
	ctx context.Context, fn func(context.Context, *Service) error,
) (panicked any, returned bool, err error) {
	p := o.parent
	inner := &Service{db: p.db, schema: p.schema, filter: p.filter, log: p.log, clock: p.clock, outer: o}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		err = fn(ctx, inner)
		returned = true
	}()
	<-done
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	return panicked, returned, err
}

// run runs fn for one RPC.
func (o *enclosing) run(ctx context.Context, s *Service, fn func(context.Context, *tx) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return errorf(codes.FailedPrecondition, "the transaction has ended: its client cannot be used any more")
	}
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

// root returns the service whose caches s uses.
func (s *Service) root() *Service {
	if s.outer != nil {
		return s.outer.parent
	}
	return s
}
