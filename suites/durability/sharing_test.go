package durability_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

var _ = Describe("processes that share a SQLite file", func() {
	It("write at once without losing or refusing anything", func(ctx SpecContext) {
		const each = 200
		file := newFile()
		_, first := serve(file)
		_, second := serve(file)
		writers := []client{first, second, open(ctx, file)}

		var all sync.WaitGroup
		failed := make(chan error, len(writers)*each)
		ids := make([]types, len(writers))
		for w, rpc := range writers {
			all.Go(func() {
				defer GinkgoRecover()
				ids[w] = register(ctx, rpc)
				for n := range each {
					if _, err := rpc.PutExecution(ctx, ids[w].put(w*each+n)); err != nil {
						failed <- fmt.Errorf("writer %d, write %d: %w", w, n, err)
					}
				}
			})
		}
		all.Wait()
		close(failed)
		for err := range failed {
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(ids).To(HaveEach(ids[0]), "all see the same types")
		for n := range len(writers) * each {
			Expect(stored(ctx, writers[n%len(writers)], n)).To(BeTrue(), "write %d", n)
		}
		intact(ctx, file)
	})

	It("see at once what another has written", func(ctx SpecContext) {
		file := newFile()
		_, first := serve(file)
		_, second := serve(file)
		t := register(ctx, first)
		for n := range 50 {
			_, err := first.PutExecution(ctx, t.put(n))
			Expect(err).NotTo(HaveOccurred())
			Expect(stored(ctx, second, n)).To(BeTrue())
		}
	})

	It("see types that another has changed", func(ctx SpecContext) {
		file := newFile()
		_, first := serve(file)
		_, second := serve(file)
		t := register(ctx, first)
		_, err := second.PutExecution(ctx, t.put(1)) // second now knows the types
		Expect(err).NotTo(HaveOccurred())
		_, err = first.PutContextType(ctx, &mlmdpb.PutContextTypeRequest{
			CanAddFields: new(true),
			ContextType: &mlmdpb.ContextType{Name: new("Project"), Properties: map[string]mlmdpb.PropertyType{
				"number": mlmdpb.PropertyType_INT, "owner": mlmdpb.PropertyType_STRING,
			}},
		})
		Expect(err).NotTo(HaveOccurred())
		_, err = second.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
			TypeId: &t.project, Name: new("with the new property"),
			Properties: map[string]*mlmdpb.Value{"owner": {Value: &mlmdpb.Value_StringValue{StringValue: "ada"}}},
		}}})
		Expect(err).NotTo(HaveOccurred())
	})
})

var _ = Describe("a reader during a long write", func() {
	It("does not wait for another process, and does not see what is not committed", func(ctx SpecContext) {
		file := newFile()
		rpc := open(ctx, file)
		t := register(ctx, rpc)
		_, err := rpc.PutExecution(ctx, t.put(1))
		Expect(err).NotTo(HaveOccurred())

		release := holdUncommitted(ctx, file, t)
		defer release()
		quick, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		Expect(stored(quick, rpc, 1)).To(BeTrue())
		reply, err := rpc.GetArtifacts(quick, &mlmdpb.GetArtifactsRequest{})
		Expect(err).NotTo(HaveOccurred())
		Expect(reply.GetArtifacts()).To(HaveLen(1))
	})

	It("of this process sees all of it or nothing, and is not held up", func(ctx SpecContext) {
		const many = 5000
		rpc := open(ctx, newFile())
		t := register(ctx, rpc)
		request := &mlmdpb.PutArtifactsRequest{}
		for n := range many {
			request.Artifacts = append(request.Artifacts,
				&mlmdpb.Artifact{TypeId: &t.model, Name: new(fmt.Sprint(n)), Properties: number(n)})
		}
		done := make(chan error, 1)
		go func() {
			_, err := rpc.PutArtifacts(ctx, request)
			done <- err
		}()
		last := &mlmdpb.GetArtifactByTypeAndNameRequest{TypeName: new("Model"), ArtifactName: new(fmt.Sprint(many - 1))}
		first := &mlmdpb.GetArtifactByTypeAndNameRequest{TypeName: new("Model"), ArtifactName: new("0")}
		reads, written := 0, false
		for !written {
			select {
			case err := <-done:
				Expect(err).NotTo(HaveOccurred())
				written = true
			default:
			}
			a, err := rpc.GetArtifactByTypeAndName(ctx, first)
			Expect(err).NotTo(HaveOccurred())
			b, err := rpc.GetArtifactByTypeAndName(ctx, last)
			Expect(err).NotTo(HaveOccurred())
			if a.Artifact != nil { // the first is there, so the last is
				Expect(b.Artifact).NotTo(BeNil(), "half of a write was seen")
			}
			reads++
		}
		Expect(reads).To(BeNumerically(">", 5), "readers waited for the writer")
	})
})

// holdUncommitted writes to the file from outside, and neither commits nor ends
// before release is called.
func holdUncommitted(ctx context.Context, file string, t types) (release func()) {
	GinkgoHelper()
	db, err := sql.Open("sqlite", file)
	Expect(err).NotTo(HaveOccurred())
	conn, err := db.Conn(ctx)
	Expect(err).NotTo(HaveOccurred())
	for _, statement := range []string{
		"BEGIN IMMEDIATE",
		fmt.Sprintf("INSERT INTO Artifact (type_id, name, create_time_since_epoch, last_update_time_since_epoch) VALUES "+
			"(%d, 'foreign', 1, 1)", t.model),
	} {
		_, err = conn.ExecContext(ctx, statement)
		Expect(err).NotTo(HaveOccurred())
	}
	return func() {
		conn.ExecContext(ctx, "ROLLBACK")
		conn.Close()
		db.Close()
	}
}
