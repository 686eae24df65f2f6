package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A recorder is a connection that records statements, and refuses some.
type recorder struct {
	fakeConn
	mu     sync.Mutex
	ran    []string
	refuse func(stmt string) error
	ended  bool // the database has ended the transaction by itself
}

func (r *recorder) ExecContext(_ context.Context, text string, _ []driver.NamedValue) (driver.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		if err := r.refuse(text); err != nil {
			return nil, err
		}
	}
	r.ran = append(r.ran, text)
	return driver.RowsAffected(0), nil
}

// Changes implements sharedConn: a statement that is refused changes nothing.
func (r *recorder) Changes() int { return 0 }

// InTransaction implements sharedConn.
func (r *recorder) InTransaction() bool { return !r.ended }

// stored returns the insertions that were committed. It does not know savepoints.
func (r *recorder) stored() (all []string) {
	var open []string
	for _, stmt := range r.ran {
		switch {
		case strings.HasPrefix(stmt, "INSERT"):
			open = append(open, stmt)
		case stmt == "COMMIT":
			all, open = append(all, open...), nil
		case stmt == "ROLLBACK":
			open = nil
		}
	}
	return all
}

func (r *recorder) PrepareContext(context.Context, string) (driver.Stmt, error) {
	return nil, errBroken
}

func (r *recorder) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return nil, errBroken
}

func (r *recorder) Driver() driver.Driver                        { return nil }
func (r *recorder) Connect(context.Context) (driver.Conn, error) { return r, nil }

// groupDB returns a database in which writers form groups.
func groupDB(t *testing.T, conn *recorder) *DB {
	d := testDB(time.Minute).d
	d.InProcess = true
	db := Open(Config{
		Dialect: d, Write: sql.OpenDB(conn), Writers: 1, RetryTimeout: time.Minute, Log: slog.New(slog.DiscardHandler),
	})
	db.queue.groupTime = time.Hour
	t.Cleanup(func() { db.Close() })
	return db
}

// inOneGroup calls each of the functions with Update so that they share the
// transaction of the first one, and returns their errors.
func inOneGroup(t *testing.T, db *DB, fns ...func(context.Context, *Tx) error) []error {
	errs := make([]error, len(fns))
	var ended sync.WaitGroup
	started, all := make(chan struct{}), make(chan struct{})
	first := true
	ended.Go(func() {
		errs[0] = db.Update(t.Context(), func(ctx context.Context, x *Tx) error {
			if first {
				close(started)
				<-all
			}
			first = false
			return fns[0](ctx, x)
		})
	})
	<-started
	for i, fn := range fns[1:] {
		ended.Go(func() { errs[i+1] = db.Update(t.Context(), fn) })
		db.waitFor(i + 1)
	}
	close(all)
	ended.Wait()
	return errs
}

// checkErrors checks the errors of writers.
func checkErrors(t *testing.T, errs []error, want ...error) {
	t.Helper()
	if len(errs) != len(want) {
		t.Fatalf("%d errors, want %d", len(errs), len(want))
	}
	for i, err := range errs {
		if !errors.Is(err, want[i]) {
			t.Errorf("writer %d: %v, want %v", i, err, want[i])
		}
	}
}

