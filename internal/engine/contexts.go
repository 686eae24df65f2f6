package engine

import "github.com/mlmd-go/sdk/generated/mlmdpb"

// contextNode reads a client's message. It may be nil, which is one without
// fields.
func contextNode(c *mlmdpb.Context) *node {
	if c == nil {
		return &node{}
	}
	return &node{
		id: c.Id, typeID: c.TypeId, typeName: c.Type, name: c.Name, externalID: c.ExternalId,
		created: c.CreateTimeSinceEpoch, updated: c.LastUpdateTimeSinceEpoch,
		props: c.Properties, custom: c.CustomProperties, extra: extra(c, c.SystemMetadata != nil),
	}
}

func (n *node) context() *mlmdpb.Context {
	return &mlmdpb.Context{
		Id: n.id, TypeId: n.typeID, Type: n.typeName, Name: n.name, ExternalId: n.externalID,
		CreateTimeSinceEpoch: n.created, LastUpdateTimeSinceEpoch: n.updated,
		Properties: n.props, CustomProperties: n.custom,
	}
}
