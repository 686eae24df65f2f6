package registry

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/internal/restclient"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/resttable"
)

// DefaultRESTTimeout limits how long one request of a client that [DialREST] made
// may take. See [WithTimeout].
const DefaultRESTTimeout = time.Minute

// A RESTOption configures the connection that [DialREST] makes. Most options of
// [Dial] are RESTOptions too.
type RESTOption interface{ applyREST(*restConfig) }

// restConfig holds the options of DialREST.
type restConfig struct {
	dialConfig
	http   restclient.Config
	tables []resttable.API
}

type restOption func(*restConfig)

func (f restOption) applyREST(r *restConfig) { f(r) }

// applyREST makes options of Dial options of DialREST.
func (f dialOption) applyREST(r *restConfig)   { f(&r.dialConfig) }
func (f clientOption) applyREST(r *restConfig) { f(&r.client) }

// WithREST makes the client look for the given APIs before those of this module:
// the table that was generated beside the mappings of your own spec.
//
//	reg, err := registry.DialREST(url, registry.WithREST(mapping.REST...))
func WithREST(tables ...resttable.API) RESTOption {
	return restOption(func(r *restConfig) { r.tables = append(r.tables, tables...) })
}

// WithHTTPClient makes the client send its requests with c, which then decides on
// TLS, proxies and connections. Redirects to another host are refused all the
// same.
func WithHTTPClient(c *http.Client) RESTOption {
	return restOption(func(r *restConfig) { r.http.HTTP = c })
}

// WithTimeout limits how long one request may take; its repetitions may take as
// long again. 0 removes the limit. The default is [DefaultRESTTimeout].
func WithTimeout(d time.Duration) RESTOption {
	return restOption(func(r *restConfig) { r.http.Timeout = d })
}

// WithUserAgent sets the User-Agent header of requests. The default is
// "mlmd-go-sdk".
func WithUserAgent(text string) RESTOption {
	return restOption(func(r *restConfig) { r.http.UserAgent = text })
}

// WithRoundTripper makes requests pass through what wrap returns, for traces or
// headers of one's own. wrap is given the transport that sends them.
func WithRoundTripper(wrap func(http.RoundTripper) http.RoundTripper) RESTOption {
	return restOption(func(r *restConfig) { r.http.RoundTripper = wrap })
}

// WithUncheckedUpdates allows changes of stored entities on servers that cannot
// check whether another writer came first, as the servers of other projects
// cannot. A change is then read, compared and written, and a change that another
// writer makes in between is lost. Without this option such changes are
// [ErrUnsupported], and nothing is sent. The server of this module checks, with
// and without the option.
func WithUncheckedUpdates() RESTOption {
	return restOption(func(r *restConfig) { r.http.Unchecked = true })
}

// DialREST returns a client of the model registry at a URL that begins with
// http:// or https://, which speaks REST: mlmd-server with --http_port, or the
// registry of another project with the same API. The path of the URL, if any, is
// what comes before /api. The client uses the newest version of the API that the
// server has.
//
// Collections, filters, iterators and errors are those of any client. What a REST
// API cannot do is [ErrUnsupported] before anything is sent: transactions,
// [Query.WhereText], [Query.OrderByField], migrations, and on servers of other
// projects some entities and reads, and removing the value of a field;
// docs/rest-client.md lists all. An upsert that finds the entity, and Update, are
// exact on the server of this module; for other servers see
// [WithUncheckedUpdates].
//
// The options of [Dial] have the same meaning, except for [WithGRPCDialOptions],
// which is refused. Without options, an https:// URL is verified with the root
// certificates of the system, and a token for an http:// URL of another machine
// requires [WithInsecureToken]. Requests are retried as those of Dial are; a
// Retry-After of the server is respected.
//
// DialREST sends nothing; the first call asks the server for its API. The error is
// [ErrInvalidArgument] if the URL or an option is not valid. The caller should
// close the client.
func DialREST(baseURL string, opts ...RESTOption) (*Client, error) {
	r := restConfig{dialConfig: dialConfig{retry: DefaultRetryTimeout}}
	r.http = restclient.Config{Timeout: DefaultRESTTimeout, UserAgent: "mlmd-go-sdk"}
	for _, opt := range opts {
		if opt != nil {
			opt.applyREST(&r)
		}
	}
	if len(r.grpc) > 0 {
		r.addError(errors.New("WithGRPCDialOptions is for Dial: REST has no gRPC connection"))
	}
	r.http.BaseURL, r.http.TLS, r.http.RetryTimeout = baseURL, r.tlsConfig(), r.retry
	r.http.Token, r.http.InsecureToken = r.token, r.insecureToken
	rpc, err := restclient.New(r.http, slices.Concat(r.tables, mapping.REST))
	if err = errors.Join(errors.Join(r.errs...), err); err != nil {
		return nil, &Error{Op: "dial", Key: baseURL, Kind: ErrInvalidArgument, Err: err}
	}
	c := newClient(rpc, r.client)
	c.conn = rpc
	return c, nil
}

// tlsConfig returns the TLS configuration with the edits of all options, or nil.
func (d *dialConfig) tlsConfig() *tls.Config {
	if d.tls != nil {
		for _, set := range d.tlsEdits {
			set(d.tls)
		}
	}
	return d.tls
}

// A binder is an RPC client of a REST registry. Requests there are about entities,
// which RPCs do not name, so that a binder is told which ones a call is about.
// Clients that wrap another RPC client have these methods if that one has them.
type binder interface {
	mlmdpb.MetadataStoreServiceClient
	// Bind returns a client whose calls are about the entities of m.
	Bind(m mlmd.AnyMapping, t mlmd.Type) mlmdpb.MetadataStoreServiceClient
	// To returns a client whose calls are about the entities of a type, if Bind was
	// called with a mapping of it.
	To(typeName string) mlmdpb.MetadataStoreServiceClient
}

