package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"

	"example.com/features/generated/field"
	"example.com/features/generated/mapping"
	"example.com/features/generated/restapi"
	"example.com/features/generated/schema"
)

func client(t *testing.T) *registry.Client {
	t.Helper()
	store, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return registry.New(store.Client())
}

func group(t *testing.T, reg *registry.Client) string {
	t.Helper()
	res, err := registry.NewCollection(
		reg,
		mapping.FeatureGroup,
	).Upsert(
		t.Context(),
		&schema.FeatureGroup{Name: "payments", Team: "fraud"},
	)
	if err != nil {
		t.Fatal(err)
	}
	return res.ID
}

func TestRun(t *testing.T) {
	reg := client(t)
	if err := run(t.Context(), reg); err != nil {
		t.Fatal(err)
	}
	if err := record(t.Context(), reg); err != nil {
		t.Fatal(err)
	}
}

// The same program, through the REST API of its spec.
func TestRun_REST(t *testing.T) {
	h, err := rest.NewHandler(client(t), restapi.APIs)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	reg, err := registry.DialREST(s.URL, registry.WithREST(mapping.REST...))
	if err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), reg); err != nil {
		t.Fatal(err)
	}
}

// The client has collections of the SDK's entities too, but must create only the types
// that the program uses.
func TestRun_Types(t *testing.T) {
	reg := client(t)
	if err := run(t.Context(), reg); err != nil {
		t.Fatal(err)
	}
	contexts, err := reg.RPC().GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	artifacts, err := reg.RPC().GetArtifactTypes(t.Context(), &mlmdpb.GetArtifactTypesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, typ := range contexts.GetContextTypes() {
		names = append(names, typ.GetName())
	}
	for _, typ := range artifacts.GetArtifactTypes() {
		names = append(names, typ.GetName())
	}
	if i := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, "kf.") }); i >= 0 {
		t.Errorf("the store has the type %s", names[i])
	}
	if !slices.Contains(names, mapping.FeatureTable.TypeName) {
		t.Errorf("the store has the types %v, want %s among them", names, mapping.FeatureTable.TypeName)
	}
}

