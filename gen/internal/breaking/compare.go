package breaking

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/restapi"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// A Finding is one breaking change.
type Finding struct {
	Rule Rule
	Pos  spec.Pos // in the new spec, or in the old one if it was removed
	Path string   // ModelVersion.author
	Msg  string
	Old  bool // Pos is in the old spec
	// Accepted accepts the change; nil if none does.
	Accepted *spec.Acceptance
	Subject
	// Stored counts the stored entities that the change concerns; nil if they are
	// not counted.
	Stored *Stored
}

// A Subject says what a change is about, for those who look for it in a store.
// Its members are nil or empty where they do not apply.
type Subject struct {
	Before, After   *ir.Entity // in the old spec and in the new one
	In, InNow       *ir.Type   // the objects that have the field, if no entity has it
	Field, FieldNow *ir.Field
	Enum            *ir.Type // the enum or union, in the old spec
	Key             string   // a property, a former name, a value of the enum or discriminator, or what an edge demands
	Edge, EdgeNow   *ir.Relation
	To              *ir.Entity // to which the edge no longer leads, in the old spec
}

// What an edge demands, as [Subject.Key].
const (
	EdgeRequired = "required"
	EdgeUnique   = "unique"
	EdgeMax      = "max"
	EdgeChecked  = "checked" // that the IDs in a field are those of its targets
)

// Stored counts entities in a store.
type Stored struct {
	Entities int  // that the change concerns
	Of       int  // of these types
	Excused  bool // the change breaks nothing, because it concerns none
}

// Compare returns the breaking changes from before to after, in the order of
// the new spec. past holds the versions before before; it may be nil.
//
// oldAPIs and newAPIs are the versions of the REST API, if there is one.
func Compare(before, after *ir.Graph, past *History, oldAPIs, newAPIs []*restapi.API) []Finding {
	c := &comparison{rules: map[string]Rule{}, seen: map[[2]*ir.Type]bool{}}
	for _, r := range Rules() {
		c.rules[r.ID] = r
	}
	for _, old := range before.Entities {
		c.entity(old, after.Entities)
	}
	if past == nil {
		past = &History{}
	}
	past.Add(before, "the old spec") // which has names that are read and no longer written
	for _, e := range after.Entities {
		was := counterpartOf(before, e)
		c.subject = Subject{Before: was, After: e}
		c.returned(past, was, e)
	}
	c.subject = Subject{}
	c.rest(oldAPIs, newAPIs)
	return sorted(c.findings)
}

type comparison struct {
	rules    map[string]Rule
	findings []Finding
	subject  Subject
	seen     map[[2]*ir.Type]bool // enums, objects and unions that are compared already
}

// found adds a finding, which the caller may change until the next one is added.
func (c *comparison) found(rule string, at spec.Pos, path, format string, args ...any) *Finding {
	r, ok := c.rules[rule]
	if !ok {
		panic("breaking: no rule " + rule)
	}
	c.findings = append(c.findings, Finding{
		Rule: r, Pos: at, Path: path, Msg: fmt.Sprintf(format, args...), Subject: c.subject,
	})
	return &c.findings[len(c.findings)-1]
}

func (f *Finding) setEnum(t *ir.Type, v ir.Value) {
	if f != nil {
		f.Enum, f.Key = t, v.Text
	}
}

