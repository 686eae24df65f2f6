package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// typeInfo is a stored type. It must not be changed, because it may be cached.
type typeInfo struct {
	id                    int64
	kind                  typekind.Kind // as in column type_kind
	name                  string
	version               string // "" if absent
	description, external *string
	inputType, outputType *mlmdpb.ArtifactStructType
	props                 map[string]mlmdpb.PropertyType
	parents               []string // names
}

// typeName identifies a type among those of its kind. version is "" if absent.
type typeName struct{ name, version string }

func (t *typeInfo) key() typeName { return typeName{t.name, t.version} }

// selectTypesText returns the statement that reads types with their properties
// and parents. It has the parameters of the predicate three times. The first
// column tells which of the three a row is.
func selectTypesText(selected sqldb.Predicate) string {
	from := " FROM " + selected.Join()
	return "SELECT 0, t.id, t.type_kind, t.name, t.version, t.description, t.external_id, t.input_type, t.output_type" +
		from + "Type t WHERE t.id " + selected.Text +
		" UNION ALL SELECT 1, p.type_id, p.data_type, p.name, NULL, NULL, NULL, NULL, NULL" +
		from + "TypeProperty p WHERE p.type_id " + selected.Text +
		" UNION ALL SELECT 2, l.type_id, l.parent_type_id, b.name, NULL, NULL, NULL, NULL, NULL" +
		from + "ParentType l JOIN Type b ON b.id = l.parent_type_id WHERE l.type_id " + selected.Text
}

const typeColumns = 9

var selectOneType = selectTypesText(oneID)

// selectTypes reads the types that s selects, in the order of their IDs.
func selectTypes(ctx context.Context, q querier, s sqldb.Predicate) ([]*typeInfo, error) {
	types, store, err := q.lookupQuery(ctx, s)
	if err != nil || types != nil {
		return types, err
	}
	types, err = readTypes(ctx, q, s)
	if err == nil && store != nil {
		store(types)
	}
	return types, err
}

func readTypes(ctx context.Context, q querier, s sqldb.Predicate) ([]*typeInfo, error) {
	args := slices.Concat(s.Args, s.Args, s.Args)
	var types []*typeInfo
	byID := map[int64]*typeInfo{}
	entry := func(id int64) *typeInfo { // rows may come in any order
		t, ok := byID[id]
		if !ok {
			t = &typeInfo{id: id, kind: typekind.Invalid}
			byID[id] = t
		}
		return t
	}
	text := selectOneType
	if s.Text != oneID.Text {
		text = selectTypesText(s)
	}
	rows, err := q.Query(ctx, text, args...)
	err = sqldb.Each(rows, err, typeColumns, func(r *sqldb.Row) error {
		t := entry(r.Int(1))
		switch r.Int(0) {
		case 0:
			if err := t.read(r); err != nil {
				q.reportDamage(ctx, "Type", t.id, "a column", err)
			}
			types = append(types, t)
		case 1:
			name, kind := r.Text(3), r.Int32(2)
			if err := r.TakeErr(); err != nil {
				q.reportDamage(ctx, "TypeProperty", t.id, name, err)
				return nil
			}
			if t.props == nil {
				t.props = map[string]mlmdpb.PropertyType{}
			}
			t.props[name] = mlmdpb.PropertyType(kind)
		case 2:
			t.parents = append(t.parents, r.Text(3))
		}
		return nil
	})
	slices.SortFunc(types, func(a, b *typeInfo) int { return cmp.Compare(a.id, b.id) })
	return types, err
}

// read sets the columns of t. A column that cannot be read stays unset; the
// error is that of the last such column.
func (t *typeInfo) read(r *sqldb.Row) error {
	t.kind, t.name, t.version = typekind.Of(int64(r.Int32(2))), r.Text(3), r.Text(4)
	if r.Err() != nil {
		t.kind = typekind.Invalid
	}
	for i, field := range []**string{&t.description, &t.external} {
		if !r.Null(5 + i) {
			s := r.Text(5 + i)
			*field = &s
		}
	}
	err := r.TakeErr()
	for i, field := range []**mlmdpb.ArtifactStructType{&t.inputType, &t.outputType} {
		var failed error
		if *field, failed = DecodeStructType(r.Text(7 + i)); failed != nil {
			err = failed
		}
	}
	return err
}

// typesByID reads the types of one kind with these IDs.
func typesByID(ctx context.Context, q querier, kind typekind.Kind, ids []int64) (map[int64]*typeInfo, error) {
	found := map[int64]*typeInfo{}
	err := sqldb.ForEachChunk(q.Dialect().ValidIDs(ids), func(part []int64) error {
		types, err := selectTypes(ctx, q, q.Dialect().InIDs(part))
		for _, t := range types {
			if t.kind == kind {
				found[t.id] = t
			}
		}
		return err
	})
	return found, err
}

// typesByName reads the types of one kind with these names.
func typesByName(ctx context.Context, q querier, kind typekind.Kind, names []typeName) (map[typeName]*typeInfo, error) {
	ids, err := typeIDs(ctx, q, kind, names)
	if err != nil {
		return nil, err
	}
	byID, err := typesByID(ctx, q, kind, slices.Collect(maps.Values(ids)))
	found := make(map[typeName]*typeInfo, len(byID))
	for _, t := range byID {
		found[t.key()] = t
		q.cacheType(cachedType{t, true})
	}
	return found, err
}

// typeIDs returns the IDs of types of one kind by their names. If two types
// have the same name and version, which concurrent writers of other programs
// can cause, the older one is returned.
func typeIDs(ctx context.Context, q querier, kind typekind.Kind, names []typeName) (map[typeName]int64, error) {
	ids := make(map[typeName]int64, len(names))
	var unknown []string
	for _, n := range names {
		if id := q.types().id(kind, n); id != 0 {
			ids[n] = id
		} else {
			unknown = append(unknown, n.name)
		}
	}
	slices.Sort(unknown)
	err := sqldb.ForEachChunk(slices.Compact(unknown), func(part []string) error {
		s := sqldb.InTexts(part)
		rows, err := q.Query(ctx, "SELECT id, name, version FROM Type WHERE name "+s.Text+" AND type_kind = ?",
			append(s.Args, int64(kind))...)
		return sqldb.Each(rows, err, 3, func(r *sqldb.Row) error {
			n := typeName{r.Text(1), r.Text(2)}
			if id, ok := ids[n]; !ok || r.Int(0) < id {
				ids[n] = r.Int(0)
			}
			return nil
		})
	})
	return ids, err
}

// typeByName reads one type. It returns nil if the type does not exist.
func typeByName(ctx context.Context, q querier, kind typekind.Kind, n typeName) (*typeInfo, error) {
	id := q.types().id(kind, n)
	if id == 0 {
		types, err := typesByName(ctx, q, kind, []typeName{n})
		return types[n], err
	}
	types, err := selectTypes(ctx, q, sqldb.EqID(id))
	for _, t := range types {
		if t.kind == kind && t.key() == n {
			q.cacheType(cachedType{t, true})
			return t, err
		}
	}
	return nil, err
}
