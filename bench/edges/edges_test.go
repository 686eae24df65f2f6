// Package edges measures how neighbors are loaded: with the entities, or one
// request for each of them.
//
//	go test ./bench/edges -run '^$' -bench .
package edges

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/bench/internal/loopback"
	"github.com/mlmd-go/sdk/generated/edge"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

// versions is how many versions a model has, each with an artifact.
const versions = 100

// BenchmarkVersionsWithArtifacts reads the versions of a model with their
// artifacts, through gRPC. It reports what reading these nodes takes at least, and how
// many times faster than the loop that is.
func BenchmarkVersionsWithArtifacts(b *testing.B) {
	reg := dial(b)
	ctx := b.Context()
	m := model.RegisteredModel{Name: "fraud"}
	if _, err := reg.RegisteredModels().Upsert(ctx, &m); err != nil {
		b.Fatal(err)
	}
	for i := range versions {
		v := model.ModelVersion{RegisteredModelID: m.ID, Name: fmt.Sprint(i)}
		if _, err := reg.ModelVersions().Upsert(ctx, &v); err != nil {
			b.Fatal(err)
		}
		a := model.ModelArtifact{ModelVersionID: v.ID, Name: "weights", URI: new("s3://models/fraud")}
		if _, err := reg.ModelArtifacts().Upsert(ctx, &a); err != nil {
			b.Fatal(err)
		}
	}
	eager := func() (n int, err error) {
		vs, err := reg.ModelVersions().OfModel(m.ID).With(edge.ModelVersion.Artifacts).Collect(ctx)
		for _, v := range vs {
			n += len(v.Edges.Artifacts)
		}
		return n, err
	}
	loop := func() (n int, err error) {
		vs, err := reg.ModelVersions().OfModel(m.ID).Collect(ctx)
		if err != nil {
			return 0, err
		}
		for _, v := range vs {
			as, err := reg.ModelArtifacts().OfVersion(v.ID).Collect(ctx)
			if err != nil {
				return 0, err
			}
			n += len(as)
		}
		return n, nil
	}
	// The floor is what both need: the versions, and as many artifacts by their IDs.
	all, err := reg.ModelArtifacts().Query().Collect(ctx)
	if err != nil {
		b.Fatal(err)
	}
	ids := make([]int64, len(all))
	for i, a := range all {
		if ids[i], err = value.ParseID(a.ID); err != nil {
			b.Fatal(err)
		}
	}
	floor := func() (int, error) {
		if _, err := reg.ModelVersions().OfModel(m.ID).Collect(ctx); err != nil {
			return 0, err
		}
		r, err := reg.RPC().GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: ids})
		return len(r.GetArtifacts()), err
	}
	empty := func() (int, error) {
		_, err := reg.RPC().GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{})
		return versions, err
	}
	var spent [4]time.Duration
	for b.Loop() { // all in turn, so that noise meets all
		for i, read := range []func() (int, error){eager, loop, floor, empty} {
			start := time.Now()
			if n, err := read(); err != nil || n != versions {
				b.Fatalf("%d artifacts, %v", n, err)
			}
			spent[i] += time.Since(start)
		}
	}
	for i, unit := range []string{"ms/with", "ms/loop", "ms/floor", "ms/empty-RPC"} {
		b.ReportMetric(spent[i].Seconds()*1000/float64(b.N), unit)
	}
	b.ReportMetric(spent[1].Seconds()/spent[0].Seconds(), "times-faster")
	b.ReportMetric(spent[1].Seconds()/spent[2].Seconds(), "times-faster-at-most")
}

// dial returns a client of a server that serves a SQLite file.
func dial(b *testing.B) *registry.Client {
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "registry.db"))
	if err != nil {
		b.Fatal(err)
	}
	reg, stop, err := loopback.Serve(store)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := stop(); err != nil {
			b.Error(err)
		}
		store.Close()
	})
	return reg
}
