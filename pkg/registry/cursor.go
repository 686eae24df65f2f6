package registry

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
)

// The page tokens of queries begin with what the rest is: a server's own token,
// or a position in a union of lists. Both hold a fingerprint of the query, so
// that a token that is used with another query is an error; a server's token
// alone would list nothing, or something else.
const (
	listTokenPrefix  = "list."
	unionTokenPrefix = "merged." // base64 has no dot
)

// fingerprint distinguishes the query that texts print from others.
func (p preparedQuery[T]) fingerprint(texts []string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d %t %q", p.entity, p.order, p.desc, texts)
	return h.Sum64()
}

func (p preparedQuery[T]) tokenError(why string) error {
	return p.newError(ErrInvalidArgument, "the page token "+why)
}

const otherQuery = "is of another query: parent, conditions and order must stay the same"

// encodeToken returns the token for the page after those that were read.
func (l *pages[T]) encodeToken() string {
	if l.token == "" {
		return ""
	}
	return fmt.Sprintf("%s%016x.%s", listTokenPrefix, l.fingerprint([]string{l.text}), l.token)
}

// decodeToken returns the server's token in one of makeToken.
func (l *pages[T]) decodeToken(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	rest, ok := strings.CutPrefix(token, listTokenPrefix)
	if !ok && strings.HasPrefix(token, unionTokenPrefix) {
		return "", l.tokenError(otherQuery)
	}
	query, server, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 || server == "" {
		return "", l.tokenError("is damaged")
	}
	if query != fmt.Sprintf("%016x", l.fingerprint([]string{l.text})) {
		return "", l.tokenError(otherQuery)
	}
	return server, nil
}

// A position is where an entity stands in a list.
type position struct {
	Key int64 `json:"k"` // what the list is sorted by: a time, or the id
	ID  int64 `json:"i"`
}

func positionOf(v nodeView, o Order) position {
	switch o {
	case OrderByCreateTime:
		return position{v.created, v.id}
	case OrderByUpdateTime:
		return position{v.updated, v.id}
	}
	return position{v.id, v.id}
}

// compare is negative where p stands before q.
func (p position) compare(q position, desc bool) int {
	c := cmp.Or(cmp.Compare(p.Key, q.Key), cmp.Compare(p.ID, q.ID))
	if desc {
		return -c
	}
	return c
}

// A unionToken is what the token of a merge holds.
type unionToken struct {
	position
	List uint64 `json:"l"` // the fingerprint of the query
}

func (m *union[T]) encodeToken(p position) string {
	raw, err := json.Marshal(unionToken{p, m.fingerprint(m.texts)})
	if err != nil {
		panic(err) // three numbers
	}
	return unionTokenPrefix + base64.RawURLEncoding.EncodeToString(raw)
}

func (m *union[T]) decodeToken(token string) (*position, error) {
	if strings.HasPrefix(token, listTokenPrefix) {
		return nil, m.tokenError(otherQuery)
	}
	text, ok := strings.CutPrefix(token, unionTokenPrefix)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var p unionToken
	if !ok || err != nil || json.Unmarshal(raw, &p) != nil {
		return nil, m.tokenError("is damaged")
	}
	if p.List != m.fingerprint(m.texts) {
		return nil, m.tokenError(otherQuery)
	}
	return &p.position, nil
}
