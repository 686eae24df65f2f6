package storetest

import "github.com/mlmd-go/sdk/generated/mlmdpb"

// contexts is the kind that requires a name.
var contexts = kind{
	name: "context",

	putType: func(s *scene, t typ) (int64, error) {
		r, err := s.rpc.PutContextType(s.ctx, &mlmdpb.PutContextTypeRequest{
			ContextType: t.context(), CanAddFields: t.add, CanOmitFields: t.omit, CanDeleteFields: t.remove,
			AllFieldsMatch: t.allFieldsMatch,
		})
		return r.GetTypeId(), err
	},
	typeByName: func(s *scene, name string, version *string) (typ, error) {
		r, err := s.rpc.GetContextType(s.ctx, &mlmdpb.GetContextTypeRequest{TypeName: &name, TypeVersion: version})
		return ofContextType(r.GetContextType()), err
	},
	typesByID: func(s *scene, ids ...int64) ([]typ, error) {
		r, err := s.rpc.GetContextTypesByID(s.ctx, &mlmdpb.GetContextTypesByIDRequest{TypeIds: ids})
		return mapped(r.GetContextTypes(), ofContextType), err
	},
	typesByExternalIDs: func(s *scene, ids ...string) ([]typ, error) {
		r, err := s.rpc.GetContextTypesByExternalIds(s.ctx, &mlmdpb.GetContextTypesByExternalIdsRequest{ExternalIds: ids})
		return mapped(r.GetContextTypes(), ofContextType), err
	},
	allTypes: func(s *scene) ([]typ, error) {
		r, err := s.rpc.GetContextTypes(s.ctx, &mlmdpb.GetContextTypesRequest{})
		return mapped(r.GetContextTypes(), ofContextType), err
	},
	put: func(s *scene, mask []string, nodes ...node) ([]int64, error) {
		r, err := s.rpc.PutContexts(s.ctx, &mlmdpb.PutContextsRequest{
			Contexts: mapped(nodes, node.context), UpdateMask: maskOf(mask),
		})
		return r.GetContextIds(), err
	},
	byID: func(s *scene, ids ...int64) ([]node, error) {
		r, err := s.rpc.GetContextsByID(s.ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: ids})
		return mapped(r.GetContexts(), ofContext), err
	},
	byExternalIDs: func(s *scene, ids ...string) ([]node, error) {
		r, err := s.rpc.GetContextsByExternalIds(s.ctx, &mlmdpb.GetContextsByExternalIdsRequest{ExternalIds: ids})
		return mapped(r.GetContexts(), ofContext), err
	},
	byType: func(s *scene, typeName string, version *string) ([]node, error) {
		r, err := s.rpc.GetContextsByType(s.ctx, &mlmdpb.GetContextsByTypeRequest{TypeName: &typeName, TypeVersion: version})
		return mapped(r.GetContexts(), ofContext), err
	},
	byTypeAndName: func(s *scene, typeName string, version *string, name string) (*node, error) {
		r, err := s.rpc.GetContextByTypeAndName(s.ctx, &mlmdpb.GetContextByTypeAndNameRequest{
			TypeName: &typeName, TypeVersion: version, ContextName: &name,
		})
		if r.GetContext() == nil {
			return nil, err
		}
		n := ofContext(r.GetContext())
		return &n, err
	},
	all: func(s *scene) ([]node, error) {
		r, err := s.rpc.GetContexts(s.ctx, &mlmdpb.GetContextsRequest{})
		return mapped(r.GetContexts(), ofContext), err
	},
}

func (t typ) context() *mlmdpb.ContextType {
	return &mlmdpb.ContextType{
		Id: t.id, Name: t.name, Version: t.version, Description: t.description, ExternalId: t.externalID,
		Properties: t.properties,
		BaseType:   (*mlmdpb.ContextType_SystemDefinedBaseType)(t.base),
	}
}

func ofContextType(m *mlmdpb.ContextType) typ {
	if m == nil {
		return typ{}
	}
	return typ{
		id: m.Id, name: m.Name, version: m.Version, description: m.Description, externalID: m.ExternalId,
		properties: m.Properties,
		base:       (*int32)(m.BaseType),
	}
}
