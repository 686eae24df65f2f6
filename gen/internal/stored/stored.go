// Package stored reads the nodes of a store, to say how many of them a change of
// the spec concerns.
package stored

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// pageSize is the number of nodes that are read at once, the most that MLMD returns.
const pageSize = 100

// Each calls visit for each node of a type, by ID. A type that the store lacks has
// none. It makes one RPC for each 100 nodes.
func Each(
	ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, kind mlmd.Kind, typeName string,
	visit func(proto.Message),
) error {
	var token *string
	for {
		o := &mlmdpb.ListOperationOptions{
			MaxResultSize: new(int32(pageSize)), NextPageToken: token,
			OrderByField: &mlmdpb.ListOperationOptions_OrderByField{
				Field: mlmdpb.ListOperationOptions_OrderByField_ID.Enum(), IsAsc: new(true),
			},
		}
		page, next, err := list(ctx, rpc, kind, typeName, o)
		if status.Code(err) == codes.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		for _, n := range page {
			visit(n)
		}
		if next == "" || len(page) == 0 {
			return nil
		}
		token = &next
	}
}

func list(
	ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, kind mlmd.Kind, typeName string,
	o *mlmdpb.ListOperationOptions,
) (page []proto.Message, next string, err error) {
	switch kind {
	case mlmd.Artifact:
		r, err := rpc.GetArtifactsByType(ctx, &mlmdpb.GetArtifactsByTypeRequest{TypeName: &typeName, Options: o})
		return messages(r.GetArtifacts()), r.GetNextPageToken(), err
	case mlmd.Execution:
		r, err := rpc.GetExecutionsByType(ctx, &mlmdpb.GetExecutionsByTypeRequest{TypeName: &typeName, Options: o})
		return messages(r.GetExecutions()), r.GetNextPageToken(), err
	default:
		r, err := rpc.GetContextsByType(ctx, &mlmdpb.GetContextsByTypeRequest{TypeName: &typeName, Options: o})
		return messages(r.GetContexts()), r.GetNextPageToken(), err
	}
}

func messages[N proto.Message](ns []N) []proto.Message {
	out := make([]proto.Message, len(ns))
	for i, n := range ns {
		out[i] = n
	}
	return out
}

// Properties returns the properties and the custom properties of a node.
func Properties(n proto.Message) (props, custom map[string]*mlmdpb.Value) {
	p, ok := n.(interface {
		GetProperties() map[string]*mlmdpb.Value
		GetCustomProperties() map[string]*mlmdpb.Value
	})
	if !ok {
		return nil, nil
	}
	return p.GetProperties(), p.GetCustomProperties()
}
