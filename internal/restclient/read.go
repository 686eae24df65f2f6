package restclient

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/resttable"
	"github.com/mlmd-go/sdk/pkg/value"
)

// getJSON reads the object at a path below the API's base. It returns nil if it
// does not exist.
func (c *Client) getJSON(ctx context.Context, p *place, path string, q url.Values) (object, error) {
	var o object
	_, err := c.http.send(ctx, request{method: "GET", path: p.base + path, query: q, repeatable: true}, &o)
	if status.Code(err) == codes.NotFound {
		return nil, nil
	}
	return o, err
}

// one is the path of one entity, or "" if the API has none.
func (p *place) one(op resttable.Operations, id int64) string {
	switch {
	case p.table.Operations&op != 0 && (op != resttable.Update || p.union == nil):
		return p.table.Plural + "/" + strconv.FormatInt(id, 10)
	case p.union != nil:
		return p.union.Plural + "/" + strconv.FormatInt(id, 10)
	}
	return ""
}

// object reads the entity with the ID, or nil.
func (c *Client) object(ctx context.Context, p *place, id int64) (object, error) {
	path := p.one(resttable.Get, id)
	if path == "" {
		return nil, status.Errorf(codes.Unimplemented, "the REST API has no %s by ID: list those of a %s",
			p.Entity, p.parentName())
	}
	o, err := c.getJSON(ctx, p, path, nil)
	if o != nil && !p.isOf(o) {
		return nil, nil
	}
	return o, err
}

func (p *place) parentName() string {
	if p.Parent == nil {
		return "parent"
	}
	return p.Parent.Entity
}

// byID returns the node with the ID, or nil. It looks for the bound entity first.
func (c *Client) byID(ctx context.Context, kind mlmd.Kind, id int64) (proto.Message, error) {
	return c.first(ctx, kind, func(p *place) (object, error) { return c.object(ctx, p, id) })
}

// first returns the first entity of the kind that get finds. The bound entity
// must be one that the API has.
func (c *Client) first(ctx context.Context, kind mlmd.Kind, get func(*place) (object, error)) (proto.Message, error) {
	for _, e := range c.ofKind(kind) {
		p, err := c.place(ctx, e)
		var o object
		if err == nil {
			o, err = get(p)
		}
		switch {
		case status.Code(err) == codes.Unimplemented && e != c.bound:
		case err != nil:
			return nil, err
		case o != nil:
			return c.node(p, o, 0)
		}
	}
	return nil, nil
}

// named returns the node with the stored name, or nil.
func (c *Client) named(ctx context.Context, kind mlmd.Kind, typeName, stored string) (proto.Message, error) {
	e := c.ofType(kind, typeName)
	if e == nil {
		return nil, nil
	}
	p, err := c.place(ctx, e)
	if err != nil {
		return nil, err
	}
	name, parent := stored, int64(0)
	if e.Parent != nil && !e.Parent.UnprefixedName {
		prefix, own, _ := strings.Cut(stored, ":")
		if parent, err = value.ParseID(prefix); err != nil { // not below a parent, so that the name tells nothing
			return nil, nil
		}
		name = own
	}
	hasName := filtertext.Node{
		Op: filtertext.OpEq, Field: filtertext.Field{Attr: "name", OwnName: true}, Args: []any{name},
	}
	if p.table.Operations&resttable.Find == 0 || p.union != nil {
		o, err := c.search(ctx, p, listing{parent: parent, where: &hasName, name: name}, nameMember, name)
		return c.nodeOrNil(p, o, parent, err)
	}
	q := url.Values{"name": {name}}
	if parent != 0 {
		q.Set("parentResourceId", strconv.FormatInt(parent, 10))
	}
	o, err := c.getJSON(ctx, p, p.table.Singular, q)
	if err != nil {
		return nil, err
	}
	if !p.exact && isPattern(name) && (o == nil || o.text(nameMember) != name) {
		o, err = c.search(ctx, p, listing{parent: parent, where: &hasName, name: name}, nameMember, name)
	}
	return c.nodeOrNil(p, o, parent, err)
}

