package registry

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A serverInfo is what is known of the program that serves the store.
type serverInfo struct {
	isReference bool // the published C++ core, or one that does what it does
	onMySQL     bool // that, and its database is MySQL
}

// detectServer finds out which program serves the store, once, by reading. Only
// what the published one answers differently asks for it.
func (c *Client) detectServer(ctx context.Context) (serverInfo, error) {
	select {
	case c.serverSem <- struct{}{}:
		defer func() { <-c.serverSem }()
	case <-ctx.Done():
		return serverInfo{}, status.FromContextError(ctx.Err()).Err()
	}
	if c.serverInfo != nil {
		return *c.serverInfo, nil
	}
	// The published server has no such method; others refuse the empty list.
	var s serverInfo
	_, err := c.rpc.GetChildrenContextsByContexts(ctx, &mlmdpb.GetChildrenContextsByContextsRequest{})
	switch status.Code(err) {
	case codes.OK, codes.InvalidArgument:
	case codes.Unimplemented:
		s.isReference = true
	default:
		return s, err
	}
	if s.isReference {
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
	c.serverInfo = &s
	return s, nil
}
