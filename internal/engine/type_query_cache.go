package engine

import (
	"context"
	"slices"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// typeQueryCache caches the results of queries for types on one connection
// until the database changes. It returns what the query would, including
// external IDs, whatever other processes do.
type typeQueryCache struct {
	version int64 // see sqldb.Conn.DataVersion
	answers map[typeQueryKey][]*typeInfo
}

// typeQueryKey is a predicate with at most two parameters.
type typeQueryKey struct {
	from, text string
	args       [2]any
}

// maxTypeQueries limits the queries per connection.
const maxTypeQueries = 1000

// lookupQuery implements querier.
func (r reader) lookupQuery(
	ctx context.Context, sel sqldb.Predicate,
) (types []*typeInfo, store func([]*typeInfo), err error) {
	key := typeQueryKey{from: sel.From, text: sel.Text}
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

// invalidateTypeQueries must be called before the connection changes types,
// because its data version does not count its own changes.
func (t *tx) invalidateTypeQueries() { t.Local = nil }

// lookupQuery caches nothing, because the transaction may have changed types.
func (t *tx) lookupQuery(context.Context, sqldb.Predicate) ([]*typeInfo, func([]*typeInfo), error) {
	return nil, nil, nil
}
