package mysql_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
)

// raw opens the database without a store, with utf8mb4.
func raw(tb testing.TB, dsn string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	return db
}

// withTablesOf creates the tables of a store and changes their character set and
// collation. The tables of the reference implementation have the server's defaults.
func withTablesOf(tb testing.TB, charset, collation string) string {
	tb.Helper()
	dsn := fresh(tb)
	s, err := mysql.Open(tb.Context(), dsn)
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	db := raw(tb, dsn)
	rows, err := db.QueryContext(
		tb.Context(), "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
	)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			tb.Fatal(err)
		}
		if _, err := db.ExecContext(
			tb.Context(), "ALTER TABLE "+name+" CONVERT TO CHARACTER SET "+charset+" COLLATE "+collation,
		); err != nil {
			tb.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return dsn
}

func TestOpen_CreatesDatabase(t *testing.T) {
	config, err := driver.ParseDSN(fresh(t))
	if err != nil {
		t.Fatal(err)
	}
	server := raw(t, config.FormatDSN())
	for _, suffix := range []string{"_missing", "_Missing-2", "_`"} { // the reference implementation fails for a dash
		missing := config.Clone()
		missing.DBName += suffix
		if _, err := mysql.Open(t.Context(), missing.FormatDSN(), store.WithoutCreate()); err == nil {
			t.Fatalf("%s: it was opened without being there", suffix)
		}
		s, err := mysql.Open(t.Context(), missing.FormatDSN())
		if err != nil {
			t.Fatalf("%s: %v", suffix, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := server.ExecContext(
			t.Context(), "DROP DATABASE `"+strings.ReplaceAll(missing.DBName, "`", "``")+"`",
		); err != nil {
			t.Errorf("%s: %v", suffix, err)
		}
	}
}

func TestOpen_UnreachableServer(t *testing.T) {
	_, err := mysql.Open(t.Context(), "ada:secret@tcp(127.0.0.1:1)/registry")
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error is %v", err)
	}
}

func contextType(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient) int64 {
	tb.Helper()
	reply, err := rpc.PutContextType(tb.Context(), &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{
		Name:       new("t"),
		Properties: map[string]mlmdpb.PropertyType{"s": mlmdpb.PropertyType_STRING, "i": mlmdpb.PropertyType_INT},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return reply.GetTypeId()
}

func put(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient, typeID int64, name string) (int64, error) {
	reply, err := rpc.PutContexts(tb.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
		TypeId:     new(typeID),
		Name:       new(name),
		ExternalId: new(name),
		Properties: map[string]*mlmdpb.Value{"s": {Value: &mlmdpb.Value_StringValue{StringValue: name}}},
	}}})
	if err != nil {
		return 0, err
	}
	return reply.GetContextIds()[0], nil
}

func byName(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient, name string) *mlmdpb.Context {
	tb.Helper()
	reply, err := rpc.GetContextByTypeAndName(
		tb.Context(), &mlmdpb.GetContextByTypeAndNameRequest{TypeName: new("t"), ContextName: new(name)},
	)
	if err != nil {
		tb.Fatal(err)
	}
	return reply.GetContext()
}

// variants are texts that some collations consider equal.
var variants = []string{"Case", "case", "case ", "Ärger", "ärger", "Arger", "Ê", "Ú", "э", "я"}

func TestText_NewTables(t *testing.T) {
	rpc := open(t, fresh(t)).Client()
	typeID := contextType(t, rpc)
	for _, name := range variants {
		id, err := put(t, rpc, typeID, name)
		if err != nil {
			t.Errorf("%q: %v", name, err)
		} else if got := byName(t, rpc, name); got.GetId() != id || got.GetName() != name {
			t.Errorf("%q is read as %v", name, got)
		}
	}
}

func TestText_CaseInsensitiveTables(t *testing.T) {
	for charset, collation := range map[string]string{
		"utf8mb4": "utf8mb4_general_ci", "utf8mb3": "utf8mb3_unicode_ci", "latin1": "latin1_swedish_ci",
	} {
		t.Run(charset, func(t *testing.T) {
			rpc := open(t, withTablesOf(t, charset, collation)).Client()
			typeID := contextType(t, rpc)
			id, err := put(t, rpc, typeID, "Case")
			if err != nil {
				t.Fatal(err)
			}
			if got := byName(t, rpc, "Case"); got.GetId() != id {
				t.Errorf("it is read as %v", got)
			}
			for _, other := range []string{"case", "Case ", "CASE"} {
				if got := byName(t, rpc, other); got != nil {
					t.Errorf("%q finds %q", other, got.GetName())
				}
				_, err := rpc.GetContextsByExternalIds(
					t.Context(), &mlmdpb.GetContextsByExternalIdsRequest{ExternalIds: []string{other}},
				)
				if status.Code(err) != codes.NotFound {
					t.Errorf("external id %q: %v", other, err)
				}
				if _, err := put(t, rpc, typeID, other); status.Code(err) != codes.AlreadyExists {
					t.Errorf("the table cannot hold %q besides, but the answer is %v", other, err)
				}
			}
			if _, err := rpc.GetContextType(
				t.Context(), &mlmdpb.GetContextTypeRequest{TypeName: new("T")},
			); status.Code(err) != codes.NotFound {
				t.Errorf("type T: %v", err)
			}
		})
	}
}