func (c *comparison) entity(old *ir.Entity, entities []*ir.Entity) {
	c.subject = Subject{Before: old}
	defer func() { c.subject = Subject{} }()
	i := slices.IndexFunc(entities, func(e *ir.Entity) bool { return e.Name == old.Name })
	if i < 0 { // stored nodes belong to the entity with the same type
		i = slices.IndexFunc(
			entities,
			func(e *ir.Entity) bool { return e.TypeName == old.TypeName && e.Kind == old.Kind },
		)
	}
	if i < 0 {
		c.found("ENTITY_NO_DELETE", old.Pos, old.Name, "the entity is gone").Old = true
		return
	}
	e := entities[i]
	c.subject.After = e
	at, path := e.Pos, e.Name
	if e.Name != old.Name {
		c.found(
			"ENTITY_SAME_NAME",
			at,
			path,
			"the entity %s has another name; its MLMD type %q is the same",
			old.Name,
			e.TypeName,
		)
	}
	if e.Kind != old.Kind {
		c.found(
			"ENTITY_SAME_KIND",
			at,
			path,
			"it was stored as %s and is now stored as %s",
			strings.ToLower(old.Kind.String()),
			strings.ToLower(e.Kind.String()),
		)
	}
	if e.TypeName != old.TypeName {
		c.found("ENTITY_SAME_TYPE_NAME", at, path, "the MLMD type %q is now %q", old.TypeName, e.TypeName)
	}
	if e.Go != old.Go && e.Name == old.Name {
		c.found("ENTITY_SAME_GO_NAME", at, path, "the Go type %s is now %s", old.Go, e.Go)
	}
	c.parent(old, e)
	c.edges(old, e)
	for _, was := range old.Copies {
		switch now := copyOf(e, was.Property); now {
		case was.From:
		case "":
			c.found("COPY_NO_DELETE", at, path, "the copy %q of %s is gone", was.Property, was.From).Key = was.Property
		default:
			f := c.found("COPY_NO_DELETE", at, path, "the copy %q of %s now repeats %s", was.Property, was.From, now)
			f.Key = was.Property
		}
	}
	c.fields(path, old.Fields, e.Fields, &kinds{old.Kind, e.Kind})
	c.custom(old, e)
}

// custom reports the new properties of e: before the change, callers could
// store custom properties with their names.
func (c *comparison) custom(old, e *ir.Entity) {
	if old.Field(ir.Custom) == nil {
		return
	}
	for _, f := range e.Fields {
		had := func(o *ir.Field) bool { return o.Slot == ir.Property && o.Key == f.Key }
		if f.Slot == ir.Property && !slices.ContainsFunc(old.Fields, had) && copyOf(old, f.Key) == "" {
			c.found(
				"FIELD_KEY_NOT_CUSTOM",
				f.Pos,
				e.Name+"."+f.Name,
				"the property %q is new, stored as %s",
				f.Key,
				f.Stored,
			).Key = f.Key
		}
	}
}

func copyOf(e *ir.Entity, property string) string {
	for _, c := range e.Copies {
		if c.Property == property {
			return c.From
		}
	}
	return ""
}

func (c *comparison) parent(old, e *ir.Entity) {
	name := func(edge *ir.Edge) string {
		if edge == nil {
			return "no parent"
		}
		return "the parent " + edge.Parent.Name
	}
	stored := func(edge *ir.Edge) string { // what the link identifies
		if edge == nil {
			return ""
		}
		return edge.Parent.Kind.String() + " " + edge.Parent.TypeName
	}
	switch was, is := name(old.Parent), name(e.Parent); {
	case was != is && (old.Parent == nil || e.Parent == nil || stored(old.Parent) != stored(e.Parent)):
		c.found("PARENT_SAME", e.Pos, e.Name, "it had %s and has now %s", was, is)
	case old.Prefixed != e.Prefixed:
		c.found(
			"ENTITY_SAME_NAME_RULE",
			e.Pos,
			e.Name,
			"names were stored %s, and are now stored %s",
			nameRule(old),
			nameRule(e),
		)
	}
}

func nameRule(e *ir.Entity) string {
	if e.Prefixed {
		return "with the parent's id"
	}
	return "plain"
}

// kinds are the kinds of node that fields belong to before and after the
// change. They are nil for the members of objects.
type kinds struct{ old, now ir.Kind }

