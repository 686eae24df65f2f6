package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A RESTExt holds the decoded x-rest-* extensions.
type RESTExt struct {
	Path        Word
	Operations  []Word
	HasOps      bool // x-rest-operations is present; it may be an empty list
	Union       *RESTUnion
	Upsert      bool
	Register    Word
	History     *RESTHistory
	Marks       []RESTMark
	Child       *RESTChild
	Reference   *RESTReference
	Default     Word
	NotBefore   Word
	Hidden      Word // of its value true
	APIVersions []Word
}

// A RESTUnion is the value of x-rest-union.
type RESTUnion struct {
	Name, Member, Value Word
	Pos                 Pos
}

// A RESTHistory is the value of x-rest-history.
type RESTHistory struct {
	Of, Path, Step Word
	Pos            Pos
}

func (h *RESTHistory) text() string {
	if h == nil {
		return ""
	}
	return fmt.Sprintf("%q %q %q", h.Of.Text, h.Path.Text, h.Step.Text)
}

// A RESTMark is one member in x-rest-also. Without members, an entity there has
// one RESTMark with no Member.
type RESTMark struct{ Parent, Member, Of Word }

func (m RESTMark) same(o RESTMark) bool {
	return sameText(m.Parent, o.Parent) && sameText(m.Member, o.Member) && sameText(m.Of, o.Of)
}

// A RESTChild is the value of x-rest-child.
type RESTChild struct {
	Path, Operation Word
	Whole           bool
	Pos             Pos
}

func (c *RESTChild) text() string {
	if c == nil {
		return ""
	}
	return fmt.Sprintf("%q %q %t", c.Path.Text, c.Operation.Text, c.Whole)
}

// A RESTReference is the value of x-rest-reference.
type RESTReference struct {
	Path, NewestOf Word
	Refuse         []RESTRefusal
	Pos            Pos
}

// A RESTRefusal is one member of refuse in x-rest-reference.
type RESTRefusal struct {
	Property, Message Word
	Only, Except      []Word
}

func (r *RESTReference) text() string {
	if r == nil {
		return ""
	}
	out := fmt.Sprintf("%q %q", r.Path.Text, r.NewestOf.Text)
	for _, no := range r.Refuse {
		out += fmt.Sprintf(" %q %q", no.Property.Text, no.Message.Text)
		for _, w := range slices.Concat(no.Only, no.Except) {
			out += fmt.Sprintf(" %q", w.Text)
		}
	}
	return out
}

