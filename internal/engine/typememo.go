package engine

import (
	"context"
	"slices"
)

// A typeMemo is what a connection has answered about types since the database
// last changed. So it tells what a query would, external ids included, and
// whatever other processes do.
type typeMemo struct {
	version int64 // of the database, as this connection counts
	answers map[memoKey][]*typeInfo
}

// A memoKey is a selection of at most two parameters.
type memoKey struct {
	text string
	args [2]any
}

// memoAtMost bounds a memo.
const memoAtMost = 1000

// remembered finds what a selection of types has answered. If it is not known,
// keep takes the answer, unless it is nil: then the answer cannot be kept.
func (s *Conn) remembered(ctx context.Context, sel Predicate) (types []*typeInfo, keep func([]*typeInfo), err error) {
	key := memoKey{text: sel.Text}
	if !s.d.SingleConn && s.d.DataVersionQuery == "" || len(sel.Args) > len(key.args) {
		return nil, nil, nil
	}
	copy(key.args[:], sel.Args)
	version, err := s.version(ctx)
	if err != nil {
		return nil, nil, err
	}
	if s.memo.version != version || len(s.memo.answers) >= memoAtMost {
		s.memo = typeMemo{version: version}
	}
	if types, ok := s.memo.answers[key]; ok {
		return slices.Clone(types), nil, nil
	}
	return nil, func(types []*typeInfo) {
		if s.memo.answers == nil {
			s.memo.answers = map[memoKey][]*typeInfo{}
		}
		s.memo.answers[key] = slices.Clone(types)
	}, nil
}

// version asks whether other connections have changed the database.
func (s *Conn) version(ctx context.Context) (version int64, err error) {
	if s.d.SingleConn {
		return 0, nil
	}
	rows, err := s.Query(ctx, s.d.DataVersionQuery)
	err = Each(rows, err, 1, func(r *Row) error {
		version = r.Int(0)
		return nil
	})
	return version, err
}

// forget is for a session that changes types itself, which is not counted.
func (s *Conn) forget() { s.memo = typeMemo{} }

// remembered is nothing in a transaction, which may have changed types.
func (t *Tx) remembered(context.Context, Predicate) ([]*typeInfo, func([]*typeInfo), error) {
	return nil, nil, nil
}
