package registry

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/internal/listorder"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

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