// waitFor waits until n writers wait.
func (db *DB) waitFor(n int) {
	for {
		db.queue.mu.Lock()
		waiting := len(db.queue.waiting)
		db.queue.mu.Unlock()
		if waiting == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func insert(what string) func(context.Context, *Tx) error {
	return func(ctx context.Context, x *Tx) error {
		_, err := x.Exec(ctx, "INSERT "+what)
		return err
	}
}

func TestGroup_OneCommit(t *testing.T) {
	conn := &recorder{}
	db := groupDB(t, conn)
	var committed []string
	var mu sync.Mutex
	named := func(what string) func(context.Context, *Tx) error {
		return func(ctx context.Context, x *Tx) error {
			x.OnCommit(func() { mu.Lock(); committed = append(committed, what); mu.Unlock() })
			return insert(what)(ctx, x)
		}
	}
	failed := errors.New("no")
	errs := inOneGroup(t, db, named("a"), named("b"), func(ctx context.Context, x *Tx) error {
		return errors.Join(named("c")(ctx, x), failed)
	}, named("d"))
	checkErrors(t, errs, nil, nil, failed, nil)
	want := strings.Split("BEGIN, INSERT a, INSERT b, INSERT c, ROLLBACK, "+
		"BEGIN, INSERT a, SAVEPOINT mlmd_part, INSERT b, RELEASE SAVEPOINT mlmd_part, "+
		"SAVEPOINT mlmd_part, INSERT c, ROLLBACK TO SAVEPOINT mlmd_part, RELEASE SAVEPOINT mlmd_part, "+
		"SAVEPOINT mlmd_part, INSERT d, RELEASE SAVEPOINT mlmd_part, COMMIT", ", ")
	if !slices.Equal(conn.ran, want) {
		t.Errorf("ran %q\nwant %q", conn.ran, want)
	}
	if !slices.Equal(committed, []string{"a", "b", "d"}) {
		t.Errorf("committed %q", committed)
	}
}

// A follower that fails before it has changed anything needs no savepoint.
func TestGroup_FailsWithoutChange(t *testing.T) {
	conn := &recorder{refuse: func(stmt string) error {
		if stmt == "INSERT taken" {
			return errTwice
		}
		return nil
	}}
	db := groupDB(t, conn)
	refused := errors.New("no")
	errs := inOneGroup(t, db, insert("a"), func(context.Context, *Tx) error { return refused },
		insert("taken"), insert("b"))
	checkErrors(t, errs, nil, refused, errTwice, nil)
	if got := strings.Join(conn.ran, ", "); got != "BEGIN, INSERT a, INSERT b, COMMIT" {
		t.Errorf("ran %s", got)
	}
}

// A statement that reads may make the database end the transaction, too.
func TestGroup_ReadEndsTransaction(t *testing.T) {
	conn := &recorder{}
	conn.refuse = func(stmt string) error {
		if stmt == "ROLLBACK" {
			conn.ended = false
		}
		return nil
	}
	db := groupDB(t, conn)
	refused := errors.New("cannot read")
	reads := 0
	errs := inOneGroup(t, db, insert("a"), func(ctx context.Context, x *Tx) error {
		reads++
		conn.ended = reads == 1
		return refused
	}, insert("b"))
	checkErrors(t, errs, nil, refused, nil)
	stored := slices.Sorted(slices.Values(conn.stored()))
	if !slices.Equal(stored, []string{"INSERT a", "INSERT b"}) || reads != 2 {
		t.Errorf("stored %q after %q, %d reads", stored, conn.ran, reads)
	}
}

// A writer is not told that it succeeded if it ignores that a statement failed.
func TestGroup_IgnoredError(t *testing.T) {
	conn := &recorder{refuse: func(stmt string) error {
		if stmt == "INSERT taken" {
			return errTwice
		}
		return nil
	}}
	ignore := func(ctx context.Context, x *Tx) error {
		_ = insert("taken")(ctx, x)
		return nil
	}
	checkErrors(t, inOneGroup(t, groupDB(t, conn), ignore, ignore), errTwice, errTwice)
}

// A writer that is canceled does not make the others run again.
func TestGroup_Canceled(t *testing.T) {
	conn := &recorder{}
	db := groupDB(t, conn)
	gone, cancel := context.WithCancel(t.Context())
	canceled := func(_ context.Context, x *Tx) error {
		cancel()
		return insert("canceled")(gone, x)
	}
	errs := inOneGroup(t, db, insert("a"), canceled, insert("b"))
	checkErrors(t, errs, nil, context.Canceled, nil)
	if got := strings.Join(conn.ran, ", "); got != "BEGIN, INSERT a, INSERT b, COMMIT" {
		t.Errorf("ran %s", got)
	}
}

// If the leader fails when its group runs again, the followers run without it.
func TestGroup_LeaderFailsLater(t *testing.T) {
	conn := &recorder{}
	db := groupDB(t, conn)
	refused := errors.New("no")
	leads, follows := 0, 0
	errs := inOneGroup(t, db, func(ctx context.Context, x *Tx) error {
		if leads++; leads == 2 {
			return refused
		}
		return insert("a")(ctx, x)
	}, insert("b"), func(ctx context.Context, x *Tx) error {
		if follows++; follows == 1 {
			return errors.Join(insert("c")(ctx, x), refused)
		}
		return insert("d")(ctx, x)
	})
	checkErrors(t, errs, refused, nil, nil)
	stored := slices.Sorted(slices.Values(conn.stored()))
	if !slices.Equal(stored, []string{"INSERT b", "INSERT d"}) {
		t.Errorf("stored %q after %q", stored, conn.ran)
	}
}

// The function of a leader that may take long runs once.
func TestGroup_LongLeader(t *testing.T) {
	conn := &recorder{}
	db := groupDB(t, conn)
	refused := errors.New("no")
	runs := 0
	var failed error
	var all sync.WaitGroup
	if err := db.UpdateFirst(t.Context(), func(ctx context.Context, x *Tx) error {
		runs++
		all.Go(func() {
			failed = db.Update(t.Context(), func(ctx context.Context, x *Tx) error {
				return errors.Join(insert("b")(ctx, x), refused)
			})
		})
		db.waitFor(1)
		return insert("a")(ctx, x)
	}); err != nil {
		t.Error(err)
	}
	all.Wait()
	if !errors.Is(failed, refused) || runs != 1 {
		t.Errorf("the follower got %v, the leader ran %d times", failed, runs)
	}
}

func TestGroup_CommitFails(t *testing.T) {
	full := errors.New("disk full")
	conn := &recorder{}
	conn.refuse = func(stmt string) error {
		if stmt == "COMMIT" && slices.Contains(conn.ran, "INSERT a") && !slices.Contains(conn.ran, "ROLLBACK") {
			return full
		}
		return nil
	}
	db := groupDB(t, conn)
	tries := 0
	taken := errors.New("the name is taken")
	errs := inOneGroup(t, db, insert("a"), insert("b"), func(ctx context.Context, x *Tx) error {
		if tries++; tries == 1 {
			return taken // by what is not stored then
		}
		return insert("c")(ctx, x)
	})
	checkErrors(t, errs, full, full, nil)
	if !errors.As(errs[1], new(*CommitError)) {
		t.Errorf("a follower got %T, want the error of the commit", errs[1])
	}
	if n := len(conn.ran); n < 3 || !slices.Equal(conn.ran[n-3:], []string{"BEGIN", "INSERT c", "COMMIT"}) {
		t.Errorf("ran %q", conn.ran)
	}
}

// A statement may make the database end the transaction. The writer gets that error,
// and the others run again.
func TestGroup_DatabaseEndsTransaction(t *testing.T) {
	conn := &recorder{}
	conn.refuse = func(stmt string) error {
		switch {
		case stmt == "INSERT bad":
			conn.ended = true
			return errBroken
		case conn.ended && strings.HasPrefix(stmt, "ROLLBACK TO"):
			return errBroken
		case stmt == "ROLLBACK":
			conn.ended = false
		}
		return nil
	}
	db := groupDB(t, conn)
	errs := inOneGroup(t, db, insert("a"), insert("b"), insert("bad"), insert("c"))
	checkErrors(t, errs, nil, nil, errBroken, nil)
	stored := slices.Sorted(slices.Values(conn.stored()))
	if !slices.Equal(stored, []string{"INSERT a", "INSERT b", "INSERT c"}) {
		t.Errorf("stored %v after %q", stored, conn.ran)
	}
}

func TestGroup_LongWriterComesFirst(t *testing.T) {
	conn := &recorder{}
	db := groupDB(t, conn)
	block := make(chan struct{})
	var all sync.WaitGroup
	begun := make(chan struct{})
	all.Go(func() {
		_ = db.Update(t.Context(), func(ctx context.Context, x *Tx) error {
			close(begun)
			<-block
			return insert("a")(ctx, x)
		})
	})
	<-begun
	all.Go(func() { _ = db.UpdateFirst(t.Context(), insert("long")) })
	db.waitFor(1)
	close(block)
	all.Wait()
	if got := strings.Join(conn.ran, ", "); got != "BEGIN, INSERT a, COMMIT, BEGIN, INSERT long, COMMIT" {
		t.Errorf("ran %s", got)
	}
}

func TestGroup_CanceledWhileWaiting(t *testing.T) {
	conn := &recorder{}
	db := groupDB(t, conn)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var late error
	if err := db.Update(t.Context(), func(_ context.Context, x *Tx) error {
		all.Go(func() { late = db.Update(ctx, insert("late")) })
		db.waitFor(1)
		cancel()
		all.Wait()
		return insert("a")(t.Context(), x)
	}); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(late, context.Canceled) {
		t.Errorf("got %v", late)
	}
	if got := strings.Join(conn.ran, ", "); got != "BEGIN, INSERT a, COMMIT" {
		t.Errorf("ran %s", got)
	}
	if err := db.Update(t.Context(), insert("b")); err != nil {
		t.Error(err)
	}
}
