package registry

import (
	"context"
	"maps"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

// A RenameResult counts what [RenameProperties] did, or with [WithDryRun] would do.
type RenameResult struct {
	Entity   string
	Examined int // entities read
	Renamed  int // entities that had values to move
}

// A RenameOption configures [RenameProperties].
type RenameOption func(*renameConfig)

type renameConfig struct{ dry bool }

// WithDryRun makes [RenameProperties] count and write nothing.
func WithDryRun() RenameOption { return func(m *renameConfig) { m.dry = true } }

// RenameProperties moves the values of properties, and of members of objects in
// them, that the entities of m have under legacy names (x-mlmd-renamed-from in
// the spec) to the present names. A legacy value is dropped if the present name
// has a value. A custom property that is read as a field moves to the property of
// the field. Values that cannot be decoded stay.
//
// Reads do not need this. Conditions on fields do if values are stored with
// another type or as custom properties, and so do [Query.WhereText] and programs
// that know only the present names. Programs that know only the legacy names no
// longer find the values. Call RenameProperties with [WithDryRun] first.
//
// It makes one RPC for each 100 entities and one for each that it changes, whose
// update time changes too. If it fails, the result counts what was done; call it
// again to complete the rest.
func RenameProperties[T any, N mlmd.Node](
	ctx context.Context, c *Client, m mlmd.Mapping[T, N], opts ...RenameOption,
) (RenameResult, error) {
	var o renameConfig
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	e := NewCollection(c, m)
	out := RenameResult{Entity: m.Entity}
	s := e.operation("rename properties of", "")
	size := int32(pageSize)
	for token := ""; ; {
		list := &mlmdpb.ListOperationOptions{MaxResultSize: &size, NextPageToken: &token}
		ns, next, err := e.nodes.page(ctx, e.m.TypeName, list)
		if err != nil {
			return out, s.rpcError(ctx, err)
		}
		for _, n := range ns {
			moved, err := e.renameNode(ctx, s, n, o.dry)
			if err != nil {
				return out, err
			}
			out.Examined++
			if moved {
				out.Renamed++
			}
		}
		if next == "" {
			return out, nil
		}
		if next == token {
			return out, s.newError(ErrInternal, "the server returned a page token twice")
		}
		token = next
	}
}

// renameNode moves the properties of one node. It reports whether there are any.
// If dry is set, it writes nothing.
func (c *Collection[T, N]) renameNode(ctx context.Context, s operation, n N, dry bool) (bool, error) {
	v := c.nodes.view(n)
	t, err := c.decode(s, n, v)
	if err != nil {
		return false, err
	}
	var mappingParent mlmd.Parent
	mappingParent.ID, _ = parseID(c.m.Ident(t).ParentID) // 0 if its name lacks the prefix
	// Encoding gives values that are stored with another type the type of the spec.
	// The error is ignored: it is about fields that stay as they are.
	now, _ := c.m.Encode(t, mappingParent)
	if now == nil {
		return false, s.newError(ErrInternal, "the mapping returned no node")
	}
	read := c.nodes.view(now)
	cmp := comparison{stored: v, read: read}
	moved := make(map[string]*mlmdpb.Value)
	var paths []string
	for i := range c.m.Fields {
		f := &c.m.Fields[i]
		to, from := cmp.moves(f)
		if from == nil {
			continue
		}
		paths = append(paths, from...)
		if to != nil {
			name, _ := f.Property()
			moved[name] = to
			paths = append(paths, f.Path)
		}
	}
	if len(paths) == 0 || dry {
		return len(paths) > 0, nil
	}
	clear(read.props) // shared with now
	maps.Copy(read.props, moved)
	clear(read.custom)
	used := c.m.PropTypes()
	maps.DeleteFunc(used, func(name string, _ mlmdpb.PropertyType) bool { return moved[name] == nil })
	if _, err := c.client.extendType(ctx, c.typ, used); err != nil {
		return false, s.rpcError(ctx, err)
	}
	if err := c.put(ctx, c.nodes.withIDs(now, 0, v.id), paths, nil); err != nil {
		return false, s.rpcError(ctx, err)
	}
	return true, nil
}

// moves returns the value that RenameProperties stores in the property of a field,
// nil to keep what it has, and the paths that it clears. Both are nil if the
// field needs no change or its value cannot be decoded.
func (c comparison) moves(f *mlmd.Field) (to *mlmdpb.Value, from []string) {
	key, ok := f.Property()
	if !ok || f.Derived {
		return nil, nil
	}
	read := c.stored.props[key]
	source := key
	for _, name := range f.LegacyNames {
		if c.stored.props[name] == nil {
			continue
		}
		from = append(from, propertyPath+name)
		if read == nil {
			read, source = c.stored.props[name], name
		}
	}
	if path := c.customSource(f, false); path != "" && read == nil {
		return c.stored.custom[key], []string{path}
	}
	if read == nil {
		return nil, nil
	}
	if propertyType(read) != f.Type {
		if read = c.read.props[key]; read == nil {
			return nil, nil // it cannot be decoded
		}
	} else if now, renamed := gensupport.RenameStored(f, read, source); renamed {
		if from == nil {
			from = []string{}
		}
		return now, from
	}
	if source == key {
		read = nil
	}
	return read, from
}
