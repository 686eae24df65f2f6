package ir

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// Build converts a document to a Graph. It reports all errors to set; if there
// are any, the Graph must not be used.
func Build(set *spec.Set) *Graph {
	b := &builder{set: set, named: map[*spec.Schema]*Type{}, busy: map[*spec.Schema]bool{}, owner: map[string]claimed{}}
	g := &Graph{Info: set.Main.Info}
	entities := map[string]*Entity{}
	for _, s := range set.Main.Schemas {
		if !s.Ext.Kind.Set() {
			b.onlyOnEntities(s)
			continue
		}
		e := b.entity(s)
		g.Entities = append(g.Entities, e)
		entities[e.Name] = e
	}
	if len(g.Entities) == 0 && len(set.Problems()) == 0 {
		set.Report(
			spec.Pos{File: set.Main.File, Line: 1, Col: 1},
			"",
			spec.ErrNoEntities.Error(),
			"add x-mlmd-kind: context to a schema, for example",
		)
	}
	for _, p := range b.unions {
		b.checkUnion(p)
	}
	for _, p := range b.parents {
		b.link(p, entities)
	}
	for _, p := range b.relations {
		b.connect(p, entities)
	}
	for _, e := range g.Entities {
		b.checkEntity(e)
		b.checkEdges(e)
		b.checkREST(e, entities)
	}
	for _, t := range b.named {
		g.Types = append(g.Types, t)
	}
	slices.SortFunc(g.Types, func(a, b *Type) int { return cmp.Compare(a.Go, b.Go) })
	slices.SortFunc(g.Entities, func(a, b *Entity) int { return cmp.Compare(a.Name, b.Name) })
	b.constants()
	b.checkGraph(g)
	return g
}

type builder struct {
	set       *spec.Set
	named     map[*spec.Schema]*Type // enums, objects and unions that are used
	busy      map[*spec.Schema]bool  // schemas that are being resolved, to find $ref cycles
	owner     map[string]claimed     // the names of the model package, by file name
	consts    []claimed
	parents   []pending
	relations []pendingEdge
	unions    []pendingUnion
}

// pending is an edge whose parent is not resolved yet.
type pending struct {
	e      *Entity
	f      *Field
	parent spec.Word
}

func (b *builder) report(pos spec.Pos, path, msg, fix string) { b.set.Report(pos, path, msg, fix) }

func (b *builder) onlyOnEntities(s *spec.Schema) {
	for name, w := range map[string]spec.Word{"x-mlmd-type": s.Ext.Type, "x-mlmd-name": s.Ext.NameRule} {
		if w.Set() {
			b.report(w.Pos, s.Path, name+" is only valid on an entity", "add x-mlmd-kind, or remove it")
		}
	}
	for _, c := range s.Ext.Copies {
		b.report(c.Property.Pos, s.Path, "x-mlmd-copies is only valid on an entity", "add x-mlmd-kind, or remove it")
	}
	for _, x := range s.Ext.Edges {
		b.report(x.Pos, s.Path, "x-mlmd-edges is only valid on an entity", "add x-mlmd-kind, or remove it")
	}
	b.noREST(s, s.Path, "is only valid on an entity", "add x-mlmd-kind, or remove it")
}

func (b *builder) entity(s *spec.Schema) *Entity {
	e := &Entity{
		Name:     s.Name,
		TypeName: s.Name,
		Doc:      s.Doc,
		Kind:     kinds[s.Ext.Kind.Text],
		Obsolete: s.Deprecated,
		Pos:      s.Key,
	}
	e.Go = b.goName(s, s.Name)
	b.claim(e.Go, s)
	e.REST = b.entityREST(s)
	if s.Ext.Type.Set() {
		e.TypeName = s.Ext.Type.Text
	}
	flat := b.flatten(s)
	for _, p := range flat.props {
		f := b.field(e.Name, p, flat.required[p.Name])
		if f == nil {
			continue
		}
		b.slot(e, f, p)
		b.fieldREST(e, f, p)
		b.reference(e, f, p)
		e.Fields = append(e.Fields, f)
	}
	b.edges(e, s)
	b.unknownRequired(e.Name, flat)
	child := slices.ContainsFunc(b.parents, func(p pending) bool { return p.e == e })
	e.Prefixed = child && s.Ext.NameRule.Text != "plain"
	if !child && s.Ext.NameRule.Text == "prefixed" {
		b.report(
			s.Ext.NameRule.Pos,
			s.Path,
			"x-mlmd-name: prefixed without a parent",
			"add x-mlmd-parent to a property, or remove it",
		)
	}
	for _, c := range s.Ext.Copies {
		e.Copies = append(e.Copies, Copy{Property: c.Property.Text, From: c.From.Text})
	}
	slices.SortFunc(e.Copies, func(a, b Copy) int { return cmp.Compare(a.Property, b.Property) })
	return e
}

var kinds = map[string]Kind{"artifact": Artifact, "execution": Execution, "context": Context}

func (b *builder) unknownRequired(path string, f *flat) {
	var names []string
	for _, p := range f.props {
		names = append(names, p.Name)
	}
	for _, w := range f.words {
		if slices.Contains(names, w.Text) {
			continue
		}
		fix := "declare it, or remove it from required"
		if near := spec.Closest(w.Text, names); near != "" {
			fix = fmt.Sprintf("did you mean %s?", near)
		}
		b.report(w.Pos, path, "required names "+spec.Quote(w.Text)+", which is not a property", fix)
	}
}