// restExtensions are the rows of the table of extensions for REST APIs.
func restExtensions(word wordDecoder) []Extension {
	return []Extension{
		{
			Name: "x-rest-path", Where: OnEntity, Form: "a path segment", Example: "people",
			Doc: "The path of the entity's collection in a REST API. The default is the plural of its name in " +
				"snake_case.",
			decode: func(d *decoder, n *yaml.Node, e *Ext) { e.REST.Path = d.segment(n) },
			value:  segmentSchema,
		},
		{
			Name: "x-rest-operations", Where: OnEntity, Form: "a list of " + strings.Join(Operations, ", "),
			Example: "[find, get]",
			Doc: "The operations of a REST API that the entity has at the top level. The default is all of them. " +
				"With an empty list, only its parent or its union serves it.",
			decode: decodeOperations,
			value:  listOf(enumOf(Operations)),
		},
		{
			Name: "x-rest-union", Where: OnEntity, Form: "a map with name and member, and optionally value",
			Example: "{name: Artifact, member: kind, value: report}",
			Doc: "Serves the entity also in a union of this name, beside other entities and under a path of the " +
				"union's own. In JSON, the entity has one more member, by which they are told apart. Its value is " +
				"`value`, by default the name of the entity in kebab-case.",
			decode: decodeUnion,
			value:  object(members{"name": nonEmpty, "member": nonEmpty, "value": nonEmpty}, "name", "member"),
		},
		{
			Name: "x-rest-upsert", Where: OnEntity, Form: "true or false", Example: "true",
			Doc: "POST of the entity below a parent, in its union, updates the one of that name if there is one. The " +
				"default is false: the name is taken.",
			decode: func(d *decoder, n *yaml.Node, e *Ext) { e.REST.Upsert = d.boolean(n) },
			value:  boolean,
		},
		{
			Name: "x-rest-register", Where: OnEntity, Form: "a path segment", Example: "register",
			Doc: "POST of this path stores the entity, its parent and its children in one transaction. Those that " +
				"exist are updated. The members of the request are the entities in camelCase, in the singular for the " +
				"parent and the entity, in the plural for the children.",
			decode: func(d *decoder, n *yaml.Node, e *Ext) { e.REST.Register = d.segment(n) },
			value:  segmentSchema,
		},
		{
			Name: "x-rest-history", Where: OnEntity, Form: "a map with of and path, and optionally step",
			Example: "{of: Metric, path: metric_history, step: step}",
			Doc: "The entity is the history of the entity `of`: each write of that one through a REST API, below a " +
				"parent of the kind that the history has, also stores one of the history, with the same properties and " +
				"the name `<name>__<milliseconds>`. GET of `path`, below a parent or below all of them, lists it; the " +
				"query parameter `name` restricts it to one name, and one named after the integer property `step` to " +
				"some of its values.",
			decode: decodeHistory,
			value:  object(members{"of": nonEmpty, "path": segmentSchema, "step": nonEmpty}, "of", "path"),
		},
		{
			Name: "x-rest-hidden", Where: OnEntity | OnProperty, Form: "true or false", Example: "true",
			Doc: "A REST API does not have the entity, or the property. A required property can only be hidden if it " +
				"holds the parent, which the path names.",
			decode: func(d *decoder, n *yaml.Node, e *Ext) {
				if d.boolean(n) {
					e.REST.Hidden = Word{"true", d.pos(n)}
				}
			},
			value: boolean,
		},
		{
			Name: "x-rest-versions", Where: OnEntity | OnProperty, Form: "a list of versions", Example: "[v1]",
			Doc: "The versions of a REST API that have the entity or the property. The default is all versions that " +
				"the config names.",
			decode: func(d *decoder, n *yaml.Node, e *Ext) { e.REST.APIVersions = d.words(n) },
			value:  listOf(nonEmpty),
		},
		{
			Name: "x-rest-child", Where: OnProperty, Form: "a map with path, operation and whole, all optional",
			Example: "{path: versions}",
			Doc: "How a REST API serves the entity below the parent whose ID the property holds. `path` is the last " +
				"segment, by default the path of the entity. `operation` is its name in the operation IDs, by " +
				"default made of the two. With `whole: true`, POST takes an entity as GET returns it: one with an ID " +
				"is updated.",
			decode: decodeChild,
			value:  object(members{"path": segmentSchema, "operation": nonEmpty, "whole": boolean}),
		},
		{
			Name: "x-rest-also", Where: OnProperty, Form: "a map from entities to maps of names",
			Example: "{ExperimentRun: {experimentRunId: id}}",
			Doc: "On the property with the parent's ID: the contexts that may be the parent instead, below which a REST " +
				"API serves the entity too. Each is a map of members that repeat an ID of that parent, such as its `id`. " +
				"They are stored as custom properties with the names in snake_case, and shown as members where the API " +
				"has the parent.",
			decode: decodeAlso,
			value:  mapOf(mapOf(nonEmpty)),
		},
		{
			Name: "x-rest-reference", Where: OnProperty, Form: "a map with path, newestOf and refuse, each optional",
			Example: "{path: version}",
			Doc: "Beside an x-mlmd-reference to one entity: how a REST API serves it. With `path`, it is a last segment " +
				"below the entity that has the property. `newestOf` names another such property: if this " +
				"one is unset, the path serves the newest child of the entity in the other one. `refuse` maps custom " +
				"properties of the referenced entity to the texts that they may have, `except`, or must not have, " +
				"`only`, and to the `message` that a request with another one gets.",
			decode: decodeReference,
			value: object(members{
				"path": segmentSchema, "newestOf": nonEmpty,
				"refuse": mapOf(object(members{
					"only": listOf(text), "except": listOf(text), "message": nonEmpty,
				}, "message")),
			}),
		},
		{
			Name: "x-rest-not-before", Where: OnProperty, Form: "the name of a property", Example: "startTimeSinceEpoch",
			Doc: "A REST API refuses an entity whose time in this property is before that in the other one, of " +
				"format epoch-millis both.",
			decode: word(func(e *Ext) *Word { return &e.REST.NotBefore }),
			value:  nonEmpty,
		},
		{
			Name: "x-rest-default", Where: OnProperty, Form: "a string", Example: "UNKNOWN",
			Doc: "The value that a REST API stores if a request to create an entity lacks the property, and shows if a " +
				"stored entity lacks it. Without it, the `default` of the property applies, if any.",
			decode: word(func(e *Ext) *Word { return &e.REST.Default }),
			value:  nonEmpty,
		},
	}
}