func TestFeatureTable_RoundTrip(t *testing.T) {
	reg := client(t)
	tables := registry.NewCollection(reg, mapping.FeatureTable)
	in := schema.FeatureTable{
		FeatureGroupID: group(t, reg),
		Name:           "transactions",
		ExternalID:     new("ext-1"),
		Description:    new(""),
		Format:         schema.TableFormatIceberg,
		Rows:           new(int64(1) << 40),
		Columns: []schema.Column{
			{Name: "a", Type: schema.ColumnTypeText, Nullable: new(true)},
			{Name: "b", Type: schema.ColumnTypeTime, Nullable: new(false)},
		},
		Tags:             []string{"one, with a comma", ""},
		Source:           schema.Source{Value: &schema.FileSource{Kind: "file", Path: "a.csv", Header: new(false)}},
		FreshUntil:       time.Date(2030, 1, 2, 3, 4, 5, 678901234, time.UTC),
		URI:              new("s3://x"),
		CustomProperties: value.Map{"note": value.String("n")},
	}
	res, err := tables.Upsert(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := tables.Get(t.Context(), res.ID)
	if err != nil {
		t.Fatal(err)
	}
	in.CreateTime, in.UpdateTime = out.CreateTime, out.UpdateTime
	if !reflect.DeepEqual(*out, in) {
		t.Errorf("got  %+v\nwant %+v", *out, in)
	}
	again, err := tables.Upsert(t.Context(), &in)
	if err != nil || again.ID != res.ID || again.Outcome != registry.Unchanged {
		t.Errorf("a second upsert returned %+v, %v", again, err)
	}
}

// Unions in requests and answers of the REST API.
func TestFeatureTable_RESTSource(t *testing.T) {
	reg := client(t)
	h, err := rest.NewHandler(reg, restapi.APIs)
	if err != nil {
		t.Fatal(err)
	}
	groupID := group(t, reg)
	post := func(source string) (int, string) {
		body := `{"name": "t", "featureGroupId": "` + groupID + `", "format": "csv", "source": ` + source + `}`
		r := httptest.NewRequest(http.MethodPost, restapi.V1.Base+"/feature_tables", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	for source, want := range map[string]string{
		`{"path": "a.csv"}`:            `source: Source without a text in \"kind\": want one of file, query`,
		`{"kind": "file", "path": ""}`: "source.path",
		`{"kind": "stream"}`:           `source.kind \"stream\" must be one of file, query`,
		`"a.csv"`:                      "source",
	} {
		if code, body := post(source); code != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%s: got %d %s\nwant 400 with %s", source, code, body, want)
		}
	}
	code, body := post(`{"kind": "query", "sql": "SELECT 1"}`)
	if code != http.StatusCreated || !strings.Contains(body, `"source":{"kind":"query","sql":"SELECT 1"}`) {
		t.Errorf("got %d %s", code, body)
	}
}

func TestFeatureTable_Filters(t *testing.T) {
	reg := client(t)
	groupID := group(t, reg)
	tables := registry.NewCollection(reg, mapping.FeatureTable)
	for name, rows := range map[string]int64{"small": 10, "large": 1_000_000} {
		table := &schema.FeatureTable{FeatureGroupID: groupID, Name: name, Format: schema.TableFormatCSV, Rows: &rows}
		if _, err := tables.Upsert(t.Context(), table); err != nil {
			t.Fatal(err)
		}
	}
	f := field.FeatureTable
	got, err := tables.Query().Where(
		f.FeatureGroupID.Eq(groupID).And(f.Format.Eq(schema.TableFormatCSV), f.Rows.Gt(10)),
	).Collect(
		t.Context(),
	)
	if err != nil || len(got) != 1 || got[0].Name != "large" {
		t.Errorf("got %v, %v", got, err)
	}
	got[0].Rows = nil
	if _, err := tables.Upsert(t.Context(), got[0], registry.Clear(f.Rows)); err != nil {
		t.Fatal(err)
	}
	if back, err := tables.FindByNameIn(t.Context(), groupID, "large"); err != nil || back.Rows != nil {
		t.Errorf("after Clear: %v, %v", back, err)
	}
}

func TestFeatureTable_Validation(t *testing.T) {
	reg := client(t)
	groupID := group(t, reg)
	for name, c := range map[string]struct {
		upsert func() error
		field  string
	}{
		"a team that does not match": {func() error {
			_, err := registry.NewCollection(reg, mapping.FeatureGroup).
				Upsert(t.Context(), &schema.FeatureGroup{Name: "g", Team: "No"})
			return err
		}, "team"},
		"a column without a name": {func() error {
			_, err := registry.NewCollection(reg, mapping.FeatureTable).Upsert(t.Context(), &schema.FeatureTable{
				FeatureGroupID: groupID, Name: "t", Format: schema.TableFormatCSV,
				Columns: []schema.Column{{Name: "a", Type: schema.ColumnTypeText}, {Type: schema.ColumnTypeText}},
			})
			return err
		}, "columns[1].name"},
		"a score above one": {func() error {
			_, err := registry.NewCollection(reg, mapping.QualityReport).
				Upsert(t.Context(), &schema.QualityReport{Name: "r", Score: new(1.5)})
			return err
		}, "score"},
		"a file without a name": {func() error {
			_, err := registry.NewCollection(reg, mapping.FeatureTable).Upsert(t.Context(), &schema.FeatureTable{
				FeatureGroupID: groupID, Name: "t", Format: schema.TableFormatCSV,
				Source: schema.Source{Value: &schema.FileSource{}},
			})
			return err
		}, "source.path"},
		"an unknown format": {func() error {
			_, err := registry.NewCollection(reg, mapping.FeatureTable).
				Upsert(t.Context(), &schema.FeatureTable{FeatureGroupID: groupID, Name: "t", Format: "xls"})
			return err
		}, "format"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.upsert()
			var e *registry.Error
			if !errors.Is(err, registry.ErrInvalidArgument) || !errors.As(err, &e) || e.Field != c.field {
				t.Errorf("got %v, want ErrInvalidArgument for %s", err, c.field)
			}
		})
	}
}

func TestKinds(t *testing.T) {
	reg := client(t)
	groupID := group(t, reg)
	run := uuid.MustParse("f81d4fae-7dec-41d0-a765-00a0c91e6bf6")
	reports := registry.NewCollection(reg, mapping.QualityReport)
	res, err := reports.Upsert(
		t.Context(),
		&schema.QualityReport{FeatureGroupID: groupID, Name: "r", Score: new(0.5), CheckRun: &run},
	)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := reports.Get(t.Context(), res.ID); err != nil || *r.CheckRun != run || r.FeatureGroupID != groupID {
		t.Errorf("got %+v, %v", r, err)
	}
	jobs := registry.NewCollection(reg, mapping.Materialization)
	res, err = jobs.Create(
		t.Context(),
		&schema.Materialization{FeatureGroupID: groupID, LastKnownState: new(schema.ExecutionStateRunning)},
	)
	if err != nil {
		t.Fatal(err)
	}
	if j, err := jobs.Get(t.Context(), res.ID); err != nil || j.Name == "" ||
		*j.LastKnownState != schema.ExecutionStateRunning {
		t.Errorf("got %+v, %v", j, err)
	}
}
