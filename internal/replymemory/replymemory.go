// Package replymemory limits the memory of the replies that a server builds and
// sends.
//
// A [Budget] is shared by the requests of a server. Each request has an [Account],
// which its context carries. What reads the rows of the reply charges the account,
// so that a reply that is too large is never built.
package replymemory

import (
	"context"
	"fmt"
	"sync/atomic"
)

const (
	// free is how many bytes of each request do not count, so that pages of a list
	// and reads by ID succeed while large replies take the whole budget.
	free = 1 << 20
	// chunk is how many bytes an account takes from its budget at once.
	chunk = 256 << 10
	// large is the size from which on a request leaves a quarter of the budget to
	// smaller ones.
	large = 8 << 20
)

// A Budget is the memory that the accounts of a server share. It is safe for
// concurrent use.
type Budget struct {
	limit int64
	used  atomic.Int64
}

// NewBudget returns a budget of n bytes.
func NewBudget(n int64) *Budget { return &Budget{limit: n} }

// Used returns how many bytes the open accounts have taken.
func (b *Budget) Used() int64 { return b.used.Load() }

// Open returns a context with an account for one request. The caller must close the
// account after the reply was sent. The account of a nil budget has no limit.
func (b *Budget) Open(ctx context.Context) (context.Context, *Account) {
	if b == nil {
		return ctx, nil
	}
	a := &Account{budget: b}
	return context.WithValue(ctx, key{}, a), a
}

type key struct{}

// FromContext returns the account of the request, or nil, which has no limit.
func FromContext(ctx context.Context) *Account {
	a, _ := ctx.Value(key{}).(*Account)
	return a
}

// An Account counts the memory of one reply. It is safe for concurrent use.
type Account struct {
	budget *Budget
	used   atomic.Int64
	taken  atomic.Int64 // from the budget
}

// Charge adds n bytes. It returns an [*ExceededError] if the budget does not have
// them.
func (a *Account) Charge(n int64) error {
	if a == nil {
		return nil
	}
	used := a.used.Add(n)
	missing := used - free - a.taken.Load()
	if missing <= 0 {
		return nil
	}
	missing = max(missing, chunk)
	limit := a.budget.limit
	if used > large {
		limit -= limit / 4
	}
	if a.budget.used.Add(missing) > limit {
		a.budget.used.Add(-missing)
		return &ExceededError{Read: used, Limit: a.budget.limit}
	}
	a.taken.Add(missing)
	return nil
}

// Close returns the memory to the budget. The account must not be charged
// afterwards.
func (a *Account) Close() {
	if a != nil {
		a.budget.used.Add(-a.taken.Swap(0))
	}
}

// An ExceededError reports that a reply was not built because the budget has no
// room for it.
type ExceededError struct {
	Read  int64 // the bytes of this reply so far
	Limit int64 // the bytes of all replies
}

// Error says how large the reply is and what to do.
func (e *ExceededError) Error() string {
	return fmt.Sprintf("the reply is too large: it takes %d MiB of memory so far, and this server has %d MiB for all "+
		"replies that it builds at once: ask for less, such as pages by max_result_size in the list options",
		e.Read>>20, e.Limit>>20)
}