func (c *comparison) fields(path string, before, after []*ir.Field, k *kinds) {
	used := map[*ir.Field]bool{}
	for _, old := range before {
		f := counterpart(old, after)
		if f == nil {
			f := c.found("FIELD_NO_DELETE", old.Pos, path+"."+old.Name, "the field is gone")
			f.Old, f.Field = true, old
			continue
		}
		used[f] = true
		c.field(path+"."+f.Name, old, f, k)
	}
	for _, f := range after {
		switch {
		case used[f]:
		case f.Required && (k == nil || f.Slot != ir.Parent):
			c.found("FIELD_NOT_NEWLY_REQUIRED", f.Pos, path+"."+f.Name, "the new field is required").FieldNow = f
		case k == nil:
			c.found("OBJECT_SAME_MEMBERS", f.Pos, path+"."+f.Name, "the member is new")
		}
	}
}

// counterpart returns the field of the new spec that corresponds to old: the
// one with its name, or else the one that is stored in its place.
func counterpart(old *ir.Field, after []*ir.Field) *ir.Field {
	for _, f := range after {
		if f.Name == old.Name {
			return f
		}
	}
	for _, f := range after {
		key := old.Key
		if key == "" && old.Slot == ir.Property {
			key = old.Name // the member of an object
		}
		if key != "" && (f.Key == key || slices.Contains(f.Aliases, key)) || key == "" && f.Slot == old.Slot {
			return f
		}
	}
	return nil
}

func (c *comparison) field(path string, old, f *ir.Field, k *kinds) {
	outer := c.subject
	defer func() { c.subject = outer }()
	c.subject.Field, c.subject.FieldNow = old, f
	if f.Name != old.Name {
		c.found("FIELD_SAME_NAME", f.Pos, path, "the field %s has another name", old.Name)
	} else if f.Go != old.Go {
		c.found("FIELD_SAME_GO_NAME", f.Pos, path, "the Go field %s is now %s", old.Go, f.Go)
	}
	if k != nil {
		c.slot(path, old, f, *k)
	}
	c.typ(path, old, f)
	if f.Required && !old.Required {
		c.found("FIELD_NOT_NEWLY_REQUIRED", f.Pos, path, "the optional field is now required")
	}
	if f.Immutable && !old.Immutable && f.Slot != ir.Parent {
		c.found("FIELD_NOT_NEWLY_IMMUTABLE", f.Pos, path, "the field cannot be changed any more")
	}
	if was, is := defaultOf(old), defaultOf(f); was != is {
		c.found("FIELD_SAME_DEFAULT", f.Pos, path, "unset was %s and is now %s", was, is)
	}
	for _, name := range old.Aliases {
		if name != f.Key && !slices.Contains(f.Aliases, name) {
			c.found("FIELD_KEEPS_OLD_NAMES", f.Pos, path, "%q is not read any more", name).Key = name
		}
	}
	c.stricter(path, f.Pos, old.Rules, f.Rules)
}

func defaultOf(f *ir.Field) string {
	if f.Default == nil {
		return "nothing"
	}
	return f.Default.Literal
}

func (c *comparison) slot(path string, old, f *ir.Field, k kinds) {
	was, is := old.Path(k.old), f.Path(k.now)
	if old.Slot != f.Slot {
		c.found(
			"FIELD_SAME_SLOT",
			f.Pos,
			path,
			"it was stored in %s and is now stored in %s",
			place(old, was),
			place(f, is),
		)
		return
	}
	if old.Slot == ir.Property && old.Key != f.Key && !slices.Contains(f.Aliases, old.Key) {
		c.found(
			"FIELD_SAME_SLOT",
			f.Pos,
			path,
			"the property %q is now %q, and x-mlmd-renamed-from does not say so",
			old.Key,
			f.Key,
		)
	}
}

func place(f *ir.Field, path string) string {
	switch {
	case path != "":
		return path
	case f.Slot == ir.Parent:
		return "the link to the parent"
	default:
		return "the node's " + attributes[f.Slot]
	}
}

var attributes = map[ir.Slot]string{
	ir.ID: "id", ir.Name: "name", ir.CreateTime: "create time", ir.UpdateTime: "update time",
}

