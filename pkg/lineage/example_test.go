package lineage_test

import (
	"context"
	"fmt"
	"log"
	"strconv"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// trained returns a registry in which a training made weights from a data set.
func trained(ctx context.Context) (*registry.Client, *model.DataSet, *model.ModelArtifact) {
	store, err := sqlite.Open(ctx, ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	reg := registry.New(store.Client())
	m, v := model.RegisteredModel{Name: "fraud"}, model.ModelVersion{Name: "v1"}
	data, weights := model.DataSet{Name: "payments"}, model.ModelArtifact{Name: "weights"}
	if _, err := reg.Register(ctx, &m, &v, &data, &weights); err != nil {
		log.Fatal(err)
	}
	types, err := reg.RPC().PutTypes(ctx, &mlmdpb.PutTypesRequest{
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("example.Training")}},
	})
	if err != nil {
		log.Fatal(err)
	}
	event := func(typ mlmdpb.Event_Type, artifactID string) *mlmdpb.PutExecutionRequest_ArtifactAndEvent {
		id, err := strconv.ParseInt(artifactID, 10, 64)
		if err != nil {
			log.Fatal(err)
		}
		return &mlmdpb.PutExecutionRequest_ArtifactAndEvent{Event: &mlmdpb.Event{ArtifactId: &id, Type: &typ}}
	}
	_, err = reg.RPC().PutExecution(ctx, &mlmdpb.PutExecutionRequest{
		Execution: &mlmdpb.Execution{
			TypeId: &types.ExecutionTypeIds[0], Name: new("monday"), LastKnownState: mlmdpb.Execution_COMPLETE.Enum(),
		},
		ArtifactEventPairs: []*mlmdpb.PutExecutionRequest_ArtifactAndEvent{
			event(mlmdpb.Event_INPUT, data.ID), event(mlmdpb.Event_OUTPUT, weights.ID),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	return reg, &data, &weights
}

func Example() {
	ctx := context.Background()
	reg, data, weights := trained(ctx)

	g, err := lineage.Provenance(ctx, reg, weights)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range lineage.Values[*model.DataSet](g) {
		fmt.Println("made from", d.Name)
	}

	g, err = lineage.Impact(ctx, reg, data)
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range g.Edges {
		if !e.Kind.IsMembership() {
			fmt.Println(g.Node(e.From).Name, "→", g.Node(e.To).Name)
		}
	}
	// Output:
	// made from payments
	// payments → monday
	// monday → weights
}

func ExampleOf() {
	ctx := context.Background()
	reg, _, weights := trained(ctx)
	g, err := lineage.Of(reg, weights).Upstream().Depth(1).Memberships(false).Limit(100).Graph(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range g.Nodes {
		fmt.Println(n.Ref, n.Label(), n.Name)
	}
	fmt.Println(g.Cut)
	// Output:
	// artifact/2 ModelArtifact weights
	// execution/1 Training monday
	// complete
}

func ExampleGraph_Mermaid() {
	ctx := context.Background()
	reg, _, weights := trained(ctx)
	g, err := lineage.Provenance(ctx, reg, weights)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(g.Mermaid(lineage.WithoutContexts()))
	// Output:
	// flowchart LR
	//   a1("DataSet<br/>payments")
	//   a2("ModelArtifact<br/>weights")
	//   e1{{"Training<br/>monday<br/>COMPLETE"}}
	//   a1 --> e1
	//   e1 --> a2
	//   classDef artifact fill:#dbeafe,stroke:#2563eb,color:#111827
	//   classDef execution fill:#fef3c7,stroke:#d97706,color:#111827
	//   classDef context fill:#f3f4f6,stroke:#6b7280,color:#111827
	//   classDef start stroke-width:4px
	//   classDef failed stroke:#dc2626
	//   class a1,a2 artifact
	//   class e1 execution
	//   class a2 start
}
