// Package restapi resolves the REST API of a spec, in each of its versions: its
// resources, what their JSON objects have, and its OpenAPI document.
package restapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// A Config describes the API as a whole.
type Config struct {
	Title    string
	Path     string   // that the versions are below: /api/model_registry
	Versions []string // from the newest to the oldest
	// TextIntegers are the versions in which integers are strings in JSON.
	TextIntegers []string
}

// An API is one version.
type API struct {
	Title, Version string
	Base           string // /api/model_registry/v1
	Successor      string // the Base of the newest version; empty if it is this one
	Resources      []*Resource
	Unions         []*Union
	Registrations  []*Registration
	TextIntegers   bool
}

// A Registration stores an entity, its parent and its children at once.
type Registration struct {
	Path           string
	Parent, Entity *Resource
	Children       []Part
}

// A Part is a list of children in a registration: those of a resource or of a
// union.
type Part struct{ Member, Of string }

// A Resource is an entity that the API serves.
type Resource struct {
	E          *ir.Entity
	Title      string // model version
	Singular   string // such as "model_version"; empty if the entity is served only below a parent
	Plural     string
	Operations []string // some of spec.Operations
	Children   []Child
	Union      *Union
	Fields     []*ir.Field // that the API shows
	Hidden     []string
	Create     []string
	Required   []string
	Update     []string
	References []*ir.Field
	Marks      []Mark
	HistoryOf  *Resource // whose history it is; may be nil
}

// A Mark is a custom property that repeats an ID of a parent.
type Mark struct {
	ir.Mark
	Parent *ir.Entity
	Shown  bool // as a member of the JSON object
}

// A Child says how a resource or a union is served below a parent.
type Child struct {
	Parent    *ir.Entity
	Path      string
	Operation string // RegisteredModelVersion: getRegisteredModelVersions, createRegisteredModelVersion
	Whole     bool
}

// A Union serves several resources under one path.
type Union struct {
	Name     string // Artifact
	Title    string
	Singular string
	Plural   string
	Member   string // artifactType
	Children []Child
	Members  []*Resource
}

// Build returns the versions of the API of g, the newest first. It reports what
// cannot be served.
func Build(g *ir.Graph, c Config, report func(at spec.Pos, path, msg, fix string)) []*API {
	b := &builder{report: report, config: c}
	b.versions(g)
	var out []*API
	for _, version := range c.Versions {
		out = append(out, b.api(g, version))
	}
	return out
}

type builder struct {
	config Config
	report func(at spec.Pos, path, msg, fix string)
	told   map[string]bool // what is reported for another version
}

// tell reports a mistake once, though it is found in each version.
func (b *builder) tell(at spec.Pos, path, msg, fix string) {
	if key := at.String() + msg; !b.told[key] {
		if b.told == nil {
			b.told = map[string]bool{}
		}
		b.told[key] = true
		b.report(at, path, msg, fix)
	}
}

// versions reports versions that the config does not have.
func (b *builder) versions(g *ir.Graph) {
	check := func(path string, words []spec.Word) {
		for _, w := range words {
			if !slices.Contains(b.config.Versions, w.Text) {
				b.tell(w.Pos, path, "x-rest-versions: the config has no version "+spec.Quote(w.Text), spec.OneOf(b.config.Versions))
			}
		}
	}
	for _, e := range g.Entities {
		check(e.Name, e.REST.Versions)
		for _, f := range e.Fields {
			check(e.Name+"."+f.Name, f.REST.Versions)
		}
	}
}

