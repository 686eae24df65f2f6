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
func (e *Engine) GetArtifactType(ctx context.Context, req *mlmdpb.GetArtifactTypeRequest) (*mlmdpb.GetArtifactTypeResponse, error) {
	return read(ctx, e, "GetArtifactType", func(ctx context.Context, q querier) (*mlmdpb.GetArtifactTypeResponse, error) {
		t, err := oneType(ctx, q, typekind.Artifact, typeName{req.GetTypeName(), req.GetTypeVersion()})
		if err != nil {
			return nil, err
		}
		return &mlmdpb.GetArtifactTypeResponse{ArtifactType: t.artifactType()}, nil
	})
}

// GetArtifactTypesByID reads types; ids that are unknown are left out.
func (e *Engine) GetArtifactTypesByID(ctx context.Context, req *mlmdpb.GetArtifactTypesByIDRequest) (*mlmdpb.GetArtifactTypesByIDResponse, error) {
	return read(ctx, e, "GetArtifactTypesByID", func(ctx context.Context, q querier) (*mlmdpb.GetArtifactTypesByIDResponse, error) {
		types, err := typeList(ctx, q, typekind.Artifact, req.GetTypeIds())
		return &mlmdpb.GetArtifactTypesByIDResponse{ArtifactTypes: convert(types, (*typeInfo).artifactType)}, err
	})
}

// GetArtifactTypesByExternalIds reads the types that have one of the external ids.
func (e *Engine) GetArtifactTypesByExternalIds(ctx context.Context, req *mlmdpb.GetArtifactTypesByExternalIdsRequest) (*mlmdpb.GetArtifactTypesByExternalIdsResponse, error) {
	return read(ctx, e, "GetArtifactTypesByExternalIds", func(ctx context.Context, q querier) (*mlmdpb.GetArtifactTypesByExternalIdsResponse, error) {
		types, err := ownersOf(ctx, q, typekind.Artifact, req.GetExternalIds())
		return &mlmdpb.GetArtifactTypesByExternalIdsResponse{ArtifactTypes: convert(types, (*typeInfo).artifactType)}, err
	})
}

// GetArtifactTypes reads all types that clients have made.
func (e *Engine) GetArtifactTypes(ctx context.Context, _ *mlmdpb.GetArtifactTypesRequest) (*mlmdpb.GetArtifactTypesResponse, error) {
	return read(ctx, e, "GetArtifactTypes", func(ctx context.Context, q querier) (*mlmdpb.GetArtifactTypesResponse, error) {
		types, err := allTypes(ctx, q, typekind.Artifact)
		return &mlmdpb.GetArtifactTypesResponse{ArtifactTypes: convert(types, (*typeInfo).artifactType)}, err
	})
}

// GetContextType reads a type by its name and version.
func (e *Engine) GetContextType(ctx context.Context, req *mlmdpb.GetContextTypeRequest) (*mlmdpb.GetContextTypeResponse, error) {
	return read(ctx, e, "GetContextType", func(ctx context.Context, q querier) (*mlmdpb.GetContextTypeResponse, error) {
		t, err := oneType(ctx, q, typekind.Context, typeName{req.GetTypeName(), req.GetTypeVersion()})
		if err != nil {
			return nil, err
		}
		return &mlmdpb.GetContextTypeResponse{ContextType: t.contextType()}, nil
	})
}

// GetContextTypesByID reads types; ids that are unknown are left out.
func (e *Engine) GetContextTypesByID(ctx context.Context, req *mlmdpb.GetContextTypesByIDRequest) (*mlmdpb.GetContextTypesByIDResponse, error) {
	return read(ctx, e, "GetContextTypesByID", func(ctx context.Context, q querier) (*mlmdpb.GetContextTypesByIDResponse, error) {
		types, err := typeList(ctx, q, typekind.Context, req.GetTypeIds())
		return &mlmdpb.GetContextTypesByIDResponse{ContextTypes: convert(types, (*typeInfo).contextType)}, err
	})
}

