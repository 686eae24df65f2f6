package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
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
// the spec. The stored type is not changed, and writing the property fails with
// [ErrConflict].
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
		change := TypeChange{Entity: t.Entity, TypeName: c.typeName(t.TypeName), Kind: t.Kind}
		has, ok := stored[typeKey{t.Kind, change.TypeName}]
		change.New = !ok
		for name, kind := range t.Props {
			switch was, ok := has[name]; {
			case !ok:
				change.Add = append(change.Add, mlmd.PropertyDecl{Name: name, Type: kind})
			case was != kind:
				change.Conflicts = append(change.Conflicts, PropertyConflict{name, kind, was})
			}
		}
		for name, kind := range has {
			if _, ok := t.Props[name]; !ok {
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
