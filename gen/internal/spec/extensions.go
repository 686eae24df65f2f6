package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Place is a set of places where an extension is allowed.
type Place uint8

// The places of extensions.
const (
	OnEntity   Place = 1 << iota // a schema in components.schemas
	OnProperty                   // a property of one
)

// String describes the places.
func (p Place) String() string {
	switch p {
	case OnEntity:
		return "a schema of components.schemas"
	case OnProperty:
		return "a property"
	default:
		return "a schema of components.schemas, or a property"
	}
}

// An Extension is one row of the table of keywords that begin with x-: it
// decodes, validates and documents the keyword.
type Extension struct {
	Name    string
	Where   Place
	Form    string // a description of the value, such as "one of artifact, …"
	Doc     string
	Example string
	decode  func(d *decoder, n *yaml.Node, e *Ext)
	value   jsonSchema // of the value
}

// An Ext holds the decoded extensions of one schema or property. Members of
// absent extensions are empty.
type Ext struct {
	Kind         Word
	Type         Word
	Copies       []Copy
	NameRule     Word
	Store        Word
	Property     Word
	PropertyType Word
	Parent       Word
	Immutable    bool
	RenamedFrom  []Word
	Edges        []Edge
	Reference    []Word
	Inverse      Word
	GoName       Word
	Accepted     []Acceptance
	REST         RESTExt
}

func sameText(a, b Word) bool { return a.Text == b.Text }

// Difference returns an extension in which x and y differ, or "".
func (x Ext) Difference(y Ext) string {
	copies := func(e Ext) (out []string) {
		for _, c := range e.Copies {
			out = append(out, c.Property.Text, c.From.Text)
		}
		return out
	}
	names := func(e Ext) (out []string) {
		for _, w := range e.RenamedFrom {
			out = append(out, w.Text)
		}
		return out
	}
	for _, d := range []struct {
		name   string
		differ bool
	}{
		{"x-mlmd-kind", x.Kind.Text != y.Kind.Text},
		{"x-mlmd-type", x.Type.Text != y.Type.Text},
		{"x-mlmd-copies", !slices.Equal(copies(x), copies(y))},
		{"x-mlmd-name", x.NameRule.Text != y.NameRule.Text},
		{"x-mlmd-store", x.Store.Text != y.Store.Text},
		{"x-mlmd-property", x.Property.Text != y.Property.Text},
		{"x-mlmd-property-type", x.PropertyType.Text != y.PropertyType.Text},
		{"x-mlmd-parent", x.Parent.Text != y.Parent.Text},
		{"x-mlmd-immutable", x.Immutable != y.Immutable},
		{"x-mlmd-renamed-from", !slices.Equal(names(x), names(y))},
		{"x-mlmd-edges", !slices.EqualFunc(x.Edges, y.Edges, Edge.same)},
		{"x-mlmd-reference", !slices.EqualFunc(x.Reference, y.Reference, sameText)},
		{"x-mlmd-inverse", x.Inverse.Text != y.Inverse.Text},
		{"x-go-name", x.GoName.Text != y.GoName.Text},
		{"x-rest-register", x.REST.Register.Text != y.REST.Register.Text},
		{"x-rest-history", x.REST.History.text() != y.REST.History.text()},
		{"x-rest-also", !slices.EqualFunc(x.REST.Marks, y.REST.Marks, RESTMark.same)},
		{"x-rest-child", x.REST.Child.text() != y.REST.Child.text()},
		{"x-rest-reference", x.REST.Reference.text() != y.REST.Reference.text()},
		{"x-rest-not-before", x.REST.NotBefore.Text != y.REST.NotBefore.Text},
		{"x-rest-default", x.REST.Default.Text != y.REST.Default.Text},
		{"x-rest-hidden", x.REST.Hidden.Set() != y.REST.Hidden.Set()},
		{"x-rest-versions", !slices.EqualFunc(x.REST.APIVersions, y.REST.APIVersions, sameText)},
	} {
		if d.differ {
			return d.name
		}
	}
	return ""
}

