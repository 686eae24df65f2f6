package engine

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// mapSlice applies one to each element. An empty list results in nil, as in
// messages.
func mapSlice[A, B any](list []A, one func(A) B) []B {
	if len(list) == 0 {
		return nil
	}
	converted := make([]B, len(list))
	for i, a := range list {
		converted[i] = one(a)
	}
	return converted
}

// findNodeByName reads a node by its type and name. It returns nil if the node
// does not exist.
func findNodeByName(ctx context.Context, q querier, k *nodeKind, of typeName, name string) (*node, error) {
	id, err := typeID(ctx, q, k.typeKind, of)
	if err != nil || id == 0 {
		return nil, err
	}
	// Types and names are unique together.
	nodes, err := selectNodes(ctx, q, k, sqldb.ColumnOf(k.table, "id", "s.type_id = ? AND s.name = ?$", id, name))
	if err != nil || len(nodes) == 0 {
		return nil, err
	}
	return nodes[0], nil
}

// findNodesByText reads the nodes whose column is one of texts, in the order of
// their IDs.
func findNodesByText(ctx context.Context, q querier, k *nodeKind, column string, texts []string) ([]*node, error) {
	texts = slices.Compact(slices.Sorted(slices.Values(texts)))
	var nodes []*node
	err := sqldb.ForEachChunk(texts, func(part []string) error {
		s := sqldb.InTexts(part)
		some, err := selectNodes(ctx, q, k, sqldb.ColumnOf(k.table, "id", "s."+column+" "+s.Text, s.Args...))
		nodes = append(nodes, some...)
		return err
	})
	if len(texts) > sqldb.MaxInList {
		slices.SortFunc(nodes, func(a, b *node) int { return cmp.Compare(*a.id, *b.id) })
	}
	return nodes, err
}

// findNodesByExternalID reads nodes by their external IDs. It returns an error
// if none exists.
func findNodesByExternalID(ctx context.Context, q querier, k *nodeKind, ids []string) ([]*node, error) {
	if slices.Contains(ids, "") {
		return nil, invalidArgf("There exists at least one empty external_id in the request")
	}
	nodes, err := findNodesByText(ctx, q, k, "external_id", ids)
	if err == nil && len(ids) > 0 && len(nodes) == 0 {
		return nil, errorf(codes.NotFound, "No %ss found for external_ids.", k.noun)
	}
	return nodes, err
}
