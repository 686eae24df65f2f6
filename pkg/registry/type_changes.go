package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// TypeChanges lists the changes that registering the types of a catalog would
// make to a store, sorted by entity.
type TypeChanges []TypeChange

// A TypeChange describes the changes to one type. [TypeChange.Add] and the other
// lists are sorted by property name.
type TypeChange struct {
	Entity, TypeName string
	Kind             mlmd.Kind
	New              bool                // whether the store lacks the type
	Add              []mlmd.PropertyDecl // properties that the stored type lacks
	Keep             []mlmd.PropertyDecl // properties of the stored type that the spec does not declare; they stay
	Conflicts        []PropertyConflict
	CustomProperties []CustomPropertyCount // only those that exist or cannot be counted
}

// A PropertyConflict is a property that the store declares with another type than
// the spec. The stored type is not changed. Writing the property fails with
// [ErrConflict] if the stored type cannot hold the value exactly. To widen an
// integer to a number, store it in a property of its own: see docs/spec.md.
type PropertyConflict struct {
	Property     string
	Spec, Stored mlmdpb.PropertyType
}

// PlanTypeChanges compares the types of a catalog, such as mapping.Catalog, with
// those in the client's store, and returns what writes of their entities would
// register: one [TypeChange] for each type, even if nothing changes. It also
// counts stored custom properties that have the name of a field. It writes
// nothing.
//
// PlanTypeChanges makes three RPCs, and one for each field of a stored type that
// is stored in a property, however many entities the store has.
func PlanTypeChanges(ctx context.Context, c *Client, catalog []mlmd.AnyMapping) (TypeChanges, error) {
	stored, err := c.storedTypes(ctx)
	if err != nil {
		return nil, operation{op: "plan"}.rpcError(ctx, err)
	}
	out := make(TypeChanges, 0, len(catalog))
	for _, e := range catalog {
		t := e.Type()
		change := TypeChange{Entity: t.Entity, TypeName: c.TypeName(t.TypeName), Kind: t.Kind}
		has, ok := stored[typeKey{t.Kind, change.TypeName}]
		change.New = !ok
		declared := e.PropTypes()
		for name, kind := range declared {
			switch was, ok := has[name]; {
			case !ok:
				change.Add = append(change.Add, mlmd.PropertyDecl{Name: name, Type: kind})
			case was != kind:
				change.Conflicts = append(change.Conflicts, PropertyConflict{name, kind, was})
			}
		}
		for name, kind := range has {
			if _, ok := declared[name]; !ok {
				change.Keep = append(change.Keep, mlmd.PropertyDecl{Name: name, Type: kind})
			}
		}
		byName := func(a, b mlmd.PropertyDecl) int { return strings.Compare(a.Name, b.Name) }
		slices.SortFunc(change.Add, byName)
		slices.SortFunc(change.Keep, byName)
		slices.SortFunc(change.Conflicts, func(a, b PropertyConflict) int {
			return strings.Compare(a.Property, b.Property)
		})
		if !change.New {
			if change.CustomProperties, err = c.customValues(ctx, change.TypeName, t); err != nil {
				return nil, err
			}
		}
		out = append(out, change)
	}
	slices.SortFunc(out, func(a, b TypeChange) int { return strings.Compare(a.Entity, b.Entity) })
	return out, nil
}

// HasConflicts reports whether any type has a [PropertyConflict].
func (cs TypeChanges) HasConflicts() bool {
	return slices.ContainsFunc(cs, func(c TypeChange) bool { return len(c.Conflicts) > 0 })
}

