package edges_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/examples/lineage/generated/edge"
	"github.com/mlmd-go/sdk/examples/lineage/generated/field"
	"github.com/mlmd-go/sdk/examples/lineage/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/suites/backend"
)

// The published Python client reads what Record stored, and With and Any read what
// its put_execution stored.
var _ = Describe("The published Python client", func() {
	shares := func(open func(ctx SpecContext) (w *world, store []string)) func(SpecContext) {
		return func(ctx SpecContext) {
			program := pythonProgram(ctx)
			w, store := open(ctx)
			day1, day2, column := w.dataset(ctx), w.dataset(ctx), w.dataset(ctx)
			weights, project := &model.ModelVersion{Name: fresh("weights")}, w.project(ctx)
			run := w.run(ctx)
			_, err := registry.Record(ctx, w.runs, run,
				edge.TrainingRun.Inputs.To(day1, day2), edge.TrainingRun.Features.Dataset.At("age", column),
				edge.TrainingRun.Outputs.To(weights), edge.TrainingRun.Projects.To(project))
			Expect(err).NotTo(HaveOccurred())
			first, err := w.projects.Get(ctx, run.ProjectID)
			Expect(err).NotTo(HaveOccurred())

			By("reading what Record stored")
			var read struct {
				Events   [][]any
				Contexts []string
				Graph    struct {
					Artifacts, Executions, Contexts []string
					Events, Associations            int
				}
			}
			program(ctx, &read, append(slices.Clone(store), "--read", run.ID)...)
			Expect(read.Events).To(ConsistOf(
				[]any{"INPUT", day1.Name, []any{"examples", 0.0}}, []any{"INPUT", day2.Name, []any{"examples", 1.0}},
				[]any{"INPUT", column.Name, []any{"features", "age"}}, []any{"OUTPUT", weights.Name, []any{}}))
			Expect(read.Contexts).To(ConsistOf(first.Name, project.Name))
			Expect(read.Graph.Artifacts).To(ConsistOf(day1.Name, day2.Name, column.Name, weights.Name))
			Expect(read.Graph.Executions).To(ConsistOf(run.ProjectID + ":" + run.Name))
			Expect(read.Graph.Contexts).To(ConsistOf(first.Name, project.Name))
			Expect(read.Graph.Events).To(Equal(4))
			Expect(read.Graph.Associations).To(Equal(2))

			By("writing what With and Any read")
			name := fresh("python")
			var wrote struct {
				Run       int64
				Artifacts []int64
			}
			program(ctx, &wrote, append(slices.Clone(store), "--write", name, "--project", project.ID)...)
			Expect(wrote.Artifacts).To(HaveLen(5))
			id := func(i int) string { return strconv.FormatInt(wrote.Artifacts[i], 10) }
			e := edge.TrainingRun
			got, err := w.runs.Get(ctx, strconv.FormatInt(wrote.Run, 10),
				registry.With(e.Inputs, e.Features.Dataset, e.Outputs, e.Projects, e.Project))
			Expect(err).NotTo(HaveOccurred())
			Expect(got.Name).To(Equal(name))
			Expect(datasetIDs(got.Edges.Inputs)).To(Equal([]string{id(1), id(0)}), "in the order of the paths")
			Expect(datasetIDs(got.Edges.Features.Dataset)).To(Equal([]string{id(2)}))
			Expect(got.Edges.Outputs).To(HaveLen(1))
			Expect(got.Edges.Outputs[0].ID).To(Equal(id(4)))
			Expect(got.Edges.Project.ID).To(Equal(project.ID))
			Expect(got.Edges.Projects).To(HaveLen(1))
			used, err := w.datasets.Get(ctx, id(1), registry.With(edge.Dataset.UsedBy))
			Expect(err).NotTo(HaveOccurred())
			Expect(used.Edges.UsedBy).To(HaveLen(1))
			runs, err := w.runs.ChildrenOf(project.ID).Where(e.Inputs.Any(field.Dataset.ID.Eq(id(0)))).Collect(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(runs).To(HaveLen(1))
			n, err := w.runs.ChildrenOf(project.ID).Where(e.Inputs.Any(field.Dataset.ID.In(id(2), id(3)))).Count(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(n).To(BeZero(), "those events are of no edge, or of another one")

			By("recording the same run, which adds nothing")
			again := &model.TrainingRun{Name: name, ProjectID: project.ID}
			r, err := registry.Record(ctx, w.runs, again, e.Inputs.ToID(id(0), id(1)),
				e.Outputs.To(&model.ModelVersion{Name: name + "-model"}))
			Expect(err).NotTo(HaveOccurred())
			Expect(r.Outcome).To(Equal(registry.Unchanged))
			Expect(w.events(ctx, r.ID)).To(HaveLen(5))
		}
	}

	It("shares a server with the registry", shares(func(SpecContext) (*world, []string) {
		p, err := backend.StartProcess("--db=" + filepath.Join(GinkgoT().TempDir(), "mlmd.db"))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(p.Kill)
		rpc, c, err := backend.DialAddress(GinkgoT().Context(), backend.Server, p.Address)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(c.Close)
		return newWorld(rpc), []string{"--address", p.Address}
	}))

	It("shares a file with an embedded store", shares(func(ctx SpecContext) (*world, []string) {
		file := backend.Named(backend.File).Address(GinkgoTB())
		rpc, c, err := backend.DialAddress(ctx, backend.File, file)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(c.Close)
		return newWorld(rpc), []string{"--file", file}
	}))
})

// pythonProgram returns a function that runs the program of testdata and decodes what
// it prints.
func pythonProgram(ctx SpecContext) func(ctx SpecContext, to any, args ...string) {
	GinkgoHelper()
	python, err := backend.Python(ctx)
	if err != nil {
		backend.Named(backend.Core).Start(GinkgoTB()) // skips or fails
		Fail(err.Error())
	}
	return func(ctx SpecContext, to any, args ...string) {
		GinkgoHelper()
		cmd := exec.CommandContext(ctx, python, append([]string{"testdata/lineage.py"}, args...)...)
		out, err := cmd.Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			Fail(strings.TrimSpace(string(exit.Stderr)))
		}
		Expect(err).NotTo(HaveOccurred())
		Expect(json.Unmarshal(out, to)).To(Succeed(), string(out))
	}
}