func (c *Client) nodeOrNil(p *place, o object, parent int64, err error) (proto.Message, error) {
	if err != nil || o == nil {
		return nil, err
	}
	return c.node(p, o, parent)
}

// isPattern reports whether servers that look names up with LIKE read the text as
// a pattern.
func isPattern(text string) bool { return strings.ContainsAny(text, `%_\`) }

// search reads a list for the entity whose member has the value.
func (c *Client) search(ctx context.Context, p *place, l listing, member, text string) (object, error) {
	var found object
	err := c.eachPage(ctx, p, l, func(items []object) bool {
		if i := slices.IndexFunc(items, func(o object) bool { return o.text(member) == text }); i >= 0 {
			found = items[i]
		}
		return found == nil
	})
	return found, err
}

// eachPage reads the pages of a list and calls f with each until f returns false.
func (c *Client) eachPage(ctx context.Context, p *place, l listing, f func(items []object) bool) error {
	for {
		items, next, err := c.list(ctx, p, l)
		if err != nil {
			return err
		}
		if !f(items) || next == "" || next == l.token {
			return nil
		}
		l.token = next
	}
}

// external returns the node of the kind that has the external ID, or nil.
func (c *Client) external(ctx context.Context, kind mlmd.Kind, id string) (proto.Message, error) {
	where := filtertext.Node{Op: filtertext.OpEq, Field: filtertext.Field{Attr: "external_id"}, Args: []any{id}}
	return c.first(ctx, kind, func(p *place) (object, error) {
		singular := p.table.Singular
		if p.table.Operations&resttable.Find == 0 {
			if p.union == nil {
				return nil, status.Errorf(codes.Unimplemented, "the REST API does not find %s by external ID", p.Entity)
			}
			singular = p.union.Singular
		}
		o, err := c.getJSON(ctx, p, singular, url.Values{"externalId": {id}})
		if err != nil {
			return nil, err
		}
		if !p.exact && isPattern(id) && (o == nil || o.text("externalId") != id) {
			return c.search(ctx, p, listing{where: &where}, "externalId", id)
		}
		if o != nil && !p.isOf(o) {
			o = nil
		}
		return o, nil
	})
}

// A listing asks for one page of a list.
type listing struct {
	parent int64            // the ID of the parent, or 0
	where  *filtertext.Node // what the entities should satisfy; others may be listed too
	name   string           // the same for the name alone; or empty
	size   int              // 0 for the default
	order  mlmdpb.ListOperationOptions_OrderByField_Field
	desc   bool
	token  string
}

const pageSize = 100

// listPath returns the path of the list, and whether it is below the parent.
func (p *place) listPath(parent int64) (path string, below bool) {
	children := p.table.Children
	if p.union != nil {
		children = p.union.Children
	}
	if p.Parent != nil && parent != 0 {
		for _, child := range children {
			if up := p.api.Entity(child.Parent); child.Parent == p.Parent.Entity && up != nil && up.Plural != "" {
				return up.Plural + "/" + strconv.FormatInt(parent, 10) + "/" + child.Segment, true
			}
		}
	}
	switch {
	case p.union != nil:
		return p.union.Plural, false
	case p.table.Operations&resttable.List != 0:
		return p.table.Plural, false
	}
	return "", false
}

// list reads one page, and returns the token of the next one.
func (c *Client) list(ctx context.Context, p *place, l listing) ([]object, string, error) {
	path, below := p.listPath(l.parent)
	if path == "" {
		return nil, "", status.Errorf(codes.Unimplemented, "the REST API lists %s only below one %s",
			p.Entity, p.parentName())
	}
	q := url.Values{"pageSize": {strconv.Itoa(cmp.Or(l.size, pageSize))}}
	if p.union != nil {
		q.Set(p.union.Member, p.table.Constants[p.union.Member])
	}
	if below && l.name != "" && p.exact {
		q.Set("name", l.name)
	} else if f := p.filter(l.where); f != "" {
		q.Set("filterQuery", f)
	}
	if name, ok := orders[l.order]; ok {
		q.Set("orderBy", name)
	}
	q.Set("sortOrder", "ASC")
	if l.desc {
		q.Set("sortOrder", "DESC")
	}
	if l.token != "" {
		q.Set("nextPageToken", l.token)
	}
	var page struct {
		Items         []object `json:"items"`
		NextPageToken string   `json:"nextPageToken"`
	}
	_, err := c.http.send(ctx, request{method: "GET", path: p.base + path, query: q, repeatable: true}, &page)
	if err != nil {
		return nil, "", err
	}
	items := slices.DeleteFunc(page.Items, func(o object) bool {
		return o == nil || !p.isOf(o) || l.parent != 0 && !below && o.number(p.Parent.Field) != l.parent
	})
	return items, page.NextPageToken, nil
}

var orders = map[mlmdpb.ListOperationOptions_OrderByField_Field]string{
	mlmdpb.ListOperationOptions_OrderByField_ID:               "ID",
	mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME:      "CREATE_TIME",
	mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME: "LAST_UPDATE_TIME",
}

type queryKey struct{}

type query struct {
	parent int64
	where  *filtertext.Node
}

// WithQuery returns a context whose list calls are about the children of the
// parent, unless it is 0, and which need not list entities that do not satisfy
// the condition, unless it is nil. They may list them all the same: the caller
// tests what they return.
func WithQuery(ctx context.Context, parent int64, where *filtertext.Node) context.Context {
	return context.WithValue(ctx, queryKey{}, query{parent, where})
}

// page answers a list call.
func (c *Client) page(
	ctx context.Context, kind mlmd.Kind, typeName string, o *mlmdpb.ListOperationOptions,
) ([]proto.Message, string, error) {
	if o.GetFilterQuery() != "" {
		return nil, "", status.Error(codes.Unimplemented, "a REST registry does not know MLMD's filter language")
	}
	e := c.ofType(kind, typeName)
	if e == nil {
		return nil, "", status.Errorf(codes.Unimplemented, "the client knows no mapping for type %s", typeName)
	}
	p, err := c.place(ctx, e)
	if err != nil {
		return nil, "", err
	}
	given, _ := ctx.Value(queryKey{}).(query)
	l := listing{
		parent: given.parent, where: given.where, size: int(o.GetMaxResultSize()), token: o.GetNextPageToken(),
		order: o.GetOrderByField().GetField(), desc: o.GetOrderByField() != nil && !o.GetOrderByField().GetIsAsc(),
	}
	if !p.exact && l.order != mlmdpb.ListOperationOptions_OrderByField_ID {
		return c.sorted(ctx, p, l)
	}
	items, next, err := c.list(ctx, p, l)
	if err != nil {
		return nil, "", err
	}
	nodes, err := c.nodes(p, items, l.parent)
	return nodes, next, err
}

func (c *Client) nodes(p *place, items []object, parent int64) ([]proto.Message, error) {
	out := make([]proto.Message, len(items))
	for i, o := range items {
		var err error
		if out[i], err = c.node(p, o, parent); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sorted reads a whole list by ID and sorts it. Some servers sort entities of the
// same time in any order, and may leave some out between two pages.
func (c *Client) sorted(ctx context.Context, p *place, l listing) ([]proto.Message, string, error) {
	order, desc := l.order, l.desc
	l.order, l.desc, l.token, l.size = mlmdpb.ListOperationOptions_OrderByField_ID, false, "", 0
	var all []object
	err := c.eachPage(ctx, p, l, func(items []object) bool {
		all = append(all, items...)
		return true
	})
	if err != nil {
		return nil, "", err
	}
	key := createdMember
	if order == mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME {
		key = updatedMember
	}
	slices.SortStableFunc(all, func(a, b object) int {
		n := cmp.Or(cmp.Compare(a.number(key), b.number(key)), cmp.Compare(a.number(idMember), b.number(idMember)))
		if desc {
			return -n
		}
		return n
	})
	nodes, err := c.nodes(p, all, l.parent)
	return nodes, "", err
}
