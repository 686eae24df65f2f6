package registry

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// conflictingNode returns the stored node that a create conflicted with, or nil
// if it no longer exists, and the field by which it was found: "name" or
// "externalId". It returns an error if that node is another entity.
func (w *write[T, N]) conflictingNode(ctx context.Context, sent nodeView) (_ N, field string, _ error) {
	byName := w.ident.Name != "" && (w.m.Parent == nil || w.parent != nil || w.m.Parent.UnprefixedName)
	if byName {
		n, err := w.nodes.byName(ctx, w.m.TypeName, sent.storedName())
		if err != nil {
			return nil, "", w.rpcError(ctx, err)
		}
		if n != nil {
			if v := w.nodes.view(n); v.storedName() != sent.storedName() {
				return nil, "", w.takenError("name", w.ident.Name, v, "the store does not distinguish the two names")
			}
			return n, "name", nil
		}
	}
	owner, err := w.externalIDOwner(ctx, sent)
	if err != nil || owner == nil {
		return nil, "", err
	}
	if v := w.nodes.view(owner); byName || v.typeName != w.m.TypeName {
		return nil, "", w.externalIDTakenError(v)
	}
	return owner, "externalId", nil
}

// existsError returns the error of a create whose name or, according to field,
// external ID the node has.
func (w *write[T, N]) existsError(field string, stored nodeView) error {
	if field == "externalId" {
		return w.externalIDTakenError(stored)
	}
	rule := fmt.Sprintf("names are unique among entities of type %s", w.m.Entity)
	if w.m.Parent != nil && !w.m.Parent.UnprefixedName {
		rule = fmt.Sprintf("names are unique within a %s", w.m.Parent.Entity)
	}
	return w.takenError("name", w.ident.Name, stored, rule)
}

// externalIDOwner returns the node that has the external ID of the value, or nil.
func (w *write[T, N]) externalIDOwner(ctx context.Context, sent nodeView) (N, error) {
	if text(sent.externalID) == "" {
		return nil, nil
	}
	n, err := w.nodes.byExternalID(ctx, *sent.externalID)
	if err != nil {
		return nil, w.rpcError(ctx, err)
	}
	return n, nil
}

func (w *write[T, N]) externalIDTakenError(by nodeView) error {
	return w.takenError("externalId", w.ident.ExternalID, by,
		fmt.Sprintf("external IDs are unique among %ss", w.typ.kind))
}

func (w *write[T, N]) takenError(field, value string, by nodeView, rule string) error {
	e := w.fieldError(ErrAlreadyExists, field, value,
		fmt.Sprintf("is already used by %s %d: %s", w.client.entityName(by.typeName), by.id, rule))
	e.ExistingID = fmt.Sprint(by.id)
	return e
}

// putError returns the error of a put that failed. It looks up the owner of a
// changed external ID, because servers report a duplicate with different codes,
// and the node itself, because a server also reports FAILED_PRECONDITION if its
// database is read-only.
func (w *write[T, N]) putError(ctx context.Context, err error, was, wanted nodeView, diff []string) error {
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
