package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
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
}

func newResource(f *face, r *Resource) (*resource, error) {
	out := &resource{Resource: r, face: f, typ: r.Entity.Type(), collection: r.Entity.bind(f.client)}
	var err error
	out.codec, err = newCodec(f.api, r, reflect.TypeOf(out.collection.newValue()).Elem())
	return out, err
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
	if err != nil {
		return nil, err
	}
	return r.reply(http.StatusOK, v), nil
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

// check returns an error unless the parameters identify an entity.
func (s search) check(hasParent bool) error {
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
		return badRequest("invalid parameters call, supply either (name and parentResourceId), or externalId")
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
		parent, bad := value.ParseID(s.parent)
		if bad != nil { // a number that is not an ID
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
	if err := s.check(r.typ.Parent != nil); err != nil {
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
	v, err := r.decode(members, r.Create, r.typ.Entity+"Create")
	if err != nil {
		return nil, err
	}
	return r.store(ctx, v)
}

// decode returns the new entity that a request describes.
func (r *resource) decode(members []member, allowed []string, schema string) (any, error) {
	v := r.collection.newValue()
	if err := r.checkConstants(members); err != nil {
		return nil, err
	}
	if err := r.codec.set(v, members, allowed, schema); err != nil {
		return nil, err
	}
	for _, name := range r.Required {
		if lacks(members, name) || isText(r.codec.field(name), v) && r.codec.field(name).isUnset(v) {
			return nil, zeroRequired(name)
		}
	}
	for name, text := range r.Defaults {
		if f := r.codec.field(name); f.isUnset(v) {
			f.setText(v, text)
		}
	}
	if f := r.codec.field(nameMember); r.GeneratedName && f.isUnset(v) {
		f.setText(v, uuid.NewString())
	}
	return v, nil
}

// lacks reports whether the member is missing or null.
func lacks(members []member, name string) bool {
	return !slices.ContainsFunc(members, func(m member) bool { return strings.EqualFold(m.name, name) && !m.isNull() })
}

func isText(f *field, v any) bool {
	t := f.of(v).Type()
	return t.Kind() == reflect.String || t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.String
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

// store creates the entity and returns it as it is stored.
func (r *resource) store(ctx context.Context, v any) (*reply, error) {
	if err := r.checkReferences(ctx, v); err != nil {
		return nil, err
	}
	id, err := r.collection.create(ctx, v)
	if err != nil {
		return nil, r.writeFailure(v, err)
	}
	stored, err := r.byID(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.reply(http.StatusCreated, stored), nil
}

// writeFailure returns the failure of a write of v.
func (r *resource) writeFailure(v any, err error) error {
	var e *registry.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case errors.Is(err, registry.ErrAlreadyExists) && e.Field != "":
		return fail(http.StatusConflict, "%s with %s %s already exists: conflict", r.Title, e.Field, e.Value)
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
		if _, err := to.byID(ctx, id); err != nil {
			return err
		}
	}
	return nil
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
	return r.patch(ctx, id, members, r.Update, r.typ.Entity+"Update")
}

// patch changes the given members of the entity with the ID.
func (r *resource) patch(
	ctx context.Context, id string, members []member, allowed []string, schema string,
) (*reply, error) {
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
	err := r.collection.update(ctx, id, func(v any) error { return r.codec.set(v, members, r.Update, schema) })
	if errors.Is(err, registry.ErrNotFound) {
		return nil, notFound("no %s found for id %s", r.Title, id)
	}
	if err != nil {
		return nil, r.writeFailure(sent, err)
	}
	v, err := r.byID(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.reply(http.StatusOK, v), nil
}

// createBelow creates an entity below the parent, or updates it if the request
// has its ID.
func (r *resource) createBelow(ctx context.Context, c Child, q *request) (*reply, error) {
	parent, err := pathID(r.face.titleOf(c.Parent), q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	members, err := q.object()
	if err != nil {
		return nil, err
	}
	return r.storeBelow(ctx, c, parent, members, false)
}

// storeBelow stores the entity that the members describe below the parent. If
// byName is set, the entity of that name is updated if there is one.
func (r *resource) storeBelow(
	ctx context.Context, c Child, parent string, members []member, byName bool,
) (*reply, error) {
	allowed, schema := r.Create, r.typ.Entity+"Create"
	if c.Whole {
		allowed, schema = slices.Concat(r.Create, wholeMembers), r.typ.Entity
	}
	v, err := r.decode(members, allowed, schema)
	if err != nil {
		return nil, err
	}
	id := r.collection.ident(v).ID
	if id != "" {
		return r.updateBelow(ctx, c, parent, id, members, schema)
	}
	own := r.typ.Parent != nil && r.typ.Parent.Entity == c.Parent
	if !own {
		if _, err := r.face.parentByID(ctx, c.Parent, parent); err != nil {
			return nil, err
		}
	}
	if name := r.collection.ident(v).Name; byName && !lacks(members, nameMember) {
		old, err := r.childNamed(ctx, c.Parent, parent, name)
		if err != nil {
			return nil, err
		}
		if old != nil {
			return r.patch(ctx, r.collection.ident(old).ID, members, allowed, schema)
		}
	}
	if own {
		r.collection.setParent(v, parent)
		return r.store(ctx, v)
	}
	out, err := r.store(ctx, v)
	if err != nil {
		return nil, err
	}
	return out, r.link(ctx, parent, r.collection.ident(v).ID)
}

// updateBelow updates the entity with the ID and links it to the parent.
func (r *resource) updateBelow(
	ctx context.Context, c Child, parent, id string, members []member, schema string,
) (*reply, error) {
	if _, err := value.ParseID(id); err != nil {
		return nil, badRequest("id %q %v", id, err)
	}
	old, err := r.collection.get(ctx, id)
	if errors.Is(err, registry.ErrNotFound) && r.Union != "" {
		return nil, badRequest("mismatched types, artifact with id %s is not a %s", id, r.Title)
	}
	if errors.Is(err, registry.ErrNotFound) {
		return nil, notFound("no %s found for id %s", r.Title, id)
	}
	if err != nil {
		return nil, err
	}
	if _, err := r.face.parentByID(ctx, c.Parent, parent); err != nil {
		return nil, err
	}
	has := r.collection.ident(old).ParentID
	isParent := r.typ.Parent != nil && r.typ.Parent.Entity == c.Parent
	if isParent && has != parent && r.typ.Kind == mlmd.Context {
		return nil, badRequest("%s %s belongs to %s %s, which cannot be changed",
			r.Title, id, r.face.titleOf(c.Parent), has)
	}
	if !isParent || has != parent {
		if err := r.link(ctx, parent, id); err != nil {
			return nil, err
		}
	}
	allowed := slices.Concat(r.Create, wholeMembers)
	return r.patch(ctx, id, members, allowed, schema)
}

// childNamed returns the child of the parent that has the name, or nil.
func (r *resource) childNamed(ctx context.Context, parentEntity, parent, name string) (any, error) {
	if p := r.typ.Parent; p != nil && p.Entity == parentEntity {
		v, err := r.collection.findByName(ctx, parent, name)
		if errors.Is(err, registry.ErrNotFound) {
			return nil, nil
		}
		return v, err
	}
	l := listing{name: name, order: registry.OrderByID, size: 1}
	items, _, err := l.list(ctx, []*resource{r}, parentEntity, parent)
	if err != nil || len(items) == 0 {
		return nil, err
	}
	return items[0].value, nil
}

// link links an artifact or an execution to a context, unless it is.
func (r *resource) link(ctx context.Context, parent, child string) error {
	p, err := value.ParseID(parent)
	if err != nil {
		return err
	}
	c, err := value.ParseID(child)
	if err != nil {
		return err
	}
	q := &mlmdpb.PutAttributionsAndAssociationsRequest{}
	if r.typ.Kind == mlmd.Artifact {
		q.Attributions = []*mlmdpb.Attribution{{ContextId: &p, ArtifactId: &c}}
	} else {
		q.Associations = []*mlmdpb.Association{{ContextId: &p, ExecutionId: &c}}
	}
	_, err = r.face.client.RPC().PutAttributionsAndAssociations(ctx, q)
	if status.Code(err) == codes.Unavailable {
		return unavailable(err)
	}
	return err
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
