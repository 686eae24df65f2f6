package sqlite_test

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// damageable are the columns that FuzzDamagedRows changes. Owner is the column with
// the ID of the artifact that a row belongs to, if any.
var damageable = []struct{ table, column, owner string }{
	{"Artifact", "type_id", "id"},
	{"Artifact", "uri", "id"},
	{"Artifact", "state", "id"},
	{"Artifact", "name", "id"},
	{"Artifact", "external_id", "id"},
	{"Artifact", "create_time_since_epoch", "id"},
	{"Artifact", "last_update_time_since_epoch", "id"},
	{"ArtifactProperty", "artifact_id", "artifact_id"},
	{"ArtifactProperty", "name", "artifact_id"},
	{"ArtifactProperty", "is_custom_property", "artifact_id"},
	{"ArtifactProperty", "int_value", "artifact_id"},
	{"ArtifactProperty", "double_value", "artifact_id"},
	{"ArtifactProperty", "string_value", "artifact_id"},
	{"ArtifactProperty", "proto_value", "artifact_id"},
	{"ArtifactProperty", "bool_value", "artifact_id"},
	{"Attribution", "context_id", "artifact_id"},
	{"Attribution", "artifact_id", "artifact_id"},
	{"Event", "artifact_id", "artifact_id"},
	{"Event", "execution_id", "artifact_id"},
	{"Event", "type", "artifact_id"},
	{"Event", "milliseconds_since_epoch", "artifact_id"},
	{"EventPath", "event_id", "event_id"}, // the event of an artifact has the same ID
	{"EventPath", "is_index_step", "event_id"},
	{"EventPath", "step_index", "event_id"},
	{"EventPath", "step_key", "event_id"},
	{"Association", "context_id", ""},
	{"Association", "execution_id", ""},
	{"ParentContext", "context_id", ""},
	{"ParentContext", "parent_context_id", ""},
	{"Type", "version", ""},
	{"Type", "type_kind", ""},
	{"Type", "description", ""},
	{"Type", "input_type", ""},
	{"Type", "output_type", ""},
	{"Type", "external_id", ""},
	{"TypeProperty", "type_id", ""},
	{"TypeProperty", "name", ""},
	{"TypeProperty", "data_type", ""},
	{"ParentType", "parent_type_id", ""},
}

// FuzzDamagedRows writes any value to any column of one row. Artifacts to which the
// row does not belong must be unchanged, everything else must be readable, and the
// artifact to which the row belongs must be writable.
func FuzzDamagedRows(f *testing.F) {
	for i := range damageable {
		for kind, text := range map[uint8]string{0: "", 1: "yesterday", 4: "1.5"} {
			f.Add(uint8(i), uint8(i), kind, text)
		}
	}
	for row := range uint8(4) {
		f.Add(uint8(12), row, uint8(1), "mlmd-struct::!")
		f.Add(uint8(12), row, uint8(1), "mlmd-struct::/w==")
		f.Add(uint8(10), row, uint8(4), "1e300")
	}
	whole := filepath.Join(f.TempDir(), "whole.db")
	before := makeScene(f, whole)
	file := must(os.ReadFile(whole))
	f.Fuzz(func(t *testing.T, column, row, kind uint8, text string) {
		checkDamage(t, file, before, column, row, kind, text)
	})
}

