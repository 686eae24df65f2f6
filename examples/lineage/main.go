package main

import (
	"context"
	"fmt"
	"log"

	"github.com/mlmd-go/sdk/examples/lineage/generated/edge"
	"github.com/mlmd-go/sdk/examples/lineage/generated/field"
	"github.com/mlmd-go/sdk/examples/lineage/generated/mapping"
	"github.com/mlmd-go/sdk/examples/lineage/generated/model"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

func main() {
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	if err := run(ctx, registry.New(store.Client())); err != nil {
		log.Fatal(err)
	}
}

// run records a training and an evaluation, and reads them back.
func run(ctx context.Context, reg *registry.Client) error {
	projects := registry.NewCollection(reg, mapping.Project)
	runs := registry.NewCollection(reg, mapping.TrainingRun)
	evaluations := registry.NewCollection(reg, mapping.Evaluation)
	models := registry.NewCollection(reg, mapping.ModelVersion)

	project := model.Project{Name: "fraud"}
	if _, err := projects.Upsert(ctx, &project); err != nil {
		return err
	}

	// Record stores the run, the data sets and the weights, and what links them.
	day1 := model.Dataset{Name: "2026-11-01", Rows: new(int64(120_000))}
	day2 := model.Dataset{Name: "2026-11-02", Rows: new(int64(95_000))}
	weights := model.ModelVersion{Name: "v1", URI: new("s3://models/fraud/1")}
	training := model.TrainingRun{Name: "night", ProjectID: project.ID, LearningRate: new(0.01)}
	_, err := registry.Record(ctx, runs, &training,
		edge.TrainingRun.Inputs.To(&day1, &day2),
		edge.TrainingRun.Outputs.To(&weights),
	)
	if err != nil {
		return err
	}
	evaluation := model.Evaluation{Name: "morning", Accuracy: new(0.93)}
	_, err = registry.Record(ctx, evaluations, &evaluation, edge.Evaluation.Model.To(&weights))
	if err != nil {
		return err
	}

	// With loads neighbors, and their neighbors, in a fixed number of requests.
	v, err := models.Get(ctx, weights.ID, registry.With(
		edge.ModelVersion.TrainedBy.With(edge.TrainingRun.Inputs),
		edge.ModelVersion.Evaluations,
	))
	if err != nil {
		return err
	}
	for _, d := range v.Edges.TrainedBy.Edges.Inputs {
		fmt.Println(v.Name, "was trained with", d.Name)
	}
	fmt.Println("its accuracy is", *v.Edges.Evaluations[0].Accuracy)

	// Any filters by neighbors.
	big := edge.TrainingRun.Inputs.Any(field.Dataset.Rows.Gt(100_000))
	n, err := runs.Query().Where(big).Count(ctx)
	if err != nil {
		return err
	}
	fmt.Println(n, "run used a big data set")

	// A walk finds all that something was made from, of any type.
	tuned := model.ModelVersion{Name: "v2", BaseID: &weights.ID}
	night2 := model.TrainingRun{Name: "night 2", ProjectID: project.ID}
	_, err = registry.Record(ctx, runs, &night2, edge.TrainingRun.Inputs.To(&day2), edge.TrainingRun.Outputs.To(&tuned))
	if err != nil {
		return err
	}
	g, err := lineage.Of(reg, models.Entity(&tuned), models.Entity(&weights)).Upstream().
		Catalog(mapping.Catalog...).Graph(ctx)
	if err != nil {
		return err
	}
	fmt.Print(g.Mermaid())
	return nil
}
