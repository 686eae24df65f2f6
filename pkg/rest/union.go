package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// A union is a [Union] of one API on one client.
type union struct {
	*Union
	face    *face
	members []*resource
}

// only returns the members that the query parameter of a list selects.
func (u *union) only(q *request) ([]*resource, error) {
	kind := q.params.Get(u.Member)
	if kind == "" {
		return u.members, nil
	}
	for _, r := range u.members {
		if r.Constants[u.Member] == kind {
			return []*resource{r}, nil
		}
	}
	return nil, badRequest("invalid artifact type %s", kind)
}

// kindOf returns the member that a request is about, or nil if it has no or an
// unknown one, and what the request has.
func (u *union) kindOf(members []member) (*resource, string) {
	for _, m := range members {
		if !strings.EqualFold(m.name, u.Member) || m.isNull() {
			continue
		}
		var kind string
		if json.Unmarshal(m.value, &kind) != nil {
			return nil, string(m.value)
		}
		for _, r := range u.members {
			if r.Constants[u.Member] == kind {
				return r, kind
			}
		}
		return nil, kind
	}
	return nil, ""
}

// unknownKind is the failure of a request to create an entity of no kind.
func (u *union) unknownKind() error {
	names := make([]string, len(u.members))
	for i, r := range u.members {
		names[i] = r.typ.Entity
	}
	list := strings.Join(names, ", ")
	if i := strings.LastIndex(list, ", "); i >= 0 {
		list = list[:i] + ", or" + list[i+1:]
	}
	return badRequest("invalid %s type, must be either %s", u.Title, list)
}

// byID returns the entity with the ID and its resource.
func (u *union) byID(ctx context.Context, id string) (*resource, any, error) {
	for _, r := range u.members {
		v, err := r.byID(ctx, id)
		var f *failure
		if errors.As(err, &f) && f.status == http.StatusNotFound {
			continue
		}
		return r, v, err
	}
	return nil, nil, notFound("no %s found for id %s", u.Title, id)
}

func (u *union) get(ctx context.Context, q *request) (*reply, error) {
	id, err := pathID(u.Title, q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	r, v, err := u.byID(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.reply(http.StatusOK, v), nil
}

func (u *union) find(ctx context.Context, q *request) (*reply, error) {
	s := q.search()
	if err := s.check(true, u.Title+"Name"); err != nil {
		return nil, err
	}
	var found *reply
	for _, r := range u.members {
		v, err := r.match(ctx, s)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		if found != nil {
			return nil, notFound("multiple %ss found for %s", u.Title, s)
		}
		found = r.reply(http.StatusOK, v)
	}
	if found == nil {
		return nil, notFound("no %ss found for %s", u.Title, s)
	}
	return found, nil
}

func (u *union) list(ctx context.Context, q *request) (*reply, error) {
	only, err := u.only(q)
	if err != nil {
		return nil, err
	}
	return u.face.list(ctx, u.Plural+"?"+q.params.Get(u.Member), only, q)
}

func (u *union) create(ctx context.Context, q *request) (*reply, error) {
	members, err := q.object()
	if err != nil {
		return nil, err
	}
	r, _ := u.kindOf(members)
	if r == nil {
		return nil, u.unknownKind()
	}
	return r.createFrom(ctx, members)
}

func (u *union) update(ctx context.Context, q *request) (*reply, error) {
	id, err := pathID(u.Title, q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	members, err := q.object()
	if err != nil {
		return nil, err
	}
	r, _, err := u.byID(ctx, id)
	if err != nil {
		return nil, err
	}
	if sent, kind := u.kindOf(members); sent != r {
		return nil, fail(http.StatusBadRequest, "cannot change %s type from '%s' to '%s': %s type is immutable",
			u.Title, r.Constants[u.Member], kind, u.Title)
	}
	return r.updated(r.patch(ctx, id, members, r.Update, r.typ.Entity+"Update", nil))
}

func (u *union) createBelow(ctx context.Context, c Child, q *request) (*reply, error) {
	parent, members, err := u.face.below(c, q)
	if err != nil {
		return nil, err
	}
	r, _ := u.kindOf(members)
	if r == nil {
		return nil, u.unknownKind()
	}
	v, isNew, err := r.storeBelow(ctx, c, parent, members, slices.Contains(u.UpsertByName, r.typ.Entity))
	if isNew {
		return r.created(v, err)
	}
	return r.updated(v, err)
}

func (u *union) listBelow(ctx context.Context, c Child, q *request) (*reply, error) {
	return u.face.listBelow(ctx, c, q, func() ([]*resource, error) { return u.only(q) })
}
