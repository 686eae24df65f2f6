package sharing_test

import (
	"os"
	"os/exec"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/suites/backend"
)

var _ = Describe("the quickstart's file", Label("sqlite"), func() {
	It("is read by the core property by property", func(ctx SpecContext) {
		c := backend.NewCoreDatabase(GinkgoTB(), "sqlite")
		quickstart := exec.CommandContext(ctx, "go", "run", "../../examples/quickstart", "-db", c.DSN)
		quickstart.Stderr = os.Stderr
		Expect(quickstart.Run()).To(Succeed())

		d := databases[0]
		core := read(ctx, c.Client())
		Expect(core).To(Equal(read(ctx, d.ours(ctx, c))))
		for _, what := range []string{"context types", "artifact types", "contexts", "artifacts"} {
			Expect(core[what]).NotTo(BeEmpty(), what)
		}
	})
})
