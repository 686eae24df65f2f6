package engine

import (
	"context"
	"errors"
	"testing"
	"time"
)

// The work must be linear in the links. If it grew with the pairs of parents
// and contexts, this test would take minutes.
func TestGroupRelatives_ManyContexts(t *testing.T) {
	const many = 200_000
	nodes := make([]*node, 0, many)
	relatives := make(map[int64][]int64, many)
	for id := int64(1); id <= many; id++ {
		nodes = append(nodes, &node{id: &id})
		relatives[many+id] = []int64{id%many + 1, id, id, 3 * many} // the last one does not exist
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	found, err := groupRelatives(ctx, relatives, nodes)
	if err != nil || len(found) != many {
		t.Fatalf("%d lists, %v", len(found), err)
	}
	for of, list := range found {
		low, high := of-many, (of-many)%many+1
		if low > high {
			low, high = high, low
		}
		if len(list) != 2 || *list[0].id != low || *list[1].id != high {
			t.Fatalf("context %d has %d relatives, want %d and %d", of, len(list), low, high)
		}
	}
}

func TestGroupRelatives_OmitsEmptyLists(t *testing.T) {
	found, err := groupRelatives(t.Context(), map[int64][]int64{1: {7, 9}, 2: {9}}, []*node{{id: new(int64(7))}})
	if err != nil || len(found) != 1 || len(found[1]) != 1 || *found[1][0].id != 7 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestGroupRelatives_Canceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := groupRelatives(ctx, map[int64][]int64{1: {2}}, nil); !errors.Is(err, context.Canceled) ||
		found != nil {
		t.Errorf("%v, %v", found, err)
	}
}
