package sharing_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/suites/backend"
)

var _ = Describe("a database", func() {
	for _, d := range databases {
		Context("on "+d.name, Label(d.kind), func() {
			It("of the core is read, changed and read by the core again", func(ctx SpecContext) {
				c := backend.NewCoreDatabase(GinkgoTB(), d.kind)
				core := c.Client()
				first, second := writer{"core", d.unicode}, writer{"ours", d.unicode}
				first.fill(ctx, core)

				ours := d.ours(ctx, c)
				Expect(read(ctx, ours)).To(Equal(read(ctx, core)), "what the core wrote")
				first.change(ctx, ours)
				Expect(read(ctx, core)).To(Equal(read(ctx, ours)), "what we changed")
				second.fill(ctx, ours)
				Expect(read(ctx, core)).To(Equal(read(ctx, ours)), "what we wrote")
				second.change(ctx, core)
				Expect(read(ctx, ours)).To(Equal(read(ctx, core)), "what the core changed")
			})

			It("of ours is read, changed and read by us again", func(ctx SpecContext) {
				c := backend.NewCoreDatabase(GinkgoTB(), d.kind)
				ours := d.ours(ctx, c)
				first, second := writer{"ours", d.unicode}, writer{"core", d.unicode}
				first.fill(ctx, ours)

				core := c.Client()
				Expect(read(ctx, core)).To(Equal(read(ctx, ours)), "what we wrote")
				first.change(ctx, core)
				Expect(read(ctx, ours)).To(Equal(read(ctx, core)), "what the core changed")
				second.fill(ctx, core)
				Expect(read(ctx, ours)).To(Equal(read(ctx, core)), "what the core wrote")
				second.change(ctx, ours)
				Expect(read(ctx, core)).To(Equal(read(ctx, ours)), "what we changed")
			})
		})
	}
})
