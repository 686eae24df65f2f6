package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// readAll returns what a store has, by RPCs.
func readAll(t *testing.T, rpc mlmdpb.MetadataStoreServiceClient) []proto.Message {
	t.Helper()
	ctx := t.Context()
	var all []proto.Message
	add := func(m proto.Message, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	at, err := rpc.GetArtifactTypes(ctx, &mlmdpb.GetArtifactTypesRequest{})
	add(at, err)
	et, err := rpc.GetExecutionTypes(ctx, &mlmdpb.GetExecutionTypesRequest{})
	add(et, err)
	ct, err := rpc.GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{})
	add(ct, err)
	a, err := rpc.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{})
	add(a, err)
	e, err := rpc.GetExecutions(ctx, &mlmdpb.GetExecutionsRequest{})
	add(e, err)
	c, err := rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{})
	add(c, err)
	events := &mlmdpb.GetEventsByArtifactIDsRequest{}
	for _, n := range a.Artifacts {
		events.ArtifactIds = append(events.ArtifactIds, n.GetId())
	}
	ev, err := rpc.GetEventsByArtifactIDs(ctx, events)
	add(ev, err)
	for _, n := range c.Contexts {
		arts, err := rpc.GetArtifactsByContext(ctx, &mlmdpb.GetArtifactsByContextRequest{ContextId: n.Id})
		add(arts, err)
		execs, err := rpc.GetExecutionsByContext(ctx, &mlmdpb.GetExecutionsByContextRequest{ContextId: n.Id})
		add(execs, err)
		parents, err := rpc.GetParentContextsByContext(ctx, &mlmdpb.GetParentContextsByContextRequest{ContextId: n.Id})
		add(parents, err)
	}
	return all
}

// serves calls use with a client of a server on the database.
func serves(t *testing.T, db string, use func(mlmdpb.MetadataStoreServiceClient)) {
	t.Helper()
	address, stop := serveProcess(t, "--db="+db)
	use(dial(t, address))
	stop()
}

