package rest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// The limits of [Serve], which keep clients that send slowly or do nothing
// from occupying it.
const (
	maxHeaderBytes    = 64 << 10
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second // of a whole request
	writeTimeout      = 5 * time.Minute  // until the end of the response
	idleTimeout       = 2 * time.Minute
)

// Serve answers requests on lis with h until ctx ends, and closes lis. Then it
// waits for running requests, at most for the given time, and cancels those that
// are left. The server has limits of its own, which configure may change.
func Serve(
	ctx context.Context, lis net.Listener, h http.Handler, shutdown time.Duration, configure ...func(*http.Server),
) error {
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx)) // outlive ctx
	defer cancel()
	s := &http.Server{
		Handler:           h,
		MaxHeaderBytes:    maxHeaderBytes,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	for _, set := range configure {
		set(s)
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(lis) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	limit, done := context.WithTimeout(requests, shutdown)
	defer done()
	err := s.Shutdown(limit)
	if errors.Is(err, context.DeadlineExceeded) {
		cancel()
		err = errors.Join(
			errors.New("rest: requests did not finish within the shutdown timeout and were canceled"), s.Close(),
		)
	}
	return err
}