func checkDamage(t *testing.T, file []byte, before map[int64]*mlmdpb.Artifact, column, row, kind uint8, text string) {
	t.Helper()
	d := damageable[int(column)%len(damageable)]
	path := filepath.Join(t.TempDir(), "damaged.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	owners := damageRow(t, path, d.table, d.column, d.owner, int(row), damagedValue(kind, text))
	c := clientOf(t, must(sqlite.Open(t.Context(), path, store.WithLogger(slog.New(slog.DiscardHandler)))))
	checkScene(t, c, before, owners)
}

func damagedValue(kind uint8, text string) any {
	switch kind % 5 {
	case 1:
		return text
	case 2:
		return []byte(text)
	case 3:
		n, _ := strconv.ParseInt(text, 10, 64)
		return n
	case 4:
		x, _ := strconv.ParseFloat(text, 64)
		return x
	}
	return nil
}

// damageRow writes v to a row. It returns the IDs of the artifacts to which the row
// belonged before and belongs now, or nil if they are unknown.
func damageRow(t *testing.T, path, table, column, owner string, row int, v any) []int64 {
	t.Helper()
	db := must(sql.Open("sqlite", path))
	defer db.Close()
	var rowID int64
	var count int
	if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&count); err != nil || count == 0 {
		t.Fatal(table, " has no rows: ", err)
	}
	if err := db.QueryRow(
		"SELECT rowid FROM "+table+" ORDER BY rowid LIMIT 1 OFFSET ?", row%count,
	).Scan(&rowID); err != nil {
		t.Fatal(err)
	}
	var owners []int64
	addOwner := func() {
		var id any
		if err := db.QueryRow("SELECT "+owner+" FROM "+table+" WHERE rowid = ?", rowID).Scan(&id); err != nil {
			t.Fatal(err)
		}
		if id, ok := id.(int64); ok {
			owners = append(owners, id)
		}
	}
	if owner != "" {
		addOwner()
	}
	if _, err := db.Exec("UPDATE "+table+" SET "+column+" = ? WHERE rowid = ?", v, rowID); err != nil {
		t.Skip("the schema does not allow it: ", err)
	}
	if owner != "" {
		addOwner()
	}
	return owners
}

const sceneArtifacts = 4

// makeScene stores artifacts with values and edges of every kind. The artifact with
// ID i has the event with ID i.
func makeScene(tb testing.TB, path string) map[int64]*mlmdpb.Artifact {
	tb.Helper()
	s := must(sqlite.Open(tb.Context(), path))
	ctx, c := tb.Context(), s.Client()
	props := map[string]mlmdpb.PropertyType{
		"int": mlmdpb.PropertyType_INT, "double": mlmdpb.PropertyType_DOUBLE, "string": mlmdpb.PropertyType_STRING,
		"struct": mlmdpb.PropertyType_STRUCT, "proto": mlmdpb.PropertyType_PROTO, "bool": mlmdpb.PropertyType_BOOLEAN,
	}
	types := must(c.PutTypes(ctx, &mlmdpb.PutTypesRequest{
		ArtifactTypes: []*mlmdpb.ArtifactType{{
			Name: proto.String("Data"), Properties: props, BaseType: mlmdpb.ArtifactType_DATASET.Enum(),
		}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{
			Name:      proto.String("Run"),
			InputType: &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_Any{Any: &mlmdpb.AnyArtifactStructType{}}},
		}},
		ContextTypes: []*mlmdpb.ContextType{{Name: proto.String("Team")}},
	}))
	data, run, team := &types.ArtifactTypeIds[0], &types.ExecutionTypeIds[0], &types.ContextTypeIds[0]
	request := &mlmdpb.PutArtifactsRequest{}
	for i := range sceneArtifacts {
		values := map[string]*mlmdpb.Value{
			"int": intValue(int64(i)), "string": {Value: &mlmdpb.Value_StringValue{StringValue: "s"}},
			"double": {Value: &mlmdpb.Value_DoubleValue{DoubleValue: 0.5}},
			"bool":   {Value: &mlmdpb.Value_BoolValue{BoolValue: true}},
		}
		request.Artifacts = append(request.Artifacts, &mlmdpb.Artifact{
			TypeId: data, Name: proto.String(strconv.Itoa(i)), Uri: proto.String("u"), State: mlmdpb.Artifact_LIVE.Enum(),
			Properties: values, CustomProperties: values,
		})
	}
	must(c.PutArtifacts(ctx, request))
	must(c.PutExecutions(ctx, &mlmdpb.PutExecutionsRequest{Executions: []*mlmdpb.Execution{{TypeId: run}, {TypeId: run}}}))
	must(c.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{
		{TypeId: team, Name: proto.String("a")}, {TypeId: team, Name: proto.String("b")},
	}}))
	one, two := proto.Int64(1), proto.Int64(2)
	links := &mlmdpb.PutAttributionsAndAssociationsRequest{
		Associations: []*mlmdpb.Association{{ContextId: one, ExecutionId: one}},
	}
	events := &mlmdpb.PutEventsRequest{}
	for i := range int64(sceneArtifacts) {
		id := proto.Int64(i + 1)
		links.Attributions = append(links.Attributions, &mlmdpb.Attribution{ContextId: one, ArtifactId: id})
		events.Events = append(events.Events, &mlmdpb.Event{
			ArtifactId: id, ExecutionId: one, Type: mlmdpb.Event_INPUT.Enum(),
			Path: &mlmdpb.Event_Path{Steps: []*mlmdpb.Event_Path_Step{{Value: &mlmdpb.Event_Path_Step_Index{Index: i}}}},
		})
	}
	must(c.PutAttributionsAndAssociations(ctx, links))
	must(c.PutEvents(ctx, events))
	must(c.PutParentContexts(ctx, &mlmdpb.PutParentContextsRequest{
		ParentContexts: []*mlmdpb.ParentContext{{ChildId: two, ParentId: one}},
	}))
	stored := map[int64]*mlmdpb.Artifact{}
	for _, a := range must(c.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{})).Artifacts {
		stored[a.GetId()] = a
	}
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	return stored
}