func (b *builder) api(g *ir.Graph, version string) *API {
	a := &API{
		Title: b.config.Title, Version: version, Base: b.config.Path + "/" + version,
		TextIntegers: slices.Contains(b.config.TextIntegers, version),
	}
	if version != b.config.Versions[0] {
		a.Successor = b.config.Path + "/" + b.config.Versions[0]
	}
	served := map[*ir.Entity]bool{}
	for _, e := range g.Entities {
		served[e] = !e.REST.Hidden && ir.In(e.REST.Versions, version)
	}
	for _, e := range g.Entities {
		if h := e.REST.History; h != nil {
			served[e] = served[e] && served[h.Of] && served[e.Parent.Parent]
		}
	}
	for _, e := range g.Entities {
		if served[e] {
			a.Resources = append(a.Resources, b.resource(a, e, served))
		}
	}
	slices.SortFunc(a.Unions, func(a, b *Union) int { return cmp.Compare(a.Name, b.Name) })
	b.relatives(a)
	b.paths(a)
	b.schemas(g, a)
	return a
}

// relatives resolves what resources have to do with each other: histories and
// registrations.
func (b *builder) relatives(a *API) {
	of := func(e *ir.Entity) *Resource {
		i := slices.IndexFunc(a.Resources, func(r *Resource) bool { return r.E == e })
		if i < 0 {
			return nil
		}
		return a.Resources[i]
	}
	for _, r := range a.Resources {
		if h := r.E.REST.History; h != nil {
			r.HistoryOf = of(h.Of)
			r.Union, r.Operations, r.Singular, r.Plural = nil, nil, "", ""
			r.Create, r.Required, r.Update, r.References = nil, nil, nil, nil
			for _, m := range r.HistoryOf.Marks {
				m.Shown = m.Shown && !slices.ContainsFunc(r.Fields, func(f *ir.Field) bool { return f.Name == m.Member })
				r.Marks = append(r.Marks, m)
			}
		}
	}
	for _, r := range a.Resources {
		path := r.E.REST.Register
		if path == "" {
			continue
		}
		if r.E.Parent == nil || of(r.E.Parent.Parent) == nil {
			b.tell(r.E.Pos, r.E.Name, "x-rest-register on an entity without a parent in the API", "remove it")
			continue
		}
		g := &Registration{Path: path, Parent: of(r.E.Parent.Parent), Entity: r}
		for _, u := range a.Unions {
			if slices.ContainsFunc(u.Children, func(c Child) bool { return c.Parent == r.E }) {
				g.Children = append(g.Children, Part{ir.Local(ir.GoName(u.Plural)), u.Name})
			}
		}
		for _, child := range a.Resources {
			if slices.ContainsFunc(child.Children, func(c Child) bool { return c.Parent == r.E }) && child.HistoryOf == nil {
				g.Children = append(g.Children, Part{ir.Local(ir.GoName(child.E.REST.Path)), child.E.Name})
			}
		}
		a.Registrations = append(a.Registrations, g)
	}
}

// Member returns the name of an entity as a member of a JSON object.
func (r *Resource) Member() string { return ir.Local(r.E.Go) }

func (b *builder) resource(a *API, e *ir.Entity, served map[*ir.Entity]bool) *Resource {
	r := &Resource{E: e, Title: words(e.REST.Singular), Operations: e.REST.Operations}
	if len(r.Operations) > 0 {
		r.Singular, r.Plural = e.REST.Singular, e.REST.Path
	}
	for _, f := range e.Fields {
		if f.REST.Hidden || !ir.In(f.REST.Versions, a.Version) {
			r.Hidden = append(r.Hidden, f.Name)
			continue
		}
		r.Fields = append(r.Fields, f)
		if f.Slot == ir.ID || f.Slot == ir.CreateTime || f.Slot == ir.UpdateTime {
			continue
		}
		r.Create = append(r.Create, f.Name)
		if f.Required {
			r.Required = append(r.Required, f.Name)
		}
		if f.Slot != ir.Name && !f.Immutable {
			r.Update = append(r.Update, f.Name)
		}
		if f.REST.Reference != nil && served[f.REST.Reference.Entity] {
			r.References = append(r.References, f)
		}
	}
	b.union(a, r)
	if p := e.Parent; p != nil && served[p.Parent] {
		b.child(r, p, p.Parent)
	}
	if p := e.Parent; p != nil {
		for _, also := range p.Field.REST.Also {
			if served[also.Parent] {
				b.child(r, p, also.Parent)
			}
			for _, m := range also.Marks {
				r.Marks = append(r.Marks, Mark{m, also.Parent, served[also.Parent]})
			}
		}
	}
	if p := e.Parent; p != nil && !p.Optional && slices.Contains(r.Hidden, p.Field.Name) &&
		(r.Has("create") || r.Union != nil) {
		b.tell(p.Field.Pos, e.Name+"."+p.Field.Name, "the parent is required and hidden, so no request can create it",
			"leave create out of x-rest-operations and the entity out of unions, or show the property")
	}
	return r
}

