package docs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// An edge is one line of the Edges section.
type edge struct {
	Symbol string // of package edge, such as TrainingRun.Inputs
	Other  *ir.Entity
	Stored string // Markdown
	Rules  string // Markdown; empty for an edge without rules
}

// edgesOf returns the edges of e: those that lead from it, and those that lead to it
// and have an inverse.
func edgesOf(e *ir.Entity) []edge {
	var out []edge
	for _, r := range e.Edges {
		for _, to := range r.To {
			x := edge{Symbol: e.Go + "." + r.Go, Other: to, Stored: kept(r), Rules: edgeRules(r)}
			if len(r.To) > 1 {
				x.Symbol += "." + to.Go
			}
			out = append(out, x)
		}
	}
	for _, r := range e.Inverses {
		out = append(out, edge{
			Symbol: e.Go + "." + r.Back, Other: r.From, Stored: "the inverse of " + code(r.From.Go+"."+r.Go),
		})
	}
	return out
}

// kept describes how an edge is stored.
func kept(r *ir.Relation) string {
	switch r.Kind {
	case ir.ParentRelation:
		return fmt.Sprintf("parent: %s, its ID is in %s", links[r.From.Kind], code(r.Field.Name))
	case ir.ReferenceRelation:
		return "its ID is in " + code(r.Field.Name)
	case ir.MembershipRelation:
		return links[r.From.Kind]
	}
	out := "an event of type " + code(r.Event)
	if r.Key != "" {
		out += ", key " + code(r.Key)
	}
	if r.Step != "" {
		out += ", and its " + r.Step
	}
	return out
}

// edgeRules describes how many neighbors an edge has.
func edgeRules(r *ir.Relation) string {
	var out []string
	if r.Required {
		out = append(out, "required")
	}
	if r.Linkable() && r.Max > 0 {
		out = append(out, fmt.Sprintf("at most %d", r.Max))
	}
	if r.Unique {
		out = append(out, "unique")
	}
	return strings.Join(out, ", ")
}

// links are how MLMD stores the parent of a node of each kind.
var links = map[ir.Kind]string{
	ir.Context: "a parent context", ir.Artifact: "an attribution", ir.Execution: "an association",
}

