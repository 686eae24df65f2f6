package wire_test

import (
	"database/sql"
	"net/url"
	"strings"

	driver "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/suites/backend"
)

var _ = Describe("the health of mlmd-server", func() {
	It("is NOT_SERVING while PostgreSQL lets it in no more", func(ctx SpecContext) {
		dsn, err := testdb.Postgres(GinkgoTB())
		skipWithout(backend.Postgres, err)
		u, err := url.Parse(dsn)
		Expect(err).NotTo(HaveOccurred())
		name := strings.Trim(u.Path, "/")
		u.Path = "/postgres"
		db, err := sql.Open("pgx", u.String())
		Expect(err).NotTo(HaveOccurred())
		defer db.Close()
		do := func(statement string) {
			_, err := db.ExecContext(ctx, statement)
			Expect(err).NotTo(HaveOccurred(), statement)
		}
		followsTheDatabase(ctx, "--db="+dsn, func() {
			do("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false")
			do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'")
		}, func() {
			do("ALTER DATABASE " + name + " ALLOW_CONNECTIONS true")
		})
	})

	It("is NOT_SERVING while MySQL has locked its account", func(ctx SpecContext) {
		dsn, err := testdb.MySQL(GinkgoTB())
		skipWithout(backend.MySQL, err)
		c, err := driver.ParseDSN(dsn)
		Expect(err).NotTo(HaveOccurred())
		db, err := sql.Open("mysql", dsn)
		Expect(err).NotTo(HaveOccurred())
		defer db.Close()
		do := func(statement string) {
			_, err := db.ExecContext(ctx, statement)
			Expect(err).NotTo(HaveOccurred(), statement)
		}
		user := "h" + c.DBName[len(c.DBName)-12:]
		do("CREATE USER " + user + "@'%' IDENTIFIED BY 'secret'")
		do("GRANT ALL ON " + c.DBName + ".* TO " + user + "@'%'")
		DeferCleanup(func() {
			db, err := sql.Open("mysql", dsn)
			Expect(err).NotTo(HaveOccurred())
			defer db.Close()
			_, err = db.Exec("DROP USER " + user + "@'%'")
			Expect(err).NotTo(HaveOccurred())
		})
		own := url.URL{Scheme: "mysql", User: url.UserPassword(user, "secret"), Host: c.Addr, Path: "/" + c.DBName}
		followsTheDatabase(ctx, "--db="+own.String(), func() {
			do("ALTER USER " + user + "@'%' ACCOUNT LOCK")
			do("KILL USER " + user)
		}, func() {
			do("ALTER USER " + user + "@'%' ACCOUNT UNLOCK")
		})
	})
})

// followsTheDatabase expects that health is NOT_SERVING between the two functions,
// and SERVING otherwise, and that the server keeps running.
func followsTheDatabase(ctx SpecContext, db string, down, up func()) {
	p := serve(db)
	health := healthpb.NewHealthClient(connect(p.Address, nil))
	status := func() string {
		got, err := health.Check(ctx, &healthpb.HealthCheckRequest{})
		Expect(err).NotTo(HaveOccurred())
		return got.GetStatus().String()
	}
	Eventually(status, patience).Should(Equal("SERVING"))
	down()
	Eventually(status, patience).Should(Equal("NOT_SERVING"))
	up()
	Eventually(status, patience).Should(Equal("SERVING"))
	Expect(p.Stop()).To(BeZero(), p.Log())
}
