package wire_test

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	driver "github.com/go-sql-driver/mysql"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/suites/backend"
)

// A place is an empty database, and the flags that name it.
type place struct {
	url      []string // by --db
	original []string // by the flags of the reference implementation
}

// places make an empty database of each kind.
var places = map[string]func() place{
	"SQLite": func() place {
		file := filepath.Join(GinkgoT().TempDir(), "registry.db")
		config := write("config.pbtxt", `connection_config { sqlite { filename_uri: "`+file+`" } }`)
		return place{[]string{"--db=" + file}, []string{"--metadata_store_server_config_file=" + config}}
	},
	"PostgreSQL": func() place {
		dsn, err := testdb.Postgres(GinkgoTB())
		skipWithout(backend.Postgres, err)
		u, err := url.Parse(dsn)
		Expect(err).NotTo(HaveOccurred())
		password, _ := u.User.Password()
		return place{[]string{"--db=" + dsn}, []string{
			"--metadata_source_config_type=postgresql",
			"--postgres_config_host=" + u.Hostname(), "--postgres_config_port=" + u.Port(),
			"--postgres_config_user=" + u.User.Username(),
			"--postgres_config_password=" + password, "--postgres_config_dbname=" + strings.Trim(u.Path, "/"),
			"--postgres_config_sslmode=" + u.Query().Get("sslmode"),
		}}
	},
	"MySQL": func() place {
		dsn, err := testdb.MySQL(GinkgoTB())
		skipWithout(backend.MySQL, err)
		c, err := driver.ParseDSN(dsn)
		Expect(err).NotTo(HaveOccurred())
		host, port, err := net.SplitHostPort(c.Addr)
		Expect(err).NotTo(HaveOccurred())
		u := url.URL{Scheme: "mysql", User: url.UserPassword(c.User, c.Passwd), Host: c.Addr, Path: "/" + c.DBName}
		return place{[]string{"--db=" + u.String()}, []string{
			"-mysql_config_host", host, "-mysql_config_port", port, "-mysql_config_database", c.DBName,
			"-mysql_config_user", c.User, "-mysql_config_password", c.Passwd,
		}}
	},
}

// skipWithout skips where there is no such database, unless the run must have
// it.
func skipWithout(name string, err error) {
	GinkgoHelper()
	if err != nil {
		skipOrFail(name, err)
	}
}

// skipOrFail skips for want of a backend, and fails where MLMD_REQUIRE names it.
func skipOrFail(name string, reason error) {
	GinkgoHelper()
	required := strings.FieldsFunc(os.Getenv("MLMD_REQUIRE"), func(r rune) bool { return r == ',' || r == ' ' })
	if slices.Contains(required, name) || slices.Contains(required, "all") {
		Fail(name + " is required by MLMD_REQUIRE: " + reason.Error())
	}
	Skip(reason.Error())
}

var _ = Describe("mlmd-server on", func() {
	for kind, empty := range places {
		Context(kind, func() { onDatabase(empty) })
	}

	It("an unreachable database says which, and not the password", func() {
		for _, address := range []string{"postgres://ada:secret@127.0.0.1:1/mlmd", "mysql://ada:secret@127.0.0.1:1/mlmd"} {
			code, _, stderr := run("--db="+address, "--metadata_store_connection_retries=0")
			Expect(code).To(Equal(1))
			Expect(stderr).To(And(ContainSubstring("127.0.0.1"), ContainSubstring("refused"), Not(ContainSubstring("secret"))))
		}
	})

	It("an unreachable database tries again as often as asked to", func() {
		code, _, stderr := run("--db=postgres://ada@127.0.0.1:1/mlmd", "--metadata_store_connection_retries=1")
		Expect(code).To(Equal(1))
		Expect(strings.Count(stderr, "cannot open the database yet")).To(Equal(1))
	})
})

func onDatabase(empty func() place) {
	It("finds with the reference implementation's flags what was stored with --db, and vice versa", func(ctx SpecContext) {
		at := empty()
		first := serve(at.url...)
		id := contextType(ctx, client(first.Address))
		put, err := client(first.Address).PutContexts(ctx,
			&mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{TypeId: &id, Name: new("risk")}}})
		Expect(err).NotTo(HaveOccurred())
		Expect(first.Stop()).To(BeZero())

		second := serve(at.original...)
		got, err := client(second.Address).GetContextsByID(ctx,
			&mlmdpb.GetContextsByIDRequest{ContextIds: put.GetContextIds()})
		Expect(err).NotTo(HaveOccurred())
		Expect(got.GetContexts()).To(HaveLen(1))
		Expect(got.GetContexts()[0].GetName()).To(Equal("risk"))
		Expect(second.Stop()).To(BeZero())

		Expect(contextType(ctx, client(serve(at.url...).Address))).To(Equal(id))
	})

	It("upgrades only when asked to, and downgrades without serving", func(ctx SpecContext) {
		at := empty()
		first := serve(at.url...)
		id := contextType(ctx, client(first.Address))
		Expect(first.Stop()).To(BeZero())

		code, stdout, stderr := run(append(at.url, "--downgrade_db_schema_version=9")...)
		Expect(code).To(BeZero(), stderr)
		Expect(stdout).To(BeEmpty(), "it does not serve")
		Expect(stderr).To(ContainSubstring("from=10 to=9"))

		code, _, stderr = run(at.url...)
		Expect(code).To(Equal(1))
		Expect(stderr).To(And(ContainSubstring("version 9"), ContainSubstring("--enable_database_upgrade")))

		upgraded := serve(append(at.url, "--enable_database_upgrade")...)
		Eventually(upgraded.Log, patience).Should(ContainSubstring("from=9 to=10"))
		Expect(contextType(ctx, client(upgraded.Address))).To(Equal(id))
		Expect(upgraded.Stop()).To(BeZero())

		Expect(contextType(ctx, client(serve(append(at.url, "--enable_database_upgrade")...).Address))).To(Equal(id),
			"asking again changes nothing")
	})
}
