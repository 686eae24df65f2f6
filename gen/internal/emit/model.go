package emit

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// oneAtATime serializes calls of oapi-codegen, which keeps its options in package
// variables.
var oneAtATime sync.Mutex

// modelFiles returns the files with the Go types, made by oapi-codegen from a
// normalized copy of the spec in which every name, type, tag and order is
// given. oapi-codegen does not print the comments: it prints a mark for each,
// which is replaced by text that is safe and wrapped.
func modelFiles(g *ir.Graph, t Target) (map[string][]byte, error) {
	n := &normalized{schemas: openapi3.Schemas{}}
	for _, e := range g.Entities {
		props := n.object(e.Go, obsolete(typeDoc(e.Go, e.Doc), e.Obsolete), e.Fields)
		props["*unreadable*"] = n.unreadable(len(e.Fields)) // a name that no field has
		if e.HasEdges() {
			doc := ir.Edges + " holds the neighbors that registry.With loaded. It is not stored."
			props["*edges*"] = n.property(len(e.Fields)+1, ir.Edges, e.Go+ir.Edges, "-", doc)
		}
	}
	for _, typ := range g.Types {
		switch typ.Basic {
		case ir.Enum:
			n.enum(typ)
		case ir.Object:
			n.object(typ.Go, typeDoc(typ.Go, typ.Doc), typ.Fields)
		}
	}
	spec := &openapi3.T{
		OpenAPI:    "3.0.3",
		Info:       &openapi3.Info{Title: "normalized", Version: "1"},
		Paths:      openapi3.NewPaths(),
		Components: &openapi3.Components{Schemas: n.schemas},
	}
	oneAtATime.Lock()
	defer oneAtATime.Unlock()
	userTemplates, err := modelTemplates()
	if err != nil {
		return nil, err
	}
	src, err := codegen.Generate(spec, codegen.Configuration{
		PackageName:   t.Model.Name(),
		Generate:      codegen.GenerateOptions{Models: true},
		Compatibility: codegen.CompatibilityOptions{AlwaysPrefixEnumValues: true},
		OutputOptions: codegen.OutputOptions{SkipPrune: true, SkipFmt: true, UserTemplates: userTemplates},
	})
	if err != nil {
		return nil, fmt.Errorf("gen: oapi-codegen: %w", err)
	}
	return splitModel([]byte(n.unmark(src)), g, t)
}

// splitModel splits the source with all types into files: one for each entity
// and object, and one for the enums.
func splitModel(src []byte, g *ir.Graph, t Target) (map[string][]byte, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("gen: oapi-codegen: the output is not Go: %w", err)
	}
	enums := map[string]bool{}
	for _, typ := range g.Types {
		enums[typ.Go] = typ.Basic == ir.Enum
	}
	var decls []modelDecl
	for _, d := range parsed.Decls {
		if m := modelDeclOf(d); m.typ != "" {
			m.text = src[fset.Position(m.pos).Offset:fset.Position(d.End()).Offset]
			decls = append(decls, m)
		}
	}
	slices.SortStableFunc(decls, func(a, b modelDecl) int {
		return cmp.Or(cmp.Compare(a.typ, b.typ), cmp.Compare(a.rank, b.rank))
	})
	out := map[string][]byte{}
	for _, d := range decls {
		name := ir.FileName(d.typ)
		if enums[d.typ] {
			name = ir.EnumFile
		}
		if out[name] == nil {
			out[name] = modelHead(t)
		}
		out[name] = append(append(out[name], d.text...), "\n\n"...)
	}
	for _, e := range g.Entities {
		if e.HasEdges() {
			name := ir.FileName(e.Go)
			out[name] = append(out[name], edgesStruct(e)...)
		}
	}
	return out, nil
}

// A modelDecl is one declaration of the model package.
type modelDecl struct {
	typ  string // the type that it declares or belongs to
	rank int    // a type comes first, then its constants and methods
	pos  token.Pos
	text []byte
}

// modelDeclOf returns the declaration without its text; that of imports has no
// type.
func modelDeclOf(d ast.Decl) modelDecl {
	m := modelDecl{pos: d.Pos()}
	var doc *ast.CommentGroup
	switch d := d.(type) {
	case *ast.FuncDecl:
		m.typ, m.rank, doc = d.Recv.List[0].Type.(*ast.Ident).Name, 2, d.Doc
	case *ast.GenDecl:
		doc = d.Doc
		switch s := d.Specs[0].(type) {
		case *ast.TypeSpec:
			m.typ = s.Name.Name
		case *ast.ValueSpec:
			m.typ, m.rank = s.Type.(*ast.Ident).Name, 1
		}
	}
	if doc != nil {
		m.pos = doc.Pos()
	}
	return m
}

