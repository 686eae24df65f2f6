// Package lint finds what is valid in a spec and makes it harder to read or use.
package lint

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// A Rule is one thing that is looked for.
type Rule struct {
	ID  string
	Doc string // what it finds
}

// Rules are all rules, in the order of the documentation.
var Rules = []Rule{
	{"description", "An entity, a field, an enum or an object without a description."},
	{"schema-name", "A schema whose name is not in UpperCamelCase."},
	{"property-name", "A property whose name is not in the style of the others: lowerCamelCase or snake_case."},
	{"enum-style", "An enum whose values are not in one style, such as UPPER_CASE or kebab-case."},
	{"type-prefix", "An entity whose MLMD type has no prefix, so that other programs may use it too."},
	{"unused-schema", "A schema that nothing refers to, other than an entity."},
}

// A Finding is one place that a rule finds.
type Finding struct {
	Rule string
	spec.Problem
}

// Run returns what the rules find in a valid spec, in order of place.
func Run(set *spec.Set, g *ir.Graph) []Finding {
	l := &linter{set: set}
	snake := mostlySnake(g)
	for _, e := range g.Entities {
		l.described(e.Pos, e.Name, e.Doc)
		if !strings.ContainsAny(e.TypeName, "./:-_") {
			l.find("type-prefix", e.Pos, e.Name, "the MLMD type "+spec.Quote(e.TypeName)+" has no prefix",
				"add x-mlmd-type: "+strings.ToLower(g.Entities[0].Name)+"s."+e.Name+", for example")
		}
		l.fields(e.Name, e.Fields, snake)
	}
	for _, t := range g.Types {
		l.described(t.Pos, t.Go, t.Doc)
		if t.Basic == ir.Enum {
			l.enum(t)
		} else {
			l.fields(t.Go, t.Fields, snake)
		}
	}
	for _, s := range set.Main.Schemas {
		l.schemaName(s.Key, s.Name)
	}
	for _, s := range set.Unused() {
		l.find("unused-schema", s.Key, s.Name, "nothing uses the schema",
			"remove it, or add x-mlmd-kind to make it an entity")
	}
	slices.SortStableFunc(l.out, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col),
		)
	})
	return slices.CompactFunc(l.out, func(a, b Finding) bool { return a.Rule == b.Rule && a.Pos == b.Pos })
}

type linter struct {
	set *spec.Set
	out []Finding
}

func (l *linter) find(rule string, pos spec.Pos, path, msg, fix string) {
	l.out = append(l.out, Finding{rule, l.set.Problem(pos, path, msg, fix)})
}

func (l *linter) described(pos spec.Pos, path, doc string) {
	if strings.TrimSpace(doc) == "" {
		l.find("description", pos, path, "it has no description", "say in a sentence what it is")
	}
}

var upperCamel = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

func (l *linter) schemaName(pos spec.Pos, name string) {
	if !upperCamel.MatchString(name) {
		l.find("schema-name", pos, name, "the name is not in UpperCamelCase", "call it "+ir.GoName(name))
	}
}

func (l *linter) fields(path string, fields []*ir.Field, snake bool) {
	for _, f := range fields {
		at := path + "." + f.Name
		l.described(f.Pos, at, f.Doc)
		style := "lowerCamelCase"
		if snake {
			style = "snake_case"
		}
		if !styles[style].MatchString(f.Name) {
			l.find("property-name", f.Pos, at, "the name is not in "+style+", as most are", "keep to one style; "+
				"x-mlmd-property keeps the name of what is stored")
		}
	}
}

// styles are the ways to write names and values of several words.
var styles = map[string]*regexp.Regexp{
	"UPPER_CASE":     regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`),
	"snake_case":     regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`),
	"kebab-case":     regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`),
	"lowerCamelCase": regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`),
	"UpperCamelCase": regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`),
}

// mostlySnake reports whether more names of fields are in snake_case than in
// lowerCamelCase.
func mostlySnake(g *ir.Graph) bool {
	snake, camel := 0, 0
	count := func(fields []*ir.Field) {
		for _, f := range fields {
			if styles["snake_case"].MatchString(f.Name) {
				snake++
			}
			if styles["lowerCamelCase"].MatchString(f.Name) {
				camel++
			}
		}
	}
	for _, e := range g.Entities {
		count(e.Fields)
	}
	for _, t := range g.Types {
		count(t.Fields)
	}
	return snake > camel
}

func (l *linter) enum(t *ir.Type) {
	for _, style := range styles {
		if !slices.ContainsFunc(t.Values, func(v ir.Value) bool { return !style.MatchString(v.Text) }) {
			return
		}
	}
	l.find("enum-style", t.Pos, t.Go, fmt.Sprintf("its %d values are not in one style", len(t.Values)),
		"want all in UPPER_CASE, snake_case, kebab-case, lowerCamelCase or UpperCamelCase")
}
