package rest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/internal/callinfo"
	"github.com/mlmd-go/sdk/pkg/auth"
	"github.com/mlmd-go/sdk/pkg/registry"
)

// DefaultMaxBody is the limit of a request body without [WithMaxBody].
const DefaultMaxBody = 4 << 20

// An Option configures a handler. A nil Option is ignored.
type Option func(*options)

type options struct {
	log     *slog.Logger
	maxBody int64
	timeout time.Duration // 0 for none
	sunset  time.Time
	origins []string
	policy  *auth.Policy // nil if all clients may send all requests
	limits  func(http.Handler) http.Handler

	readOnly bool
}

// WithLogger sets the logger, which is told of failures of the store and of
// panics. Without it, nothing is logged.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.log = l } }

// WithMaxBody limits the body of a request to n bytes. A larger one is answered
// with 413.
func WithMaxBody(n int64) Option { return func(o *options) { o.maxBody = n } }

// WithRequestTimeout limits how long a request may take. Later it is answered
// with 503. 0 removes the limit.
func WithRequestTimeout(d time.Duration) Option { return func(o *options) { o.timeout = d } }

// WithSunset announces when the deprecated APIs will be turned off: their
// responses have a Sunset header.
func WithSunset(t time.Time) Option { return func(o *options) { o.sunset = t } }

// WithCORS lets web pages of the given origins, such as "https://example.com",
// call the API; "*" stands for all origins. Pages cannot send credentials of the
// browser.
func WithCORS(origins ...string) Option {
	return func(o *options) { o.origins = append(o.origins, origins...) }
}

// WithPolicy makes the handler admit only the requests that p allows. Others are
// answered with 401 or 403. Health and the preflight requests of browsers are
// open to all. The default, also for nil, admits all requests.
func WithPolicy(p *auth.Policy) Option { return func(o *options) { o.policy = p } }

// WithLimits passes the requests that the policy admits through limits, such as
// the method Handler of a server, before they are received.
func WithLimits(limits func(http.Handler) http.Handler) Option {
	return func(o *options) { o.limits = limits }
}

// WithReadOnly makes the handler answer requests that write with 403, because the
// store can only be read.
func WithReadOnly() Option { return func(o *options) { o.readOnly = true } }

// NewHandler returns a handler that serves the APIs over what client stores. It
// makes no RPC. Beside their paths it serves openapi.json at the root, which is
// the document of the first API, and below the base of each API, and the health
// of the store at paths that end in /readyz/isDirty and /readyz/health. The
// error reports a mistake in an API.
func NewHandler(client *registry.Client, apis []API, opts ...Option) (http.Handler, error) {
	o := options{maxBody: DefaultMaxBody}
	for _, set := range opts {
		if set != nil {
			set(&o)
		}
	}
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
	o.log = slog.New(callinfo.LogHandler(o.log.Handler()))
	s := &service{options: o, client: client, mux: http.NewServeMux(), describing: map[string]bool{}}
	more := &service{options: o, client: client, mux: http.NewServeMux(), describing: s.describing}
	for i := range apis {
		if slices.ContainsFunc(apis[:i], func(a API) bool { return a.Base == apis[i].Base }) {
			return nil, fmt.Errorf("rest: API %s: another API has the same base: give each its own", apis[i].Base)
		}
		wide := extended(apis[i])
		if err := errors.Join(s.serve(&apis[i]), more.serve(&wide)); err != nil {
			return nil, fmt.Errorf("rest: API %s: %w", apis[i].Base, err)
		}
		if i == 0 {
			s.document("/openapi.json", apis[i].Document)
		}
	}
	s.admitted = withExtensions(s.mux, more.mux)
	if o.limits != nil {
		s.admitted = o.limits(s.admitted)
	}
	return s, nil
}

// serve registers the paths of an API.
func (s *service) serve(a *API) error {
	f, err := s.newFace(a)
	if err == nil {
		f.route()
	}
	return err
}

// A service is the handler of some APIs.
type service struct {
	options
	client *registry.Client
	mux    *http.ServeMux
	faces  []*face
	// admitted serves the requests that the policy admits.
	admitted http.Handler
	// describing has the paths that describe the API, see auth.NewPolicy.
	describing map[string]bool
}

// A face is one API on one client.
type face struct {
	*service
	api       *API
	resources map[string]*resource // by entity
	unions    map[string]*union    // by name
}

