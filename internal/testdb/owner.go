package testdb

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
)

// An Owner is the owner of databases in a program, in place of a test. It implements of
// testing.TB what this package calls. It is not safe for concurrent use.
type Owner struct {
	testing.TB
	ctx      context.Context
	cleanups []func()
}

// NewOwner returns an owner of databases. Creating these stops when ctx ends.
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