// A dump goes from a file through all kinds of databases back to a file.
func TestDump_EachDatabase(t *testing.T) {
	dir := t.TempDir()
	first := filepath.Join(dir, "first.db")
	var want []proto.Message
	serves(t, first, func(rpc mlmdpb.MetadataStoreServiceClient) {
		fillScene(t, rpc)
		want = readAll(t, rpc)
	})
	name := filepath.Join(dir, "0.jsonl")
	succeed(t, "dump", "--db", first, name)
	if at, err := os.Stat(name); err != nil || at.Mode().Perm() != 0o600 {
		t.Errorf("the dump: %v, %v", at, err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	path := []string{databases["postgres"](t), databases["mysql"](t), filepath.Join(dir, "last.db")}
	for i, db := range path {
		succeed(t, "load", "--db", db, filepath.Join(dir, fmt.Sprint(i, ".jsonl")))
		next := filepath.Join(dir, fmt.Sprint(i+1, ".jsonl"))
		succeed(t, "dump", "--db", db, next)
		again, err := os.ReadFile(next)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again, text) {
			t.Fatalf("database %d: the dump differs:\n%s", i, firstDifference(text, again))
		}
		if out := succeed(t, "verify", "--db", db); !strings.Contains(out, "is sound") {
			t.Error(out)
		}
		serves(t, db, func(rpc mlmdpb.MetadataStoreServiceClient) {
			got := readAll(t, rpc)
			if !slices.EqualFunc(got, want, proto.Equal) {
				t.Errorf("database %d: RPCs read something else: %v, want %v", i, got, want)
			}
			putMore(t, rpc)
		})
		code, _, stderr := execute(t, "load", "--db", db, next)
		if code != 1 || !strings.Contains(stderr, "the store is not empty") {
			t.Errorf("a second load: exit code %d: %s", code, stderr)
		}
	}
	if out := succeed(t, "dump", "--db", first); out != string(text) {
		t.Error("the dump on standard output differs")
	}
	code, _, stderr := execute(t, "dump", "--db", first, name)
	if code != 1 || !strings.Contains(stderr, "exists already") {
		t.Errorf("over a file: exit code %d: %s", code, stderr)
	}
}

// putMore writes rows to each table with IDs, which must not be those of others.
func putMore(t *testing.T, rpc mlmdpb.MetadataStoreServiceClient) {
	t.Helper()
	ctx := t.Context()
	typ, err := rpc.PutTypes(ctx, &mlmdpb.PutTypesRequest{
		ArtifactTypes:  []*mlmdpb.ArtifactType{{Name: new("more")}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("more")}},
		ContextTypes:   []*mlmdpb.ContextType{{Name: new("more")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = rpc.PutExecution(ctx, &mlmdpb.PutExecutionRequest{
		Execution: &mlmdpb.Execution{TypeId: &typ.ExecutionTypeIds[0]},
		ArtifactEventPairs: []*mlmdpb.PutExecutionRequest_ArtifactAndEvent{{
			Artifact: &mlmdpb.Artifact{TypeId: &typ.ArtifactTypeIds[0]}, Event: &mlmdpb.Event{Type: mlmdpb.Event_OUTPUT.Enum()},
		}},
		Contexts: []*mlmdpb.Context{{TypeId: &typ.ContextTypeIds[0], Name: new("more")}},
	})
	if err != nil {
		t.Error(err)
	}
}

func firstDifference(a, b []byte) string {
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return fmt.Sprintf("line %d:\n%s\n%s", i+1, x[i], y[min(i, len(y)-1)])
		}
	}
	return "lines are added"
}

func TestLoad_BadLines(t *testing.T) {
	dir := t.TempDir()
	first := filepath.Join(dir, "first.db")
	serves(t, first, func(rpc mlmdpb.MetadataStoreServiceClient) { fillScene(t, rpc) })
	good := succeed(t, "dump", "--db", first)
	lines := strings.SplitAfter(good, "\n")
	find := func(kind string, n int) int {
		for i, line := range lines {
			if strings.HasPrefix(line, `{"`+kind+`":`) {
				if n--; n == 0 {
					return i
				}
			}
		}
		t.Fatalf("no line %s", kind)
		return 0
	}
	replace := func(kind string, n int, old, text string) (string, int) {
		i := find(kind, n)
		changed := slices.Clone(lines)
		changed[i] = strings.Replace(changed[i], old, text, 1)
		if changed[i] == lines[i] {
			t.Fatalf("%q is not in line %d: %s", old, i+1, lines[i])
		}
		return strings.Join(changed, ""), i + 1
	}
	for _, c := range []struct{ kind, old, text, want string }{
		{"artifact", `"uri"`, `"url"`, `artifact: json: unknown field "url"`},
		{"artifact", `"PENDING"`, `"LOST"`, `state is "LOST": must be one of`},
		{"artifact", `"id":"2"`, `"id":"1"`, "or its external_id is that of an earlier line"},
		{"artifact", `"a1"`, `"` + strings.Repeat("x", 20) + `\ud800"` + "\xff", "it is not valid UTF-8"},
		{"artifact", `"int_value":"-1"`, `"int_value":"x"`, "is not an integer"},
		{"artifact", `"int_value":"-1"`, `"int_value":"1","bool_value":true`, "it has 2 values: must have one"},
		{"execution", `"type_id":"`, `"type_id":"9`, "no earlier line has the execution_type 9"},
		{"context", `{`, ``, "it is not a JSON object"},
		{"context", `"name":"c1",`, ``, "name is missing"},
		{"event", `"artifact_id":"`, `"artifact_id":"99`, "event: no earlier line has the artifact 99"},
		{"event", `"type":"`, `"type":"X`, `type is "X`},
		{"parent_context", `"child_id"`, `"context_id"`, `unknown field "context_id"`},
		{"end", `"lines":"`, `"lines":"1`, "make it again, or correct the number"},
		{"attribution", `"attribution"`, `"contribution"`, `unknown kind of line "contribution"`},
		{"mlmd_dump", `"format":1`, `"format":2`, "this release loads format 1"},
		{"mlmd_dump", `mlmd_dump`, `dump`, "does not begin with the header"},
	} {
		n := map[bool]int{true: 2, false: 1}[c.kind == "artifact" || c.kind == "context"]
		text, line := replace(c.kind, n, c.old, c.text)
		failsToLoad(t, text, fmt.Sprintf("line %d: ", line), c.want)
	}
	failsToLoad(t, "", "line 1: ", "the dump is empty")
	failsToLoad(t, strings.Join(lines[:len(lines)-2], ""), fmt.Sprintf("line %d: ", len(lines)-2), "it was cut short")
	failsToLoad(t, good+"{}\n", fmt.Sprintf("line %d: ", len(lines)), "it follows the end of the dump")
}

// failsToLoad loads a text into a new file, which must fail and leave nothing behind.
func failsToLoad(t *testing.T, text string, want ...string) {
	t.Helper()
	dir := t.TempDir()
	dump := write(t, t.TempDir(), "dump.jsonl", text)
	code, _, stderr := execute(t, "load", "--db", filepath.Join(dir, "new.db"), dump)
	if code != 1 {
		t.Errorf("exit code %d, want an error with %q: %s", code, want, stderr)
	}
	for _, part := range want {
		if !strings.Contains(stderr, part) {
			t.Errorf("lacks %q: %s", part, stderr)
		}
	}
	if files := names(t, dir); len(files) > 0 {
		t.Errorf("%q: left %q", want, files)
	}
}

// On a database server a failed load leaves an empty store, which can be loaded.
func TestLoad_FailedOnServer(t *testing.T) {
	dir := t.TempDir()
	first := filepath.Join(dir, "first.db")
	serves(t, first, func(rpc mlmdpb.MetadataStoreServiceClient) {
		fillScene(t, rpc)
		_, err := rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
			TypeId: new(int64(2)), CustomProperties: map[string]*mlmdpb.Value{
				"big": {Value: &mlmdpb.Value_IntValue{IntValue: 1 << 40}},
			},
		}}})
		if err != nil {
			t.Fatal(err)
		}
	})
	bad := filepath.Join(dir, "bad.jsonl")
	succeed(t, "dump", "--db", first, bad)
	text, err := os.ReadFile(bad)
	if err != nil {
		t.Fatal(err)
	}
	good := write(t, dir, "good.jsonl", strings.Replace(string(text), fmt.Sprint(1<<40), "1", 1))
	for _, kind := range []string{"postgres", "mysql"} {
		t.Run(kind, func(t *testing.T) {
			db := databases[kind](t)
			code, _, stderr := execute(t, "load", "--db", db, bad)
			if code != 1 || !strings.Contains(stderr, "line ") || !strings.Contains(stderr, "out of range") {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			if out := succeed(t, "verify", "--db", db); !strings.Contains(out, " 0 Artifact\n") {
				t.Error(out)
			}
			succeed(t, "load", "--db", db, good)
		})
	}
}

// A dump is one state of the database while others write to it.
func TestDump_WhileServing(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db string) {
		address, stop := serveProcess(t, "--db="+db)
		fillScene(t, dial(t, address))
		w := startWriters(t, address, 4)
		eventually(t, "enough writes", func() bool { return w.counts()[0] > 50 })
		dir := t.TempDir()
		var before, after [3][]int64
		for i := range before {
			before[i] = w.counts()
			succeed(t, "dump", "--db", db, filepath.Join(dir, fmt.Sprint(i, ".jsonl")))
			after[i] = w.counts()
		}
		w.stop()
		stop()
		for i := range before {
			loaded := filepath.Join(dir, fmt.Sprint(i, ".db"))
			succeed(t, "load", "--db", loaded, filepath.Join(dir, fmt.Sprint(i, ".jsonl")))
			isPrefix(t, loaded, before[i], after[i])
			t.Logf("acknowledged before %v, after %v", before[i], after[i])
		}
	})
}
