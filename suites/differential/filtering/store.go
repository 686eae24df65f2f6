// Package filtering makes random stores and random filters, and says which
// nodes of a store a filter selects without asking a database.
package filtering

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// What random nodes are made of. The names and values are few, so that filters
// meet them, and some look like something else.
var (
	propertyNames = []string{"p", "q", "Big", "a b", "name", "int_value"}
	texts         = []string{"", "a", "A", "ab", "b%", "a_b", "Ärger", "10", "LIVE", "x", " a ", "it's", `say "x"`, "uri"}
	numbers       = []int64{0, 1, 2, -1, 7, 100, 2147483647, -2147483648}
	doubles       = []float64{0, 0.5, 1, -2.25, 100, 0.1, 1e15}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func ptr[T any](v T) *T { return &v }

// Fill writes a random store. The same r writes the same store, ids included,
// into any empty one.
func Fill(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, r *rand.Rand) error {
	kinds := map[string]mlmdpb.PropertyType{
		"p": mlmdpb.PropertyType_INT, "q": mlmdpb.PropertyType_DOUBLE, "Big": mlmdpb.PropertyType_STRING,
		"a b":  mlmdpb.PropertyType_BOOLEAN,
		"name": mlmdpb.PropertyType_STRING, "int_value": mlmdpb.PropertyType_INT,
	}
	types, err := rpc.PutTypes(ctx, &mlmdpb.PutTypesRequest{
		ArtifactTypes:  []*mlmdpb.ArtifactType{{Name: ptr("A"), Properties: kinds}, {Name: ptr("B"), Properties: kinds}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: ptr("A"), Properties: kinds}, {Name: ptr("E"), Properties: kinds}},
		ContextTypes:   []*mlmdpb.ContextType{{Name: ptr("A"), Properties: kinds}, {Name: ptr("C"), Properties: kinds}},
	})
	if err != nil {
		return err
	}
	f := filler{Rand: r, kinds: kinds}
	var artifacts []*mlmdpb.Artifact
	for n := range 8 {
		artifacts = append(artifacts, &mlmdpb.Artifact{
			TypeId: ptr(pick(r, types.ArtifactTypeIds)), Name: f.name(n), Uri: maybe(r, pick(r, texts)),
			ExternalId: f.externalID("a", n),
			State:      maybe(r, mlmdpb.Artifact_State(r.IntN(5))), Properties: f.properties(), CustomProperties: f.custom(),
		})
	}
	var executions []*mlmdpb.Execution
	for n := range 6 {
		executions = append(executions, &mlmdpb.Execution{
			TypeId: ptr(pick(r, types.ExecutionTypeIds)), Name: f.name(n), ExternalId: f.externalID("e", n),
			LastKnownState: maybe(r, mlmdpb.Execution_State(r.IntN(7))), Properties: f.properties(),
			CustomProperties: f.custom(),
		})
	}
	var contexts []*mlmdpb.Context
	for n := range 6 {
		name := f.name(n)
		if name == nil || *name == "" {
			name = ptr(fmt.Sprint("c", n))
		}
		contexts = append(contexts, &mlmdpb.Context{
			TypeId: ptr(pick(r, types.ContextTypeIds)), Name: name, ExternalId: f.externalID("c", n),
			Properties: f.properties(), CustomProperties: f.custom(),
		})
	}
	if _, err := rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: artifacts}); err != nil {
		return err
	}
	if _, err := rpc.PutExecutions(ctx, &mlmdpb.PutExecutionsRequest{Executions: executions}); err != nil {
		return err
	}
	if _, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: contexts}); err != nil {
		return err
	}
	return f.link(ctx, rpc, len(artifacts), len(executions), len(contexts))
}

type filler struct {
	*rand.Rand
	kinds map[string]mlmdpb.PropertyType
}

func maybe[T any](r *rand.Rand, v T) *T {
	if r.IntN(4) == 0 {
		return nil
	}
	return &v
}

// name is one of few, but no two nodes of a kind have the same.
func (f filler) name(n int) *string { return maybe(f.Rand, texts[(n*5+3)%len(texts)]) }

func (f filler) externalID(kind string, n int) *string {
	if f.IntN(3) > 0 {
		return nil
	}
	return ptr(fmt.Sprint(kind, n))
}

func (f filler) properties() map[string]*mlmdpb.Value {
	props := map[string]*mlmdpb.Value{}
	for _, name := range propertyNames {
		if f.IntN(2) == 0 {
			props[name] = f.value(f.kinds[name])
		}
	}
	return props
}

func (f filler) custom() map[string]*mlmdpb.Value {
	props := map[string]*mlmdpb.Value{}
	for _, name := range propertyNames {
		if f.IntN(3) == 0 {
			props[name] = f.value(pick(f.Rand, []mlmdpb.PropertyType{
				mlmdpb.PropertyType_INT, mlmdpb.PropertyType_DOUBLE, mlmdpb.PropertyType_STRING, mlmdpb.PropertyType_BOOLEAN,
			}))
		}
	}
	return props
}

func (f filler) value(kind mlmdpb.PropertyType) *mlmdpb.Value {
	switch kind {
	case mlmdpb.PropertyType_INT:
		return &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: pick(f.Rand, numbers)}}
	case mlmdpb.PropertyType_DOUBLE:
		return &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: pick(f.Rand, doubles)}}
	case mlmdpb.PropertyType_BOOLEAN:
		return &mlmdpb.Value{Value: &mlmdpb.Value_BoolValue{BoolValue: f.IntN(2) == 0}}
	}
	return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: pick(f.Rand, texts)}}
}

// link ties the nodes, whose ids begin with 1.
func (f filler) link(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, artifacts, executions,
	contexts int,
) error {
	id := func(n int) *int64 { return ptr(int64(f.IntN(n) + 1)) }
	links := &mlmdpb.PutAttributionsAndAssociationsRequest{}
	for range 8 {
		links.Attributions = append(links.Attributions,
			&mlmdpb.Attribution{ContextId: id(contexts), ArtifactId: id(artifacts)})
		links.Associations = append(links.Associations,
			&mlmdpb.Association{ContextId: id(contexts), ExecutionId: id(executions)})
	}
	if _, err := rpc.PutAttributionsAndAssociations(ctx, links); err != nil {
		return err
	}
	parents := &mlmdpb.PutParentContextsRequest{}
	for child := 2; child <= contexts; child++ {
		for range f.IntN(3) {
			p := &mlmdpb.ParentContext{ChildId: ptr(int64(child)), ParentId: id(child - 1)}
			if !hasParent(parents, p) {
				parents.ParentContexts = append(parents.ParentContexts, p)
			}
		}
	}
	if len(parents.ParentContexts) > 0 {
		if _, err := rpc.PutParentContexts(ctx, parents); err != nil {
			return err
		}
	}
	events := &mlmdpb.PutEventsRequest{}
	for n := range 10 {
		// Type and number make the triple unique.
		events.Events = append(events.Events, &mlmdpb.Event{
			ArtifactId: ptr(int64(n%artifacts + 1)), ExecutionId: id(executions),
			Type:                   ptr(mlmdpb.Event_Type(1 + (n/artifacts*3+f.IntN(3))%7)),
			MillisecondsSinceEpoch: ptr(int64(f.IntN(3) * 1000)),
		})
	}
	_, err := rpc.PutEvents(ctx, events)
	return err
}

func hasParent(all *mlmdpb.PutParentContextsRequest, p *mlmdpb.ParentContext) bool {
	for _, q := range all.ParentContexts {
		if *q.ChildId == *p.ChildId && *q.ParentId == *p.ParentId {
			return true
		}
	}
	return false
}
