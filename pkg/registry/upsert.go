package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// Upsert creates v or patches the stored entity. It sets the ID in v and changes
// nothing else there: read the entity to see its times.
//
// The stored entity is the one with the ID of v. If v has no ID, it is the one
// with the name of v, within its parent. If v has no name that identifies it,
// it is the one with the external ID of v. The error is [ErrInvalidArgument] if
// v has none of them: [Collection.Create] stores such an entity.
//
// A patch keeps the fields that are not set in v and replaces those that are.
// Objects and lists are replaced as a whole. Custom properties are merged by
// key. [Clear] removes fields and custom properties, [Set] writes a zero, and
// [OnCreate] sets what only a new entity gets.
//
// If nothing differs from what is stored, Upsert writes nothing and the update
// time stays. Upsert is not one transaction: if it fails halfway, call it again
// with the same value to complete it.
//
// A client that [Dial] made repeats a request whose reply was lost. If that request
// created the entity, the outcome is [Unchanged] or, if only the link to the parent
// was missing, [Updated], as for an entity that another writer created.
//
// Rules of the spec that are newer than a stored entity do not prevent its updates:
// a field that breaks a rule may stay as it is stored, but not change to another
// value that breaks it. [Audit] lists such entities.
//
// The error is [ErrInvalidArgument] for a value that cannot be stored, a new
// name that is blank or has control characters, or a change to an immutable
// field; [ErrNotFound] if the ID or the parent does not exist; and
// [ErrAlreadyExists] if another entity has the external ID.
func (c *Collection[T, N]) Upsert(ctx context.Context, v *T, opts ...UpsertOption[T]) (Result, error) {
	return c.core.write(ctx, upsert, v, collectOptions[T](opts))
}

// Replace is [Collection.Upsert] except that it removes the fields and custom
// properties that are not set in v. Stored properties that the spec does not
// declare stay.
func (c *Collection[T, N]) Replace(ctx context.Context, v *T, opts ...WriteOption[T]) (Result, error) {
	return c.core.write(ctx, replace, v, collectOptions[T](opts))
}

// displayName returns the entity's name, external ID or ID, whichever is set
// first, for error messages.
func displayName(i mlmd.Ident) string {
	for _, s := range []string{i.Name, i.ExternalID, i.ID} {
		if s != "" {
			return s
		}
	}
	return ""
}

// createOrUpdate creates the node and returns its ID. If the store refuses it
// because a node with the name or external ID exists, it updates that node.
func (w *write[N]) createOrUpdate(ctx context.Context) (Result, error) {
	for try := 1; ; try++ {
		n, err := w.encode(w.parent.mappingParent(w.m.parent)) // may fail, so it comes before the first write
		if err != nil {
			return Result{}, err
		}
		if len(w.faults) > 0 {
			return w.updateFaulty(ctx, w.nodes.view(n))
		}
		if why := newNameProblem(w.ident.Name); why != "" {
			return w.updateNamed(ctx, w.nodes.view(n), why)
		}
		if err := w.checkReferences(ctx, w.nodes.view(n), nil); err != nil {
			return Result{}, err
		}
		if w.hasBefore() {
			stored, field, err := w.findBefore(ctx, w.nodes.view(n))
			if err != nil {
				return Result{}, err
			}
			if stored != nil {
				return w.updateExisting(ctx, stored, field)
			}
			if err := w.beforeCreate(ctx, n); err != nil {
				return Result{}, err
			}
		}
		t, err := w.storedType(ctx)
		if err != nil {
			return Result{}, w.rpcError(ctx, err)
		}
		existing, err := w.existingUnprefixed(ctx, t)
		if err != nil {
			return Result{}, err
		}
		if existing != nil {
			return w.updateExisting(ctx, existing, "name")
		}
		if t, err = w.fitToType(ctx, t, n); err != nil {
			return Result{}, err
		}
		sent := w.nodes.view(n)
		id, linked, err := w.nodes.create(w.putContext(ctx), w.nodes.withIDs(n, t.id, 0), w.parent)
		switch {
		case err == nil:
			w.cacheCreated(id, t.id, sent, linked)
			r := w.result(id, Created, nil)
			w.recordCreated(n, r)
			return r, w.linkNew(ctx, id, linked)
		case status.Code(err) == codes.AlreadyExists:
			stored, field, err2 := w.conflictingNode(ctx, sent)
			if errors.Is(err2, ErrUnsupported) { // a REST API that does not tell which node it is
				return Result{}, w.rpcError(ctx, err)
			}
			if err2 != nil {
				return Result{}, err2
			}
			if stored != nil {
				return w.updateExisting(ctx, stored, field)
			}
		case try == 1: // the caches may be stale
			again, err2 := w.refreshStale(ctx, err)
			if err2 != nil {
				return Result{}, err2
			}
			if again {
				continue
			}
		}
		if try == maxAttempts || status.Code(err) != codes.AlreadyExists {
			return Result{}, w.rpcError(ctx, err)
		}
	}
}

