package rest_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
	"github.com/mlmd-go/sdk/suites/backend"
)

// The releases of the Python client: the newest, which speaks v1, and the last
// one that speaks v1alpha3.
var releases = []string{"0.3.18", "0.3.11"}

// databases start the server on each database. They return the value of its --db.
var databases = map[string]func() (string, error){
	"a file":     func() (string, error) { return filepath.Join(GinkgoT().TempDir(), "registry.db"), nil },
	"PostgreSQL": func() (string, error) { return testdb.Postgres(GinkgoTB()) },
	"MariaDB": func() (string, error) {
		dsn, err := testdb.MySQL(GinkgoTB())
		return "mysql://" + strings.NewReplacer("@tcp(", "@", ")/", "/").Replace(dsn), err
	},
}

var _ = Describe("the published Python client", func() {
	for _, release := range releases {
		for _, name := range slices.Sorted(maps.Keys(databases)) {
			It("stores in "+name+" what the registry reads: "+release, func(ctx SpecContext) {
				python := program(release, "python")
				db, err := databases[name]()
				if errors.Is(err, testdb.ErrNone) {
					Skip(err.Error())
				}
				Expect(err).NotTo(HaveOccurred())
				p, err := backend.StartProcess("--http_port=0", "--db="+db)
				Expect(err).NotTo(HaveOccurred())
				DeferCleanup(p.Stop)

				client := exec.CommandContext(ctx, python, "-W", "ignore", "testdata/client.py", p.URL)
				var log strings.Builder
				client.Stderr = &log
				out, err := client.Output()
				Expect(err).NotTo(HaveOccurred(), log.String())
				lines := strings.Split(strings.TrimSpace(string(out)), "\n") // the client prints, too
				var ids struct{ Model, Version, Run string }
				Expect(json.Unmarshal([]byte(lines[len(lines)-1]), &ids)).To(Succeed(), string(out))

				reg, err := registry.Dial(p.Address)
				Expect(err).NotTo(HaveOccurred())
				DeferCleanup(reg.Close)
				checkModel(ctx, reg, ids.Model)
				if ids.Run != "" {
					checkRun(ctx, reg, ids.Run)
				}
			})
		}
	}
})

// checkModel checks what client.py stored of a model.
func checkModel(ctx SpecContext, reg *registry.Client, id string) {
	GinkgoHelper()
	tree, err := reg.RegisteredModels().Tree(ctx, id)
	Expect(err).NotTo(HaveOccurred())
	Expect([]string{tree.Model.Name, *tree.Model.Owner, *tree.Model.Description}).
		To(Equal([]string{"fraud", "ada", "a model"}))
	Expect(tree.Versions).To(HaveLen(7))
	first := tree.Versions[0]
	Expect(first.Version.RegisteredModelID).To(Equal(id))
	Expect(first.Version.CustomProperties).To(Equal(value.Map{"auc": value.Double(0.95)}))
	Expect(first.Artifacts).To(HaveLen(1))
	a := first.Artifacts[0]
	Expect([]string{a.Name, a.ModelVersionID, *a.URI, *a.ModelFormatName, *a.StorageKey}).
		To(Equal([]string{"fraud", first.Version.ID, "s3://elsewhere", "onnx", "key"}))
	Expect(first.Docs).To(HaveLen(1))
	Expect(*first.Docs[0].URI).To(Equal("s3://card/2"))
	m, err := reg.Metrics().FindByName(ctx, first.Version.ID, "auc")
	Expect(err).NotTo(HaveOccurred())
	Expect([]any{*m.Value, *m.Step}).To(Equal([]any{0.93, int64(3)}))
	p, err := reg.Parameters().FindByName(ctx, first.Version.ID, "lr")
	Expect(err).NotTo(HaveOccurred())
	Expect([]string{*p.Value, string(*p.ParameterType)}).To(Equal([]string{"0.1", "number"}))
	d, err := reg.DataSets().FindByName(ctx, first.Version.ID, "train")
	Expect(err).NotTo(HaveOccurred())
	Expect(*d.URI).To(Equal("s3://train"))
}

// checkRun checks what client.py stored of an experiment run.
func checkRun(ctx SpecContext, reg *registry.Client, id string) {
	GinkgoHelper()
	run, err := reg.ExperimentRuns().Get(ctx, id)
	Expect(err).NotTo(HaveOccurred())
	e, err := reg.Experiments().FindByName(ctx, "tuning")
	Expect(err).NotTo(HaveOccurred())
	Expect(run.ExperimentID).To(Equal(e.ID))
	history, err := reg.MetricHistories().OfRun(id).Collect(ctx)
	Expect(err).NotTo(HaveOccurred())
	var values []float64
	for _, h := range history {
		Expect(h.Name).To(MatchRegexp(`^loss__\d+$`))
		values = append(values, *h.Value)
	}
	Expect(values).To(Equal([]float64{0.5, 0.25}))
}
