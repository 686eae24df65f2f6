package rest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A resource is a [Resource] of one API on one client.
type resource struct {
	*Resource
	face       *face
	typ        mlmd.Type
	codec      *codec
	collection collection
	below      map[string]collection // by the entity of the parent, if it is not that of the mapping
	histories  []*resource
}

func newResource(f *face, r *Resource) (*resource, error) {
	out := &resource{Resource: r, face: f, typ: r.Entity.Type(), collection: r.Entity.bind(f.client)}
	var err error
	out.codec, err = newCodec(f.api, r, reflect.TypeOf(out.collection.newValue()).Elem())
	return out, err
}

// bindBelow makes the resource usable below another kind of parent than that of
// its mapping.
func (r *resource) bindBelow(parent *resource) error {
	own := r.typ.Parent
	switch {
	case parent == nil, own != nil && own.Entity == parent.typ.Entity, r.below[parent.typ.Entity] != nil:
		return nil
	case own == nil || parent.typ.Kind != mlmd.Context:
		return fmt.Errorf("%s cannot be below %s", r.typ.Entity, parent.typ.Entity)
	}
	if r.below == nil {
		r.below = map[string]collection{}
	}
	r.below[parent.typ.Entity] = r.Entity.below(r.face.client, parent.typ)
	return nil
}

// in returns the collection of the entities below the given kind of parent.
func (r *resource) in(parentEntity string) collection {
	if c := r.below[parentEntity]; c != nil {
		return c
	}
	return r.collection
}

// A reply is what a handler answers with.
type reply struct {
	status int
	body   []byte
}

func (r *resource) reply(status int, v any) *reply {
	return &reply{status, r.codec.append(nil, v)}
}

// pathID returns the ID in a path, as stores write it.
func pathID(title, text string) (string, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return "", badRequest("invalid %s ID: %v", title, err)
	}
	if n <= 0 {
		return "", notFound("no %s found for id %d", title, n)
	}
	return value.FormatID(n), nil
}

// byID returns the entity with the ID.
func (r *resource) byID(ctx context.Context, id string) (any, error) {
	v, err := r.collection.get(ctx, id)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, notFound("no %s found for id %s", r.Title, id)
	}
	return v, err
}

func (r *resource) get(ctx context.Context, q *request) (*reply, error) {
	id, err := pathID(r.Title, q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v, err := r.byID(ctx, id)
	return r.updated(v, r.notThisKind(ctx, id, err))
}

// notThisKind returns err. If err reports that the entity does not exist, but the
// ID belongs to another resource of the union, it returns a failure that says so.
func (r *resource) notThisKind(ctx context.Context, id string, err error) error {
	var f *failure
	if !errors.As(err, &f) || f.status != http.StatusNotFound || !r.isOtherKind(ctx, id) {
		return err
	}
	return notFound("%s with id %s is not a %s", r.face.unions[r.Union].Title, id, r.Title)
}

// isOtherKind reports whether the ID belongs to another resource of the union.
func (r *resource) isOtherKind(ctx context.Context, id string) bool {
	u := r.face.unions[r.Union]
	return u != nil && slices.ContainsFunc(u.members, func(other *resource) bool {
		if other == r {
			return false
		}
		_, err := other.collection.get(ctx, id)
		return err == nil
	})
}

// A search holds the parameters of a find.
type search struct{ name, parent, externalID string }

func (q *request) search() search {
	return search{q.params.Get(nameMember), q.params.Get("parentResourceId"), q.params.Get(externalIDMember)}
}

// String returns the parameters as messages show them.
func (s search) String() string {
	if s.parent != "" {
		return fmt.Sprintf("name=%s, parentResourceId=%s, externalId=%s", s.name, s.parent, s.externalID)
	}
	return fmt.Sprintf("name=%s, externalId=%s", s.name, s.externalID)
}

// check returns an error unless the parameters identify an entity. name is what
// the message calls the name.
func (s search) check(hasParent bool, name string) error {
	switch {
	case s.name != "" && (s.parent != "" || !hasParent):
		if s.parent != "" {
			if _, err := strconv.ParseInt(s.parent, 10, 64); err != nil {
				return badRequest("invalid parentResourceId: %v", err)
			}
		}
		return nil
	case s.externalID != "":
		return nil
	case hasParent:
		return badRequest("invalid parameters call, supply either (%s and parentResourceId), or externalId", name)
	}
	return badRequest("invalid parameters call, supply either name or externalId")
}

// match returns the entity that the search identifies, or nil.
func (r *resource) match(ctx context.Context, s search) (any, error) {
	var v any
	var err error
	switch {
	case s.name == "" || r.typ.Parent != nil && s.parent == "":
		v, err = r.collection.findByExternalID(ctx, s.externalID)
	case r.typ.Parent == nil:
		v, err = r.collection.findByName(ctx, "", s.name)
	default:
		parent, bad := strconv.ParseInt(s.parent, 10, 64)
		if bad != nil || parent <= 0 { // a number that is not an ID
			return nil, nil
		}
		v, err = r.collection.findByName(ctx, value.FormatID(parent), s.name)
	}
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	}
	return v, err
}

