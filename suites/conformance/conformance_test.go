// Package conformance runs the cases of storetest on every backend, including
// the reference implementation.
package conformance

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/pkg/store/storetest"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m) }

func TestConformance(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Conformance")
}

var _ = Describe("the metadata store service", func() {
	for _, b := range backend.All() {
		Context("on "+b.Name, Label(b.Name), func() {
			for _, c := range storetest.Cases() {
				It(c.Name, func() {
					start := b.StartShared
					if c.NeedsOwnStore() {
						start = b.StartWith
					}
					rpc, has := start(GinkgoTB())
					c.Check(GinkgoTB(), rpc, has)
				})
			}
		})
	}
})
