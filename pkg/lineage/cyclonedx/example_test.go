package cyclonedx_test

import (
	"context"
	"fmt"
	"io"
	"log"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/lineage/cyclonedx"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

func Example() {
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	reg := registry.New(store.Client())
	m, v := model.RegisteredModel{Name: "fraud", License: new("Apache-2.0")}, model.ModelVersion{Name: "v1"}
	weights := model.ModelArtifact{Name: "weights", URI: new("s3://models/fraud/1")}
	data, auc := model.DataSet{Name: "payments"}, model.Metric{Name: "auc", Value: new(0.93)}
	if _, err := reg.Register(ctx, &m, &v, &weights, &data, &auc); err != nil {
		log.Fatal(err)
	}

	g, err := lineage.Provenance(ctx, reg, &v)
	if err != nil {
		log.Fatal(err)
	}
	bom, err := cyclonedx.BOM(g, &v, cyclonedx.Config{Namespace: "mlmd://registry.example.com"})
	if err != nil {
		log.Fatal(err)
	}
	c := bom.Metadata.Component
	fmt.Println(c.Type, c.Name, c.Version, *c.ModelCard.QuantitativeAnalysis.PerformanceMetrics)
	for _, part := range *bom.Components {
		fmt.Println(part.Type, part.Name)
	}
	for _, d := range *bom.Dependencies {
		if d.Dependencies != nil {
			fmt.Println(d.Ref, "depends on", *d.Dependencies)
		}
	}
	if err := cdx.NewBOMEncoder(io.Discard, cdx.BOMFileFormatJSON).Encode(bom); err != nil {
		log.Fatal(err)
	}
	// Output:
	// machine-learning-model fraud v1 [{auc 0.93  <nil>}]
	// data payments
	// context/2 depends on [artifact/1 artifact/2]
}
