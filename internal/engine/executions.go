package engine

import "github.com/mlmd-go/sdk/generated/mlmdpb"

// executionNode reads a client's message. It may be nil, which is one without
// fields.
func executionNode(x *mlmdpb.Execution) *node {
	if x == nil {
		return &node{}
	}
	n := &node{
		id: x.Id, typeID: x.TypeId, typeName: x.Type, name: x.Name, externalID: x.ExternalId,
		created: x.CreateTimeSinceEpoch, updated: x.LastUpdateTimeSinceEpoch,
		props: x.Properties, custom: x.CustomProperties, extra: extra(x, x.SystemMetadata != nil),
	}
	executionNodes.knownState(n, (*int32)(x.LastKnownState))
	return n
}

func (n *node) execution() *mlmdpb.Execution {
	return &mlmdpb.Execution{
		Id: n.id, TypeId: n.typeID, Type: n.typeName, Name: n.name, ExternalId: n.externalID,
		LastKnownState: (*mlmdpb.Execution_State)(n.state), CreateTimeSinceEpoch: n.created, LastUpdateTimeSinceEpoch: n.updated,
		Properties: n.props, CustomProperties: n.custom,
	}
}
