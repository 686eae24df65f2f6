package ir

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// A RelationKind is how an edge is stored.
type RelationKind uint8

// The kinds. The names are those of package relation.
const (
	EventRelation RelationKind = iota + 1
	MembershipRelation
	ParentRelation
	ReferenceRelation
)

// String returns the name of the constant of package relation.
func (k RelationKind) String() string {
	return [...]string{"", "Event", "Membership", "Parent", "Reference"}[k]
}

// A Relation is an edge from an entity to one or more others: declared in
// x-mlmd-edges, its parent, or a reference by ID.
type Relation struct {
	Name     string // in the spec: inputs, or that of the field
	Go       string // Inputs
	Doc      string
	Kind     RelationKind
	Event    string // of an EventRelation: DECLARED_INPUT
	From     *Entity
	To       []*Entity // in spec order
	Field    *Field    // of a ParentRelation or ReferenceRelation
	Key      string
	Step     string // index, key, or empty
	Required bool
	Unique   bool
	Max      int    // 0 for no limit
	Inverse  string // the name of the edge back, or empty
	Back     string // its Go name
	Pos      spec.Pos
}

// Many reports whether an entity may have several neighbors along the edge.
func (r *Relation) Many() bool {
	switch r.Kind {
	case ParentRelation:
		return false
	case ReferenceRelation:
		return r.Field.Type.Basic == List
	}
	return r.Max != 1
}

// Linkable reports whether callers link the neighbors, rather than set a field.
func (r *Relation) Linkable() bool { return r.Kind == EventRelation || r.Kind == MembershipRelation }

// pendingEdge is an edge whose ends are not resolved yet.
type pendingEdge struct {
	r       *Relation
	to      []spec.Word
	inverse spec.Word
}

// edges adds the edges that the entity declares.
func (b *builder) edges(e *Entity, s *spec.Schema) {
	for _, x := range s.Ext.Edges {
		r := &Relation{
			Name: x.Name.Text, Go: GoName(x.Name.Text), Doc: x.Doc, From: e, Key: x.Key.Text, Step: x.Step.Text,
			Required: x.Required, Unique: x.Unique, Kind: EventRelation, Pos: x.Pos,
		}
		path := e.Name + "." + r.Name
		if x.Go.Set() {
			r.Go = x.Go.Text
		}
		if !exported.MatchString(r.Go) {
			b.report(x.Pos, path, spec.Quote(r.Name)+" does not give a Go name",
				"add go: with letters and digits, the first a capital")
		}
		if x.Max != nil {
			if r.Max = *x.Max; r.Max < 1 {
				b.report(x.Pos, path, fmt.Sprintf("max is %d", r.Max), "want at least 1")
			}
		}
		if x.Kind.Text == "member" {
			r.Kind = MembershipRelation
			for name, w := range map[string]spec.Word{"key": x.Key, "step": x.Step} {
				if w.Set() {
					b.report(w.Pos, path, name+" on a member edge", "remove it: only events have a path")
				}
			}
		} else {
			r.Event = strings.ToUpper(strings.ReplaceAll(x.Kind.Text, "-", "_"))
			if e.Kind != Execution {
				b.report(x.Kind.Pos, path, fmt.Sprintf("an edge of kind %s of %s", x.Kind.Text, withArticle(e.Kind)),
					"only executions have events: declare it there, with inverse: for the way back")
			}
		}
		e.Edges = append(e.Edges, r)
		b.relations = append(b.relations, pendingEdge{r, x.To, x.Inverse})
	}
}

func withArticle(k Kind) string {
	if k == Context {
		return "a context"
	}
	return "an " + strings.ToLower(k.String())
}

// reference adds the edge of a field with x-mlmd-reference.
func (b *builder) reference(e *Entity, f *Field, p *spec.Schema) {
	path := e.Name + "." + f.Name
	x := p.Ext
	if x.Inverse.Set() && !x.Parent.Set() && len(x.Reference) == 0 {
		b.report(x.Inverse.Pos, path, "x-mlmd-inverse without an edge", "add x-mlmd-reference or x-mlmd-parent, or remove it")
	}
	if len(x.Reference) == 0 {
		return
	}
	at := x.Reference[0].Pos
	one := f.Type.Basic == String || f.Type.Basic == IDString
	if f.Slot != Property || !one && !(f.Type.Basic == List && f.Type.Elem.Basic == String) {
		b.report(at, path, "x-mlmd-reference on "+f.Type.GoType()+", which holds no IDs",
			"want type: string, or an array of them, stored as a property")
		return
	}
	r := &Relation{
		Name: f.Name, Go: strings.TrimSuffix(strings.TrimSuffix(f.Go, "IDs"), "ID"), Doc: f.Doc,
		Kind: ReferenceRelation, From: e, Field: f, Required: f.Required, Pos: at,
	}
	if r.Go == "" {
		r.Go = f.Go
	}
	if !one && x.Inverse.Set() {
		b.report(x.Inverse.Pos, path, "x-mlmd-inverse of a list of IDs",
			"remove it: the store cannot search a list; an edge of kind member can be followed both ways")
	}
	e.Edges = append(e.Edges, r)
	b.relations = append(b.relations, pendingEdge{r, x.Reference, x.Inverse})
}

