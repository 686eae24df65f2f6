package rest_test

import (
	"database/sql"
	"net/http/httptest"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	_ "modernc.org/sqlite"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

// The types that the field's server declares, as far as the rows need them.
var (
	text, integer, message = mlmdpb.PropertyType_STRING, mlmdpb.PropertyType_INT, mlmdpb.PropertyType_PROTO

	fieldContexts = map[string]map[string]mlmdpb.PropertyType{
		"kf.RegisteredModel": {
			"description": text, "owner": text, "state": text, "language": mlmdpb.PropertyType_STRUCT, "license_link": text,
		},
		"kf.ModelVersion": {"description": text, "model_name": text, "version": text, "author": text, "state": text},
		"kf.Experiment":   {"description": text, "owner": text, "state": text},
		"kf.ExperimentRun": {
			"description": text, "owner": text, "state": text, "status": text, "experiment_id": integer,
			"start_time_since_epoch": integer, "end_time_since_epoch": integer,
		},
	}
	fieldArtifacts = map[string]map[string]mlmdpb.PropertyType{
		"kf.ModelArtifact": {"description": text, "model_format_name": text, "model_format_version": text},
		"kf.DocArtifact":   {"description": text},
		"kf.DataSet":       {"description": text, "digest": text, "source_type": text, "source": text},
		"kf.Metric":        {"description": text, "value": message, "timestamp": text, "step": integer},
	}
)

// fieldRows are the rows that the field's server writes. The ? of each statement
// is the ID of the type.
var fieldRows = []struct{ typ, statement string }{
	{"kf.RegisteredModel", `INSERT INTO Context VALUES (101, ?, 'fraud', 'ext', 1700000000001, 1700000000002)`},
	{"kf.ModelVersion", `INSERT INTO Context VALUES (102, ?, '101:v1', NULL, 1700000000003, 1700000000003)`},
	{"kf.Experiment", `INSERT INTO Context VALUES (103, ?, 'e', NULL, 1700000000004, 1700000000004)`},
	{"kf.ExperimentRun", `INSERT INTO Context VALUES (104, ?, '103:r', NULL, 1700000000005, 1700000000005)`},
	{"", `INSERT INTO ParentContext (context_id, parent_context_id) VALUES (102, 101), (104, 103)`},
	{"", `INSERT INTO ContextProperty (context_id, name, is_custom_property, int_value, string_value) VALUES
		(101, 'owner', 0, NULL, 'ada'), (101, 'state', 0, NULL, 'ARCHIVED'), (101, 'n', 1, 7, NULL),
		(101, 'language', 0, NULL, 'mlmd-struct::ChQKCGxhbmd1YWdlEggyBgoEGgJlbg=='),
		(102, 'registered_model_id', 0, 101, NULL), (102, 'state', 0, NULL, 'LIVE'), (102, 'author', 0, NULL, 'bob'),
		(104, 'experiment_id', 0, 103, NULL), (104, 'status', 0, NULL, 'RUNNING'), (104, 'state', 0, NULL, 'LIVE'),
		(104, 'start_time_since_epoch', 0, NULL, '1700000000000'),
		(103, 'bad', 1, NULL, 'mlmd-struct::!'), (103, 'owner', 0, NULL, 'ada'), (103, 'owner', 1, NULL, 'ada')`},
	{"kf.ModelArtifact", `INSERT INTO Artifact VALUES
		(11, ?, 's3://m', NULL, '102:weights', NULL, 1700000000006, 1700000000006)`},
	{"kf.DataSet", `INSERT INTO Artifact VALUES
		(12, ?, 's3://d', 2, '4b0ee5d8-45c4-4bb6-9a3e-1f6a8a1f2c3d:train', NULL, 1700000000007, 1700000000007)`},
	{"kf.Metric", `INSERT INTO Artifact VALUES (13, ?, NULL, NULL, '104:loss', NULL, 1700000000008, 1700000000008)`},
	{"", `INSERT INTO Attribution (context_id, artifact_id) VALUES (102, 11), (102, 12), (104, 13)`},
	{"", `INSERT INTO ArtifactProperty
		(artifact_id, name, is_custom_property, int_value, double_value, string_value) VALUES
		(11, 'model_format_name', 0, NULL, NULL, 'onnx'), (11, 'model_source_kind', 0, NULL, NULL, 'dsp'),
		(12, 'digest', 0, NULL, NULL, 'abc'), (13, 'value', 0, NULL, 0.25, NULL), (13, 'step', 0, 3, NULL, NULL),
		(13, 'timestamp', 0, NULL, NULL, '1700000000000'),
		(13, 'experiment_id', 1, 103, NULL, NULL), (13, 'experiment_run_id', 1, 104, NULL, NULL)`},
}

// fieldDatabase returns a file that the field's server wrote.
func fieldDatabase(ctx SpecContext) string {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "field.db")
	store, err := sqlite.Open(ctx, file)
	Expect(err).NotTo(HaveOccurred())
	ids := map[string]int64{}
	put := func(name string, q *mlmdpb.PutTypesRequest) {
		r, err := store.Client().PutTypes(ctx, q)
		Expect(err).NotTo(HaveOccurred())
		ids[name] = append(r.ContextTypeIds, r.ArtifactTypeIds...)[0]
	}
	for name, properties := range fieldContexts {
		put(name, &mlmdpb.PutTypesRequest{ContextTypes: []*mlmdpb.ContextType{{Name: &name, Properties: properties}}})
	}
	for name, properties := range fieldArtifacts {
		put(name, &mlmdpb.PutTypesRequest{ArtifactTypes: []*mlmdpb.ArtifactType{{Name: &name, Properties: properties}}})
	}
	Expect(store.Close()).To(Succeed())
	db, err := sql.Open("sqlite", file)
	Expect(err).NotTo(HaveOccurred())
	defer db.Close()
	for _, row := range fieldRows {
		var args []any
		if row.typ != "" {
			args = append(args, ids[row.typ])
		}
		_, err := db.ExecContext(ctx, row.statement, args...)
		Expect(err).NotTo(HaveOccurred(), row.statement)
	}
	return file
}