// child serves r, whose edge to its parent is p, below parent.
func (b *builder) child(r *Resource, p *ir.Edge, parent *ir.Entity) {
	rest := p.Field.REST.Child
	if h := r.E.REST.History; h != nil {
		r.Children = append(r.Children, Child{Parent: parent, Path: h.Path, Operation: ir.GoName(h.Path)})
		return
	}
	if r.Union != nil {
		c := Child{Parent: parent, Path: r.Union.Plural, Operation: parent.Name + r.Union.Name, Whole: true}
		if !slices.Contains(r.Union.Children, c) {
			r.Union.Children = append(r.Union.Children, c)
		}
		return
	}
	c := Child{Parent: parent, Path: cmp.Or(rest.Path, r.E.REST.Path), Whole: rest.Whole}
	c.Operation = cmp.Or(rest.Operation, parent.Name+ir.GoName(singular(c.Path, r.E)))
	r.Children = append(r.Children, c)
}

// singular returns the singular of the last segment of a path below a parent.
func singular(path string, e *ir.Entity) string {
	if path == e.REST.Path {
		return e.REST.Singular
	}
	if one, ok := strings.CutSuffix(path, "s"); ok {
		return one
	}
	return path
}

func (b *builder) union(a *API, r *Resource) {
	x := r.E.REST
	if x.Union == "" {
		return
	}
	i := slices.IndexFunc(a.Unions, func(u *Union) bool { return u.Name == x.Union })
	if i < 0 {
		i = len(a.Unions)
		name := ir.Snake(x.Union)
		a.Unions = append(a.Unions, &Union{
			Name: x.Union, Title: words(name), Singular: name, Plural: ir.Plural(name), Member: x.Member,
		})
	}
	u := a.Unions[i]
	r.Union = u
	for _, other := range u.Members {
		if other.E.REST.Value == x.Value {
			b.tell(x.UnionPos, r.E.Name, "the value "+spec.Quote(x.Value)+" in the union is already used by "+other.E.Name,
				"give one of them another value")
		}
	}
	if x.Member != u.Member {
		b.tell(x.UnionPos, r.E.Name,
			"the union "+u.Name+" has the member "+u.Member+" in "+u.Members[0].E.Name+", and "+x.Member+" here",
			"use one of them in all entities")
	}
	if slices.ContainsFunc(r.E.Fields, func(f *ir.Field) bool { return f.Name == x.Member }) {
		b.tell(x.UnionPos, r.E.Name, "the member "+x.Member+" of the union is a property of the entity", "name another one")
	}
	u.Members = append(u.Members, r)
}

// words returns a name in snake_case as it stands in a text.
func words(snake string) string { return strings.ReplaceAll(snake, "_", " ") }

