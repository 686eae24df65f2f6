package rest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/internal/listorder"
	"github.com/mlmd-go/sdk/internal/restfilter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
)

// A listing is the request for one page of a list.
type listing struct {
	// of identifies the list: its path and its conditions. A page token is valid
	// for one list.
	of       string
	filter   *restfilter.Node // nil for all
	name     string           // of the entities, or empty
	external string           // their external ID, or empty
	size     int              // as in the request; all entities if it is not positive
	order    registry.Order
	desc     bool
	where    *filtertext.Node // beside the filter; nil for all
	after    *position        // the last entity of the page before; nil for the first page
}

// A position is the place of an entity in a list.
type position = listorder.Position

var orders = map[string]registry.Order{
	"": registry.OrderByID, "ID": registry.OrderByID, "id": registry.OrderByID,
	"CREATE_TIME": registry.OrderByCreateTime, "LAST_UPDATE_TIME": registry.OrderByUpdateTime,
}

// maxToken limits the bytes of a page token.
const maxToken = 1024

// parseListing returns the listing that the query parameters ask for. path
// identifies what is listed.
func (a *API) parseListing(path string, params url.Values) (*listing, error) {
	l := &listing{name: params.Get(nameMember), external: params.Get(externalIDMember)}
	if text := params.Get("pageSize"); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return nil, badRequest("invalid numeric string: %v", err)
		}
		l.size = int(n)
	}
	order, known := orders[params.Get("orderBy")]
	if !known {
		if !a.IgnoreUnknownOrder {
			return nil, badRequest("invalid orderBy %q, must be CREATE_TIME, LAST_UPDATE_TIME or ID", params.Get("orderBy"))
		}
		order = registry.OrderByID
	}
	l.order = order
	switch sort := params.Get("sortOrder"); {
	case sort == "DESC":
		l.desc = true
	case sort == "" || sort == "ASC" || a.IgnoreUnknownOrder:
	default:
		return nil, badRequest("invalid sortOrder %q, must be ASC or DESC", sort)
	}
	var err error
	if l.filter, err = parseFilter(params.Get("filterQuery")); err != nil {
		return nil, err
	}
	l.of = fmt.Sprintf("%q", []string{path, params.Get("filterQuery"), l.name, l.external})
	if token := params.Get("nextPageToken"); token != "" {
		if l.after, err = l.parseToken(token); err != nil {
			return nil, badRequest("invalid nextPageToken: %v", err)
		}
	}
	return l, nil
}

// A page token is base64 of "<fingerprint of the list>:<sort key>:<ID>". It holds
// nothing that changes from one request to the next, because clients compare
// tokens to find the end of a list.
func (l *listing) token(p position) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%016x:%d:%d", l.fingerprint(), p.Int, p.ID))
}

func (l *listing) fingerprint() uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d %t", l.of, l.order, l.desc)
	return h.Sum64()
}