func intValue(n int64) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: n}}
}

// checkScene reads everything in every way. Owners are the artifacts to which the
// damaged row belongs.
func checkScene(t *testing.T, c mlmdpb.MetadataStoreServiceClient, before map[int64]*mlmdpb.Artifact, owners []int64) {
	t.Helper()
	ctx := t.Context()
	owned := map[int64]bool{}
	for _, id := range owners {
		owned[id] = true
	}
	typeDamaged := owners == nil // the row may belong to the types
	check := func(how string, list []*mlmdpb.Artifact, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", how, err)
		}
		seen := map[int64]bool{}
		for _, a := range list {
			if seen[a.GetId()] {
				t.Errorf("%s: artifact %d comes twice", how, a.GetId())
			}
			seen[a.GetId()] = true
			want := before[a.GetId()]
			if typeDamaged {
				a.Type, want = nil, proto.CloneOf(want)
				want.Type = nil
			}
			if !owned[a.GetId()] && !proto.Equal(a, want) {
				t.Errorf("%s: artifact %d is now %v\nit was %v", how, a.GetId(), a, want)
			}
		}
		for id := range before {
			if !seen[id] && !owned[id] && err == nil {
				t.Errorf("%s: artifact %d is missing", how, id)
			}
		}
	}
	for id := range before {
		r, err := c.GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{id}})
		if err != nil || len(r.Artifacts) != 1 {
			t.Errorf("artifact %d: %v, %v", id, r, err)
		}
	}
	all, err := c.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{})
	check("all", all.GetArtifacts(), err)
	for _, order := range []mlmdpb.ListOperationOptions_OrderByField_Field{
		mlmdpb.ListOperationOptions_OrderByField_ID,
		mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME,
		mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME,
	} {
		for _, ascending := range []bool{true, false} {
			list, err := inPages(ctx, c, &mlmdpb.ListOperationOptions{
				MaxResultSize: proto.Int32(1),
				OrderByField:  &mlmdpb.ListOperationOptions_OrderByField{Field: &order, IsAsc: &ascending},
			})
			check(order.String(), list, err)
		}
	}
	if !typeDamaged {
		byType, err := c.GetArtifactsByType(ctx, &mlmdpb.GetArtifactsByTypeRequest{TypeName: proto.String("Data")})
		check("by type", byType.GetArtifacts(), err)
	}
	members, err := c.GetArtifactsByContext(ctx, &mlmdpb.GetArtifactsByContextRequest{ContextId: proto.Int64(1)})
	check("by context", members.GetArtifacts(), err)
	checkRest(t, c, before, owned)
	for _, id := range owners {
		checkChange(t, c, id)
	}
}

// inPages lists artifacts by pages.
func inPages(
	ctx context.Context, c mlmdpb.MetadataStoreServiceClient, o *mlmdpb.ListOperationOptions,
) ([]*mlmdpb.Artifact, error) {
	var list []*mlmdpb.Artifact
	for range 2 * sceneArtifacts {
		r, err := c.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{Options: o})
		if err != nil {
			return list, err
		}
		list = append(list, r.Artifacts...)
		if r.GetNextPageToken() == "" {
			return list, nil
		}
		o.NextPageToken = r.NextPageToken
	}
	return list, context.DeadlineExceeded
}

