package sharing_test

import (
	"database/sql"
	"encoding/base64"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/suites/backend"
)

// A damage is what some program, or a hand, has done to the rows of context 1,
// artifact 1 or execution 1, of two each. It is written with the literals of
// each database.
type damage struct {
	what string
	sql  string
	core string // what the core makes of it: fails, reads, or depends on the database
}

var damages = []damage{
	{
		"a property without a value",
		"INSERT INTO ContextProperty(context_id, name, is_custom_property) VALUES (1, 'x', {true})", "fails",
	},
	{
		"a declared property without a value",
		"INSERT INTO ContextProperty(context_id, name, is_custom_property) VALUES (1, 'note', {false})", "fails",
	},
	{
		"a struct that is not base64",
		"INSERT INTO ContextProperty(context_id, name, is_custom_property, string_value) VALUES (1, 'x', {true}, " +
			"'mlmd-struct::!')", "fails",
	},
	{
		"a struct that is another message",
		"INSERT INTO ContextProperty(context_id, name, is_custom_property, string_value) VALUES (1, 'x', {true}, " +
			"'mlmd-struct::/w==')", "fails",
	},
	{
		"a message without a type",
		"INSERT INTO ContextProperty(context_id, name, is_custom_property, proto_value) VALUES (1, 'x', {true}, '')", "fails",
	},
	{
		"a message that is cut",
		"INSERT INTO ContextProperty(context_id, name, is_custom_property, proto_value) VALUES (1, 'x', {true}, 'CgU=')",
		"depends",
	},
	{
		"a property with two values",
		"INSERT INTO ContextProperty(context_id, name, is_custom_property, int_value, string_value) VALUES (1, 'x', " +
			"{true}, 7, 'seven')", "reads",
	},
	{
		"a property of no context",
		"INSERT INTO ContextProperty(context_id, name, is_custom_property, int_value) VALUES (999, 'x', {true}, 7)", "reads",
	},
	{"a state that the contract lacks", "UPDATE Artifact SET state = 17 WHERE id = 1", "reads"},
	{
		"times before the epoch",
		"UPDATE Context SET create_time_since_epoch = -5, last_update_time_since_epoch = -7 WHERE id = 1", "fails",
	},
	{"an execution type's input that is not JSON", "UPDATE Type SET input_type = '{{' WHERE name = 'Run'", "fails"},
	{
		"an event of an artifact that is gone", "INSERT INTO Event(artifact_id, execution_id, type) VALUES (999, 1, 3)",
		"reads",
	},
	{"an event type that the contract lacks", "UPDATE Event SET type = 77", "reads"},
	{"a step of no event", "INSERT INTO EventPath(event_id, is_index_step, step_index) VALUES (999, {true}, 1)", "reads"},
	{"a link to a context that is gone", "INSERT INTO Attribution(context_id, artifact_id) VALUES (999, 1)", "reads"},
	{"a parent that is gone", "INSERT INTO ParentContext(context_id, parent_context_id) VALUES (1, 999)", "fails"},
	{
		"a struct that is too deep for other clients",
		"INSERT INTO ContextProperty(context_id, name, is_custom_property, string_value) VALUES (1, 'x', {true}, " +
			"'mlmd-struct::" + deepStruct(60) + "')",
		"fails",
	},
	{
		"an execution type's input that is too deep for other clients",
		"UPDATE Type SET input_type = '" + strings.Repeat(`{"list":{"element":`, 60) + "{}" + strings.Repeat("}}", 60) +
			"' WHERE name = 'Run'",
		"fails",
	},
	{
		"a base type that is gone",
		"INSERT INTO ParentType(type_id, parent_type_id) SELECT id, 999 FROM Type WHERE name = 'Team'", "reads",
	},
}

