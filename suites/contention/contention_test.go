// Package contention_test runs writers against each other: through two stores
// on one database, as two processes would, on every kind of database.
package contention_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m, backend.Child{Name: "count", Run: countInChild}) }

func TestContention(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "writers at once")
}

type client = mlmdpb.MetadataStoreServiceClient

// databases open stores, each time one more on the database of the spec.
var databases = []struct {
	name  string
	fresh func() string
	open  func(context.Context, string, ...store.Option) (*store.Store, error)
}{
	{"file", func() string { return filepath.Join(GinkgoT().TempDir(), "registry.db") }, sqlite.Open},
	{"postgres", func() string { return have("postgres", testdb.Postgres) }, postgres.Open},
	{"mysql", func() string { return have("mysql", testdb.MySQL) }, mysql.Open},
}

func have(name string, fresh func(testing.TB) (string, error)) string {
	GinkgoHelper()
	dsn, err := fresh(GinkgoTB())
	testdb.Check(GinkgoTB(), name, err)
	return dsn
}

// onEveryDatabase describes what holds for two stores on one database.
func onEveryDatabase(what string, body func(stores func() [2]client)) bool {
	return Describe(what, func() {
		for _, d := range databases {
			Context("on "+d.name, Label(d.name), func() {
				var stores [2]client
				BeforeEach(func(ctx SpecContext) {
					dsn := d.fresh()
					for i := range stores {
						s, err := d.open(ctx, dsn, store.WithRetryTimeout(time.Minute))
						Expect(err).NotTo(HaveOccurred())
						DeferCleanup(s.Close)
						stores[i] = s.Client()
					}
				})
				body(func() [2]client { return stores })
			})
		}
	})
}

