package emit

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// An edgesView is the data of edge.tmpl for one entity.
type edgesView struct {
	Header, Package string
	Imports         []importLine
	Go, Local       string
	Model           string
	Symbols         []edgeSymbol
	Relations       []relationView
}

// An edgeSymbol is one edge of an entity, in one direction.
type edgeSymbol struct {
	Go, Doc string
	// Targets has one element, or, for an edge to several entities, one for each,
	// which are members of a struct of the type Group.
	Targets []edgeTarget
	Group   string
}

// An edgeTarget is one entity at the end of an edge.
type edgeTarget struct {
	Go, Type, New string // DataSet, *relation.Edge[…], relation.NewEdge(…)
}

type relationView struct{ Name, Literal string }

// relationName is the variable that describes an edge.
func relationName(r *ir.Relation) string { return ir.Local(r.From.Go) + r.Go + "Relation" }

// edgesOf returns the edges of e, or nil if it has none.
func edgesOf(e *ir.Entity, t Target) *edgesView {
	if !e.HasEdges() {
		return nil
	}
	v := &edgesView{
		Header: t.Header(), Package: t.Edge.Name(), Imports: edgeImports(t),
		Go: e.Go, Local: ir.Local(e.Go), Model: t.Model.Name() + "." + e.Go,
	}
	for _, r := range e.Edges {
		v.Symbols = append(v.Symbols, v.symbol(r, t))
		v.Relations = append(v.Relations, relationView{relationName(r), relationLiteral(r, t)})
	}
	for _, r := range e.Inverses {
		v.Symbols = append(v.Symbols, v.inverse(e, r, t))
	}
	return v
}

func (v *edgesView) symbol(r *ir.Relation, t Target) edgeSymbol {
	s := edgeSymbol{Go: r.Go, Doc: edgeDoc(r)}
	if len(r.To) > 1 {
		s.Group = v.Local + r.Go + "Targets"
	}
	kind := "Neighbors"
	if r.Linkable() {
		kind = "Edge"
	}
	for i, to := range r.To {
		at := "v." + ir.Edges + "." + r.Go
		if s.Group != "" {
			at += "." + to.Go
		}
		far := t.Model.Name() + "." + to.Go
		direction := ", false"
		if r.Linkable() {
			direction = ""
		}
		s.Targets = append(s.Targets, edgeTarget{
			Go:   to.Go,
			Type: fmt.Sprintf("*relation.%s[*%s, *%s]", kind, v.Model, far),
			New: fmt.Sprintf("relation.New%s(%s, %d%s, func(v *%s, ns []*%s) { %s })", kind, relationName(r), i, direction,
				v.Model, far, assign(at, r.Many())),
		})
	}
	return s
}

// inverse returns the edge back from e along r.
func (v *edgesView) inverse(e *ir.Entity, r *ir.Relation, t Target) edgeSymbol {
	far := t.Model.Name() + "." + r.From.Go
	index := 0
	for i, to := range r.To {
		if to == e {
			index = i
		}
	}
	return edgeSymbol{Go: r.Back, Doc: inverseDoc(r), Targets: []edgeTarget{{
		Type: fmt.Sprintf("*relation.Neighbors[*%s, *%s]", v.Model, far),
		New: fmt.Sprintf("relation.NewNeighbors(%s, %d, true, func(v *%s, ns []*%s) { %s })", relationName(r), index, v.Model,
			far, assign("v."+ir.Edges+"."+r.Back, !r.Unique)),
	}}}
}

func assign(at string, many bool) string {
	if many {
		return at + " = ns"
	}
	return at + " = relation.First(ns)"
}

var eventVerbs = map[string]string{
	"INPUT": "that it used", "OUTPUT": "that it made", "DECLARED_INPUT": "that it declared to use",
	"DECLARED_OUTPUT": "that it declared to make", "INTERNAL_INPUT": "that it used internally",
	"INTERNAL_OUTPUT": "that it made internally", "PENDING_OUTPUT": "that it is about to make",
}

// edgeDoc describes an edge to its targets.
func edgeDoc(r *ir.Relation) string {
	if doc := strings.TrimSpace(r.Doc); doc != "" && r.Linkable() {
		return doc
	}
	names := make([]string, len(r.To))
	for i, to := range r.To {
		names[i] = to.Go
	}
	to := strings.Join(names, ", ")
	switch r.Kind {
	case ir.ParentRelation:
		return "The parent, whose ID is in " + r.Field.Go + "."
	case ir.ReferenceRelation:
		return "The " + to + " entities whose IDs are in " + r.Field.Go + "."
	case ir.MembershipRelation:
		return "The " + to + " entities that it is a member of."
	}
	return "The " + to + " entities " + eventVerbs[r.Event] + "."
}

