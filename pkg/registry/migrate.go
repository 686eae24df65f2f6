package registry

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A Migration counts what [Migrate] did, or would do.
type Migration struct {
	Entity string
	Seen   int // entities that were looked at
	Moved  int // those of them that had a property under an older name
}

// A MigrateOption changes what [Migrate] does.
type MigrateOption func(*migrating)

type migrating struct{ dry bool }

// DryRun makes [Migrate] count only.
func DryRun() MigrateOption { return func(m *migrating) { m.dry = true } }

// Migrate rewrites the stored entities of m that have properties under older
// names (x-mlmd-renamed-from in the spec): the value moves to the name that the
// spec has now, or is dropped if there is one already. Reading does not need
// it; filters and other programs may. Run it with [DryRun] first.
//
// A call that was cut short is finished by calling again: what is moved is left
// alone. It takes one request for each hundred entities and one for each that
// is moved, whose update time changes. Programs that still know only the older
// names do not find what they are looking for afterwards.
func Migrate[T any, N mlmd.Node](ctx context.Context, c *Client, m mlmd.Mapping[T, N], opts ...MigrateOption) (Migration, error) {
	var o migrating
	for _, opt := range opts {
		opt(&o)
	}
	e := Use(c, m)
	out := Migration{Entity: m.Entity}
	was := make(map[string]string) // the path now, by the older name
	for _, f := range m.Fields {
		for _, name := range f.Was {
			was[name] = f.Path
		}
	}
	if len(was) == 0 {
		return out, nil
	}
	s := e.subject("migrate", "")
	size := int32(pageSize)
	for token := ""; ; {
		ns, next, err := e.nodes.page(ctx, e.m.TypeName, &mlmdpb.ListOperationOptions{MaxResultSize: &size, NextPageToken: &token})
		if err != nil {
			return out, s.rpc(ctx, err)
		}
		for _, n := range ns {
			moved, err := e.migrate(ctx, s, n, was, o.dry)
			if err != nil {
				return out, err
			}
			out.Seen++
			if moved {
				out.Moved++
			}
		}
		if next == "" {
			return out, nil
		}
		if next == token {
			return out, s.fail(ErrInternal, "the server repeats its pages: it answered a page token for the second time")
		}
		token = next
	}
}

// migrate moves the properties of one node. It tells whether there are any.
func (e *Entity[T, N]) migrate(ctx context.Context, s subject, n N, was map[string]string, dry bool) (bool, error) {
	v := e.nodes.view(n)
	var paths []string
	for old, now := range was {
		if v.props[old] == nil {
			continue
		}
		paths = append(paths, "properties."+old)
		if name := strings.TrimPrefix(now, "properties."); v.props[name] == nil {
			paths = append(paths, now)
		}
	}
	if len(paths) == 0 || dry {
		return len(paths) > 0, nil
	}
	t, err := e.decode(s, n, v)
	if err != nil {
		return false, err
	}
	var outer mlmd.Parent
	outer.ID, _ = parseID(e.m.Ident(t).ParentID) // 0 where its name does not say
	now, err := e.m.Encode(t, outer)
	if err != nil {
		return false, s.invalid(err)
	}
	used := e.m.PropTypes()
	maps.DeleteFunc(used, func(name string, _ mlmdpb.PropertyType) bool { return !slices.Contains(paths, propertyPath+name) })
	if _, err := e.c.widen(ctx, e.typ, used); err != nil {
		return false, s.rpc(ctx, err)
	}
	if err := e.nodes.put(ctx, e.nodes.stamp(now, 0, v.id), paths); err != nil {
		return false, s.rpc(ctx, err)
	}
	return true, nil
}
