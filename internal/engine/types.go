package engine

import (
	"context"
	"slices"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// typeFlags are the options that all requests to put types have.
type typeFlags interface {
	GetCanAddFields() bool
	GetCanOmitFields() bool
	GetAllFieldsMatch() bool
}

// PutArtifactType creates a type, or adds properties to one. See [Service.PutTypes].
func (s *Service) PutArtifactType(
	ctx context.Context, req *mlmdpb.PutArtifactTypeRequest,
) (*mlmdpb.PutArtifactTypeResponse, error) {
	ids, err := s.putTypes(ctx, req, []typeRequest{artifactTypeRequest(req.GetArtifactType())})
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutArtifactTypeResponse{TypeId: &ids[0]}, nil
}

// PutExecutionType creates a type, or adds properties to one. See [Service.PutTypes].
func (s *Service) PutExecutionType(
	ctx context.Context, req *mlmdpb.PutExecutionTypeRequest,
) (*mlmdpb.PutExecutionTypeResponse, error) {
	ids, err := s.putTypes(ctx, req, []typeRequest{executionTypeRequest(req.GetExecutionType())})
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutExecutionTypeResponse{TypeId: &ids[0]}, nil
}

// PutContextType creates a type, or adds properties to one. See [Service.PutTypes].
func (s *Service) PutContextType(
	ctx context.Context, req *mlmdpb.PutContextTypeRequest,
) (*mlmdpb.PutContextTypeResponse, error) {
	ids, err := s.putTypes(ctx, req, []typeRequest{contextTypeRequest(req.GetContextType())})
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutContextTypeResponse{TypeId: &ids[0]}, nil
}

// PutTypes creates new types and adds properties to existing ones. A type is
// identified by its kind, name and version.
func (s *Service) PutTypes(ctx context.Context, req *mlmdpb.PutTypesRequest) (*mlmdpb.PutTypesResponse, error) {
	types := slices.Concat(
		mapSlice(req.GetArtifactTypes(), artifactTypeRequest),
		mapSlice(req.GetExecutionTypes(), executionTypeRequest),
		mapSlice(req.GetContextTypes(), contextTypeRequest),
	)
	ids, err := s.putTypes(ctx, req, types)
	if err != nil {
		return nil, err
	}
	a, x := len(req.GetArtifactTypes()), len(req.GetExecutionTypes())
	return &mlmdpb.PutTypesResponse{
		ArtifactTypeIds: ids[:a:a], ExecutionTypeIds: ids[a : a+x : a+x],
		ContextTypeIds: ids[a+x:],
	}, nil
}

// putTypes stores types in order and returns their IDs. Usually all of them
// exist already, so it reads first and begins a transaction only if something
// must be written.
func (s *Service) putTypes(ctx context.Context, flags typeFlags, types []typeRequest) ([]int64, error) {
	var ids []int64
	if !s.probablyNew(types) {
		complete := false
		err := s.view(ctx, func(ctx context.Context, q querier) error {
			p, err := planTypes(ctx, q, flags, types)
			if err == nil && p.isEmpty() {
				ids, complete = p.ids(), true
			}
			return err
		})
		if err != nil || complete {
			return ids, err
		}
	}
	err := s.update(ctx, func(ctx context.Context, t *tx) error {
		for _, statement := range t.d.SerializeStatements {
			if _, err := t.Exec(ctx, statement); err != nil {
				return err
			}
		}
		p, err := planTypes(ctx, t, flags, types)
		if err != nil {
			return err
		}
		if err := t.writePlan(ctx, p); err != nil {
			return err
		}
		ids = p.ids()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// probablyNew reports whether to begin a transaction at once. If nothing must be
// written, that is cheap in memory only.
func (s *Service) probablyNew(types []typeRequest) bool {
	return s.db.Dialect().SingleConn && !slices.ContainsFunc(types, func(r typeRequest) bool {
		return s.root().types.id(r.kind, r.name) != 0
	})
}

// GetArtifactType reads a type by its name and version.
func (s *Service) GetArtifactType(
	ctx context.Context, req *mlmdpb.GetArtifactTypeRequest,
) (*mlmdpb.GetArtifactTypeResponse, error) {
	resp := new(mlmdpb.GetArtifactTypeResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		t, err := requireType(ctx, q, typekind.Artifact, typeName{req.GetTypeName(), req.GetTypeVersion()})
		if err != nil {
			return err
		}
		resp.ArtifactType = t.artifactType()
		return nil
	})
	return reply(resp, err)
}

// GetArtifactTypesByID reads types. Unknown IDs are left out.
func (s *Service) GetArtifactTypesByID(
	ctx context.Context, req *mlmdpb.GetArtifactTypesByIDRequest,
) (*mlmdpb.GetArtifactTypesByIDResponse, error) {
	resp := new(mlmdpb.GetArtifactTypesByIDResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := typesInOrder(ctx, q, typekind.Artifact, req.GetTypeIds())
		resp.ArtifactTypes = mapSlice(types, (*typeInfo).artifactType)
		return err
	})
	return reply(resp, err)
}

// GetArtifactTypesByExternalIds reads the types that have one of the external
// IDs.
func (s *Service) GetArtifactTypesByExternalIds(
	ctx context.Context, req *mlmdpb.GetArtifactTypesByExternalIdsRequest,
) (*mlmdpb.GetArtifactTypesByExternalIdsResponse, error) {
	resp := new(mlmdpb.GetArtifactTypesByExternalIdsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := typesByExternalIDs(ctx, q, typekind.Artifact, req.GetExternalIds())
		resp.ArtifactTypes = mapSlice(types, (*typeInfo).artifactType)
		return err
	})
	return reply(resp, err)
}

// GetArtifactTypes reads all types except the system types.
func (s *Service) GetArtifactTypes(
	ctx context.Context, _ *mlmdpb.GetArtifactTypesRequest,
) (*mlmdpb.GetArtifactTypesResponse, error) {
	resp := new(mlmdpb.GetArtifactTypesResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := allTypes(ctx, q, typekind.Artifact)
		resp.ArtifactTypes = mapSlice(types, (*typeInfo).artifactType)
		return err
	})
	return reply(resp, err)
}