// modelHead returns the beginning of a file of the model package. Imports
// that the file does not use are removed later.
func modelHead(t Target) []byte {
	return fmt.Appendf(nil, "%s\n\npackage %s\n\nimport (\n\t\"time\"\n\n\t%q\n\t%q\n)\n\n",
		t.Header(), t.Model.Name(), sdk+"/pkg/value", runtimeTypes)
}

// normalized is the copy of the spec that oapi-codegen reads.
type normalized struct {
	schemas  openapi3.Schemas
	comments []string // by mark
}

// mark returns a placeholder for a comment, which may be empty.
func (n *normalized) mark(text string) string {
	if text == "" {
		return ""
	}
	n.comments = append(n.comments, text)
	return "§" + strconv.Itoa(len(n.comments)-1) + "§"
}

var markLine = regexp.MustCompile(`(?m)^([ \t]*)// .*§(\d+)§$`)

// unmark replaces the placeholders with the comments.
func (n *normalized) unmark(src string) string {
	return markLine.ReplaceAllStringFunc(src, func(line string) string {
		m := markLine.FindStringSubmatch(line)
		i, err := strconv.Atoi(m[2])
		if err != nil || i >= len(n.comments) {
			return line
		}
		return strings.TrimSuffix(comment(m[1], n.comments[i]), "\n")
	})
}

// object adds an object and returns its properties.
func (n *normalized) object(name, doc string, fields []*ir.Field) openapi3.Schemas {
	props := make(openapi3.Schemas, len(fields)+1)
	var required []string
	for i, f := range fields {
		tag := f.Name + ",omitzero"
		if f.Required {
			tag = f.Name
			required = append(required, f.Name)
		}
		props[f.Name] = n.property(i, f.Go, f.GoType(), tag, fieldDoc(f))
	}
	n.schemas[name] = openapi3.NewSchemaRef("", &openapi3.Schema{
		Type:        &openapi3.Types{openapi3.TypeObject},
		Extensions:  map[string]any{"x-go-name": name},
		Description: n.mark(doc),
		Properties:  props,
		Required:    required,
	})
	return props
}

// unreadable returns the field of an entity that is not in the spec.
func (n *normalized) unreadable(order int) *openapi3.SchemaRef {
	doc := ir.Unreadable + " holds the stored values that cannot be read. It is nil if all can."
	return n.property(order, ir.Unreadable, "value.Unreadable", "-", doc)
}

func (n *normalized) property(order int, name, typ, tag, doc string) *openapi3.SchemaRef {
	return openapi3.NewSchemaRef("", &openapi3.Schema{
		Extensions: map[string]any{
			"x-go-name":                       name,
			"x-order":                         float64(order), // the type that the loader decodes
			"x-go-type":                       typ,
			"x-go-type-skip-optional-pointer": true,
			"x-oapi-codegen-extra-tags":       map[string]any{"json": tag},
		},
		Description: n.mark(doc),
	})
}

// fieldDoc is the comment of a Go field.
func fieldDoc(f *ir.Field) string {
	doc := strings.TrimSpace(f.Doc)
	if f.ZeroLeaves() {
		doc += " An upsert does not store the zero value; a replacement does."
	}
	if f.Default != nil {
		doc += " The default is " + f.Default.Text + "."
	}
	return obsolete(strings.TrimSpace(doc), f.Deprecated)
}

// obsolete adds the paragraph by which tools recognize deprecated names.
func obsolete(doc string, deprecated bool) string {
	if deprecated {
		doc = strings.TrimSpace(doc + "\n\nDeprecated: it is deprecated in the spec.")
	}
	return doc
}

func (n *normalized) enum(t *ir.Type) {
	values, texts, names := []any{}, []any{}, []any{}
	for i, v := range t.Values {
		values = append(values, "v"+strconv.Itoa(i)) // oapi-codegen does not take every text
		texts = append(texts, v.Text)
		names = append(names, v.Go)
	}
	n.schemas[t.Go] = openapi3.NewSchemaRef("", &openapi3.Schema{
		Type:        &openapi3.Types{openapi3.TypeString},
		Extensions:  map[string]any{"x-go-name": t.Go, "x-enum-varnames": names, "x-enum-texts": texts},
		Description: n.mark(typeDoc(t.Go, t.Doc)),
		Enum:        values,
	})
}

// modelTemplates returns the templates that replace oapi-codegen's: without
// its header and aliases, and with enums in the order of the spec.
func modelTemplates() (map[string]string, error) {
	out := map[string]string{}
	for _, name := range []string{"typedef.tmpl", "constants.tmpl"} {
		text, err := templates.ReadFile("templates/oapi/" + name)
		if err != nil {
			return nil, err
		}
		out[name] = string(text)
	}
	out["imports.tmpl"] = "package {{.PackageName}}\n"
	return out, nil
}
