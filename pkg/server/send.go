package server

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/internal/admission"
)

const (
	// smallReply is the size in bytes below which a reply does not wait for room.
	smallReply = 64 << 10
	// perReply is about what a reply takes in memory beside its bytes until the
	// client has received it.
	perReply = 8 << 10
	// closeGrace is how long a client may take to end a call whose time is over.
	closeGrace = 3 * time.Second
)

var errUnreceived = status.Error(codes.ResourceExhausted,
	"the server is busy: this client has not received other replies yet; receive them first")

// send sends the reply. gRPC takes any reply at once and keeps it until the client
// receives it, for any time. So send counts it until then. Large replies wait until
// there is room for them beside those that clients have not received yet. Clients
// that hold most of the room that others need, or that hold a large reply longer
// than the time limit of a request, lose their connection.
func (r *run) send(ctx context.Context, stream grpc.ServerStream, client admission.Client, reply any) error {
	m, ok := reply.(proto.Message)
	if !ok {
		return stream.SendMsg(reply)
	}
	size := int64(proto.Size(m))
	if size < smallReply {
		leave, ok := r.unreceived.Enter(client, size+perReply, disconnect(ctx))
		if !ok {
			return errUnreceived
		}
		err := stream.SendMsg(&countedReply{m, int(size), leave})
		if err != nil {
			leave()
		}
		return err
	}
	encoded := int(size)
	size = min(size, r.options.replyBudget)
	if err := r.waitForRoom(ctx, client, size); err != nil {
		return err
	}
	sent := make(chan struct{})
	if err := stream.SendMsg(&countedReply{m, encoded, func() { close(sent) }}); err != nil {
		r.replies.Release(size)
		return err
	}
	select {
	case <-sent:
		r.replies.Release(size)
		return nil
	case <-ctx.Done():
	}
	go func() {
		defer r.replies.Release(size)
		select {
		case <-sent: // the client has ended the call
		case <-time.After(closeGrace):
			disconnect(ctx)()
		}
	}()
	return ctx.Err()
}

// waitForRoom takes size bytes of the budget of large replies. The replies that
// wait take memory, too: those of the client that has most are refused if there
// are too many.
func (r *run) waitForRoom(ctx context.Context, client admission.Client, size int64) error {
	if r.replies.TryAcquire(size) {
		return nil
	}
	ctx, refuse := context.WithCancelCause(ctx)
	defer refuse(nil)
	leave, ok := r.waiting.Enter(client, min(size, r.options.replyBudget/2), func() { refuse(errUnreceived) })
	if !ok {
		return errUnreceived
	}
	defer leave()
	if r.replies.Acquire(ctx, size) != nil {
		return context.Cause(ctx)
	}
	return nil
}

// A countedReply is a reply whose size was computed. The codec calls sent when gRPC has
// freed its bytes.
type countedReply struct {
	proto.Message
	size int
	sent func()
}

// codec encodes messages as gRPC does, and counted replies.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Marshal encodes v.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	reply, ok := v.(*countedReply)
	if !ok {
		return c.CodecV2.Marshal(v)
	}
	buffer := mem.DefaultBufferPool().Get(max(reply.size, minPooled))
	raw, err := proto.MarshalOptions{UseCachedSize: true}.MarshalAppend((*buffer)[:0], reply.Message)
	if err != nil {
		mem.DefaultBufferPool().Put(buffer)
		return nil, err
	}
	*buffer = raw
	return mem.BufferSlice{mem.NewBuffer(buffer, countingPool{reply.sent})}, nil
}

// minPooled is the size in bytes from which on package mem returns buffers to
// their pool.
const minPooled = 1025

// A countingPool is the pool of one buffer.
type countingPool struct{ returned func() }

// Get is not called.
func (countingPool) Get(n int) *[]byte { return mem.DefaultBufferPool().Get(n) }

// Put takes the buffer when nothing uses it anymore.
func (p countingPool) Put(b *[]byte) {
	mem.DefaultBufferPool().Put(b)
	p.returned()
}