// inverseDoc describes an edge back.
func inverseDoc(r *ir.Relation) string {
	return "The " + r.From.Go + " entities that lead here by " + r.From.Go + "." + r.Go + "."
}

// relationLiteral returns the literal that describes an edge.
func relationLiteral(r *ir.Relation, t Target) string {
	mapping := t.Mapping.Name()
	members := []string{
		"Entity: " + strconv.Quote(r.From.Name), "Name: " + strconv.Quote(r.Name), "Kind: relation." + r.Kind.String(),
	}
	add := func(on bool, format string, args ...any) {
		if on {
			members = append(members, fmt.Sprintf(format, args...))
		}
	}
	add(r.Event != "", "EventType: mlmdpb.Event_%s", r.Event)
	add(r.Key != "", "Key: %q", r.Key)
	add(r.Step == "index", "Step: relation.IndexStep")
	add(r.Step == "key", "Step: relation.KeyStep")
	add(r.Required, "Required: true")
	add(r.Unique, "Unique: true")
	add(r.Max > 0, "Max: %d", r.Max)
	if f := r.Field; f != nil {
		add(f.Slot == ir.Property, "Property: %q", f.Key)
		sel := "v.(*" + t.Model.Name() + "." + r.From.Go + ")." + f.Go
		switch {
		case f.Type.Basic == ir.List:
		case f.Pointer:
			sel = "relation.OptID(" + sel + ")"
		default:
			sel = "relation.ID(" + sel + ")"
		}
		members = append(members, "IDs: func(v any) []string { return "+sel+" }")
	}
	to := make([]string, len(r.To))
	for i, e := range r.To {
		to[i] = "&" + mapping + "." + e.Go
	}
	members = append(members, "From: &"+mapping+"."+r.From.Go, "To: []mlmd.AnyMapping{"+strings.Join(to, ", ")+"}")
	return "{\n" + strings.Join(lines(suffixed(members), 100), "\n") + "\n}"
}

func suffixed(members []string) []string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = m + ","
	}
	return out
}

func edgeImports(t Target) []importLine {
	return importLines(t, sdk+"/generated/mlmdpb", sdk+"/pkg/mlmd", sdk+"/pkg/relation", t.Model.Import, t.Mapping.Import)
}

// edgesStruct returns the struct with the neighbors of e, for the model package.
func edgesStruct(e *ir.Entity) string {
	var b strings.Builder
	name := e.Go + ir.Edges
	fmt.Fprintf(&b, "// %s holds the loaded neighbors of a [%s]. Those that were not loaded are nil.\ntype %s struct {\n",
		name, e.Go, name)
	field := func(indent, name, typ string, many bool) {
		if many {
			typ = "[]*" + typ
		} else {
			typ = "*" + typ
		}
		fmt.Fprintf(&b, "%s%s %s\n", indent, name, typ)
	}
	for _, r := range e.Edges {
		b.WriteString(comment("\t", edgeDoc(r)))
		if len(r.To) == 1 {
			field("\t", r.Go, r.To[0].Go, r.Many())
			continue
		}
		fmt.Fprintf(&b, "\t%s struct {\n", r.Go)
		for _, to := range r.To {
			field("\t\t", to.Go, to.Go, r.Many())
		}
		b.WriteString("\t}\n")
	}
	for _, r := range e.Inverses {
		b.WriteString(comment("\t", inverseDoc(r)))
		field("\t", r.Back, r.From.Go, !r.Unique)
	}
	b.WriteString("}\n\n")
	return b.String()
}

// edgeNames returns the names that edge.tmpl declares.
func edgeNames(e *ir.Entity) []string {
	if !e.HasEdges() {
		return nil
	}
	local := ir.Local(e.Go)
	out := []string{e.Go, local + ir.Edges}
	for _, r := range e.Edges {
		out = append(out, relationName(r))
		if len(r.To) > 1 {
			out = append(out, local+r.Go+"Targets")
		}
	}
	return out
}

// An edgeDocView is the data of edgedoc.tmpl.
type edgeDocView struct {
	*catalogView
	Relations []string
}

func edgeCatalog(g *ir.Graph, t Target) *edgeDocView {
	v := &edgeDocView{catalogView: catalogOf(g, t, t.Edge)}
	for _, e := range g.Entities {
		for _, r := range e.Edges {
			v.Relations = append(v.Relations, relationName(r))
		}
	}
	return v
}