func (r *resource) find(ctx context.Context, q *request) (*reply, error) {
	s := q.search()
	name := nameMember
	if u := r.face.unions[r.Union]; u != nil {
		name = u.Title + "Name"
	}
	if err := s.check(r.typ.Parent != nil, name); err != nil {
		return nil, err
	}
	v, err := r.match(ctx, s)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, notFound("no %ss found for %s", r.Title, s)
	}
	return r.reply(http.StatusOK, v), nil
}

func (r *resource) list(ctx context.Context, q *request) (*reply, error) {
	return r.face.list(ctx, r.Plural, []*resource{r}, q)
}

func (r *resource) create(ctx context.Context, q *request) (*reply, error) {
	members, err := q.object()
	if err != nil {
		return nil, err
	}
	return r.createFrom(ctx, members)
}

// createFrom creates the entity that the members describe.
func (r *resource) createFrom(ctx context.Context, members []member) (*reply, error) {
	v, err := r.decode(members, r.Create, r.Required, r.typ.Entity+"Create")
	if err != nil {
		return nil, err
	}
	r.complete(v)
	return r.created(r.store(ctx, r.collection, v))
}

// created is the reply to a request that created the entity.
func (r *resource) created(v any, err error) (*reply, error) {
	if err != nil {
		return nil, err
	}
	return r.reply(http.StatusCreated, v), nil
}

// decode returns the entity that a request describes.
func (r *resource) decode(members []member, allowed, required []string, schema string) (any, error) {
	v := r.collection.newValue()
	if err := r.checkConstants(members); err != nil {
		return nil, err
	}
	if err := r.codec.set(v, members, allowed, schema); err != nil {
		return nil, err
	}
	r.codec.setMarks(v, nil)
	for _, name := range required {
		if f := r.codec.field(name); lacks(members, name) || f.isText && f.isUnset(v) {
			return nil, zeroRequired(name)
		}
	}
	return v, nil
}

// complete sets what a new entity has if the request does not say it.
func (r *resource) complete(v any) {
	r.setDefaults(v)
	if f := r.codec.field(nameMember); r.GeneratedName && f.isUnset(v) {
		f.setText(v, uuid.NewString())
	}
}

func (r *resource) setDefaults(v any) {
	for name, text := range r.Defaults {
		if f := r.codec.field(name); f.isUnset(v) {
			f.setText(v, text)
		}
	}
}

// lacks reports whether the member is missing or null.
func lacks(members []member, name string) bool {
	return !slices.ContainsFunc(members, func(m member) bool { return strings.EqualFold(m.name, name) && !m.isNull() })
}

// checkConstants returns an error if a member that is the same in all entities
// has another value in the request.
func (r *resource) checkConstants(members []member) error {
	for _, m := range members {
		for _, c := range r.codec.constants {
			if strings.EqualFold(m.name, c.name) && !m.isNull() && string(m.value) != string(c.value) {
				return badRequest("%s must be %s, not %s", c.name, c.value, m.value)
			}
		}
	}
	return nil
}

// store creates the entity in the collection and returns it as it is stored.
func (r *resource) store(ctx context.Context, in collection, v any) (any, error) {
	if err := r.checkReferences(ctx, v); err != nil {
		return nil, err
	}
	if err := r.checkOrder(v); err != nil {
		return nil, err
	}
	id, err := in.create(ctx, v)
	if err != nil {
		return nil, r.writeFailure(v, err)
	}
	return r.byID(ctx, id)
}

// checkOrder returns an error if a time of v is before the one that it must not be
// before.
func (r *resource) checkOrder(v any) error {
	for _, pair := range r.Ordered {
		from, to := r.codec.millis(v, pair[0]), r.codec.millis(v, pair[1])
		if from != 0 && to != 0 && to < from {
			return badRequest("%s %d is before %s %d", pair[1], to, pair[0], from)
		}
	}
	return nil
}

