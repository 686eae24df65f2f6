package sharing_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A writer fills a store. What it writes has its mark in it, so that several
// may fill one store.
type writer struct {
	mark    string
	unicode bool
}

// text is what names and values are made of.
func (w writer) text(what string) string {
	if w.unicode {
		return what + " " + w.mark + ` naïve é日本 🙂 "'% _`
	}
	return what + " " + w.mark + ` "'% _`
}

func (w writer) properties() map[string]mlmdpb.PropertyType {
	return map[string]mlmdpb.PropertyType{
		"i": mlmdpb.PropertyType_INT, "d": mlmdpb.PropertyType_DOUBLE, w.text("s"): mlmdpb.PropertyType_STRING,
		"t": mlmdpb.PropertyType_STRUCT, "p": mlmdpb.PropertyType_PROTO, "b": mlmdpb.PropertyType_BOOLEAN,
	}
}

// values are one of every kind, in a form that both stores keep exactly.
func (w writer) values(n int) map[string]*mlmdpb.Value {
	GinkgoHelper()
	nested, err := structpb.NewStruct(map[string]any{"n": float64(n), "text": w.text("in"), "list": []any{true, nil, "x"}})
	Expect(err).NotTo(HaveOccurred())
	message, err := anypb.New(&mlmdpb.Artifact{Uri: new(w.text("any"))})
	Expect(err).NotTo(HaveOccurred())
	return map[string]*mlmdpb.Value{
		"i":         {Value: &mlmdpb.Value_IntValue{IntValue: int64(n) - 5}},
		"d":         {Value: &mlmdpb.Value_DoubleValue{DoubleValue: float64(n) + 0.125}},
		w.text("s"): {Value: &mlmdpb.Value_StringValue{StringValue: w.text("value")}},
		"t":         {Value: &mlmdpb.Value_StructValue{StructValue: nested}},
		"p":         {Value: &mlmdpb.Value_ProtoValue{ProtoValue: message}},
		"b":         {Value: &mlmdpb.Value_BoolValue{BoolValue: n%2 == 0}},
	}
}

// fill writes types, nodes and edges of every kind.
func (w writer) fill(ctx context.Context, rpc client) {
	GinkgoHelper()
	types, err := rpc.PutTypes(ctx, &mlmdpb.PutTypesRequest{
		ArtifactTypes: []*mlmdpb.ArtifactType{{
			Name: new(w.text("A")), Version: new("v1"), Description: new(w.text("about")), ExternalId: new(w.text("xA")),
			Properties: w.properties(), BaseType: mlmdpb.ArtifactType_MODEL.Enum(),
		}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{
			Name: new(w.text("E")), Properties: w.properties(),
			InputType: &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_Any{Any: &mlmdpb.AnyArtifactStructType{}}},
		}},
		ContextTypes: []*mlmdpb.ContextType{{Name: new(w.text("C")), Properties: w.properties()}},
	})
	Expect(err).NotTo(HaveOccurred())
	contexts, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{
		{
			TypeId: new(types.ContextTypeIds[0]), Name: new(w.text("c1")), ExternalId: new(w.text("xc1")),
			Properties: w.values(1), CustomProperties: w.values(2),
		},
		{TypeId: new(types.ContextTypeIds[0]), Name: new(w.text("c2"))},
	}})
	Expect(err).NotTo(HaveOccurred())
	_, err = rpc.PutParentContexts(ctx, &mlmdpb.PutParentContextsRequest{ParentContexts: []*mlmdpb.ParentContext{
		{ParentId: new(contexts.ContextIds[0]), ChildId: new(contexts.ContextIds[1])},
	}})
	Expect(err).NotTo(HaveOccurred())
	_, err = rpc.PutExecution(ctx, &mlmdpb.PutExecutionRequest{
		Execution: &mlmdpb.Execution{
			TypeId: new(types.ExecutionTypeIds[0]), Name: new(w.text("e1")), ExternalId: new(w.text("xe1")),
			LastKnownState: mlmdpb.Execution_COMPLETE.Enum(), Properties: w.values(3), CustomProperties: w.values(4),
		},
		ArtifactEventPairs: []*mlmdpb.PutExecutionRequest_ArtifactAndEvent{
			{
				Artifact: &mlmdpb.Artifact{
					TypeId: new(types.ArtifactTypeIds[0]), Name: new(w.text("a1")), Uri: new(w.text("u1")),
					ExternalId: new(w.text("xa1")),
					State:      mlmdpb.Artifact_LIVE.Enum(), Properties: w.values(5), CustomProperties: w.values(6),
				},
				Event: &mlmdpb.Event{
					Type: mlmdpb.Event_OUTPUT.Enum(), MillisecondsSinceEpoch: new(int64(1764105000123)),
					Path: &mlmdpb.Event_Path{
						Steps: []*mlmdpb.Event_Path_Step{
							{Value: &mlmdpb.Event_Path_Step_Key{Key: w.text("key")}}, {Value: &mlmdpb.Event_Path_Step_Index{Index: 7}},
						},
					},
				},
			},
			{
				Artifact: &mlmdpb.Artifact{TypeId: new(types.ArtifactTypeIds[0])},
				Event:    &mlmdpb.Event{Type: mlmdpb.Event_INPUT.Enum()},
			},
		},
		Contexts: []*mlmdpb.Context{{
			Id: new(contexts.ContextIds[1]), TypeId: new(types.ContextTypeIds[0]),
			Name: new(w.text("c2")),
		}},
	})
	Expect(err).NotTo(HaveOccurred())
}

