// Package inproc reaches a gRPC service in the same process without a network: by a
// client of MLMD's service, or by a client connection for any service.
package inproc

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Conn calls the unary methods of one service. As over a network, client and service
// share no message: both requests and replies are copied. Call options are ignored.
type Conn struct {
	service   any
	unary     map[string]*method // by full name
	intercept grpc.UnaryServerInterceptor
}

// method is a unary method.
type method struct {
	stream
	handler grpc.MethodHandler
}

// stream is the transport stream that the service sees. It is the full name of a method,
// and drops headers and trailers.
type stream string

// Method returns the full name, for [grpc.Method].
func (s stream) Method() string             { return string(s) }
func (stream) SetHeader(metadata.MD) error  { return nil }
func (stream) SendHeader(metadata.MD) error { return nil }
func (stream) SetTrailer(metadata.MD) error { return nil }

// New returns a connection to a service that implements desc. Each call passes
// through the interceptors that are not nil; the first one is the outermost.
func New(desc *grpc.ServiceDesc, service any, interceptors ...grpc.UnaryServerInterceptor) *Conn {
	c := &Conn{service: service, unary: make(map[string]*method, len(desc.Methods)), intercept: Chain(interceptors)}
	for _, m := range desc.Methods {
		name := "/" + desc.ServiceName + "/" + m.MethodName
		c.unary[name] = &method{stream(name), m.Handler}
	}
	return c
}

// Chain returns an interceptor that calls those of is that are not nil, the first
// one outermost. It returns nil if all are.
func Chain(is []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	is = slices.DeleteFunc(slices.Clone(is), func(i grpc.UnaryServerInterceptor) bool { return i == nil })
	if len(is) == 0 {
		return nil
	}
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		for _, i := range slices.Backward(is) {
			next := handler
			handler = func(ctx context.Context, req any) (any, error) { return i(ctx, req, info, next) }
		}
		return handler(ctx, req)
	}
}

// Invoke calls a method. An error has a gRPC status.
func (c *Conn) Invoke(ctx context.Context, name string, in, out any, _ ...grpc.CallOption) error {
	m, ok := c.unary[name]
	if !ok {
		return status.Errorf(codes.Unimplemented, "unknown method %s", name)
	}
	if err := ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	decode := func(dst any) error { return copyTo(dst, in) }
	reply, err := m.handler(c.service, serverContext(ctx, m), decode, c.intercept)
	if err != nil {
		return statusError(err)
	}
	return copyTo(out, reply)
}

// NewStream fails, because the service has unary methods only.
func (c *Conn) NewStream(
	_ context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return nil, status.Errorf(codes.Unimplemented, "unknown method %s", method)
}

// copyTo makes dst a copy of the message src, which may be a nil message, as gRPC's codec
// does: a reply may be reused.
func copyTo(dst, src any) error {
	to, ok := dst.(proto.Message)
	from, ok2 := src.(proto.Message)
	if !ok || !ok2 || to.ProtoReflect().Descriptor() != from.ProtoReflect().Descriptor() {
		return status.Errorf(codes.Internal, "want messages of one type, got %T and %T", dst, src)
	}
	proto.Reset(to)
	proto.Merge(to, from)
	return nil
}

// serverContext returns the service's view of a client's context: its end, its
// values, the method, and the outgoing metadata as incoming.
func serverContext(ctx context.Context, s grpc.ServerTransportStream) context.Context {
	ctx = grpc.NewContextWithServerTransportStream(ctx, s)
	md, ok := metadata.FromOutgoingContext(ctx)
	if !ok {
		return ctx
	}
	return metadata.NewOutgoingContext(metadata.NewIncomingContext(ctx, md), nil)
}

// statusError returns err with a status, as a server does.
func statusError(err error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return status.FromContextError(err).Err()
	}
	return status.Error(codes.Unknown, err.Error())
}