// parentRelation adds the edge to the parent of e.
func (b *builder) parentRelation(e *Entity, f *Field, parent, inverse spec.Word) {
	r := &Relation{
		Name: f.Name, Go: strings.TrimSuffix(f.Go, "ID"), Doc: f.Doc, Kind: ParentRelation, From: e, Field: f,
		Required: f.Required, Pos: f.Pos,
	}
	if r.Go == "" {
		r.Go = f.Go
	}
	e.Edges = append(e.Edges, r)
	b.relations = append(b.relations, pendingEdge{r, []spec.Word{parent}, inverse})
}

// connect resolves the ends of an edge.
func (b *builder) connect(p pendingEdge, entities map[string]*Entity) {
	r := p.r
	path := r.From.Name + "." + r.Name
	for _, w := range p.to {
		to := entities[w.Text]
		switch {
		case to == nil:
			if r.Kind != ParentRelation { // reported already
				b.entityNamed(path, "the edge", w, entities)
			}
			return
		case slices.Contains(r.To, to):
			b.report(w.Pos, path, to.Name+" is named twice", "keep one")
			continue
		case r.Kind == EventRelation && to.Kind != Artifact:
			b.report(w.Pos, path, fmt.Sprintf("an event with %s, which is %s", to.Name, withArticle(to.Kind)),
				"name an artifact: events are between executions and artifacts")
			return
		case r.Kind == MembershipRelation && to.Kind != Context:
			b.report(w.Pos, path, fmt.Sprintf("a member of %s, which is %s", to.Name, withArticle(to.Kind)),
				"name a context: only contexts have members")
			return
		case len(r.To) > 0 && r.To[0].Kind != to.Kind:
			b.report(w.Pos, path, fmt.Sprintf("%s is %s, and %s is %s", r.To[0].Name, withArticle(r.To[0].Kind), to.Name,
				withArticle(to.Kind)), "name entities of one kind: their IDs overlap with those of another")
			return
		}
		r.To = append(r.To, to)
	}
	if !p.inverse.Set() {
		return
	}
	r.Inverse, r.Back = p.inverse.Text, GoName(p.inverse.Text)
	if !exported.MatchString(r.Back) {
		b.report(p.inverse.Pos, path, "the inverse "+spec.Quote(r.Inverse)+" does not give a Go name",
			"want letters and digits, the first a letter")
		return
	}
	for _, to := range r.To {
		to.Inverses = append(to.Inverses, r)
	}
}

// checkEdges reports edges of e that cannot be told apart.
func (b *builder) checkEdges(e *Entity) {
	slices.SortFunc(e.Inverses, func(a, b *Relation) int {
		return cmp.Or(cmp.Compare(a.Back, b.Back), cmp.Compare(a.From.Name, b.From.Name), cmp.Compare(a.Name, b.Name))
	})
	if e.HasEdges() {
		b.claimConst(e.Go+Edges, spec.Word{Pos: e.Pos}, e.Name)
	}
	owner := map[string]*Relation{}
	claim := func(name string, r *Relation) {
		if other := owner[name]; other != nil && other != r {
			b.report(r.Pos, r.From.Name+"."+r.Name, fmt.Sprintf("%s has two edges of the Go name %s: the other is %s.%s at %s",
				e.Name, name, other.From.Name, other.Name, other.Pos), "give one of them another name or inverse")
			return
		}
		owner[name] = r
	}
	for _, r := range e.Edges {
		claim(r.Go, r)
	}
	for _, r := range e.Inverses {
		claim(r.Back, r)
	}
	for i, r := range e.Edges {
		for _, other := range e.Edges[:i] {
			if to := shared(r, other); to != nil {
				b.report(r.Pos, e.Name+"."+r.Name, fmt.Sprintf("it is stored like %s at %s, to %s", other.Name, other.Pos, to.Name),
					"give both a key, or make one of them another kind")
			}
		}
	}
}

// shared returns an entity that both edges lead to by links that cannot be told
// apart, or nil.
func shared(r, other *Relation) *Entity {
	if r.Kind != other.Kind || !r.Linkable() || r.Event != other.Event ||
		r.Key != "" && other.Key != "" && r.Key != other.Key {
		return nil
	}
	for _, to := range r.To {
		if slices.Contains(other.To, to) {
			return to
		}
	}
	return nil
}
