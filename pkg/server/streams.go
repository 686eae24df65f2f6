package server

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The only streams are those of health and reflection. A client may hold them
// open for ever, so they end when the server is asked to, instead of keeping it
// from ending.

func (g *guard) stream(until context.Context) grpc.StreamServerInterceptor {
	return func(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
		defer func() {
			switch p := recover(); {
			case p != nil:
				err = g.panicked(stream.Context(), info.FullMethod, p)
			case until.Err() != nil:
				err = errStopping
			}
		}()
		ctx, cancel := context.WithCancel(stream.Context())
		defer cancel()
		defer context.AfterFunc(until, cancel)()
		return handler(service, &endingStream{ServerStream: stream, ctx: ctx})
	}
}

var errStopping = status.Error(codes.Unavailable, "the server is shutting down")

// An endingStream stops waiting for the client's next message when ctx ends.
type endingStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *endingStream) Context() context.Context { return s.ctx }

func (s *endingStream) RecvMsg(m any) error {
	received := make(chan error, 1)
	go func() { received <- s.ServerStream.RecvMsg(m) }() // ends with the stream
	select {
	case err := <-received:
		return err
	case <-s.ctx.Done():
		return errStopping
	}
}
