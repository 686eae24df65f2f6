package registry

import (
	"context"
	"fmt"
	"slices"
)

// existing returns the stored node that the value is, after a conflict, or nil
// if there is none any more. It is an error if the conflict is with another
// node.
func (w *write[T, N]) existing(ctx context.Context, sent view) (N, error) {
	byName := w.ident.Name != "" && (w.m.Parent == nil || w.parent != nil || w.m.Parent.PlainName)
	if byName {
		n, err := w.nodes.byName(ctx, w.m.TypeName, sent.storedName())
		if err != nil {
			return nil, w.rpc(ctx, err)
		}
		if n != nil {
			if v := w.nodes.view(n); v.storedName() != sent.storedName() {
				return nil, w.taken("name", w.ident.Name, v, "this store does not tell the two names apart")
			}
			return n, nil
		}
	}
	owner, err := w.owner(ctx, sent)
	if err != nil || owner == nil {
		return nil, err
	}
	if v := w.nodes.view(owner); byName || v.typeName != w.m.TypeName {
		return nil, w.externalIDTaken(v)
	}
	return owner, nil
}

// owner returns the node that has the external id of the value, if any.
func (w *write[T, N]) owner(ctx context.Context, sent view) (N, error) {
	if text(sent.externalID) == "" {
		return nil, nil
	}
	n, err := w.nodes.byExternalID(ctx, *sent.externalID)
	if err != nil {
		return nil, w.rpc(ctx, err)
	}
	return n, nil
}

func (w *write[T, N]) externalIDTaken(by view) error {
	return w.taken("externalId", w.ident.ExternalID, by, fmt.Sprintf("external ids are unique among %ss", w.typ.kind))
}

func (w *write[T, N]) taken(field, value string, by view, rule string) error {
	e := w.field(ErrAlreadyExists, field, value, fmt.Sprintf("is already used by %s %d: %s", w.c.entityOf(by.typeName), by.id, rule))
	e.ExistingID = fmt.Sprint(by.id)
	return e
}

// refused returns the error of a put that failed. A taken external id has a
// different code on every server, so it is looked up.
func (w *write[T, N]) refused(ctx context.Context, err error, was, wanted view, diff []string) error {
	if slices.Contains(diff, "external_id") && ctx.Err() == nil {
		if owner, err := w.owner(ctx, wanted); err == nil && owner != nil {
			if by := w.nodes.view(owner); by.id != was.id {
				return w.externalIDTaken(by)
			}
		}
	}
	return w.rpc(ctx, err)
}
