package mysql_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
)

// set changes a global variable of the server for the duration of the test.
func set(tb testing.TB, db *sql.DB, name string, value any) {
	tb.Helper()
	var before string
	if err := db.QueryRowContext(tb.Context(), "SELECT @@GLOBAL."+name).Scan(&before); err != nil {
		tb.Fatal(err)
	}
	change := func(value any) {
		if _, err := db.ExecContext(
			context.WithoutCancel(tb.Context()), fmt.Sprintf("SET GLOBAL %s = %v", name, value),
		); err != nil {
			tb.Error(err)
		}
	}
	change(value)
	tb.Cleanup(func() { change(before) })
}

// account returns dsn with an account that has all privileges on the database and
// none on the server.
func account(tb testing.TB, dsn string) string {
	tb.Helper()
	config, err := driver.ParseDSN(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	db := raw(tb, dsn)
	config.User, config.Passwd = "u"+config.DBName[len(config.DBName)-12:], "secret"
	for _, statement := range []string{
		"CREATE USER " + config.User + "@'%' IDENTIFIED BY 'secret'",
		"GRANT ALL ON " + config.DBName + ".* TO " + config.User + "@'%'",
	} {
		if _, err := db.ExecContext(tb.Context(), statement); err != nil {
			tb.Fatal(err)
		}
	}
	tb.Cleanup(func() { _, _ = db.ExecContext(context.WithoutCancel(tb.Context()), "DROP USER "+config.User+"@'%'") })
	return config.FormatDSN()
}

// do executes statements on the database.
func do(tb testing.TB, db *sql.DB, statements ...string) {
	tb.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(tb.Context(), statement); err != nil {
			tb.Fatalf("%s: %v", statement, err)
		}
	}
}

