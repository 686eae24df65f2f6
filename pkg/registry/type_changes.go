package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// TypeChanges are what registering the types of a catalog would do to a store.
type TypeChanges []TypeChange

// A TypeChange is what registering would do to one type.
type TypeChange struct {
	Entity, TypeName string
	Kind             mlmd.Kind
	New              bool                // the store does not have the type
	Add              []mlmd.PropertyDecl // properties that the stored type gets, or, of a new one, all, by name
	Keep             []mlmd.PropertyDecl // properties that the store has and the spec does not name; they stay
	Conflicts        []PropertyConflict
	Custom           []CustomValues // by property; only those that there are, or that cannot be counted
}

// A PropertyConflict is a property that the store declares with another kind than the
// spec. It stays as the store has it, and writing it fails.
type PropertyConflict struct {
	Property     string
	Spec, Stored mlmdpb.PropertyType
}

// PlanTypeChanges compares the types of a catalog, such as mapping.Catalog, with those in
// the client's store. It returns what the first write would register, by
// entity, also for types to which nothing would happen, and the stored custom
// properties that have the names of fields. It writes nothing.
//
// It sends three requests, and one more for each field of a stored type that a
// property keeps, however much is stored.
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
		slices.SortFunc(change.Conflicts, func(a, b PropertyConflict) int { return strings.Compare(a.Property, b.Property) })
		if !change.New {
			if change.Custom, err = c.customValues(ctx, change.TypeName, t); err != nil {
				return nil, err
			}
		}
		out = append(out, change)
	}
	slices.SortFunc(out, func(a, b TypeChange) int { return strings.Compare(a.Entity, b.Entity) })
	return out, nil
}

// HasConflicts reports whether any type has a conflict.
func (cs TypeChanges) HasConflicts() bool {
	return slices.ContainsFunc(cs, func(c TypeChange) bool { return len(c.Conflicts) > 0 })
}

// String returns the changes for people, a line each; types to which nothing
// would happen are only counted.
func (cs TypeChanges) String() string {
	var b strings.Builder
	same := 0
	for _, c := range cs {
		if c.New {
			fmt.Fprintf(&b, "+ %s type %s, for %s, with %s\n", c.Kind, c.TypeName, c.Entity, plural(len(c.Add), "property", "properties"))
		} else {
			for _, p := range c.Add {
				fmt.Fprintf(&b, "+ %s: property %s %s\n", c.TypeName, p.Name, p.Type)
			}
		}
		for _, p := range c.Conflicts {
			fmt.Fprintf(&b, "! %s: property %s is %s in this store and %s in the spec: it stays %s, and writing it fails\n", c.TypeName, p.Property, p.Stored, p.Spec, p.Stored)
		}
		for _, v := range c.Custom {
			b.WriteString(v.line(c.TypeName))
		}
		if !c.New && len(c.Add)+len(c.Conflicts) == 0 {
			same++
		}
	}
	if same > 0 {
		fmt.Fprintf(&b, "= %s as the spec has them\n", plural(same, "type", "types"))
	}
	return b.String()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
