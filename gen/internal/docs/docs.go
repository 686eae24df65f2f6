// Package docs prints a Graph as Markdown: a page for each entity, and an index
// of them. GitHub shows them as they are.
package docs

import (
	"bytes"
	"embed"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/mlmd-go/sdk/gen/internal/emit"
	"github.com/mlmd-go/sdk/gen/internal/ir"
)

//go:embed templates
var templates embed.FS

// The files beside the pages.
const (
	Index = "README.md" // shown by GitHub for the directory
	Test  = "example_test.go"
)

const sdk = "github.com/mlmd-go/sdk"

// Mark begins every generated page.
const Mark = "<!-- " + emit.GeneratedBy

// Emit returns the pages in the directory dir, and, if withTest is set, a Go
// test of their examples.
func Emit(g *ir.Graph, t emit.Target, dir string, withTest bool) ([]emit.File, error) {
	tmpl, err := template.New("").Funcs(template.FuncMap{
		"code": code, "codes": codes, "escape": escape, "paragraphs": paragraphs, "lower": strings.ToLower,
		"page": pageName, "anchor": anchor, "heading": heading, "copied": copied, "rules": rulesOf,
		"fields":  func(p page) []fieldRow { return fieldRows(p.Kind, p.Prefixed, p.Fields) },
		"members": func(t *ir.Type) []fieldRow { return fieldRows(0, false, t.Fields) },
	}).ParseFS(templates, "templates/*.tmpl")
	if err != nil {
		return nil, err
	}
	ix, err := indexOf(g, t, dir)
	if err != nil {
		return nil, err
	}
	var files []emit.File
	execute := func(file, name string, data any) error {
		var b bytes.Buffer
		if err := tmpl.ExecuteTemplate(&b, name, data); err != nil {
			return fmt.Errorf("gen: %s: %w", file, err)
		}
		files = append(files, emit.File{Path: path.Join(dir, file), Data: b.Bytes()})
		return nil
	}
	if err := execute(Index, "index.tmpl", ix); err != nil {
		return nil, err
	}
	for _, p := range ix.Pages {
		if err := execute(p.File, "page.tmpl", p); err != nil {
			return nil, err
		}
	}
	if !withTest {
		return files, nil
	}
	if err := execute(Test, "test.tmpl", ix); err != nil {
		return nil, err
	}
	last := &files[len(files)-1]
	if last.Data, err = emit.Tidy(last.Data); err != nil {
		return nil, fmt.Errorf("gen: %s: the output is not Go: %w", last.Path, err)
	}
	return files, nil
}

// An index is the data of the index and of the test.
type index struct {
	Header   string // the comment that marks a page
	Target   emit.Target
	Spec     string // the address of the spec, from the index
	Pages    []page
	Obsolete bool // something that the test uses is deprecated
	// Model and Mapping are the names of the packages in the examples.
	Model, Mapping string
}

// Packages returns the import paths of what the examples use.
func (ix *index) Packages() []string {
	out := []string{sdk + "/pkg/registry", ix.Target.Model.Import, ix.Target.Mapping.Import}
	slices.Sort(out)
	return out
}

// A page is the data of the page of one entity.
type page struct {
	*ir.Entity
	Header  string
	File    string
	Local   string // the name of the example in the test: modelVersion
	Edges   []edge
	Types   []*ir.Type // the enums, objects and unions of its fields
	Rules   []string
	Example example
	// Mapping is how the example's test refers to the mapping.
	Mapping string
}

func indexOf(g *ir.Graph, t emit.Target, dir string) (*index, error) {
	rel, err := filepath.Rel(filepath.FromSlash(dir), filepath.FromSlash(t.Spec))
	if err != nil {
		return nil, fmt.Errorf("gen docs: the way from %s to %s: %w", dir, t.Spec, err)
	}
	ix := &index{
		// A comment ends at the first "-->", which a file name may contain.
		Header: Mark + strings.ReplaceAll(t.Spec, ">", "&gt;") + ". DO NOT EDIT. -->",
		Target: t,
		Spec:   (&url.URL{Path: filepath.ToSlash(rel)}).EscapedPath(),
		Model:  alias(t.Model.Name()), Mapping: alias(t.Mapping.Name()),
	}
	if ix.Mapping == ix.Model {
		ix.Mapping = "my" + ix.Mapping
	}
	for _, e := range g.Entities {
		x, err := exampleOf(e, ix.Model, ix.Mapping)
		if err != nil {
			return nil, err
		}
		ix.Obsolete = ix.Obsolete || obsolete(e)
		ix.Pages = append(ix.Pages, page{
			Entity: e, Header: ix.Header, File: pageName(e), Local: ir.Local(e.Go), Edges: edgesOf(e),
			Types: namedTypes(e.Fields), Rules: rulesOf(e.Fields), Example: x, Mapping: ix.Mapping + "." + e.Go,
		})
	}
	return ix, nil
}

// imports are the names of the packages that the test imports.
var imports = []string{
	"context", "fmt", "json", "log", "os", "registry", "sqlite", "strings", "testing", "time", "types", "value",
}

// alias returns the name by which the test refers to a package.
func alias(name string) string {
	if slices.Contains(imports, name) {
		return "my" + name
	}
	return name
}

// obsolete reports whether e, or a field that has to be set, is deprecated.
func obsolete(e *ir.Entity) bool {
	for _, f := range e.Fields {
		if f.Deprecated && f.Required {
			return true
		}
	}
	return e.Obsolete
}

// pageName returns the name of the page of e: model-version.md.
func pageName(e *ir.Entity) string {
	name := strings.ReplaceAll(ir.Snake(e.Go), "_", "-") + ".md"
	if strings.EqualFold(name, Index) { // the same file on some systems
		name = "_" + name
	}
	return name
}