func TestText_RoundTrip(t *testing.T) {
	const text = `naïve é日本 🙂 \ " ' % _` + "\t\n"
	for _, c := range []struct {
		name string
		dsn  func(testing.TB) string
		opts []store.Option
		disk string // as a utf8mb4 client reads it
	}{
		{"new tables", func(tb testing.TB) string { return fresh(tb) }, nil, text},
		{
			"new tables shared with the reference implementation", func(tb testing.TB) string { return fresh(tb) },
			[]store.Option{mysql.WithReferenceEncoding()},
			"",
		},
		{
			"tables that fold case",
			func(tb testing.TB) string { return withTablesOf(tb, "utf8mb4", "utf8mb4_general_ci") }, nil, text,
		},
		{"tables of latin1", func(tb testing.TB) string { return withTablesOf(tb, "latin1", "latin1_swedish_ci") }, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dsn := c.dsn(t)
			rpc := open(t, dsn, c.opts...).Client()
			id, err := put(t, rpc, contextType(t, rpc), text)
			if err != nil {
				t.Fatal(err)
			}
			got := byName(t, rpc, text)
			if got.GetId() != id || got.GetName() != text || got.GetProperties()["s"].GetStringValue() != text {
				t.Errorf("it is read as %v", got)
			}
			var disk string
			if err := raw(t, dsn).QueryRowContext(
				t.Context(), "SELECT name FROM Context WHERE id = ?", id,
			).Scan(&disk); err != nil {
				t.Fatal(err)
			}
			if c.disk == "" {
				c.disk = asCP1252(text)
			}
			if disk != c.disk {
				t.Errorf("other clients see %q, want %q", disk, c.disk)
			}
		})
	}
}

// asCP1252 returns UTF-8 text decoded as latin1, which in MySQL is Windows code page
// 1252.
func asCP1252(text string) string {
	const upper = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"
	table := []rune(upper)
	var b strings.Builder
	for _, c := range []byte(text) {
		if c >= 0x80 && c < 0xa0 {
			b.WriteRune(table[c-0x80])
		} else {
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

func TestPut_RejectsInt64(t *testing.T) {
	rpc := open(t, fresh(t)).Client()
	typeID := contextType(t, rpc)
	for _, n := range []int64{math.MaxInt32 + 1, math.MinInt32 - 1, math.MaxInt64} {
		_, err := rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
			TypeId:     new(typeID),
			Name:       new(fmt.Sprint(n)),
			Properties: map[string]*mlmdpb.Value{"i": {Value: &mlmdpb.Value_IntValue{IntValue: n}}},
		}}})
		if code := status.Code(err); code != codes.InvalidArgument {
			t.Errorf("%d: %v", n, err)
		}
	}
	reply, err := rpc.GetContexts(t.Context(), &mlmdpb.GetContextsRequest{})
	if err != nil || len(reply.GetContexts()) != 0 {
		t.Errorf("left behind are %d contexts, %v", len(reply.GetContexts()), err)
	}
}

func TestPut_LargeDoubles(t *testing.T) { // the reference implementation writes a DECIMAL
	rpc := open(t, fresh(t)).Client()
	typeID := contextType(t, rpc)
	for _, x := range []float64{1e300, math.MaxFloat64, 5e-324, 0.1234567890123456789, -1e66} {
		name := fmt.Sprint(x)
		_, err := rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
			TypeId:           new(typeID),
			Name:             new(name),
			CustomProperties: map[string]*mlmdpb.Value{"d": {Value: &mlmdpb.Value_DoubleValue{DoubleValue: x}}},
		}}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := byName(t, rpc, name).GetCustomProperties()["d"].GetDoubleValue(); got != x {
			t.Errorf("%s is read as %g", name, got)
		}
	}
}

func TestMigrate(t *testing.T) {
	dsn := fresh(t)
	typeID := contextType(t, open(t, dsn).Client())
	if _, err := mysql.Migrate(t.Context(), dsn, store.WithTargetVersion(6)); err != nil {
		t.Fatal(err)
	}
	_, err := mysql.Open(t.Context(), dsn)
	if !errors.Is(err, store.ErrSchemaOlder) || !strings.Contains(err.Error(), "mlmd-server --db mysql://") {
		t.Fatalf("error is %v", err)
	}
	if _, err := mysql.Migrate(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	reply, err := open(t, dsn).Client().GetContextType(t.Context(), &mlmdpb.GetContextTypeRequest{TypeName: new("t")})
	if err != nil || reply.GetContextType().GetId() != typeID {
		t.Errorf("the type is %v, %v", reply, err)
	}
}

func TestPut_RejectsTrailingSpaces(t *testing.T) {
	rpc := open(t, fresh(t)).Client()
	if _, err := put(
		t, rpc, contextType(t, rpc), strings.Repeat("x", 255)+" ",
	); status.Code(err) != codes.InvalidArgument {
		t.Errorf("answer is %v", err)
	}
}
