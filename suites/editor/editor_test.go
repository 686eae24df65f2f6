// Package editor tests what editors show of a spec: yaml-language-server reads the
// JSON Schema that this project makes.
package editor_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// spec is a spec without mistakes. Its first line names the schema, as docs/spec.md
// says.
const spec = `# yaml-language-server: $schema=openapi-mlmd.schema.json
openapi: 3.1.0
info: {title: Library, version: 1.0.0}
paths: {}
components:
  schemas:
    Library:
      description: Where books are.
      x-mlmd-kind: context
      x-mlmd-type: library.Library
      allOf:
        - $ref: 'base.yaml#/components/schemas/Resource'
    Book:
      description: A book.
      x-mlmd-kind: artifact
      x-mlmd-type: library.Book
      x-mlmd-name: prefixed
      x-mlmd-copies: {library: parent.name}
      x-mlmd-edges:
        shelves:
          kind: member
          to: [Library]
          max: 3
      x-rest-operations: [find, get]
      type: object
      required: [libraryId]
      properties:
        id: {type: string, x-mlmd-store: id}
        name: {type: string, x-mlmd-store: name}
        libraryId:
          type: string
          x-mlmd-parent: Library
        pages:
          type: [integer, 'null']
          minimum: 1
          x-mlmd-property: number_of_pages
        title:
          type: string
          maxLength: 100
          x-mlmd-renamed-from: [name_of_book]
          x-go-name: Title
        authors:
          type: array
          items: {type: string}
`

// looser are cases with what gen accepts and the schema does not: nulls where a
// text or a number is wanted, and unknown keywords where no entity reaches them.
var looser = []string{"descriptions", "harmless", "openapi31"}

// mistakes replace a part of one line of the spec.
var mistakes = []struct{ name, old, new string }{
	{"an unknown kind", "x-mlmd-kind: artifact", "x-mlmd-kind: artefact"},
	{"a misspelled extension", "x-mlmd-type: library.Book", "x-mlmd-typ: library.Book"},
	{"an extension of properties on a schema", "x-mlmd-name: prefixed", "x-mlmd-store: uri"},
	{"an extension of schemas on a property", "x-mlmd-parent: Library", "x-mlmd-kind: context"},
	{"an unknown rule of names", "x-mlmd-name: prefixed", "x-mlmd-name: prefix"},
	{"an unknown source of a copy", "library: parent.name", "library: parent.nam"},
	{"a list where a map is wanted", "x-mlmd-copies: {library: parent.name}", "x-mlmd-copies: [library]"},
	{"an unknown kind of edge", "kind: member", "kind: members"},
	{"a misspelled member of an edge", "max: 3", "maximum: 3"},
	{"a text where a number is wanted", "max: 3", "max: many"},
	{"an unknown operation", "[find, get]", "[find, delete]"},
	{"an unknown store", "x-mlmd-store: name}", "x-mlmd-store: nam}"},
	{"an unknown type", "type: [integer, 'null']", "type: int"},
	{"an unknown type in a list", "type: [integer, 'null']", "type: [int, 'null']"},
	{"a misspelled keyword", "maxLength: 100", "maxlength: 100"},
	{"a negative length", "maxLength: 100", "maxLength: -1"},
	{"a text as a bound", "minimum: 1", "minimum: one"},
	{"a Go name that is not exported", "x-go-name: Title", "x-go-name: title"},
	{"an empty name", "x-mlmd-property: number_of_pages", "x-mlmd-property: ''"},
	{"a map where names are wanted", "x-mlmd-renamed-from: [name_of_book]", "x-mlmd-renamed-from: {a: b}"},
	{"a text where a list is wanted", "required: [libraryId]", "required: libraryId"},
	{"an extension within items", "items: {type: string}", "items: {type: string, x-mlmd-store: uri}"},
	{"another version", "openapi: 3.1.0", "openapi: 2.0.0"},
	{"an unknown extension of REST APIs", "x-rest-operations: [find, get]", "x-rest-operation: [find, get]"},
}

func TestYAMLLanguageServer(t *testing.T) {
	s := start(t)
	dir := t.TempDir()
	schema, err := os.ReadFile("../../spec/openapi-mlmd.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "openapi-mlmd.schema.json"), schema, 0o644); err != nil {
		t.Fatal(err)
	}
	uri := "file://" + filepath.ToSlash(filepath.Join(dir, "spec.yaml"))
	if got := s.check(uri, spec); len(got) > 0 {
		t.Fatalf("the spec without mistakes: %+v", got)
	}
	found := 0
	for _, m := range mistakes {
		at := strings.Index(spec, m.old)
		if at < 0 {
			t.Fatalf("%s: the spec has no %q", m.name, m.old)
		}
		line := strings.Count(spec[:at], "\n")
		ok := false
		got := s.check(uri, spec[:at]+m.new+spec[at+len(m.old):])
		for _, d := range got {
			ok = ok || d.Range.Start.Line == line
		}
		if !ok {
			t.Errorf("%s on line %d is not shown: %+v", m.name, line+1, got)
			continue
		}
		found++
	}
	t.Logf("%d of %d mistakes are shown on their line", found, len(mistakes))
	for _, pattern := range []string{
		"../../spec/openapi.yaml", "../../gen/codegen/testdata/cases/*/openapi.yaml", "../../examples/*/spec/*.yaml",
	} {
		specs, err := filepath.Glob(pattern)
		if err != nil || len(specs) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, file := range specs {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), "error.txt")); err == nil {
				continue // a case with mistakes
			}
			if slices.Contains(looser, filepath.Base(filepath.Dir(file))) {
				continue
			}
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text := "# yaml-language-server: $schema=openapi-mlmd.schema.json\n" + string(src)
			if got := s.check(uri, text); len(got) > 0 {
				t.Errorf("%s is valid, and is shown with %+v", file, got)
			}
		}
	}
}
