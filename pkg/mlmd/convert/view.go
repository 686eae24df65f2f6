package convert

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
	"github.com/mlmd-go/sdk/pkg/value"
)

// View returns a mapping of the older version's type to what the newer version
// stores. A program that uses it sees what programs of the newer version write, and
// they see what it writes, in the form of each: fields under their new names and with
// their new types. What the newer version lacks is stored as the older one stores it.
//
// The two mappings must be of the same MLMD type, and have parents of the same type
// and names of the same form. A value of the older version that the newer one cannot
// hold is an *mlmd.InvalidError of its field. A value of the newer version that the
// older one cannot hold is not read, or is read as [mlmd.Mapping.Unreadable] reports;
// a write leaves it alone unless it sets the field.
//
// Symbols of filters and options, such as field.Team.Contact of the older version, name
// the properties of that version and do not apply: package rest filters by the mapping.
func View[Old, New any, N mlmd.Node](
	old *mlmd.Mapping[Old, N], now *mlmd.Mapping[New, N], up func(*Old) *New, down func(*New) *Old,
) mlmd.Mapping[Old, N] {
	x := &view[Old, New, N]{old: *old, now: *now, up: up, down: down}
	out := *old
	out.TypeName, out.Spec = now.TypeName, now.Spec
	if old.Parent != nil {
		parent := *now.Parent
		parent.Entity, parent.Field, parent.Optional = old.Parent.Entity, old.Parent.Field, old.Parent.Optional
		out.Parent = &parent
	}
	out.Encode, out.Decode = x.encode, x.decode
	out.Fields = x.fields()
	return out
}

// A view translates the properties of nodes between two versions.
type view[Old, New any, N mlmd.Node] struct {
	old   mlmd.Mapping[Old, N]
	now   mlmd.Mapping[New, N]
	up    func(*Old) *New
	down  func(*New) *Old
	pairs []pair   // the fields that both versions store in properties
	kept  []string // the properties of the older version that the newer one lacks
	added []string // the properties that the newer version derives from names and IDs
}

// A pair is a field of both versions.
type pair struct {
	index    int // of old in the fields of the older version
	old, now *mlmd.Field
	from, to string // its properties in the older and in the newer version
}

// fields returns the fields of the older version as the newer one stores them.
func (x *view[Old, New, N]) fields() mlmd.Fields {
	var out mlmd.Fields
	for i := range x.old.Fields {
		o := &x.old.Fields[i]
		if o.Derived {
			continue
		}
		f := *o
		if from, ok := o.Property(); ok {
			z := counterpart(x.now.Fields, from)
			if z == nil {
				x.kept = append(append(x.kept, from), o.LegacyNames...)
			} else {
				to, _ := z.Property()
				x.pairs = append(x.pairs, pair{i, o, z, from, to})
				f = *z
				f.Name, f.Immutable, f.Refers = o.Name, o.Immutable, o.Refers
			}
		}
		out = append(out, f)
	}
	for _, f := range x.now.Fields {
		if name, ok := f.Property(); ok && f.Derived {
			out, x.added = append(out, f), append(x.added, name)
		}
	}
	return out
}

// counterpart returns the field that is stored in the property or was, or nil.
func counterpart(fields mlmd.Fields, property string) *mlmd.Field {
	i := slices.IndexFunc(fields, func(f mlmd.Field) bool {
		name, ok := f.Property()
		return ok && !f.Derived && (name == property || slices.Contains(f.LegacyNames, property))
	})
	if i < 0 {
		return nil
	}
	return &fields[i]
}

// anyParent completes the name of a node that is not stored.
var anyParent = mlmd.Parent{ID: 1, Name: "-", UUID: "-"}

// decode reads the node as the newer version does, and gives the older one what both
// know, in its own form.
func (x *view[Old, New, N]) decode(n N) (*Old, error) {
	newer, err := x.now.Decode(n)
	if err != nil {
		return nil, err
	}
	older := x.down(newer)
	set := x.old.IsSet(older) // others have their defaults in form
	var form map[string]*mlmdpb.Value
	if same, _ := x.old.Encode(older, anyParent); same != nil { // errors are in fields that it lacks
		form = *propertiesOf(same)
	}
	var unread value.Unreadable
	if x.now.Unreadable != nil {
		unread = x.now.Unreadable(newer)
	}
	stored := *propertiesOf(n)
	props := make(map[string]*mlmdpb.Value, len(stored))
	for _, p := range x.pairs {
		raw := stored[p.to]
		for _, name := range p.now.LegacyNames {
			if raw.GetValue() == nil {
				raw = stored[name]
			}
		}
		if raw.GetValue() == nil {
			continue
		}
		v := form[p.from]
		if _, bad := unread[p.now.Name]; bad || v == nil || !set[p.index] { // the older version says why it cannot be read
			v = raw
		}
		props[p.from] = v
	}
	for _, name := range x.kept {
		if v := stored[name]; v != nil {
			props[name] = v
		}
	}
	return x.old.Decode(withProperties(n, props))
}