// deepStruct is the serialized form of objects in objects.
func deepStruct(objects int) string {
	s := &structpb.Struct{}
	for range objects {
		s = &structpb.Struct{Fields: map[string]*structpb.Value{"a": structpb.NewStructValue(s)}}
	}
	raw, err := proto.Marshal(s)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

var _ = Describe("a database with damaged rows", func() {
	for _, d := range databases[:3] {
		Context("on "+d.name, Label(d.kind), func() {
			for _, damage := range damages {
				It("is read around "+damage.what, func(ctx SpecContext) {
					c := backend.NewCoreDatabase(GinkgoTB(), d.kind)
					ours := d.ours(ctx, c)
					twoOfEach(ctx, ours)
					execute(ctx, d.raw(c), d.kind, damage.sql)

					Expect(twoAreThere(ctx, ours)).To(Succeed())
					again := d.ours(ctx, c) // one that remembers nothing
					Expect(twoAreThere(ctx, again)).To(Succeed())
					switch damage.core {
					case "reads":
						Expect(twoAreThere(ctx, c.Client())).To(Succeed())
					case "fails":
						Expect(twoAreThere(ctx, c.Client())).NotTo(Succeed(), "the difference is gone")
					}
					mendedBy(ctx, ours)
				})
			}
		})
	}
})

// twoOfEach makes two nodes of each kind and ties them.
func twoOfEach(ctx SpecContext, rpc client) {
	GinkgoHelper()
	run := must(rpc.PutExecutionType(ctx,
		&mlmdpb.PutExecutionTypeRequest{ExecutionType: &mlmdpb.ExecutionType{Name: proto.String("Run")}})).TypeId
	data := must(rpc.PutArtifactType(ctx,
		&mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{Name: proto.String("Data")}})).TypeId
	team := must(rpc.PutContextType(ctx, &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{
		Name: proto.String("Team"), Properties: map[string]mlmdpb.PropertyType{"note": mlmdpb.PropertyType_STRING},
	}})).TypeId
	must(rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{TypeId: data}, {TypeId: data}}}))
	must(rpc.PutExecutions(ctx,
		&mlmdpb.PutExecutionsRequest{Executions: []*mlmdpb.Execution{{TypeId: run}, {TypeId: run}}}))
	must(rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{
		{TypeId: team, Name: proto.String("a")}, {TypeId: team, Name: proto.String("b")},
	}}))
	one, two := proto.Int64(1), proto.Int64(2)
	must(rpc.PutAttributionsAndAssociations(ctx, &mlmdpb.PutAttributionsAndAssociationsRequest{
		Attributions: []*mlmdpb.Attribution{{ContextId: one, ArtifactId: one}, {ContextId: one, ArtifactId: two}},
		Associations: []*mlmdpb.Association{{ContextId: one, ExecutionId: one}, {ContextId: one, ExecutionId: two}},
	}))
	must(rpc.PutParentContexts(ctx,
		&mlmdpb.PutParentContextsRequest{ParentContexts: []*mlmdpb.ParentContext{{ChildId: one, ParentId: two}}}))
	must(rpc.PutEvents(ctx, &mlmdpb.PutEventsRequest{Events: []*mlmdpb.Event{{
		ArtifactId: one, ExecutionId: one,
		Type: mlmdpb.Event_INPUT.Enum(),
	}}}))
}

func execute(ctx SpecContext, db *sql.DB, kind, text string) {
	GinkgoHelper()
	literals := map[string][2]string{"sqlite": {"1", "0"}, "postgres": {"TRUE", "FALSE"}, "mysql": {"TRUE", "FALSE"}}[kind]
	text = strings.NewReplacer("{true}", literals[0], "{false}", literals[1]).Replace(text)
	_, err := db.ExecContext(ctx, text)
	Expect(err).NotTo(HaveOccurred(), text)
}

