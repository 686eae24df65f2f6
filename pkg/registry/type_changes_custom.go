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
	// [RenameProperties], moves them to the property.
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
		fmt.Fprintf(&b, "~ %s: %s%s named %s, read as %s and moved by its next write or by RenameProperties\n",
			typeName, least, plural(v.Readable, "custom property", "custom properties"), v.Property, v.Field)
	}
	if v.Other > 0 {
		fmt.Fprintf(&b, "~ %s: %s%s named %s, not of type %s or beside a value of %s: not moved\n",
			typeName, least, plural(v.Other, "custom property", "custom properties"), v.Property, v.Type, v.Field)
	}
	return b.String()
}