// checkRest reads everything but artifacts.
func checkRest(
	t *testing.T, c mlmdpb.MetadataStoreServiceClient, before map[int64]*mlmdpb.Artifact, owned map[int64]bool,
) {
	t.Helper()
	ctx := t.Context()
	one := proto.Int64(1)
	contexts, err := c.GetContexts(ctx, &mlmdpb.GetContextsRequest{})
	if err != nil || len(contexts.Contexts) != 2 {
		t.Errorf("contexts: %v, %v", contexts, err)
	}
	executions, err := c.GetExecutions(ctx, &mlmdpb.GetExecutionsRequest{})
	if err != nil || len(executions.Executions) != 2 {
		t.Errorf("executions: %v, %v", executions, err)
	}
	for what, err := range map[string]error{
		"artifact types":  answered(c.GetArtifactTypes(ctx, &mlmdpb.GetArtifactTypesRequest{})),
		"execution types": answered(c.GetExecutionTypes(ctx, &mlmdpb.GetExecutionTypesRequest{})),
		"context types":   answered(c.GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{})),
		"a type": answered(c.GetExecutionTypesByID(
			ctx, &mlmdpb.GetExecutionTypesByIDRequest{TypeIds: []int64{10, 11, 12}},
		)),
		"parents": answered(c.GetParentContextsByContext(
			ctx, &mlmdpb.GetParentContextsByContextRequest{ContextId: proto.Int64(2)},
		)),
		"all parents": answered(c.GetParentContextsByContexts(
			ctx, &mlmdpb.GetParentContextsByContextsRequest{ContextIds: []int64{1, 2}},
		)),
		"members": answered(c.GetExecutionsByContext(ctx, &mlmdpb.GetExecutionsByContextRequest{ContextId: one})),
		"lineage": answered(c.GetLineageSubgraph(ctx, &mlmdpb.GetLineageSubgraphRequest{
			LineageSubgraphQueryOptions: &mlmdpb.LineageSubgraphQueryOptions{
				StartingNodes: &mlmdpb.LineageSubgraphQueryOptions_StartingExecutions{
					StartingExecutions: &mlmdpb.LineageSubgraphQueryOptions_StartingNodes{FilterQuery: proto.String("id = 1")},
				},
				MaxNumHops: proto.Int64(5),
			},
		})),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	events, err := c.GetEventsByExecutionIDs(ctx, &mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: []int64{1}})
	if err != nil {
		t.Errorf("events: %v", err)
	}
	tied := map[int64]int{}
	for _, e := range events.GetEvents() {
		tied[e.GetArtifactId()] += len(e.GetPath().GetSteps())
	}
	for id := range before {
		if !owned[id] && tied[id] != 1 {
			t.Errorf("the event of artifact %d has %d steps", id, tied[id])
		}
	}
}

func answered[R any](_ R, err error) error { return err }

// checkChange changes an artifact in two ways.
func checkChange(t *testing.T, c mlmdpb.MetadataStoreServiceClient, id int64) {
	t.Helper()
	r, err := c.GetArtifactsByID(t.Context(), &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{id}})
	if err != nil || len(r.Artifacts) == 0 {
		return
	}
	a := r.Artifacts[0]
	_, err = c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{a}})
	switch status.Code(err) {
	case codes.OK, codes.InvalidArgument: // a value may not match its type
	case codes.NotFound:
		if a.Type != nil {
			t.Errorf("artifact %d of type %s cannot be put again: %v", id, a.GetType(), err)
		}
	default:
		t.Errorf("artifact %d cannot be put again: %v", id, err)
	}
	if a.Type == nil {
		return
	}
	for _, name := range []string{"int", "double", "string", "struct", "bool", "new"} {
		_, err = c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{
			Artifacts:  []*mlmdpb.Artifact{{Id: &id, CustomProperties: map[string]*mlmdpb.Value{name: intValue(42)}}},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"custom_properties." + name}},
		})
		if err != nil {
			t.Errorf("artifact %d: property %s cannot be set: %v", id, name, err)
		}
	}
	r, err = c.GetArtifactsByID(t.Context(), &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{id}})
	if err != nil || r.Artifacts[0].CustomProperties["string"].GetIntValue() != 42 {
		t.Errorf("artifact %d: what was set is not there: %v, %v", id, r, err)
	}
}
