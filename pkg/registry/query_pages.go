package registry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/internal/listorder"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

// A listing is a query under way. Use it once.
type listing interface {
	// rows yields rows up to the limit.
	rows(ctx context.Context) iter.Seq2[row, error]
	// nextToken returns the token of what follows the yielded rows, or "" if
	// nothing follows.
	nextToken(ctx context.Context) (string, error)
}

// A preparedQuery is a checked query.
type preparedQuery struct {
	source
	order Order
	desc  bool
	limit int      // 0 for no limit
	texts []string // of WhereText
	// condition identifies a condition on neighbors, or is empty: its filters differ
	// from one page to the next.
	condition string
}

// fetch returns one page and the token of the next one. If the server rejects
// the filter, fetch looks for the mistake in the texts of the caller, since the
// server's error quotes the combined filter, which the caller has not seen.
func (p preparedQuery) fetch(ctx context.Context, o *mlmdpb.ListOperationOptions) ([]row, string, error) {
	rows, next, err := p.source.fetch(ctx, o)
	if status.Code(err) != codes.InvalidArgument {
		return rows, next, err
	}
	for _, text := range p.texts {
		if _, bad := filterquery.Compile(text, p.nodes); bad != nil {
			e := p.newError(ErrInvalidArgument, fmt.Sprintf("filter text %q: %v", shorten(text), bad))
			e.Err = err
			return nil, "", e
		}
	}
	return nil, "", err
}

// prepare checks the query and returns its listing, which begins at token.
func (q query) prepare(ctx context.Context, limit int, token string) (listing, error) {
	if q.err != nil {
		return nil, q.err
	}
	s := q.src
	if limit < 0 {
		return nil, s.newError(ErrInvalidArgument, fmt.Sprintf("limit %d is negative: use 0 for no limit", limit))
	}
	if q.order != OrderByID && q.order != OrderByCreateTime && q.order != OrderByUpdateTime {
		return nil, s.newError(ErrInvalidArgument, fmt.Sprintf(
			"unknown order %d: use OrderByID, OrderByCreateTime or OrderByUpdateTime", q.order))
	}
	condition := ""
	if filtertext.HasNeighbors(q.where) {
		var err error
		condition = filtertext.TestOf(q.where).String()
		if q.where, err = q.resolved(ctx); err != nil {
			return nil, err
		}
	}
	if s.client.rest() != nil {
		return q.prepareREST(limit, token, condition)
	}
	if q.by != nil {
		by, err := s.sortBy(ctx, *q.by)
		if err != nil {
			return nil, err
		}
		s.by, q.order = by, OrderByID
	}
	filters, err := q.filters(ctx)
	if err != nil {
		return nil, err
	}
	p := preparedQuery{s, q.order, q.desc, limit, q.texts, condition}
	if condition == "" && s.by == nil && len(filters) == 1 && len(filters[0].Tests) == 0 {
		l := &pages{preparedQuery: p, text: filters[0].Text}
		if l.token, err = l.decodeToken(token); err != nil {
			return nil, err
		}
		return l, nil
	}
	return newUnion(p, filters, token)
}

// filters returns the filters whose union the query is.
func (q query) filters(ctx context.Context) ([]filtertext.Branch, error) {
	t, err := q.src.print(ctx, q.where)
	if err != nil {
		return nil, err
	}
	if len(q.texts) == 1 && q.scope == "" && len(t.Branches) == 1 && t.Branches[0].Text == "" {
		t.Branches[0].Text = q.texts[0] // unchanged
		return t.Branches, nil
	}
	var all []string
	if q.scope != "" {
		all = append(all, q.scope)
	}
	for _, text := range q.texts {
		if err := filtertext.Closed(text); err != nil {
			e := q.src.newError(ErrInvalidArgument, "")
			e.Err = err
			return nil, e
		}
		all = append(all, "("+text+"\n)") // the line break ends a comment
	}
	for i := range t.Branches {
		b := &t.Branches[i]
		parts := all
		switch {
		case b.Text == "":
		case len(all) == 0:
			parts = []string{b.Text}
		default:
			parts = append(all[:len(all):len(all)], "("+b.Text+")")
		}
		b.Text = strings.Join(parts, " AND ")
	}
	return t.Branches, nil
}