func (s *service) newFace(a *API) (*face, error) {
	f := &face{service: s, api: a, resources: map[string]*resource{}, unions: map[string]*union{}}
	for i := range a.Unions {
		f.unions[a.Unions[i].Name] = &union{Union: &a.Unions[i], face: f}
	}
	for i := range a.Resources {
		r, err := newResource(f, &a.Resources[i])
		if err != nil {
			return nil, err
		}
		f.resources[r.typ.Entity] = r
		if r.Union == "" {
			continue
		}
		u := f.unions[r.Union]
		if u == nil {
			return nil, fmt.Errorf("%s is in the union %q, which does not exist", r.typ.Entity, r.Union)
		}
		u.members = append(u.members, r)
	}
	s.faces = append(s.faces, f)
	return f, f.check()
}

// check returns an error if the API refers to an entity that it does not have.
func (f *face) check() error {
	need := func(by, entity string) error {
		if f.resources[entity] == nil {
			return fmt.Errorf("%s refers to %s, which the API does not have", by, entity)
		}
		return nil
	}
	var errs []error
	for entity, r := range f.resources {
		for _, c := range r.Children {
			errs = append(errs, need(entity, c.Parent))
		}
		for _, ref := range r.References {
			errs = append(errs, need(entity, ref.Entity))
		}
	}
	for name, u := range f.unions {
		for _, c := range u.Children {
			errs = append(errs, need(name, c.Parent))
		}
	}
	for _, r := range f.resources {
		children := r.Children
		if u := f.unions[r.Union]; u != nil {
			children = slices.Concat(children, u.Children)
		}
		for _, c := range children {
			errs = append(errs, r.bindBelow(f.resources[c.Parent]))
		}
		if r.HistoryOf == "" {
			continue
		}
		errs = append(errs, need(r.typ.Entity, r.HistoryOf))
		if of := f.resources[r.HistoryOf]; of != nil {
			of.histories = append(of.histories, r)
		}
	}
	return errors.Join(errs...)
}

// titleOf returns what messages call an entity.
func (f *face) titleOf(entity string) string {
	if r := f.resources[entity]; r != nil {
		return r.Title
	}
	return entity
}

// route registers the paths of the API.
func (f *face) route() {
	type handlers struct{ find, list, create, get, update handler }
	top := func(ops Operations, singular, plural string, h handlers) {
		for _, x := range []struct {
			op     Operations
			method string
			path   string
			handle handler
		}{
			{Find, http.MethodGet, singular, h.find},
			{List, http.MethodGet, plural, h.list},
			{Create, http.MethodPost, plural, h.create},
			{Get, http.MethodGet, plural + "/{id}", h.get},
			{Update, http.MethodPatch, plural + "/{id}", h.update},
		} {
			if ops&x.op != 0 {
				f.handle(x.method, x.path, x.handle)
			}
		}
	}
	below := func(c Child) string { return f.resources[c.Parent].Plural + "/{id}/" + c.Segment }
	for _, r := range f.resources {
		top(r.Operations, r.Singular, r.Plural, handlers{r.find, r.list, r.create, r.get, r.update})
		for _, c := range r.Children {
			if r.HistoryOf != "" {
				list := func(ctx context.Context, q *request) (*reply, error) { return r.listHistory(ctx, c, q) }
				f.handle(http.MethodGet, below(c), list)
				f.handle(http.MethodGet, f.resources[c.Parent].Plural+"/"+c.Segment, list)
				continue
			}
			f.handle(http.MethodGet, below(c), func(ctx context.Context, q *request) (*reply, error) {
				return r.listBelow(ctx, c, q)
			})
			f.handle(http.MethodPost, below(c), func(ctx context.Context, q *request) (*reply, error) {
				return r.createBelow(ctx, c, q)
			})
		}
		for i := range r.References {
			ref := &r.References[i]
			if ref.Segment == "" {
				continue
			}
			f.handle(http.MethodGet, r.Plural+"/{id}/"+ref.Segment, func(ctx context.Context, q *request) (*reply, error) {
				return r.follow(ctx, ref, q)
			})
		}
	}
	for _, u := range f.unions {
		top(u.Operations, u.Singular, u.Plural, handlers{u.find, u.list, u.create, u.get, u.update})
		for _, c := range u.Children {
			f.handle(http.MethodGet, below(c), func(ctx context.Context, q *request) (*reply, error) {
				return u.listBelow(ctx, c, q)
			})
			f.handle(http.MethodPost, below(c), func(ctx context.Context, q *request) (*reply, error) {
				return u.createBelow(ctx, c, q)
			})
		}
	}
	for i := range f.api.Registrations {
		g := &f.api.Registrations[i]
		f.handle(http.MethodPost, g.Path, func(ctx context.Context, q *request) (*reply, error) {
			return f.register(ctx, g, q)
		})
	}
	f.document(f.api.Base+"/openapi.json", f.api.Document)
}

