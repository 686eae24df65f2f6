package lineage_test

import (
	"testing"

	own "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/edges/want/mapping"
	ownmodel "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/edges/want/model"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

// Entities of another spec, and of a store whose types have another prefix, are values
// too. The run is stored as another program does: its name lacks the ID of its parent.
func TestOwnSpec(t *testing.T) {
	onEveryBackend(t, func(w *world) {
		reg := registry.New(w.rpc, registry.WithTypePrefix("odh."))
		data := model.DataSet{Name: fresh("data"), State: new(model.ArtifactStateLive)}
		must(reg.DataSets().Create(w.t.Context(), &data))(w.t)
		projects := registry.NewCollection(reg, own.Project)
		project := ownmodel.Project{Name: fresh("project")}
		must(projects.Create(w.t.Context(), &project))(w.t)
		types := must(w.rpc.PutTypes(w.t.Context(), &mlmdpb.PutTypesRequest{
			ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("training.TrainingRun")}},
			CanAddFields:   new(true), CanOmitFields: new(true),
		}))(w.t)
		name := fresh("run")
		id := func(s string) *int64 { return new(must(value.ParseID(s))(w.t)) }
		run := must(w.rpc.PutExecution(w.t.Context(), &mlmdpb.PutExecutionRequest{
			Execution: &mlmdpb.Execution{TypeId: &types.ExecutionTypeIds[0], Name: &name},
			ArtifactEventPairs: []*mlmdpb.PutExecutionRequest_ArtifactAndEvent{{Event: &mlmdpb.Event{
				ArtifactId: id(data.ID), Type: mlmdpb.Event_INPUT.Enum(),
			}}},
		}))(w.t).GetExecutionId()
		must(w.rpc.PutAttributionsAndAssociations(w.t.Context(), &mlmdpb.PutAttributionsAndAssociationsRequest{
			Associations: []*mlmdpb.Association{{ExecutionId: &run, ContextId: id(project.ID)}},
		}))(w.t)

		for what, start := range map[string]any{"entity": projects.Entity(&project), "data": &data} {
			g := must(lineage.Of(reg, start).Catalog(own.Catalog...).Graph(w.t.Context()))(w.t)
			runs := lineage.Values[*ownmodel.TrainingRun](g)
			if len(runs) != 1 || runs[0].ProjectID != project.ID || runs[0].Name != name {
				w.t.Errorf("%s: runs %+v", what, runs)
			}
			found := lineage.Values[*model.DataSet](g)
			if len(found) != 1 || found[0].Name != data.Name || len(lineage.Values[*ownmodel.Project](g)) != 1 {
				w.t.Errorf("%s: data sets %+v", what, found)
			}
			if n := g.Node(ref(mlmd.Artifact, *id(data.ID))); n.TypeName != "odh.DataSet" || n.Label() != "DataSet" {
				w.t.Errorf("%s: type %s", what, n.TypeName)
			}
		}
		// Without the catalog, the run is a node without a value.
		g := must(lineage.Impact(w.t.Context(), reg, &data))(w.t)
		if n := g.Node(ref(mlmd.Execution, run)); n == nil || n.Value != nil || n.Label() != "TrainingRun" || n.Name != name {
			w.t.Errorf("without the catalog: %+v", n)
		}
	})
}
