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

// CustomValues are the stored custom properties that have the name of the
// property of a field, such as those that were written before the spec had the
// field. At most a hundred are looked at. Protos are not counted: the filter
// language cannot ask for them.
type CustomValues struct {
	Field    string // in JSON
	Property string
	Type     mlmdpb.PropertyType // of the property, in the spec
	// Fit counts those that are read as the field, if their value allows it: they
	// have its kind, and the entity has no value in the property. The next write
	// of the field, or [RenameProperties], moves them.
	Fit int
	// Other counts those that stay custom properties: they have another kind, or
	// the entity has a value in the property.
	Other int
	More  bool // there are more than were looked at
	// Unknown reports that they were not counted, because the filter language or
	// this server cannot ask for the name.
	Unknown bool
}

// customValues looks for custom properties of the type called typeName that
// have the names of fields of t.
func (c *Client) customValues(ctx context.Context, typeName string, t mlmd.Type) ([]CustomValues, error) {
	var out []CustomValues
	for i := range t.Fields {
		f := &t.Fields[i]
		name, ok := f.Property()
		if !ok || f.Derived { // copies are not read
			continue
		}
		v := CustomValues{Field: f.Name, Property: name, Type: f.Type}
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
		if v.Fit+v.Other > 0 || v.Unknown {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b CustomValues) int { return strings.Compare(a.Property, b.Property) })
	return out, nil
}

// nodeViews returns one page of the nodes of a type.
func nodeViews[N mlmd.Node](ctx context.Context, ns nodes[N], typeName string, o *mlmdpb.ListOperationOptions) ([]nodeView, string, error) {
	page, next, err := ns.page(ctx, typeName, o)
	out := make([]nodeView, len(page))
	for i, n := range page {
		out[i] = ns.view(n)
	}
	return out, next, err
}

// count asks for the entities that have the custom property, of any kind: one
// request.
func (v *CustomValues) count(ctx context.Context, c *Client, f *mlmd.Field, page func(*mlmdpb.ListOperationOptions) ([]nodeView, string, error)) error {
	s := source[nodeView]{operation: operation{op: "plan"}, client: c}
	custom := new(filter.CustomSymbols[*nodeView]).Custom(v.Property)
	set := custom.AsString().IsSet().Or(custom.Int().IsSet(), custom.Double().IsSet(), custom.Bool().IsSet())
	t, err := filtertext.Print(filtertext.Expr(set), nil)
	if err != nil {
		v.Unknown = true
		return nil
	}
	switch err := s.checkSupported(ctx, t.Caveats); {
	case errors.Is(err, ErrUnsupported):
		v.Unknown = true
		return nil
	case err != nil:
		return err
	}
	size := int32(pageSize)
	have, next, err := page(&mlmdpb.ListOperationOptions{MaxResultSize: &size, FilterQuery: &t.Branches[0]})
	if err != nil {
		return s.rpcError(ctx, err)
	}
	for _, n := range have {
		set := func(name string) bool { return n.props[name] != nil }
		if propertyType(n.custom[v.Property]) != f.Type || set(v.Property) || slices.ContainsFunc(f.LegacyNames, set) {
			v.Other++
		} else {
			v.Fit++
		}
	}
	v.More = next != ""
	return nil
}

// line returns v for people.
func (v CustomValues) line(typeName string) string {
	if v.Unknown {
		return fmt.Sprintf("? %s: whether custom properties are called %s, as the property of %s, cannot be asked\n", typeName, v.Property, v.Field)
	}
	least := ""
	if v.More {
		least = "at least "
	}
	var b strings.Builder
	if v.Fit > 0 {
		fmt.Fprintf(&b, "~ %s: %s%s called %s to be read as %s, and moved by the next write of it or by RenameProperties\n",
			typeName, least, plural(v.Fit, "custom property", "custom properties"), v.Property, v.Field)
	}
	if v.Other > 0 {
		fmt.Fprintf(&b, "~ %s: %s%s called %s, of another kind than %s or beside a value of %s, to stay\n",
			typeName, least, plural(v.Other, "custom property", "custom properties"), v.Property, v.Type, v.Field)
	}
	return b.String()
}
