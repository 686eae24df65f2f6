package server

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/admission"
)

// isCall reports whether the method is one of the MLMD service, rather than of
// health or reflection.
func isCall(method string) bool {
	return strings.HasPrefix(method, "/"+mlmdpb.MetadataStoreService_ServiceDesc.ServiceName+"/")
}

// stream is the outermost interceptor. The only true streams are those of health
// and reflection. Clients may keep them open indefinitely, so that a shutdown, the
// end of until, ends them instead of waiting. Their number is limited.
func (r *run) stream(until context.Context) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
		r.handlers.Add(1)
		defer r.handlers.Add(-1)
		defer func() {
			if p := recover(); p != nil {
				err = r.guard.panicked(stream.Context(), info.FullMethod, p)
			}
		}()
		if isCall(info.FullMethod) {
			return handler(srv, stream)
		}
		ctx, cancel := context.WithCancelCause(stream.Context())
		defer cancel(nil)
		client := clientOf(ctx)
		leave, ok := r.streams.Enter(client, 1, func() { cancel(errStreams) })
		if !ok {
			return errStreams
		}
		defer leave()
		if info.IsClientStream || info.IsServerStream {
			defer context.AfterFunc(until, func() { cancel(errStopping) })()
			defer func() {
				if cause := context.Cause(ctx); cause == errStopping || cause == errStreams {
					err = cause
				}
			}()
		}
		return handler(srv, &infoStream{stream, ctx, r, client})
	}
}

var (
	errStopping = status.Error(codes.Unavailable, "the server is shutting down")
	errStreams  = status.Error(codes.ResourceExhausted,
		"the server is busy: this client has too many streams of health or reflection; end some of them first")
)

// infoHandler returns the handler of a method with one request and one reply.
func (r *run) infoHandler(_ string, m grpc.MethodDesc) grpc.StreamHandler {
	return func(service any, stream grpc.ServerStream) error {
		reply, err := m.Handler(service, stream.Context(), stream.RecvMsg, nil)
		if err != nil {
			return err
		}
		return stream.SendMsg(reply)
	}
}

// An infoStream is a stream of health or reflection.
type infoStream struct {
	grpc.ServerStream
	ctx    context.Context
	run    *run
	client admission.Client
}

func (s *infoStream) Context() context.Context { return s.ctx }

// RecvMsg receives a message when there is room for it, and until the context
// ends.
func (s *infoStream) RecvMsg(m any) error {
	p := &place{limits: s.run.limits, client: s.client}
	err := p.take(s.ctx, admission.Info)
	if err == nil {
		defer p.leave()
		err = s.run.receive(s.ctx, s.ServerStream, p, s.run.lateInfo, m)
	}
	return s.run.explain(s.ctx, s.ctx, err)
}

// SendMsg sends a message.
func (s *infoStream) SendMsg(m any) error {
	return s.run.send(s.ctx, s.ServerStream, s.client, m)
}
