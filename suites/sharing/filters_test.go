package sharing_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/suites/backend"
)

// Filters see text as it was meant, also where the two servers keep it as bytes
// in tables of another character set.
var _ = Describe("a filter", func() {
	for _, d := range databases {
		if !d.unicode {
			continue
		}
		It("finds what the core wrote on "+d.name, Label(d.kind), func(ctx SpecContext) {
			c := backend.NewCoreDatabase(GinkgoTB(), d.kind)
			core := c.Client()
			typ, err := core.PutArtifactType(ctx,
				&mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{Name: new("Größe")}})
			Expect(err).NotTo(HaveOccurred())
			_, err = core.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
				TypeId: typ.TypeId, Name: new("Ärger 日本"), Uri: new("Case"),
				CustomProperties: map[string]*mlmdpb.Value{"é": {Value: &mlmdpb.Value_StringValue{StringValue: "Ünï"}}},
			}}})
			Expect(err).NotTo(HaveOccurred())
			ours := d.ours(ctx, c)
			for filter, found := range map[string]int{
				"name = 'Ärger 日本'":                           1,
				"name = 'ärger 日本'":                           0,
				"name IN ('x', 'Ärger 日本')":                   1,
				"name LIKE '_RGER __'":                        1,
				"name > 'z'":                                  1,
				"LENGTH(name) = 8":                            1,
				"SUBSTR(name, 7) = '日本'":                      1,
				"type = 'Größe'":                              1,
				"uri = 'case'":                                0,
				"uri = 'Case '":                               0,
				"UPPER(uri) = 'CASE'":                         1,
				"custom_properties.`é`.string_value = 'Ünï'":  1,
				"custom_properties.`é`.string_value != 'Ünï'": 0,
				"STARTS_WITH(name, 'Ä')":                      1,
				"name = CONCAT('Ä', 'rger ', '日本')":           1,
			} {
				reply, err := ours.GetArtifacts(ctx,
					&mlmdpb.GetArtifactsRequest{Options: &mlmdpb.ListOperationOptions{FilterQuery: &filter}})
				Expect(err).NotTo(HaveOccurred(), filter)
				Expect(reply.Artifacts).To(HaveLen(found), filter)
			}
		})
	}
})
