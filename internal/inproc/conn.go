// Package inproc reaches a gRPC service in the same process without a network:
// a client connection that calls the service's methods.
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
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Conn calls the unary methods of one service. As over a network, client and
// service share no message: the service receives a copy of the request, and its
// reply becomes the client's. A service must not keep or reuse what a reply
// contains, unless the connection has interceptors. Call options are ignored.
type Conn struct {
	service   any
	unary     map[string]*method // by full name
	intercept grpc.UnaryServerInterceptor
}

// method is a unary method. It is also the transport stream that the service
// sees: it has the name of the method, and drops headers and trailers.
type method struct {
	name    string
	handler grpc.MethodHandler
}

// Method returns the full name, for [grpc.Method].
func (m *method) Method() string             { return m.name }
func (*method) SetHeader(metadata.MD) error  { return nil }
func (*method) SendHeader(metadata.MD) error { return nil }
func (*method) SetTrailer(metadata.MD) error { return nil }

// New returns a connection to a service that implements desc. Each call passes
// through the interceptors that are not nil; the first one is the outermost.
func New(desc *grpc.ServiceDesc, service any, interceptors ...grpc.UnaryServerInterceptor) *Conn {
	c := &Conn{service: service, unary: make(map[string]*method, len(desc.Methods)), intercept: Chain(interceptors)}
	for _, m := range desc.Methods {
		name := "/" + desc.ServiceName + "/" + m.MethodName
		c.unary[name] = &method{name, m.Handler}
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
	decode := func(dst any) error { return onMessages(dst, in, proto.Merge) }
	reply, err := m.handler(c.service, serverContext(ctx, m), decode, c.intercept)
	if err != nil {
		return statusError(err)
	}
	fill := move
	if c.intercept != nil { // which may keep the reply
		fill = proto.Merge
	}
	return onMessages(out, reply, func(dst, src proto.Message) {
		proto.Reset(dst) // as gRPC's codec does: a reply may be reused
		fill(dst, src)
	})
}

// NewStream fails, because the service has unary methods only.
func (c *Conn) NewStream(
	_ context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return nil, status.Errorf(codes.Unimplemented, "unknown method %s", method)
}

// onMessages calls fill with dst and src. src may be a nil message, which is
// treated as an empty one.
func onMessages(dst, src any, fill func(dst, src proto.Message)) error {
	to, ok := dst.(proto.Message)
	from, ok2 := src.(proto.Message)
	if !ok || !ok2 || to.ProtoReflect().Descriptor() != from.ProtoReflect().Descriptor() {
		return status.Errorf(codes.Internal, "want messages of one type, got %T and %T", dst, src)
	}
	fill(to, from)
	return nil
}

// move moves the fields of src, which is not used afterwards, to dst.
func move(dst, src proto.Message) {
	to := dst.ProtoReflect()
	from := src.ProtoReflect()
	from.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		to.Set(field, v)
		return true
	})
	to.SetUnknown(from.GetUnknown())
}

// serverContext returns the service's view of a client's context: its end, its
// values, the method, and the outgoing metadata as incoming.
func serverContext(ctx context.Context, m *method) context.Context {
	ctx = grpc.NewContextWithServerTransportStream(ctx, m)
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
