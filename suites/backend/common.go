package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// A common is a store that tests share until the process ends.
type common struct {
	once sync.Once
	service
	err error
}

func (c *common) open(start func(context.Context, testing.TB) (service, error)) (service, error) {
	c.once.Do(func() {
		tb := &process{}
		c.service, c.err = start(context.Background(), tb)
		onClose(tb.close) // before what it stands on, such as a connection
	})
	return c.service, c.err
}

// A process is a testing.TB that lasts until [Main] ends. It has what the
// starters use of one, and panics at the rest.
type process struct {
	testing.TB
	folder   string
	cleanups []func()
	errs     []error
}

func (*process) Helper() {}

func (*process) Context() context.Context { return context.Background() }

// Name names what belongs to no test.
func (*process) Name() string { return "shared" }

func (*process) Log(...any) {}

func (*process) Logf(string, ...any) {}

// Cleanup runs f when the process ends.
func (p *process) Cleanup(f func()) { p.cleanups = append(p.cleanups, f) }

// Error is told by [Main] when all tests are done.
func (p *process) Error(args ...any) { p.errs = append(p.errs, errors.New(fmt.Sprint(args...))) }

// Errorf is told by [Main] when all tests are done.
func (p *process) Errorf(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf(format, args...))
}

// TempDir makes one folder that goes when the process ends.
func (p *process) TempDir() string {
	if p.folder == "" {
		folder, err := os.MkdirTemp("", "mlmd")
		if err != nil {
			panic(err)
		}
		p.folder = folder
	}
	return p.folder
}

func (p *process) close() error {
	for i := len(p.cleanups) - 1; i >= 0; i-- {
		p.cleanups[i]()
	}
	if p.folder != "" {
		p.errs = append(p.errs, os.RemoveAll(p.folder))
	}
	return errors.Join(p.errs...)
}
