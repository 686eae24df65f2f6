package main

import (
	"os"
	"strings"
	"testing"
)

// A name that was removed is known from the commits before the ref: under
// other names of the spec, and in files that it no longer refers to.
func TestBreaking_ReadsHistory(t *testing.T) {
	withField := func(field string) string {
		return strings.Replace(promptSpec, "text: {type: string}", "text: {type: string}\n            "+field, 1)
	}
	newModule(t, promptSpec)
	git(t, "init", "-q", "-b", "main", ".")
	commit := func() {
		t.Helper()
		git(t, "add", "-A", ".")
		git(t, "commit", "-q", "-m", "a change")
	}
	if err := os.Rename("spec/openapi.yaml", "spec/early.yaml"); err != nil {
		t.Fatal(err)
	}
	put(t, "spec/early.yaml", withField("early: {type: string}"))
	commit()
	put(t, "spec/early.yaml", promptSpec)
	commit()
	git(t, "mv", "spec/early.yaml", "spec/openapi.yaml")
	commit()
	put(
		t,
		"spec/more.yaml",
		"components:\n  schemas:\n    More:\n      type: object\n      properties:\n        shared: {type: string}\n",
	)
	put(
		t,
		"spec/openapi.yaml",
		strings.Replace(
			promptSpec,
			"        - type: object\n",
			"        - $ref: 'more.yaml#/components/schemas/More'\n        - type: object\n",
			1,
		),
	)
	commit()
	put(
		t,
		"spec/more.yaml",
		"components:\n  schemas:\n    More:\n      type: object\n      properties:\n        other: {type: string}\n",
	)
	commit()
	put(t, "spec/openapi.yaml", "not a spec\n")
	commit()
	put(t, "spec/openapi.yaml", promptSpec)
	commit()

	for field, want := range map[string]string{
		"early: {type: integer}":  `"early" was stored as STRING string in commit `,
		"shared: {type: integer}": `"shared" was stored as STRING string in commit `,
		"other: {type: integer}":  `"other" was stored as STRING string in commit `,
	} {
		put(t, "spec/openapi.yaml", withField(field))
		stdout, stderr := gen(t, exitFound, "breaking", "-against", "main")
		contains(t, stdout, "FIELD_SAME_TYPE_AS_REMOVED", want, "breaking changes against main: 1")
		contains(t, stderr, "is skipped, since this generator cannot read it")
	}
	put(t, "spec/openapi.yaml", withField("early: {type: string}"))
	stdout, _ := gen(t, exitOK, "breaking", "-against", "main")
	contains(t, stdout, "nothing breaks against main")

	put(t, "spec/openapi.yaml", promptSpec) // adds no name, and reads no history
	if _, stderr := gen(t, exitOK, "breaking", "-against", "main"); stderr != "" {
		t.Errorf("got %s", stderr)
	}
	put(t, "spec/openapi.yaml", withField("early: {type: integer}"))
	put(t, "spec/before.yaml", promptSpec)
	gen(t, exitOK, "breaking", "-against", "spec/before.yaml")

	origin, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	shallow := t.TempDir()
	git(t, "clone", "-q", "--depth=1", "file://"+origin, shallow)
	t.Chdir(shallow)
	put(t, "spec/openapi.yaml", withField("early: {type: integer}"))
	_, stderr := gen(t, exitOK, "breaking", "-against", "main")
	contains(t, stderr, "this is a shallow clone", "fetch-depth: 0")
}

// An overlay is a part of the spec: what it changes may break, and older versions
// are read with the overlays that they had.
func TestBreaking_Overlays(t *testing.T) {
	const theirs = "openapi: 3.1.0\ninfo: {title: x, version: '1'}\ncomponents:\n  schemas:\n    Pet:\n" +
		"      type: object\n      required: [name]\n      properties:\n        id: {type: string}\n" +
		"        name: {type: string}\n        size: {type: string}\n"
	const overlay = "overlay: 1.0.0\nactions:\n  - target: $.components.schemas.Pet\n    update:\n" +
		"      x-mlmd-kind: context\n      properties:\n        id: {x-mlmd-store: id}\n        name: {x-mlmd-store: name}\n"
	newModule(t, theirs)
	git(t, "init", "-q", "-b", "main", ".")
	put(t, "mlmd.yaml", "overlays: [spec/a.yaml, spec/b.yaml]\n")
	put(t, "spec/a.yaml", overlay)
	git(t, "add", "-A", ".")
	git(t, "commit", "-q", "-m", "with one overlay")

	put(t, "spec/b.yaml", "overlay: 1.0.0\nactions:\n"+
		"  - target: $.components.schemas.Pet.properties.size\n    update: {type: integer}\n")
	gen(t, exitOK)
	stdout, _ := gen(t, exitFound, "breaking", "-against", "main")
	contains(t, stdout, "Pet.size: FIELD_SAME_TYPE: the property was stored as STRING and is now stored as INT")

	put(t, "old/theirs.yaml", strings.Replace(theirs, "size:", "weight:", 1)) // a file of an earlier version
	put(t, "spec/b.yaml", "overlay: 1.0.0\nactions:\n  - target: $.info\n    update: {title: Pets}\n")
	stdout, _ = gen(t, exitFound, "breaking", "-against", "old/theirs.yaml")
	contains(t, stdout, "Pet.weight: ")
}
