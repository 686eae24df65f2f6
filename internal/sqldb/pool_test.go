package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"testing"
	"time"
)

// fakeConn is a connection that can be closed and nothing else.
type fakeConn struct {
	driverConn
	number int
	closed bool
}

func (c *fakeConn) IsValid() bool                       { return !c.closed }
func (c *fakeConn) Close() error                        { c.closed = true; return nil }
func (c *fakeConn) Begin() (driver.Tx, error)           { return nil, errors.New("no") }
func (c *fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("no") }

type fakeDriver struct{ made int }

func (d *fakeDriver) Driver() driver.Driver { return nil }
func (d *fakeDriver) Connect(context.Context) (driver.Conn, error) {
	d.made++
	return &fakeConn{number: d.made}, nil
}

func TestPool_DropsConnClosedByDriver(t *testing.T) {
	p := newPool(sql.OpenDB(&fakeDriver{}), &Dialect{Prepare: true}, 1)
	use := func(f func(*fakeConn)) {
		if err := p.withConn(t.Context(), func(s *Conn) bool { f(s.driver.(*fakeConn)); return false }); err != nil {
			t.Fatal(err)
		}
	}
	use(func(c *fakeConn) { c.number = 7 })
	use(func(c *fakeConn) {
		if c.number != 7 {
			t.Error("a working connection was not reused")
		}
		c.closed = true
	})
	use(func(c *fakeConn) {
		if c.closed {
			t.Error("a closed connection was reused")
		}
	})
	if err := p.close(); err != nil {
		t.Error(err)
	}
}

func TestPool_CloseDuringCloseIdle(t *testing.T) {
	for range 200 {
		p := newPool(sql.OpenDB(&fakeDriver{}), &Dialect{Prepare: true}, 4)
		for range 3 {
			if err := p.withConn(t.Context(), func(*Conn) bool { return false }); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		wg.Go(p.closeIdle)
		if err := p.close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
}

func TestDB_BrokenErrorKeepsMemoryConn(t *testing.T) {
	db := testDB(0)
	db.d.Classify = func(error) ErrorClass { return Unavailable }
	if !db.isBroken(driverErr(errBroken)) {
		t.Error("isBroken = false for an unreachable server")
	}
	db.d.SingleConn = true
	if db.isBroken(driverErr(errBroken)) {
		t.Error("isBroken = true for a database in memory")
	}
}

// stale is a connection that the server may have closed.
type stale struct {
	*fakeConn
	gone bool
}

func (c *stale) ResetSession(context.Context) error {
	if c.gone {
		return driver.ErrBadConn
	}
	return nil
}

type staleDriver struct{ made []*stale }

func (d *staleDriver) Driver() driver.Driver { return nil }
func (d *staleDriver) Connect(context.Context) (driver.Conn, error) {
	d.made = append(d.made, &stale{fakeConn: &fakeConn{number: len(d.made)}})
	return d.made[len(d.made)-1], nil
}

func TestPool_DropsStaleAndOldConns(t *testing.T) {
	d := &staleDriver{}
	p := newPool(sql.OpenDB(d), &Dialect{}, 3)
	use := func() (number int) {
		t.Helper()
		err := p.withConn(t.Context(), func(s *Conn) bool { number = s.driver.(*stale).number; return false })
		if err != nil {
			t.Fatal(err)
		}
		return number
	}
	for range 2 {
		if use() != 0 {
			t.Error("a working connection was not reused")
		}
	}
	d.made[0].gone = true
	if use() != 1 {
		t.Error("a connection that the server has closed was reused")
	}
	p.closeExpired(time.Now().Add(maxIdleTime / 2))
	if use() != 1 {
		t.Error("a recently used connection was closed")
	}
	p.closeExpired(time.Now().Add(2 * maxIdleTime))
	if !d.made[1].closed {
		t.Error("an idle connection stays open")
	}
	if use() != 2 {
		t.Error("a closed connection was reused")
	}
	p.maxLifetime = 0
	use() // is too old when it is released
	for range cap(p.sem) {
		<-p.sem // until it is closed
	}
	if !d.made[2].closed {
		t.Error("an old connection stays open")
	}
	for range cap(p.sem) {
		p.sem <- struct{}{}
	}
	p.maxLifetime = defaultMaxLifetime
	if err := p.withConn(t.Context(), func(*Conn) bool { p.closeIdle(); return false }); err != nil {
		t.Fatal(err)
	}
	p.stop()
	if err := p.close(); err != nil {
		t.Error(err)
	}
	if !d.made[3].closed {
		t.Error("a connection that was in use during closeIdle stays open")
	}
}
