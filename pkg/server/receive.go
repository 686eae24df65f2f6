package server

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/admission"
)

// receivePatience is how long a client may take to send a request that has been
// admitted, before others take its place.
const receivePatience = 250 * time.Millisecond

// maxLate limits the requests that arrive later than that, and maxLateInfo those of
// health and reflection. Each may take the memory of the largest request.
const (
	maxLate     = 8
	maxLateInfo = 4
)

// A place is the admission of a request, which it may lose and take again.
type place struct {
	limits  *admission.Limiter
	client  admission.Client
	class   admission.Class
	release func() // nil if it has none
}

func (p *place) take(ctx context.Context, class admission.Class) error {
	p.leave()
	release, err := p.limits.Acquire(ctx, class, p.client)
	if err != nil {
		return err
	}
	p.class, p.release = class, release
	return nil
}

func (p *place) leave() {
	if p.release != nil {
		p.release()
		p.release = nil
	}
}

var errLate = status.Error(codes.ResourceExhausted,
	"the server is busy: the request did not arrive while others waited; try again later")

// receive receives the request of a stream that has a place. If the request is
// late, the place goes to others that wait, and is taken again after the request
// has arrived. The room is for late requests: those of the client that has most of
// them are refused if there are too many.
func (r *run) receive(
	ctx context.Context, stream grpc.ServerStream, p *place, room *admission.Room, m any,
) error {
	received := make(chan error, 1)
	go func() { received <- stream.RecvMsg(m) }() // ends with the stream
	ctx, refuse := context.WithCancelCause(ctx)
	defer refuse(nil)
	ticker := time.NewTicker(receivePatience)
	defer ticker.Stop()
	late := false
	for {
		select {
		case err := <-received:
			if err == nil && p.release == nil {
				return p.take(ctx, p.class)
			}
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		if !late {
			leave, ok := room.Enter(p.client, 1, func() { refuse(errLate) })
			switch {
			case ok:
				defer leave()
				late = true
			case p.class != admission.Write || r.limits.OthersWait(p.class, p.client):
				return errLate
			}
		}
		if _, waiting := r.limits.Load(p.class); late && waiting > 0 {
			p.leave()
		}
	}
}