func (c *comparison) typ(path string, old, f *ir.Field) {
	if old.Stored != f.Stored && old.Slot == f.Slot {
		wider := f.Slot == ir.Property && f.Type.Basic == ir.Double &&
			(old.Type.Basic == ir.Int64 || old.Type.Basic == ir.Int32)
		if wider && f.Key != old.Key && slices.Contains(f.Aliases, old.Key) {
			c.found("FIELD_STILL_INTEGER", f.Pos, path, "the integer in %q is now a number in %q", old.Key, f.Key)
			return
		}
		way := ""
		if wider && f.Key == old.Key {
			way = fmt.Sprintf("; a property of its own would be safe: say x-mlmd-property: another name, and "+
				"x-mlmd-renamed-from: %s", old.Key)
		}
		c.found(
			"FIELD_SAME_TYPE",
			f.Pos,
			path,
			"the property was stored as %s and is now stored as %s%s",
			old.Stored,
			f.Stored,
			way,
		)
		return
	}
	if was, is := old.Type, f.Type; !c.same(path, f.Pos, was, is) {
		c.found("FIELD_SAME_TYPE", f.Pos, path, "the type %s is now %s", was.GoType(), is.GoType())
		return
	}
	switch was, is := old.GoType(), f.GoType(); {
	case was == is:
	case old.Pointer == f.Pointer:
		c.found("FIELD_SAME_GO_NAME", f.Pos, path, "the Go type %s is now %s", was, is)
	case old.Required && !f.Required:
		c.found(
			"FIELD_STILL_REQUIRED",
			f.Pos,
			path,
			"the Go type %s is now %s, since the field is not required any more",
			was,
			is,
		)
	case old.Required == f.Required:
		c.found(
			"FIELD_STILL_REQUIRED",
			f.Pos,
			path,
			"the Go type %s is now %s, since the field %s",
			was,
			is,
			map[bool]string{true: "can be null", false: "cannot be null any more"}[f.Pointer],
		)
	}
}

// same reports whether two types hold the same values. It compares the
// values of enums and the members of objects one by one. at is the place of the
// field.
func (c *comparison) same(path string, at spec.Pos, old, now *ir.Type) bool {
	if old.Basic != now.Basic {
		return false
	}
	switch now.Basic {
	case ir.List, ir.Map:
		c.stricter(path+"[]", at, old.Rules, now.Rules)
		return c.same(path+"[]", at, old.Elem, now.Elem)
	}
	if c.seen[[2]*ir.Type{old, now}] {
		return true
	}
	c.seen[[2]*ir.Type{old, now}] = true
	switch now.Basic {
	case ir.Enum:
		for _, v := range old.Values {
			if !slices.ContainsFunc(now.Values, func(w ir.Value) bool { return w.Text == v.Text }) {
				c.found("ENUM_VALUE_NO_DELETE", now.Pos, path, "the value %q of %s is gone", v.Text, now.Go).setEnum(old, v)
			} else if !slices.Contains(now.Values, v) {
				c.found("FIELD_SAME_GO_NAME", now.Pos, path, "the Go constant %s of the value %q has another name", v.Go, v.Text)
			}
		}
	case ir.Union:
		c.union(path, old, now)
	case ir.Object:
		outer := c.subject
		c.subject.In, c.subject.InNow, c.subject.Field, c.subject.FieldNow = old, now, nil, nil
		c.fields(path, old.Fields, now.Fields, nil)
		c.subject = outer
	}
	return true
}

// union compares the variants of a union, which are those with the same value of the
// discriminator.
func (c *comparison) union(path string, old, now *ir.Type) {
	if old.Kind != now.Kind {
		c.found("UNION_SAME_DISCRIMINATOR", now.Pos, path, "the discriminator of %s was %q and is now %q",
			now.Go, old.Kind, now.Kind).setEnum(old, ir.Value{})
		return
	}
	for _, v := range old.Variants {
		if w := now.VariantOf(v.Values[0]); w != nil && len(v.Values) == 1 && len(w.Values) > 1 {
			c.found("FIELD_NOT_NEWLY_REQUIRED", now.Pos, path+"."+now.Kind, "the discriminator could be left empty in %s, "+
				"which had one value, and must now be set", w.Type.Go).FieldNow = nil // what is stored has a discriminator
		}
		for _, value := range v.Values {
			c.variant(path, now, v, value).setEnum(old, ir.Value{Text: value})
		}
	}
}

