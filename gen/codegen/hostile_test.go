package codegen_test

import (
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/gen/codegen"
)

func inMemory(src string) codegen.Config {
	const at = "example.com/own/"
	return codegen.Config{
		Spec: "openapi.yaml",
		Read: func(name string) ([]byte, error) {
			if name != "openapi.yaml" {
				return nil, os.ErrNotExist
			}
			return []byte(src), nil
		},
		Model:   codegen.Package{Dir: "model", Import: at + "model"},
		Mapping: codegen.Package{Dir: "mapping", Import: at + "mapping"},
		Field:   codegen.Package{Dir: "field", Import: at + "field"},
		Edge:    codegen.Package{Dir: "edge", Import: at + "edge"},
	}
}

// survive generates from src: either there are mistakes with places, or files
// that compile.
func survive(t *testing.T, c types.Importer, src string) {
	t.Helper()
	cfg := inMemory(src)
	cfg.Fake = codegen.Package{Dir: "fake", Import: "example.com/own/fake"}
	files, err := codegen.Generate(t.Context(), cfg)
	var problems codegen.Problems
	switch {
	case errors.As(err, &problems):
		for _, p := range problems {
			if p.Pos.Line < 1 || p.Pos.Col < 1 || p.Pos.File == "" || p.Msg == "" || p.Fix == "" {
				t.Errorf("a problem without a place, a text or a way out: %+v\n%s", p, src)
			}
		}
	case err != nil:
		t.Errorf("no list of mistakes, but: %v\n%s", err, src)
	default:
		if err := codegen.TypeCheck(t.Context(), cfg, files, c); err != nil {
			t.Errorf("the output does not compile: %v\n%s", err, src)
		}
		if err := codegen.TypeCheck(t.Context(), cfg, files, nil); err != nil {
			t.Errorf("without the SDK: %v\n%s", err, src)
		}
	}
}

func FuzzRawSpec(f *testing.F) {
	specs, err := filepath.Glob("testdata/cases/*/openapi.yaml")
	if err != nil || len(specs) == 0 {
		f.Fatal("no cases", err)
	}
	for _, name := range specs {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	c := newCompiler(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<16 {
			t.Skip("too large for a fuzz; TestALargeSpec has that")
		}
		survive(t, c, string(src))
	})
}

