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

// A typeInfo is a stored type. Nobody writes to it once it is made.
type typeInfo struct {
	id                    int64
	kind                  typekind.Kind // of Type.type_kind
	name                  string
	version               string // "" is none
	description, external *string
	inputType, outputType *mlmdpb.ArtifactStructType
	props                 map[string]mlmdpb.PropertyType
	parents               []string // names
}

// A typeName identifies a type among those of its kind. No version is "".
type typeName struct{ name, version string }

func (t *typeInfo) key() typeName { return typeName{t.name, t.version} }

// selectTypesText reads types with their properties and parents in one
// statement, whose parameters are needed three times. The first column tells
// its rows apart.
func selectTypesText(selected string) string {
	return "SELECT 0, t.id, t.type_kind, t.name, t.version, t.description, t.external_id, t.input_type, t.output_type" +
		" FROM Type t WHERE t.id " + selected +
		" UNION ALL SELECT 1, p.type_id, p.data_type, p.name, NULL, NULL, NULL, NULL, NULL" +
		" FROM TypeProperty p WHERE p.type_id " + selected +
		" UNION ALL SELECT 2, l.type_id, l.parent_type_id, b.name, NULL, NULL, NULL, NULL, NULL" +
		" FROM ParentType l JOIN Type b ON b.id = l.parent_type_id WHERE l.type_id " + selected
}

const typeColumns = 9

var selectOneType = selectTypesText("= ?")

// selectTypes gives the types of a selection by ascending id.
func selectTypes(ctx context.Context, q querier, s sqldb.Predicate) ([]*typeInfo, error) {
	types, keep, err := q.lookupQuery(ctx, s)
	if err != nil || types != nil {
		return types, err
	}
	types, err = readTypes(ctx, q, s)
	if err == nil && keep != nil {
		keep(types)
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
	if s.Text != "= ?" {
		text = selectTypesText(s.Text)
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

// read takes over the columns of a type. What cannot be read of it stays unset;
// the error is that of the last such column.
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
		if *field, failed = decodeStructType(r.Text(7 + i)); failed != nil {
			err = failed
		}
	}
	return err
}

// typesByID reads the types of one kind with these ids.
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

// typeIDs finds the ids of types of one kind by their names. Should there be two
// of a name and version, which another program's race can leave behind, the
// older one is the type.
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
		rows, err := q.Query(ctx, "SELECT id, name, version FROM Type WHERE name "+s.Text+" AND type_kind = ?", append(s.Args, int64(kind))...)
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

// typeByName reads one type, nil where there is none.
func typeByName(ctx context.Context, q querier, kind typekind.Kind, n typeName) (*typeInfo, error) {
	types, err := typesByName(ctx, q, kind, []typeName{n})
	return types[n], err
}