// updateFaulty updates the stored node if the value breaks rules, which that node
// may break too. It creates none.
func (w *write[N]) updateFaulty(ctx context.Context, sent nodeView) (Result, error) {
	stored, field, err := w.findBefore(ctx, sent)
	if err != nil {
		return Result{}, err
	}
	if stored == nil {
		return Result{}, w.mappingError(w.faults)
	}
	return w.updateExisting(ctx, stored, field)
}

// updateNamed updates the node with the name of the value. why is the reason
// that a new node cannot have the name.
func (w *write[N]) updateNamed(ctx context.Context, sent nodeView, why string) (Result, error) {
	stored, field, err := w.conflictingNode(ctx, sent)
	if err == nil && stored == nil && w.parent != nil && !w.m.parent.UnprefixedName {
		field = "name"
		stored, err = w.findUnprefixedChild(ctx, w.operation, w.parent.id, w.ident.Name)
	}
	if err != nil {
		return Result{}, err
	}
	if stored == nil {
		return Result{}, w.fieldError(ErrInvalidArgument, "name", w.ident.Name, why)
	}
	return w.updateExisting(ctx, stored, field)
}

// updateExisting updates the node that has the name or, according to field, the
// external ID of the value. For a create that is an error.
func (w *write[N]) updateExisting(ctx context.Context, stored N, field string) (Result, error) {
	if w.by == create {
		return Result{}, w.existsError(field, w.nodes.view(stored))
	}
	return w.update(ctx, stored)
}

// fitToType stores the properties of a new node under the names that its type
// declares. It returns the type, which it extends by those that are missing.
func (w *write[N]) fitToType(ctx context.Context, t *storedType, n N) (*storedType, error) {
	wanted := w.nodes.view(n)
	s, t, err := w.resolveProperties(ctx, t, nodeView{}, wanted, propertiesOf(w.m.fields, wanted), w.created)
	if err != nil {
		return nil, err
	}
	clear(wanted.props) // the map of n
	maps.Copy(wanted.props, s.props)
	return t, nil
}

// propertiesOf returns the update_mask paths of the properties that n has.
func propertiesOf(fields mlmd.Fields, n nodeView) []string {
	var paths []string
	for i := range fields {
		if name, ok := fields[i].Property(); ok && n.props[name] != nil {
			paths = append(paths, fields[i].Path)
		}
	}
	return paths
}

// cacheCreated updates the caches after a node was created.
func (w *write[N]) cacheCreated(id, typeID int64, sent nodeView, linked bool) {
	if w.typ.kind != mlmd.Context {
		if w.parent != nil && !linked { // the parent was renamed
			w.client.contexts.remove(w.parent.id)
		}
		return
	}
	w.client.contexts.add(id, parent{id, typeID, w.m.typeName, sent.storedName()})
	w.client.prefixed.add(siblings{parent: id}, true)
}

// refreshStale reports whether err may come from a stale cache: a type or a
// parent that the store no longer has, or a parent that was renamed. If so, it
// has dropped the stale entries, and the write should be tried again.
func (w *write[N]) refreshStale(ctx context.Context, err error) (bool, error) {
	gone := status.Code(err) == codes.NotFound
	if !gone && !w.parentMayBeRenamed(err) {
		return false, nil
	}
	if gone {
		w.client.types.reset()
		w.client.contexts.reset()
		w.client.links.reset()
		w.client.prefixed.reset()
	} else {
		w.client.contexts.remove(w.parent.id)
	}
	if w.parent == nil {
		return gone, nil
	}
	p, err := w.client.parent(ctx, w.operation, w.m.parent, w.ident.ParentID)
	if err != nil {
		return false, err
	}
	changed := *p != *w.parent
	w.parent = p
	return gone || changed, nil
}

// parentMayBeRenamed reports whether err may come from a parent whose name is
// not the cached one. Only the create of an artifact passes the parent's name.
func (w *write[N]) parentMayBeRenamed(err error) bool {
	code := status.Code(err)
	return w.parent != nil && w.typ.kind == mlmd.Artifact && (code == codes.InvalidArgument || code == codes.Internal)
}

// Create stores v as a new entity and sets its ID in v. The error is
// [ErrAlreadyExists], with ExistingID set, if an entity of the same type has the
// name of v within its parent, or if a node of the same kind has its external
// ID; [ErrInvalidArgument] if v has an ID or cannot be stored; and [ErrNotFound]
// if the parent does not exist. Of several concurrent calls for one name, one
// succeeds.
//
// An entity without a name and an external ID is stored again by each call.
//
// Other programs may store names without the ID of the parent before them. Such a
// name counts as taken, except below a parent that this client created, because
// looking for it would cost each Create a request.
//
// After [ErrUnavailable] v may have been stored: the call is not repeated, because
// the repetition would find its own name taken. A server stores a context with a
// parent in two requests. If the second one fails, the entity exists without its
// parent: [Collection.Upsert] completes it.
func (c *Collection[T, N]) Create(ctx context.Context, v *T) (Result, error) {
	return c.core.write(ctx, create, v, writeOptions{})
}

