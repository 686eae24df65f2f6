package registry

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A transactor is an RPC client that can run transactions. Those of embedded
// stores are.
type transactor interface {
	Transact(ctx context.Context, fn func(tx mlmdpb.MetadataStoreServiceClient) error) error
}

// Tx calls f with a client whose calls are one transaction of an embedded store:
// either all of their writes are stored or none. Calls of tx see the earlier
// writes of tx. A call that fails leaves nothing behind, and f may handle its
// error and go on. If f returns an error, Tx stores nothing and returns that
// error. If f panics, Tx stores nothing and panics.
//
// Tx calls f again if the transaction conflicts with another one, or if the
// context of a call ends while a database server executes it, so f should have no
// other effects. Pass the calls the context of Tx, or one that ends later. The
// IDs that calls of tx set in their values are reset before f is called again,
// and if Tx fails.
//
// Use only tx within f: c, or a collection made for c, would wait for the
// transaction on SQLite. [NewCollection] makes collections for tx. tx must not be
// used after f has returned, nor closed.
//
// Hooks of [OnWrite] run after the commit. If one of them fails, the error is
// [ErrAfterWrite], and the transaction is stored.
//
// The error is [ErrUnsupported] if c is not a client of an embedded store, since
// MLMD's protocol has no transactions of several calls, or if c is itself in a
// transaction. [ErrUnavailable] may mean that the transaction was stored
// although its confirmation was lost.
func (c *Client) Tx(ctx context.Context, f func(tx *Client) error) error {
	s := operation{op: "transaction"}
	if f == nil {
		return s.newError(ErrInvalidArgument, "the function is nil")
	}
	if c.tx != nil {
		return s.newError(ErrUnsupported, "transactions cannot be nested: use the client that the function was given")
	}
	store, ok := c.rpc.(transactor)
	if !ok {
		return s.newError(ErrUnsupported, "a server has no transactions of several calls: use an embedded store")
	}
	state, err := c.transact(ctx, store, f)
	if err != nil {
		return err
	}
	return state.committed(ctx, c)
}

// transact calls f with a client whose calls are one transaction of the store, or one
// part of the transaction that it belongs to. It returns what remains to be done after
// the commit.
func (c *Client) transact(ctx context.Context, store transactor, f func(tx *Client) error) (*txState, error) {
	var failed *txError
	state := &txState{}
	stored := false
	var last *Client // that f was called with
	defer func() {
		if !stored { // f may have panicked
			state.reset()
		}
	}()
	err := store.Transact(ctx, func(rpc mlmdpb.MetadataStoreServiceClient) error {
		state.reset() // of a call that lost a conflict
		tx := newClient(partOfTx{rpc}, c.config)
		tx.tx, tx.specs = state, c.specs
		tx.types.addFrom(&c.types)
		last = tx
		if err := f(tx); err != nil {
			return &txError{err}
		}
		return nil
	})
	if err == nil {
		stored = true
		c.types.addFrom(&last.types)
		return state, nil
	}
	if errors.As(err, &failed) {
		return nil, failed.error
	}
	return nil, operation{op: "transaction"}.rpcError(ctx, err)
}

// part calls f with a client whose calls are a part of the transaction of c: if f
// fails, they leave nothing behind.
func (c *Client) part(ctx context.Context, f func(part *Client) error) error {
	store, ok := transactorOf(c.rpc)
	if !ok { // the store has no parts of transactions
		return f(c)
	}
	state, err := c.transact(ctx, store, f)
	if err == nil {
		c.tx.add(state)
	}
	return err
}

// partOfTx is the RPC client of a transaction, which cannot begin another one but has
// parts.
type partOfTx struct {
	mlmdpb.MetadataStoreServiceClient
}

// transactorOf returns what makes transactions of an embedded store or, for the client
// of a transaction, parts of it.
func transactorOf(rpc mlmdpb.MetadataStoreServiceClient) (transactor, bool) {
	if tx, ok := rpc.(partOfTx); ok {
		rpc = tx.MetadataStoreServiceClient
	}
	t, ok := rpc.(transactor)
	return t, ok
}

// A txError is an error that the function of a transaction returned, on its way
// through the store.
type txError struct{ error }

// txState holds what the end of a transaction has to do.
type txState struct {
	mu    sync.Mutex
	undo  []func() // resets the IDs in values if the transaction is not stored
	after []func(context.Context, *Client) hookErrors
}

// undoable records how to undo a change to a value. f is called if c is in a
// transaction and the transaction is not stored.
func (c *Client) undoable(f func()) {
	if c.tx == nil {
		return
	}
	c.tx.mu.Lock()
	defer c.tx.mu.Unlock()
	c.tx.undo = append(c.tx.undo, f)
}

// afterCommit records hooks to run after the commit.
func (s *txState) afterCommit(f func(ctx context.Context, c *Client) hookErrors) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = append(s.after, f)
}

// reset ends a transaction, or one try of it, that is not stored.
func (s *txState) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range slices.Backward(s.undo) {
		f()
	}
	s.undo, s.after = nil, nil
}

// committed runs the hooks of the transaction, which was begun by c.
func (s *txState) committed(ctx context.Context, c *Client) error {
	s.mu.Lock()
	after := s.after
	s.mu.Unlock()
	var failed hookErrors
	for _, f := range after {
		failed = append(failed, f(ctx, c)...)
	}
	return failed.beside(nil)
}

// add adds what the end of a part of the transaction has left to do.
func (s *txState) add(part *txState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undo, s.after = append(s.undo, part.undo...), append(s.after, part.after...)
}

// inBatch returns the results of f, which writes through the given client. On an
// embedded store it calls f in a transaction of its own, or in a part of the
// transaction of c.
func (c *Client) inBatch(ctx context.Context, f func(*Client) ([]Result, error)) ([]Result, error) {
	run := c.Tx
	if c.tx != nil {
		run = c.part
	} else if _, ok := c.rpc.(transactor); !ok {
		return f(c)
	}
	var out []Result
	err := run(ctx, func(tx *Client) (err error) {
		out, err = f(tx)
		return err
	})
	if err != nil && !tookEffect(err) {
		return nil, err
	}
	return out, err
}