// writeFailure returns the failure of a write of v.
func (r *resource) writeFailure(v any, err error) error {
	var e *registry.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case errors.Is(err, registry.ErrAlreadyExists) && e.Field != "":
		f := fail(http.StatusConflict, "%s with %s %s already exists: conflict", r.Title, e.Field, e.Value)
		f.taken = e.Field
		return f
	case errors.Is(err, registry.ErrNotFound) && r.typ.Parent != nil && e.Field == r.typ.Parent.Field:
		return notFound("no %s found for id %s", r.face.titleOf(r.typ.Parent.Entity), r.collection.ident(v).ParentID)
	}
	return err
}

// checkReferences returns an error if an entity does not exist that v refers to.
func (r *resource) checkReferences(ctx context.Context, v any) error {
	for i := range r.References {
		ref := &r.References[i]
		to, id := r.face.resources[ref.Entity], r.codec.text(v, ref.Member)
		if id == "" || to == nil {
			continue
		}
		if _, err := value.ParseID(id); err != nil {
			return badRequest("%s %q %v", ref.Member, id, err)
		}
		found, err := to.byID(ctx, id)
		if err != nil {
			return err
		}
		for _, no := range ref.Refuse {
			if p, ok := to.codec.custom(found)[no.Property]; ok && no.applies(p.String()) {
				return badRequest("%s", no.Message)
			}
		}
	}
	return nil
}

// applies reports whether the text of the property refuses an entity.
func (no *Refusal) applies(text string) bool {
	return !slices.Contains(no.Except, text) && (len(no.Only) == 0 || slices.Contains(no.Only, text))
}

func (r *resource) update(ctx context.Context, q *request) (*reply, error) {
	id, err := pathID(r.Title, q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	members, err := q.object()
	if err != nil {
		return nil, err
	}
	v, err := r.patch(ctx, id, members, r.Update, r.typ.Entity+"Update", nil)
	return r.updated(v, r.notThisKind(ctx, id, err))
}

// updated is the reply to a request that changed the entity.
func (r *resource) updated(v any, err error) (*reply, error) {
	if err != nil {
		return nil, err
	}
	return r.reply(http.StatusOK, v), nil
}

// patch changes the given members of the entity with the ID, adds the marks and
// returns the entity as it is stored.
func (r *resource) patch(
	ctx context.Context, id string, members []member, allowed []string, schema string, marks value.Map,
) (any, error) {
	if err := r.checkConstants(members); err != nil {
		return nil, err
	}
	sent := r.collection.newValue()
	if err := r.codec.set(sent, members, allowed, schema); err != nil {
		return nil, err
	}
	if err := r.checkReferences(ctx, sent); err != nil {
		return nil, err
	}
	members = slices.DeleteFunc(slices.Clone(members), func(m member) bool {
		return !slices.ContainsFunc(r.Update, func(name string) bool { return strings.EqualFold(name, m.name) })
	})
	err := r.collection.update(ctx, id, func(v any) error {
		if err := r.checkMatch(ctx, v); err != nil {
			return err
		}
		all := r.codec.marksOf(v)
		if err := r.codec.set(v, members, r.Update, schema); err != nil {
			return err
		}
		maps.Copy(all, marks)
		r.codec.setMarks(v, all)
		return r.checkOrder(v)
	})
	if errors.Is(err, registry.ErrNotFound) {
		return nil, notFound("no %s found for id %s", r.Title, id)
	}
	if err != nil {
		return nil, r.writeFailure(sent, err)
	}
	return r.byID(ctx, id)
}

func (r *resource) listBelow(ctx context.Context, c Child, q *request) (*reply, error) {
	return r.face.listBelow(ctx, c, q, func() ([]*resource, error) { return []*resource{r}, nil })
}

// follow returns the entity that a reference of the entity in the path names.
func (r *resource) follow(ctx context.Context, ref *Reference, q *request) (*reply, error) {
	id, err := pathID(r.Title, q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v, err := r.byID(ctx, id)
	if err != nil {
		return nil, err
	}
	to := r.face.resources[ref.Entity]
	if at := r.codec.text(v, ref.Member); at != "" {
		found, err := to.byID(ctx, at)
		if err != nil {
			return nil, err
		}
		return to.reply(http.StatusOK, found), nil
	}
	if ref.NewestOf == "" {
		return nil, notFound("%s %s has no %s", r.Title, id, ref.Member)
	}
	l := listing{order: registry.OrderByCreateTime, desc: true, size: 1}
	items, _, err := l.list(ctx, []*resource{to}, to.typ.Parent.Entity, r.codec.text(v, ref.NewestOf))
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, notFound("%s %s has no %s, and there is no %s of its own",
			r.Title, id, ref.Member, to.Title)
	}
	return to.reply(http.StatusOK, items[0].value), nil
}
