package emit

import (
	"path"
	"slices"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// CheckNames reports names that the mapping and field packages cannot
// declare, because generated code declares or imports them already. The
// names of the model package are checked by the Graph.
func CheckNames(g *ir.Graph, t Target, report func(at spec.Pos, path, msg, fix string)) {
	claims(g, t, report)
}

func claims(g *ir.Graph, t Target, report func(at spec.Pos, path, msg, fix string)) (mapping, field, edge *names) {
	mapping = &names{report: report, owner: map[string]holder{
		"Catalog": {what: "the list of mappings"}, "CatalogSpec": {what: "what the spec says of stored entities"},
	}}
	mapping.imports(imports(t))
	field = &names{report: report, owner: map[string]holder{
		"valueSymbol": {what: "the symbol of an object"}, "optValueSymbol": {what: "the symbol of an object"},
	}}
	field.imports(symbolImports(t))
	edge = &names{report: report, owner: map[string]holder{"Catalog": {what: "the list of edges"}}}
	edge.imports(edgeImports(t))
	for _, e := range g.Entities {
		edge.claim(e.Name, e.Pos, edgeNames(e)...)
		mapping.claim(e.Name, e.Pos, mappingNames(e)...)
		field.claim(e.Name, e.Pos, symbolNames(e)...)
	}
	for _, typ := range g.Types {
		if isStruct(typ) {
			mapping.claim(typ.Go, typ.Pos, objectNames(typ)...)
			field.claim(typ.Go, typ.Pos, objectSymbols(typ, ""), objectSymbols(typ, "Opt"))
		}
	}
	return mapping, field, edge
}

// mappingNames returns the names that mapping.tmpl declares.
func mappingNames(e *ir.Entity) []string {
	local := ir.Local(e.Go)
	return []string{e.Go, local + "Fields", local + "Patterns", "encode" + e.Go, "decode" + e.Go, "validate" + e.Go}
}

// objectNames returns the names that object.tmpl and union.tmpl declare.
func objectNames(t *ir.Type) []string {
	return []string{ir.Local(t.Go) + "Patterns", "encode" + t.Go, "decode" + t.Go, "check" + t.Go, "rename" + t.Go}
}

// symbolNames returns the names that field.tmpl declares.
func symbolNames(e *ir.Entity) []string { return []string{e.Go, ir.Local(e.Go) + "Symbols"} }

// names are the names of one package.
type names struct {
	report func(at spec.Pos, path, msg, fix string)
	owner  map[string]holder
}

// A holder is an entity or object of the spec that has a name, or, without a
// place, the generator.
type holder struct {
	what string
	at   spec.Pos
}

// imports reserves the names of imported packages.
func (n *names) imports(lines []importLine) {
	for _, l := range lines {
		name := l.Name
		if name == "" {
			name = path.Base(l.Path)
		}
		n.owner[name] = holder{what: "the package " + l.Path}
	}
}

// claim reserves names for the entity or object at pos in the spec.
func (n *names) claim(what string, at spec.Pos, names ...string) {
	if i := slices.IndexFunc(names, func(name string) bool { _, ok := n.owner[name]; return ok }); i >= 0 {
		other := n.owner[names[i]]
		by, fix := other.what, "add x-go-name"
		if other.at.Line > 0 {
			by, fix = by+" at "+other.at.String(), "give one of them another x-go-name"
		}
		n.report(at, what, "the name "+names[i]+", which the generated code declares for it, is taken by "+by, fix)
		return
	}
	for _, name := range names {
		n.owner[name] = holder{what, at}
	}
}
