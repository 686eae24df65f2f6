package lineage_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
)

// bothWays runs a test with GetLineageSubgraph and without it.
func bothWays(t *testing.T, f func(t *testing.T, reg *registry.Client)) {
	t.Run("subgraph", func(t *testing.T) { f(t, registrytest.New(t)) })
	for _, code := range []codes.Code{codes.Unimplemented, codes.ResourceExhausted} {
		t.Run(code.String(), func(t *testing.T) {
			faults := &registrytest.Faults{}
			faults.Add(registrytest.Fault{Method: "GetLineageSubgraph", Code: code})
			f(t, registrytest.New(t, registrytest.WithFaults(faults)))
		})
	}
}

func TestGraph_LimitIsTheSameHopByHop(t *testing.T) {
	bothWays(t, func(t *testing.T, reg *registry.Client) {
		w := newWorld(t, reg.RPC())
		as, xs := w.artifacts(30), w.executions(30)
		for i, a := range as {
			for j, x := range xs {
				if (i+j)%3 == 0 {
					w.events(mlmdpb.Event_INPUT, [2]int64{a, x})
				} else if (i+j)%7 == 0 {
					w.events(mlmdpb.Event_OUTPUT, [2]int64{a, x})
				}
			}
		}
		g := graph(t, lineage.Of(reg, artifact(as[0])).Limit(20))
		if len(g.Nodes) != 20 || g.Cut == nil || !slices.Equal(g.Cut.Reasons, []lineage.Reason{lineage.TooManyNodes}) {
			t.Fatalf("%d nodes, %v", len(g.Nodes), g.Cut)
		}
		// Every node outside the cut has all of its neighbors.
		whole := graph(t, lineage.Of(reg, artifact(as[0])))
		if whole.Cut != nil || len(whole.Nodes) != 60 {
			t.Fatalf("%d nodes, %v", len(whole.Nodes), whole.Cut)
		}
		for _, n := range g.Nodes {
			got, want := neighbors(g, n.Ref), neighbors(whole, n.Ref)
			if !slices.Contains(g.Cut.At, n.Ref) && !slices.Equal(got, want) {
				t.Errorf("%v has neighbors %v, want %v", n.Ref, got, want)
			}
		}
		// The first nodes by distance and ID, in any of the ways to read them.
		const want = "[artifact/1 artifact/4 artifact/7 artifact/8 artifact/10 artifact/13 artifact/15 execution/1 " +
			"execution/4 execution/7 execution/8 execution/10 execution/13 execution/15 execution/16 execution/19 " +
			"execution/22 execution/25 execution/28 execution/29]"
		if got := fmt.Sprint(names(g)); got != want {
			t.Errorf("nodes are %s", got)
		}
	})
}

func neighbors(g *lineage.Graph, r lineage.Ref) []string {
	var out []string
	for _, n := range slices.Concat(g.Upstream(r), g.Downstream(r)) {
		out = append(out, n.String())
	}
	return out
}

func TestGraph_Entities(t *testing.T) {
	bothWays(t, func(t *testing.T, reg *registry.Client) {
		m := model.RegisteredModel{Name: "fraud"}
		v := model.ModelVersion{Name: "v1"}
		weights := model.ModelArtifact{Name: "weights"}
		data := model.DataSet{Name: "payments"}
		if _, err := reg.Register(t.Context(), &m, &v, &weights, &data); err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, reg.RPC())
		x := w.executions(1)[0]
		weightsID, dataID := int64(1), int64(2)
		if weights.ID != "1" || data.ID != "2" {
			t.Fatal(weights.ID, data.ID)
		}
		w.events(mlmdpb.Event_INPUT, [2]int64{dataID, x})
		w.events(mlmdpb.Event_OUTPUT, [2]int64{weightsID, x})

		for _, start := range []any{&m, &v, &weights, artifact(1), &lineage.Node{Ref: artifact(1)}} {
			g, err := lineage.Provenance(t.Context(), reg, start)
			if err != nil {
				t.Fatal(err)
			}
			found := lineage.Values[*model.ModelArtifact](g)
			if len(found) != 1 || found[0].ModelVersionID != v.ID || len(lineage.Values[*model.DataSet](g)) == 0 {
				t.Errorf("from %v: %v", start, names(g))
			}
			want := []string{
				"artifact/1 attribution context/2", "artifact/2 input execution/1", "artifact/2 attribution context/2",
				"execution/1 output artifact/1", "context/2 parent context context/1",
			}
			if got := arrows(g); !slices.Equal(got, want) {
				t.Errorf("from %v: %q", start, got)
			}
		}
	})
}

func TestGraph_Mistakes(t *testing.T) {
	bothWays(t, func(t *testing.T, reg *registry.Client) {
		data := model.DataSet{Name: "payments"}
		if _, err := reg.Register(t.Context(), &data); err != nil {
			t.Fatal(err)
		}
		of := func(start any) lineage.Walk { return lineage.Of(reg, start) }
		for _, bad := range []struct {
			walk lineage.Walk
			kind error
			want string
		}{
			{of(artifact(99)), registry.ErrNotFound, `read lineage artifact "99": not found`},
			{lineage.Of(reg, &data, execution(7)), registry.ErrNotFound, `execution "7": not found`},
			{of(runContext(77)), registry.ErrNotFound, `context "77": not found`},
			{
				of(&model.ModelArtifact{ID: data.ID}), registry.ErrNotFound,
				`ModelArtifact "1": not found: this ID belongs to a node of type DataSet`,
			},
			{of(&model.ModelArtifact{}), registry.ErrInvalidArgument, "start 1 has no ID: store or read it first"},
			{of(lineage.Ref{Kind: mlmd.Artifact, ID: "x"}), registry.ErrInvalidArgument, `has the ID "x", which`},
			{of(lineage.Ref{ID: "1"}), registry.ErrInvalidArgument, "unknown kind"},
			{of(42), registry.ErrInvalidArgument, "start 1 is int"},
			{of(nil), registry.ErrInvalidArgument, "start 1 is <nil>"},
			{of((*model.DataSet)(nil)), registry.ErrInvalidArgument, "start 1 is *model.DataSet"},
			{lineage.Of(reg), registry.ErrInvalidArgument, "no start"},
			{lineage.Of(nil, &data), registry.ErrInvalidArgument, "client is nil"},
			{of(&data).Depth(-1), registry.ErrInvalidArgument, "depth -1 is negative"},
			{of(&data).Limit(0), registry.ErrInvalidArgument, "limit 0 is not positive"},
			{of(&data).Events(lineage.Attribution), registry.ErrInvalidArgument, `"attribution" is not a kind of event`},
			{of(&data).StopAt(mlmd.Context, ""), registry.ErrInvalidArgument, "kind context"},
			{of(&data).StopAt(mlmd.Artifact, "no"), registry.ErrInvalidArgument, "Syntax error"},
		} {
			_, err := bad.walk.Graph(t.Context())
			var e *registry.Error
			if !errors.As(err, &e) || !errors.Is(err, bad.kind) || !strings.Contains(err.Error(), bad.want) {
				t.Errorf("got %v, want %v with %q", err, bad.kind, bad.want)
			}
		}
	})
}

func TestGraph_RESTIsUnsupported(t *testing.T) {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests++ }))
	defer server.Close()
	reg, err := registry.DialREST(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	_, err = lineage.Impact(t.Context(), reg, runContext(1))
	if !errors.Is(err, registry.ErrUnsupported) || requests > 0 {
		t.Errorf("%v after %d requests", err, requests)
	}
}