func (b *builder) unsupported(s *spec.Schema) {
	for _, w := range s.Unsupported {
		b.refuse(s, w)
	}
}

func (b *builder) refuse(s *spec.Schema, keyword spec.Word) {
	b.report(keyword.Pos, s.Path, keyword.Text+" cannot be stored and checked in MLMD", nearest[keyword.Text])
}

var nearest = map[string]string{
	"oneOf":         "add a discriminator if all alternatives are objects; or make one property for each alternative",
	"anyOf":         "want oneOf with a discriminator if all alternatives are objects; or make one property for each",
	"not":           "say what is allowed: enum, pattern, minimum, maximum",
	"discriminator": "add oneOf with the schemas that it tells apart, or make a property of type string with an enum",
	"multipleOf":    "remove it, or check it in your own code",
	"uniqueItems":   "remove it, or use a map with additionalProperties",
	"maxProperties": "remove it",
	"minProperties": "remove it",
	"writeOnly":     "remove it: what is stored can be read",

	"$dynamicRef":           "want $ref",
	"if":                    "remove it, or check it in your own code",
	"then":                  "remove it, or check it in your own code",
	"else":                  "remove it, or check it in your own code",
	"dependentRequired":     "remove it, or check it in your own code",
	"dependentSchemas":      "remove it, or check it in your own code",
	"prefixItems":           "use an object with a property for each position",
	"contains":              "remove it, or check it in your own code",
	"minContains":           "remove it",
	"maxContains":           "remove it",
	"patternProperties":     "use additionalProperties",
	"propertyNames":         "remove it, or check it in your own code",
	"unevaluatedItems":      "remove it",
	"unevaluatedProperties": "want false, or additionalProperties",
}

// goName returns the Go name of a schema or property: x-go-name, or what
// follows from its name.
func (b *builder) goName(s *spec.Schema, from string) string {
	if s.Ext.GoName.Set() {
		name := s.Ext.GoName.Text
		if !exported.MatchString(name) {
			b.report(
				s.Ext.GoName.Pos,
				s.Path,
				"x-go-name "+spec.Quote(name)+" is not an exported Go name",
				"want letters and digits, the first a capital: CreateTime",
			)
			return ""
		}
		return name
	}
	name := GoName(from)
	if !exported.MatchString(name) {
		b.report(
			s.Key,
			s.Path,
			spec.Quote(from)+" does not give a Go name",
			"add x-go-name, letters and digits, the first a capital",
		)
		return ""
	}
	return name
}

// claimed is a Go name and the schema that it belongs to.
type claimed struct {
	name, path string
	schema     *spec.Schema
	at         spec.Pos
}

// claim reserves a Go name of the model package for s. Names that differ
// only in case conflict, because their files would.
func (b *builder) claim(name string, s *spec.Schema) {
	key := strings.ToLower(Snake(name))
	if name == "" {
		return // already reported
	}
	if other, ok := b.owner[key]; ok && other.schema != s {
		b.taken(name, s.Key, s.Path, other)
		return
	}
	b.owner[key] = claimed{name, s.Path, s, s.Key}
}

// claimConst reserves the name of a constant.
func (b *builder) claimConst(name string, w spec.Word, path string) {
	key := "const " + name
	if other, ok := b.owner[key]; ok {
		b.taken(name, w.Pos, path, other)
		return
	}
	b.owner[key] = claimed{name, path, nil, w.Pos}
	b.consts = append(b.consts, b.owner[key])
}

func (b *builder) taken(name string, at spec.Pos, path string, other claimed) {
	msg := "the Go name " + name + " is taken by " + other.path + " at " + other.at.String()
	if other.name != name {
		msg = "the Go name " + name + " is too much like " + other.name + " of " + other.path + " at " + other.at.String()
	}
	b.report(at, path, msg, "give one of them another x-go-name")
}

// constants reports constants that have the name of a type.
func (b *builder) constants() {
	for _, c := range b.consts {
		if other, ok := b.owner[strings.ToLower(Snake(c.name))]; ok && other.name == c.name {
			b.taken(c.name, c.at, c.path, other)
		}
	}
}

// link resolves the parent of an edge.
func (b *builder) link(p pending, entities map[string]*Entity) {
	path := p.e.Name + "." + p.f.Name
	parent := entities[p.parent.Text]
	switch {
	case parent == nil:
		var names []string
		for name, e := range entities {
			if e.Kind == Context {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		fix := OneOfOrNone(names)
		if near := spec.Closest(p.parent.Text, names); near != "" {
			fix = fmt.Sprintf("did you mean %s?", near)
		}
		b.report(p.parent.Pos, path, "the parent "+spec.Quote(p.parent.Text)+" is not an entity of this spec", fix)
	case parent.Kind != Context:
		b.report(
			p.parent.Pos,
			path,
			fmt.Sprintf("the parent %s is an %s", parent.Name, strings.ToLower(parent.Kind.String())),
			"only contexts have children in MLMD",
		)
	case p.e.Parent != nil:
		b.report(
			p.parent.Pos,
			path,
			"a second parent: "+p.e.Parent.Field.Name+" is one already",
			"keep one; a link to anything else is a property with its id",
		)
	default:
		p.e.Parent = &Edge{Parent: parent, Field: p.f, Optional: !p.f.Required}
	}
}

// OneOfOrNone returns the hint for a wrong parent: the names that are
// allowed, or how to add one.
func OneOfOrNone(names []string) string {
	if len(names) == 0 {
		return "declare an entity with x-mlmd-kind: context"
	}
	return spec.OneOf(names)
}