// twoAreThere reads everything in every way, and counts it.
func twoAreThere(ctx SpecContext, rpc client) error {
	page := &mlmdpb.ListOperationOptions{OrderByField: &mlmdpb.ListOperationOptions_OrderByField{
		Field: mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME.Enum(), IsAsc: proto.Bool(true),
	}}
	one, both := proto.Int64(1), []int64{1, 2}
	team, data, run := proto.String("Team"), proto.String("Data"), proto.String("Run")
	for what, got := range map[string]counted{
		"contexts":           count(rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{})),
		"contexts by time":   count(rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: page})),
		"contexts by type":   count(rpc.GetContextsByType(ctx, &mlmdpb.GetContextsByTypeRequest{TypeName: team})),
		"contexts by id":     count(rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: both})),
		"artifacts":          count(rpc.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{})),
		"artifacts by time":  count(rpc.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{Options: page})),
		"artifacts by type":  count(rpc.GetArtifactsByType(ctx, &mlmdpb.GetArtifactsByTypeRequest{TypeName: data})),
		"artifacts by id":    count(rpc.GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: both})),
		"members":            count(rpc.GetArtifactsByContext(ctx, &mlmdpb.GetArtifactsByContextRequest{ContextId: one})),
		"executions":         count(rpc.GetExecutions(ctx, &mlmdpb.GetExecutionsRequest{})),
		"executions by type": count(rpc.GetExecutionsByType(ctx, &mlmdpb.GetExecutionsByTypeRequest{TypeName: run})),
		"executions by id":   count(rpc.GetExecutionsByID(ctx, &mlmdpb.GetExecutionsByIDRequest{ExecutionIds: both})),
		"parents, and itself": count(rpc.GetParentContextsByContext(ctx,
			&mlmdpb.GetParentContextsByContextRequest{ContextId: one})).and(1),
		"execution types": count(rpc.GetExecutionTypes(ctx, &mlmdpb.GetExecutionTypesRequest{})).and(1),
		"artifact types":  count(rpc.GetArtifactTypes(ctx, &mlmdpb.GetArtifactTypesRequest{})).and(1),
		"context types":   count(rpc.GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{})).and(1),
	} {
		if got.n != 2 || got.err != nil {
			return fmt.Errorf("%s: %d, %v", what, got.n, got.err)
		}
	}
	_, err := rpc.GetEventsByExecutionIDs(ctx, &mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: both})
	return err
}

// A counted is how many messages a reply lists.
type counted struct {
	n   int
	err error
}

func (c counted) and(more int) counted { return counted{c.n + more, c.err} }

func count(reply proto.Message, err error) counted {
	n := 0
	if err == nil {
		m := reply.ProtoReflect()
		for fields, i := m.Descriptor().Fields(), 0; i < fields.Len(); i++ {
			if fields.Get(i).IsList() {
				n += m.Get(fields.Get(i)).List().Len()
			}
		}
	}
	return counted{n, err}
}

// mendedBy changes the damaged nodes and what is damaged of them.
func mendedBy(ctx SpecContext, rpc client) {
	GinkgoHelper()
	value := &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: "mended"}}
	properties := map[string]*mlmdpb.Value{"note": value}
	contexts := must(rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{1}})).Contexts
	contexts[0].Properties, contexts[0].CustomProperties = properties, map[string]*mlmdpb.Value{"x": value}
	must(rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: contexts}))
	read := func() *mlmdpb.Context {
		return must(rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{1}})).Contexts[0]
	}
	Expect(read().GetCustomProperties()["x"].GetStringValue()).To(Equal("mended"))
	Expect(read().GetProperties()["note"].GetStringValue()).To(Equal("mended"))
	must(rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{
		Contexts:   []*mlmdpb.Context{{Id: proto.Int64(1)}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"custom_properties.x", "properties.note"}},
	}))
	Expect(read().GetCustomProperties()).To(BeEmpty())
	Expect(read().GetProperties()).To(BeEmpty())
	must(rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{
		Artifacts: []*mlmdpb.Artifact{{Id: proto.Int64(1), State: mlmdpb.Artifact_LIVE.Enum(), Uri: proto.String("u")}},
	}))
}
