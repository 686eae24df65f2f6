package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
)

// raw opens the database without a store.
func raw(tb testing.TB, dsn string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	return db
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

func count(tb testing.TB, db *sql.DB, query string) int {
	tb.Helper()
	var n int
	if err := db.QueryRowContext(tb.Context(), query).Scan(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}

func putArtifact(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient, typeID int64, name string) error {
	_, err := rpc.PutArtifacts(tb.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
		TypeId: new(typeID), Name: new(name),
		Properties: map[string]*mlmdpb.Value{"i": {Value: &mlmdpb.Value_IntValue{IntValue: 1}}},
	}}})
	return err
}

func TestDatabaseErrors(t *testing.T) {
	dsn := fresh(t)
	db := raw(t, dsn)
	rpc := open(
		t, dsn, store.WithRetryTimeout(50*time.Millisecond), store.WithLogger(slog.New(slog.DiscardHandler)),
	).Client()
	typeID := artifactType(t, rpc)
	for _, c := range []struct {
		state string
		want  codes.Code
	}{
		{"53100", codes.ResourceExhausted}, // disk_full
		{"53200", codes.ResourceExhausted}, // out_of_memory
		{"53400", codes.ResourceExhausted}, // configuration_limit_exceeded
		{"53300", codes.Unavailable},       // too_many_connections
		{"57P03", codes.Unavailable},       // cannot_connect_now
		{"57P01", codes.Unavailable},       // admin_shutdown
		{"57014", codes.DeadlineExceeded},  // query_canceled
		{"25006", codes.FailedPrecondition},
		{"28P01", codes.FailedPrecondition}, // invalid_password
		{"28000", codes.FailedPrecondition},
		{"3D000", codes.FailedPrecondition},
		{"42501", codes.FailedPrecondition}, // insufficient_privilege
		{"40001", codes.Aborted},
		{"XX001", codes.DataLoss},
	} {
		do(t, db, "CREATE OR REPLACE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"+
			" RAISE EXCEPTION 'SECRET' USING ERRCODE = '"+c.state+"'; END $$",
			"CREATE OR REPLACE TRIGGER trouble BEFORE INSERT ON ArtifactProperty FOR EACH ROW EXECUTE FUNCTION trouble()")
		err := putArtifact(t, rpc, typeID, "a")
		if status.Code(err) != c.want || strings.Contains(fmt.Sprint(err), "SECRET") {
			t.Errorf("%s: got %v, want %v", c.state, err, c.want)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM Artifact"); n != 0 {
			t.Fatalf("%s: %d artifacts are left of what failed", c.state, n)
		}
	}
	do(t, db, "DROP TRIGGER trouble ON ArtifactProperty")
	if err := putArtifact(t, rpc, typeID, "a"); err != nil {
		t.Errorf("after the troubles: %v", err)
	}
}

// asReadOnly makes new transactions of a database read-only or writable, as on a
// standby before and after its promotion.
func asReadOnly(tb testing.TB, dsn string, on bool) {
	tb.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	do(tb, raw(tb, renamed(tb, dsn, "postgres")), fmt.Sprintf(
		"ALTER DATABASE %s SET default_transaction_read_only = %t", name, on,
	),
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
	tb.Cleanup(func() {
		_, _ = raw(tb, renamed(tb, dsn, "postgres")).ExecContext(context.WithoutCancel(tb.Context()),
			"ALTER DATABASE "+name+" RESET default_transaction_read_only")
	})
}

func TestReadOnlyServer_Retry(t *testing.T) {
	dsn := fresh(t)
	s := open(t, dsn)
	typeID := artifactType(t, s.Client())
	for _, target := range []string{"", "&target_session_attrs=read-write"} {
		s := open(t, dsn+target)
		asReadOnly(t, dsn, true)
		written := make(chan error, 8)
		for i := range cap(written) {
			go func() { written <- putArtifact(t, s.Client(), typeID, fmt.Sprint(target, i)) }()
		}
		time.Sleep(200 * time.Millisecond)
		asReadOnly(t, dsn, false)
		for range cap(written) {
			if err := <-written; err != nil {
				t.Errorf("%q: %v", target, err)
			}
		}
	}
}

func TestReadOnlyServer_Error(t *testing.T) {
	dsn := fresh(t)
	rpc := open(
		t, dsn, store.WithRetryTimeout(300*time.Millisecond), store.WithLogger(slog.New(slog.DiscardHandler)),
	).Client()
	typeID := artifactType(t, rpc)
	asReadOnly(t, dsn, true)
	for range 3 {
		err := putArtifact(t, rpc, typeID, "a")
		if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "read") {
			t.Errorf("got %v", err)
		}
		if _, err := rpc.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{}); err != nil {
			t.Errorf("a read: %v", err)
		}
	}
	asReadOnly(t, dsn, false)
	if err := putArtifact(t, rpc, typeID, "a"); err != nil {
		t.Errorf("after the server takes writes again: %v", err)
	}
}