// print returns a condition in the filter language of the server. What the server
// would misinterpret becomes a test.
func (s source) print(ctx context.Context, e filtertext.Expr) (filtertext.Text, error) {
	declared := declaredNames{client: s.client, typ: s.typ}
	o := filtertext.Options{Declared: func(older string) bool { return declared.has(ctx, older) }}
	t, err := filtertext.Print(e, o)
	if declared.err != nil {
		return t, s.rpcError(ctx, declared.err)
	}
	if err == nil && len(t.Caveats) > 0 {
		server, failed := s.client.detectServer(ctx)
		if failed != nil {
			return t, s.rpcError(ctx, failed)
		}
		if server.isReference {
			o.Misread = func(c filtertext.Caveat) bool { return !c.ExactOnMySQL || !server.onMySQL }
			t, err = filtertext.Print(e, o)
		}
	}
	if err != nil {
		e := s.newError(ErrInvalidArgument, "")
		e.Err = err
		return t, e
	}
	return t, nil
}

// sortBy returns the order by a field, or [ErrUnsupported] if the server cannot
// sort by it.
func (s source) sortBy(ctx context.Context, f filtertext.Field) (*listorder.By, error) {
	by := &listorder.By{Column: f.Attr, OwnName: f.OwnName, Custom: f.Custom, Kind: listorder.Text}
	if f.Property != "" {
		by.Properties = append([]string{f.Property}, f.LegacyNames...)
	}
	switch {
	case f.AnyNumber && f.Column != filtertext.StringColumn,
		f.Column == filtertext.DoubleColumn && len(f.LegacyNames) > 0: // an integer may have become a number
		by.Kind = listorder.Number
	case f.Column == filtertext.IntColumn:
		by.Kind = listorder.Int
	case f.Column == filtertext.DoubleColumn:
		by.Kind = listorder.Double
	}
	err := by.Check()
	if f.Member != "" {
		err = errors.New("members of objects cannot be sorted by")
	}
	if err != nil {
		e := s.newError(ErrInvalidArgument, fmt.Sprintf("cannot sort by this field: %v", err))
		e.Err = err
		return nil, e
	}
	server, err := s.client.detectServer(ctx)
	if err != nil {
		return nil, s.rpcError(ctx, err)
	}
	if server.isReference {
		return nil, s.newError(ErrUnsupported, "the server sorts by ID, create time and update time only")
	}
	return by, nil
}

// options returns the options of one request.
func (p preparedQuery) options(text, token string, size int) *mlmdpb.ListOperationOptions {
	o := &mlmdpb.ListOperationOptions{
		MaxResultSize: new(int32(size)),
		OrderByField: &mlmdpb.ListOperationOptions_OrderByField{
			Field: new(mlmdpb.ListOperationOptions_OrderByField_Field(p.order)),
			IsAsc: new(!p.desc),
		},
	}
	if text != "" {
		o.FilterQuery = &text
	}
	if token != "" {
		o.NextPageToken = &token
	}
	return o
}

// pages is the listing of one filter. It follows the server's page tokens.
type pages struct {
	preparedQuery
	text  string
	token string // of the next page
}

func (l *pages) nextToken(context.Context) (string, error) { return l.encodeToken(), nil }

func (l *pages) rows(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		var met tokenCycle
		for left := l.limit; ; {
			size := pageSize
			if l.limit > 0 {
				size = min(size, left)
			}
			rows, next, err := l.fetch(ctx, l.options(l.text, l.token, size))
			if err == nil && next != "" && met.closedBy(next, l.token) {
				err = l.newError(ErrInternal, "the server returned a page token twice")
			}
			if err == nil && len(rows) > size {
				err = l.newError(ErrInternal, fmt.Sprintf(
					"the server returned %d entities, more than the %d requested", len(rows), size))
			}
			if err != nil {
				yield(row{}, err)
				return
			}
			l.token = next
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
			left -= len(rows)
			if next == "" || l.limit > 0 && left <= 0 {
				return
			}
		}
	}
}

// A tokenCycle detects a server whose page tokens repeat. It keeps one token:
// Brent's algorithm replaces it at each power of two, so that any cycle returns
// to it.
type tokenCycle struct {
	kept         string
	steps, power int
}

// closedBy reports whether next, which the server returned for the token at,
// closes a cycle.
func (c *tokenCycle) closedBy(next, at string) bool {
	if c.power == 0 {
		c.kept, c.power = at, 1
	}
	if next == c.kept || next == at {
		return true
	}
	if c.steps++; c.steps == c.power {
		c.kept, c.steps, c.power = next, 0, 2*c.power
	}
	return false
}

// A page token of a query is one of two formats:
//
//	list.<fingerprint>.<page token of the server>
//	merged.<base64 of a unionToken in JSON>
//
// Both hold a fingerprint of the query, because a server does not reject a token
// of another query but lists something else.
const (
	listTokenPrefix  = "list."
	unionTokenPrefix = "merged." // base64 has no dot
)