// variant compares a variant of a union with the one that has the same value of the
// discriminator now. The result is a finding about the value; it may be nil.
func (c *comparison) variant(path string, now *ir.Type, v ir.Variant, value string) *Finding {
	if w := now.VariantOf(value); w != nil {
		if v.Type.Go != w.Type.Go {
			c.found("FIELD_SAME_GO_NAME", now.Pos, path, "the Go type %s of the variant %q is now %s", v.Type.Go, value,
				w.Type.Go)
		}
		c.same(path, w.Pos, v.Type, w.Type)
		return nil
	}
	i := slices.IndexFunc(now.Variants, func(w ir.Variant) bool { return w.Type.Go == v.Type.Go })
	if i < 0 {
		return c.found("UNION_VARIANT_NO_DELETE", now.Pos, path, "the variant %q of %s is gone", value, now.Go)
	}
	var texts []string
	for _, text := range now.Variants[i].Values {
		texts = append(texts, strconv.Quote(text))
	}
	return c.found("UNION_SAME_DISCRIMINATOR", now.Pos, path, "the variant %s of %s had the value %q of the "+
		"discriminator and has now %s", v.Type.Go, now.Go, value, strings.Join(texts, ", "))
}

// stricter reports rules that refuse values that were allowed.
func (c *comparison) stricter(path string, at spec.Pos, old, now ir.Rules) {
	tell := func(what, was, is string) {
		c.found("FIELD_NOT_STRICTER", at, path, "%s was %s and is now %s", what, was, is)
	}
	count := func(n *int, none string) string {
		if n == nil {
			return none
		}
		return strconv.Itoa(*n)
	}
	for _, r := range []struct {
		what     string
		old, now *int
		least    bool
	}{
		{"minLength", old.MinLength, now.MinLength, true},
		{"maxLength", old.MaxLength, now.MaxLength, false},
		{"minItems", old.MinItems, now.MinItems, true},
		{"maxItems", old.MaxItems, now.MaxItems, false},
	} {
		switch {
		case r.now == nil:
		case r.old == nil && !(r.least && *r.now == 0),
			r.old != nil && r.least && *r.now > *r.old,
			r.old != nil && !r.least && *r.now < *r.old:
			tell(r.what, count(r.old, "not said"), count(r.now, ""))
		}
	}
	c.pattern(path, at, old.Pattern, now.Pattern)
	if ir.Stricter(old.Minimum, now.Minimum, old.ExclusiveMin, now.ExclusiveMin, 1) {
		tell("the minimum", orNone(bound(old.Minimum, old.ExclusiveMin)), bound(now.Minimum, now.ExclusiveMin))
	}
	if ir.Stricter(old.Maximum, now.Maximum, old.ExclusiveMax, now.ExclusiveMax, -1) {
		tell("the maximum", orNone(bound(old.Maximum, old.ExclusiveMax)), bound(now.Maximum, now.ExclusiveMax))
	}
}

// pattern reports a pattern that refuses a string that was allowed, with an
// example, or one for which this cannot be decided.
func (c *comparison) pattern(path string, at spec.Pos, was, now string) {
	if now == "" || now == was {
		return
	}
	text, found, known := refused(was, now)
	switch {
	case found:
		c.found(
			"FIELD_NOT_STRICTER",
			at,
			path,
			"the pattern was %s and is now %q, which refuses %q",
			orNone(was),
			now,
			text,
		)
	case !known:
		c.found(
			"FIELD_NOT_STRICTER",
			at,
			path,
			"the pattern was %s and is now %q, which may refuse what was allowed",
			orNone(was),
			now,
		)
	}
}

func orNone(s string) string {
	if s == "" {
		return "not said"
	}
	return s
}

func bound(n string, exclusive bool) string {
	if exclusive && n != "" {
		return n + " (exclusive)"
	}
	return n
}