// GetContextTypesByExternalIds reads the types that have one of the external ids.
func (e *Engine) GetContextTypesByExternalIds(ctx context.Context, req *mlmdpb.GetContextTypesByExternalIdsRequest) (*mlmdpb.GetContextTypesByExternalIdsResponse, error) {
	return read(ctx, e, "GetContextTypesByExternalIds", func(ctx context.Context, q querier) (*mlmdpb.GetContextTypesByExternalIdsResponse, error) {
		types, err := ownersOf(ctx, q, typekind.Context, req.GetExternalIds())
		return &mlmdpb.GetContextTypesByExternalIdsResponse{ContextTypes: convert(types, (*typeInfo).contextType)}, err
	})
}

// GetContextTypes reads all types that clients have made.
func (e *Engine) GetContextTypes(ctx context.Context, _ *mlmdpb.GetContextTypesRequest) (*mlmdpb.GetContextTypesResponse, error) {
	return read(ctx, e, "GetContextTypes", func(ctx context.Context, q querier) (*mlmdpb.GetContextTypesResponse, error) {
		types, err := allTypes(ctx, q, typekind.Context)
		return &mlmdpb.GetContextTypesResponse{ContextTypes: convert(types, (*typeInfo).contextType)}, err
	})
}

// GetExecutionType reads a type by its name and version.
func (e *Engine) GetExecutionType(ctx context.Context, req *mlmdpb.GetExecutionTypeRequest) (*mlmdpb.GetExecutionTypeResponse, error) {
	return read(ctx, e, "GetExecutionType", func(ctx context.Context, q querier) (*mlmdpb.GetExecutionTypeResponse, error) {
		t, err := oneType(ctx, q, typekind.Execution, typeName{req.GetTypeName(), req.GetTypeVersion()})
		if err != nil {
			return nil, err
		}
		return &mlmdpb.GetExecutionTypeResponse{ExecutionType: t.executionType()}, nil
	})
}

// GetExecutionTypesByID reads types; ids that are unknown are left out.
func (e *Engine) GetExecutionTypesByID(ctx context.Context, req *mlmdpb.GetExecutionTypesByIDRequest) (*mlmdpb.GetExecutionTypesByIDResponse, error) {
	return read(ctx, e, "GetExecutionTypesByID", func(ctx context.Context, q querier) (*mlmdpb.GetExecutionTypesByIDResponse, error) {
		types, err := typeList(ctx, q, typekind.Execution, req.GetTypeIds())
		return &mlmdpb.GetExecutionTypesByIDResponse{ExecutionTypes: convert(types, (*typeInfo).executionType)}, err
	})
}

// GetExecutionTypesByExternalIds reads the types that have one of the external ids.
func (e *Engine) GetExecutionTypesByExternalIds(ctx context.Context, req *mlmdpb.GetExecutionTypesByExternalIdsRequest) (*mlmdpb.GetExecutionTypesByExternalIdsResponse, error) {
	return read(ctx, e, "GetExecutionTypesByExternalIds", func(ctx context.Context, q querier) (*mlmdpb.GetExecutionTypesByExternalIdsResponse, error) {
		types, err := ownersOf(ctx, q, typekind.Execution, req.GetExternalIds())
		return &mlmdpb.GetExecutionTypesByExternalIdsResponse{ExecutionTypes: convert(types, (*typeInfo).executionType)}, err
	})
}

// GetExecutionTypes reads all types that clients have made.
func (e *Engine) GetExecutionTypes(ctx context.Context, _ *mlmdpb.GetExecutionTypesRequest) (*mlmdpb.GetExecutionTypesResponse, error) {
	return read(ctx, e, "GetExecutionTypes", func(ctx context.Context, q querier) (*mlmdpb.GetExecutionTypesResponse, error) {
		types, err := allTypes(ctx, q, typekind.Execution)
		return &mlmdpb.GetExecutionTypesResponse{ExecutionTypes: convert(types, (*typeInfo).executionType)}, err
	})
}