// kindsOf returns what a property of a node holds in the database, by column.
func kindsOf(ctx SpecContext, file, table, column string, id int, name string) (out []any) {
	GinkgoHelper()
	db, err := sql.Open("sqlite", file)
	Expect(err).NotTo(HaveOccurred())
	defer db.Close()
	var i, d, s any
	Expect(db.QueryRowContext(ctx, `SELECT int_value, double_value, string_value FROM `+table+
		` WHERE `+column+` = ? AND name = ? AND NOT is_custom_property`, id, name).Scan(&i, &d, &s)).To(Succeed(), name)
	return []any{i, d, s}
}

var _ = Describe("a database of the field's server", func() {
	It("is read and updated", func(ctx SpecContext) {
		file := fieldDatabase(ctx)
		store, err := sqlite.Open(ctx, file)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(store.Close)
		reg := registry.New(store.Client())
		h, err := rest.NewHandler(reg, restapi.APIs)
		Expect(err).NotTo(HaveOccurred())
		s := httptest.NewServer(h)
		DeferCleanup(s.Close)
		f := &face{base: s.URL + restapi.V1alpha3.Base}

		By("reading through REST")
		Expect(f.get(ctx, "registered_model?name=fraud").text).To(Equal(`{"id":"101","name":"fraud","externalId":"ext",` +
			`"createTimeSinceEpoch":"1700000000001","lastUpdateTimeSinceEpoch":"1700000000002",` +
			`"customProperties":{"n":{"int_value":"7","metadataType":"MetadataIntValue"}},` +
			`"owner":"ada","state":"ARCHIVED","language":["en"]}`))
		v := f.get(ctx, "model_version?name=v1&parentResourceId=101")
		Expect(v.text).To(ContainSubstring(`"registeredModelId":"101","author":"bob","state":"LIVE"`))
		Expect(v.at("customProperties")).To(BeEmpty())
		a := f.get(ctx, "model_artifact?name=weights&parentResourceId=102")
		Expect([]any{a.at("state"), a.at("modelSourceKind"), a.at("modelFormatName")}).
			To(Equal([]any{"UNKNOWN", "dsp", "onnx"}), "a missing state is shown")
		Expect(f.get(ctx, "model_versions/102/artifacts").names()).To(Equal([]string{"weights", "train"}))
		Expect(f.get(ctx, "model_versions/102/artifacts?name=train").names()).To(Equal([]string{"train"}))
		r := f.get(ctx, "experiment_runs/104")
		Expect([]any{r.at("experimentId"), r.at("startTimeSinceEpoch"), r.at("status")}).
			To(Equal([]any{"103", "1700000000000", "RUNNING"}))
		m := f.get(ctx, "artifacts/13")
		Expect([]any{m.at("value"), m.at("step"), m.at("experimentRunId"), m.at("timestamp")}).
			To(Equal([]any{0.25, 3.0, "104", "1700000000000"}))
		Expect(f.get(ctx, "artifacts?filterQuery=value%20%3C%200.5").names()).To(Equal([]string{"loss"}))
		e := f.get(ctx, "experiments/103")
		Expect(e.at("customProperties")).To(And(HaveLen(1), HaveKey("owner")), "a value that cannot be read is left out")
		Expect(f.get(ctx, "experiments").names()).To(Equal([]string{"e"}), "and hurts no list")
		Expect(f.get(ctx, "experiments?filterQuery=owner%20%3D%20'ada'").names()).To(Equal([]string{"e"}), "once")
		e = f.patch(ctx, "experiments/103", `{"description":"d"}`)
		Expect(e.status).To(Equal(200), e.text)
		Expect([]any{e.at("owner"), e.at("customProperties")}).To(Equal([]any{"ada", map[string]any{
			"owner": map[string]any{"metadataType": "MetadataStringValue", "string_value": "ada"},
		}}))

		By("updating through REST")
		d := f.patch(ctx, "registered_models/101", `{"description":"d","language":["fr"]}`)
		Expect([]any{d.at("state"), d.at("language")}).To(Equal([]any{"ARCHIVED", []any{"fr"}}))
		Expect(kindsOf(ctx, file, "ContextProperty", "context_id", 101, "language")).
			To(Equal([]any{nil, nil, "mlmd-struct::ChQKCGxhbmd1YWdlEggyBgoEGgJmcg=="}), "a list is a struct in base64")
		Expect(f.patch(ctx, "model_versions/102", `{"state":"ARCHIVED"}`).status).To(Equal(200))
		p := f.patch(ctx, "artifacts/13", `{"artifactType":"metric","value":0.5}`)
		Expect(p.status).To(Equal(200), p.text)
		Expect([]any{p.at("value"), p.at("step"), p.at("experimentRunId")}).To(Equal([]any{0.5, 3.0, "104"}))
		Expect(kindsOf(ctx, file, "ArtifactProperty", "artifact_id", 13, "value")).To(Equal([]any{nil, 0.5, nil}))
		u := f.post(ctx, "experiment_runs/104/artifacts", `{"artifactType":"metric","name":"loss","value":0.75}`)
		Expect([]any{u.status, u.at("id"), u.at("value")}).To(Equal([]any{200, "13", 0.75}), u.text)
		n := f.post(ctx, "experiment_runs/104/artifacts", `{"artifactType":"metric","name":"auc","value":1}`)
		Expect(n.status).To(Equal(201), n.text)
		Expect(f.get(ctx, "experiment_runs/104/metric_history?name=loss").names()).To(HaveLen(1))
		e = f.patch(ctx, "experiment_runs/104", `{"status":"FINISHED","endTimeSinceEpoch":"1700000000009"}`)
		Expect(e.status).To(Equal(200), e.text)
		Expect(f.patch(ctx, "experiment_runs/104", `{"endTimeSinceEpoch":"1"}`).status).To(Equal(400))
		x := f.patch(ctx, "model_artifacts/11", `{"state":"LIVE","modelSourceKind":"x"}`)
		Expect(x.at("modelSourceKind")).To(Equal("x"), x.text)
		Expect(f.post(ctx, "model_versions", `{"name":"v1","registeredModelId":"101"}`).status).To(Equal(409))
		w := f.post(ctx, "model_versions", `{"name":"v2","registeredModelId":"101"}`)
		Expect(w.status).To(Equal(201), w.text)
		Expect(kindsOf(ctx, file, "ContextProperty", "context_id", 102, "registered_model_id")).
			To(Equal([]any{int64(101), nil, nil}), "the field's server needs it")

		By("using the facades")
		got, err := reg.Metrics().Get(ctx, "13")
		Expect(err).NotTo(HaveOccurred())
		Expect(*got.Value).To(Equal(0.75))
		_, err = reg.Metrics().Update(ctx, "13", func(v *model.Metric) error { v.Value = new(2.0); return nil })
		Expect(err).NotTo(HaveOccurred())
		Expect(kindsOf(ctx, file, "ArtifactProperty", "artifact_id", 13, "value")).To(Equal([]any{nil, 2.0, nil}))
		data, err := reg.DataSets().Get(ctx, "12")
		Expect(err).NotTo(HaveOccurred())
		Expect([]any{data.Name, data.ModelVersionID, *data.Digest}).To(Equal([]any{"train", "102", "abc"}))
		run, err := reg.ExperimentRuns().Get(ctx, "104")
		Expect(err).NotTo(HaveOccurred())
		Expect(run.StartTime).To(Equal(value.Millis(1700000000000)))
		tree, err := reg.RegisteredModels().Tree(ctx, "101")
		Expect(err).NotTo(HaveOccurred())
		Expect(tree.Versions).To(HaveLen(2))
	})
})
