package engine

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// typesByExternalID reads the types of all kinds that have one of the ids.
func typesByExternalID(ctx context.Context, q querier, ids []string) ([]*typeInfo, error) {
	var types []*typeInfo
	err := sqldb.ForEachChunk(slices.Compact(slices.Sorted(slices.Values(ids))), func(part []string) error {
		s := sqldb.InTexts(part)
		some, err := selectTypes(ctx, q, sqldb.InQuery("SELECT id FROM Type WHERE external_id "+s.Text, s.Args...))
		types = append(types, some...)
		return err
	})
	return types, err
}

// oneType reads a type by name, or says that there is none.
func oneType(ctx context.Context, q querier, kind typekind.Kind, n typeName) (*typeInfo, error) {
	t, err := typeByName(ctx, q, kind, n)
	if err == nil && t == nil {
		return nil, fail(codes.NotFound, "No type found for query, name: `%s`, version: `%s`", n.name, n.version)
	}
	return t, err
}

// typeList reads types of one kind in the order of ids; a repeated id gives a
// repeated type.
func typeList(ctx context.Context, q querier, kind typekind.Kind, ids []int64) ([]*typeInfo, error) {
	found, err := typesByID(ctx, q, kind, slices.Clone(ids))
	types := make([]*typeInfo, 0, len(found))
	for _, id := range ids {
		if t := found[id]; t != nil {
			types = append(types, t)
		}
	}
	return types, err
}

// ownersOf reads the types of one kind with these external ids; that there are
// none is an error.
func ownersOf(ctx context.Context, q querier, kind typekind.Kind, ids []string) ([]*typeInfo, error) {
	if slices.Contains(ids, "") {
		return nil, invalid("There exists at least one empty external_id in the request")
	}
	types, err := typesByExternalID(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	types = slices.DeleteFunc(types, func(t *typeInfo) bool { return t.kind != kind })
	if len(types) == 0 && len(ids) > 0 {
		return nil, fail(codes.NotFound, "No types found for external_ids.")
	}
	return convert(types, (*typeInfo).plain), nil
}

// allTypes reads all types of one kind. Whatever has the name of a system type
// is hidden, but among contexts.
func allTypes(ctx context.Context, q querier, kind typekind.Kind) ([]*typeInfo, error) {
	types, err := selectTypes(ctx, q, sqldb.InQuery("SELECT id FROM Type WHERE type_kind = ?", int64(kind)))
	if kind != typekind.Context {
		types = slices.DeleteFunc(types, func(t *typeInfo) bool {
			return schema.IsSystemType(t.name)
		})
	}
	return convert(types, func(t *typeInfo) *typeInfo { return t.without(true, false, false) }), err
}

// GetArtifactType reads a type by its name and version.
func (s *Service) GetArtifactType(ctx context.Context, req *mlmdpb.GetArtifactTypeRequest) (*mlmdpb.GetArtifactTypeResponse, error) {
	resp := new(mlmdpb.GetArtifactTypeResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		t, err := oneType(ctx, q, typekind.Artifact, typeName{req.GetTypeName(), req.GetTypeVersion()})
		if err != nil {
			return err
		}
		resp.ArtifactType = t.artifactType()
		return nil
	})
	return reply(resp, err)
}

// GetArtifactTypesByID reads types; ids that are unknown are left out.
func (s *Service) GetArtifactTypesByID(ctx context.Context, req *mlmdpb.GetArtifactTypesByIDRequest) (*mlmdpb.GetArtifactTypesByIDResponse, error) {
	resp := new(mlmdpb.GetArtifactTypesByIDResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := typeList(ctx, q, typekind.Artifact, req.GetTypeIds())
		resp.ArtifactTypes = convert(types, (*typeInfo).artifactType)
		return err
	})
	return reply(resp, err)
}

// GetArtifactTypesByExternalIds reads the types that have one of the external ids.
func (s *Service) GetArtifactTypesByExternalIds(ctx context.Context, req *mlmdpb.GetArtifactTypesByExternalIdsRequest) (*mlmdpb.GetArtifactTypesByExternalIdsResponse, error) {
	resp := new(mlmdpb.GetArtifactTypesByExternalIdsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := ownersOf(ctx, q, typekind.Artifact, req.GetExternalIds())
		resp.ArtifactTypes = convert(types, (*typeInfo).artifactType)
		return err
	})
	return reply(resp, err)
}