// A Word is a string with its place.
type Word struct {
	Text string
	Pos  Pos
}

// Set reports whether the word is present.
func (w Word) Set() bool { return w.Pos.Line > 0 }

// A Copy is a declared property that repeats a name or an ID.
type Copy struct{ Property, From Word }

// Kinds, Stores, PropertyTypes, CopySources and NameRules are what the
// extensions of these names take.
var (
	Kinds  = []string{"artifact", "execution", "context"}
	Stores = []string{
		"property",
		"custom",
		"id",
		"name",
		"external_id",
		"uri",
		"state",
		"create_time",
		"update_time",
	}
	PropertyTypes = []string{"INT", "DOUBLE", "STRING", "BOOLEAN", "STRUCT"}
	CopySources   = []string{"name", "parent.name", "parent.id"}
	NameRules     = []string{"prefixed", "plain"}
	Operations    = []string{"find", "list", "create", "get", "update"}
)

// A wordDecoder returns the decoder of an extension that is one word.
type wordDecoder func(at func(*Ext) *Word, want ...string) func(*decoder, *yaml.Node, *Ext)

// Extensions returns the table, in the order of the documentation.
func Extensions() []Extension {
	var word wordDecoder = func(at func(*Ext) *Word, want ...string) func(*decoder, *yaml.Node, *Ext) {
		return func(d *decoder, n *yaml.Node, e *Ext) {
			if w, ok := d.word(n, want); ok {
				*at(e) = w
			}
		}
	}
	return append([]Extension{
		{
			Name: "x-mlmd-kind", Where: OnEntity, Form: oneOf(Kinds), Example: "context",
			Doc: "Makes the schema an entity, stored as this kind of MLMD node. Schemas without it are building " +
				"blocks.",
			decode: decodeKind,
			value:  enumOf(Kinds),
		},
		{
			Name: "x-mlmd-type", Where: OnEntity, Form: "a string", Example: "kf.ModelVersion",
			Doc:    "The name of the MLMD type. The default is the name of the schema.",
			decode: word(func(e *Ext) *Word { return &e.Type }),
			value:  nonEmpty,
		},
		{
			Name: "x-mlmd-name", Where: OnEntity, Form: oneOf(NameRules), Example: "plain",
			Doc: "How the name is stored. MLMD requires names to be unique within a type, so the name of a " +
				"child is stored as `<parent ID>:<name>` (`prefixed`, the default for an entity with a parent; " +
				"a random UUID replaces a missing parent). `plain` stores the name without a prefix, so it is " +
				"unique within the type.",
			decode: word(func(e *Ext) *Word { return &e.NameRule }, NameRules...),
			value:  enumOf(NameRules),
		},
		{
			Name: "x-mlmd-copies", Where: OnEntity, Form: "a map from property names to " + oneOf(CopySources),
			Example: "{version: name}",
			Doc: "Declared properties that repeat the entity's name, or its parent's name or ID, for filters " +
				"and other readers of the store. They are written but not read, and are not fields.",
			decode: decodeCopies,
			value:  mapOf(enumOf(CopySources)),
		},
		{
			Name: "x-mlmd-store", Where: OnProperty, Form: oneOf(Stores), Example: "uri",
			Doc: "Where the property is stored. `property`, the default: in a property that the MLMD type " +
				"declares. `custom`: the map of custom properties, of which an entity has at most one. The " +
				"others are attributes of the node; only artifacts have a `uri`, and only artifacts and " +
				"executions have a `state`.",
			decode: word(func(e *Ext) *Word { return &e.Store }, Stores...),
			value:  enumOf(Stores),
		},
		{
			Name: "x-mlmd-property", Where: OnProperty, Form: "a string", Example: "model_format_name",
			Doc:    "The name of the declared property. The default is the property's name in snake_case.",
			decode: word(func(e *Ext) *Word { return &e.Property }),
			value:  nonEmpty,
		},
		{
			Name: "x-mlmd-property-type", Where: OnProperty, Form: oneOf(PropertyTypes), Example: "INT",
			Doc: "The declared type of the property. The default follows from the schema (string: STRING; " +
				"integer: INT; number: DOUBLE; boolean: BOOLEAN; array and object: STRUCT). A string that is " +
				"stored as INT is an ID in decimal digits.",
			decode: word(func(e *Ext) *Word { return &e.PropertyType }, PropertyTypes...),
			value:  enumOf(PropertyTypes),
		},
		{
			Name: "x-mlmd-parent", Where: OnProperty, Form: "the name of a context entity", Example: "RegisteredModel",
			Doc: "The property holds the ID of this parent. It is stored as a link (a context's parent context, " +
				"an artifact's attribution, an execution's association) and as the prefix of the name. The " +
				"parent is optional unless the property is in `required`.",
			decode: word(func(e *Ext) *Word { return &e.Parent }),
			value:  nonEmpty,
		},
		{
			Name: "x-mlmd-immutable", Where: OnProperty, Form: "true or false", Example: "true",
			Doc:    "The value cannot change once it is stored. Names and parents are always immutable.",
			decode: func(d *decoder, n *yaml.Node, e *Ext) { e.Immutable = d.boolean(n) },
			value:  boolean,
		},
		{
			Name: "x-mlmd-renamed-from", Where: OnProperty, Form: "a property name, or a list of them", Example: "model_format",
			Doc: "Former names of the declared property, from the oldest to the latest. They are read if the " +
				"present name is absent. A write uses the latest name that the stored type declares, and also " +
				"updates the former names that the stored entity has, so that older programs see it. An integer " +
				"may have become a number. registry.MigrateAll moves all values to the present name, which " +
				"older programs do not read.",
			decode: decodeRenamedFrom,
			value:  oneOrMany,
		},
		{
			Name: "x-mlmd-edges", Where: OnEntity, Form: "a map from names to edges",
			Example: "{inputs: {kind: input, to: DataSet}}",
			Doc: "Edges to other entities that are stored beside the entity, not in it. `kind` is " + oneOf(EdgeKinds) +
				": the type of the event between an execution and an artifact, or, for `member`, the membership of an " +
				"artifact, an execution or a context in contexts, besides its parent. `to` names the entity at the other " +
				"end, or several. `inverse` names the edge back, from there. `key` is the first step of the path of an " +
				"event and tells edges of one kind apart; `step` is its last step: `index`, the position of the neighbor, " +
				"or `key`, a text of the caller's. `required` edges have at least one neighbor, `max` limits how many, " +
				"and a `unique` neighbor has one such edge. `description` and `go` are the comment and the name in Go, " +
				"`accepted` is an x-mlmd-accepted.",
			decode: decodeEdges,
			value:  edgesSchema(),
		},
		{
			Name: "x-mlmd-reference", Where: OnProperty, Form: "the name of an entity, or a list of them",
			Example: "ModelVersion",
			Doc: "The property holds the ID, or a list of IDs, of such entities, which must be of one kind. A write of an " +
				"ID that does not exist or belongs to another entity is refused. Deleting is not something that MLMD can do, " +
				"so an ID that was stored stays valid.",
			decode: func(d *decoder, n *yaml.Node, e *Ext) { e.Reference = d.oneOrMore(n) },
			value:  oneOrMany,
		},
		{
			Name: "x-mlmd-inverse", Where: OnProperty, Form: "a name", Example: "versions",
			Doc: "Beside x-mlmd-parent or x-mlmd-reference: the name of the edge back, from the parent or from the " +
				"entity that is referred to.",
			decode: word(func(e *Ext) *Word { return &e.Inverse }),
			value:  nonEmpty,
		},
		{
			Name: "x-go-name", Where: OnEntity | OnProperty, Form: "an exported Go name", Example: "CreateTime",
			Doc:    "The name in Go. The default follows from the name in the spec.",
			decode: word(func(e *Ext) *Word { return &e.GoName }),
			value:  goNameSchema,
		},
		{
			Name: "x-mlmd-accepted", Where: OnEntity | OnProperty, Form: "a list of accepted changes",
			Example: "[{rule: FIELD_NOT_NEWLY_REQUIRED, since: 2026-12-01, reason: every program sets it}]",
			Doc: "Breaking changes of this declaration that are meant: `gen breaking` reports what the rule finds here as " +
				"accepted, and does not fail. `since` is the date of the decision. Once the old spec has the same entry it is " +
				"history: it accepts nothing new, and may stay or be removed. What is gone has no declaration: such a change " +
				"is accepted in the file accepted.yaml beside the spec, whose entries also have a `path`. " +
				"[breaking.md](breaking.md#accepting-a-break) has examples.",
			decode: func(d *decoder, n *yaml.Node, e *Ext) { e.Accepted = d.acceptances(n, false) },
			value:  acceptedSchema,
		},
	}, restExtensions(word)...)
}