func (l *listing) parseToken(token string) (*position, error) {
	corrupt := errors.New("it is not a token of this server")
	if len(token) > maxToken {
		return nil, fmt.Errorf("it has more than %d bytes", maxToken)
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	parts := strings.Split(string(raw), ":")
	if err != nil || len(parts) != 3 {
		return nil, corrupt
	}
	query, err1 := strconv.ParseUint(parts[0], 16, 64)
	key, err2 := strconv.ParseInt(parts[1], 10, 64)
	id, err3 := strconv.ParseInt(parts[2], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return nil, corrupt
	}
	if query != l.fingerprint() {
		return nil, errors.New("it belongs to another list: path, filter and order must be the same")
	}
	return &position{Int: key, ID: id}, nil
}

// column returns the filter language's name of what the list is sorted by.
func (l *listing) column() string {
	switch l.order {
	case registry.OrderByCreateTime:
		return "create_time_since_epoch"
	case registry.OrderByUpdateTime:
		return "last_update_time_since_epoch"
	}
	return "id"
}

// rest selects what follows the position of the listing.
func (l *listing) rest() *filtertext.Node {
	if l.after == nil {
		return nil
	}
	op := filtertext.OpGt
	if l.desc {
		op = filtertext.OpLt
	}
	id := comparison(op, filtertext.Field{Attr: "id"}, l.after.ID)
	if l.order == registry.OrderByID {
		return id
	}
	key := filtertext.Field{Attr: l.column()}
	same := and(comparison(filtertext.OpEq, key, l.after.Int), id)
	return &filtertext.Node{
		Op: filtertext.OpOr, Kids: []*filtertext.Node{comparison(op, key, l.after.Int), same},
	}
}

// An item is an entity of a list.
type item struct {
	position
	from  *resource
	value any
}

// list returns the entities of the resources for one page, and the token of the
// next one. parent is empty, or the ID of a parent of the given entity.
func (l *listing) list(ctx context.Context, from []*resource, parentEntity, parent string) ([]item, string, error) {
	limit := 0
	if l.size > 0 && l.size < math.MaxInt32 {
		limit = l.size
	}
	conditions, err := conditions(from, l.filter)
	if err != nil {
		return nil, "", err
	}
	var items []item
	more := false
	for i, r := range from {
		q := query{parent: parent, order: l.order, desc: l.desc, limit: limit}
		q.where = and(conditions[i], l.where, l.named(r, parent), l.rest())
		vs, rest, err := r.in(parentEntity).list(ctx, q)
		if err != nil {
			return nil, "", inFilter(err, l.filter)
		}
		more = more || rest
		for _, v := range vs {
			items = append(items, item{l.positionOf(r, v), r, v})
		}
	}
	if len(from) > 1 {
		slices.SortFunc(items, func(a, b item) int { return a.Compare(b.position, l.desc) })
	}
	if limit == 0 || len(items) <= limit && !more {
		return items, "", nil
	}
	items = items[:limit]
	return items, l.token(items[l.size-1].position), nil
}

// conditions returns the filter as a condition on the entities of each resource. A
// comparison that only some of them can have is false for the others.
func conditions(from []*resource, filter *restfilter.Node) ([]*filtertext.Node, error) {
	out := make([]*filtertext.Node, len(from))
	var first error
	valid := len(from) == 0
	for i, r := range from {
		var err error
		out[i], err = r.condition(filter)
		valid = valid || err == nil
		if first == nil {
			first = err
		}
	}
	if !valid {
		return nil, first
	}
	return out, nil
}

// named selects the entities with the name and the external ID of the listing.
// The stored name of a child begins with the ID of its first parent.
func (l *listing) named(r *resource, parent string) *filtertext.Node {
	var out *filtertext.Node
	if name := l.name; name != "" {
		f := r.nameField()
		if f.OwnName && r.typ.Kind == mlmd.Context { // its only parent
			f.OwnName, name = false, parent+":"+name
		}
		out = comparison(filtertext.OpEq, f, name)
	}
	if l.external != "" {
		out = and(out, comparison(filtertext.OpEq, filtertext.Field{Attr: "external_id"}, l.external))
	}
	return out
}

func (l *listing) positionOf(r *resource, v any) position {
	id, _ := strconv.ParseInt(r.collection.ident(v).ID, 10, 64) // every listed entity has one
	p := position{Int: id, ID: id}
	switch l.order {
	case registry.OrderByCreateTime:
		p.Int = r.codec.millis(v, createTimeMember)
	case registry.OrderByUpdateTime:
		p.Int = r.codec.millis(v, updateTimeMember)
	}
	return p
}

// inFilter returns an error of a list as one in its filter, if that is the
// reason.
func inFilter(err error, filter *restfilter.Node) error {
	f := failureOf(err)
	if filter != nil && f.status == 400 {
		f.Message = "invalid filter query: " + f.Message
	}
	return f
}

// page returns the JSON of a page.
func (l *listing) page(items []item, next string) []byte {
	out := []byte(`{"items":[`)
	for i, it := range items {
		if i > 0 {
			out = append(out, ',')
		}
		out = it.from.codec.append(out, it.value)
	}
	return fmt.Appendf(out, `],"nextPageToken":%s,"pageSize":%d,"size":%d}`, toJSON(next), l.size, len(items))
}

// list answers with the entities of the resources. path identifies the list.
func (f *face) list(ctx context.Context, path string, from []*resource, q *request) (*reply, error) {
	params := maps.Clone(q.params) // only lists below a parent can be restricted to a name
	delete(params, nameMember)
	delete(params, externalIDMember)
	l, err := f.api.parseListing(path, params)
	if err != nil {
		return nil, err
	}
	return l.reply(ctx, from, "", "")
}

// listBelow answers with the entities of the resources that choose returns, below
// the parent in the path.
func (f *face) listBelow(
	ctx context.Context, c Child, q *request, choose func() ([]*resource, error),
) (*reply, error) {
	parent, err := parseParent(f.titleOf(c.Parent), q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	from, err := choose()
	if err != nil {
		return nil, err
	}
	path := fmt.Sprintf("%s/%d/%s?%d", c.Parent, parent, c.Segment, len(from))
	if len(from) == 1 {
		path += from[0].typ.Entity
	}
	l, err := f.api.parseListing(path, q.params)
	if err != nil {
		return nil, err
	}
	if parent <= 0 {
		return &reply{http.StatusOK, l.page(nil, "")}, nil
	}
	return l.reply(ctx, from, c.Parent, strconv.FormatInt(parent, 10))
}

// parseParent parses the parent ID in the path of a list. A list below a parent
// that does not exist is empty.
func parseParent(title, text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, badRequest("invalid %s ID: %v", title, err)
	}
	return id, nil
}

// reply answers with the page that list returns.
func (l *listing) reply(ctx context.Context, from []*resource, parentEntity, parent string) (*reply, error) {
	items, next, err := l.list(ctx, from, parentEntity, parent)
	if err != nil {
		return nil, err
	}
	return &reply{http.StatusOK, l.page(items, next)}, nil
}
