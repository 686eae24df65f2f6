package restclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/connection"
	"github.com/mlmd-go/sdk/internal/restext"
	"github.com/mlmd-go/sdk/internal/textutil"
)

// A Config configures the connection to a REST registry. Messages name the
// options of the registry package.
type Config struct {
	BaseURL       string
	HTTP          *http.Client                              // nil for one of its own
	TLS           *tls.Config                               // nil for the default; not used with HTTP
	RoundTripper  func(http.RoundTripper) http.RoundTripper // wraps the transport; nil for none
	Token         func() (string, error)                    // of each request; nil for none
	InsecureToken bool                                      // send the token without TLS to other machines too
	RetryTimeout  time.Duration                             // limits how long a request is repeated; 0 for no repetition
	Timeout       time.Duration                             // of one request; 0 for none
	UserAgent     string
	// Unchecked allows changes of stored entities on servers that cannot refuse
	// them when another writer came first.
	Unchecked bool
}

// maxAnswer limits the bytes of one answer.
const maxAnswer = 256 << 20

// A transport sends requests.
type transport struct {
	Config
	base *url.URL
	http *http.Client
}

func newTransport(c Config) (*transport, error) {
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("base URL: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, errors.New(`the base URL must begin with http:// or https://, as in "https://registry.example"`)
	case u.User != nil:
		return nil, errors.New("the base URL has a user: pass a token with registry.WithToken")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the base URL has a query or a fragment: leave them out")
	case c.Token != nil && u.Scheme == "http" && !c.InsecureToken && !isLoopback(u.Hostname()):
		return nil, errors.New("a token requires TLS: use an https:// URL, " +
			"or add registry.WithInsecureToken() if the network is trusted")
	case c.TLS != nil && u.Scheme == "http":
		return nil, errors.New("there are options for TLS, but the URL begins with http://: use https://")
	case c.TLS != nil && c.HTTP != nil:
		return nil, errors.New("there are options for TLS beside WithHTTPClient: set up TLS in the client")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	t := &transport{Config: c, base: u}
	if c.HTTP != nil {
		own := *c.HTTP
		t.http = &own
	} else {
		tr := http.DefaultTransport.(*http.Transport).Clone()
		tr.MaxIdleConnsPerHost = 16
		if c.TLS != nil {
			tr.TLSClientConfig = c.TLS
		}
		t.http = &http.Client{Transport: tr}
	}
	if c.RoundTripper != nil {
		next := t.http.Transport
		if next == nil {
			next = http.DefaultTransport
		}
		t.http.Transport = c.RoundTripper(next)
	}
	next := t.http.CheckRedirect
	t.http.CheckRedirect = func(q *http.Request, via []*http.Request) error {
		if q.URL.Scheme != u.Scheme || q.URL.Host != u.Host {
			return errRedirect{q.URL}
		}
		if next != nil {
			return next(q, via)
		}
		if len(via) >= 5 {
			return errors.New("more than 5 redirects")
		}
		return nil
	}
	return t, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// errRedirect is the error of a redirect to another server, which must not get
// the token.
type errRedirect struct{ to *url.URL }

func (e errRedirect) Error() string {
	return "redirected to " + e.to.Scheme + "://" + e.to.Host
}

// A request is one request to the registry.
type request struct {
	method, path string // the path is below the base URL
	query        url.Values
	body         any // JSON, or nil
	ifMatch      int64
	ifNone       bool // create only
	repeatable   bool // may be sent again although it may have been carried out
}

// An answer is the response to a request.
type answer struct {
	header http.Header
	body   []byte
}

// send sends the request and decodes the answer into out, if out is not nil. Its
// errors have gRPC status codes.
func (t *transport) send(ctx context.Context, q request, out any) (*answer, error) {
	var body []byte
	if q.body != nil {
		var err error
		if body, err = json.Marshal(q.body); err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "the request has no JSON: %v", err)
		}
	}
	var a *answer
	err := connection.Repeat(ctx, t.RetryTimeout, func() (wait time.Duration, again bool, err error) {
		a, wait, again, err = t.once(ctx, q, body)
		return wait, again, err
	})
	if err != nil {
		return nil, err
	}
	if out != nil {
		if err := json.Unmarshal(a.body, out); err != nil {
			return nil, status.Errorf(codes.Internal, "%s was answered with JSON of another shape: %v", t.name(q), err)
		}
	}
	return a, nil
}

// name is what messages call a request.
func (t *transport) name(q request) string {
	return q.method + " " + t.base.Host + t.base.Path + q.path
}

