// Package bench measures the registry on the embedded store.
package bench

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/mlmd-go/sdk/bench/internal/loopback"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

// open returns a registry on a store in a file, or in memory for "".
func open(tb testing.TB, file string) *registry.Client {
	tb.Helper()
	var s *store.Store
	var err error
	if file == "" {
		s, err = sqlite.OpenMemory(context.Background())
	} else {
		s, err = sqlite.Open(context.Background(), file)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return registry.New(s.Client())
}

// must returns v, or fails the benchmark.
func must[T any](tb testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// each runs a benchmark on a file and in memory, with a model, a version and an
// artifact.
func each(b *testing.B, run func(b *testing.B, w *world)) {
	for name, file := range map[string]string{"file": filepath.Join(b.TempDir(), "registry.db"), "memory": ""} {
		b.Run(name, func(b *testing.B) { run(b, newWorld(b, open(b, file))) })
	}
}

// A world is the store of a benchmark and its entities.
type world struct {
	*registry.Client
	model    model.RegisteredModel
	version  model.ModelVersion
	artifact model.ModelArtifact
	n        int
}

func newWorld(tb testing.TB, reg *registry.Client) *world {
	tb.Helper()
	ctx, id := context.Background(), must[registry.Result](tb)
	w := &world{Client: reg}
	w.model = model.RegisteredModel{Name: "fraud", Description: new("card fraud"), Owner: new("ada")}
	id(reg.RegisteredModels().Upsert(ctx, &w.model))
	w.version = w.nextVersion()
	id(reg.ModelVersions().Upsert(ctx, &w.version))
	w.artifact = w.nextArtifact()
	id(reg.ModelArtifacts().Upsert(ctx, &w.artifact))
	return w
}

func (w *world) name(what string) string {
	w.n++
	return fmt.Sprintf("%s-%d", what, w.n)
}

func (w *world) nextModel() model.RegisteredModel {
	return model.RegisteredModel{Name: w.name("model"), Description: new("card fraud"), Owner: new("ada")}
}

func (w *world) nextVersion() model.ModelVersion {
	return model.ModelVersion{
		RegisteredModelID: w.model.ID, Name: w.name("version"), Author: new("ada"),
		CustomProperties: value.Map{"auc": value.Double(0.93), "epochs": value.Int(7)},
	}
}

func (w *world) nextArtifact() model.ModelArtifact {
	return model.ModelArtifact{
		ModelVersionID: w.version.ID, Name: w.name("weights"), URI: new("s3://models/fraud/1"),
		ModelFormatName: new("onnx"),
	}
}

func BenchmarkCreateModel(b *testing.B) {
	each(b, func(b *testing.B, w *world) {
		for b.Loop() {
			v := w.nextModel()
			must[registry.Result](b)(w.RegisteredModels().Upsert(context.Background(), &v))
		}
	})
}

func BenchmarkCreateVersion(b *testing.B) {
	each(b, func(b *testing.B, w *world) {
		for b.Loop() {
			v := w.nextVersion()
			must[registry.Result](b)(w.ModelVersions().Upsert(context.Background(), &v))
		}
	})
}

func BenchmarkCreateArtifact(b *testing.B) {
	each(b, func(b *testing.B, w *world) {
		for b.Loop() {
			v := w.nextArtifact()
			must[registry.Result](b)(w.ModelArtifacts().Upsert(context.Background(), &v))
		}
	})
}

func BenchmarkUpsertUnchanged(b *testing.B) {
	each(b, func(b *testing.B, w *world) {
		for b.Loop() {
			must[registry.Result](b)(w.ModelVersions().Upsert(context.Background(), &w.version))
		}
	})
}

func BenchmarkUpsertUnchangedByName(b *testing.B) {
	each(b, func(b *testing.B, w *world) {
		for b.Loop() {
			w.version.ID = ""
			must[registry.Result](b)(w.ModelVersions().Upsert(context.Background(), &w.version))
		}
	})
}

func BenchmarkPatch(b *testing.B) {
	each(b, func(b *testing.B, w *world) {
		for b.Loop() {
			v := model.ModelVersion{ID: w.version.ID, Description: new(w.name("text"))}
			must[registry.Result](b)(w.ModelVersions().Upsert(context.Background(), &v))
		}
	})
}

// BenchmarkUpdate alternates between an Update and an Upsert that change the same
// field. It reports the medians and their ratio.
func BenchmarkUpdate(b *testing.B) {
	ctx := context.Background()
	each(b, func(b *testing.B, w *world) {
		var updates, upserts []time.Duration
		for b.Loop() {
			start := time.Now()
			must[registry.Result](b)(w.ModelVersions().Update(ctx, w.version.ID, func(v *model.ModelVersion) error {
				v.Description = new(w.name("text"))
				return nil
			}))
			updates = append(updates, time.Since(start))
			v := model.ModelVersion{ID: w.version.ID, Description: new(w.name("text"))}
			start = time.Now()
			must[registry.Result](b)(w.ModelVersions().Upsert(ctx, &v))
			upserts = append(upserts, time.Since(start))
		}
		slices.Sort(updates)
		slices.Sort(upserts)
		update, upsert := updates[len(updates)/2], upserts[len(upserts)/2]
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(update.Nanoseconds()), "ns/update")
		b.ReportMetric(float64(upsert.Nanoseconds()), "ns/upsert")
		b.ReportMetric(float64(update)/float64(upsert), "updates/upsert")
	})
}

func BenchmarkGet(b *testing.B) {
	each(b, func(b *testing.B, w *world) {
		for b.Loop() {
			must[*model.ModelVersion](b)(w.ModelVersions().Get(context.Background(), w.version.ID))
		}
	})
}

func BenchmarkFindByName(b *testing.B) {
	each(b, func(b *testing.B, w *world) {
		for b.Loop() {
			must[*model.ModelVersion](b)(w.ModelVersions().FindByName(context.Background(), w.model.ID, w.version.Name))
		}
	})
}

func BenchmarkVersionsOfModel(b *testing.B) {
	each(b, func(b *testing.B, w *world) {
		for range 19 {
			v := w.nextVersion()
			must[registry.Result](b)(w.ModelVersions().Upsert(context.Background(), &v))
		}
		for b.Loop() {
			if got := must[[]*model.ModelVersion](b)(
				w.ModelVersions().OfModel(w.model.ID).Collect(context.Background()),
			); len(got) != 20 {
				b.Fatalf("%d versions", len(got))
			}
		}
	})
}

// BenchmarkUpsertPerCommit upserts a new model, and reports how many bare commits
// that takes, which is the overhead of registry, service and schema over the disk.
func BenchmarkUpsertPerCommit(b *testing.B) {
	perCommit(b, "upsert", func(ctx context.Context, w *world) {
		v := w.nextModel()
		must[registry.Result](b)(w.RegisteredModels().Upsert(ctx, &v))
	})
}

// perCommit alternates between a write on a file and a bare commit of one row with
// the same settings. It reports the medians and their ratio.
func perCommit(b *testing.B, what string, write func(ctx context.Context, w *world)) {
	ctx := context.Background()
	w := newWorld(b, open(b, filepath.Join(b.TempDir(), "registry.db")))
	db := must[*sql.DB](b)(sql.Open(
		"sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)",
	))
	defer db.Close()
	bare := must[*sql.Conn](b)(db.Conn(ctx))
	defer bare.Close()
	must[sql.Result](b)(bare.ExecContext(ctx, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"))
	var writes, commits []time.Duration
	for b.Loop() {
		start := time.Now()
		write(ctx, w)
		writes = append(writes, time.Since(start))
		start = time.Now()
		must[sql.Result](b)(bare.ExecContext(ctx, "INSERT INTO t (name) VALUES (?)", w.name("row")))
		commits = append(commits, time.Since(start))
	}
	slices.Sort(writes)
	slices.Sort(commits)
	median, commit := writes[len(writes)/2], commits[len(commits)/2]
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(median.Nanoseconds()), "ns/"+what)
	b.ReportMetric(float64(commit.Nanoseconds()), "ns/commit")
	b.ReportMetric(float64(median)/float64(commit), what+"s/commit")
}

// BenchmarkRegister registers a new model with a version and an artifact, and
// reports how many bare commits that takes.
func BenchmarkRegister(b *testing.B) {
	perCommit(b, "register", func(ctx context.Context, w *world) {
		m := w.nextModel()
		v := model.ModelVersion{Name: "v1", Author: new("ada")}
		a := model.ModelArtifact{Name: "weights", URI: new("s3://models/fraud/1")}
		must[[]registry.Result](b)(w.Register(ctx, &m, &v, &a))
	})
}

// BenchmarkUpsertAll upserts 1,000 new versions in one call, and reports the time
// of each and of one that is upserted on its own.
func BenchmarkUpsertAll(b *testing.B) {
	each(b, upsertAll)
	b.Run("server", func(b *testing.B) { upsertAll(b, newWorld(b, dial(b, filepath.Join(b.TempDir(), "registry.db")))) })
}

func upsertAll(b *testing.B, w *world) {
	ctx := context.Background()
	const n = 1000
	var all, single time.Duration
	for b.Loop() {
		values := make([]*model.ModelVersion, n)
		for i := range values {
			values[i] = new(w.nextVersion())
		}
		start := time.Now()
		must[[]registry.Result](b)(w.ModelVersions().UpsertAll(ctx, values))
		all += time.Since(start)
		start = time.Now()
		for range n {
			must[registry.Result](b)(w.ModelVersions().Upsert(ctx, new(w.nextVersion())))
		}
		single += time.Since(start)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(all.Nanoseconds())/float64(b.N*n), "ns/value")
	b.ReportMetric(float64(single.Nanoseconds())/float64(b.N*n), "ns/upsert")
	b.ReportMetric(float64(single)/float64(all), "times-faster")
}

// dial returns a registry on a server of a store in a file.
func dial(tb testing.TB, file string) *registry.Client {
	tb.Helper()
	s := must[*store.Store](tb)(sqlite.Open(context.Background(), file))
	tb.Cleanup(func() { s.Close() })
	reg, stop, err := loopback.Serve(s)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { stop() })
	return reg
}
