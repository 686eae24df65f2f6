package registry

import (
	"context"
	"maps"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

// A RenameResult counts what [RenameProperties] did, or would do.
type RenameResult struct {
	Entity   string
	Examined int // entities that were looked at
	Renamed  int // those of them that had something under an older name
}

// A RenameOption changes what [RenameProperties] does.
type RenameOption func(*renameConfig)

type renameConfig struct{ dry bool }

// WithDryRun makes [RenameProperties] count only.
func WithDryRun() RenameOption { return func(m *renameConfig) { m.dry = true } }

// RenameProperties rewrites the stored entities of m that have properties, or members of
// objects in them, under older names (x-mlmd-renamed-from in the spec): the
// value moves to the name that the spec has now, or is dropped if there is one
// already. A custom property that is read as a field moves to the property of
// the field. Reading does not need it; filters and other programs may. What
// cannot be moved, because it cannot be read, stays. Run it with [WithDryRun] first.
//
// A call that was cut short is finished by calling again: what is moved is left
// alone. It takes one request for each hundred entities and one for each that
// is moved, whose update time changes. Programs that still know only the older
// names do not find what they are looking for afterwards.
func RenameProperties[T any, N mlmd.Node](ctx context.Context, c *Client, m mlmd.Mapping[T, N], opts ...RenameOption) (RenameResult, error) {
	var o renameConfig
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	e := NewCollection(c, m)
	out := RenameResult{Entity: m.Entity}
	s := e.operation("migrate", "")
	size := int32(pageSize)
	for token := ""; ; {
		ns, next, err := e.nodes.page(ctx, e.m.TypeName, &mlmdpb.ListOperationOptions{MaxResultSize: &size, NextPageToken: &token})
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
func (e *Collection[T, N]) renameNode(ctx context.Context, s operation, n N, dry bool) (bool, error) {
	v := e.nodes.view(n)
	t, err := e.decode(s, n, v)
	if err != nil {
		return false, err
	}
	var outer mlmd.Parent
	outer.ID, _ = parseID(e.m.Ident(t).ParentID) // 0 where its name does not say
	// What is stored with another kind than the spec has is written anew. An
	// error is of fields that stay as they are.
	now, _ := e.m.Encode(t, outer)
	if now == nil {
		return false, s.newError(ErrInternal, "the mapping returned no node")
	}
	read := e.nodes.view(now)
	c := comparison{stored: v, read: read}
	moved := make(map[string]*mlmdpb.Value)
	var paths []string
	for i := range e.m.Fields {
		f := &e.m.Fields[i]
		to, from := c.moves(f)
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
	clear(read.props) // the maps of the node
	maps.Copy(read.props, moved)
	clear(read.custom)
	used := e.m.PropTypes()
	maps.DeleteFunc(used, func(name string, _ mlmdpb.PropertyType) bool { return moved[name] == nil })
	if _, err := e.c.widen(ctx, e.typ, used); err != nil {
		return false, s.rpcError(ctx, err)
	}
	if err := e.put(ctx, e.nodes.withIDs(now, 0, v.id), paths); err != nil {
		return false, s.rpcError(ctx, err)
	}
	return true, nil
}

// moves returns what RenameProperties makes of one field: the value that the property
// gets, nil for what it has, and the paths that are emptied. Both are nil where
// the field is stored as the spec has it, or cannot be.
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
			return nil, nil // it cannot be read, and stays where it is
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
