package spec

import (
	"fmt"
	"maps"
	"regexp"
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
	GoName       Word
	REST         RESTExt
}

// A RESTExt holds the decoded x-rest-* extensions.
type RESTExt struct {
	Path        Word
	Operations  []Word
	HasOps      bool // x-rest-operations is present; it may be an empty list
	Union       *RESTUnion
	Upsert      bool
	Child       *RESTChild
	Reference   *RESTReference
	Default     Word
	Hidden      Word // of its value true
	APIVersions []Word
}

// A RESTUnion is the value of x-rest-union.
type RESTUnion struct {
	Name, Member, Value Word
	Pos                 Pos
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
	Entity, Path, NewestOf Word
	Pos                    Pos
}

func (r *RESTReference) text() string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("%q %q %q", r.Entity.Text, r.Path.Text, r.NewestOf.Text)
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
		{"x-go-name", x.GoName.Text != y.GoName.Text},
		{"x-rest-child", x.REST.Child.text() != y.REST.Child.text()},
		{"x-rest-reference", x.REST.Reference.text() != y.REST.Reference.text()},
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

// Extensions returns the table, in the order of the documentation.
func Extensions() []Extension {
	word := func(at func(*Ext) *Word, want ...string) func(*decoder, *yaml.Node, *Ext) {
		return func(d *decoder, n *yaml.Node, e *Ext) {
			if w, ok := d.word(n, want); ok {
				*at(e) = w
			}
		}
	}
	return []Extension{
		{
			Name: "x-mlmd-kind", Where: OnEntity, Form: oneOf(Kinds), Example: "context",
			Doc: "Makes the schema an entity, stored as this kind of MLMD node. Schemas without it are building " +
				"blocks.",
			decode: decodeKind,
		},
		{
			Name: "x-mlmd-type", Where: OnEntity, Form: "a string", Example: "kf.ModelVersion",
			Doc:    "The name of the MLMD type. The default is the name of the schema.",
			decode: word(func(e *Ext) *Word { return &e.Type }),
		},
		{
			Name: "x-mlmd-name", Where: OnEntity, Form: oneOf(NameRules), Example: "plain",
			Doc: "How the name is stored. MLMD requires names to be unique within a type, so the name of a " +
				"child is stored as `<parent ID>:<name>` (`prefixed`, the default for an entity with a parent; " +
				"a random UUID replaces a missing parent). `plain` stores the name without a prefix, so it is " +
				"unique within the type.",
			decode: word(func(e *Ext) *Word { return &e.NameRule }, NameRules...),
		},
		{
			Name: "x-mlmd-copies", Where: OnEntity, Form: "a map from property names to " + oneOf(CopySources),
			Example: "{version: name}",
			Doc: "Declared properties that repeat the entity's name, or its parent's name or ID, for filters " +
				"and other readers of the store. They are written but not read, and are not fields.",
			decode: decodeCopies,
		},
		{
			Name: "x-mlmd-store", Where: OnProperty, Form: oneOf(Stores), Example: "uri",
			Doc: "Where the property is stored. `property`, the default: in a property that the MLMD type " +
				"declares. `custom`: the map of custom properties, of which an entity has at most one. The " +
				"others are attributes of the node; only artifacts have a `uri`, and only artifacts and " +
				"executions have a `state`.",
			decode: word(func(e *Ext) *Word { return &e.Store }, Stores...),
		},
		{
			Name: "x-mlmd-property", Where: OnProperty, Form: "a string", Example: "model_format_name",
			Doc:    "The name of the declared property. The default is the property's name in snake_case.",
			decode: word(func(e *Ext) *Word { return &e.Property }),
		},
		{
			Name: "x-mlmd-property-type", Where: OnProperty, Form: oneOf(PropertyTypes), Example: "INT",
			Doc: "The declared type of the property. The default follows from the schema (string: STRING; " +
				"integer: INT; number: DOUBLE; boolean: BOOLEAN; array and object: STRUCT). A string that is " +
				"stored as INT is an ID in decimal digits.",
			decode: word(func(e *Ext) *Word { return &e.PropertyType }, PropertyTypes...),
		},
		{
			Name: "x-mlmd-parent", Where: OnProperty, Form: "the name of a context entity", Example: "RegisteredModel",
			Doc: "The property holds the ID of this parent. It is stored as a link (a context's parent context, " +
				"an artifact's attribution, an execution's association) and as the prefix of the name. The " +
				"parent is optional unless the property is in `required`.",
			decode: word(func(e *Ext) *Word { return &e.Parent }),
		},
		{
			Name: "x-mlmd-immutable", Where: OnProperty, Form: "true or false", Example: "true",
			Doc:    "The value cannot change once it is stored. Names and parents are always immutable.",
			decode: func(d *decoder, n *yaml.Node, e *Ext) { e.Immutable = d.boolean(n) },
		},
		{
			Name: "x-mlmd-renamed-from", Where: OnProperty, Form: "a property name, or a list of them", Example: "model_format",
			Doc: "Former names of the declared property, from the oldest to the latest. They are read if the " +
				"present name is absent. A write uses the latest name that the stored type declares, and also " +
				"updates the former names that the stored entity has, so that older programs see it. An integer " +
				"may have become a number. registry.MigrateAll moves all values to the present name, which " +
				"older programs do not read.",
			decode: decodeRenamedFrom,
		},
		{
			Name: "x-go-name", Where: OnEntity | OnProperty, Form: "an exported Go name", Example: "CreateTime",
			Doc:    "The name in Go. The default follows from the name in the spec.",
			decode: word(func(e *Ext) *Word { return &e.GoName }),
		},
		{
			Name: "x-rest-path", Where: OnEntity, Form: "a path segment", Example: "people",
			Doc: "The path of the entity's collection in a REST API. The default is the plural of its name in " +
				"snake_case.",
			decode: func(d *decoder, n *yaml.Node, e *Ext) { e.REST.Path = d.segment(n) },
		},
		{
			Name: "x-rest-operations", Where: OnEntity, Form: "a list of " + strings.Join(Operations, ", "),
			Example: "[find, get]",
			Doc: "The operations of a REST API that the entity has at the top level. The default is all of them. " +
				"With an empty list, only its parent or its union serves it.",
			decode: decodeOperations,
		},
		{
			Name: "x-rest-union", Where: OnEntity, Form: "a map with name and member, and optionally value",
			Example: "{name: Artifact, member: kind, value: report}",
			Doc: "Serves the entity also in a union of this name, beside other entities and under a path of the " +
				"union's own. In JSON, the entity has one more member, by which they are told apart. Its value is " +
				"`value`, by default the name of the entity in kebab-case.",
			decode: decodeUnion,
		},
		{
			Name: "x-rest-upsert", Where: OnEntity, Form: "true or false", Example: "true",
			Doc: "POST of the entity below a parent, in its union, updates the one of that name if there is one. The " +
				"default is false: the name is taken.",
			decode: func(d *decoder, n *yaml.Node, e *Ext) { e.REST.Upsert = d.boolean(n) },
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
		},
		{
			Name: "x-rest-versions", Where: OnEntity | OnProperty, Form: "a list of versions", Example: "[v1]",
			Doc: "The versions of a REST API that have the entity or the property. The default is all versions that " +
				"the config names.",
			decode: func(d *decoder, n *yaml.Node, e *Ext) { e.REST.APIVersions = d.words(n) },
		},
		{
			Name: "x-rest-child", Where: OnProperty, Form: "a map with path, operation and whole, all optional",
			Example: "{path: versions}",
			Doc: "How a REST API serves the entity below the parent whose ID the property holds. `path` is the last " +
				"segment, by default the path of the entity. `operation` is its name in the operation IDs, by " +
				"default made of the two. With `whole: true`, POST takes an entity as GET returns it: one with an ID " +
				"is updated.",
			decode: decodeChild,
		},
		{
			Name: "x-rest-reference", Where: OnProperty, Form: "a map with entity, and optionally path and newestOf",
			Example: "{entity: ModelVersion, path: version}",
			Doc: "The property holds the ID of an entity other than the parent, which must exist. With `path`, a REST " +
				"API serves it as a last segment below the entity. `newestOf` names another such property: if this " +
				"one is unset, the path serves the newest child of the entity in the other one.",
			decode: decodeReference,
		},
		{
			Name: "x-rest-default", Where: OnProperty, Form: "a string", Example: "UNKNOWN",
			Doc: "The value that a REST API stores if a request to create an entity lacks the property, and shows if a " +
				"stored entity lacks it. Without it, the `default` of the property applies, if any.",
			decode: word(func(e *Ext) *Word { return &e.REST.Default }),
		},
	}
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

func decodeRenamedFrom(d *decoder, n *yaml.Node, e *Ext) {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	for _, n := range nodes {
		if w, ok := d.word(n, nil); ok {
			e.RenamedFrom = append(e.RenamedFrom, w)
		}
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
		"entity":   func(n *yaml.Node) { r.Entity, _ = d.word(n, nil) },
		"path":     func(n *yaml.Node) { r.Path = d.segment(n) },
		"newestOf": func(n *yaml.Node) { r.NewestOf, _ = d.word(n, nil) },
	}, "entity") {
		e.REST.Reference = r
	}
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
