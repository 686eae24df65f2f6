package engine

import (
	"context"
	"slices"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// GetParentContextsByContext reads the direct parents of a context.
func (s *Service) GetParentContextsByContext(
	ctx context.Context, req *mlmdpb.GetParentContextsByContextRequest,
) (*mlmdpb.GetParentContextsByContextResponse, error) {
	resp := new(mlmdpb.GetParentContextsByContextResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		nodes, err := relatives(ctx, q, "parent_context_id", "context_id", req.GetContextId())
		resp.Contexts = mapSlice(nodes, (*node).toContext)
		return err
	})
	return reply(resp, err)
}

// GetChildrenContextsByContext reads the direct children of a context.
func (s *Service) GetChildrenContextsByContext(
	ctx context.Context, req *mlmdpb.GetChildrenContextsByContextRequest,
) (*mlmdpb.GetChildrenContextsByContextResponse, error) {
	resp := new(mlmdpb.GetChildrenContextsByContextResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		nodes, err := relatives(ctx, q, "context_id", "parent_context_id", req.GetContextId())
		resp.Contexts = mapSlice(nodes, (*node).toContext)
		return err
	})
	return reply(resp, err)
}

// relatives reads the contexts in column want of the links that have id in
// column given.
func relatives(ctx context.Context, q querier, want, given string, id int64) ([]*node, error) {
	if !q.Dialect().ValidID(id) {
		return nil, nil
	}
	return selectNodes(ctx, q, contextKind, sqldb.ColumnOf("ParentContext", want, "s."+given+" = ?", id))
}

// GetParentContextsByContexts reads the direct parents of several contexts. The
// reply omits contexts without parents.
func (s *Service) GetParentContextsByContexts(
	ctx context.Context, req *mlmdpb.GetParentContextsByContextsRequest,
) (*mlmdpb.GetParentContextsByContextsResponse, error) {
	type each = mlmdpb.GetParentContextsByContextsResponse_ParentContextsPerChild
	resp := new(mlmdpb.GetParentContextsByContextsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		found, err := relativesOfEach(ctx, q, "context_id", req.GetContextIds(),
			func(l parentLink) (of, is int64) { return l.child, l.parent })
		resp.Contexts = make(map[int64]*each, len(found))
		for id, nodes := range found {
			resp.Contexts[id] = &each{ParentContexts: mapSlice(nodes, (*node).toContext)}
		}
		return err
	})
	return reply(resp, err)
}

// GetChildrenContextsByContexts reads the direct children of several contexts.
// The reply omits contexts without children.
func (s *Service) GetChildrenContextsByContexts(
	ctx context.Context, req *mlmdpb.GetChildrenContextsByContextsRequest,
) (*mlmdpb.GetChildrenContextsByContextsResponse, error) {
	type each = mlmdpb.GetChildrenContextsByContextsResponse_ChildrenContextsPerParent
	resp := new(mlmdpb.GetChildrenContextsByContextsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		found, err := relativesOfEach(ctx, q, "parent_context_id", req.GetContextIds(),
			func(l parentLink) (of, is int64) { return l.parent, l.child })
		resp.Contexts = make(map[int64]*each, len(found))
		for id, nodes := range found {
			resp.Contexts[id] = &each{ChildrenContexts: mapSlice(nodes, (*node).toContext)}
		}
		return err
	})
	return reply(resp, err)
}

// relativesOfEach reads, for each of ids, the contexts at the other end of its
// links, in the order of their IDs.
func relativesOfEach(
	ctx context.Context, q querier, column string, ids []int64, ends func(parentLink) (of, is int64),
) (map[int64][]*node, error) {
	if len(ids) == 0 {
		return nil, invalidArgf("Given context_ids is empty.")
	}
	relatives := map[int64][]int64{}
	var all []int64
	err := parentLinks(ctx, q, column, ids, func(l parentLink) {
		of, is := ends(l)
		relatives[of] = append(relatives[of], is)
		all = append(all, is)
	})
	if err != nil {
		return nil, err
	}
	nodes, err := getNodes(ctx, q, contextKind, all)
	if err != nil {
		return nil, err
	}
	return groupRelatives(ctx, relatives, nodes)
}

// groupRelatives replaces the IDs in each list by nodes, in the order of their
// IDs. It omits IDs without a node, and empty lists.
func groupRelatives(ctx context.Context, relatives map[int64][]int64, nodes []*node) (map[int64][]*node, error) {
	byID := make(map[int64]*node, len(nodes))
	for _, n := range nodes {
		byID[*n.id] = n
	}
	found := make(map[int64][]*node, len(relatives))
	for of, members := range relatives {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		slices.Sort(members)
		for _, id := range slices.Compact(members) {
			if n, ok := byID[id]; ok {
				found[of] = append(found[of], n)
			}
		}
	}
	return found, nil
}
