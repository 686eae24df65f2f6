package server

import (
	"context"
	"errors"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mlmd-go/sdk/internal/admission"
)

// retryDelay is when a client that was refused should try again.
const retryDelay = time.Second

// asStreams describes a service to gRPC as one whose methods are streams of one
// request and one reply. They look the same to clients. But gRPC receives the
// request of a unary method before it calls anything of this package, so that
// requests which wait would take memory; of a stream, the handler receives it when
// there is room. gRPC calls no interceptor for them, so the handlers call it.
func asStreams(
	d grpc.ServiceDesc, intercept grpc.StreamServerInterceptor,
	handler func(method string, m grpc.MethodDesc) grpc.StreamHandler,
) *grpc.ServiceDesc {
	out := &grpc.ServiceDesc{ServiceName: d.ServiceName, HandlerType: d.HandlerType, Metadata: d.Metadata}
	for _, m := range d.Methods {
		full := "/" + d.ServiceName + "/" + m.MethodName
		next := handler(full, m)
		out.Streams = append(out.Streams, grpc.StreamDesc{
			StreamName: m.MethodName,
			Handler: func(service any, stream grpc.ServerStream) error {
				return intercept(service, stream, &grpc.StreamServerInfo{FullMethod: full}, next)
			},
		})
	}
	out.Streams = append(out.Streams, d.Streams...)
	return out
}

// handler returns the handler of one method. It identifies the client, waits for
// admission, receives the request, calls the interceptors and the service, and
// sends the reply.
func (r *run) handler(method string, m grpc.MethodDesc) grpc.StreamHandler {
	class := admission.ClassOf(method)
	return func(service any, stream grpc.ServerStream) error {
		ctx, err := r.admit(stream.Context(), method)
		if err != nil {
			return err
		}
		ctx, cancel := r.options.withTimeout(ctx)
		defer cancel()
		ctx, account := r.memory.Open(ctx)
		defer account.Close()
		p := &place{limits: r.limits, client: clientOf(ctx)}
		reply, err := r.answer(ctx, p, class, func(intercept grpc.UnaryServerInterceptor) (any, error) {
			return m.Handler(service, ctx, func(in any) error { return r.receive(ctx, stream, p, r.late, in) }, intercept)
		})
		if err == nil {
			err = r.send(ctx, stream, p.client, reply)
		}
		return r.explain(ctx, stream.Context(), err)
	}
}

// answer calls f when a request of the class may run. f receives the request. If
// it turns out to have a filter, it waits with those.
func (r *run) answer(
	ctx context.Context, p *place, class admission.Class, f func(grpc.UnaryServerInterceptor) (any, error),
) (any, error) {
	if err := p.take(ctx, class); err != nil {
		return nil, err
	}
	defer p.leave()
	return f(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if class == admission.List && admission.HasFilter(req) {
			if err := p.take(ctx, admission.Filter); err != nil {
				return nil, err
			}
		}
		return r.intercept(ctx, req, info, handler)
	})
}

// withTimeout returns a context that ends after the time limit of one request.
func (o *options) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.requestTimeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, o.requestTimeout)
}

// explain returns err as a status. ctx is that of the request, and client that of
// the client, which has the client's own deadline.
func (r *run) explain(ctx, client context.Context, err error) error {
	var full *admission.FullError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &full):
		return busy(client, full)
	case client.Err() == nil && (errors.Is(ctx.Err(), context.DeadlineExceeded) || endedEarly(ctx, client, err)):
		return status.Errorf(codes.DeadlineExceeded,
			"the request took longer than the server's limit of %v: ask for less, such as a page or a narrower filter",
			r.options.requestTimeout)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	}
	return err
}

// endedEarly reports whether err is about the time limit of the server, which ends
// within a second: databases may end a statement a little earlier.
func endedEarly(ctx, client context.Context, err error) bool {
	end, limited := ctx.Deadline()
	own, has := client.Deadline()
	return status.Code(err) == codes.DeadlineExceeded && limited && (!has || end.Before(own)) &&
		time.Until(end) < time.Second
}

// busy returns the status of a request that was refused, with the time after
// which the client may try again.
func busy(ctx context.Context, full *admission.FullError) error {
	// What gRPC's own retry policy of clients obeys.
	_ = grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", strconv.FormatInt(retryDelay.Milliseconds(), 10)))
	s := status.New(codes.ResourceExhausted, full.Error())
	if detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(retryDelay)}); err == nil {
		s = detailed
	}
	return s.Err()
}