func count(tb testing.TB, db *sql.DB, query string, args ...any) int {
	tb.Helper()
	var n int
	if err := db.QueryRowContext(tb.Context(), query, args...).Scan(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestDatabaseErrors(t *testing.T) {
	dsn := fresh(t)
	db := raw(t, dsn)
	rpc := open(
		t, dsn, store.WithRetryTimeout(50*time.Millisecond), store.WithLogger(slog.New(slog.DiscardHandler)),
	).Client()
	typeID := contextType(t, rpc)
	for _, c := range []struct {
		number int
		text   string
		want   codes.Code
	}{
		{1021, "Disk full (/tmp/SECRET); waiting for someone to free some space", codes.ResourceExhausted},
		{1114, "The table 'SECRET' is full", codes.ResourceExhausted},
		{1030, "Got error 28 \"No space left on SECRET\" from storage engine InnoDB", codes.ResourceExhausted},
		{1026, "Error writing file 'SECRET' (errno: 28 \"No space left on device\")", codes.ResourceExhausted},
		{1290, "The SECRET server is running with the --read-only option", codes.FailedPrecondition},
		{1792, "Cannot execute SECRET in a READ ONLY transaction.", codes.FailedPrecondition},
		{1836, "Running in read-only mode SECRET", codes.FailedPrecondition},
		{1153, "Got a SECRET packet bigger than 'max_allowed_packet' bytes", codes.InvalidArgument},
		{1969, "Query execution was interrupted SECRET (max_statement_time exceeded)", codes.DeadlineExceeded},
		{3024, "SECRET maximum statement execution time exceeded", codes.DeadlineExceeded},
		{1317, "Query execution was interrupted SECRET", codes.DeadlineExceeded},
		{1142, "INSERT command denied to user SECRET", codes.FailedPrecondition},
		{1045, "Access denied for user SECRET", codes.FailedPrecondition},
		{1040, "Too many connections SECRET", codes.Unavailable},
		{1203, "User SECRET already has more than 'max_user_connections' active connections", codes.Unavailable},
		{1226, "User SECRET has exceeded the 'max_user_connections' resource", codes.Unavailable},
		{1034, "Index for table SECRET is corrupt", codes.DataLoss},
	} {
		do(t, db, "DROP TRIGGER IF EXISTS trouble", fmt.Sprintf("CREATE TRIGGER trouble BEFORE INSERT ON "+
			"ContextProperty FOR EACH ROW"+
			" SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = %d, MESSAGE_TEXT = '%s'", c.number,
			strings.ReplaceAll(c.text, "'", "''")))
		_, err := put(t, rpc, typeID, "a")
		if status.Code(err) != c.want || strings.Contains(fmt.Sprint(err), "SECRET") {
			t.Errorf("%d: got %v, want %v", c.number, err, c.want)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM Context"); n != 0 {
			t.Fatalf("%d: %d contexts are left of what failed", c.number, n)
		}
	}
	do(t, db, "DROP TRIGGER trouble")
	if _, err := put(t, rpc, typeID, "a"); err != nil {
		t.Errorf("after the troubles: %v", err)
	}
}

func TestReadOnlyServer_Retry(t *testing.T) {
	dsn := fresh(t)
	db := raw(t, dsn)
	s := open(t, account(t, dsn)+"?rejectReadOnly=true")
	typeID := contextType(t, s.Client())
	set(t, db, "read_only", 1)
	written := make(chan error, 8)
	for i := range cap(written) {
		go func() {
			_, err := put(t, s.Client(), typeID, fmt.Sprint("c", i))
			written <- err
		}()
	}
	time.Sleep(200 * time.Millisecond)
	if n := count(t, db, "SELECT COUNT(*) FROM Context"); n != 0 {
		t.Fatalf("a server for reading has %d new contexts", n)
	}
	do(t, db, "SET GLOBAL read_only = 0")
	for range cap(written) {
		if err := <-written; err != nil {
			t.Error(err)
		}
	}
}

func TestReadOnlyServer_Error(t *testing.T) {
	dsn := fresh(t)
	db := raw(t, dsn)
	rpc := open(
		t, account(t, dsn), store.WithRetryTimeout(300*time.Millisecond),
		store.WithLogger(slog.New(slog.DiscardHandler)),
	).Client()
	typeID := contextType(t, rpc)
	set(t, db, "read_only", 1)
	for range 3 {
		_, err := put(t, rpc, typeID, "a")
		if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "read") {
			t.Errorf("got %v", err)
		}
		if _, err := rpc.GetContexts(t.Context(), &mlmdpb.GetContextsRequest{}); err != nil {
			t.Errorf("a read: %v", err)
		}
	}
	do(t, db, "SET GLOBAL read_only = 0")
	if _, err := put(t, rpc, typeID, "a"); err != nil {
		t.Errorf("after the server takes writes again: %v", err)
	}
}

// running returns the number of connections that execute a statement like pattern,
// and of all connections.
func running(tb testing.TB, db *sql.DB, like string) (busy, all int) {
	tb.Helper()
	row := db.QueryRowContext(tb.Context(), "SELECT COALESCE(SUM(info LIKE ?), 0), COUNT(*) FROM "+
		"information_schema.processlist"+
		" WHERE db = DATABASE() AND id <> CONNECTION_ID()", like)
	if err := row.Scan(&busy, &all); err != nil {
		tb.Fatal(err)
	}
	return busy, all
}

func TestDeadline_KillsStatements(t *testing.T) {
	const limit, calls = 4, 24
	dsn := fresh(t)
	db := raw(t, dsn)
	db.SetMaxOpenConns(1)
	own := account(t, dsn)
	rpc := open(t, own, store.WithMaxConns(limit)).Client()
	typeID := contextType(t, rpc)
	maker := raw(t, own) // a trigger runs with the privileges of its creator
	maker.SetMaxIdleConns(-1)
	do(t, maker, "CREATE TRIGGER slow BEFORE INSERT ON ContextProperty FOR EACH ROW DO SLEEP(600)")
	ended := make(chan struct{})
	most := 0
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			busy, _ := running(t, db, "%SLEEP%")
			most = max(most, busy)
			select {
			case <-ended:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(200+50*i)*time.Millisecond)
			defer cancel()
			_, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
				TypeId: new(typeID), Name: new(fmt.Sprint("c", i)),
				Properties: map[string]*mlmdpb.Value{"i": {Value: &mlmdpb.Value_IntValue{IntValue: 1}}},
			}}})
			if status.Code(err) != codes.DeadlineExceeded {
				t.Errorf("got %v", err)
			}
		})
	}
	all.Wait()
	close(ended)
	watch.Wait()
	if most > limit {
		t.Errorf("%d statements ran at once, want at most %d", most, limit)
	}
	end := time.Now().Add(20 * time.Second)
	for {
		busy, _ := running(t, db, "%SLEEP%")
		if busy == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d statements of %d calls that are over still run", busy, calls)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if n := count(t, db, "SELECT COUNT(*) FROM Context"); n != 0 {
		t.Errorf("%d contexts are there", n)
	}
}

func TestDeadline_KillsReads(t *testing.T) {
	dsn := fresh(t)
	db := raw(t, dsn)
	db.SetMaxOpenConns(1)
	rpc := open(t, dsn).Client()
	typeID := contextType(t, rpc)
	contextID, err := put(t, rpc, typeID, "c")
	if err != nil {
		t.Fatal(err)
	}
	types, err := rpc.PutArtifactType(
		t.Context(), &mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{Name: new("a")}},
	)
	if err != nil {
		t.Fatal(err)
	}
	artifacts := make([]*mlmdpb.Artifact, 1000)
	for i := range artifacts {
		artifacts[i] = &mlmdpb.Artifact{TypeId: types.TypeId}
	}
	stored, err := rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: artifacts})
	if err != nil {
		t.Fatal(err)
	}
	links := make([]*mlmdpb.Attribution, len(artifacts))
	for i, id := range stored.GetArtifactIds() {
		links[i] = &mlmdpb.Attribution{ArtifactId: new(id), ContextId: new(contextID)}
	}
	if _, err := rpc.PutAttributionsAndAssociations(
		t.Context(), &mlmdpb.PutAttributionsAndAssociationsRequest{Attributions: links},
	); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err = rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: &mlmdpb.ListOperationOptions{
		FilterQuery: new("artifacts_a.id + artifacts_b.id + artifacts_c.id + artifacts_d.id = -1"),
	}})
	if status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	end := time.Now().Add(20 * time.Second)
	for busy := 1; busy > 0; {
		if busy, _ = running(t, db, "%"); busy > 0 && time.Now().After(end) {
			t.Fatal("the query of a call that is over still runs")
		}
	}
}

