package wire_test

import (
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/suites/backend"
)

var _ = Describe("mlmd-server", func() {
	It("keeps a file from one start to the next", func(ctx SpecContext) {
		file := "--db=" + filepath.Join(GinkgoT().TempDir(), "registry.db")
		first := serve(file)
		id := contextType(ctx, client(first.Address))
		Expect(first.Stop()).To(BeZero())
		Expect(contextType(ctx, client(serve(file).Address))).To(Equal(id))
	})

	It("keeps data in memory from one call to the next where that is asked for", func(ctx SpecContext) {
		p := serve("--db=:memory:")
		rpc := client(p.Address)
		id := contextType(ctx, rpc)
		got, err := rpc.GetContextTypesByID(ctx, &mlmdpb.GetContextTypesByIDRequest{TypeIds: []int64{id}})
		Expect(err).NotTo(HaveOccurred())
		Expect(got.GetContextTypes()).To(HaveLen(1))
	})

	It("also logs where it listens in the reference implementation's words", func() {
		p := serve("--db=:memory:")
		Eventually(p.Log,
			patience).Should(And(ContainSubstring("Server listening on "+p.Address), ContainSubstring("serving")))
	})

	It("listens on IPv6 and on a socket", func(ctx SpecContext) {
		contextType(ctx, client(serve("--db=:memory:", "--host=[::1]").Address))
		socket := "unix:" + filepath.Join(GinkgoT().TempDir(), "s")
		p, err := backend.StartProcessAt(socket, "--db=:memory:")
		Expect(err).NotTo(HaveOccurred())
		Expect(p.Address).To(Equal(socket))
		contextType(ctx, client(p.Address))
		Expect(p.Stop()).To(BeZero(), p.Log())
		Expect(socket[len("unix:"):]).NotTo(BeAnExistingFile())
	})

	It("reads the configuration file of the reference implementation", func(ctx SpecContext) {
		db := filepath.Join(GinkgoT().TempDir(), "registry.db")
		config := write("config.pbtxt", `
			# as the reference implementation reads it
			connection_config { sqlite { filename_uri: "`+db+`" connection_mode: READWRITE_OPENCREATE }
				retry_options { max_num_retries: 3 } }
			migration_options { enable_upgrade_migration: true }`)
		contextType(ctx, client(serve("-metadata_store_server_config_file", config).Address))
		Expect(db).To(BeAnExistingFile())
	})

	It("finishes a call that runs when it is asked to end", func(ctx SpecContext) {
		db := filepath.Join(GinkgoT().TempDir(), "registry.db")
		p := serve("--db=" + db)
		conn := connect(p.Address, nil)
		rpc := mlmdpb.NewMetadataStoreServiceClient(conn)
		id := contextType(ctx, rpc)

		release := lock(ctx, db)
		put := make(chan error, 1)
		go func() {
			_, err := rpc.PutContexts(ctx,
				&mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{TypeId: &id, Name: new("late")}}})
			put <- err
		}()
		Consistently(put, 300*time.Millisecond).ShouldNot(Receive(), "the file is locked, so the call must wait")
		Expect(p.Signal(syscall.SIGTERM)).To(Succeed())
		Eventually(func() codes.Code {
			_, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
			return status.Code(err)
		}, patience).Should(Equal(codes.Unavailable), "no new call is taken")
		Consistently(p.Exited(), 300*time.Millisecond).ShouldNot(BeClosed())
		release()
		Eventually(put, patience).Should(Receive(BeNil()))
		Eventually(p.Exited(), patience).Should(BeClosed())
		Expect(p.Stop()).To(BeZero(), p.Log())

		got, err := client(serve("--db="+db).Address).GetContexts(ctx, &mlmdpb.GetContextsRequest{})
		Expect(err).NotTo(HaveOccurred())
		Expect(got.GetContexts()).To(HaveLen(1))
	})

	It("cuts off a call that does not finish in time, and undoes it", func(ctx SpecContext) {
		db := filepath.Join(GinkgoT().TempDir(), "registry.db")
		p := serve("--db="+db, "--shutdown_timeout=200ms")
		rpc := client(p.Address)
		id := contextType(ctx, rpc)

		release := lock(ctx, db)
		put := make(chan error, 1)
		go func() {
			_, err := rpc.PutContexts(ctx,
				&mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{TypeId: &id, Name: new("never")}}})
			put <- err
		}()
		Consistently(put, 300*time.Millisecond).ShouldNot(Receive())
		Expect(p.Signal(syscall.SIGINT)).To(Succeed())
		Eventually(put, patience).Should(Receive(HaveOccurred()))
		Eventually(p.Exited(), patience).Should(BeClosed())
		code, err := p.Stop()
		Expect(err).NotTo(HaveOccurred())
		Expect(code).To(Equal(1))
		Expect(p.Log()).To(ContainSubstring("1 call(s) did not finish"))
		release()

		got, err := client(serve("--db="+db).Address).GetContexts(ctx, &mlmdpb.GetContextsRequest{})
		Expect(err).NotTo(HaveOccurred())
		Expect(got.GetContexts()).To(BeEmpty())
	})

	It("says that its port is taken, and by which flag to take another", func() {
		lis, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(lis.Close)
		_, port, _ := net.SplitHostPort(lis.Addr().String())
		code, _, stderr := run("--db=:memory:", "--host=127.0.0.1", "--grpc_port="+port)
		Expect(code).To(Equal(1))
		Expect(stderr).To(And(ContainSubstring(port), ContainSubstring("in use"), ContainSubstring("--grpc_port")))
	})

	DescribeTable("ends with 2 and one readable line when flags or configuration are wrong",
		func(args []string, parts ...string) {
			code, stdout, stderr := run(args...)
			Expect(code).To(Equal(2), stderr)
			Expect(stdout).To(BeEmpty())
			for _, part := range parts {
				Expect(stderr).To(ContainSubstring(part))
			}
			Expect(strings.Count(stderr, "\n")).To(Equal(2), "the mistake, and where to find help: %s", stderr)
		},
		Entry("an unknown flag", []string{"--grpc_prot=80"}, "grpc_prot"),
		Entry("no database", []string{}, "--db FILE", "--db :memory:"),
		Entry("two places for the data", []string{"--db=a.db", "--mysql_config_host=db"}, "--db", "--mysql_config"),
		Entry("a file that is not there", []string{"--metadata_store_server_config_file=/no/such/file"}, "/no/such/file"),
		Entry("half of the MySQL flags", []string{"--mysql_config_host=db", "--mysql_config_port=1"},
			"--mysql_config_database"),
	)

	DescribeTable("ends with 1 and the reason when the database cannot be opened",
		func(path func() string, parts ...string) {
			file := path()
			code, _, stderr := run("--db="+file, "--host=127.0.0.1", "--grpc_port=0")
			Expect(code).To(Equal(1), stderr)
			for _, part := range append(parts, file) {
				Expect(stderr).To(ContainSubstring(part))
			}
		},
		Entry("a folder that is not there", func() string {
			return filepath.Join(os.TempDir(), "no", "such", "folder", "a.db")
		}),
		Entry("a file that is not a database", func() string {
			return write("notes.db", strings.Repeat("these are no tables ", 100))
		}),
		Entry("a database of something else", func() string {
			file := filepath.Join(GinkgoT().TempDir(), "other.db")
			db, err := sql.Open("sqlite", file)
			Expect(err).NotTo(HaveOccurred())
			defer db.Close()
			_, err = db.Exec("CREATE TABLE Type (x INT)")
			Expect(err).NotTo(HaveOccurred())
			return file
		}),
	)

	It("logs every call as JSON when asked to", func(ctx SpecContext) {
		p := serve("--log_level=debug", "--log_format=json", "--db=:memory:")
		contextType(ctx, client(p.Address))
		Eventually(p.Log,
			patience).Should(And(ContainSubstring(`"method":"PutContextType"`), ContainSubstring(`"code":"OK"`)))
	})
})

// write makes a file and answers its name.
func write(name, text string) string {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), name)
	Expect(os.WriteFile(file, []byte(text), 0o600)).To(Succeed())
	return file
}

// lock holds the write lock of a SQLite file until release is called.
func lock(ctx SpecContext, file string) (release func()) {
	GinkgoHelper()
	db, err := sql.Open("sqlite", file)
	Expect(err).NotTo(HaveOccurred())
	conn, err := db.Conn(ctx)
	Expect(err).NotTo(HaveOccurred())
	_, err = conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	Expect(err).NotTo(HaveOccurred())
	return func() {
		GinkgoHelper()
		_, err := conn.ExecContext(ctx, "ROLLBACK")
		Expect(err).NotTo(HaveOccurred())
		Expect(conn.Close()).To(Succeed())
		Expect(db.Close()).To(Succeed())
	}
}
