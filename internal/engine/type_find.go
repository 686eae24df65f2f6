package engine

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// typesByExternalID reads the types of all kinds that have one of the external
// IDs.
func typesByExternalID(ctx context.Context, q querier, ids []string) ([]*typeInfo, error) {
	var types []*typeInfo
	err := sqldb.ForEachChunk(slices.Compact(slices.Sorted(slices.Values(ids))), func(part []string) error {
		s := sqldb.InTexts(part)
		some, err := selectTypes(ctx, q, sqldb.ColumnOf("Type", "id", "s.external_id "+s.Text, s.Args...))
		types = append(types, some...)
		return err
	})
	return types, err
}

// requireType reads a type by name. It returns an error if the type does not
// exist.
func requireType(ctx context.Context, q querier, kind typekind.Kind, n typeName) (*typeInfo, error) {
	t, err := typeByName(ctx, q, kind, n)
	if err == nil && t == nil {
		return nil, errorf(codes.NotFound, "No type found for query, name: `%s`, version: `%s`", n.name, n.version)
	}
	return t, err
}

// typesInOrder reads types of one kind in the order of ids. A repeated ID
// returns the type repeatedly.
func typesInOrder(ctx context.Context, q querier, kind typekind.Kind, ids []int64) ([]*typeInfo, error) {
	found, err := typesByID(ctx, q, kind, slices.Clone(ids))
	types := make([]*typeInfo, 0, len(found))
	for _, id := range ids {
		if t := found[id]; t != nil {
			types = append(types, t)
		}
	}
	return types, err
}

// typesByExternalIDs reads the types of one kind that have one of the external
// IDs. It returns an error if none has.
func typesByExternalIDs(ctx context.Context, q querier, kind typekind.Kind, ids []string) ([]*typeInfo, error) {
	if slices.Contains(ids, "") {
		return nil, invalidArgf("There exists at least one empty external_id in the request")
	}
	types, err := typesByExternalID(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	types = slices.DeleteFunc(types, func(t *typeInfo) bool { return t.kind != kind })
	if len(types) == 0 && len(ids) > 0 {
		return nil, errorf(codes.NotFound, "No types found for external_ids.")
	}
	return mapSlice(types, (*typeInfo).basic), nil
}

// typesOfKind selects the types of one kind.
func typesOfKind(kind typekind.Kind) sqldb.Predicate {
	return sqldb.ColumnOf("Type", "id", "s.type_kind = ?", int64(kind))
}

// allTypes reads all types of one kind, without those that have the name of a
// system type, except for contexts.
func allTypes(ctx context.Context, q querier, kind typekind.Kind) ([]*typeInfo, error) {
	types, err := selectTypes(ctx, q, typesOfKind(kind))
	if kind != typekind.Context {
		types = slices.DeleteFunc(types, func(t *typeInfo) bool {
			return schema.IsSystemType(t.name)
		})
	}
	return mapSlice(types, func(t *typeInfo) *typeInfo { return t.omit(true, false, false) }), err
}