// change updates what a writer of the same mark has filled in: some properties
// stay, some change, some go, some come.
func (w writer) change(ctx context.Context, rpc client) {
	GinkgoHelper()
	found, err := rpc.GetArtifactByTypeAndName(ctx, &mlmdpb.GetArtifactByTypeAndNameRequest{
		TypeName: new(w.text("A")), TypeVersion: new("v1"), ArtifactName: new(w.text("a1")),
	})
	Expect(err).NotTo(HaveOccurred())
	a := found.GetArtifact()
	Expect(a).NotTo(BeNil())
	a.State = mlmdpb.Artifact_MARKED_FOR_DELETION.Enum()
	a.Uri = new(w.text("another"))
	a.ExternalId = new(w.text("another id"))
	a.Properties["i"] = &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: 1 << 30}}
	a.Properties["b"] = &mlmdpb.Value{Value: &mlmdpb.Value_BoolValue{BoolValue: true}}
	delete(a.Properties, "d")
	delete(a.CustomProperties, "p")
	a.CustomProperties["new"] = &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: ""}}
	_, err = rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{a}})
	Expect(err).NotTo(HaveOccurred())
	_, err = rpc.PutContextType(ctx, &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{
			Name:       new(w.text("C")),
			Properties: map[string]mlmdpb.PropertyType{"more": mlmdpb.PropertyType_INT},
		},
		CanAddFields: new(true), CanOmitFields: new(true),
	})
	Expect(err).NotTo(HaveOccurred())
}

// A reading is what a store answers, by the name of what was asked for. Each
// answer is one line of text with its fields in order.
type reading map[string][]string

// read asks a store for everything that is in it.
func read(ctx context.Context, rpc client) reading {
	GinkgoHelper()
	all := reading{}
	artifactTypes := must(rpc.GetArtifactTypes(ctx, &mlmdpb.GetArtifactTypesRequest{})).GetArtifactTypes()
	executionTypes := must(rpc.GetExecutionTypes(ctx, &mlmdpb.GetExecutionTypesRequest{})).GetExecutionTypes()
	contextTypes := must(rpc.GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{})).GetContextTypes()
	artifacts := must(rpc.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{})).GetArtifacts()
	executions := must(rpc.GetExecutions(ctx, &mlmdpb.GetExecutionsRequest{})).GetExecutions()
	contexts := must(rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{})).GetContexts()
	all["artifact types"] = lines(artifactTypes)
	all["execution types"] = lines(executionTypes)
	all["context types"] = lines(contextTypes)
	all["artifacts"] = lines(artifacts)
	all["executions"] = lines(executions)
	all["contexts"] = lines(contexts)
	all["events"] = lines(must(rpc.GetEventsByArtifactIDs(ctx,
		&mlmdpb.GetEventsByArtifactIDsRequest{ArtifactIds: ids(artifacts)})).GetEvents())
	for _, c := range contexts {
		what := fmt.Sprintf("context %d: ", c.GetId())
		all[what+"artifacts"] = lines(must(rpc.GetArtifactsByContext(ctx,
			&mlmdpb.GetArtifactsByContextRequest{ContextId: c.Id})).GetArtifacts())
		all[what+"executions"] = lines(must(rpc.GetExecutionsByContext(ctx,
			&mlmdpb.GetExecutionsByContextRequest{ContextId: c.Id})).GetExecutions())
		all[what+"parents"] = lines(must(rpc.GetParentContextsByContext(ctx,
			&mlmdpb.GetParentContextsByContextRequest{ContextId: c.Id})).GetContexts())
		all[what+"children"] = lines(must(rpc.GetChildrenContextsByContext(ctx,
			&mlmdpb.GetChildrenContextsByContextRequest{ContextId: c.Id})).GetContexts())
	}
	for _, t := range artifactTypes { // these two tell the external id and the base type
		all[fmt.Sprintf("artifact type %d", t.GetId())] = lines(must(rpc.GetArtifactTypesByID(ctx,
			&mlmdpb.GetArtifactTypesByIDRequest{TypeIds: []int64{t.GetId()}})).GetArtifactTypes())
	}
	for _, a := range artifacts {
		if a.ExternalId != nil {
			found := must(rpc.GetArtifactsByExternalIds(ctx,
				&mlmdpb.GetArtifactsByExternalIdsRequest{ExternalIds: []string{a.GetExternalId()}})).GetArtifacts()
			all["external id "+a.GetExternalId()] = lines(found)
		}
		found := must(rpc.GetArtifactsByURI(ctx, &mlmdpb.GetArtifactsByURIRequest{Uris: []string{a.GetUri()}})).GetArtifacts()
		all["uri "+a.GetUri()] = lines(found)
	}
	return all
}

func must[R any](reply R, err error) R {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	return reply
}

func ids[M interface{ GetId() int64 }](list []M) []int64 {
	var all []int64
	for _, m := range list {
		all = append(all, m.GetId())
	}
	return all
}

// lines returns the messages as sorted text, since the reference implementation
// has no order on some databases. Structs are encoded again so that their keys
// have one order.
func lines[M proto.Message](list []M) []string {
	texts := make([]string, len(list))
	for i, m := range list {
		texts[i] = prototext.MarshalOptions{}.Format(m)
	}
	slices.SortFunc(texts, cmp.Compare[string])
	return texts
}
