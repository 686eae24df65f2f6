package codegen_test

import (
	"encoding/json"
	"fmt"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/gen/codegen"
)

// hundred is a spec of a hundred entities with twenty fields each.
func hundred() string {
	var b strings.Builder
	b.WriteString("openapi: 3.0.3\ninfo: {title: x, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n")
	types := []string{
		"type: string", "type: integer", "type: number", "type: boolean", "type: string, enum: [a, b, c]",
		"type: string, format: date-time",
		"type: array, items: {type: string}", "type: string, maxLength: 100", "type: string, x-mlmd-property-type: INT",
	}
	for i := range 100 {
		fmt.Fprintf(
			&b,
			"    Thing%d:\n      description: Number %d.\n      x-mlmd-kind: %s\n      type: object\n"+
				"      required: [name]\n      properties:\n",
			i,
			i,
			[]string{"context", "artifact", "execution"}[i%3],
		)
		b.WriteString(
			"        id: {type: string, x-mlmd-store: id}\n        name: {type: string, x-mlmd-store: name}\n" +
				"        externalId: {type: string, x-mlmd-store: external_id}\n" +
				"        custom: {type: object, x-go-name: CustomProperties, x-mlmd-store: custom}\n",
		)
		for j := range 16 {
			fmt.Fprintf(&b, "        field%d: {%s, description: Field number %d.}\n", j, types[(i+j)%len(types)], j)
		}
	}
	return b.String()
}

func scaleConfig() codegen.Config {
	cfg := inMemory(hundred())
	for name, p := range map[string]*codegen.Package{
		"model": &cfg.Model, "mapping": &cfg.Mapping, "field": &cfg.Field, "edge": &cfg.Edge,
	} {
		p.Dir = "gen/codegen/testdata/scale/" + name
		p.Import = "github.com/mlmd-go/sdk/" + p.Dir
	}
	return cfg
}

func BenchmarkGenerate(b *testing.B) {
	cfg := scaleConfig()
	for b.Loop() {
		if _, err := codegen.Generate(b.Context(), cfg); err != nil {
			b.Fatal(err)
		}
	}
}

// A hundred entities of twenty fields compile, are data and run no code when
// the program starts. What it took is logged: the aim is a second to generate
// and ten of processor time to compile. The packages exist in an overlay only.
func TestGenerate_HundredEntitiesAreData(t *testing.T) {
	if os.Getenv("CI") == "" {
		t.Skip("compiles a hundred entities, which takes half a minute: set CI=1 for that")
	}
	cfg := scaleConfig()
	var files codegen.Files
	best := time.Hour
	for range 3 {
		start := time.Now()
		var err error
		if files, err = codegen.Generate(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	lines, longest := 0, 0
	for name, src := range files {
		n := strings.Count(string(src), "\n")
		lines += n
		if strings.Contains(name, "/mapping/thing") {
			longest = max(longest, n)
		}
	}
	compile, init := build(t, cfg, files)
	t.Logf(
		"%d lines generated in %v; compiled in %v of processor time; the longest mapping has %d lines",
		lines,
		best.Round(time.Millisecond),
		compile.Round(time.Millisecond),
		longest,
	)
	if init > 0 {
		t.Errorf("%d bytes of code run when the program starts: mappings and symbols should be data", init)
	}
}

// build compiles the generated packages afresh. It returns the processor time
// that it took, and the size of the code that initializes them.
func build(t *testing.T, cfg codegen.Config, files codegen.Files) (cpu time.Duration, init int) {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{}
	add := func(name string, src []byte) {
		file := filepath.Join(dir, fmt.Sprint(len(replace))+".go")
		if err := os.WriteFile(file, src, 0o644); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, filepath.FromSlash(name))] = file
	}
	stamp := fmt.Sprintf("\n// %d\n", time.Now().UnixNano()) // so that no cache knows it
	for name, src := range files {
		add(name, append(src, stamp...))
	}
	main := "gen/codegen/testdata/scale"
	add(
		main+"/main.go",
		fmt.Appendf(
			nil,
			"package main\n\nimport (\n\t%q\n\t%q\n)\n\nfunc main() { println(len(mapping.Catalog), field.Thing0.ID.Attr) }\n",
			cfg.Mapping.Import,
			cfg.Field.Import,
		),
	)
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "program")
	if err := os.WriteFile(overlay, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (*exec.Cmd, string) {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return cmd, string(out)
	}
	run("build", "./pkg/mlmd/gensupport", "./pkg/filter", "./pkg/value") // not part of the measure
	cmd, _ := run("build", "-overlay", overlay, "./"+cfg.Model.Dir, "./"+cfg.Mapping.Dir, "./"+cfg.Field.Dir)
	state := cmd.ProcessState
	run("build", "-overlay", overlay, "-o", program, "./"+main)
	_, symbols := run("tool", "nm", "-size", program)
	for line := range strings.Lines(symbols) {
		var at, kind, name string
		var size int
		if _, err := fmt.Sscan(line, &at, &size, &kind, &name); err != nil {
			continue
		}
		if kind == "T" && (name == cfg.Mapping.Import+".init" || name == cfg.Field.Import+".init") {
			init += size
		}
	}
	return state.UserTime() + state.SystemTime(), init
}

func BenchmarkTypeCheck(b *testing.B) {
	cfg := scaleConfig()
	files, err := codegen.Generate(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	for name, sdk := range map[string]types.Importer{"with the SDK": newCompiler(b), "without it": nil} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := codegen.TypeCheck(b.Context(), cfg, files, sdk); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
