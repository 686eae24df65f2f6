package spec

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// EdgeKinds and EdgeSteps are what kind and step of an edge take.
var (
	EdgeKinds = []string{
		"input", "output", "declared-input", "declared-output", "internal-input", "internal-output", "pending-output",
		"member",
	}
	EdgeSteps = []string{"index", "key"}
)

// An Edge is one member of x-mlmd-edges.
type Edge struct {
	Name, Kind, Key, Step, Inverse, Go Word
	To                                 []Word
	Required, Unique                   bool
	Max                                *int
	Doc                                string
	Accepted                           []Acceptance
	Pos                                Pos
}

// same reports whether two edges say the same.
func (e Edge) same(f Edge) bool {
	return sameText(e.Name, f.Name) && sameText(e.Kind, f.Kind) && sameText(e.Key, f.Key) &&
		sameText(e.Step, f.Step) && sameText(e.Inverse, f.Inverse) && sameText(e.Go, f.Go) &&
		slices.EqualFunc(e.To, f.To, sameText) && e.Required == f.Required && e.Unique == f.Unique &&
		(e.Max == nil) == (f.Max == nil) && (e.Max == nil || *e.Max == *f.Max) && e.Doc == f.Doc
}

func decodeEdges(d *decoder, n *yaml.Node, e *Ext) {
	for key, value := range d.members(n) {
		edge := Edge{Name: Word{key.Value, d.pos(key)}, Pos: d.pos(key)}
		word := func(to *Word, want ...string) func(*yaml.Node) {
			return func(n *yaml.Node) { *to, _ = d.word(n, want) }
		}
		if d.only(value, map[string]func(*yaml.Node){
			"kind":        word(&edge.Kind, EdgeKinds...),
			"to":          func(n *yaml.Node) { edge.To = d.oneOrMore(n) },
			"key":         word(&edge.Key),
			"step":        word(&edge.Step, EdgeSteps...),
			"inverse":     word(&edge.Inverse),
			"go":          word(&edge.Go),
			"required":    func(n *yaml.Node) { edge.Required = d.boolean(n) },
			"unique":      func(n *yaml.Node) { edge.Unique = d.boolean(n) },
			"max":         func(n *yaml.Node) { edge.Max = d.integer(n) },
			"description": func(n *yaml.Node) { edge.Doc = d.text(n) },
			"accepted":    func(n *yaml.Node) { edge.Accepted = d.acceptances(n, false) },
		}, "kind", "to") && edge.Kind.Set() && len(edge.To) > 0 {
			e.Edges = append(e.Edges, edge)
		}
	}
}
