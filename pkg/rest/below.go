package rest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

// createBelow creates an entity below the parent, or updates it if the request
// has its ID.
func (r *resource) createBelow(ctx context.Context, c Child, q *request) (*reply, error) {
	parent, members, err := r.face.below(c, q)
	if err != nil {
		return nil, err
	}
	v, _, err := r.storeBelow(ctx, c, parent, members, false)
	return r.created(v, err)
}

// below returns the parent and the body of a request below it.
func (f *face) below(c Child, q *request) (parent string, members []member, err error) {
	if parent, err = pathID(f.titleOf(c.Parent), q.PathValue("id")); err != nil {
		return "", nil, err
	}
	members, err = q.object()
	return parent, members, err
}

// storeBelow stores the entity that the members describe below the parent, and
// returns it as it is stored and whether it is new. If byName is set, the entity
// of that name is updated if there is one.
func (r *resource) storeBelow(
	ctx context.Context, c Child, parent string, members []member, byName bool,
) (v any, isNew bool, err error) {
	if len(r.histories) == 0 {
		return r.putBelow(ctx, c, parent, members, byName)
	}
	err = r.face.together(ctx, func(ctx context.Context) (err error) {
		if v, isNew, err = r.putBelow(ctx, c, parent, members, byName); err != nil {
			return err
		}
		return r.record(ctx, c.Parent, parent, v)
	})
	return v, isNew, err
}

// putBelow is storeBelow without a history.
func (r *resource) putBelow(
	ctx context.Context, c Child, parent string, members []member, byName bool,
) (v any, isNew bool, err error) {
	allowed, schema := r.Create, r.typ.Entity+"Create"
	if c.Whole {
		allowed, schema = slices.Concat(r.Create, wholeMembers), r.typ.Entity
		members = slices.DeleteFunc(members, func(m member) bool { return r.codec.isMark(m.name) })
	}
	if v, err = r.decode(members, allowed, r.Required, schema); err != nil {
		return nil, false, err
	}
	marks, err := r.marksFrom(ctx, c.Parent, parent)
	if err != nil {
		return nil, false, err
	}
	if id := r.collection.ident(v).ID; id != "" {
		v, err = r.updateBelow(ctx, c, parent, id, members, schema, marks)
		return v, false, err
	}
	in := r.in(c.Parent)
	if text := in.ident(v).ParentID; text != "" { // the path decides, but it must be an ID
		if _, err := parseParent(r.face.titleOf(c.Parent), text); err != nil {
			return nil, false, err
		}
	}
	name := in.ident(v).Name
	r.complete(v)
	r.codec.setMarks(v, marks)
	in.setParent(v, parent)
	for byName && name != "" && !onlyCreates(ctx) {
		old, err := in.findByName(ctx, parent, name)
		if err == nil {
			v, err = r.patch(ctx, in.ident(old).ID, members, allowed, schema, marks)
			return v, false, err
		}
		if !errors.Is(err, registry.ErrNotFound) {
			return nil, false, err
		}
		stored, err := r.store(ctx, in, v)
		var f *failure
		if errors.As(err, &f) && f.taken == nameMember { // by a concurrent request
			continue
		}
		return stored, true, err
	}
	stored, err := r.store(ctx, in, v)
	return stored, true, err
}

// marksFrom returns the marks of entities below the parent.
func (r *resource) marksFrom(ctx context.Context, parentEntity, parent string) (value.Map, error) {
	out := value.Map{}
	var p any
	for _, m := range r.Marks {
		if m.Parent != parentEntity {
			continue
		}
		from := r.face.resources[parentEntity]
		if p == nil {
			var err error
			if p, err = from.byID(ctx, parent); err != nil {
				return nil, err
			}
		}
		if id, err := value.ParseID(from.codec.text(p, m.Of)); err == nil {
			out[m.Property] = value.Int(id)
		}
	}
	return out, nil
}

