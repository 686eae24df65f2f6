package engine

import (
	"context"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/precondition"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// fromArtifact converts a request's message. nil is converted like an empty
// message.
func fromArtifact(a *mlmdpb.Artifact) *node {
	if a == nil {
		return &node{}
	}
	n := &node{
		id: a.Id, typeID: a.TypeId, typeName: a.Type, name: a.Name, externalID: a.ExternalId, uri: a.Uri,
		created: a.CreateTimeSinceEpoch, updated: a.LastUpdateTimeSinceEpoch,
		props: a.Properties, custom: a.CustomProperties, hasUnknown: hasUnknown(a, a.SystemMetadata != nil),
	}
	artifactKind.setState(n, (*int32)(a.State))
	return n
}

func (n *node) toArtifact() *mlmdpb.Artifact {
	return &mlmdpb.Artifact{
		Id: n.id, TypeId: n.typeID, Type: n.typeName, Name: n.name, ExternalId: n.externalID, Uri: n.uri,
		State: (*mlmdpb.Artifact_State)(n.state), CreateTimeSinceEpoch: n.created, LastUpdateTimeSinceEpoch: n.updated,
		Properties: n.props, CustomProperties: n.custom,
	}
}

// PutArtifacts creates and updates artifacts, in order.
func (s *Service) PutArtifacts(
	ctx context.Context, req *mlmdpb.PutArtifactsRequest,
) (*mlmdpb.PutArtifactsResponse, error) {
	resp := new(mlmdpb.PutArtifactsResponse)
	err := s.update(ctx, func(ctx context.Context, t *tx) error {
		o := putOptions{
			mask:            newUpdateMask(req.GetUpdateMask()),
			checkUpdateTime: req.GetOptions().GetAbortIfLatestUpdatedTimeChanged(), forceUpdateTime: precondition.Touches(ctx),
		}
		ids, err := t.putNodes(ctx, artifactKind, mapSlice(req.GetArtifacts(), fromArtifact), o)
		resp.ArtifactIds = ids
		return err
	})
	return reply(resp, err)
}

// GetArtifactsByID reads artifacts, and their types if requested. Unknown IDs
// are left out.
func (s *Service) GetArtifactsByID(
	ctx context.Context, req *mlmdpb.GetArtifactsByIDRequest,
) (*mlmdpb.GetArtifactsByIDResponse, error) {
	resp := new(mlmdpb.GetArtifactsByIDResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		nodes, err := getNodes(ctx, q, artifactKind, req.GetArtifactIds())
		if err != nil {
			return err
		}
		resp.Artifacts = mapSlice(nodes, (*node).toArtifact)
		if req.GetPopulateArtifactTypes() {
			resp.ArtifactTypes, err = artifactTypesOf(ctx, q, nodes)
		}
		return err
	})
	return reply(resp, err)
}

// artifactTypesOf reads the types of artifacts, in the order of their first
// artifacts.
func artifactTypesOf(ctx context.Context, q querier, nodes []*node) ([]*mlmdpb.ArtifactType, error) {
	ids := make([]int64, len(nodes))
	for i, n := range nodes {
		ids[i] = *n.typeID
	}
	found, err := typesByID(ctx, q, typekind.Artifact, slices.Clone(ids))
	var types []*mlmdpb.ArtifactType
	for _, id := range ids {
		if known := found[id]; known != nil {
			types = append(types, known.basic().artifactType())
			delete(found, id)
		}
	}
	return types, err
}

// GetArtifactsByURI reads the artifacts that have one of the URIs. The empty
// URI selects artifacts without one.
func (s *Service) GetArtifactsByURI(
	ctx context.Context, req *mlmdpb.GetArtifactsByURIRequest,
) (*mlmdpb.GetArtifactsByURIResponse, error) {
	resp := new(mlmdpb.GetArtifactsByURIResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		if hasField(req.ProtoReflect().GetUnknown(), 1) {
			return invalidArgf("The request contains deprecated field `uri`. Please upgrade the client library version above" +
				" 0.21.0.")
		}
		nodes, err := findNodesByText(ctx, q, artifactKind, "uri", req.GetUris())
		resp.Artifacts = mapSlice(nodes, (*node).toArtifact)
		return err
	})
	return reply(resp, err)
}

// hasField reports whether the serialized fields contain one with this number.
func hasField(fields []byte, number protowire.Number) bool {
	for len(fields) > 0 {
		n, _, size := protowire.ConsumeField(fields)
		if size < 0 {
			return false
		}
		if n == number {
			return true
		}
		fields = fields[size:]
	}
	return false
}

// GetArtifactByTypeAndName reads one artifact. The reply is empty if the type
// or the name is unknown.
func (s *Service) GetArtifactByTypeAndName(
	ctx context.Context, req *mlmdpb.GetArtifactByTypeAndNameRequest,
) (*mlmdpb.GetArtifactByTypeAndNameResponse, error) {
	resp := new(mlmdpb.GetArtifactByTypeAndNameResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		n, err := findNodeByName(ctx, q, artifactKind, typeName{req.GetTypeName(), req.GetTypeVersion()},
			req.GetArtifactName())
		if n == nil {
			return err
		}
		resp.Artifact = n.toArtifact()
		return err
	})
	return reply(resp, err)
}

// GetArtifactsByExternalIds reads the artifacts that have one of the external
// IDs.
func (s *Service) GetArtifactsByExternalIds(
	ctx context.Context, req *mlmdpb.GetArtifactsByExternalIdsRequest,
) (*mlmdpb.GetArtifactsByExternalIdsResponse, error) {
	resp := new(mlmdpb.GetArtifactsByExternalIdsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		nodes, err := findNodesByExternalID(ctx, q, artifactKind, req.GetExternalIds())
		resp.Artifacts = mapSlice(nodes, (*node).toArtifact)
		return err
	})
	return reply(resp, err)
}