// encode writes the value as the older version does, and puts what both know into the
// form of the newer one.
func (x *view[Old, New, N]) encode(v *Old, parent mlmd.Parent) (N, error) {
	n, err := x.old.Encode(v, parent)
	if n == nil {
		return n, err
	}
	faults := mlmd.Invalid(err)
	whole, err := x.old.Decode(n) // with defaults
	if err != nil {
		return nil, err
	}
	x.old.SetID(whole, x.old.Ident(v).ID)
	newer := x.up(whole)
	form, err := x.now.Encode(newer, parent)
	for _, e := range mlmd.Invalid(err) {
		if e := x.translate(e); !strings.HasPrefix(e.Field, "customProperties") && !hasField(faults, e.Field) {
			faults = append(faults, e)
		}
	}
	var wanted, back, now map[string]*mlmdpb.Value
	wanted = *propertiesOf(n)
	if same, _ := x.old.Encode(x.down(newer), anyParent); same != nil {
		back = *propertiesOf(same)
	}
	if form != nil {
		now = *propertiesOf(form)
	}
	props := make(map[string]*mlmdpb.Value, len(now))
	for _, p := range x.pairs {
		is := wanted[p.from]
		if is == nil {
			continue // without the default of the newer version
		}
		if v := now[p.to]; v != nil {
			props[p.to] = v
		}
		if !proto.Equal(is, back[p.from]) && !hasField(faults, p.old.Name) {
			faults = append(faults, &mlmd.InvalidError{
				Field: p.old.Name, Value: text(is), Why: "cannot be stored: the newer version of the spec cannot hold it",
			})
		}
	}
	for _, name := range x.kept {
		if v := wanted[name]; v != nil {
			props[name] = v
		}
	}
	for _, name := range x.added {
		if v := now[name]; v != nil {
			props[name] = v
		}
	}
	*propertiesOf(n) = props
	switch len(faults) {
	case 0:
		return n, nil
	case 1:
		return n, faults[0]
	}
	return n, faults
}

// translate returns an error of the newer version with the older name of the field.
func (x *view[Old, New, N]) translate(e *mlmd.InvalidError) *mlmd.InvalidError {
	for _, p := range x.pairs {
		rest, ok := strings.CutPrefix(e.Field, p.now.Name)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return &mlmd.InvalidError{Field: p.old.Name + rest, Value: e.Value, Why: e.Why}
		}
	}
	return e
}

// hasField reports whether one of the errors is in the field or a part of it.
func hasField(es mlmd.InvalidErrors, field string) bool {
	top := func(path string) string {
		if i := strings.IndexAny(path, ".["); i >= 0 {
			return path[:i]
		}
		return path
	}
	return slices.ContainsFunc(es, func(e *mlmd.InvalidError) bool { return top(e.Field) == top(field) })
}

// text returns a value for a message; an object or a list has none.
func text(v *mlmdpb.Value) string {
	if v.GetStructValue() != nil {
		return ""
	}
	return gensupport.FromProto(v).String()
}

// propertiesOf returns the properties of a node.
func propertiesOf[N mlmd.Node](n N) *map[string]*mlmdpb.Value {
	switch n := any(n).(type) {
	case *mlmdpb.Artifact:
		return &n.Properties
	case *mlmdpb.Execution:
		return &n.Properties
	default:
		return &any(n).(*mlmdpb.Context).Properties
	}
}

// withProperties returns a node with the given properties that shares all else with n.
func withProperties[N mlmd.Node](n N, props map[string]*mlmdpb.Value) N {
	from := any(n).(proto.Message).ProtoReflect()
	to := from.New()
	from.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		to.Set(f, v)
		return true
	})
	out := to.Interface().(N)
	*propertiesOf(out) = props
	return out
}