// once sends the request once. It reports whether it may be sent again, and how
// long the server asks to wait.
func (t *transport) once(ctx context.Context, q request, body []byte) (*answer, time.Duration, bool, error) {
	if t.Timeout > 0 {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, t.Timeout)
		defer done()
	}
	u := *t.base
	u.Path += q.path
	u.RawQuery = q.query.Encode()
	r, err := http.NewRequestWithContext(ctx, q.method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, 0, false, status.Errorf(codes.InvalidArgument, "%s: %v", t.name(q), err)
	}
	h := r.Header
	h.Set("Accept", "application/json")
	h.Set(restext.Header, "1")
	if t.UserAgent != "" {
		h.Set("User-Agent", t.UserAgent)
	}
	if q.body != nil {
		h.Set("Content-Type", "application/json")
	}
	if q.ifMatch != 0 {
		h.Set("If-Match", restext.ETag(q.ifMatch))
	}
	if q.ifNone {
		h.Set("If-None-Match", "*")
	}
	if t.Token != nil {
		token, err := t.Token()
		if err != nil {
			return nil, 0, false, status.Errorf(codes.Unauthenticated, "bearer token: %v", err)
		}
		h.Set("Authorization", "Bearer "+token)
	}
	resp, err := t.http.Do(r)
	if err != nil {
		again, err := t.failed(ctx, q, err)
		return nil, 0, again, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		again, err := t.failed(ctx, q, err)
		return nil, 0, again, err
	}
	if len(raw) > maxAnswer {
		return nil, 0, false, status.Errorf(codes.Internal, "%s was answered with more than %d MiB", t.name(q), maxAnswer>>20)
	}
	if resp.StatusCode/100 == 2 {
		if isJSON(resp, raw) {
			return &answer{resp.Header, raw}, 0, false, nil
		}
		return nil, 0, false, status.Errorf(codes.Internal, "%s was answered with %s instead of JSON: "+
			"something before the registry answers, such as a login page", t.name(q), contentType(resp))
	}
	code := codeOf(resp.StatusCode)
	err = status.Error(code, t.refusal(q, resp, raw))
	switch code {
	case codes.ResourceExhausted: // nothing was done
		return nil, retryAfter(resp), true, err
	case codes.Unavailable:
		return nil, retryAfter(resp), q.repeatable, err
	}
	return nil, 0, false, err
}

func isJSON(resp *http.Response, raw []byte) bool {
	return len(raw) > 0 && (strings.Contains(contentType(resp), "json") || json.Valid(raw))
}

func contentType(resp *http.Response) string {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return "an unknown type"
	}
	return kind
}

// codeOf returns the gRPC code for an HTTP status.
func codeOf(httpStatus int) codes.Code {
	switch httpStatus {
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusNotFound, http.StatusGone:
		return codes.NotFound
	case http.StatusConflict:
		return codes.AlreadyExists
	case http.StatusPreconditionFailed:
		return codes.FailedPrecondition
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return codes.Unimplemented
	case http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case http.StatusRequestTimeout, http.StatusTooEarly,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return codes.Unavailable
	}
	if httpStatus/100 == 4 {
		return codes.InvalidArgument
	}
	return codes.Internal
}

// refusal returns the message of an answer that is not a success.
func (t *transport) refusal(q request, resp *http.Response, raw []byte) string {
	var body struct{ Message string }
	why := ""
	switch {
	case json.Unmarshal(raw, &body) == nil && body.Message != "":
		why = body.Message
	case contentType(resp) == "text/html":
		why = "a page of HTML, so that something before the registry answers, such as a proxy"
	case len(raw) > 0:
		why = strings.TrimSpace(string(raw))
	}
	text := fmt.Sprintf("%s was answered with %d %s", t.name(q), resp.StatusCode, http.StatusText(resp.StatusCode))
	if why = textutil.Truncate(textutil.FirstLine(why), 300); why != "" {
		text += ": " + why
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		if t.Token == nil {
			return text + ": add registry.WithToken or registry.WithTokenFile"
		}
		return text + ": the server did not accept the token"
	case http.StatusForbidden:
		return text + ": the caller is not authorized"
	}
	return text
}

// retryAfter returns how long the server asks to wait.
func retryAfter(resp *http.Response) time.Duration {
	text := resp.Header.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// failed returns the error of a request that was not answered, and whether it may
// be sent again.
func (t *transport) failed(ctx context.Context, q request, err error) (again bool, _ error) {
	host := t.base.Host
	var redirect errRedirect
	switch {
	case errors.As(err, &redirect):
		return false, status.Errorf(codes.PermissionDenied, "%s was %v: the registry is behind a login, "+
			"or elsewhere: give its final URL", t.name(q), redirect)
	case ctx.Err() != nil:
		return false, status.FromContextError(ctx.Err()).Err()
	}
	cause, root := connection.Unavailable, err
	why := fmt.Sprintf("the connection to %s broke before the answer, so the request may have taken effect: %v",
		host, textutil.FirstLine(root.Error()))
	again = q.repeatable
	var unreached *net.OpError
	if why2 := t.tlsProblem(err); why2 != "" {
		cause, again, why = connection.TLS, false, why2
	} else if errors.As(err, &unreached) && unreached.Op == "dial" {
		cause, again = connection.Unreachable, true
		why = fmt.Sprintf("no server answers at %s: %v", host, unreached)
	}
	return again, connection.NewFailure(cause, why, status.Error(codes.Unavailable, err.Error()), root)
}

// tlsProblem returns what is wrong with TLS, with what to do, or "".
func (t *transport) tlsProblem(err error) string {
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var header tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &authority):
		return fmt.Sprintf("the authority of the certificate of %s is unknown: "+
			"add registry.WithRootCAFile(file)", t.base.Host)
	case errors.As(err, &host):
		return fmt.Sprintf("the certificate of %s is for another host name: %v", t.base.Host, host)
	case errors.As(err, &invalid):
		return fmt.Sprintf("the certificate of %s is not valid: %v", t.base.Host, invalid)
	case errors.As(err, &header), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fmt.Sprintf("%s does not use TLS: use an http:// URL, or turn TLS on in the server", t.base.Host)
	case errors.As(err, &alert):
		return fmt.Sprintf("%s refused the TLS connection: %v: it may require registry.WithClientCert", t.base.Host, alert)
	}
	return ""
}