// String returns a human-readable list with a line for each change. Types that do
// not change are only counted.
func (cs TypeChanges) String() string {
	var b strings.Builder
	same := 0
	for _, c := range cs {
		if c.New {
			fmt.Fprintf(&b, "+ %s type %s, for %s, with %s\n",
				c.Kind, c.TypeName, c.Entity, plural(len(c.Add), "property", "properties"))
		} else {
			for _, p := range c.Add {
				fmt.Fprintf(&b, "+ %s: property %s %s\n", c.TypeName, p.Name, p.Type)
			}
		}
		for _, p := range c.Conflicts {
			fmt.Fprintf(&b, "! %s: property %s is %s in this store and %s in the spec: it stays %s, and writing it fails\n",
				c.TypeName, p.Property, p.Stored, p.Spec, p.Stored)
		}
		for _, v := range c.CustomProperties {
			b.WriteString(v.line(c.TypeName))
		}
		if !c.New && len(c.Add)+len(c.Conflicts) == 0 {
			same++
		}
	}
	if same > 0 {
		fmt.Fprintf(&b, "= %s unchanged\n", plural(same, "type", "types"))
	}
	return b.String()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// A CustomPropertyCount counts the stored custom properties that have the name of
// a field's property, such as those written before the spec had the field. The
// first 100 are counted. Protos are not counted, because the filter language
// cannot select them.
type CustomPropertyCount struct {
	Field    string // the JSON name of the field
	Property string
	Type     mlmdpb.PropertyType // of the property in the spec
	// Readable counts those that are read as the field: they have its type, and
	// the entity has no value in the property. The next write of the field, or
	// [MigrateAll], moves them to the property.
	Readable int
	// Other counts those that stay custom properties: they have another type, or
	// the entity has a value in the property.
	Other     int
	Truncated bool // whether more than 100 exist
	// Unknown reports that they were not counted, because the filter language or
	// the server cannot select the name.
	Unknown bool
}

// customValues counts the custom properties of nodes of the named type that have
// the names of fields of t.
func (c *Client) customValues(ctx context.Context, typeName string, t mlmd.Type) ([]CustomPropertyCount, error) {
	var out []CustomPropertyCount
	for i := range t.Fields {
		f := &t.Fields[i]
		name, ok := f.Property()
		if !ok || f.Derived { // derived fields are not read
			continue
		}
		v := CustomPropertyCount{Field: f.Name, Property: name, Type: f.Type}
		err := v.count(ctx, c, f, func(o *mlmdpb.ListOperationOptions) ([]nodeView, string, error) {
			switch t.Kind {
			case mlmd.Artifact:
				return nodeViews(ctx, artifacts{c.rpc}, typeName, o)
			case mlmd.Execution:
				return nodeViews(ctx, executions{c.rpc}, typeName, o)
			default:
				return nodeViews(ctx, contexts{c.rpc}, typeName, o)
			}
		})
		if err != nil {
			return nil, err
		}
		if v.Readable+v.Other > 0 || v.Unknown {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b CustomPropertyCount) int { return strings.Compare(a.Property, b.Property) })
	return out, nil
}

// nodeViews returns one page of the nodes of a type.
func nodeViews[N mlmd.Node](
	ctx context.Context, ns nodes[N], typeName string, o *mlmdpb.ListOperationOptions,
) ([]nodeView, string, error) {
	page, next, err := ns.page(ctx, typeName, o)
	out := make([]nodeView, len(page))
	for i, n := range page {
		out[i] = ns.view(n)
	}
	return out, next, err
}

// count makes one RPC for the entities that have the custom property, with any
// type of value.
func (v *CustomPropertyCount) count(
	ctx context.Context, c *Client, f *mlmd.Field, page func(*mlmdpb.ListOperationOptions) ([]nodeView, string, error),
) error {
	s := source{operation: operation{op: "plan"}, client: c}
	custom := new(filter.CustomSymbols[*nodeView]).Custom(v.Property)
	set := custom.AsString().IsSet().Or(custom.Int().IsSet(), custom.Double().IsSet(), custom.Bool().IsSet())
	t, err := s.print(ctx, filtertext.Expr(set))
	if errors.Is(err, ErrInvalidArgument) || err == nil && len(t.Branches[0].Tests) > 0 {
		v.Unknown = true
		return nil
	}
	if err != nil {
		return err
	}
	size := int32(pageSize)
	have, next, err := page(&mlmdpb.ListOperationOptions{MaxResultSize: &size, FilterQuery: &t.Branches[0].Text})
	if err != nil {
		return s.rpcError(ctx, err)
	}
	for _, n := range have {
		set := func(name string) bool { return n.props[name] != nil }
		if propertyType(n.custom[v.Property]) != f.Type || set(v.Property) || slices.ContainsFunc(f.LegacyNames, set) {
			v.Other++
		} else {
			v.Readable++
		}
	}
	v.Truncated = next != ""
	return nil
}

// line returns v as a line of [TypeChanges.String].
func (v CustomPropertyCount) line(typeName string) string {
	if v.Unknown {
		return fmt.Sprintf("? %s: custom properties named %s, like the property of %s, cannot be counted\n",
			typeName, v.Property, v.Field)
	}
	least := ""
	if v.Truncated {
		least = "at least "
	}
	var b strings.Builder
	if v.Readable > 0 {
		fmt.Fprintf(&b, "~ %s: %s%s named %s, read as %s and moved by its next write or by MigrateAll\n",
			typeName, least, plural(v.Readable, "custom property", "custom properties"), v.Property, v.Field)
	}
	if v.Other > 0 {
		fmt.Fprintf(&b, "~ %s: %s%s named %s, not of type %s or beside a value of %s: not moved\n",
			typeName, least, plural(v.Other, "custom property", "custom properties"), v.Property, v.Type, v.Field)
	}
	return b.String()
}
