package evolution_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/codegen"
)

// All tests of the specs share one build of the generator: go run would hide
// its exit codes.
func TestTheSpecs(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "gen")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "../../gen").CombinedOutput(); err != nil {
		t.Fatalf("build the generator: %v\n%s", err, out)
	}
	t.Run("the generated code is what they say", func(t *testing.T) { testGenerated(t, bin) })
	t.Run("what gen breaking says of the next one", func(t *testing.T) { testPairs(t, bin) })
	t.Run("the way from v1 to v2 breaks callers alone", func(t *testing.T) { testTheWay(t, bin) })
}

// gen runs the generator and returns its exit code.
func gen(t *testing.T, bin string, args ...string) (code int, stdout string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), bin, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || errs.Len() > 0 {
		t.Fatalf("gen %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// testGenerated fails where go generate would change something.
func testGenerated(t *testing.T, bin string) {
	t.Helper()
	for _, version := range []string{"v1", "v2"} {
		if code, out := gen(t, bin, "-check", "-config", version+"/mlmd.yaml"); code != 0 {
			t.Errorf("%s: exit code %d: run go generate ./...\n%s", version, code, out)
		}
	}
	if got := read(t, "base.yaml"); got != codegen.Base() {
		t.Error("base.yaml is stale: print it again with go run ../../gen -print-base > base.yaml")
	}
}

// A pair is v1 and what becomes of it: each even member of change turns into
// the odd one after it. breaks are the rules that are reported.
type pair struct {
	name   string
	change []string
	breaks []string
}

const (
	team = `    Team:
      description: The people of a project.
      x-mlmd-kind: context
      x-mlmd-type: kf.Team
      allOf:
        - $ref: '../base.yaml#/components/schemas/Resource'
        - type: object
          required: [name]

`
	quality = "            quality:\n              type: number\n              description: From 0 to 1.\n"
	teams   = `        teams:
          kind: member
          to: Team
          inverse: runs
          description: For whom it ran.
`
	scratch = `        scratch:
          kind: internal-output
          to: DataSet
          description: What it wrote and deleted.
`
	more = `        more:
          kind: declared-output
          to: DataSet
          description: What it will write.
`
	photo = `    Photo:
      description: A picture.
      x-mlmd-kind: artifact
      x-mlmd-type: kf.Photo
      allOf:
        - $ref: '../base.yaml#/components/schemas/Artifact'
        - type: object
          required: [name]

`
	oneOf    = "        - $ref: '#/components/schemas/TableStorage'\n"
	internal = "internal-output\n          to: DataSet"
	command  = "            command:\n              type: string\n"
)

var pairs = []pair{
	{"a field is removed", []string{quality, ""}, []string{"FIELD_NO_DELETE"}},
	{"a field is retyped", []string{"type: number", "type: string"}, []string{"FIELD_SAME_TYPE"}},
	{
		"an integer becomes a number",
		[]string{"size:\n              type: integer", "size:\n              type: number"},
		[]string{"FIELD_SAME_TYPE"},
	},
	{
		"an integer becomes a number in a property of its own",
		[]string{
			"size:\n              type: integer",
			"size:\n              type: number\n              x-mlmd-property: bytes\n              x-mlmd-renamed-from: size",
		},
		[]string{"FIELD_KEY_NOT_CUSTOM", "FIELD_STILL_INTEGER"},
	},
	{
		"a field is renamed for callers",
		[]string{"            source:\n", "            origin:\n              x-mlmd-renamed-from: source\n"},
		[]string{"FIELD_KEY_NOT_CUSTOM", "FIELD_SAME_NAME"},
	},
	{
		"a field is made required",
		[]string{"projectId, rows]", "projectId, rows, source]"},
		[]string{"FIELD_NOT_NEWLY_REQUIRED"},
	},
	{"an entity is removed", []string{team, "", teams, ""}, []string{"EDGE_NO_DELETE", "ENTITY_NO_DELETE"}},
	{
		"an entity's kind is changed",
		[]string{team, strings.Replace(team, "kind: context", "kind: execution", 1), teams, ""},
		[]string{"EDGE_NO_DELETE", "ENTITY_SAME_KIND"},
	},
	{"an entity's parent is changed", []string{
		"belongs to.\n              x-mlmd-parent: Project\n            format",
		"belongs to.\n              x-mlmd-parent: Team\n            format",
	}, []string{"PARENT_SAME"}},
	{"an entity is added", []string{team, team + strings.ReplaceAll(team, "Team", "Club")}, nil},
	{
		"a field is added",
		[]string{command, "            more: {type: string}\n" + command},
		[]string{"FIELD_KEY_NOT_CUSTOM"},
	},
	{
		"a field is renamed in the store",
		[]string{
			"            source:\n",
			"            source:\n              x-mlmd-property: origin\n              x-mlmd-renamed-from: source\n",
		},
		[]string{"FIELD_KEY_NOT_CUSTOM"},
	},
	{"an edge is removed", []string{scratch, ""}, []string{"EDGE_NO_DELETE"}},
	{"an edge is added", []string{scratch, scratch + more}, nil},
	{
		"a required edge is added",
		[]string{scratch, scratch + more + "          required: true\n"},
		[]string{"EDGE_NOT_STRICTER"},
	},
	{"an edge is renamed", []string{"        scratch:", "        temporary:"}, []string{"EDGE_SAME_NAME"}},
	{"an inverse is renamed", []string{"inverse: readBy", "inverse: readers"}, []string{"EDGE_SAME_NAME"}},
	{
		"an edge gets a second target",
		[]string{internal, "internal-output\n          to: [DataSet, Photo]", team, team + photo},
		[]string{"EDGE_SAME_NAME"},
	},
	{
		"an edge gets another target",
		[]string{internal, "internal-output\n          to: Photo", team, team + photo},
		[]string{"EDGE_KEEPS_TARGETS"},
	},
	{"an edge is stored as another event", []string{"internal-output", "internal-input"}, []string{"EDGE_SAME_KIND"}},
	{"the key of an edge is changed", []string{"key: read", "key: data"}, []string{"EDGE_SAME_KIND"}},
	{"the step of an edge is changed", []string{"step: index", "step: key"}, []string{"EDGE_SAME_KIND"}},
	{"an edge is limited", []string{internal, internal + "\n          max: 2"}, []string{"EDGE_NOT_STRICTER"}},
	{"an edge becomes unique", []string{internal, internal + "\n          unique: true"}, []string{"EDGE_NOT_STRICTER"}},
	{"a value is added to an enum", []string{"[csv, parquet]", "[csv, iceberg, parquet]"}, nil},
	{
		"a variant is added to a union",
		[]string{
			oneOf, oneOf + "        - $ref: '#/components/schemas/Cloud'\n",
			"table: TableStorage\n", "table: TableStorage\n          cloud: Cloud\n",
			"    FileStorage:", "    Cloud: {type: object, required: [kind], properties: {kind: {type: string}}}\n\n" +
				"    FileStorage:",
		},
		nil,
	},
	{
		"a variant of a union is removed",
		[]string{"        - $ref: '#/components/schemas/TableStorage'\n", "", "          table: TableStorage\n", ""},
		[]string{"UNION_VARIANT_NO_DELETE"},
	},
	{
		"a variant of a union is stored with another value",
		[]string{"table: TableStorage", "sql: TableStorage"},
		[]string{"UNION_SAME_DISCRIMINATOR"},
	},
	{
		"a variant of a union has a new member",
		[]string{"        place:\n", "        rows: {type: integer}\n        place:\n"},
		[]string{"OBJECT_SAME_MEMBERS"},
	},
}

// testPairs checks that a breaking pair ends with exit code 1, and a safe one
// with 0.
func testPairs(t *testing.T, bin string) {
	t.Helper()
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			next := read(t, "v1/openapi.yaml")
			for i := 0; i < len(p.change); i += 2 {
				if strings.Count(next, p.change[i]) != 1 {
					t.Fatalf("%q stands %d times in the spec, want once", p.change[i], strings.Count(next, p.change[i]))
				}
				next = strings.Replace(next, p.change[i], p.change[i+1], 1)
			}
			reports(t, bin, next, p.breaks)
		})
	}
}

