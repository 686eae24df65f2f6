package evolution_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
	"github.com/mlmd-go/sdk/suites/backend"
	map1 "github.com/mlmd-go/sdk/suites/evolution/v1/mapping"
	model1 "github.com/mlmd-go/sdk/suites/evolution/v1/model"
	map2 "github.com/mlmd-go/sdk/suites/evolution/v2/mapping"
)

// The spec that the stores below are written by, and the next one.
const (
	thingsV1 = `openapi: 3.0.3
info: {title: things, version: '1'}
paths: {}
components:
  schemas:
    Thing:
      x-mlmd-kind: artifact
      type: object
      required: [name]
      properties:
        id: {type: string, x-mlmd-store: id}
        name: {type: string, x-mlmd-store: name}
        extras: {type: object, x-mlmd-store: custom}
        size: {type: integer}
        mood: {type: string, enum: [good, bad, ugly]}
        note: {type: string}
        memo: {type: string}
`
	thingsV2 = `openapi: 3.0.3
info: {title: things, version: '2'}
paths: {}
components:
  schemas:
    Thing:
      x-mlmd-kind: artifact
      type: object
      required: [name]
      properties:
        id: {type: string, x-mlmd-store: id}
        name: {type: string, x-mlmd-store: name}
        extras: {type: object, x-mlmd-store: custom}
        size: {type: number, x-mlmd-property: scale, x-mlmd-renamed-from: size}
        mood: {type: string, enum: [good, bad]}
        note: {type: string, maxLength: 6, x-mlmd-property: remark, x-mlmd-renamed-from: note}
        owner: {type: string}
    Place:
      x-mlmd-kind: context
      type: object
      required: [name]
      properties:
        id: {type: string, x-mlmd-store: id}
        name: {type: string, x-mlmd-store: name}
`
)

// thingsRun is an entity of the spec with edges, which follow it.
const thingsRun = `    Run:
      x-mlmd-kind: execution
      type: object
      required: [name]
      properties:
        id: {type: string, x-mlmd-store: id}
        name: {type: string, x-mlmd-store: name}
      x-mlmd-edges:
`

