package storetest

import "github.com/mlmd-go/sdk/generated/mlmdpb"

// executions is the kind with a last known state.
var executions = kind{
	name: "execution",

	putType: func(s *scene, t typ) (int64, error) {
		r, err := s.rpc.PutExecutionType(s.ctx, &mlmdpb.PutExecutionTypeRequest{
			ExecutionType: t.execution(), CanAddFields: t.add, CanOmitFields: t.omit, CanDeleteFields: t.remove,
			AllFieldsMatch: t.allFieldsMatch,
		})
		return r.GetTypeId(), err
	},
	typeByName: func(s *scene, name string, version *string) (typ, error) {
		r, err := s.rpc.GetExecutionType(s.ctx, &mlmdpb.GetExecutionTypeRequest{TypeName: &name, TypeVersion: version})
		return ofExecutionType(r.GetExecutionType()), err
	},
	typesByID: func(s *scene, ids ...int64) ([]typ, error) {
		r, err := s.rpc.GetExecutionTypesByID(s.ctx, &mlmdpb.GetExecutionTypesByIDRequest{TypeIds: ids})
		return mapped(r.GetExecutionTypes(), ofExecutionType), err
	},
	typesByExternalIDs: func(s *scene, ids ...string) ([]typ, error) {
		r, err := s.rpc.GetExecutionTypesByExternalIds(s.ctx, &mlmdpb.GetExecutionTypesByExternalIdsRequest{ExternalIds: ids})
		return mapped(r.GetExecutionTypes(), ofExecutionType), err
	},
	allTypes: func(s *scene) ([]typ, error) {
		r, err := s.rpc.GetExecutionTypes(s.ctx, &mlmdpb.GetExecutionTypesRequest{})
		return mapped(r.GetExecutionTypes(), ofExecutionType), err
	},
	put: func(s *scene, mask []string, nodes ...node) ([]int64, error) {
		r, err := s.rpc.PutExecutions(s.ctx, &mlmdpb.PutExecutionsRequest{
			Executions: mapped(nodes, node.execution), UpdateMask: maskOf(mask),
		})
		return r.GetExecutionIds(), err
	},
	byID: func(s *scene, ids ...int64) ([]node, error) {
		r, err := s.rpc.GetExecutionsByID(s.ctx, &mlmdpb.GetExecutionsByIDRequest{ExecutionIds: ids})
		return mapped(r.GetExecutions(), ofExecution), err
	},
	byExternalIDs: func(s *scene, ids ...string) ([]node, error) {
		r, err := s.rpc.GetExecutionsByExternalIds(s.ctx, &mlmdpb.GetExecutionsByExternalIdsRequest{ExternalIds: ids})
		return mapped(r.GetExecutions(), ofExecution), err
	},
	byType: func(s *scene, typeName string, version *string) ([]node, error) {
		r, err := s.rpc.GetExecutionsByType(
			s.ctx, &mlmdpb.GetExecutionsByTypeRequest{TypeName: &typeName, TypeVersion: version},
		)
		return mapped(r.GetExecutions(), ofExecution), err
	},
	byTypeAndName: func(s *scene, typeName string, version *string, name string) (*node, error) {
		r, err := s.rpc.GetExecutionByTypeAndName(s.ctx, &mlmdpb.GetExecutionByTypeAndNameRequest{
			TypeName: &typeName, TypeVersion: version, ExecutionName: &name,
		})
		if r.GetExecution() == nil {
			return nil, err
		}
		n := ofExecution(r.GetExecution())
		return &n, err
	},
	all: func(s *scene) ([]node, error) {
		r, err := s.rpc.GetExecutions(s.ctx, &mlmdpb.GetExecutionsRequest{})
		return mapped(r.GetExecutions(), ofExecution), err
	},
}

func (t typ) execution() *mlmdpb.ExecutionType {
	return &mlmdpb.ExecutionType{
		Id: t.id, Name: t.name, Version: t.version, Description: t.description, ExternalId: t.externalID,
		Properties: t.properties,
		BaseType:   (*mlmdpb.ExecutionType_SystemDefinedBaseType)(t.base),
	}
}

func ofExecutionType(m *mlmdpb.ExecutionType) typ {
	if m == nil {
		return typ{}
	}
	return typ{
		id: m.Id, name: m.Name, version: m.Version, description: m.Description, externalID: m.ExternalId,
		properties: m.Properties,
		base:       (*int32)(m.BaseType),
	}
}
