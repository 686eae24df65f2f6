package registry_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

// Kubeflow's registry has written its tables by SQL since 2025, so that values
// need not have the kind that their type declares. Such rows are read and
// updated.
func TestRows_OfServersThatWriteSQL(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mlmd.db")
	store, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	db, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w := &under{rpc: store.Client(), db: db}
	reg := registry.New(store.Client())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	const text, whole, proto = mlmdpb.PropertyType_STRING, mlmdpb.PropertyType_INT, mlmdpb.PropertyType_PROTO
	type props = map[string]mlmdpb.PropertyType
	types, err := w.rpc.PutTypes(t.Context(), &mlmdpb.PutTypesRequest{
		ContextTypes: []*mlmdpb.ContextType{
			{Name: new("kf.RegisteredModel"), Properties: props{"description": text, "owner": text, "state": text}},
			{Name: new("kf.ModelVersion"), Properties: props{
				"description": text, "model_name": text, "version": text, "author": text, "state": text,
			}},
			{Name: new("kf.Experiment"), Properties: props{"description": text, "owner": text, "state": text}},
			{Name: new("kf.ExperimentRun"), Properties: props{
				"description": text, "owner": text, "state": text, "status": text, "experiment_id": whole,
				"start_time_since_epoch": whole, "end_time_since_epoch": whole,
			}},
		},
		ArtifactTypes: []*mlmdpb.ArtifactType{
			{Name: new("kf.DataSet"), Properties: props{"description": text, "digest": text, "source_type": text}},
			{Name: new("kf.Metric"), Properties: props{
				"description": text, "value": proto, "timestamp": text, "step": whole,
			}},
			{Name: new("kf.MetricHistory"), Properties: props{
				"description": text, "value": proto, "timestamp": text, "step": whole,
			}},
		},
	})
	must(err)
	context := func(typ int, name string) int64 {
		return w.exec(t, "INSERT INTO Context(type_id, name, create_time_since_epoch, last_update_time_since_epoch) "+
			"VALUES (?, ?, 1, 1)", types.ContextTypeIds[typ], name)
	}
	artifact := func(typ int, name string) int64 {
		return w.exec(t, "INSERT INTO Artifact(type_id, name, state, create_time_since_epoch, "+
			"last_update_time_since_epoch) VALUES (?, ?, 2, 1, 1)", types.ArtifactTypeIds[typ], name)
	}
	property := func(node string, id int64, name, column string, v any) {
		w.exec(t, "INSERT INTO "+node+"Property("+node+"_id, name, is_custom_property, "+column+") VALUES (?, ?, false, ?)",
			id, name, v)
	}
	prefixed := func(id int64, name string) string { return value.FormatID(id) + ":" + name }

	parent := context(0, "churn")
	version := context(1, prefixed(parent, "v1"))
	w.exec(t, "INSERT INTO ParentContext(context_id, parent_context_id) VALUES (?, ?)", version, parent)
	property("Context", version, "registered_model_id", "int_value", parent) // not declared
	set := artifact(0, "0f8fad5b-d9cb-469f-a165-708677289501:train")
	again := artifact(0, "7c9e6679-7425-40de-944b-e07fc1f90ae7:train")
	metric := artifact(1, prefixed(version, "accuracy"))
	for _, id := range []int64{set, again, metric} {
		w.exec(t, "INSERT INTO Attribution(context_id, artifact_id) VALUES (?, ?)", version, id)
	}
	property("Artifact", set, "digest", "string_value", "sha256:1")
	property("Artifact", metric, "value", "double_value", 0.5)
	property("Artifact", metric, "timestamp", "string_value", "1714557600000")
	property("Artifact", metric, "step", "int_value", 3)
	run := context(3, prefixed(context(2, "tuning"), "first"))
	property("Context", run, "start_time_since_epoch", "string_value", "1714557600000")
	property("Context", run, "status", "string_value", "FINISHED")
	measured := artifact(2, prefixed(run, "loss__1714557600000"))
	w.exec(t, "INSERT INTO Attribution(context_id, artifact_id) VALUES (?, ?)", run, measured)
	property("Artifact", measured, "value", "double_value", -1.0)

	v, err := reg.ModelVersions().FindByName(t.Context(), value.FormatID(parent), "v1")
	must(err)
	if v.Unreadable != nil || v.RegisteredModelID != value.FormatID(parent) {
		t.Errorf("got version %+v", v)
	}
	sets, err := reg.DataSets().OfVersion(v.ID).Collect(t.Context())
	must(err)
	if len(sets) != 2 || sets[0].Name != "train" || *sets[0].Digest != "sha256:1" || sets[1].ModelVersionID != v.ID {
		t.Errorf("got data sets %+v", sets)
	}
	m, err := reg.Metrics().FindByName(t.Context(), v.ID, "accuracy")
	must(err)
	when := value.Millis(1714557600000)
	if m.Unreadable != nil || *m.Value != 0.5 || m.Timestamp != when || *m.Step != 3 {
		t.Errorf("got metric %+v", m)
	}
	r, err := reg.ExperimentRuns().Get(t.Context(), value.FormatID(run))
	must(err)
	if r.Unreadable != nil || r.StartTime != when || *r.Status != model.ExperimentRunStatusFinished {
		t.Errorf("got run %+v", r)
	}
	h, err := reg.MetricHistories().OfRun(r.ID).Collect(t.Context())
	must(err)
	if len(h) != 1 || h[0].Name != "loss__1714557600000" || *h[0].Value != -1 {
		t.Errorf("got history %+v", h)
	}

	sets[0].Description = new("first")
	res, err := reg.DataSets().Upsert(t.Context(), sets[0])
	must(err)
	if res.Outcome != registry.Updated || res.ID != value.FormatID(set) {
		t.Errorf("got %+v", res)
	}
	r.Status, r.EndTime = new(model.ExperimentRunStatusKilled), value.Millis(time.Hour.Milliseconds())
	_, err = reg.ExperimentRuns().Upsert(t.Context(), r)
	must(err)
	r, err = reg.ExperimentRuns().Get(t.Context(), r.ID)
	must(err)
	if *r.Status != model.ExperimentRunStatusKilled || r.StartTime != when ||
		r.EndTime != value.Millis(time.Hour.Milliseconds()) {
		t.Errorf("got run %+v", r)
	}
	m.Description = new("on the test set")
	_, err = reg.Metrics().Upsert(t.Context(), m)
	must(err)
	m.Value = new(0.75) // stored as a double, although the type declares PROTO
	_, err = reg.Metrics().Upsert(t.Context(), m)
	must(err)
	m, err = reg.Metrics().Get(t.Context(), m.ID)
	must(err)
	if *m.Value != 0.75 {
		t.Errorf("got %v", *m.Value)
	}
}