// rest returns the RPC client of a client that speaks REST, or nil.
func (c *Client) rest() binder {
	r, _ := c.rpc.(binder)
	return r
}

// rpcOf returns the RPC client for nodes of a type.
func (c *Client) rpcOf(typeName string) mlmdpb.MetadataStoreServiceClient {
	if r := c.rest(); r != nil {
		return r.To(typeName)
	}
	return c.rpc
}

// rpcFor returns the RPC client for the entities of a mapping, whose type names are
// those of the client.
func rpcFor(c *Client, m mlmd.AnyMapping, typeName string, parent *mlmd.Edge) mlmdpb.MetadataStoreServiceClient {
	r := c.rest()
	if r == nil {
		return c.rpc
	}
	t := m.Type()
	t.TypeName, t.Parent = typeName, parent
	return r.Bind(m, t)
}

// A restListing is the listing of a query through REST. It follows the server's
// page tokens and tests the condition on what it lists, because servers read
// their filters differently.
type restListing struct {
	preparedQuery
	where  *filtertext.Node
	tests  []filtertext.Test
	token  string // of the page that buf is from
	next   string // of the page after it
	buf    []row  // fetched but not taken
	begun  bool
	ended  bool
	after  *position // of the last row taken
	finger uint64
}

// prepareREST is prepare for a client that speaks REST.
func (q query) prepareREST(limit int, token, condition string) (listing, error) {
	s := q.src
	if len(q.texts) > 0 {
		return nil, s.newError(ErrUnsupported, "a REST registry does not know MLMD's filter language: use Where")
	}
	if q.by != nil {
		return nil, s.newError(ErrUnsupported, "a REST registry sorts by ID, create time and update time only")
	}
	text, err := filtertext.Print(q.where, filtertext.Options{}) // checks the operands
	if err != nil {
		e := s.newError(ErrInvalidArgument, "")
		e.Err = err
		return nil, e
	}
	s.keepNodes = true
	l := &restListing{preparedQuery: preparedQuery{s, q.order, q.desc, limit, nil, condition}, where: q.where.Root()}
	l.ended = len(text.Branches) == 0 // the condition selects nothing
	texts := []string{q.scope}
	if l.where != nil {
		test := filtertext.TestOf(q.where)
		l.tests, l.countOnly = []filtertext.Test{test}, l.countOnly && !test.ReadsEntity()
		texts = append(texts, test.String())
	}
	l.finger = l.fingerprint(texts)
	return l, l.resume(token)
}

func (l *restListing) rows(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for n := 0; l.limit == 0 || n < l.limit; n++ {
			if err := l.fill(ctx, l.limit-n); err != nil {
				yield(row{}, err)
				return
			}
			if len(l.buf) == 0 {
				return
			}
			r := l.buf[0]
			l.buf, l.after = l.buf[1:], &r.position
			if !yield(r, nil) {
				return
			}
		}
	}
}

// fill fetches pages until there is a row, unless the list has ended. wanted is how
// many more rows the caller needs; 0 or less means all.
func (l *restListing) fill(ctx context.Context, wanted int) error {
	for len(l.buf) == 0 && !l.ended {
		if err := l.fetchPage(ctx, wanted); err != nil {
			return err
		}
	}
	return nil
}

func (l *restListing) fetchPage(ctx context.Context, wanted int) error {
	size := pageSize
	if wanted > 0 && len(l.tests) == 0 {
		size = min(size, wanted+1) // one more shows whether there is a next page
	}
	if l.begun && l.next == l.token {
		return l.newError(ErrInternal, "the server returned a page token twice")
	}
	l.token, l.begun = l.next, true
	rows, next, err := l.fetch(restclient.WithQuery(ctx, l.parent, l.where), l.options("", l.token, size))
	if err != nil {
		return err
	}
	l.next, l.ended = next, next == ""
	if err := l.addNeighbors(ctx, rows, l.tests); err != nil {
		return err
	}
	last := l.after
	for _, r := range rows {
		// Some servers list an entity twice.
		if last != nil && r.Compare(*last, l.desc) <= 0 {
			continue
		}
		last = &r.position
		v := tested{r, l.ident}
		if !slices.ContainsFunc(l.tests, func(t filtertext.Test) bool { return !t.Holds(v) }) {
			l.buf = append(l.buf, r)
		}
	}
	return nil
}

// A restToken is the content of the page token of a restListing.
type restToken struct {
	position
	Server string `json:"s"` // the server's token of the page that has the position
	Query  uint64 `json:"l"` // the fingerprint
}

const restTokenPrefix = "rest."

func (l *restListing) nextToken(ctx context.Context) (string, error) {
	if l.after == nil {
		return "", nil
	}
	if err := l.fill(ctx, 1); err != nil || len(l.buf) == 0 {
		return "", err
	}
	raw, err := json.Marshal(restToken{*l.after, l.token, l.finger})
	if err != nil {
		return "", l.newError(ErrInternal, err.Error())
	}
	return restTokenPrefix + base64.RawURLEncoding.EncodeToString(raw), nil
}

// resume makes the listing begin after the position of a token.
func (l *restListing) resume(token string) error {
	if token == "" {
		return nil
	}
	text, ok := strings.CutPrefix(token, restTokenPrefix)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var t restToken
	switch {
	case !ok || err != nil || json.Unmarshal(raw, &t) != nil:
		return l.tokenError("is corrupt")
	case t.Query != l.finger:
		return l.tokenError(otherQuery)
	}
	l.after, l.next = &t.position, t.Server
	return nil
}
