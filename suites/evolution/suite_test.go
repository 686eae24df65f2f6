package evolution_test

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/suites/backend"
	map1 "github.com/mlmd-go/sdk/suites/evolution/v1/mapping"
	model1 "github.com/mlmd-go/sdk/suites/evolution/v1/model"
	map2 "github.com/mlmd-go/sdk/suites/evolution/v2/mapping"
	model2 "github.com/mlmd-go/sdk/suites/evolution/v2/model"
)

func TestMain(m *testing.M) { backend.Main(m) }

func TestEvolution(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "A spec and its next version")
}

var (
	started = time.Now().UnixNano()
	number  atomic.Int64
)

// A world is a store that a program of either version uses, each with a client
// of its own. Its types have names that nothing else has.
type world struct {
	rpc      mlmdpb.MetadataStoreServiceClient
	name     string // the prefix of types
	prefix   registry.Option
	reg1     *registry.Client
	reg2     *registry.Client
	sets1    *registry.Collection[model1.DataSet, *mlmdpb.Artifact]
	sets2    *registry.Collection[model2.DataSet, *mlmdpb.Artifact]
	runs1    *registry.Collection[model1.Run, *mlmdpb.Execution]
	runs2    *registry.Collection[model2.Run, *mlmdpb.Execution]
	reports2 *registry.Collection[model2.Report, *mlmdpb.Artifact]
}

func newWorld(rpc mlmdpb.MetadataStoreServiceClient) *world {
	name := fmt.Sprintf("t%x-%d.", started, number.Add(1))
	prefix := registry.WithTypePrefix(name)
	w := &world{rpc: rpc, name: name, prefix: prefix, reg1: registry.New(rpc, prefix), reg2: registry.New(rpc, prefix)}
	w.sets1, w.sets2 = registry.NewCollection(w.reg1, map1.DataSet), registry.NewCollection(w.reg2, map2.DataSet)
	w.runs1, w.runs2 = registry.NewCollection(w.reg1, map1.Run), registry.NewCollection(w.reg2, map2.Run)
	w.reports2 = registry.NewCollection(w.reg2, map2.Report)
	return w
}

// project1 is a project that the old program stored.
func (w *world) project1(ctx SpecContext) string {
	GinkgoHelper()
	return must(registry.NewCollection(w.reg1, map1.Project).Upsert(ctx,
		&model1.Project{Name: "a project", Owner: new("ada")})).ID
}

// project2 is a project that the new program stored.
func (w *world) project2(ctx SpecContext) string {
	GinkgoHelper()
	return must(registry.NewCollection(w.reg2, map2.Project).Upsert(ctx,
		&model2.Project{Name: "a project", Owner: new("ada")})).ID
}

// properties are those that the store has of a data set.
func (w *world) properties(ctx SpecContext, id string) map[string]*mlmdpb.Value {
	GinkgoHelper()
	r := must(w.rpc.GetArtifactsByID(ctx,
		&mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{must(strconv.ParseInt(id, 10, 64))}}))
	Expect(r.Artifacts).To(HaveLen(1))
	return r.Artifacts[0].Properties
}

func must[T any](v T, err error) T {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	return v
}

// onEveryBackend describes what holds on every backend.
func onEveryBackend(what string, body func(w func() *world)) bool {
	return Describe(what, func() {
		for _, b := range backend.All() {
			Context("on "+b.Name, Label(b.Name), func() {
				var w *world
				BeforeEach(func() {
					rpc, _ := b.StartShared(GinkgoTB())
					w = newWorld(rpc)
				})
				body(func() *world { return w })
			})
		}
	})
}
