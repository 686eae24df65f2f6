package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/admission"
)

// retryDelay is when a client that was refused should try again.
const retryDelay = time.Second

// serviceDesc describes the MLMD service to gRPC as one whose methods are
// streams of one request and one reply. They look the same to clients. But gRPC
// receives the request of a unary method before it calls anything of this
// package, so that requests which wait would take memory; of a stream, the
// handler receives it when there is room.
func (r *run) serviceDesc() *grpc.ServiceDesc {
	d := mlmdpb.MetadataStoreService_ServiceDesc
	out := &grpc.ServiceDesc{ServiceName: d.ServiceName, HandlerType: d.HandlerType, Metadata: d.Metadata}
	for _, m := range d.Methods {
		full := "/" + d.ServiceName + "/" + m.MethodName
		out.Streams = append(out.Streams, grpc.StreamDesc{StreamName: m.MethodName, Handler: r.handler(full, m)})
	}
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
		reply, err := r.answer(ctx, class, func(intercept grpc.UnaryServerInterceptor) (any, error) {
			return m.Handler(service, ctx, stream.RecvMsg, intercept)
		})
		if err == nil {
			err = r.send(ctx, stream, reply)
		}
		return r.explain(ctx, stream.Context(), err)
	}
}

// answer calls f when a request of the class may run. f receives the request. If
// it turns out to have a filter, it waits with those.
func (r *run) answer(
	ctx context.Context, class admission.Class, f func(grpc.UnaryServerInterceptor) (any, error),
) (any, error) {
	client := clientOf(ctx)
	release, err := r.limits.Acquire(ctx, class, client)
	if err != nil {
		return nil, err
	}
	defer func() { release() }()
	return f(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if class == admission.List && admission.HasFilter(req) {
			release()
			if release, err = r.limits.Acquire(ctx, admission.Filter, client); err != nil {
				release = func() {}
				return nil, err
			}
		}
		return r.intercept(ctx, req, info, handler)
	})
}

// send sends the reply. Large replies wait until there is room for them beside
// those that other clients have not received yet.
func (r *run) send(ctx context.Context, stream grpc.ServerStream, reply any) error {
	size := int64(0)
	if m, ok := reply.(proto.Message); ok {
		size = min(int64(proto.Size(m)), r.options.replyBudget)
	}
	if size < smallReply {
		return stream.SendMsg(reply)
	}
	if err := r.replies.Acquire(ctx, size); err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() {
		defer r.replies.Release(size)
		sent <- stream.SendMsg(reply)
	}()
	select {
	case err := <-sent:
		return err
	case <-ctx.Done(): // the client does not receive; the end of the stream ends SendMsg
		return ctx.Err()
	}
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
	case client.Err() == nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return status.Errorf(codes.DeadlineExceeded,
			"the request took longer than the server's limit of %v: ask for less, such as a page or a narrower filter",
			r.options.requestTimeout)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	}
	return err
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

// clientOf returns what tells the clients apart that take turns: the address
// without the port, because one client may have many connections.
func clientOf(ctx context.Context) string {
	p, ok := peer.FromContext(ctx)
	if !ok || p.Addr == nil {
		return ""
	}
	host, _, err := net.SplitHostPort(p.Addr.String())
	if err != nil {
		return fmt.Sprint(p.Addr)
	}
	return host
}