// What the programs of the other tests prove safe is the whole way from v1 to
// v2, but for one field that is a pointer in Go now, one integer that is a number,
// one member that has another name (what is stored is safe, and callers have
// to be compiled again), one discriminator that callers must set, and for two warnings: a v1 program that
// writes an object leaves out the new member, and callers may have custom
// properties with the names of the new fields.
func testTheWay(t *testing.T, bin string) {
	t.Helper()
	v2 := read(t, "v2/openapi.yaml")
	reports(t, bin, v2, []string{
		"EDGE_NO_DELETE", "EDGE_SAME_NAME", "FIELD_KEY_NOT_CUSTOM", "FIELD_NOT_NEWLY_REQUIRED", "FIELD_SAME_NAME",
		"FIELD_STILL_INTEGER", "FIELD_STILL_REQUIRED", "OBJECT_SAME_MEMBERS",
	})
	as := strings.Replace(v2,
		"required: [name, projectId]\n          properties:\n            projectId:\n              type: string\n        "+
			"      description: The id of the project that it belongs to.",
		"required: [name, projectId, rows]\n          properties:\n            projectId:\n              type: string\n  "+
			"            description: The id of the project that it belongs to.", 1)
	if as == v2 {
		t.Fatal("the relaxed field is not found in v2")
	}
	reports(t, bin, as, []string{
		"EDGE_NO_DELETE", "EDGE_SAME_NAME", "FIELD_KEY_NOT_CUSTOM", "FIELD_NOT_NEWLY_REQUIRED", "FIELD_SAME_NAME",
		"FIELD_STILL_INTEGER", "OBJECT_SAME_MEMBERS",
	})
}

// reports checks what gen breaking says of the spec next against v1.
func reports(t *testing.T, bin, next string, want []string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"base.yaml": codegen.Base(), "v1/openapi.yaml": read(t, "v1/openapi.yaml"), "next/openapi.yaml": next,
		"next/mlmd.yaml": "spec: openapi.yaml\n", "go.mod": "module example.com/next\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, out := gen(t, bin, "breaking", "-format", "json", "-root", dir, "-config", filepath.Join(dir, "next/mlmd.yaml"),
		"-against", filepath.Join(dir, "v1/openapi.yaml"))
	var breaks []codegen.Break
	if err := json.Unmarshal([]byte(out), &breaks); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got []string
	wantCode := 0
	for _, b := range breaks {
		got = append(got, b.Rule)
		if !b.Warning {
			wantCode = 1
		}
	}
	slices.Sort(got)
	if !slices.Equal(slices.Compact(got), want) {
		t.Errorf("reported %v, want %v\n%s", got, want, out)
	}
	if code != wantCode {
		t.Errorf("exit code %d, want %d", code, wantCode)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}