// GetArtifactTypes reads all types that clients have made.
func (s *Service) GetArtifactTypes(ctx context.Context, _ *mlmdpb.GetArtifactTypesRequest) (*mlmdpb.GetArtifactTypesResponse, error) {
	resp := new(mlmdpb.GetArtifactTypesResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := allTypes(ctx, q, typekind.Artifact)
		resp.ArtifactTypes = convert(types, (*typeInfo).artifactType)
		return err
	})
	return reply(resp, err)
}

// GetContextType reads a type by its name and version.
func (s *Service) GetContextType(ctx context.Context, req *mlmdpb.GetContextTypeRequest) (*mlmdpb.GetContextTypeResponse, error) {
	resp := new(mlmdpb.GetContextTypeResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		t, err := oneType(ctx, q, typekind.Context, typeName{req.GetTypeName(), req.GetTypeVersion()})
		if err != nil {
			return err
		}
		resp.ContextType = t.contextType()
		return nil
	})
	return reply(resp, err)
}

// GetContextTypesByID reads types; ids that are unknown are left out.
func (s *Service) GetContextTypesByID(ctx context.Context, req *mlmdpb.GetContextTypesByIDRequest) (*mlmdpb.GetContextTypesByIDResponse, error) {
	resp := new(mlmdpb.GetContextTypesByIDResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := typeList(ctx, q, typekind.Context, req.GetTypeIds())
		resp.ContextTypes = convert(types, (*typeInfo).contextType)
		return err
	})
	return reply(resp, err)
}

// GetContextTypesByExternalIds reads the types that have one of the external ids.
func (s *Service) GetContextTypesByExternalIds(ctx context.Context, req *mlmdpb.GetContextTypesByExternalIdsRequest) (*mlmdpb.GetContextTypesByExternalIdsResponse, error) {
	resp := new(mlmdpb.GetContextTypesByExternalIdsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := ownersOf(ctx, q, typekind.Context, req.GetExternalIds())
		resp.ContextTypes = convert(types, (*typeInfo).contextType)
		return err
	})
	return reply(resp, err)
}

// GetContextTypes reads all types that clients have made.
func (s *Service) GetContextTypes(ctx context.Context, _ *mlmdpb.GetContextTypesRequest) (*mlmdpb.GetContextTypesResponse, error) {
	resp := new(mlmdpb.GetContextTypesResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := allTypes(ctx, q, typekind.Context)
		resp.ContextTypes = convert(types, (*typeInfo).contextType)
		return err
	})
	return reply(resp, err)
}

// GetExecutionType reads a type by its name and version.
func (s *Service) GetExecutionType(ctx context.Context, req *mlmdpb.GetExecutionTypeRequest) (*mlmdpb.GetExecutionTypeResponse, error) {
	resp := new(mlmdpb.GetExecutionTypeResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		t, err := oneType(ctx, q, typekind.Execution, typeName{req.GetTypeName(), req.GetTypeVersion()})
		if err != nil {
			return err
		}
		resp.ExecutionType = t.executionType()
		return nil
	})
	return reply(resp, err)
}

// GetExecutionTypesByID reads types; ids that are unknown are left out.
func (s *Service) GetExecutionTypesByID(ctx context.Context, req *mlmdpb.GetExecutionTypesByIDRequest) (*mlmdpb.GetExecutionTypesByIDResponse, error) {
	resp := new(mlmdpb.GetExecutionTypesByIDResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := typeList(ctx, q, typekind.Execution, req.GetTypeIds())
		resp.ExecutionTypes = convert(types, (*typeInfo).executionType)
		return err
	})
	return reply(resp, err)
}

// GetExecutionTypesByExternalIds reads the types that have one of the external ids.
func (s *Service) GetExecutionTypesByExternalIds(ctx context.Context, req *mlmdpb.GetExecutionTypesByExternalIdsRequest) (*mlmdpb.GetExecutionTypesByExternalIdsResponse, error) {
	resp := new(mlmdpb.GetExecutionTypesByExternalIdsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := ownersOf(ctx, q, typekind.Execution, req.GetExternalIds())
		resp.ExecutionTypes = convert(types, (*typeInfo).executionType)
		return err
	})
	return reply(resp, err)
}

// GetExecutionTypes reads all types that clients have made.
func (s *Service) GetExecutionTypes(ctx context.Context, _ *mlmdpb.GetExecutionTypesRequest) (*mlmdpb.GetExecutionTypesResponse, error) {
	resp := new(mlmdpb.GetExecutionTypesResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := allTypes(ctx, q, typekind.Execution)
		resp.ExecutionTypes = convert(types, (*typeInfo).executionType)
		return err
	})
	return reply(resp, err)
}
