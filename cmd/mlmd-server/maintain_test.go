package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// writers put artifacts one after the other, and record those that were
// acknowledged.
type writers struct {
	acknowledged []atomic.Int64 // by writer
	stop         func()
}

// startWriters starts n writers. Writer w puts artifacts named w-1, w-2, …
func startWriters(t *testing.T, address string, n int) *writers {
	t.Helper()
	w := &writers{acknowledged: make([]atomic.Int64, n)}
	rpc := dial(t, address)
	typ, err := rpc.PutArtifactType(t.Context(), &mlmdpb.PutArtifactTypeRequest{
		ArtifactType: &mlmdpb.ArtifactType{Name: new("written")},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() {
			for j := int64(1); ctx.Err() == nil; j++ {
				_, err := rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
					TypeId: typ.TypeId, Name: new(fmt.Sprintf("%d-%d", i, j)), Uri: new(strings.Repeat("x", 500)),
					CustomProperties: map[string]*mlmdpb.Value{"n": {Value: &mlmdpb.Value_IntValue{IntValue: j}}},
				}}})
				if err != nil {
					t.Errorf("writer %d: %v", i, err)
					return
				}
				w.acknowledged[i].Store(j)
			}
		})
	}
	w.stop = func() {
		end()
		running.Wait()
	}
	t.Cleanup(w.stop)
	return w
}

func (w *writers) counts() []int64 {
	n := make([]int64, len(w.acknowledged))
	for i := range w.acknowledged {
		n[i] = w.acknowledged[i].Load()
	}
	return n
}

func TestBackup_WhileServing(t *testing.T) {
	dir := t.TempDir()
	file, copied := filepath.Join(dir, "registry.db"), filepath.Join(dir, "backup.db")
	address, _ := serveProcess(t, "--db="+file)
	fillScene(t, dial(t, address))
	w := startWriters(t, address, 4)
	eventually(t, "enough writes", func() bool { return w.counts()[0] > 100 })
	before := w.counts()
	succeed(t, "backup", "--db", file, copied)
	after := w.counts()
	w.stop()
	if at, err := os.Stat(copied); err != nil || at.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, %v", at, err)
	}
	if out := succeed(t, "verify", "--db", copied); !strings.Contains(out, "the database is sound") {
		t.Error(out)
	}
	isPrefix(t, copied, before, after)
	t.Logf("acknowledged before %v, after %v", before, after)
	code, _, stderr := execute(t, "backup", "--db", file, copied)
	if code != 1 || !strings.Contains(stderr, "exists already") {
		t.Errorf("over a file: exit code %d: %s", code, stderr)
	}
	restored, stop := serveProcess(t, "--db="+copied)
	fillAgain(t, dial(t, restored))
	stop()
	if files := names(t, dir); !slices.Equal(files, []string{
		"backup.db", "registry.db", "registry.db-shm", "registry.db-wal",
	}) {
		t.Errorf("files are left: %q", files)
	}
}

// isPrefix checks that a file of SQLite has the artifacts that each writer put, up to
// one of them, which is not before those that were acknowledged before a copy was made.
func isPrefix(t *testing.T, file string, before, after []int64) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i := range before {
		var n, highest, properties int64
		err := db.QueryRow("SELECT COUNT(*), MAX(CAST(SUBSTR(name, INSTR(name, '-') + 1) AS INT)), "+
			"(SELECT COUNT(*) FROM ArtifactProperty p JOIN Artifact a ON a.id = p.artifact_id WHERE a.name LIKE ?1) "+
			"FROM Artifact WHERE name LIKE ?1", fmt.Sprintf("%d-%%", i)).Scan(&n, &highest, &properties)
		if err != nil {
			t.Fatal(err)
		}
		if n != highest || n != properties || n < before[i] || n > after[i]+1 {
			t.Errorf("writer %d: the copy has %d artifacts up to %d with %d properties; acknowledged before were %d, "+
				"after %d", i, n, highest, properties, before[i], after[i])
		}
	}
}