func TestOpen_SeveralHosts(t *testing.T) {
	u, err := url.Parse(fresh(t))
	if err != nil {
		t.Fatal(err)
	}
	u.Host = "127.0.0.1:1," + u.Host
	u.RawQuery += "&target_session_attrs=read-write"
	rpc := open(t, u.String()).Client()
	if err := putArtifact(t, rpc, artifactType(t, rpc), "a"); err != nil {
		t.Error(err)
	}
}

func TestStatementTimeout(t *testing.T) {
	dsn := fresh(t)
	db := raw(t, dsn)
	rpc := open(t, dsn+"&statement_timeout=200", store.WithLogger(slog.New(slog.DiscardHandler))).Client()
	typeID := artifactType(t, rpc)
	do(t, db, "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN "+
		"NEW; END $$",
		"CREATE TRIGGER slow BEFORE INSERT ON ArtifactProperty FOR EACH ROW EXECUTE FUNCTION slow()")
	if err := putArtifact(t, rpc, typeID, "a"); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	if n := count(t, db, "SELECT COUNT(*) FROM Artifact"); n != 0 {
		t.Errorf("%d artifacts are there", n)
	}
}

func TestPut_TriggerSkipsRows(t *testing.T) {
	dsn := fresh(t)
	db := raw(t, dsn)
	rpc := open(t, dsn).Client()
	typeID := artifactType(t, rpc)
	do(t, db, "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.name = 'b' THEN RETURN "+
		"NULL; END IF; RETURN NEW; END $$",
		"CREATE TRIGGER skip BEFORE INSERT ON Artifact FOR EACH ROW EXECUTE FUNCTION skip()")
	_, err := rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{
		{TypeId: new(typeID), Name: new("a")}, {TypeId: new(typeID), Name: new("b")}, {TypeId: new(typeID), Name: new("c")},
	}})
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "trigger") {
		t.Errorf("got %v", err)
	}
	if n := count(t, db, "SELECT COUNT(*) FROM Artifact"); n != 0 {
		t.Errorf("%d artifacts are there", n)
	}
}

func TestReconnect_WrongPassword(t *testing.T) {
	dsn := fresh(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db := raw(t, dsn)
	role := "r" + strings.TrimPrefix(u.Path, "/mlmd_test_")
	do(t, db, "CREATE ROLE "+role+" LOGIN SUPERUSER")
	t.Cleanup(func() {
		_, _ = raw(t, renamed(t, dsn, "postgres")).ExecContext(context.WithoutCancel(t.Context()), "DROP ROLE "+role)
	})
	u.User = url.User(role)
	rpc := open(
		t, u.String(), store.WithRetryTimeout(300*time.Millisecond), store.WithLogger(slog.New(slog.DiscardHandler)),
	).Client()
	typeID := artifactType(t, rpc)
	do(
		t, db, "ALTER ROLE "+role+" NOLOGIN",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"+role+"'",
	)
	if err := putArtifact(
		t, rpc, typeID, "a",
	); status.Code(err) != codes.FailedPrecondition || strings.Contains(err.Error(), role) {
		t.Errorf("got %v", err)
	}
	do(t, db, "ALTER ROLE "+role+" LOGIN")
	if err := putArtifact(t, rpc, typeID, "a"); err != nil {
		t.Errorf("after the account may log in again: %v", err)
	}
	do(t, db, "REASSIGN OWNED BY "+role+" TO postgres")
}

func TestTooManyConnections_Retry(t *testing.T) {
	dsn := fresh(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db := raw(t, dsn)
	role := "c" + strings.TrimPrefix(u.Path, "/mlmd_test_")
	do(t, db, "CREATE ROLE "+role+" LOGIN CONNECTION LIMIT 3", "GRANT ALL ON SCHEMA public TO "+role)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_, _ = raw(t, dsn).ExecContext(ctx, "DROP OWNED BY "+role)
		_, _ = raw(t, dsn).ExecContext(ctx, "DROP ROLE "+role)
	})
	u.User = url.User(role)
	rpc := open(t, u.String()).Client()
	typeID := artifactType(t, rpc)
	written := make(chan error, 40)
	for i := range cap(written) {
		go func() { written <- putArtifact(t, rpc, typeID, fmt.Sprint("a", i)) }()
	}
	for range cap(written) {
		if err := <-written; err != nil {
			t.Error(err)
		}
	}
}

func TestParse_RejectedSettings(t *testing.T) {
	_, err := postgres.Open(t.Context(), "postgres://ada:secret@127.0.0.1:1/registry?client_encoding=LATIN1")
	if err == nil || !strings.Contains(err.Error(), "client_encoding") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