// paths reports paths that two resources have.
func (b *builder) paths(a *API) {
	owner := map[string]string{}
	take := func(path, what string, at spec.Pos) {
		if other, ok := owner[path]; ok {
			msg := "the path " + path + " of the REST API is already used by " + other
			b.tell(at, what, msg, "give one of them another x-rest-path")
			return
		}
		owner[path] = what
	}
	for _, r := range a.Resources {
		if r.Plural == "" {
			continue
		}
		take(r.Singular, r.E.Name, r.E.REST.Pos)
		take(r.Plural, r.E.Name, r.E.REST.Pos)
	}
	for _, g := range a.Registrations {
		take(g.Path, g.Entity.E.Name, g.Entity.E.REST.Pos)
	}
	for _, u := range a.Unions {
		at := u.Members[0].E.REST.UnionPos
		take(u.Singular, "the union "+u.Name, at)
		take(u.Plural, "the union "+u.Name, at)
	}
	for _, r := range a.Resources {
		for _, c := range r.Children {
			take(c.Parent.REST.Path+"/{id}/"+c.Path, r.E.Name, r.E.REST.Pos)
			if r.HistoryOf != nil {
				take(c.Parent.REST.Path+"/"+c.Path, r.E.Name, r.E.REST.Pos)
			}
		}
		for _, f := range r.References {
			if p := f.REST.Reference.Path; p != "" {
				take(r.E.REST.Path+"/{id}/"+p, r.E.Name, f.Pos)
			}
		}
	}
}

// schemas reports entities and types of the spec whose schema in the document
// has the name of another.
func (b *builder) schemas(g *ir.Graph, a *API) {
	owner := map[string]string{}
	for _, name := range reserved {
		owner[name] = "the API itself"
	}
	take := func(name, what string, at spec.Pos) {
		if other, ok := owner[name]; ok && other != what {
			b.tell(at, what, "the schema "+name+" of the REST API is already used by "+other, "rename one of them")
		}
		owner[name] = what
	}
	for _, t := range g.Types {
		take(t.Go, t.Go, t.Pos)
	}
	for _, r := range a.Resources {
		for _, suffix := range []string{"", "Create", "Update", "List"} {
			take(r.E.Name+suffix, r.E.Name, r.E.Pos)
		}
	}
	for _, g := range a.Registrations {
		for _, suffix := range []string{"Registration", "Registered", "New"} {
			take(g.Entity.E.Name+suffix, g.Entity.E.Name, g.Entity.E.Pos)
		}
	}
	for _, u := range a.Unions {
		at := u.Members[0].E.REST.UnionPos
		for _, suffix := range []string{"", "Create", "Update", "List"} {
			take(u.Name+suffix, "the union "+u.Name, at)
		}
		take(queryEnum(u), "the union "+u.Name, at)
	}
}

// queryEnum is the schema of the query parameter that selects members of u.
func queryEnum(u *Union) string { return ir.GoName(u.Member) + "QueryParam" }

// Defaults returns the members with a default, and their defaults.
func (r *Resource) Defaults() (out [][2]string) {
	for _, f := range r.Fields {
		if f.REST.Default != "" {
			out = append(out, [2]string{f.Name, f.REST.Default})
		}
	}
	return out
}

// Ordered returns the pairs of times of which the second is not before the first.
func (r *Resource) Ordered() (out [][2]string) {
	for _, f := range r.Fields {
		if f.REST.NotBefore != "" && r.HistoryOf == nil {
			out = append(out, [2]string{f.REST.NotBefore, f.Name})
		}
	}
	return out
}

// Constants returns the member by which the entities of the union are told apart,
// and its value.
func (r *Resource) Constants() [][2]string {
	if r.HistoryOf != nil {
		return r.HistoryOf.Constants()
	}
	if r.Union == nil {
		return nil
	}
	return [][2]string{{r.Union.Member, r.E.REST.Value}}
}

// GeneratedName reports whether an entity may be created without a name.
func (r *Resource) GeneratedName() bool { return !r.E.Field(ir.Name).Required }

// Has reports whether the resource has an operation at the top level.
func (r *Resource) Has(operation string) bool { return slices.Contains(r.Operations, operation) }

// UpsertByName returns the entities of the union that have x-rest-upsert.
func (u *Union) UpsertByName() (out []string) {
	for _, r := range u.Members {
		if r.E.REST.Upsert {
			out = append(out, r.E.Name)
		}
	}
	return out
}

// String names the API in messages.
func (a *API) String() string { return fmt.Sprintf("%s %s", a.Title, a.Version) }