// fillAgain writes to a store that fillScene filled.
func fillAgain(t *testing.T, rpc mlmdpb.MetadataStoreServiceClient) {
	t.Helper()
	_, err := rpc.PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{Name: new("again")},
	})
	if err != nil {
		t.Error(err)
	}
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// The command that backup prints for a database on a server works, and its copy is a
// store when it is restored.
func TestBackup_PrintedCommand(t *testing.T) {
	for _, kind := range []string{"postgres", "mysql"} {
		t.Run(kind, func(t *testing.T) {
			db := databases[kind](t)
			_, stop := serveProcess(t, "--db="+db)
			stop()
			file := filepath.Join(t.TempDir(), "copy of it")
			code, _, stderr := execute(t, "backup", "--db", db, file)
			if code != 1 {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			var printed string
			for line := range strings.Lines(stderr) {
				if strings.HasPrefix(line, "  ") {
					printed = strings.TrimSpace(line)
				}
			}
			printed = strings.Replace(printed, " --password ", " ", 1) // it would ask
			if out, err := exec.CommandContext(t.Context(), "sh", "-c", printed).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", printed, err, out)
			}
			if text, err := os.ReadFile(file); err != nil || !strings.Contains(strings.ToLower(string(text)), "mlmdenv") {
				t.Errorf("%d bytes, %v", len(text), err)
			}
		})
	}
}

func TestBackupCommand_NoPassword(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://ada:pw@db/mlmd?sslmode=require&sslpassword=pw": "pg_dump --format=custom --file=f " +
			"--dbname='postgres://ada@db/mlmd?sslmode=require'",
		"host=db password=pw dbname=x": "pg_dump --format=custom --file=f --dbname=DATABASE",
		"mysql://ada:pw@db/mlmd": "mariadb-dump --single-transaction --protocol=tcp --host=db --port=3306 --user=ada " +
			"--password --result-file=f mlmd",
		"mysql:///mlmd?socket=%2Frun%2Fm+y.sock": "mariadb-dump --single-transaction --socket='/run/m y.sock' " +
			"--result-file=f mlmd",
	} {
		kind := "postgres"
		if strings.HasPrefix(dsn, "mysql") {
			kind = "mysql"
		}
		if got := (database{kind: kind, dsn: dsn}).backupCommand("f"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// statement runs a statement on the database that --db names.
func statement(t *testing.T, db, text string) {
	t.Helper()
	driver, dsn := "sqlite", db
	switch u, err := url.Parse(db); {
	case err != nil:
		t.Fatal(err)
	case u.Scheme == "postgres":
		driver = "pgx"
	case u.Scheme == "mysql":
		c := mysql.NewConfig()
		c.Net, c.Addr, c.DBName, c.User = "tcp", u.Host, strings.Trim(u.Path, "/"), u.User.Username()
		c.Passwd, _ = u.User.Password()
		driver, dsn = "mysql", c.FormatDSN()
	}
	handle, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	if _, err := handle.ExecContext(t.Context(), text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func TestVerify_EachDatabase(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db string) {
		address, stop := serveProcess(t, "--db="+db)
		fillScene(t, dial(t, address))
		stop()
		out := succeed(t, "verify", "--db", db)
		for _, want := range []string{"version 10\n", " 12 Artifact\n", " 11 ParentContext\n", "is sound\n"} {
			if !strings.Contains(out, want) {
				t.Errorf("lacks %q: %s", want, out)
			}
		}
		for _, c := range []struct{ damage, want string }{
			{
				"INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, int_value) VALUES (77, 'x', " +
					map[bool]string{true: "TRUE", false: "1"}[strings.HasPrefix(db, "postgres")] + ", 1)",
				"ArtifactProperty.artifact_id: 1 rows refer to a row of Artifact that does not exist; the lowest ID is 77",
			},
			{"DELETE FROM Execution WHERE id = 3", "Event.execution_id: 1 rows refer to a row of Execution"},
			{"UPDATE Context SET type_id = 1 WHERE id = 2", "Context.type_id: 1 rows have a type that does not exist"},
			{"DELETE FROM Event WHERE id = 2", "EventPath.event_id: 1 rows"},
			{"UPDATE ParentContext SET parent_context_id = 99 WHERE context_id = 5", "the lowest ID is 99"},
		} {
			statement(t, db, c.damage)
			code, out, stderr := execute(t, "verify", "--db", db)
			if code != 1 || !strings.Contains(out, c.want) || !strings.Contains(stderr, "is not sound") {
				t.Errorf("%s: exit code %d: %s%s", c.damage, code, out, stderr)
			}
		}
	})
}

func TestVerify_UnreadableValues(t *testing.T) {
	file := filepath.Join(t.TempDir(), "registry.db")
	serves(t, file, func(rpc mlmdpb.MetadataStoreServiceClient) { fillScene(t, rpc) })
	statement(t, file, "UPDATE ArtifactProperty SET int_value = 'many' WHERE artifact_id = 2 AND name = 'count'")
	statement(t, file, "UPDATE Execution SET name = CAST(x'ff' AS TEXT) WHERE id = 4")
	code, out, stderr := execute(t, "verify", "--db", file)
	for _, want := range []string{
		`unreadable: the property "count" in ArtifactProperty of the node with the ID 2`,
		"unreadable: the row of Execution with the ID 4",
	} {
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("exit code %d, lacks %q: %s%s", code, want, out, stderr)
		}
	}
	target := filepath.Join(t.TempDir(), "dump.jsonl")
	code, _, stderr = execute(t, "dump", "--db", file, target)
	property, row := `cannot dump the property "count"`, "cannot dump the row of Execution" // read at the same time
	if code != 1 || !strings.Contains(stderr, property) && !strings.Contains(stderr, row) {
		t.Errorf("a dump: exit code %d: %s", code, stderr)
	}
	if files := names(t, filepath.Dir(target)); len(files) > 0 {
		t.Errorf("left %q", files)
	}
}

func TestVerify_DamagedFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "registry.db")
	address, stop := serveProcess(t, "--db="+file)
	fillScene(t, dial(t, address))
	stop()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(content), "s3://b/7") // in a row and in an index
	content[at] = 'x'
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := execute(t, "verify", "--db", file)
	if code != 1 || !strings.Contains(out, "found: damage: ") {
		t.Errorf("exit code %d: %s%s", code, out, stderr)
	}
	code, _, stderr = execute(t, "backup", "--db", file, file+".copy")
	if _, err := os.Stat(file + ".copy"); code != 0 && err == nil {
		t.Errorf("a backup failed and left a file: %s", stderr)
	}
}

