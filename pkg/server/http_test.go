package server_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/server"
)

// One write runs at a time. It is an HTTP request, and an RPC waits for it.
func TestHandler_SharesPlacesWithCalls(t *testing.T) {
	srv := server.New(service{put: func(*mlmdpb.PutContextsRequest) (*mlmdpb.PutContextsResponse, error) {
		return &mlmdpb.PutContextsResponse{}, nil
	}}, server.WithConcurrency(2))
	open, runs := make(chan struct{}), make(chan struct{}, 2)
	web := httptest.NewServer(srv.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		runs <- struct{}{}
		<-open
		if raw, err := io.ReadAll(r.Body); err != nil || string(raw) != "body" {
			t.Errorf("body %q, %v", raw, err)
		}
	})))
	defer web.Close()
	var lis countingListener
	rpc := serveTCP(t, srv, &lis)

	// A body that does not arrive takes no place.
	slow, err := net.Dial("tcp", strings.TrimPrefix(web.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := io.WriteString(slow, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo"); err != nil {
		t.Fatal(err)
	}
	posted := make(chan error, 1)
	go func() {
		r, err := http.Post(web.URL, "application/json", strings.NewReader("body"))
		if err == nil {
			err = r.Body.Close()
		}
		posted <- err
	}()
	<-runs

	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("the RPC did not wait: %v", err)
	}
	close(open)
	if err := <-posted; err != nil {
		t.Error(err)
	}
	if _, err := rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{}); err != nil {
		t.Error(err)
	}
}

func TestHandler_RefusesBeyondItsLimits(t *testing.T) {
	const places = 1 + 1024 // that run and wait
	srv := server.New(service{}, server.WithConcurrency(2), server.WithRequestTimeout(time.Minute))
	open, took := make(chan struct{}), make(chan time.Duration, places)
	h := srv.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		end, _ := r.Context().Deadline()
		took <- time.Until(end)
		<-open
	}))
	answers := make(chan *httptest.ResponseRecorder, places+1)
	for range places + 1 {
		go func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")))
			answers <- w
		}()
	}
	w := <-answers // the one that is refused: the others wait
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
		t.Errorf("%d %v %s, want 429 and when to try again", w.Code, w.Header(), w.Body)
	}
	if left := <-took; left <= 0 || left > time.Minute {
		t.Errorf("the request may take %v more, want a minute", left)
	}
	close(open)
	for range places {
		if w := <-answers; w.Code != http.StatusOK {
			t.Errorf("%d %s, want 200", w.Code, w.Body)
		}
	}
}
