package wire_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	_ "modernc.org/sqlite" // another driver of the same file

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

var _ = Describe("mlmd-server on a file that is moved", func() {
	var db string
	BeforeEach(func() { db = filepath.Join(GinkgoT().TempDir(), "r.db") })

	// create sends n creations, and answers how many were acknowledged.
	create := func(ctx SpecContext, rpc mlmdpb.MetadataStoreServiceClient, prefix string, n int) (acknowledged int) {
		GinkgoHelper()
		for i := range n {
			id, err := rpc.PutContextType(ctx,
				&mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{Name: new("wire.Project")}})
			if err == nil {
				_, err = rpc.PutContexts(ctx,
					&mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{TypeId: id.TypeId, Name: new(fmt.Sprint(prefix, i))}}})
			}
			if err == nil {
				acknowledged++
			} else {
				Expect(status.Code(err)).To(Equal(codes.Unavailable), err.Error())
			}
		}
		return acknowledged
	}
	// stored counts what a file has that begins with prefix; the file is whole.
	stored := func(ctx SpecContext, file, prefix string) (n int) {
		GinkgoHelper()
		conn, err := sql.Open("sqlite", "file:"+file+"?mode=rw")
		Expect(err).NotTo(HaveOccurred())
		defer conn.Close()
		var verdict string
		Expect(conn.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&verdict)).To(Succeed())
		Expect(verdict).To(Equal("ok"))
		Expect(conn.QueryRowContext(ctx, "SELECT count(*) FROM Context WHERE name LIKE ?", prefix+"%").Scan(&n)).To(Succeed())
		return n
	}

	It("acknowledges nothing when the file is removed, and ends with an error", func(ctx SpecContext) {
		p := serve("--db=" + db)
		Expect(create(ctx, client(p.Address), "a", 30)).To(Equal(30))
		Expect(os.Remove(db)).To(Succeed())
		Expect(create(ctx, client(p.Address), "b", 30)).To(BeZero())
		Expect(p.Stop()).To(Equal(1))
		Expect(p.Log()).To(And(ContainSubstring("removed"), ContainSubstring(db)))
		Expect(db).NotTo(BeAnExistingFile())
	})

	It("leaves all that it acknowledged in a file that is renamed", func(ctx SpecContext) {
		p := serve("--db=" + db)
		Expect(create(ctx, client(p.Address), "a", 30)).To(Equal(30))
		Expect(os.Rename(db, db+".old")).To(Succeed())
		Expect(create(ctx, client(p.Address), "b", 30)).To(BeZero())
		Expect(stored(ctx, db+".old", "a")).To(Equal(30))
		Expect(stored(ctx, db+".old", "b")).To(BeZero())
		Expect(p.Stop()).To(Equal(1))
	})

	It("goes over to another database that is moved over the file, and plays no old log into it", func(ctx SpecContext) {
		other := serve("--db=" + db + ".other")
		Expect(create(ctx, client(other.Address), "o", 20)).To(Equal(20))
		Expect(other.Stop()).To(BeZero())

		p := serve("--db=" + db)
		Expect(create(ctx, client(p.Address), "a", 130)).To(Equal(130))
		Expect(os.Rename(db+".other", db)).To(Succeed())
		Expect(create(ctx, client(p.Address), "b", 30)).To(Equal(30))
		Expect(p.Stop()).To(BeZero(), p.Log())
		Expect(stored(ctx, db, "o")).To(Equal(20))
		Expect(stored(ctx, db, "a")).To(BeZero())
		Expect(stored(ctx, db, "b")).To(Equal(30))

		again := serve("--db=" + db)
		Expect(create(ctx, client(again.Address), "c", 1)).To(Equal(1))
	})

	It("takes up a backup that is put in the place of a removed file", func(ctx SpecContext) {
		backup := serve("--db=" + db + ".backup")
		Expect(create(ctx, client(backup.Address), "k", 20)).To(Equal(20))
		Expect(backup.Stop()).To(BeZero())

		p := serve("--db=" + db)
		Expect(create(ctx, client(p.Address), "a", 20)).To(Equal(20))
		Expect(os.Remove(db)).To(Succeed())
		Expect(create(ctx, client(p.Address), "b", 5)).To(BeZero())
		Expect(os.Rename(db+".backup", db)).To(Succeed())
		Expect(create(ctx, client(p.Address), "c", 20)).To(Equal(20))
		Expect(p.Stop()).To(BeZero(), p.Log())
		Expect(stored(ctx, db, "k")).To(Equal(20))
		Expect(stored(ctx, db, "c")).To(Equal(20))
	})
})
