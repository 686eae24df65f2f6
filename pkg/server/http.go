package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/mlmd-go/sdk/internal/admission"
)

// maxBodies limits the memory of all request bodies that Handler has received
// and not passed on yet.
const maxBodies = 256 << 20

// Handler returns a handler of HTTP requests, such as those of a REST API, that
// keeps them within the limits of the server. They count together with its RPCs:
// [WithConcurrency] limits how many run, and [WithRequestTimeout] how long. A
// request is received up to the size of [WithMaxRecvMsgSize] before it takes one
// of the places, so that clients that send slowly do not delay others. One that is
// refused is answered with 429 and Retry-After.
func (s *Server) Handler(next http.Handler) http.Handler {
	return &limitedHandler{server: s, next: next}
}

type limitedHandler struct {
	server *Server
	next   http.Handler
	bodies atomic.Int64 // bytes of bodies that are held
}

// ServeHTTP answers a request when there is room for it.
func (h *limitedHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := h.server.options.withTimeout(r.Context())
	defer cancel()
	held, err := h.receive(r)
	defer func() { h.bodies.Add(-held) }()
	if err != nil {
		refuse(w, err)
		return
	}
	release, err := h.server.limits.Acquire(ctx, admission.ClassOfHTTP(r), clientAt(r.RemoteAddr))
	if err != nil {
		refuse(w, err)
		return
	}
	defer release()
	ctx, account := h.server.memory.Open(ctx)
	defer account.Close()
	h.next.ServeHTTP(w, r.WithContext(ctx))
}

// errBodies reports that the bodies of other requests take too much memory.
var errBodies = errors.New("the server is busy: it is receiving too many large requests; try again later")

// receive reads the body of the request, and one byte more than the limit of one
// that is larger. It returns how many bytes it holds.
func (h *limitedHandler) receive(r *http.Request) (held int64, _ error) {
	if r.Body == nil || r.Body == http.NoBody {
		return 0, nil
	}
	limit := int64(h.server.options.maxRecv) + 1
	if r.ContentLength >= limit {
		return 0, nil // next refuses it by its length
	}
	var b bytes.Buffer
	for held < limit {
		n, err := io.CopyN(&b, r.Body, min(limit-held, 64<<10))
		held += n
		if h.bodies.Add(n) > maxBodies {
			return held, errBodies
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return held, err
		}
	}
	r.Body = readCloser{io.MultiReader(&b, r.Body), r.Body}
	return held, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

// refuse answers a request that is not carried out.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusTooManyRequests
	var full *admission.FullError
	var slow net.Error
	switch {
	case errors.As(err, &full), errors.Is(err, errBodies):
		w.Header().Set("Retry-After", strconv.Itoa(int(retryDelay.Seconds())))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		status = http.StatusServiceUnavailable
		err = errors.New("the server is busy: the request waited for longer than its time limit; try again later")
		w.Header().Set("Retry-After", strconv.Itoa(int(retryDelay.Seconds())))
	case errors.As(err, &slow) && slow.Timeout():
		status, err = http.StatusRequestTimeout, errors.New("the request body did not arrive in time")
		w.Header().Set("Connection", "close")
	default: // the body has a wrong form or ends too early
		status = http.StatusBadRequest
		w.Header().Set("Connection", "close")
	}
	raw, _ := json.Marshal(map[string]string{"code": http.StatusText(status), "message": err.Error()}) // cannot fail
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the client may be gone
}