// An overlay of anything changes a spec, or its mistakes have places.
func FuzzOverlay(f *testing.F) {
	const src = "openapi: 3.1.0\ninfo: {title: x, version: '1'}\ncomponents:\n  schemas:\n    Pet:\n      type: object\n" +
		"      required: [name]\n      properties:\n        id: {type: string}\n        name: {type: string}\n"
	for _, file := range []string{"overlays/overlay.yaml", "overlays/overlay-2.json", "overlays_refused/overlay.yaml"} {
		text, err := os.ReadFile("testdata/cases/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("overlay: 1.0.0\nactions: [{target: $..*, update: {a: {b: c}}}, {target: $..*, remove: true}]\n")
	f.Fuzz(func(t *testing.T, overlay string) {
		cfg := inMemory(src)
		cfg.Overlays = []string{"overlay.yaml"}
		read := cfg.Read
		cfg.Read = func(name string) ([]byte, error) {
			if name == "overlay.yaml" {
				return []byte(overlay), nil
			}
			return read(name)
		}
		_, err := codegen.Generate(t.Context(), cfg)
		var problems codegen.Problems
		if err != nil && !errors.As(err, &problems) {
			t.Error(err)
		}
		for _, p := range problems {
			if p.Pos.Line < 1 || p.Pos.Col < 1 || p.Pos.File == "" || p.Msg == "" || p.Fix == "" {
				t.Errorf("a problem without a place, a text or a way out: %+v", p)
			}
		}
	})
}

func FuzzHostileSpec(f *testing.F) {
	for seed := range uint64(150) {
		f.Add(seed)
	}
	c := newCompiler(f)
	f.Fuzz(func(t *testing.T, seed uint64) {
		survive(t, c, hostile(rand.New(rand.NewPCG(seed, 7))))
	})
}

// What is hard on a generator of Go: keywords, predeclared names, names of
// packages and variables in the output, and what ends comments and strings.
//
// declaredNames are what generated code declares for a type Foo, and again for
// a type that is called like that.
const declaredNames = "Foo FooFields FooSymbols FooPatterns EncodeFoo DecodeFoo ValidateFoo CheckFoo foo " +
	"fooFields encodeFoo " +
	"Enum Object Mapping Mappings Model Field Fields Symbols Patterns Filter Value Types Time Mlmd Doc Init Main " +
	"Struct String"

// goNames are the keywords and the predeclared names of Go, as they are and as
// exported names.
func goNames() []string {
	names := types.Universe.Names()
	for tok := token.BREAK; tok <= token.VAR; tok++ {
		names = append(names, tok.String())
	}
	for _, n := range slices.Clone(names) {
		names = append(names, strings.ToUpper(n[:1])+n[1:])
	}
	return names
}

var (
	hardNames = append(
		strings.Fields("value types time mlmd mlmdpb filter structpb model mapping field doc v w r n o p c i ii ei "+
			"id Id ID parent Parent props Props Catalog Custom Entity Valid init main _ __ a1 A1 encode decode validate "+
			"Encode windows Test linux_test "+
			"url URL Url x-y x.y x_y ModelVersion $schema @type modelIds modelIDs "+declaredNames),
		goNames()...)
	hardTexts = []string{
		"", "plain", "*/", "//", "`", "\"", "\\", "'", "{{.}}", "%d%s", "a\nb", "a\r\nb", "\t", "§0§", "// X §0§",
		"\u2028", "\ufeff", "é", "日本",
		"package x", "}\nfunc init() { panic(1) }\n", "//go:build ignore", "Deprecated: x", "a\x00b", "$(x)",
		"null", "~", "- a", "a: b", "#",
	}
	hardTypes = []string{
		"type: string", "type: integer", "type: integer, format: int32", "type: number", "type: boolean",
		"type: string, format: date-time",
		"type: string, format: epoch-millis", "type: string, format: byte", "type: string, format: uuid",
		"type: string, format: date", "type: object",
		"type: array, items: {type: string}", "type: array, items: {type: array, items: {type: string, maxLength: 3}}",
		"type: object, additionalProperties: {type: array, items: {type: integer, minimum: 1}}",
		"type: string, x-mlmd-property-type: INT",
		"type: string, minLength: 1, pattern: '^`\"'", "type: string, default: 'x`y\"'",
		"type: integer, default: 3", "type: boolean, default: true",
		"type: number, minimum: -1, maximum: 1e3, exclusiveMaximum: true", "type: string, nullable: true",
		"type: string, deprecated: true",
		"$ref: '#/components/schemas/Enum0'", "$ref: '#/components/schemas/Object0'",
		"type: array, items: {$ref: '#/components/schemas/Object0'}",
		"type: object, additionalProperties: {$ref: '#/components/schemas/Object0'}",
		"type: array, items: {$ref: '#/components/schemas/Enum0'}", "$ref: '#/components/schemas/Union0'",
		"type: array, items: {$ref: '#/components/schemas/Union0'}",
		"type: object, additionalProperties: {$ref: '#/components/schemas/Union0'}",
		"type: object, properties: {type: {type: string}, func: {type: integer, minimum: 2}}",
		"type: string, enum: [a, b-c, 'd e', '1', \"q'`\"], x-enum-varnames: [A, B, C, D, E]",
	}
)

// hostile makes a spec that is nearly valid, and often is.
func hostile(g *rand.Rand) string {
	one := func(from []string) string { return from[g.IntN(len(from))] }
	text := func() string {
		var b strings.Builder
		for range 1 + g.IntN(3) {
			b.WriteString(one(hardTexts))
		}
		return quote(b.String())
	}
	var b strings.Builder
	b.WriteString("openapi: 3.0.3\ninfo: {title: x, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n")
	property := func(indent string, used map[string]bool) {
		name := one(hardNames)
		if used[name] {
			return
		}
		used[name] = true
		typ := one(hardTypes)
		fmt.Fprintf(&b, "%s%s: {%s", indent, quote(name), typ)
		if !strings.HasPrefix(typ, "$ref") || g.IntN(2) == 0 {
			fmt.Fprintf(&b, ", description: %s", text())
		}
		if g.IntN(8) == 0 {
			fmt.Fprintf(&b, ", x-mlmd-property: %s", text())
		}
		if g.IntN(12) == 0 {
			fmt.Fprintf(&b, ", x-mlmd-renamed-from: [%s]", text())
		}
		b.WriteString("}\n")
	}
	schemas := map[string]bool{"Enum0": true, "Object0": true, "Union0": true, "Variant0": true, "Variant1": true}
	for i := range 1 + g.IntN(4) {
		schema := one(hardNames)
		if schemas[schema] {
			continue
		}
		schemas[schema] = true
		kind := one([]string{"context", "artifact", "execution"})
		fmt.Fprintf(
			&b,
			"    %s:\n      x-mlmd-kind: %s\n      x-mlmd-type: %s\n      description: %s\n      type: object\n",
			quote(schema),
			kind,
			quote(fmt.Sprint("t", i)),
			text(),
		)
		b.WriteString(
			"      required: [name]\n      properties:\n        id: {type: string, x-mlmd-store: id}\n" +
				"        name: {type: string, x-mlmd-store: name}\n",
		)
		used := map[string]bool{"id": true, "name": true}
		for range g.IntN(8) {
			property("        ", used)
		}
	}
	if extra := one(hardNames); !schemas[extra] { // an object beside the entities
		fmt.Fprintf(
			&b,
			"    %s: {type: object, properties: {a: {type: string, pattern: a}, b: {$ref: '#/components/schemas/Enum0'}}}\n",
			quote(extra),
		)
		fmt.Fprintf(
			&b,
			"    Holder:\n      x-mlmd-kind: artifact\n      type: object\n      properties:\n"+
				"        id: {type: string, x-mlmd-store: id}\n"+
				"        name: {type: string, x-mlmd-store: name}\n        held: {$ref: %s}\n",
			quote("#/components/schemas/"+extra),
		)
	}
	fmt.Fprintf(
		&b,
		"    Enum0: {type: string, description: %s, enum: [%s, x, 'y z'], x-enum-varnames: [First, %s, Z]}\n",
		text(),
		text(),
		one([]string{"X", "Valid", "type", "Y1"}),
	)
	kind, value := one(hardNames), text()
	fmt.Fprintf(&b, "    Union0:\n      description: %s\n      oneOf: [{$ref: '#/components/schemas/Variant0'}, "+
		"{$ref: '#/components/schemas/Variant1'}]\n      discriminator: {propertyName: %s, mapping: {%s: Variant0}}\n",
		text(), quote(kind), value)
	for i, values := range []string{value, "Variant1, " + value} {
		fmt.Fprintf(&b, "    Variant%d:\n      type: object\n      required: [%s]\n      properties:\n", i, quote(kind))
		fmt.Fprintf(&b, "        %s: {type: string", quote(kind))
		if g.IntN(2) == 0 {
			fmt.Fprintf(&b, ", enum: [%s], x-enum-varnames: [%s]", values, []string{"A", "A, B"}[i])
		}
		b.WriteString("}\n")
		used := map[string]bool{kind: true}
		for range g.IntN(4) {
			property("        ", used)
		}
	}
	b.WriteString("    Object0:\n      type: object\n      properties:\n        first: {type: string, maxLength: 2}\n")
	used := map[string]bool{"first": true}
	for range g.IntN(6) {
		property("        ", used)
	}
	return b.String()
}

// quote writes s as a YAML text in double quotes.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r < ' ' || r == 0x2028 || r == 0xfeff:
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + "\""
}

func TestGenerate_LargeSpec(t *testing.T) {
	var b strings.Builder
	b.WriteString("openapi: 3.0.3\ninfo: {title: x, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n")
	b.WriteString(
		"    Thing:\n      x-mlmd-kind: context\n      type: object\n      required: [name]\n      properties:\n" +
			"        id: {type: string, x-mlmd-store: id}\n        name: {type: string, x-mlmd-store: name}\n",
	)
	for i := 0; b.Len() < 10<<20; i++ {
		fmt.Fprintf(
			&b,
			"    Unused%d:\n      description: %s\n      type: object\n"+
				"      properties: {a: {type: string}, b: {$ref: '#/components/schemas/Unused0'}}\n",
			i,
			strings.Repeat("words ", 20),
		)
	}
	start := time.Now()
	if _, err := codegen.Generate(t.Context(), inMemory(b.String())); err != nil {
		t.Fatal(err)
	}
	// A few seconds on a machine of its own; the bound is for a busy one. What is
	// not linear takes hours.
	if d := time.Since(start); d > 2*time.Minute {
		t.Errorf("it took %v", d)
	}
}

func TestGenerate_DeepAndWideSpecs(t *testing.T) {
	head := "openapi: 3.0.3\ninfo: {title: x, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n    Thing:\n" +
		"      x-mlmd-kind: context\n      type: object\n      required: [name]\n      properties:\n" +
		"        id: {type: string, x-mlmd-store: id}\n        name: {type: string, x-mlmd-store: name}\n"
	var dense strings.Builder
	for i := range 60 {
		fmt.Fprintf(
			&dense,
			"    O%d:\n      type: object\n      required: [x]\n      properties:\n        x: {type: string, maxLength: 3}\n",
			i,
		)
		for j := range 60 {
			fmt.Fprintf(&dense, "        p%d: {$ref: '#/components/schemas/O%d'}\n", j, j)
		}
	}
	var unions strings.Builder
	for i := range 60 {
		fmt.Fprintf(&unions, "    U%d:\n      discriminator: {propertyName: kind}\n      oneOf:\n", i)
		for j := range 60 {
			fmt.Fprintf(&unions, "        - $ref: '#/components/schemas/V%d'\n", j)
		}
		fmt.Fprintf(&unions, "    V%d:\n      type: object\n      required: [kind]\n      properties:\n"+
			"        kind: {type: string}\n", i)
		for j := range 60 {
			fmt.Fprintf(&unions, "        p%d: {$ref: '#/components/schemas/U%d'}\n", j, j)
		}
	}
	c := newCompiler(t)
	for name, src := range map[string]string{
		"unions that all hold each other": head + "        first: {$ref: '#/components/schemas/U0'}\n" + unions.String(),
		"a list in a list in a list": head + "        deep: " + strings.Repeat("{type: array, items: ", 5000) +
			"{type: string}" + strings.Repeat("}", 5000) + "\n",
		"braces without end":               head + "        deep: " + strings.Repeat("{", 100000),
		"objects that all hold each other": head + "        first: {$ref: '#/components/schemas/O0'}\n" + dense.String(),
		"a doubling anchor":                "a: &a [x]\n" + strings.Repeat("b: &b [*a, *a]\n", 1) + head,
	} {
		t.Run(name, func(t *testing.T) { survive(t, c, src) })
	}
}
