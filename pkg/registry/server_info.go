package registry

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A serverInfo describes the program that serves the store.
type serverInfo struct {
	isReference bool // the reference implementation of MLMD, in C++
	onMySQL     bool // isReference, and its database is MySQL
}

// detectServer returns which program serves the store. It is called only where
// the reference implementation behaves differently. It probes with reads, and
// keeps the first result.
func (c *Client) detectServer(ctx context.Context) (serverInfo, error) {
	if c.rest() != nil {
		return serverInfo{}, nil
	}
	select {
	case c.serverSem <- struct{}{}:
		defer func() { <-c.serverSem }()
	case <-ctx.Done():
		return serverInfo{}, status.FromContextError(ctx.Err()).Err()
	}
	if c.serverInfo != nil {
		return *c.serverInfo, nil
	}
	// The reference implementation does not have this RPC. This module's engine
	// does, and rejects the empty list.
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
		// Of the databases that it supports, only MySQL has this function.
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
