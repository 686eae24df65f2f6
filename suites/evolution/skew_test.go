package evolution_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	map1 "github.com/mlmd-go/sdk/suites/evolution/v1/mapping"
	model1 "github.com/mlmd-go/sdk/suites/evolution/v1/model"
	map2 "github.com/mlmd-go/sdk/suites/evolution/v2/mapping"
	model2 "github.com/mlmd-go/sdk/suites/evolution/v2/model"
)

// A program is a client that keeps what it is told of other specs.
type program struct {
	*registry.Client
	told []*registry.Skew
}

func (w *world) program(refuse func(*registry.Skew) error) *program {
	p := &program{}
	p.Client = registry.New(w.rpc, w.prefix, registry.WithOnSkew(func(_ context.Context, s *registry.Skew) error {
		p.told = append(p.told, s)
		return refuse(s)
	}))
	return p
}

func accept(*registry.Skew) error { return nil }

// write1 is a write of a program of the old spec, and write2 of the new one.
func (p *program) write1(ctx context.Context) error {
	_, err := registry.NewCollection(p.Client, map1.Project).Upsert(ctx, &model1.Project{Name: "a project"})
	return err
}

func (p *program) write2(ctx context.Context) error {
	_, err := registry.NewCollection(p.Client, map2.Project).Upsert(ctx, &model2.Project{Name: "a project"})
	return err
}

// What the new spec stores and the old one does not know.
var unknownTo1 = []string{
	"DataSet: size_in_bytes DOUBLE", "DataSet: origin STRING", "DataSet: license STRING", "DataSet: tags STRUCT",
	"DataSet: format = iceberg", "DataSet: Column.remark", "DataSet: Column.unit",
	"DataSet: storage.kind = view", "DataSet: storage.kind = stream",
	"DataSet: StreamStorage.kind", "DataSet: StreamStorage.kind = stream",
	"DataSet: StreamStorage.topic", "DataSet: StreamStorage.from", "DataSet: StreamStorage.before",
	"DataSet: TableStorage.address",
	"Run: OUTPUT to Report", "Run: DECLARED_INPUT to Report", "Run: retries INT",
}

var _ = onEveryBackend("programs of two specs", func(world func() *world) {
	It("tells each program of the old spec that the store has a newer one", func(ctx SpecContext) {
		w := world()
		first := w.program(accept)
		Expect(first.write1(ctx)).To(Succeed())
		Expect(first.told).To(BeEmpty(), "the store is empty")

		next := w.program(accept)
		Expect(next.write2(ctx)).To(Succeed())
		Expect(next.told).To(HaveLen(1), "its spec is new to the store")
		Expect(next.told[0].Known).To(BeFalse())
		Expect(next.told[0].Adds).To(ContainElements(unknownTo1))
		Expect(next.told[0].Missing).To(BeEmpty(), "its version is greater")
		Expect(next.write2(ctx)).To(Succeed())
		Expect(next.told).To(HaveLen(1), "once")

		for range 5 {
			old := w.program(accept)
			Expect(old.write1(ctx)).To(Succeed())
			Expect(old.write1(ctx)).To(Succeed())
			Expect(old.told).To(HaveLen(1))
			Expect(old.told[0].Missing).To(ConsistOf(unknownTo1))
			Expect(old.told[0].Others).To(ConsistOf(SatisfyAll(
				HaveField("Title", "Data sets, as they are now"), HaveField("Fingerprint", map2.CatalogSpec.Fingerprint))))
			Expect(old.told[0].String()).To(ContainSubstring("license STRING"))

			newer := w.program(accept)
			Expect(newer.write2(ctx)).To(Succeed())
			Expect(newer.told).To(BeEmpty(), "its spec is the latest")
		}
	})

	It("tells a program of the old spec that the store has not seen before", func(ctx SpecContext) {
		w := world()
		Expect(w.program(accept).write2(ctx)).To(Succeed())
		for range 3 { // it makes no record that would look newer
			old := w.program(accept)
			Expect(old.write1(ctx)).To(Succeed())
			Expect(old.told).To(HaveLen(1))
			Expect(old.told[0].Missing).To(ConsistOf(unknownTo1))
		}
	})

	It("refuses the writes of an old program if asked to", func(ctx SpecContext) {
		w := world()
		Expect(w.program(accept).write2(ctx)).To(Succeed())
		old := registry.New(w.rpc, w.prefix, registry.WithOnSkew(registry.RefuseSkew))
		sets := registry.NewCollection(old, map1.DataSet)
		projects := registry.NewCollection(old, map1.Project)
		project := must(projects.FindByName(ctx, "a project"))
		for range 2 {
			_, err := sets.Create(ctx, &model1.DataSet{ProjectID: project.ID, Name: "a set"})
			Expect(err).To(MatchError(registry.ErrRefused))
			Expect(err).To(MatchError(ContainSubstring("generate from that spec and compile again")))
			_, err = projects.Update(ctx, project.ID, func(p *model1.Project) error {
				p.Owner = new("ada")
				return nil
			})
			Expect(err).To(MatchError(registry.ErrRefused))
		}
		Expect(must(sets.Query().Count(ctx))).To(BeZero())
		Expect(must(projects.Get(ctx, project.ID)).Owner).To(BeNil())

		own := errors.New("not on a Friday")
		p := w.program(func(*registry.Skew) error { return own })
		Expect(p.write1(ctx)).To(MatchError(own))
	})

	It("tells those that only read when they ask", func(ctx SpecContext) {
		w := world()
		reg := registry.New(w.rpc, w.prefix)
		s := must(reg.CheckSkew(ctx, &map1.CatalogSpec))
		Expect(s.Known).To(BeFalse())
		Expect(s.Missing).To(BeEmpty())
		Expect(w.program(accept).write2(ctx)).To(Succeed())
		Expect(must(reg.CheckSkew(ctx, &map1.CatalogSpec)).Missing).To(ConsistOf(unknownTo1))
		Expect(must(reg.CheckSkew(ctx, &map2.CatalogSpec)).Known).To(BeTrue())
	})

	It("keeps its records out of lists of nodes", func(ctx SpecContext) {
		w := world()
		before := must(w.rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{}))
		Expect(w.program(accept).write2(ctx)).To(Succeed())
		all := must(w.rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{}))
		Expect(len(all.Contexts)).To(BeNumerically("<=", len(before.Contexts)+1), "the project")
	})
})

var _ = Describe("a program without the option", func() {
	It("logs what it lacks", func(ctx SpecContext) {
		store := must(sqlite.OpenMemory(ctx))
		DeferCleanup(store.Close)
		w := newWorld(store.Client())
		var out bytes.Buffer
		before := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
		DeferCleanup(func() { slog.SetDefault(before) })
		Expect((&program{Client: w.reg2}).write2(ctx)).To(Succeed())
		Expect(out.String()).To(BeEmpty())
		Expect((&program{Client: w.reg1}).write1(ctx)).To(Succeed())
		Expect(out.String()).To(SatisfyAll(ContainSubstring("level=WARN"), ContainSubstring("license STRING")))
	})
})
