package storetest

import "github.com/mlmd-go/sdk/generated/mlmdpb"

// artifacts is the kind with a URI and a state.
var artifacts = kind{
	name: "artifact",

	putType: func(s *scene, t typ) (int64, error) {
		r, err := s.rpc.PutArtifactType(s.ctx, &mlmdpb.PutArtifactTypeRequest{
			ArtifactType: t.artifact(), CanAddFields: t.add, CanOmitFields: t.omit, CanDeleteFields: t.remove,
			AllFieldsMatch: t.allFieldsMatch,
		})
		return r.GetTypeId(), err
	},
	typeByName: func(s *scene, name string, version *string) (typ, error) {
		r, err := s.rpc.GetArtifactType(s.ctx, &mlmdpb.GetArtifactTypeRequest{TypeName: &name, TypeVersion: version})
		return ofArtifactType(r.GetArtifactType()), err
	},
	typesByID: func(s *scene, ids ...int64) ([]typ, error) {
		r, err := s.rpc.GetArtifactTypesByID(s.ctx, &mlmdpb.GetArtifactTypesByIDRequest{TypeIds: ids})
		return mapped(r.GetArtifactTypes(), ofArtifactType), err
	},
	typesByExternalIDs: func(s *scene, ids ...string) ([]typ, error) {
		r, err := s.rpc.GetArtifactTypesByExternalIds(s.ctx, &mlmdpb.GetArtifactTypesByExternalIdsRequest{ExternalIds: ids})
		return mapped(r.GetArtifactTypes(), ofArtifactType), err
	},
	allTypes: func(s *scene) ([]typ, error) {
		r, err := s.rpc.GetArtifactTypes(s.ctx, &mlmdpb.GetArtifactTypesRequest{})
		return mapped(r.GetArtifactTypes(), ofArtifactType), err
	},
	put: func(s *scene, mask []string, nodes ...node) ([]int64, error) {
		r, err := s.rpc.PutArtifacts(s.ctx, &mlmdpb.PutArtifactsRequest{
			Artifacts: mapped(nodes, node.artifact), UpdateMask: maskOf(mask),
		})
		return r.GetArtifactIds(), err
	},
	byID: func(s *scene, ids ...int64) ([]node, error) {
		r, err := s.rpc.GetArtifactsByID(s.ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: ids})
		return mapped(r.GetArtifacts(), ofArtifact), err
	},
	byExternalIDs: func(s *scene, ids ...string) ([]node, error) {
		r, err := s.rpc.GetArtifactsByExternalIds(s.ctx, &mlmdpb.GetArtifactsByExternalIdsRequest{ExternalIds: ids})
		return mapped(r.GetArtifacts(), ofArtifact), err
	},
	byType: func(s *scene, typeName string, version *string) ([]node, error) {
		r, err := s.rpc.GetArtifactsByType(
			s.ctx, &mlmdpb.GetArtifactsByTypeRequest{TypeName: &typeName, TypeVersion: version},
		)
		return mapped(r.GetArtifacts(), ofArtifact), err
	},
	byTypeAndName: func(s *scene, typeName string, version *string, name string) (*node, error) {
		r, err := s.rpc.GetArtifactByTypeAndName(s.ctx, &mlmdpb.GetArtifactByTypeAndNameRequest{
			TypeName: &typeName, TypeVersion: version, ArtifactName: &name,
		})
		if r.GetArtifact() == nil {
			return nil, err
		}
		n := ofArtifact(r.GetArtifact())
		return &n, err
	},
	all: func(s *scene) ([]node, error) {
		r, err := s.rpc.GetArtifacts(s.ctx, &mlmdpb.GetArtifactsRequest{})
		return mapped(r.GetArtifacts(), ofArtifact), err
	},
}

func (t typ) artifact() *mlmdpb.ArtifactType {
	return &mlmdpb.ArtifactType{
		Id: t.id, Name: t.name, Version: t.version, Description: t.description, ExternalId: t.externalID,
		Properties: t.properties,
		BaseType:   (*mlmdpb.ArtifactType_SystemDefinedBaseType)(t.base),
	}
}

func ofArtifactType(m *mlmdpb.ArtifactType) typ {
	if m == nil {
		return typ{}
	}
	return typ{
		id: m.Id, name: m.Name, version: m.Version, description: m.Description, externalID: m.ExternalId,
		properties: m.Properties,
		base:       (*int32)(m.BaseType),
	}
}
