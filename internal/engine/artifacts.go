package engine

import "github.com/mlmd-go/sdk/generated/mlmdpb"

// artifactNode reads a client's message. It may be nil, which is one without
// fields.
func artifactNode(a *mlmdpb.Artifact) *node {
	if a == nil {
		return &node{}
	}
	n := &node{
		id: a.Id, typeID: a.TypeId, typeName: a.Type, name: a.Name, externalID: a.ExternalId, uri: a.Uri,
		created: a.CreateTimeSinceEpoch, updated: a.LastUpdateTimeSinceEpoch,
		props: a.Properties, custom: a.CustomProperties, extra: extra(a, a.SystemMetadata != nil),
	}
	artifactNodes.knownState(n, (*int32)(a.State))
	return n
}

func (n *node) artifact() *mlmdpb.Artifact {
	return &mlmdpb.Artifact{
		Id: n.id, TypeId: n.typeID, Type: n.typeName, Name: n.name, ExternalId: n.externalID, Uri: n.uri,
		State: (*mlmdpb.Artifact_State)(n.state), CreateTimeSinceEpoch: n.created, LastUpdateTimeSinceEpoch: n.updated,
		Properties: n.props, CustomProperties: n.custom,
	}
}