// fingerprint returns a hash of the query, whose filters are texts.
func (p preparedQuery) fingerprint(texts []string) uint64 {
	if p.condition != "" {
		texts = append(p.texts[:len(p.texts):len(p.texts)], p.condition, strconv.FormatInt(p.parent, 10))
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d %t %q", p.entity, p.order, p.desc, texts)
	if p.by != nil {
		fmt.Fprintf(h, " %+v", *p.by)
	}
	return h.Sum64()
}

func (p preparedQuery) tokenError(why string) error {
	return p.newError(ErrInvalidArgument, "page token "+why)
}

const otherQuery = "belongs to another query: parent, conditions and order must be the same"

// encodeToken returns the token of the next page, or "" on the last page.
func (l *pages) encodeToken() string {
	if l.token == "" {
		return ""
	}
	return fmt.Sprintf("%s%016x.%s", listTokenPrefix, l.fingerprint([]string{l.text}), l.token)
}

// decodeToken returns the server's token in a token of encodeToken.
func (l *pages) decodeToken(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	rest, ok := strings.CutPrefix(token, listTokenPrefix)
	if !ok && strings.HasPrefix(token, unionTokenPrefix) {
		return "", l.tokenError(otherQuery)
	}
	query, server, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 || server == "" {
		return "", l.tokenError("is corrupt")
	}
	if query != fmt.Sprintf("%016x", l.fingerprint([]string{l.text})) {
		return "", l.tokenError(otherQuery)
	}
	return server, nil
}

// A position is the place of an entity in a sorted list.
type position = listorder.Position

// positionOf returns the position in a list that is sorted by the field by, or, if
// that is nil, by o.
func positionOf(v *nodeView, o Order, by *listorder.By) position {
	p := position{ID: v.id}
	switch {
	case by != nil:
		switch x := sortValue(v, by).(type) {
		case nil:
			p.Unset = true
		case string:
			p.Text = x
		case int64:
			p.Int = x
		case float64:
			p.Double = x
		}
	case o == OrderByCreateTime:
		p.Int = v.created
	case o == OrderByUpdateTime:
		p.Int = v.updated
	default:
		p.Int = v.id
	}
	return p
}

// sortValue returns the value of a node by which a list is sorted, or nil.
func sortValue(v *nodeView, by *listorder.By) any {
	f := filtertext.Field{Attr: by.Column, Custom: by.Custom, Column: filtertext.StringColumn}
	if len(by.Properties) > 0 {
		f.Property, f.LegacyNames = by.Properties[0], by.Properties[1:]
	}
	switch by.Kind {
	case listorder.Int:
		f.Column = filtertext.IntColumn
	case listorder.Double:
		f.Column = filtertext.DoubleColumn
	case listorder.Number:
		f.Column, f.AnyNumber = filtertext.DoubleColumn, true
	}
	switch x := v.value(f).(type) {
	case string:
		switch {
		case by.OwnName:
			return gensupport.ChildOwnName(x)
		case by.Column == "" || by.Column == "uri":
			return listorder.Cut(x)
		}
		return x
	case int64:
		if by.Kind == listorder.Number {
			return float64(x)
		}
		return x
	case float64:
		return x
	}
	return nil
}

// A unionToken is the content of the page token of a union.
type unionToken struct {
	position
	Query uint64 `json:"l"` // the fingerprint
}

// filters returns the texts and tests of all branches.
func (m *union) filters() []string {
	var out []string
	for _, b := range m.branches {
		out = append(out, b.Text)
		for _, t := range b.Tests {
			out = append(out, t.String())
		}
	}
	return out
}

func (m *union) encodeToken(p position) string {
	raw, err := json.Marshal(unionToken{p, m.fingerprint(m.filters())})
	if err != nil {
		panic(err) // cannot fail: text and finite numbers
	}
	return unionTokenPrefix + base64.RawURLEncoding.EncodeToString(raw)
}

func (m *union) decodeToken(token string) (*position, error) {
	if strings.HasPrefix(token, listTokenPrefix) {
		return nil, m.tokenError(otherQuery)
	}
	text, ok := strings.CutPrefix(token, unionTokenPrefix)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var p unionToken
	if !ok || err != nil || json.Unmarshal(raw, &p) != nil {
		return nil, m.tokenError("is corrupt")
	}
	if p.Query != m.fingerprint(m.filters()) {
		return nil, m.tokenError(otherQuery)
	}
	return &p.position, nil
}
