package rest

import (
	"context"
	"net/http"
	"slices"

	"github.com/mlmd-go/sdk/internal/restext"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// extended returns the API with the extensions of package restext: nothing is
// hidden, every entity has paths of its own, and null removes a value.
func extended(a API) API {
	a.nullRemoves = true
	a.Resources = slices.Clone(a.Resources)
	for i := range a.Resources {
		r := &a.Resources[i]
		r.Defaults = nil // so that no value differs from the default
		if r.HistoryOf != "" {
			r.Create, r.Update = allMembers(r.Entity.Type())
		}
		r.Create, r.Update = slices.Concat(r.Create, r.Hidden), slices.Concat(r.Update, r.Hidden)
		r.Hidden = nil
		if r.Operations == 0 && r.Union == "" {
			r.Singular, r.Plural = restext.Paths(r.Entity.Type().Entity)
			r.Operations = AllOperations
		}
	}
	return a
}

// allMembers returns the members of an entity that requests to create and to
// update it can have.
func allMembers(t mlmd.Type) (create, update []string) {
	for i := range t.Fields {
		f := &t.Fields[i]
		if f.Name == "" || f.Derived {
			continue
		}
		create = append(create, f.Name)
		if !f.Immutable {
			update = append(update, f.Name)
		}
	}
	return create, update
}

// withExtensions returns a handler that serves requests that ask for the
// extensions by extended, and others by plain.
func withExtensions(plain, extended http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !restext.On(r.Header) {
			plain.ServeHTTP(w, r)
			return
		}
		w.Header().Set(restext.Header, "1")
		ctx, err := withConditions(r.Context(), r.Header)
		if err != nil {
			failureOf(err).write(w)
			return
		}
		extended.ServeHTTP(w, r.WithContext(ctx))
	})
}

type (
	matchKey     struct{}
	noneMatchKey struct{}
)

// withConditions returns a context that carries the conditions of a request.
func withConditions(ctx context.Context, h http.Header) (context.Context, error) {
	if h.Get("If-None-Match") == "*" {
		ctx = context.WithValue(ctx, noneMatchKey{}, true)
	}
	tag := h.Get("If-Match")
	if tag == "" {
		return ctx, nil
	}
	updated, ok := restext.ParseETag(tag)
	if !ok {
		return ctx, badRequest("invalid If-Match: it is not a tag of this server")
	}
	return context.WithValue(ctx, matchKey{}, updated), nil
}

// onlyCreates reports whether the request must not update an entity.
func onlyCreates(ctx context.Context) bool { return ctx.Value(noneMatchKey{}) != nil }

// checkMatch returns the failure of a request that is about another state of the
// entity v than the stored one.
func (r *resource) checkMatch(ctx context.Context, v any) error {
	want, ok := ctx.Value(matchKey{}).(int64)
	if !ok || r.codec.millis(v, updateTimeMember) == want {
		return nil
	}
	return fail(http.StatusPreconditionFailed, "%s %s changed since it was read", r.Title, r.collection.ident(v).ID)
}