// GetContextType reads a type by its name and version.
func (s *Service) GetContextType(
	ctx context.Context, req *mlmdpb.GetContextTypeRequest,
) (*mlmdpb.GetContextTypeResponse, error) {
	resp := new(mlmdpb.GetContextTypeResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		t, err := requireType(ctx, q, typekind.Context, typeName{req.GetTypeName(), req.GetTypeVersion()})
		if err != nil {
			return err
		}
		resp.ContextType = t.contextType()
		return nil
	})
	return reply(resp, err)
}

// GetContextTypesByID reads types. Unknown IDs are left out.
func (s *Service) GetContextTypesByID(
	ctx context.Context, req *mlmdpb.GetContextTypesByIDRequest,
) (*mlmdpb.GetContextTypesByIDResponse, error) {
	resp := new(mlmdpb.GetContextTypesByIDResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := typesInOrder(ctx, q, typekind.Context, req.GetTypeIds())
		resp.ContextTypes = mapSlice(types, (*typeInfo).contextType)
		return err
	})
	return reply(resp, err)
}

// GetContextTypesByExternalIds reads the types that have one of the external
// IDs.
func (s *Service) GetContextTypesByExternalIds(
	ctx context.Context, req *mlmdpb.GetContextTypesByExternalIdsRequest,
) (*mlmdpb.GetContextTypesByExternalIdsResponse, error) {
	resp := new(mlmdpb.GetContextTypesByExternalIdsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := typesByExternalIDs(ctx, q, typekind.Context, req.GetExternalIds())
		resp.ContextTypes = mapSlice(types, (*typeInfo).contextType)
		return err
	})
	return reply(resp, err)
}

// GetContextTypes reads all types.
func (s *Service) GetContextTypes(
	ctx context.Context, _ *mlmdpb.GetContextTypesRequest,
) (*mlmdpb.GetContextTypesResponse, error) {
	resp := new(mlmdpb.GetContextTypesResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := allTypes(ctx, q, typekind.Context)
		resp.ContextTypes = mapSlice(types, (*typeInfo).contextType)
		return err
	})
	return reply(resp, err)
}

// GetExecutionType reads a type by its name and version.
func (s *Service) GetExecutionType(
	ctx context.Context, req *mlmdpb.GetExecutionTypeRequest,
) (*mlmdpb.GetExecutionTypeResponse, error) {
	resp := new(mlmdpb.GetExecutionTypeResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		t, err := requireType(ctx, q, typekind.Execution, typeName{req.GetTypeName(), req.GetTypeVersion()})
		if err != nil {
			return err
		}
		resp.ExecutionType = t.executionType()
		return nil
	})
	return reply(resp, err)
}

// GetExecutionTypesByID reads types. Unknown IDs are left out.
func (s *Service) GetExecutionTypesByID(
	ctx context.Context, req *mlmdpb.GetExecutionTypesByIDRequest,
) (*mlmdpb.GetExecutionTypesByIDResponse, error) {
	resp := new(mlmdpb.GetExecutionTypesByIDResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := typesInOrder(ctx, q, typekind.Execution, req.GetTypeIds())
		resp.ExecutionTypes = mapSlice(types, (*typeInfo).executionType)
		return err
	})
	return reply(resp, err)
}

// GetExecutionTypesByExternalIds reads the types that have one of the external
// IDs.
func (s *Service) GetExecutionTypesByExternalIds(
	ctx context.Context, req *mlmdpb.GetExecutionTypesByExternalIdsRequest,
) (*mlmdpb.GetExecutionTypesByExternalIdsResponse, error) {
	resp := new(mlmdpb.GetExecutionTypesByExternalIdsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := typesByExternalIDs(ctx, q, typekind.Execution, req.GetExternalIds())
		resp.ExecutionTypes = mapSlice(types, (*typeInfo).executionType)
		return err
	})
	return reply(resp, err)
}

// GetExecutionTypes reads all types except the system types.
func (s *Service) GetExecutionTypes(
	ctx context.Context, _ *mlmdpb.GetExecutionTypesRequest,
) (*mlmdpb.GetExecutionTypesResponse, error) {
	resp := new(mlmdpb.GetExecutionTypesResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		types, err := allTypes(ctx, q, typekind.Execution)
		resp.ExecutionTypes = mapSlice(types, (*typeInfo).executionType)
		return err
	})
	return reply(resp, err)
}
