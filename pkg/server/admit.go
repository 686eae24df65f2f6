package server

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/mlmd-go/sdk/internal/callinfo"
	"github.com/mlmd-go/sdk/pkg/auth"
)

// admit returns ctx with a description of the call and the identity of its
// client. It returns an error if the client may not call the method.
func (r *run) admit(ctx context.Context, method string) (context.Context, error) {
	var c auth.Credentials
	md, _ := metadata.FromIncomingContext(ctx)
	c.Token = auth.BearerToken(md.Get("authorization"))
	from := ""
	if at, ok := peer.FromContext(ctx); ok {
		from = at.Addr.String()
		if t, ok := at.AuthInfo.(credentials.TLSInfo); ok && len(t.State.VerifiedChains) > 0 {
			c.Certificate = t.State.VerifiedChains[0][0]
		}
	}
	ctx, call := callinfo.NewContext(ctx, from, md.Get(callinfo.HeaderName))
	// Not as a header: a client does not retry a call whose headers it has received.
	_ = grpc.SetTrailer(ctx, metadata.Pairs(callinfo.HeaderName, call.RequestID)) // of a call that has ended
	p := r.options.policy
	return p.Admit(ctx, r.options.log, name(method), p.ForRPC(method), c)
}

// admitStream admits the streams of health and reflection. Those of the MLMD
// service are admitted by their handler, which needs the context.
func (r *run) admitStream(
	srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler,
) error {
	if !isCall(info.FullMethod) {
		if _, err := r.admit(stream.Context(), info.FullMethod); err != nil {
			return err
		}
	}
	return next(srv, stream)
}