// Files of others are refused and not changed, by the server and its subcommands.
func TestForeignFile_Untouched(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "other.db")
	statement(t, other, "CREATE TABLE songs (id INT)")
	statement(t, other, "PRAGMA application_id = 42")
	notes := write(t, dir, "notes.txt", strings.Repeat("These are notes.\n", 100))
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(dir, "target")
	before := digest(t, dir)
	wanted := map[string]string{other: "another application", notes: "not a database", folder: "directory"}
	for file, want := range wanted {
		for _, args := range [][]string{
			{"--grpc_port=0"},
			{"--read_only", "--grpc_port=0"},
			{"backup", target},
			{"verify"},
			{"dump", target},
			{"load"},
			{"migrate"},
			{"migrate", "--dry_run"},
		} {
			code, stdout, stderr := execute(t, append(args, "--db", file)...)
			if code != 1 || !strings.Contains(stderr, want) {
				t.Errorf("%s: %q: exit code %d, want 1 and %q: %s%s", filepath.Base(file), args, code, want, stdout, stderr)
			}
			if now := digest(t, dir); now != before {
				t.Fatalf("%s: %q: the files are %s\nand were %s", filepath.Base(file), args, now, before)
			}
		}
	}
}

// digest returns the names, modes, times and hashes of the files in a directory.
func digest(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range names(t, dir) {
		at, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s %v %v", name, at.Mode(), at.ModTime().Format(time.RFC3339Nano))
		if !at.IsDir() {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&all, " %x", sha256.Sum256(content))
		}
		all.WriteString("\n")
	}
	return all.String()
}

// What the command makes is readable for its owner only, whatever the umask allows.
func TestFiles_Mode(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	succeed(t, "token", "--auth_file", file("users"), "--name=n", "--role=read")
	serveProcess(t, "--db="+file("r.db"), "--auth_file="+file("users"), "--audit_log="+file("audit"))
	succeed(t, "backup", "--db", file("r.db"), file("backup.db"))
	succeed(t, "dump", "--db", file("r.db"), file("dump.jsonl"))
	succeed(t, "load", "--db", file("loaded.db"), file("dump.jsonl"))
	for _, name := range names(t, dir) {
		at, err := os.Stat(file(name))
		if err != nil || at.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, at.Mode(), err)
		}
	}
	want := []string{"audit", "backup.db", "dump.jsonl", "loaded.db", "r.db", "r.db-shm", "r.db-wal", "users"}
	if all := names(t, dir); !slices.Equal(all, want) {
		t.Errorf("files are %q, want %q", all, want)
	}
}
