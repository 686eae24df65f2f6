package registry

import (
	"context"
	"errors"

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
// Tx calls f again if the transaction conflicts with another one, so f should
// have no other effects. IDs that f sets in its values stay there, even if nothing
// was stored in the end.
//
// Use only tx within f: c, or a collection made for c, would wait for the
// transaction on SQLite. [NewCollection] makes collections for tx. tx must not be
// used after f has returned, nor closed.
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
	if c.inTx {
		return s.newError(ErrUnsupported, "transactions cannot be nested: use the client that the function was given")
	}
	store, ok := c.rpc.(transactor)
	if !ok {
		return s.newError(ErrUnsupported, "a server has no transactions of several calls: use an embedded store")
	}
	var failed *txError
	err := store.Transact(ctx, func(rpc mlmdpb.MetadataStoreServiceClient) error {
		tx := newClient(rpc, clientConfig{prefix: c.prefix})
		tx.inTx = true
		if err := f(tx); err != nil {
			return &txError{err}
		}
		return nil
	})
	if err == nil {
		return nil
	}
	if errors.As(err, &failed) {
		return failed.error
	}
	return s.rpcError(ctx, err)
}

// A txError is an error that the function of a transaction returned, on its way
// through the store.
type txError struct{ error }
