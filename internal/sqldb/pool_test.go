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

// A fakeConn is a connection that only lives or does not.
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

func TestAConnectionThatItsDriverClosedIsNotLentAgain(t *testing.T) {
	p := newPool(sql.OpenDB(&fakeDriver{}), &Dialect{Prepare: true}, 1)
	lent := func(use func(*fakeConn)) {
		if err := p.withConn(t.Context(), func(s *Conn) bool { use(s.driver.(*fakeConn)); return false }); err != nil {
			t.Fatal(err)
		}
	}
	lent(func(c *fakeConn) { c.number = 7 })
	lent(func(c *fakeConn) {
		if c.number != 7 {
			t.Error("a connection that works is not kept")
		}
		c.closed = true
	})
	lent(func(c *fakeConn) {
		if c.closed {
			t.Error("the closed connection is lent again")
		}
	})
	if err := p.close(); err != nil {
		t.Error(err)
	}
}

func TestClosingMeetsWhatForgetsConnections(t *testing.T) {
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

func TestADatabaseInMemoryIsNeverThrownAway(t *testing.T) {
	db := testDB(0)
	db.d.Classify = func(error) ErrorClass { return Unavailable }
	if !db.isBroken(driverErr(errBroken)) {
		t.Error("a connection to a server that is gone is kept")
	}
	db.d.SingleConn = true
	if db.isBroken(driverErr(errBroken)) {
		t.Error("the connection that is the database is thrown away")
	}
}

// stale is a connection that its driver finds closed by the server.
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

func TestConnectionsAgeAndAreLookedAtBeforeTheyAreLent(t *testing.T) {
	d := &staleDriver{}
	p := newPool(sql.OpenDB(d), &Dialect{}, 3)
	lent := func() (number int) {
		t.Helper()
		err := p.withConn(t.Context(), func(s *Conn) bool { number = s.driver.(*stale).number; return false })
		if err != nil {
			t.Fatal(err)
		}
		return number
	}
	for range 2 {
		if lent() != 0 {
			t.Error("a connection that works is not kept")
		}
	}
	d.made[0].gone = true
	if lent() != 1 {
		t.Error("a connection that the server has closed is lent")
	}
	p.closeExpired(time.Now().Add(maxIdleTime / 2))
	if lent() != 1 {
		t.Error("a connection that was used lately is swept away")
	}
	p.closeExpired(time.Now().Add(2 * maxIdleTime))
	if !d.made[1].closed {
		t.Error("a connection that nobody uses stays open")
	}
	if lent() != 2 {
		t.Error("a connection that was closed is lent")
	}
	p.maxLifetime = 0
	lent() // comes back too old
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
		t.Error("a connection that was in use while all were forgotten is kept")
	}
}