// storeRun stores a run that read a thing and wrote none.
func storeRun(t *testing.T, rpc mlmdpb.MetadataStoreServiceClient) {
	t.Helper()
	typ, err := rpc.PutExecutionType(t.Context(), &mlmdpb.PutExecutionTypeRequest{
		ExecutionType: &mlmdpb.ExecutionType{Name: new("Run")},
	})
	if err != nil {
		t.Fatal(err)
	}
	thing, err := rpc.GetArtifactByTypeAndName(t.Context(), &mlmdpb.GetArtifactByTypeAndNameRequest{
		TypeName: new("Thing"), ArtifactName: new("thing 0"),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = rpc.PutExecution(t.Context(), &mlmdpb.PutExecutionRequest{
		Execution: &mlmdpb.Execution{TypeId: typ.TypeId, Name: new("run")},
		ArtifactEventPairs: []*mlmdpb.PutExecutionRequest_ArtifactAndEvent{{
			Artifact: &mlmdpb.Artifact{Id: thing.GetArtifact().Id, TypeId: thing.GetArtifact().TypeId},
			Event:    &mlmdpb.Event{Type: mlmdpb.Event_INPUT.Enum()},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The commands on a store work from a folder that has a spec and no Go.
func TestStoreCommands(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "gen")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "stores", "-o", bin, "../../gen")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the generator: %v\n%s", err, out)
	}
	t.Run("as the generated mappings do", func(t *testing.T) { testMigratesAsGenerated(t, bin) })
	for _, on := range []struct {
		name string
		open func(t *testing.T, dir string) (name string, rpc mlmdpb.MetadataStoreServiceClient)
	}{
		{"sqlite", func(t *testing.T, dir string) (string, mlmdpb.MetadataStoreServiceClient) {
			return "things.db", opened(t)(sqlite.Open(t.Context(), filepath.Join(dir, "things.db")))
		}},
		{"postgres", func(t *testing.T, _ string) (string, mlmdpb.MetadataStoreServiceClient) {
			dsn, err := testdb.Postgres(t)
			testdb.Check(t, "postgres", err)
			return dsn, opened(t)(postgres.Open(t.Context(), dsn))
		}},
		{"mysql", func(t *testing.T, _ string) (string, mlmdpb.MetadataStoreServiceClient) {
			dsn, err := testdb.MySQL(t)
			testdb.Check(t, "mysql", err)
			return dsn, opened(t)(mysql.Open(t.Context(), dsn))
		}},
		{"server", func(t *testing.T, _ string) (string, mlmdpb.MetadataStoreServiceClient) {
			p, err := backend.StartProcess("--db=" + filepath.Join(t.TempDir(), "things.db"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if _, err := p.Stop(); err != nil {
					t.Error(err)
				}
			})
			c, err := registry.Dial(p.Address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			return "grpc://" + p.Address, c.RPC()
		}},
	} {
		t.Run(on.name, func(t *testing.T) {
			dir := t.TempDir()
			name, rpc := on.open(t, dir)
			printed := testStoreCommands(t, bin, dir, name, rpc)
			if on.name == "sqlite" {
				checkPage(t, printed)
			}
		})
	}
}

func opened(t *testing.T) func(*store.Store, error) mlmdpb.MetadataStoreServiceClient {
	return func(s *store.Store, err error) mlmdpb.MetadataStoreServiceClient {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s.Client()
	}
}

// storeThings stores what a program of the first spec would: things, of which none
// is ugly, and one has a custom property with the name of a later field.
func storeThings(t *testing.T, rpc mlmdpb.MetadataStoreServiceClient) {
	t.Helper()
	typ, err := rpc.PutArtifactType(t.Context(), &mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{
		Name: new("Thing"), Properties: map[string]mlmdpb.PropertyType{
			"size": mlmdpb.PropertyType_INT, "mood": mlmdpb.PropertyType_STRING, "note": mlmdpb.PropertyType_STRING,
			"memo": mlmdpb.PropertyType_STRING,
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) *mlmdpb.Value {
		return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}}
	}
	var things []*mlmdpb.Artifact
	for i := range 250 {
		a := &mlmdpb.Artifact{TypeId: typ.TypeId, Name: new(fmt.Sprintf("thing %d", i)), Properties: map[string]*mlmdpb.Value{
			"size": {Value: &mlmdpb.Value_IntValue{IntValue: int64(i)}}, "mood": text([]string{"good", "bad"}[i%2]),
		}}
		if i < 20 {
			a.Properties["note"] = text("short")
		}
		if i < 5 {
			a.Properties["note"] = text("a longer note")
		}
		if i == 7 {
			a.CustomProperties = map[string]*mlmdpb.Value{"owner": text("eve")}
		}
		things = append(things, a)
	}
	if _, err := rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: things}); err != nil {
		t.Fatal(err)
	}
}

// testStoreCommands runs the commands in dir and returns what they printed.
func testStoreCommands(
	t *testing.T, bin, dir, name string, rpc mlmdpb.MetadataStoreServiceClient,
) (printed []string) {
	storeThings(t, rpc)
	put := func(file, text string) {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		cmd := exec.CommandContext(t.Context(), bin, args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Errorf("gen %s: exit code %d, want %d", strings.Join(args, " "), code, want)
		}
		printed = append(printed, fmt.Sprintf("$ gen %s\n%s%s", strings.Join(args, " "), out.String(), errs.String()))
		t.Log(printed[len(printed)-1])
		return out.String() + errs.String()
	}
	has := func(out string, lines ...string) {
		t.Helper()
		for _, l := range lines {
			if !slices.ContainsFunc(strings.Split(out, "\n"), func(got string) bool { return strings.HasPrefix(got, l) }) {
				t.Errorf("no line begins with %q in\n%s", l, out)
			}
		}
	}

	put("spec/openapi.yaml", thingsV1)
	out := run(0, "plan", "-store", name)
	if !strings.HasSuffix(out, ": 1 types, 1 unchanged, 0 conflicts\n") || strings.Count(out, "\n") != 1 {
		t.Errorf("the first spec changes something:\n%s", out)
	}

	put("spec/openapi.yaml", thingsV2)
	put("old/openapi.yaml", thingsV1)
	has(run(1, "breaking", "-against", "old/openapi.yaml"), "breaking changes against old/openapi.yaml: 4; warnings: 3")
	has(
		run(1, "breaking", "-against", "old/openapi.yaml", "-store", name),
		"old/openapi.yaml:17:9: Thing.memo: not stored: FIELD_NO_DELETE: the field is gone; stored: 0 of 250 entities",
	)
	os.RemoveAll(filepath.Join(dir, "old"))

	out = run(0, "plan", "-store", name)
	has(
		out,
		"+ context type Place, for Place, with 0 properties",
		"+ Thing: property owner STRING; 250 entities are stored without it",
		"+ Thing: property scale DOUBLE; 250 entities are stored without it",
		"= Thing: property size INT is a former name of size; 250 of 250 entities have it",
		"~ Thing: custom property owner is read as owner; 1 of 250 entities have it",
		"> gen migrate: Thing: 250 read, 250 changed; values: 20 moved from a former name, 250 moved and converted, 1 moved "+
			"from a custom property",
	)
	var plan struct {
		Types []struct {
			Entity string
			Stored int
		}
	}
	if err := json.Unmarshal([]byte(run(0, "plan", "-format", "json", "-store", name)), &plan); err != nil ||
		len(plan.Types) != 2 || plan.Types[1].Stored != 250 {
		t.Errorf("the plan in JSON: %+v, %v", plan, err)
	}

	before := stored(t, rpc)
	has(run(0, "migrate", "-dry-run", "-store", name), "Thing: 250 read, 250 changed; values: ")
	if after := stored(t, rpc); after != before {
		t.Error("a dry run changes the store")
	}
	has(run(0, "migrate", "-store", name), "Thing: 250 read, 250 changed; values: ")
	has(run(0, "migrate", "-store", name), "Thing: complete, says the record in the store")
	has(run(0, "migrate", "-force", "-store", name), "Thing: 250 read, 0 changed")
	records, err := rpc.GetContextsByType(t.Context(),
		&mlmdpb.GetContextsByTypeRequest{TypeName: new("mlmd-go.Migration")})
	if err != nil || len(records.GetContexts()) != 1 {
		t.Errorf("the record of the migration: %v, %v", records, err)
	}

	// A text becomes an enum: what it lacks is left, and listed.
	put("spec/openapi.yaml", strings.Replace(thingsV2, "maxLength: 6, x-mlmd-property: remark, x-mlmd-renamed-from: note",
		"enum: [short, long], x-mlmd-property: length, x-mlmd-renamed-from: [note, remark]", 1))
	has(
		run(1, "migrate", "-store", name),
		"Thing: 250 read, 15 changed; values: 15 moved from a former name, 5 left as they are",
		"Thing: values are left in the entities with the IDs 1, 2, 3, 4, 5",
	)

	// A property of another kind is a conflict.
	put("spec/openapi.yaml", strings.Replace(thingsV1, "size: {type: integer}", "size: {type: string}", 1))
	has(run(1, "plan", "-store", name), "! Thing: property size is INT in this store and STRING in the spec: it stays "+
		"INT, and writing it fails; 0 of 250 entities have it")

	// A removed edge breaks what is stored if an entity is linked along it.
	storeRun(t, rpc)
	const reads, writes = "        reads: {kind: input, to: Thing}\n", "        writes: {kind: output, to: Thing}\n"
	put("old/openapi.yaml", thingsV1+thingsRun+reads+writes)
	put("spec/openapi.yaml", thingsV1+thingsRun+reads)
	out = run(0, "breaking", "-against", "old/openapi.yaml", "-store", name)
	if !strings.Contains(out, "Run.writes: not stored: EDGE_NO_DELETE: the edge is gone; stored: 0 of 1 entities") {
		t.Errorf("an edge without links is removed:\n%s", out)
	}
	put("spec/openapi.yaml", thingsV1+thingsRun+writes)
	out = run(1, "breaking", "-against", "old/openapi.yaml", "-store", name)
	if !strings.Contains(out, "Run.reads: EDGE_NO_DELETE: the edge is gone; stored: 1 of 1 entities") {
		t.Errorf("an edge with links is removed:\n%s", out)
	}

	put("spec/openapi.yaml", "openapi: 3.0.3\n")
	has(run(2, "plan", "-store", name), "spec/openapi.yaml:1:1: ")
	put("spec/openapi.yaml", thingsV2)
	has(run(2, "plan"), "gen plan: -store is missing")
	has(run(2, "plan", "-store", "nowhere.db"), "gen plan: -store: the file nowhere.db does not exist")
	has(run(2, "migrate", "-store", "redis://localhost"), "gen migrate: -store has an unknown scheme")
	for _, secret := range []string{
		"postgres://u:hidden@127.0.0.1:1/db", "mysql://u:hidden@127.0.0.1:1/db", "u:hidden@tcp(127.0.0.1:1)/db",
		"host=127.0.0.1 port=1 user=u password=hidden dbname=db", "u:hidden@127.0.0.1:1/db", "grpc://u:hidden@127.0.0.1:1",
	} {
		cmd := exec.CommandContext(t.Context(), bin, "plan", "-store", secret)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err == nil || bytes.Contains(out, []byte("hidden")) {
			t.Errorf("gen plan -store %s: %v\n%s", secret, err, out)
		}
	}
	return printed
}

// checkPage checks that docs/store-commands.md shows what was printed.
func checkPage(t *testing.T, printed []string) {
	t.Helper()
	blocks := strings.Split(read(t, "../../docs/store-commands.md"), "```")
	shown := 0
	for i := 1; i < len(blocks); i += 2 {
		block, ok := strings.CutPrefix(blocks[i], "text\n")
		if !ok || strings.HasPrefix(block, "go install") {
			continue
		}
		shown++
		if !slices.ContainsFunc(printed, func(p string) bool { return strings.Contains(p, block) }) {
			t.Errorf("docs/store-commands.md shows what is not printed:\n%s", block)
		}
	}
	if shown < 5 {
		t.Errorf("docs/store-commands.md shows %d outputs", shown)
	}
}

// stored describes all artifacts of a store.
func stored(t *testing.T, rpc mlmdpb.MetadataStoreServiceClient) string {
	t.Helper()
	all, err := rpc.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all.GetArtifacts())
}

// gen migrate reads and writes what the generated mappings of the same spec do.
func testMigratesAsGenerated(t *testing.T, bin string) {
	files := []string{filepath.Join(t.TempDir(), "a.db"), filepath.Join(t.TempDir(), "b.db")}
	var services []mlmdpb.MetadataStoreServiceClient
	for _, file := range files {
		rpc := opened(t)(sqlite.Open(t.Context(), file))
		services = append(services, rpc)
		reg := registry.New(rpc)
		project, err := registry.NewCollection(reg, map1.Project).Create(t.Context(), &model1.Project{Name: "p"})
		if err != nil {
			t.Fatal(err)
		}
		sets := registry.NewCollection(reg, map1.DataSet)
		for i := range 120 {
			set := old(project.ID)
			set.Name, set.Size = fmt.Sprintf("set %d", i), new(int64(i))
			set.Columns = []model1.Column{{Name: "height", Note: new("in m")}}
			set.CustomProperties = value.Map{"license": value.String("MIT"), "other": value.Int(1)}
			if _, err := sets.Create(t.Context(), set); err != nil {
				t.Fatal(err)
			}
		}
	}
	want, err := registry.MigrateAll(t.Context(), registry.New(services[0]), map2.Catalog)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"migrate", "-format", "json", "-config", "v2/mlmd.yaml", "-store", files[1]}
	out, err := exec.CommandContext(t.Context(), bin, args...).Output() // progress goes to the other stream
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got struct{ Types []registry.Migration }
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if fmt.Sprint(got.Types) != fmt.Sprint(want) || want[0].Changed != 120 {
		t.Errorf("the counts are\n %+v\nwant\n %+v", got.Types, want)
	}
	var dumps [2]string
	for i, rpc := range services {
		artifacts, err := rpc.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range artifacts.GetArtifacts() {
			a.CreateTimeSinceEpoch, a.LastUpdateTimeSinceEpoch = nil, nil
		}
		types, err := rpc.GetArtifactTypes(t.Context(), &mlmdpb.GetArtifactTypesRequest{})
		if err != nil {
			t.Fatal(err)
		}
		records, err := rpc.GetContextsByType(t.Context(),
			&mlmdpb.GetContextsByTypeRequest{TypeName: new("mlmd-go.Migration")})
		if err != nil {
			t.Fatal(err)
		}
		var prints []string
		for _, r := range records.GetContexts() {
			prints = append(prints, r.GetName()+" "+r.GetProperties()["fingerprint"].GetStringValue())
		}
		dumps[i] = fmt.Sprint(prototext.Format(artifacts), prototext.Format(types), prints)
	}
	if dumps[0] != dumps[1] {
		t.Errorf("gen migrate stores\n%s\nand the generated mappings\n%s", dumps[1], dumps[0])
	}
}
