package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/mlmd-go/sdk/pkg/registry"
)

// register stores an entity, its parent and its children in one transaction.
func (f *face) register(ctx context.Context, g *Registration, q *request) (*reply, error) {
	members, err := q.object()
	if err != nil {
		return nil, err
	}
	sent := map[string]json.RawMessage{}
	for _, m := range members {
		known := slices.ContainsFunc(slices.Concat([]Part{g.Parent, g.Entity}, g.Children), func(p Part) bool {
			return p.Member == m.name
		})
		if !known {
			return nil, unknownField(m.name)
		}
		if !m.isNull() {
			sent[m.name] = m.value
		}
	}
	var out *reply
	err = f.transaction(ctx, func(ctx context.Context) (err error) {
		w := &registering{face: f, parents: map[string]string{}}
		if err := w.one(ctx, g.Parent, sent); err != nil {
			return err
		}
		if err := w.one(ctx, g.Entity, sent); err != nil {
			return err
		}
		for _, p := range g.Children {
			if err := w.list(ctx, p, sent[p.Member]); err != nil {
				return err
			}
		}
		status := http.StatusOK
		if w.created {
			status = http.StatusCreated
		}
		out = &reply{status, append(w.out, '}')}
		return nil
	})
	return out, err
}

// registering is a registration under way.
type registering struct {
	face    *face
	parents map[string]string // the IDs of stored entities, by entity
	created bool              // an entity is new
	out     []byte            // the response, without the end of the object
}

func (w *registering) add(member string) {
	sep := byte(',')
	if w.out == nil {
		sep = '{'
	}
	w.out = append(w.out, sep)
	w.out = append(w.out, toJSON(member)...)
	w.out = append(w.out, ':')
}

// one stores the entity of a part.
func (w *registering) one(ctx context.Context, p Part, sent map[string]json.RawMessage) error {
	raw := sent[p.Member]
	if raw == nil {
		return zeroRequired(p.Member)
	}
	w.add(p.Member)
	return w.store(ctx, w.face.resources[p.Of], p.Member, raw)
}

// list stores the entities of a part, of which there may be none.
func (w *registering) list(ctx context.Context, p Part, raw json.RawMessage) error {
	var all []json.RawMessage
	if raw != nil {
		if err := json.Unmarshal(raw, &all); err != nil {
			return fail(http.StatusBadRequest, "%v", inField(err, "", p.Member))
		}
	}
	w.add(p.Member)
	w.out = append(w.out, '[')
	for i, raw := range all {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		r := w.face.resources[p.Of]
		if u := w.face.unions[p.Of]; u != nil {
			if r, _ = u.kindOf(membersOf(raw)); r == nil {
				return u.unknownKind()
			}
		}
		if err := w.store(ctx, r, p.Member, raw); err != nil {
			return err
		}
	}
	w.out = append(w.out, ']')
	return nil
}

// membersOf returns the members of an object within a request, and none for
// another value.
func membersOf(raw json.RawMessage) []member {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	return splitObject(raw)
}

// store creates or updates an entity below the one that was stored before it.
func (w *registering) store(ctx context.Context, r *resource, name string, raw json.RawMessage) error {
	if raw[0] != '{' {
		return fail(http.StatusBadRequest, "%s must be an object, not %s", name, raw)
	}
	members, allowed, required := splitObject(raw), r.Create, append([]string{nameMember}, r.Required...)
	p := r.typ.Parent
	if p != nil {
		isParent := func(name string) bool { return name == p.Field }
		allowed = slices.DeleteFunc(slices.Clone(allowed), isParent)
		required = slices.DeleteFunc(required, isParent)
	}
	v, err := r.decode(members, allowed, required, r.typ.Entity+"Create")
	if err != nil {
		return err
	}
	if p != nil {
		r.collection.setParent(v, w.parents[p.Entity])
	}
	if err := r.checkReferences(ctx, v); err != nil {
		return err
	}
	if err := r.checkOrder(v); err != nil {
		return err
	}
	result, err := r.collection.upsert(ctx, v, r.setDefaults)
	if err != nil {
		return r.writeFailure(v, err)
	}
	w.created = w.created || result.Outcome == registry.Created
	w.parents[r.typ.Entity] = result.ID
	stored, err := r.byID(ctx, result.ID)
	if err != nil {
		return err
	}
	w.out = r.codec.append(w.out, stored)
	return nil
}
