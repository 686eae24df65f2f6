package registry

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A server is what is known of the program that serves the store.
type server struct {
	published bool // the published C++ core, or one that does what it does
	onMySQL   bool // that, and its database is MySQL
}

// askServer finds out which program serves the store, once, by reading. Only
// what the published one answers differently asks for it.
func (c *Client) askServer(ctx context.Context) (server, error) {
	select {
	case c.serverTurn <- struct{}{}:
		defer func() { <-c.serverTurn }()
	case <-ctx.Done():
		return server{}, status.FromContextError(ctx.Err()).Err()
	}
	if c.server != nil {
		return *c.server, nil
	}
	// The published server has no such method; others refuse the empty list.
	var s server
	_, err := c.rpc.GetChildrenContextsByContexts(ctx, &mlmdpb.GetChildrenContextsByContextsRequest{})
	switch status.Code(err) {
	case codes.OK, codes.InvalidArgument:
	case codes.Unimplemented:
		s.published = true
	default:
		return s, err
	}
	if s.published {
		// Of its databases only MySQL knows this function.
		_, err := c.rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: &mlmdpb.ListOperationOptions{
			MaxResultSize: new(int32(1)), FilterQuery: new("IF(TRUE, TRUE, FALSE)"),
		}})
		switch status.Code(err) {
		case codes.OK:
			s.onMySQL = true
		case codes.Internal, codes.InvalidArgument:
		default:
			return s, err
		}
	}
	c.server = &s
	return s, nil
}
