package sharing_test

import (
	"fmt"
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/suites/backend"
)

var _ = Describe("a database of an older release", func() {
	for _, d := range databases[:3] {
		for version := 9; version >= 6; version-- {
			It(fmt.Sprintf("of version %d is upgraded on %s, and the core opens it", version, d.name), Label(d.kind),
				func(ctx SpecContext) {
					c := backend.NewCoreDatabase(GinkgoTB(), d.kind)
					core := c.Client()
					w := writer{"old", d.unicode}
					w.fill(ctx, core)
					fresh := d.shape(ctx, c)
					c.Downgrade(GinkgoTB(), version)

					_, err := d.open(ctx, c.DSN, d.opts...)
					Expect(err).To(MatchError(store.ErrSchemaOlder))
					steps, err := d.migrate(ctx, c.DSN)
					Expect(err).NotTo(HaveOccurred())
					Expect(steps).To(HaveLen(10 - version))
					Expect(d.shape(ctx, c)).To(ConsistOf(append(expected(d, fresh), extraIndexes(d)...)), "the schema")

					ours := d.ours(ctx, c)
					Expect(read(ctx, ours)).To(Equal(read(ctx, core)), "what was kept")
					writer{"new", d.unicode}.fill(ctx, core)
					Expect(read(ctx, ours)).To(Equal(read(ctx, core)), "what the core wrote")
				})
		}
	}
})

// expected is the schema after an upgrade: on PostgreSQL with indexes that take
// long text.
func expected(d database, fresh []string) []string {
	if d.kind != "postgres" {
		return slices.Clone(fresh)
	}
	changed := strings.NewReplacer(
		"idx_artifact_uri ON public.artifact USING btree", "idx_artifact_uri ON public.artifact USING spgist",
		"btree (name, is_custom_property, string_value)", `btree (name, is_custom_property, "left"(string_value, 255))`)
	lines := make([]string, len(fresh))
	for i, line := range fresh {
		lines[i] = changed.Replace(line)
	}
	return lines
}

// extraIndexes are those that only ours makes.
func extraIndexes(d database) []string {
	GinkgoHelper()
	text, err := os.ReadFile("../../internal/schema/testdata/" + d.kind + ".extra.txt")
	Expect(err).NotTo(HaveOccurred())
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}
