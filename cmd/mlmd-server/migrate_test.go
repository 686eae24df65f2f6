package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func TestMigrate_EachDatabase(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db string) {
		serves(t, db, func(rpc mlmdpb.MetadataStoreServiceClient) { fillScene(t, rpc) })
		if out := succeed(t, "migrate", "--db", db); !strings.Contains(out, "version 10 already") {
			t.Error(out)
		}
		old := "8"
		out := succeed(t, "migrate", "--db", db, "--to_version", old)
		if !strings.Contains(out, "version 10 to 9, statement 1 of ") || !strings.Contains(out, "from version 10 to 8 in ") {
			t.Error(out)
		}
		before := ""
		if !strings.Contains(db, "://") {
			before = digest(t, filepath.Dir(db))
		}
		plan := succeed(t, "migrate", "--db", db, "--dry_run")
		for _, want := range []string{
			"-- version 8 to 9: ", "-- version 9 to 10: ", "-- 12 rows of Artifact now\n", ";\n",
			"version 8 to 10 in 2 steps with ", "nothing was changed\n",
		} {
			if !strings.Contains(plan, want) {
				t.Errorf("the dry run lacks %q: %s", want, plan)
			}
		}
		if before != "" && digest(t, filepath.Dir(db)) != before {
			t.Errorf("the dry run changed the file: %s, before %s", digest(t, filepath.Dir(db)), before)
		}
		if again := succeed(t, "migrate", "--db", db, "--dry-run", "--read_only"); again != plan {
			t.Errorf("a second dry run differs: %s", again)
		}
		code, _, stderr := execute(t, "verify", "--db", db)
		if code != 1 || !strings.Contains(stderr, "older schema: version 8") {
			t.Errorf("verify: exit code %d: %s", code, stderr)
		}
		out = succeed(t, "migrate", "--db", db)
		if !strings.Contains(out, "from version 8 to 10 in ") {
			t.Error(out)
		}
		if out := succeed(t, "verify", "--db", db); !strings.Contains(out, "is sound") {
			t.Error(out)
		}
	})
}

// The flags of the server migrate as the subcommand does, and log each statement.
func TestMigrate_WhileStarting(t *testing.T) {
	file := filepath.Join(t.TempDir(), "registry.db")
	serves(t, file, func(rpc mlmdpb.MetadataStoreServiceClient) { fillScene(t, rpc) })
	_, _, log := execute(t, "--db", file, "--downgrade_db_schema_version=9")
	if !strings.Contains(log, "migrating the schema") || !strings.Contains(log, "downgrade complete") {
		t.Error(log)
	}
	copied := filepath.Join(t.TempDir(), "old.db")
	succeed(t, "backup", "--db", file, copied) // an old schema is copied, too
	server := startServer(t, "--db="+copied, "--enable_database_upgrade")
	if !strings.Contains(server.log.String(), `"statement":"1/`) {
		t.Error(server.log.String())
	}
}

func TestMigrate_Refused(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.db")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--db", missing}, 1, "no such file"},
		{[]string{"--db", write(t, dir, "empty.db", "")}, 1, "the database is empty"},
		{[]string{"--db", missing, "--to_version=11"}, 2, "must be between 0 and 10"},
		{[]string{"--db", missing, "--read_only"}, 2, "add --dry_run"},
		{[]string{"--db", missing, "x"}, 2, "too many arguments"},
		{[]string{"--db", ":memory:"}, 2, "not one in memory"},
	} {
		code, _, stderr := execute(t, append([]string{"migrate"}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: exit code %d: %s", c.args, code, stderr)
		}
	}
	if files := names(t, dir); len(files) != 1 {
		t.Errorf("left %q", files)
	}
}
