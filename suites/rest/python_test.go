package rest_test

import (
	"encoding/json"
	"os/exec"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

// The releases of the Python client: the newest, which speaks v1, and the last
// one that speaks v1alpha3.
var releases = []string{"0.3.18", "0.3.11"}

var _ = Describe("the published Python client", func() {
	for _, release := range releases {
		It("stores in a file what the registry reads: "+release, func(ctx SpecContext) {
			python := program(release, "python")
			p := serve()

			client := exec.CommandContext(ctx, python, "-W", "ignore", "testdata/client.py", p.URL)
			var log strings.Builder
			client.Stderr = &log
			out, err := client.Output()
			Expect(err).NotTo(HaveOccurred(), log.String())
			var ids struct{ Model, Version string }
			Expect(json.Unmarshal(out, &ids)).To(Succeed(), string(out))

			reg, err := registry.Dial(p.Address)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(reg.Close)
			tree, err := reg.RegisteredModels().Tree(ctx, ids.Model)
			Expect(err).NotTo(HaveOccurred())
			Expect(*tree.Model.Description).To(Equal("a model"))
			Expect(tree.Versions).To(HaveLen(7))
			first := tree.Versions[0]
			Expect(first.Version.CustomProperties).To(Equal(value.Map{"auc": value.Double(0.95)}))
			Expect(first.Artifacts).To(HaveLen(1))
			Expect(*first.Artifacts[0].URI).To(Equal("s3://elsewhere"))
			Expect(first.Docs).To(HaveLen(1))
			Expect(*first.Docs[0].URI).To(Equal("s3://card/2"))
		})
	}
})
