package engine

import (
	"context"
	"slices"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// A typeQueryCache is what a connection has answered about types since the database
// last changed. So it tells what a query would, external ids included, and
// whatever other processes do.
type typeQueryCache struct {
	version int64 // of the database, as this connection counts
	answers map[typeQueryKey][]*typeInfo
}

// A typeQueryKey is a selection of at most two parameters.
type typeQueryKey struct {
	text string
	args [2]any
}

// maxTypeQueries bounds a memo.
const maxTypeQueries = 1000

// lookupQuery finds what a selection of types has answered. If it is not known,
// keep takes the answer, unless it is nil: then the answer cannot be kept.
func (r reader) lookupQuery(ctx context.Context, sel sqldb.Predicate) (types []*typeInfo, keep func([]*typeInfo), err error) {
	key := typeQueryKey{text: sel.Text}
	if len(sel.Args) > len(key.args) {
		return nil, nil, nil
	}
	copy(key.args[:], sel.Args)
	version, ok, err := r.DataVersion(ctx)
	if err != nil || !ok {
		return nil, nil, err
	}
	memo, _ := r.Local.(*typeQueryCache)
	if memo == nil || memo.version != version || len(memo.answers) >= maxTypeQueries {
		memo = &typeQueryCache{version: version, answers: map[typeQueryKey][]*typeInfo{}}
		r.Local = memo
	}
	if types, ok := memo.answers[key]; ok {
		return slices.Clone(types), nil, nil
	}
	return nil, func(types []*typeInfo) {
		memo.answers[key] = slices.Clone(types)
	}, nil
}

// invalidateTypeQueries is for a connection that changes types itself, which is not counted.
func (t *tx) invalidateTypeQueries() { t.Local = nil }

// lookupQuery is nothing in a transaction, which may have changed types.
func (t *tx) lookupQuery(context.Context, sqldb.Predicate) ([]*typeInfo, func([]*typeInfo), error) {
	return nil, nil, nil
}