var segment = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// segment decodes a segment of a path.
func (d *decoder) segment(n *yaml.Node) Word {
	w, ok := d.word(n, nil)
	if ok && !segment.MatchString(w.Text) {
		d.problem(n, d.key+" "+Quote(w.Text)+" is not a segment of a path", "want letters, digits, _ and -")
		return Word{}
	}
	return w
}

func decodeOperations(d *decoder, n *yaml.Node, e *Ext) {
	e.REST.HasOps = true
	for _, item := range d.items(n) {
		if w, ok := d.word(item, Operations); ok {
			e.REST.Operations = append(e.REST.Operations, w)
		}
	}
}

func decodeUnion(d *decoder, n *yaml.Node, e *Ext) {
	u := &RESTUnion{Pos: d.pos(n)}
	if d.only(n, map[string]func(*yaml.Node){
		"name":   func(n *yaml.Node) { u.Name, _ = d.word(n, nil) },
		"member": func(n *yaml.Node) { u.Member, _ = d.word(n, nil) },
		"value":  func(n *yaml.Node) { u.Value, _ = d.word(n, nil) },
	}, "name", "member") {
		e.REST.Union = u
	}
}

func decodeChild(d *decoder, n *yaml.Node, e *Ext) {
	c := &RESTChild{Pos: d.pos(n)}
	if d.only(n, map[string]func(*yaml.Node){
		"path":      func(n *yaml.Node) { c.Path = d.segment(n) },
		"operation": func(n *yaml.Node) { c.Operation, _ = d.word(n, nil) },
		"whole":     func(n *yaml.Node) { c.Whole = d.boolean(n) },
	}) {
		e.REST.Child = c
	}
}

func decodeReference(d *decoder, n *yaml.Node, e *Ext) {
	r := &RESTReference{Pos: d.pos(n)}
	if d.only(n, map[string]func(*yaml.Node){
		"path":     func(n *yaml.Node) { r.Path = d.segment(n) },
		"newestOf": func(n *yaml.Node) { r.NewestOf, _ = d.word(n, nil) },
		"refuse":   func(n *yaml.Node) { r.Refuse = decodeRefusals(d, n) },
	}) {
		e.REST.Reference = r
	}
}

func decodeRefusals(d *decoder, n *yaml.Node) (out []RESTRefusal) {
	for key, value := range d.members(n) {
		no := RESTRefusal{Property: Word{key.Value, d.pos(key)}}
		if d.only(value, map[string]func(*yaml.Node){
			"only":    func(n *yaml.Node) { no.Only = d.words(n) },
			"except":  func(n *yaml.Node) { no.Except = d.words(n) },
			"message": func(n *yaml.Node) { no.Message, _ = d.word(n, nil) },
		}, "message") {
			out = append(out, no)
		}
	}
	return out
}

func decodeHistory(d *decoder, n *yaml.Node, e *Ext) {
	h := &RESTHistory{Pos: d.pos(n)}
	if d.only(n, map[string]func(*yaml.Node){
		"of":   func(n *yaml.Node) { h.Of, _ = d.word(n, nil) },
		"path": func(n *yaml.Node) { h.Path = d.segment(n) },
		"step": func(n *yaml.Node) { h.Step, _ = d.word(n, nil) },
	}, "of", "path") {
		e.REST.History = h
	}
}

func decodeAlso(d *decoder, n *yaml.Node, e *Ext) {
	for key, value := range d.members(n) {
		parent := Word{key.Value, d.pos(key)}
		before := len(e.REST.Marks)
		for member, of := range d.members(value) {
			if w, ok := d.word(of, nil); ok {
				e.REST.Marks = append(e.REST.Marks, RESTMark{parent, Word{member.Value, d.pos(member)}, w})
			}
		}
		if len(e.REST.Marks) == before {
			e.REST.Marks = append(e.REST.Marks, RESTMark{Parent: parent})
		}
	}
}
