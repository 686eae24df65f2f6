package ir

import (
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// field returns the field for the property p, without its slot. It returns
// nil if the type is invalid.
func (b *builder) field(owner string, p *spec.Schema, required bool) *Field {
	path := owner + "." + p.Name
	if !jsonName(p.Name) {
		b.report(
			p.Key,
			path,
			"the name "+spec.Quote(p.Name)+" cannot be a JSON name in Go",
			"want letters, digits, spaces and signs other than quotes, commas and backslashes",
		)
		return nil
	}
	f := &Field{Name: p.Name, Go: b.goName(p, p.Name), Required: required, Pos: p.Key}
	f.Type = b.fieldType(f, p, path)
	if f.Type == nil || f.Go == "" {
		return nil
	}
	f.Pointer = !f.Type.UnsetIsZero() && (!required || f.Nullable)
	return f
}

// slot sets the place of f in the node of e.
func (b *builder) slot(e *Entity, f *Field, p *spec.Schema) {
	path := e.Name + "." + f.Name
	x := p.Ext
	if x.Parent.Set() {
		b.parentSlot(e, f, p, path)
		return
	}
	if f.Type.Basic == Object {
		f.Pointer = true // a patch must be able to omit it
	}
	f.Slot = slots[x.Store.Text]
	f.Immutable = x.Immutable
	for _, w := range x.RenamedFrom {
		f.Aliases = append(f.Aliases, w.Text)
	}
	if f.Slot != Property {
		b.nodeSlot(e, f, p, path)
		return
	}
	f.Key = Snake(f.Name)
	if x.Property.Set() {
		f.Key = x.Property.Text
	}
	if f.Key == "" {
		b.report(p.Key, path, spec.Quote(f.Name)+" does not give a name for the stored property", "add x-mlmd-property")
	}
	f.Stored = stored[f.Type.Basic]
	if x.PropertyType.Set() {
		b.storedAs(f, x.PropertyType, path)
	}
}

var slots = map[string]Slot{
	"": Property, "property": Property, "custom": Custom, "id": ID, "name": Name, "external_id": ExternalID,
	"uri": URI, "state": State, "create_time": CreateTime, "update_time": UpdateTime,
}

var stored = [...]PropType{
	String: STRING, IDString: INT, Int32: INT, Int64: INT, Double: DOUBLE, Bool: BOOLEAN, Millis: STRING, DateTime: STRING,
	Date: STRING, UUID: STRING, Bytes: STRING, Enum: STRING, Object: STRUCT, List: STRUCT, Map: STRUCT, JSON: STRUCT,
	Union: STRUCT,
}

func (b *builder) parentSlot(e *Entity, f *Field, p *spec.Schema, path string) {
	f.Slot = Parent
	f.Pointer = false
	f.Immutable = true
	if f.Type.Basic != String {
		b.report(p.Pos, path, "a parent's id is "+f.Type.GoType(), "want type: string: ids are decimal strings")
	}
	for name, w := range map[string]spec.Word{
		"x-mlmd-store": p.Ext.Store, "x-mlmd-property": p.Ext.Property, "x-mlmd-property-type": p.Ext.PropertyType,
	} {
		if w.Set() {
			b.report(
				w.Pos,
				path,
				name+" beside x-mlmd-parent",
				"remove it: the parent is a link; to repeat its id in a property use x-mlmd-copies",
			)
		}
	}
	b.parents = append(b.parents, pending{e, f, p.Ext.Parent})
	b.parentRelation(e, f, p.Ext.Parent, p.Ext.Inverse)
}

// nodeSlot checks a field that is stored in an attribute of the node.
func (b *builder) nodeSlot(e *Entity, f *Field, p *spec.Schema, path string) {
	at := p.Ext.Store.Pos
	store := p.Ext.Store.Text
	if f.Slot == Custom && f.Type.Basic == JSON {
		f.Type = &Type{Basic: Values}
	}
	if f.Type.Basic != slotTypes[f.Slot] {
		b.report(at, path, "x-mlmd-store: "+store+" on "+f.Type.GoType(), wantShape[f.Slot])
	}
	switch f.Slot {
	case ID, Name, CreateTime, UpdateTime, Custom:
		f.Pointer = false
	}
	if f.Slot == URI && e.Kind != Artifact {
		b.report(at, path, "only artifacts have a uri", "remove x-mlmd-store, and it is a property")
	}
	if f.Slot == State {
		b.state(e, f, p, path)
	}
	for name, w := range map[string]spec.Word{
		"x-mlmd-property": p.Ext.Property, "x-mlmd-property-type": p.Ext.PropertyType,
	} {
		if w.Set() {
			b.report(w.Pos, path, name+" beside x-mlmd-store: "+store, "remove one of them")
		}
	}
	for _, w := range p.Ext.RenamedFrom {
		b.report(
			w.Pos,
			path,
			"x-mlmd-renamed-from beside x-mlmd-store: "+store,
			"remove it: only properties have former names",
		)
	}
}

var slotTypes = map[Slot]Basic{
	ID: String, Name: String, ExternalID: String, URI: String, State: Enum,
	CreateTime: Millis, UpdateTime: Millis, Custom: Values,
}

var wantShape = map[Slot]string{
	ID: "want type: string", Name: "want type: string", ExternalID: "want type: string", URI: "want type: string",
	State:      "want a string with an enum",
	CreateTime: "want type: string, format: epoch-millis", UpdateTime: "want type: string, format: epoch-millis",
	Custom: "want type: object, without properties",
}

var states = map[Kind][]string{
	Artifact:  {"UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE"},
	Execution: {"UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED"},
}

func (b *builder) state(e *Entity, f *Field, p *spec.Schema, path string) {
	names := states[e.Kind]
	if names == nil {
		b.report(p.Ext.Store.Pos, path, "contexts have no state", "remove x-mlmd-store, and it is a property")
		return
	}
	for _, v := range f.Type.Values {
		if !slices.Contains(names, v.Text) {
			b.report(
				p.Ext.Store.Pos,
				path,
				spec.Quote(v.Text)+" is not a state of an "+strings.ToLower(e.Kind.String()),
				spec.OneOf(names),
			)
		}
	}
}

// storedAs applies x-mlmd-property-type.
func (b *builder) storedAs(f *Field, w spec.Word, path string) {
	want := PropType(w.Text)
	switch {
	case want == f.Stored:
	case want == INT && f.Type.Basic == String && !f.Rules.Any():
		f.Type = &Type{Basic: IDString}
		f.Stored = INT
	default:
		b.report(
			w.Pos,
			path,
			f.Type.GoType()+" cannot be stored as "+w.Text+" without loss",
			"want "+string(f.Stored)+", or remove x-mlmd-property-type",
		)
	}
}
