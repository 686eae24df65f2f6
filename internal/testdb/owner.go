package testdb

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
)

// An Owner owns databases in a program, as a test does in a test. It implements the
// methods of testing.TB that [Postgres] and [MySQL] call; the others panic. It is not
// safe for concurrent use.
type Owner struct {
	testing.TB
	ctx      context.Context
	cleanups []func()
}

// NewOwner returns an owner without databases. When ctx ends, creating one fails.
func NewOwner(ctx context.Context) *Owner { return &Owner{ctx: ctx} }

// Helper does nothing.
func (o *Owner) Helper() {}

// Context returns the context of the owner.
func (o *Owner) Context() context.Context { return o.ctx }

// Cleanup registers a function that Release calls.
func (o *Owner) Cleanup(f func()) { o.cleanups = append(o.cleanups, f) }

// Logf prints a line to standard error.
func (o *Owner) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// Release drops the databases, the last one first.
func (o *Owner) Release() {
	for _, f := range slices.Backward(o.cleanups) {
		f()
	}
	o.cleanups = nil
}
