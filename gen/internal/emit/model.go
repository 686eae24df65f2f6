package emit

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// oapi-codegen keeps its options in package variables: one call at a time.
var oneAtATime sync.Mutex

// modelSource returns the Go types, made by oapi-codegen from a normalised
// copy of the spec in which every name, type, tag and order is said. Comments
// are not left to it: it gets a mark for each, which is replaced by text that
// is safe and wrapped.
func modelSource(g *ir.Graph, t Target) ([]byte, error) {
	n := &normalised{schemas: map[string]any{}}
	for _, e := range g.Entities {
		props := n.object(e.Go, obsolete(typeDoc(e.Go, e.Doc), e.Obsolete), e.Fields)
		props["*unreadable*"] = n.unreadable(len(e.Fields)) // a name that no field has
	}
	for _, typ := range g.Types {
		if typ.Basic == ir.Enum {
			n.enum(typ)
		} else {
			n.object(typ.Go, typeDoc(typ.Go, typ.Doc), typ.Fields)
		}
	}
	doc := map[string]any{
		"openapi":    "3.0.3",
		"info":       map[string]any{"title": "normalised", "version": "1"},
		"paths":      map[string]any{},
		"components": map[string]any{"schemas": n.schemas},
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	oneAtATime.Lock()
	defer oneAtATime.Unlock()
	spec, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, fmt.Errorf("gen: oapi-codegen's loader: %w", err)
	}
	userTemplates, err := modelTemplates(t)
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
	return []byte(n.unmark(src)), nil
}

// normalised is the copy of the spec that oapi-codegen gets.
type normalised struct {
	schemas  map[string]any
	comments []string // what the marks stand for
}

// mark returns a stand-in for a comment, which may be empty.
func (n *normalised) mark(text string) string {
	if text == "" {
		return ""
	}
	n.comments = append(n.comments, text)
	return "§" + strconv.Itoa(len(n.comments)-1) + "§"
}

var markLine = regexp.MustCompile(`(?m)^([ \t]*)// .*§(\d+)§$`)

// unmark puts the comments in the place of their marks.
func (n *normalised) unmark(src string) string {
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
func (n *normalised) object(name, doc string, fields []*ir.Field) map[string]any {
	props := map[string]any{}
	var required []string
	for i, f := range fields {
		props[f.Name] = n.property(f, i)
		if f.Required {
			required = append(required, f.Name)
		}
	}
	s := map[string]any{"type": "object", "x-go-name": name, "description": n.mark(doc), "properties": props}
	if required != nil {
		s["required"] = required
	}
	n.schemas[name] = s
	return props
}

// unreadable is the field of an entity that is not in the spec.
func (n *normalised) unreadable(order int) map[string]any {
	return map[string]any{
		"x-go-name":                       ir.Unreadable,
		"x-order":                         order,
		"x-go-type":                       "value.Unreadable",
		"x-go-type-skip-optional-pointer": true,
		"x-oapi-codegen-extra-tags":       map[string]any{"json": "-"},
		"description":                     n.mark(ir.Unreadable + " says what is stored and cannot be read; it is nil where there is nothing."),
	}
}

func (n *normalised) property(f *ir.Field, order int) map[string]any {
	tag := f.Name + ",omitzero"
	if f.Required {
		tag = f.Name
	}
	p := map[string]any{
		"x-go-name":                       f.Go,
		"x-order":                         order,
		"x-go-type":                       f.GoType(),
		"x-go-type-skip-optional-pointer": true,
		"x-oapi-codegen-extra-tags":       map[string]any{"json": tag},
		"description":                     n.mark(fieldDoc(f)),
	}
	return p
}

// fieldDoc is the comment of a Go field.
func fieldDoc(f *ir.Field) string {
	doc := strings.TrimSpace(f.Doc)
	if f.ZeroLeaves() {
		doc += " In an upsert the zero value leaves what is stored; a replace stores it."
	}
	if f.Default != nil {
		doc += " Unset is " + f.Default.Text + "."
	}
	return obsolete(strings.TrimSpace(doc), f.Deprecated)
}

// obsolete adds what tools look for in the comment of what is deprecated.
func obsolete(doc string, deprecated bool) string {
	if deprecated {
		doc = strings.TrimSpace(doc + "\n\nDeprecated: the spec says so.")
	}
	return doc
}

func (n *normalised) enum(t *ir.Type) {
	values, texts, names := []any{}, []any{}, []any{}
	for i, v := range t.Values {
		values = append(values, "v"+strconv.Itoa(i)) // oapi-codegen does not take every text
		texts = append(texts, v.Text)
		names = append(names, v.Go)
	}
	n.schemas[t.Go] = map[string]any{
		"type": "string", "x-go-name": t.Go, "description": n.mark(typeDoc(t.Go, t.Doc)),
		"enum": values, "x-enum-varnames": names, "x-enum-texts": texts,
	}
}

// modelTemplates are oapi-codegen's templates as they are here: without its
// header, enums in the order of the spec, no aliases.
func modelTemplates(t Target) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range []string{"typedef.tmpl", "constants.tmpl"} {
		text, err := templates.ReadFile("templates/oapi/" + name)
		if err != nil {
			return nil, err
		}
		out[name] = string(text)
	}
	head := t.Header() + "\n\n// Package " + t.Model.Name() + " holds the entities of the spec as Go types.\npackage {{.PackageName}}\n\nimport (\n"
	head += fmt.Sprintf("\t\"time\"\n\n\t%q\n\t%q\n)\n", sdk+"/pkg/value", runtimeTypes) // the standard library first, as gofumpt has it
	out["imports.tmpl"] = head
	return out, nil
}
