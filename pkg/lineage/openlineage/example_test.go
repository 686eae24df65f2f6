package openlineage_test

import (
	"fmt"
	"io"
	"log"

	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/lineage/openlineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

func Example() {
	// A graph is otherwise read from a store: lineage.Provenance(ctx, reg, &weights).
	data := lineage.Node{Ref: lineage.Ref{Kind: mlmd.Artifact, ID: "1"}, TypeName: "kf.DataSet", URI: "s3://bank/payments"}
	training := lineage.Node{
		Ref: lineage.Ref{Kind: mlmd.Execution, ID: "1"}, TypeName: "example.Training", Name: "monday",
		State: "COMPLETE", UpdateTime: value.Millis(1_700_000_000_000),
	}
	g := &lineage.Graph{
		Nodes: []*lineage.Node{&data, &training},
		Edges: []lineage.Edge{{From: data.Ref, To: training.Ref, Kind: lineage.Input}},
	}
	events, err := openlineage.Events(g, openlineage.Config{
		Namespace: "mlmd://registry.example.com", Producer: "https://example.com/export",
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range events {
		fmt.Println(e.EventTime, e.Job.Name, e.EventType, e.Run.RunID)
		for _, d := range e.Inputs {
			fmt.Println("read", d.Name, "in", d.Namespace)
		}
	}
	if err := openlineage.Write(io.Discard, events); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2023-11-14T22:13:20.000Z example.Training/monday COMPLETE f452646c-d8aa-5bd7-997f-58f35e7c833c
	// read payments in s3://bank
}