func oneOf(names []string) string { return "one of " + strings.Join(names, ", ") }

// decodeKind treats an invalid kind as context, so that other errors of the
// entity are found too.
func decodeKind(d *decoder, n *yaml.Node, e *Ext) {
	w, ok := d.word(n, Kinds)
	if !ok {
		w = Word{"context", d.pos(n)}
	}
	e.Kind = w
}

func decodeCopies(d *decoder, n *yaml.Node, e *Ext) {
	for key, value := range d.members(n) {
		if w, ok := d.word(value, CopySources); ok {
			e.Copies = append(e.Copies, Copy{Property: Word{key.Value, d.pos(key)}, From: w})
		}
	}
}

func decodeRenamedFrom(d *decoder, n *yaml.Node, e *Ext) { e.RenamedFrom = d.oneOrMore(n) }

// oneOrMore decodes a string or a list of strings.
func (d *decoder) oneOrMore(n *yaml.Node) (out []Word) {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	for _, n := range nodes {
		if w, ok := d.word(n, nil); ok {
			out = append(out, w)
		}
	}
	return out
}

// only decodes the members of a mapping that has no others, and reports whether
// it has all that are required.
func (d *decoder) only(n *yaml.Node, decode map[string]func(*yaml.Node), required ...string) bool {
	known := slices.Sorted(maps.Keys(decode))
	var found []string
	for key, value := range d.members(n) {
		f := decode[key.Value]
		if f == nil {
			d.problem(key, d.key+" has no member "+Quote(key.Value), OneOf(known))
			continue
		}
		found = append(found, key.Value)
		f(value)
	}
	for _, name := range required {
		if !slices.Contains(found, name) {
			if n.Kind == yaml.MappingNode { // otherwise it is reported already
				d.problem(n, d.key+" lacks "+name, "want "+strings.Join(required, " and "))
			}
			return false
		}
	}
	return n.Kind == yaml.MappingNode
}

// extension decodes one x-* keyword into e.
func (d *decoder) extension(key, value *yaml.Node, e *Ext) {
	d.now = true // a schema with a mistake in its extensions may be meant to be an entity
	defer func() { d.now = false }()
	var names []string
	for _, x := range d.table {
		if x.Name == key.Value {
			if d.place&x.Where == 0 {
				d.problem(key, key.Value+" does not belong here", "it belongs on "+x.Where.String())
				return
			}
			x.decode(d, value, e)
			return
		}
		names = append(names, x.Name)
	}
	if !strings.HasPrefix(key.Value, "x-mlmd-") && !strings.HasPrefix(key.Value, "x-rest-") {
		return // an extension of another tool
	}
	fix := OneOf(names)
	if near := Closest(key.Value, names); near != "" {
		fix = fmt.Sprintf("did you mean %s?", near)
	}
	d.problem(key, "unknown extension "+Quote(key.Value), fix)
}
