package server

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The only true streams are those of health and reflection. Clients may keep them
// open indefinitely, so that a shutdown ends them instead of waiting.

func (g *guard) stream(until context.Context) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = g.panicked(stream.Context(), info.FullMethod, p)
			}
		}()
		if !info.IsClientStream && !info.IsServerStream { // an RPC of the MLMD service, see serviceDesc
			return handler(srv, stream)
		}
		defer func() {
			if until.Err() != nil {
				err = errStopping
			}
		}()
		ctx, cancel := context.WithCancel(stream.Context())
		defer cancel()
		defer context.AfterFunc(until, cancel)()
		return handler(srv, &cancelableStream{ServerStream: stream, ctx: ctx})
	}
}

var errStopping = status.Error(codes.Unavailable, "the server is shutting down")

// cancelableStream is a stream whose RecvMsg returns when ctx ends.
type cancelableStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *cancelableStream) Context() context.Context { return s.ctx }

func (s *cancelableStream) RecvMsg(m any) error {
	received := make(chan error, 1)
	go func() { received <- s.ServerStream.RecvMsg(m) }() // ends with the stream
	select {
	case err := <-received:
		return err
	case <-s.ctx.Done():
		return errStopping
	}
}