// updateBelow updates the entity with the ID and links it to the parent.
func (r *resource) updateBelow(
	ctx context.Context, c Child, parent, id string, members []member, schema string, marks value.Map,
) (any, error) {
	if _, err := value.ParseID(id); err != nil {
		return nil, badRequest("id %q %v", id, err)
	}
	old, err := r.collection.get(ctx, id)
	if u := r.face.unions[r.Union]; u != nil && errors.Is(err, registry.ErrNotFound) {
		message := fmt.Sprintf("%s with id %s is not a %s", u.Title, id, r.Title)
		if !r.isOtherKind(ctx, id) {
			message = "mismatched types, " + message
		}
		return nil, badRequest("%s", message)
	}
	if errors.Is(err, registry.ErrNotFound) {
		return nil, notFound("no %s found for id %s", r.Title, id)
	}
	if err != nil {
		return nil, err
	}
	if _, err := r.face.resources[c.Parent].byID(ctx, parent); err != nil {
		return nil, err
	}
	if has := r.collection.ident(old).ParentID; has != parent {
		if r.typ.Kind == mlmd.Context {
			return nil, badRequest("%s %s belongs to %s %s, which cannot be changed",
				r.Title, id, r.face.titleOf(c.Parent), has)
		}
		if err := r.link(ctx, parent, id); err != nil {
			return nil, err
		}
	}
	return r.patch(ctx, id, members, slices.Concat(r.Create, wholeMembers), schema, marks)
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
	_, err = r.face.rpc(ctx).PutAttributionsAndAssociations(ctx, q)
	if status.Code(err) == codes.Unavailable {
		return unavailable(err)
	}
	return err
}

// historyName returns the name in a history of what was stored under the name at
// a time in milliseconds.
func historyName(name string, ms int64) string { return fmt.Sprintf("%s__%d", name, ms) }

// record adds v, which was stored below the parent, to its history.
func (r *resource) record(ctx context.Context, parentEntity, parent string, v any) error {
	for _, h := range r.histories {
		if h.typ.Parent == nil || h.typ.Parent.Entity != parentEntity {
			continue
		}
		entry := h.collection.newValue()
		for i := range h.codec.fields {
			to := &h.codec.fields[i]
			from := r.codec.field(to.name)
			if from != nil && to.name != externalIDMember && !slices.Contains(wholeMembers, to.name) &&
				from.of(v).Type() == to.of(entry).Type() {
				to.of(entry).Set(from.of(v))
			}
		}
		h.collection.setParent(entry, parent)
		for ms := r.codec.millis(v, updateTimeMember); ; ms++ { // two writes may have the same time
			h.codec.field(nameMember).setText(entry, historyName(r.collection.ident(v).Name, ms))
			_, err := h.collection.create(ctx, entry)
			if err == nil {
				break
			}
			if !errors.Is(err, registry.ErrAlreadyExists) {
				return err
			}
		}
	}
	return nil
}

// listHistory answers with the history below the parent in the path, or with all
// of it if the path has none.
func (r *resource) listHistory(ctx context.Context, c Child, q *request) (*reply, error) {
	var parent int64
	path := c.Parent + "/" + c.Segment
	if text := q.PathValue("id"); text != "" {
		var err error
		if parent, err = parseParent(r.face.titleOf(c.Parent), text); err != nil {
			return nil, err
		}
		path = fmt.Sprintf("%s/%d/%s", c.Parent, parent, c.Segment)
	}
	name, params := q.params.Get(nameMember), maps.Clone(q.params)
	params.Del(nameMember)
	l, err := r.face.api.parseListing(fmt.Sprintf("%s?%q %q", path, name, q.params.Get(r.Step+"Ids")), params)
	if err != nil {
		return nil, err
	}
	steps, err := r.steps(q)
	if err != nil {
		return nil, err
	}
	l.where = and(historyOf(name), steps)
	switch {
	case q.PathValue("id") == "":
		return l.reply(ctx, []*resource{r}, "", "")
	case parent <= 0:
		return &reply{http.StatusOK, l.page(nil, "")}, nil
	}
	return l.reply(ctx, []*resource{r}, c.Parent, value.FormatID(parent))
}

// historyOf selects the history of what has the name, or all if it is empty.
func historyOf(name string) *filtertext.Node {
	if name == "" {
		return nil
	}
	own := filtertext.Field{Attr: nameMember, OwnName: true}
	return and(
		comparison(filtertext.OpGe, own, name+"__0"), comparison(filtertext.OpLt, own, name+"__:"), // ":" is behind "9"
	)
}

// steps returns the condition of the query parameter that selects steps.
func (r *resource) steps(q *request) (*filtertext.Node, error) {
	text := q.params.Get(r.Step + "Ids")
	if r.Step == "" || text == "" {
		return nil, nil
	}
	var field filtertext.Field
	for i := range r.typ.Fields {
		if r.typ.Fields[i].Name == r.Step {
			field.Property, _ = r.typ.Fields[i].Property()
		}
	}
	var ids []any
	for part := range strings.SplitSeq(text, ",") {
		id, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil {
			return nil, badRequest("invalid %sIds: %v", r.Step, err)
		}
		ids = append(ids, id)
	}
	return comparison(filtertext.OpIn, field, ids...), nil
}