// atOnce calls do n times at the same moment, in turns on both stores, and
// answers the errors.
func atOnce(stores [2]client, n int, do func(rpc client, i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			defer GinkgoRecover()
			<-start
			errs[i] = do(stores[i%2], i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// putTypes makes an artifact, an execution and a context type of one name.
func putTypes(ctx context.Context, rpc client, name string) (*mlmdpb.PutTypesResponse, error) {
	n := map[string]mlmdpb.PropertyType{"n": mlmdpb.PropertyType_INT}
	return rpc.PutTypes(ctx, &mlmdpb.PutTypesRequest{
		ArtifactTypes:  []*mlmdpb.ArtifactType{{Name: new(name), Properties: n}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new(name), Properties: n}},
		ContextTypes:   []*mlmdpb.ContextType{{Name: new(name), Properties: n}},
	})
}

func number(n int64) map[string]*mlmdpb.Value {
	return map[string]*mlmdpb.Value{"n": {Value: &mlmdpb.Value_IntValue{IntValue: n}}}
}

func codesOf(errs []error) map[codes.Code]int {
	count := map[codes.Code]int{}
	for _, err := range errs {
		count[status.Code(err)]++
	}
	return count
}

var _ = onEveryDatabase("two stores", func(stores func() [2]client) {
	It("make one type of one name", func(ctx SpecContext) {
		for round := range 5 {
			var mu sync.Mutex
			ids := map[int64]bool{}
			errs := atOnce(stores(), 8, func(rpc client, _ int) error {
				reply, err := putTypes(ctx, rpc, fmt.Sprint("type ", round))
				mu.Lock()
				defer mu.Unlock()
				for _, id := range append(append(reply.GetArtifactTypeIds(), reply.GetExecutionTypeIds()...),
					reply.GetContextTypeIds()...) {
					ids[id] = true
				}
				return err
			})
			Expect(codesOf(errs)).To(Equal(map[codes.Code]int{codes.OK: 8}), "%v", errs)
			Expect(ids).To(HaveLen(3), "one of each kind")
		}
	})

	It("add fields to one type, and none is lost", func(ctx SpecContext) {
		Expect(putTypes(ctx, stores()[0], "t")).NotTo(BeNil())
		errs := atOnce(stores(), 12, func(rpc client, i int) error {
			_, err := rpc.PutContextType(ctx, &mlmdpb.PutContextTypeRequest{
				ContextType: &mlmdpb.ContextType{
					Name:       new("t"),
					Properties: map[string]mlmdpb.PropertyType{fmt.Sprint("p", i): mlmdpb.PropertyType_STRING},
				},
				CanAddFields: new(true), CanOmitFields: new(true),
			})
			return err
		})
		Expect(codesOf(errs)).To(Equal(map[codes.Code]int{codes.OK: 12}), "%v", errs)
		for _, rpc := range stores() {
			reply, err := rpc.GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: new("t")})
			Expect(err).NotTo(HaveOccurred())
			Expect(reply.GetContextType().GetProperties()).To(HaveLen(13))
		}
	})

	It("create one node of one name; the others are told that it exists", func(ctx SpecContext) {
		types, err := putTypes(ctx, stores()[0], "t")
		Expect(err).NotTo(HaveOccurred())
		errs := atOnce(stores(), 10, func(rpc client, i int) error {
			_, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{
				{TypeId: new(types.ContextTypeIds[0]), Name: new("one"), Properties: number(int64(i))},
			}})
			return err
		})
		Expect(codesOf(errs)).To(Equal(map[codes.Code]int{codes.OK: 1, codes.AlreadyExists: 9}), "%v", errs)
	})

	It("let one of several optimistic updates win", func(ctx SpecContext) {
		types, err := putTypes(ctx, stores()[0], "t")
		Expect(err).NotTo(HaveOccurred())
		put, err := stores()[0].PutArtifacts(ctx,
			&mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
				TypeId: new(types.ArtifactTypeIds[0]), Name: new("a"),
				Properties: number(0),
			}}})
		Expect(err).NotTo(HaveOccurred())
		stored, err := stores()[1].GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: put.ArtifactIds})
		Expect(err).NotTo(HaveOccurred())
		a := stored.GetArtifacts()[0]
		errs := atOnce(stores(), 8, func(rpc client, i int) error {
			_, err := rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{
				Artifacts: []*mlmdpb.Artifact{{
					Id: a.Id, TypeId: a.TypeId, LastUpdateTimeSinceEpoch: a.LastUpdateTimeSinceEpoch, Properties: number(int64(i) + 1),
				}},
				Options: &mlmdpb.PutArtifactsRequest_Options{AbortIfLatestUpdatedTimeChanged: new(true)},
			})
			return err
		})
		Expect(codesOf(errs)).To(Equal(map[codes.Code]int{codes.OK: 1, codes.FailedPrecondition: 7}), "%v", errs)
	})

	// a deadlock, unless it is avoided or repeated
	It("update the same nodes in opposite orders, and all succeed", func(ctx SpecContext) {
		types, err := putTypes(ctx, stores()[0], "t")
		Expect(err).NotTo(HaveOccurred())
		var both []*mlmdpb.Context
		for _, name := range []string{"x", "y", "z"} {
			put, err := stores()[0].PutContexts(ctx,
				&mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{TypeId: new(types.ContextTypeIds[0]), Name: new(name)}}})
			Expect(err).NotTo(HaveOccurred())
			both = append(both,
				&mlmdpb.Context{Id: new(put.ContextIds[0]), TypeId: new(types.ContextTypeIds[0]), Name: new(name)})
		}
		errs := atOnce(stores(), 24, func(rpc client, i int) error {
			request := &mlmdpb.PutContextsRequest{}
			for j := range both {
				from := both[j]
				if i%2 == 1 {
					from = both[len(both)-1-j]
				}
				request.Contexts = append(request.Contexts,
					&mlmdpb.Context{Id: from.Id, TypeId: from.TypeId, Name: from.Name, Properties: number(int64(i))})
			}
			_, err := rpc.PutContexts(ctx, request)
			return err
		})
		Expect(codesOf(errs)).To(Equal(map[codes.Code]int{codes.OK: 24}), "%v", errs)
		reply, err := stores()[0].GetContextsByID(ctx,
			&mlmdpb.GetContextsByIDRequest{ContextIds: []int64{*both[0].Id, *both[1].Id, *both[2].Id}})
		Expect(err).NotTo(HaveOccurred())
		last := reply.GetContexts()[0].GetProperties()["n"].GetIntValue()
		for _, c := range reply.GetContexts() {
			Expect(c.GetProperties()["n"].GetIntValue()).To(Equal(last), "each request took effect whole")
		}
	})

	It("reuse one new context in many executions", func(ctx SpecContext) {
		types, err := putTypes(ctx, stores()[0], "t")
		Expect(err).NotTo(HaveOccurred())
		errs := atOnce(stores(), 10, func(rpc client, i int) error {
			_, err := rpc.PutExecution(ctx, &mlmdpb.PutExecutionRequest{
				Execution: &mlmdpb.Execution{TypeId: new(types.ExecutionTypeIds[0]), Name: new(fmt.Sprint("e", i))},
				Contexts:  []*mlmdpb.Context{{TypeId: new(types.ContextTypeIds[0]), Name: new("shared")}},
				Options:   &mlmdpb.PutExecutionRequest_Options{ReuseContextIfAlreadyExist: new(true)},
			})
			return err
		})
		// The writer that loses the race for the name is ABORTED, as in the reference
		// implementation, or runs again. Either way all of its request is stored or
		// none.
		count := codesOf(errs)
		Expect(count[codes.OK]+count[codes.Aborted]).To(Equal(10), "%v", errs)
		Expect(count[codes.OK]).To(BeNumerically(">=", 1))
		reply, err := stores()[1].GetExecutions(ctx, &mlmdpb.GetExecutionsRequest{})
		Expect(err).NotTo(HaveOccurred())
		Expect(reply.GetExecutions()).To(HaveLen(count[codes.OK]))
		contexts, err := stores()[1].GetContexts(ctx, &mlmdpb.GetContextsRequest{})
		Expect(err).NotTo(HaveOccurred())
		Expect(contexts.GetContexts()).To(HaveLen(1))
	})

	It("never make a circle of parents", func(ctx SpecContext) {
		types, err := putTypes(ctx, stores()[0], "t")
		Expect(err).NotTo(HaveOccurred())
		put, err := stores()[0].PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{
			{TypeId: new(types.ContextTypeIds[0]), Name: new("x")}, {TypeId: new(types.ContextTypeIds[0]), Name: new("y")},
		}})
		Expect(err).NotTo(HaveOccurred())
		errs := atOnce(stores(), 2, func(rpc client, i int) error {
			_, err := rpc.PutParentContexts(ctx, &mlmdpb.PutParentContextsRequest{ParentContexts: []*mlmdpb.ParentContext{
				{ChildId: new(put.ContextIds[i]), ParentId: new(put.ContextIds[1-i])},
			}})
			return err
		})
		Expect(codesOf(errs)).To(Equal(map[codes.Code]int{codes.OK: 1, codes.InvalidArgument: 1}), "%v", errs)
	})
})