// conflictingNode returns the stored node that a create conflicted with, or nil
// if it no longer exists, and the field by which it was found: "name" or
// "externalId". It returns an error if that node is another entity.
func (w *write[N]) conflictingNode(ctx context.Context, sent nodeView) (_ N, field string, _ error) {
	named, byName, err := w.namedNode(ctx, sent)
	if err != nil || named != nil {
		return named, "name", err
	}
	owner, err := w.externalIDOwner(ctx, sent)
	if err != nil || owner == nil {
		return nil, "", err
	}
	if v := w.nodes.view(owner); byName || v.typeName != w.m.typeName {
		return nil, "", w.externalIDTakenError(v)
	}
	return owner, "externalId", nil
}

// namedNode returns the stored node with the name of the value, or nil. It reports
// whether the name identifies the value.
func (w *write[N]) namedNode(ctx context.Context, sent nodeView) (n N, byName bool, err error) {
	if w.ident.Name == "" || w.m.parent != nil && w.parent == nil && !w.m.parent.UnprefixedName {
		return nil, false, nil
	}
	n, err = w.nodes.byName(ctx, w.m.typeName, sent.storedName())
	if err != nil {
		return nil, true, w.rpcError(ctx, err)
	}
	if n != nil {
		if v := w.nodes.view(n); v.storedName() != sent.storedName() {
			return nil, true, w.takenError("name", w.ident.Name, v, "the store does not distinguish the two names")
		}
	}
	return n, true, nil
}

// find returns the stored node that the value identifies, or nil, and the field by
// which it was found: "name" or "externalId". Another entity with the external ID
// is left to the request that creates the node. t is the type of the node.
func (w *write[N]) find(ctx context.Context, t *storedType, sent nodeView) (N, string, error) {
	n, byName, err := w.namedNode(ctx, sent)
	if err != nil || n != nil {
		return n, "name", err
	}
	if byName {
		n, err = w.existingUnprefixed(ctx, t)
		return n, "name", err
	}
	n, err = w.externalIDOwner(ctx, sent)
	if err != nil || n == nil || w.nodes.view(n).typeName != w.m.typeName {
		return nil, "", err
	}
	return n, "externalId", nil
}

// findBefore is find before the first request that writes, such as the one that
// registers the type. A create is not found: the store refuses it.
func (w *write[N]) findBefore(ctx context.Context, sent nodeView) (N, string, error) {
	if w.by == create {
		return nil, "", nil
	}
	t, err := w.client.knownType(ctx, w.typ)
	if err != nil {
		return nil, "", w.rpcError(ctx, err)
	}
	if t == nil {
		return nil, "", nil
	}
	return w.find(ctx, t, sent)
}

// existsError returns the error of a create whose name or, according to field,
// external ID the node has.
func (w *write[N]) existsError(field string, stored nodeView) error {
	if field == "externalId" {
		return w.externalIDTakenError(stored)
	}
	rule := fmt.Sprintf("names are unique among entities of type %s", w.m.entity)
	if w.m.parent != nil && !w.m.parent.UnprefixedName {
		rule = fmt.Sprintf("names are unique within a %s", w.m.parent.Entity)
	}
	return w.takenError("name", w.ident.Name, stored, rule)
}

// externalIDOwner returns the node that has the external ID of the value, or nil.
func (w *write[N]) externalIDOwner(ctx context.Context, sent nodeView) (N, error) {
	if text(sent.externalID) == "" {
		return nil, nil
	}
	n, err := w.nodes.byExternalID(ctx, *sent.externalID)
	if err != nil {
		return nil, w.rpcError(ctx, err)
	}
	return n, nil
}

func (w *write[N]) externalIDTakenError(by nodeView) error {
	return w.takenError("externalId", w.ident.ExternalID, by,
		fmt.Sprintf("external IDs are unique among %ss", w.typ.kind))
}

func (w *write[N]) takenError(field, value string, by nodeView, rule string) error {
	e := w.fieldError(ErrAlreadyExists, field, value,
		fmt.Sprintf("is already used by %s %d: %s", w.client.entityName(by.typeName), by.id, rule))
	e.ExistingID = fmt.Sprint(by.id)
	return e
}

// putError returns the error of a put that failed. It looks up the owner of a
// changed external ID, because servers report a duplicate with different codes,
// and the node itself, because a server also reports FAILED_PRECONDITION if its
// database is read-only.
func (w *write[N]) putError(ctx context.Context, err error, was, wanted nodeView, diff []string) error {
	if w.since != nil && status.Code(err) == codes.FailedPrecondition {
		if n, err := w.nodes.byID(ctx, was.id); err == nil && n != nil {
			if err := w.checkUnchanged(w.nodes.view(n)); err != nil {
				return err
			}
		}
	}
	if slices.Contains(diff, "external_id") && ctx.Err() == nil {
		if owner, err := w.externalIDOwner(ctx, wanted); err == nil && owner != nil {
			if by := w.nodes.view(owner); by.id != was.id {
				return w.externalIDTakenError(by)
			}
		}
	}
	return w.rpcError(ctx, err)
}
