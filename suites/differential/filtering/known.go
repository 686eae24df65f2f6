package filtering

import (
	"context"
	"slices"

	"github.com/mlmd-go/sdk/internal/filterquery/oracle"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// Known is what is stored, as filters see it, by kind and id.
type Known map[typekind.Kind]map[int64]*oracle.Node

// Read reads a whole store without any filter.
func Read(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient) (Known, error) {
	known := Known{typekind.Artifact: {}, typekind.Execution: {}, typekind.Context: {}}
	artifacts, err := rpc.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{})
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, a := range artifacts.Artifacts {
		row := common(a)
		row["uri"] = a.GetUri()
		row["state"] = number(a.State)
		row["external_id"] = given(a.ExternalId)
		known.add(typekind.Artifact, a.GetId(), row, a.Properties, a.CustomProperties)
		ids = append(ids, a.GetId())
	}
	executions, err := rpc.GetExecutions(ctx, &mlmdpb.GetExecutionsRequest{})
	if err != nil {
		return nil, err
	}
	for _, e := range executions.Executions {
		row := common(e)
		row["last_known_state"] = number(e.LastKnownState)
		row["external_id"] = given(e.ExternalId)
		known.add(typekind.Execution, e.GetId(), row, e.Properties, e.CustomProperties)
	}
	contexts, err := rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{})
	if err != nil {
		return nil, err
	}
	for _, c := range contexts.Contexts {
		row := common(c)
		row["external_id"] = given(c.ExternalId)
		known.add(typekind.Context, c.GetId(), row, c.Properties, c.CustomProperties)
	}
	events, err := rpc.GetEventsByArtifactIDs(ctx, &mlmdpb.GetEventsByArtifactIDsRequest{ArtifactIds: ids})
	if err != nil {
		return nil, err
	}
	for _, e := range events.Events {
		row := oracle.Row{
			"type": int64(e.GetType()), "milliseconds_since_epoch": e.GetMillisecondsSinceEpoch(),
			"artifact_id": e.GetArtifactId(), "execution_id": e.GetExecutionId(),
		}
		known.neighbor(typekind.Artifact, e.GetArtifactId(), "events_", row)
		known.neighbor(typekind.Execution, e.GetExecutionId(), "events_", row)
	}
	return known, known.readContexts(ctx, rpc)
}

// readContexts reads what belongs to each context.
func (k Known) readContexts(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient) error {
	for id, c := range k[typekind.Context] {
		artifacts, err := rpc.GetArtifactsByContext(ctx, &mlmdpb.GetArtifactsByContextRequest{ContextId: &id})
		if err != nil {
			return err
		}
		for _, a := range artifacts.Artifacts {
			k.neighbor(typekind.Artifact, a.GetId(), "contexts_", c.Attributes)
			k.neighbor(typekind.Context, id, "artifacts_", k[typekind.Artifact][a.GetId()].Attributes)
		}
		executions, err := rpc.GetExecutionsByContext(ctx, &mlmdpb.GetExecutionsByContextRequest{ContextId: &id})
		if err != nil {
			return err
		}
		for _, e := range executions.Executions {
			k.neighbor(typekind.Execution, e.GetId(), "contexts_", c.Attributes)
			k.neighbor(typekind.Context, id, "executions_", k[typekind.Execution][e.GetId()].Attributes)
		}
		parents, err := rpc.GetParentContextsByContext(ctx, &mlmdpb.GetParentContextsByContextRequest{ContextId: &id})
		if err != nil {
			return err
		}
		for _, p := range parents.Contexts {
			k.neighbor(typekind.Context, id, "parent_contexts_", k[typekind.Context][p.GetId()].Attributes)
			k.neighbor(typekind.Context, p.GetId(), "child_contexts_", c.Attributes)
		}
	}
	return nil
}

// Selects returns the ids of the nodes that a filter selects, ascending.
func (k Known) Selects(of typekind.Kind, f *filterquery.Filter) []int64 {
	var ids []int64
	for id, n := range k[of] {
		if oracle.Matches(f, n) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// A message is what all kinds of nodes have.
type message interface {
	GetId() int64
	GetTypeId() int64
	GetType() string
	GetName() string
	GetCreateTimeSinceEpoch() int64
	GetLastUpdateTimeSinceEpoch() int64
}

func common(m message) oracle.Row {
	row := oracle.Row{
		"id": m.GetId(), "type_id": m.GetTypeId(), "type": m.GetType(),
		"create_time_since_epoch":      m.GetCreateTimeSinceEpoch(),
		"last_update_time_since_epoch": m.GetLastUpdateTimeSinceEpoch(),
	}
	var name *string
	switch m := m.(type) {
	case *mlmdpb.Artifact:
		name = m.Name
	case *mlmdpb.Execution:
		name = m.Name
	case *mlmdpb.Context:
		name = m.Name
	}
	row["name"] = given(name)
	return row
}

func given(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

func number[E ~int32](e *E) any {
	if e == nil {
		return nil
	}
	return int64(*e)
}

func (k Known) add(of typekind.Kind, id int64, row oracle.Row, props, custom map[string]*mlmdpb.Value) {
	k[of][id] = &oracle.Node{
		Attributes: row, Properties: rows(props), Custom: rows(custom),
		Neighbors: map[string][]oracle.Row{},
	}
}

func (k Known) neighbor(of typekind.Kind, id int64, prefix string, row oracle.Row) {
	n := k[of][id]
	n.Neighbors[prefix] = append(n.Neighbors[prefix], row)
}

func rows(props map[string]*mlmdpb.Value) map[string]oracle.Row {
	out := map[string]oracle.Row{}
	for name, v := range props {
		switch v := v.Value.(type) {
		case *mlmdpb.Value_IntValue:
			out[name] = oracle.Row{"int_value": v.IntValue}
		case *mlmdpb.Value_DoubleValue:
			out[name] = oracle.Row{"double_value": v.DoubleValue}
		case *mlmdpb.Value_StringValue:
			out[name] = oracle.Row{"string_value": v.StringValue}
		case *mlmdpb.Value_BoolValue:
			out[name] = oracle.Row{"bool_value": v.BoolValue}
		}
	}
	return out
}