// document serves an OpenAPI document.
func (s *service) document(path string, raw []byte) {
	if raw == nil {
		return
	}
	s.describing[path] = true
	s.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, raw) })
}

// A request is an HTTP request whose query parameters are parsed.
type request struct {
	*http.Request
	w      http.ResponseWriter
	params url.Values
	limit  int64 // of the body
}

// object returns the members of the JSON object in the body.
func (q *request) object() ([]member, error) { return readObject(q.w, q.Request, q.limit) }

// A handler answers one operation.
type handler func(ctx context.Context, q *request) (*reply, error)

// handle registers the handler of an operation at a path below the base.
func (f *face) handle(method, path string, h handler) {
	f.mux.HandleFunc(method+" "+f.api.Base+"/"+path, func(w http.ResponseWriter, r *http.Request) {
		f.deprecate(w.Header())
		params, err := parseParams(r.URL.RawQuery)
		var out *reply
		if err == nil {
			out, err = h(r.Context(), &request{r, w, params, f.maxBody})
		}
		if err != nil {
			fl := failureOf(err)
			if fl.status >= http.StatusInternalServerError {
				f.log.ErrorContext(r.Context(), "request failed",
					"method", r.Method, "path", r.URL.Path, "status", fl.status, "error", fl.cause)
			}
			if fl.status == http.StatusInternalServerError {
				fl.Message = callinfo.WithRequestID(r.Context(), fl.Message)
			}
			fl.write(w)
			return
		}
		send(w, out.status, out.body)
	})
}

func parseParams(query string) (url.Values, error) {
	params, err := url.ParseQuery(query)
	if err != nil {
		return nil, fail(http.StatusBadRequest, "%v", err)
	}
	for name, values := range params {
		for _, v := range values {
			if strings.IndexByte(v, 0) >= 0 || strings.Contains(v, `\u0000`) {
				return nil, fail(http.StatusBadRequest,
					"Invalid %s query parameter: null bytes are not allowed", name)
			}
			if !utf8.ValidString(v) {
				return nil, fail(http.StatusBadRequest, "Invalid %s query parameter: it is not valid UTF-8", name)
			}
		}
	}
	return params, nil
}

// deprecate adds the headers of an API that another one replaces.
func (f *face) deprecate(h http.Header) {
	if f.api.Successor == "" {
		return
	}
	h.Set("Deprecation", "true")
	h.Set("Link", "<"+f.api.Successor+`/>; rel="successor-version"`)
	if !f.sunset.IsZero() {
		h.Set("Sunset", f.sunset.UTC().Format(http.TimeFormat))
	}
}

// ServeHTTP answers a request.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, call := callinfo.NewContext(r.Context(), r.RemoteAddr, r.Header.Values(callinfo.HeaderName))
	w.Header().Set(callinfo.HeaderName, call.RequestID)
	r = r.WithContext(ctx)
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // the value that net/http compares
				panic(p)
			}
			s.log.ErrorContext(r.Context(), "panic", "path", r.URL.Path, "value", p, "stack", string(debug.Stack()))
			text := callinfo.WithRequestID(r.Context(), "the server failed: its log has the reason")
			fail(http.StatusInternalServerError, "%s", text).write(w)
		}
	}()
	if s.cors(w, r) || s.health(w, r) {
		return
	}
	ctx, err := s.policy.AdmitHTTP(r, s.log, s.roleFor(r))
	if err != nil {
		rejected(err).write(w)
		return
	}
	r = r.WithContext(ctx)
	if s.readOnly && r.Method != http.MethodGet && r.Method != http.MethodHead {
		fail(http.StatusForbidden, "the registry is read-only: nothing was written").write(w)
		return
	}
	if s.timeout > 0 {
		ctx, done := context.WithTimeout(r.Context(), s.timeout)
		defer done()
		r = r.WithContext(ctx)
	}
	s.admitted.ServeHTTP(w, r)
}

// roleFor returns the role that a request requires.
func (s *service) roleFor(r *http.Request) auth.Role {
	if s.describing[r.URL.Path] && r.Method != http.MethodPost && r.Method != http.MethodPatch {
		return s.policy.Describe()
	}
	return s.policy.ForHTTP(r.Method)
}