// Arrows returns the lines of the diagram that show edges: events in the direction
// of the data, children below their parents, and other edges dotted.
func (ix *index) Arrows() []string {
	var out []string
	for _, p := range ix.Pages {
		for _, r := range p.Entity.Edges {
			for _, to := range r.To {
				switch from := p.Go; {
				case r.Kind == ir.ParentRelation && r.Required:
					out = append(out, fmt.Sprintf("%s --> %s", to.Go, from))
				case r.Kind == ir.ParentRelation:
					out = append(out, fmt.Sprintf("%s -.-> %s", to.Go, from))
				case r.Kind == ir.EventRelation && strings.HasSuffix(r.Event, "INPUT"):
					out = append(out, fmt.Sprintf("%s == %s ==> %s", to.Go, label(r.Name), from))
				case r.Kind == ir.EventRelation:
					out = append(out, fmt.Sprintf("%s == %s ==> %s", from, label(r.Name), to.Go))
				default:
					out = append(out, fmt.Sprintf("%s -. %s .-> %s", from, label(r.Name), to.Go))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// label returns text as a quoted label of Mermaid.
func label(text string) string {
	return `"` + strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "`", "#96;").Replace(text) + `"`
}

// Node returns the entity in the diagram, in the shape of its kind.
func (p page) Node() string {
	shape := map[ir.Kind]string{ir.Context: "[%s]", ir.Artifact: "(%s)", ir.Execution: "{{%s}}"}[p.Kind]
	return p.Go + fmt.Sprintf(shape, label(p.Name))
}

// A fieldRow is one row of a table of fields. Its members are Markdown.
type fieldRow struct{ JSON, Go, Stored, Notes string }

func fieldRows(k ir.Kind, prefixed bool, fields []*ir.Field) []fieldRow {
	var out []fieldRow
	for _, f := range fields {
		notes := []string{}
		if words := flags(f); len(words) > 0 {
			notes = append(notes, "*"+strings.Join(words, ", ")+"*")
		}
		notes = append(notes, paragraphs(f.Doc)...)
		if f.Default != nil {
			notes = append(notes, "Default: "+code(f.Default.Text))
		}
		goType := code(f.GoType())
		if t := named(f.Type); t != nil {
			goType = "[" + goType + "](#" + anchor(t) + ")"
		}
		out = append(out, fieldRow{
			JSON: code(f.Name) + "<br>" + jsonType(f.Type), Go: code(f.Go) + "<br>" + goType,
			Stored: stored(f, k, prefixed), Notes: strings.Join(notes, "<br>"),
		})
	}
	return out
}

// flags returns what a field must be, or may not be.
func flags(f *ir.Field) []string {
	var out []string
	for _, w := range []struct {
		word string
		on   bool
	}{
		{"required", f.Required},
		{"nullable", f.Nullable},
		{"immutable", f.Immutable || f.Slot == ir.Name},
		{"set by the store", f.Slot == ir.ID || f.Slot == ir.CreateTime || f.Slot == ir.UpdateTime},
		{"deprecated", f.Deprecated},
	} {
		if w.on {
			out = append(out, w.word)
		}
	}
	return out
}

// jsonType returns the type of a value in JSON.
func jsonType(t *ir.Type) string {
	switch t.Basic {
	case ir.Int32, ir.Int64:
		return "integer"
	case ir.Double:
		return "number"
	case ir.Bool:
		return "boolean"
	case ir.Object, ir.Union, ir.Map, ir.JSON, ir.Values:
		return "object"
	case ir.List:
		return "array"
	case ir.IDString:
		return "string: an ID"
	case ir.Millis:
		return "string: milliseconds"
	case ir.DateTime:
		return "string: date-time"
	case ir.Date:
		return "string: date"
	case ir.UUID:
		return "string: UUID"
	case ir.Bytes:
		return "string: base64"
	}
	return "string"
}

// stored returns where a field is stored.
func stored(f *ir.Field, k ir.Kind, prefixed bool) string {
	attribute := map[ir.Slot]string{
		ir.ID: "id", ir.ExternalID: "external_id", ir.URI: "uri", ir.Name: "name", ir.State: "state",
		ir.CreateTime: "create_time_since_epoch", ir.UpdateTime: "last_update_time_since_epoch",
		ir.Custom: "custom_properties",
	}
	switch f.Slot {
	case ir.Property:
		out := "property " + code(f.Key) + "<br>" + string(f.Stored)
		if len(f.Aliases) > 0 {
			out += "<br>formerly " + codes(f.Aliases)
		}
		return out
	case ir.Parent:
		return links[k]
	case ir.Name:
		if prefixed {
			return "`name`<br>as `<parent ID>:<name>`"
		}
	case ir.State:
		if k == ir.Execution {
			return "`last_known_state`"
		}
	}
	return code(attribute[f.Slot])
}

// named returns the enum, object or union that a type is or holds, or nil.
func named(t *ir.Type) *ir.Type {
	for t.Elem != nil {
		t = t.Elem
	}
	if t.Basic == ir.Enum || t.Basic == ir.Object || t.Basic == ir.Union {
		return t
	}
	return nil
}

// namedTypes returns the enums, objects and unions that fields lead to, sorted by name.
func namedTypes(fields []*ir.Field) []*ir.Type {
	var out []*ir.Type
	var visit func(t *ir.Type)
	visitAll := func(fields []*ir.Field) {
		for _, f := range fields {
			visit(f.Type)
		}
	}
	visit = func(t *ir.Type) {
		if t = named(t); t == nil || slices.Contains(out, t) {
			return
		}
		out = append(out, t)
		visitAll(t.Fields)
		for _, v := range t.Variants {
			visit(v.Type)
		}
	}
	visitAll(fields)
	slices.SortFunc(out, func(a, b *ir.Type) int { return cmp.Compare(a.Go, b.Go) })
	return out
}

// heading returns the heading of the section of an enum, object or union; it begins
// with a word, so that no other section has the same.
func heading(t *ir.Type) string {
	switch t.Basic {
	case ir.Enum:
		return "Enum " + t.Go
	case ir.Union:
		return "Union " + t.Go
	}
	return "Object " + t.Go
}

// anchor returns the fragment that leads to the section of t.
func anchor(t *ir.Type) string { return strings.ToLower(strings.ReplaceAll(heading(t), " ", "-")) }

// rulesOf returns what is demanded of the values of fields, one line for each
// field that has rules.
func rulesOf(fields []*ir.Field) []string {
	var out []string
	for _, f := range fields {
		if rules := ruleTexts(f.Type, f.Rules); len(rules) > 0 {
			out = append(out, code(f.Name)+": "+strings.Join(rules, "; "))
		}
	}
	return out
}

func ruleTexts(t *ir.Type, r ir.Rules) []string {
	var out []string
	add := func(text string) {
		if text != "" {
			out = append(out, text)
		}
	}
	add(count(r.MinLength, r.MaxLength, "character"))
	if r.Pattern != "" {
		add("matches " + code(r.Pattern))
	}
	add(count(r.MinItems, r.MaxItems, "element"))
	if r.Minimum != "" {
		add(map[bool]string{true: "more than ", false: "at least "}[r.ExclusiveMin] + r.Minimum)
	}
	if r.Maximum != "" {
		add(map[bool]string{true: "less than ", false: "at most "}[r.ExclusiveMax] + r.Maximum)
	}
	switch t.Basic {
	case ir.Enum:
		texts := make([]string, len(t.Values))
		for i, v := range t.Values {
			texts[i] = v.Text
		}
		add("one of " + codes(texts))
	case ir.IDString:
		add("an ID in decimal digits")
	case ir.List, ir.Map:
		if elem := ruleTexts(t.Elem, t.Rules); len(elem) > 0 {
			each := map[ir.Basic]string{ir.List: "each element: ", ir.Map: "each value: "}[t.Basic]
			add(each + strings.Join(elem, "; "))
		}
	}
	return out
}

// count returns the text of a pair of limits, or "".
func count(low, high *int, noun string) string {
	plural := func(n int) string {
		if n == 1 {
			return fmt.Sprintf("%d %s", n, noun)
		}
		return fmt.Sprintf("%d %ss", n, noun)
	}
	switch {
	case low == nil && high == nil:
		return ""
	case low == nil:
		return "at most " + plural(*high)
	case high == nil:
		return "at least " + plural(*low)
	case *low == *high:
		return "exactly " + plural(*low)
	}
	return fmt.Sprintf("%d to %s", *low, plural(*high))
}

// copied says what a property repeats.
func copied(from string) string {
	return map[string]string{
		"name": "the name", "parent.name": "the name of the parent", "parent.id": "the ID of the parent",
	}[from]
}
