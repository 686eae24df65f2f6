package lineage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/pkg/value"
)

type jsonGraph struct {
	Starts []Ref      `json:"starts"`
	Nodes  []jsonNode `json:"nodes"`
	Edges  []jsonEdge `json:"edges"`
	Cut    *jsonCut   `json:"cut,omitempty"`
}

type jsonNode struct {
	Ref        Ref        `json:"ref"`
	TypeName   string     `json:"type"`
	Entity     string     `json:"entity,omitempty"`
	Name       string     `json:"name,omitempty"`
	ExternalID string     `json:"externalId,omitempty"`
	State      string     `json:"state,omitempty"`
	URI        string     `json:"uri,omitempty"`
	CreateTime value.Time `json:"createTimeSinceEpoch,omitzero"`
	UpdateTime value.Time `json:"lastUpdateTimeSinceEpoch,omitzero"`
	Value      any        `json:"value,omitempty"`
}

type jsonEdge struct {
	From Ref        `json:"from"`
	To   Ref        `json:"to"`
	Kind EdgeKind   `json:"kind"`
	Path []Step     `json:"path,omitempty"`
	Time value.Time `json:"timeSinceEpoch,omitzero"`
}

type jsonCut struct {
	Reasons []Reason `json:"reasons"`
	At      []Ref    `json:"at"`
}

// MarshalJSON encodes the graph with the values of its nodes, but without their
// messages. Times are decimal strings of milliseconds since the epoch.
func (g *Graph) MarshalJSON() ([]byte, error) {
	out := jsonGraph{Starts: append([]Ref{}, g.Starts...), Nodes: []jsonNode{}, Edges: []jsonEdge{}}
	for _, n := range g.Nodes {
		out.Nodes = append(out.Nodes, jsonNode{
			n.Ref, n.TypeName, n.Entity, n.Name, n.ExternalID, n.State, n.URI, n.CreateTime, n.UpdateTime, n.Value,
		})
	}
	for _, e := range g.Edges {
		out.Edges = append(out.Edges, jsonEdge(e))
	}
	if g.Cut != nil {
		out.Cut = &jsonCut{append([]Reason{}, g.Cut.Reasons...), append([]Ref{}, g.Cut.At...)}
	}
	return json.Marshal(out)
}

// UnmarshalJSON replaces g with a graph that MarshalJSON encoded. Values of entities
// of this module have their Go types; those of other entities are a
// [json.RawMessage].
func (g *Graph) UnmarshalJSON(raw []byte) error {
	in := struct {
		jsonGraph
		Nodes []struct {
			jsonNode
			Value json.RawMessage `json:"value"`
		} `json:"nodes"`
	}{}
	if err := json.Unmarshal(raw, &in); err != nil {
		return fmt.Errorf("lineage: read a graph: %w", err)
	}
	out := Graph{Starts: in.Starts}
	for _, n := range in.Nodes {
		node := &Node{
			Ref: n.Ref, TypeName: n.TypeName, Entity: n.Entity, Name: n.Name, ExternalID: n.ExternalID,
			State: n.State, URI: n.URI, CreateTime: n.CreateTime, UpdateTime: n.UpdateTime,
		}
		if len(n.Value) > 0 {
			v, err := decodeValue(n.TypeName, n.Entity, n.Value)
			if err != nil {
				return fmt.Errorf("lineage: read %v: %w", n.Ref, err)
			}
			node.Value = v
		}
		out.Nodes = append(out.Nodes, node)
	}
	for _, e := range in.Edges {
		out.Edges = append(out.Edges, Edge(e))
	}
	if in.Cut != nil {
		out.Cut = &Cut{Reasons: in.Cut.Reasons, At: in.Cut.At}
	}
	if what := out.withoutRef(); what != "" {
		return fmt.Errorf("lineage: read a graph: %s lacks a reference, such as artifact/1", what)
	}
	*g = out
	return nil
}

// withoutRef returns what lacks a reference, or "".
func (g *Graph) withoutRef() string {
	for i, r := range g.Starts {
		if r == (Ref{}) {
			return fmt.Sprintf("start %d", i+1)
		}
	}
	for i, n := range g.Nodes {
		if n.Ref == (Ref{}) {
			return fmt.Sprintf("node %d", i+1)
		}
	}
	for i, e := range g.Edges {
		if e.From == (Ref{}) || e.To == (Ref{}) {
			return fmt.Sprintf("edge %d", i+1)
		}
	}
	if g.Cut != nil && slices.Contains(g.Cut.At, Ref{}) {
		return "the cut"
	}
	return ""
}

// decodeValue returns the entity that raw encodes.
func decodeValue(typeName, entity string, raw json.RawMessage) (any, error) {
	for _, m := range mapping.Catalog {
		// Only the prefix of the types differs between stores.
		if t := m.Type(); t.Entity == entity && afterDot(t.TypeName) == afterDot(typeName) {
			v := m.New()
			return v, json.Unmarshal(raw, v)
		}
	}
	return raw, nil
}

func afterDot(s string) string { return s[strings.LastIndexByte(s, '.')+1:] }

// MarshalJSON encodes a key as a string and an index as a number.
func (s Step) MarshalJSON() ([]byte, error) {
	if s.IsIndex {
		return json.Marshal(s.Index)
	}
	return json.Marshal(s.Key)
}

// UnmarshalJSON decodes a string or a number.
func (s *Step) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		*s = Step{}
		return json.Unmarshal(raw, &s.Key)
	}
	*s = Step{IsIndex: true}
	return json.Unmarshal(raw, &s.Index)
}
