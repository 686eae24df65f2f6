package lineage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// drawn returns a graph of artifacts and executions, in which each word such as
// "a1>e2" or "e2>a3" is an edge.
func drawn(edges string) *lineage.Graph {
	s := newSketch()
	seen := map[string]lineage.Ref{}
	node := func(name string) lineage.Ref {
		if r, ok := seen[name]; ok {
			return r
		}
		kind := mlmd.Artifact
		if name[0] == 'e' {
			kind = mlmd.Execution
		}
		r := lineage.Ref{Kind: kind, ID: name[1:]}
		seen[name] = r
		s.g.Nodes = append(s.g.Nodes, &lineage.Node{Ref: r, TypeName: "test." + kind.String(), Name: name})
		return r
	}
	for _, e := range strings.Fields(edges) {
		from, to, _ := strings.Cut(e, ">")
		kind := lineage.Input
		if from[0] == 'e' {
			kind = lineage.Output
		}
		s.edge(kind, node(from), node(to))
	}
	return s.g
}

func pathTexts(paths [][]lineage.Ref) []string {
	var out []string
	for _, p := range paths {
		var words []string
		for _, r := range p {
			words = append(words, r.Kind.String()[:1]+r.ID)
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		edges, from, to string
		want            []string
	}{
		{"a1>e1 e1>a2 a1>e2 e2>a3 a3>e3 e3>a2", "a1", "a2", []string{"a1 e1 a2", "a1 e2 a3 e3 a2"}},
		{"a1>e1 e1>a2 a2>e1", "a1", "a2", []string{"a1 e1 a2"}},
		{"a1>e1 e1>a2 a2>e2 e2>a1", "a1", "a1", []string{"a1"}},
		{"a1>e1 e1>a2", "a2", "a1", nil},
		{"a1>e1 e1>a2", "a1", "a9", nil},
		{"a1>e1 a1>e1 e1>a2", "a1", "a2", []string{"a1 e1 a2"}},
	} {
		ref := func(s string) lineage.Ref {
			return lineage.Ref{Kind: map[byte]mlmd.Kind{'a': mlmd.Artifact, 'e': mlmd.Execution}[s[0]], ID: s[1:]}
		}
		g := drawn(c.edges)
		got := pathTexts(g.Paths(ref(c.from), ref(c.to), 10))
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], "x", "e")
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s from %s to %s: %q, want %q", c.edges, c.from, c.to, got, c.want)
		}
	}
}

// A search that enters what it cannot leave again would take forever here: a cycle
// of many nodes has but one exit, which is on the path.
func TestPaths_EndsWhereOnlyThePathLeadsOut(t *testing.T) {
	var edges []string
	const n = 12
	for i := 2; i < n; i++ {
		for j := 2; j < n; j++ {
			edges = append(edges, fmt.Sprintf("a%d>e%d e%d>a%d", i, i*100+j, i*100+j, j))
		}
	}
	edges = append(edges, "a1>e1 e1>a2 e1>a99 a2>e1")
	g := drawn(strings.Join(edges, " "))
	from, to := artifact(1), artifact(99)
	if got := pathTexts(g.Paths(from, to, 100)); !slices.Equal(got, []string{"a1 e1 a99"}) {
		t.Errorf("got %q", got)
	}
	if got := g.Paths(artifact(2), artifact(11), 50); len(got) != 50 || len(got[0]) != 3 {
		t.Errorf("%d paths, the first has %d nodes", len(got), len(got[0]))
	}
}

func TestNeighbors(t *testing.T) {
	g := trainings(1, 2, 1)
	train := execution(2)
	if got := labels(g.Upstream(train)); !slices.Equal(got, []string{"payments-1-1", "payments-1-2"}) {
		t.Errorf("upstream: %q", got)
	}
	if got := labels(g.Downstream(train)); !slices.Equal(got, []string{"weights"}) {
		t.Errorf("downstream: %q", got)
	}
	if got := labels(g.Contexts(train)); !slices.Equal(got, []string{"fraud-training-1"}) {
		t.Errorf("contexts: %q", got)
	}
	if got := labels(g.Members(runContext(2))); !slices.Equal(got, []string{"v1"}) {
		t.Errorf("members: %q", got)
	}
	if g.Node(execution(99)) != nil || g.Upstream(execution(99)) != nil {
		t.Error("a node that does not exist")
	}
}

func labels(ns []*lineage.Node) []string {
	var out []string
	for _, n := range ns {
		out = append(out, n.Name)
	}
	return out
}

func TestJSON_RoundTrip(t *testing.T) {
	g := trainings(2, 2, 1)
	g.Cut = &lineage.Cut{Reasons: []lineage.Reason{lineage.TooManyNodes}, At: []lineage.Ref{artifact(1)}}
	g.Nodes[0].Value = &model.DataSet{ID: "1", Name: "payments-raw", URI: new("s3://x")}
	g.Nodes[1].Value = json.RawMessage(`{"own":true}`)
	g.Edges[3].Path = []lineage.Step{{Key: "3"}, {Index: 3, IsIndex: true}}
	g.Edges[3].Time = value.Millis(1_700_000_000_001)
	first, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	var back lineage.Graph
	if err := json.Unmarshal(first, &back); err != nil {
		t.Fatal(err)
	}
	second, err := json.Marshal(&back)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("the graph changed:\n%s\n%s", first, second)
	}
	if d := lineage.Values[*model.DataSet](&back); len(d) != 1 || *d[0].URI != "s3://x" {
		t.Errorf("values are %v", d)
	}
	if got, want := back.Mermaid(), g.Mermaid(); got != want {
		t.Errorf("the picture changed:\n%s\n%s", got, want)
	}
	for _, bad := range []string{
		`[]`, `{"starts":["model/1"]}`, `{"starts":["artifact/x"]}`, `{"edges":[{"path":[true]}]}`,
		`{"starts":[null]}`, `{"nodes":[{}]}`, `{"edges":[{}]}`, `{"edges":[{"from":"artifact/1"}]}`, `{"cut":{"at":[null]}}`,
	} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s is a graph", bad)
		}
	}
}