func TestPreparedStatementLimit(t *testing.T) {
	dsn := fresh(t)
	set(t, raw(t, dsn), "max_prepared_stmt_count", 0)
	rpc := open(t, dsn).Client()
	typeID := contextType(t, rpc)
	id, err := put(t, rpc, typeID, "é\\'\"")
	if err != nil {
		t.Fatal(err)
	}
	if got := byName(t, rpc, "é\\'\""); got.GetId() != id {
		t.Errorf("read as %v", got)
	}
}

// records is a log handler that keeps the records.
type records struct {
	slog.Handler
	mu    sync.Mutex
	lines []string
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }

func (r *records) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, record.Message)
	return nil
}

func TestClosedConnection(t *testing.T) {
	dsn := fresh(t)
	db := raw(t, dsn)
	db.SetMaxIdleConns(-1) // keep only the connections of the store
	set(t, db, "wait_timeout", 1)
	log := &records{}
	rpc := open(t, dsn, store.WithLogger(slog.New(log))).Client()
	typeID := contextType(t, rpc)
	for range 2 {
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			if _, all := running(t, db, "%"); all == 0 {
				break
			} else if time.Now().After(end) {
				t.Fatal("the server closes no idle connection")
			}
		}
		if _, err := put(t, rpc, typeID, fmt.Sprint("c", time.Now().UnixNano())); err != nil {
			t.Error(err)
		}
	}
	for _, line := range log.lines {
		if strings.Contains(line, "run again") {
			t.Error("a transaction was run on a connection that the server had closed")
		}
	}
}

func TestPut_LargerThanPacket(t *testing.T) {
	dsn := fresh(t)
	set(t, raw(t, dsn), "max_allowed_packet", 1<<20)
	db := raw(t, dsn)
	rpc := open(t, dsn).Client()
	typeID := contextType(t, rpc)
	_, err := put(t, rpc, typeID, "small")
	if err != nil {
		t.Fatal(err)
	}
	large := &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: strings.Repeat("x", 3<<20)}}
	_, err = rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{
		{TypeId: new(typeID), Name: new("a")},
		{TypeId: new(typeID), Name: new("b"), Properties: map[string]*mlmdpb.Value{"s": large}},
	}})
	if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "max_allowed_packet is 1048576 bytes") {
		t.Errorf("got %v", err)
	}
	if n := count(t, db, "SELECT COUNT(*) FROM Context"); n != 1 {
		t.Errorf("%d contexts are there, want 1", n)
	}
	// Any number of values is stored if each of them fits.
	many := &mlmdpb.Context{TypeId: new(typeID), Name: new("many"), CustomProperties: map[string]*mlmdpb.Value{}}
	for i := range 40 {
		many.CustomProperties[fmt.Sprint("p", i)] = &mlmdpb.Value{
			Value: &mlmdpb.Value_StringValue{StringValue: strings.Repeat("y", 200_000)},
		}
	}
	if _, err := rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{many}}); err != nil {
		t.Fatal(err)
	}
	if got := byName(t, rpc, "many"); len(got.GetCustomProperties()) != 40 || len(
		got.CustomProperties["p7"].GetStringValue(),
	) != 200_000 {
		t.Errorf("%d properties are read", len(got.GetCustomProperties()))
	}
}

// An account may have fewer connections than the pool. Calls wait for those that
// work.
func TestTooManyConnections_Retry(t *testing.T) {
	own := account(t, fresh(t))
	config, err := driver.ParseDSN(own)
	if err != nil {
		t.Fatal(err)
	}
	admin := raw(t, fresh(t))
	do(t, admin, "ALTER USER "+config.User+"@'%' WITH MAX_USER_CONNECTIONS 3")
	rpc := open(t, own).Client()
	typeID := contextType(t, rpc)
	written := make(chan error, 40)
	for i := range cap(written) {
		go func() {
			_, err := put(t, rpc, typeID, fmt.Sprint("c", i))
			written <- err
		}()
	}
	for range cap(written) {
		if err := <-written; err != nil {
			t.Error(err)
		}
	}
}
