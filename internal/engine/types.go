package engine

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A typeFlags is what the requests to put types have in common.
type typeFlags interface {
	GetCanAddFields() bool
	GetCanOmitFields() bool
	GetAllFieldsMatch() bool
}

// PutArtifactType creates a type, or adds properties to one. See [Service.PutTypes].
func (s *Service) PutArtifactType(ctx context.Context, req *mlmdpb.PutArtifactTypeRequest) (*mlmdpb.PutArtifactTypeResponse, error) {
	ids, err := s.putTypes(ctx, req, []typeRequest{artifactTypeRequest(req.GetArtifactType())})
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutArtifactTypeResponse{TypeId: &ids[0]}, nil
}

// PutExecutionType creates a type, or adds properties to one. See [Service.PutTypes].
func (s *Service) PutExecutionType(ctx context.Context, req *mlmdpb.PutExecutionTypeRequest) (*mlmdpb.PutExecutionTypeResponse, error) {
	ids, err := s.putTypes(ctx, req, []typeRequest{executionTypeRequest(req.GetExecutionType())})
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutExecutionTypeResponse{TypeId: &ids[0]}, nil
}

// PutContextType creates a type, or adds properties to one. See [Service.PutTypes].
func (s *Service) PutContextType(ctx context.Context, req *mlmdpb.PutContextTypeRequest) (*mlmdpb.PutContextTypeResponse, error) {
	ids, err := s.putTypes(ctx, req, []typeRequest{contextTypeRequest(req.GetContextType())})
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutContextTypeResponse{TypeId: &ids[0]}, nil
}

// PutTypes creates types that are new and adds properties to others. A type is
// the same type when its kind, name and version are the same.
func (s *Service) PutTypes(ctx context.Context, req *mlmdpb.PutTypesRequest) (*mlmdpb.PutTypesResponse, error) {
	types := slices.Concat(
		convert(req.GetArtifactTypes(), artifactTypeRequest),
		convert(req.GetExecutionTypes(), executionTypeRequest),
		convert(req.GetContextTypes(), contextTypeRequest),
	)
	ids, err := s.putTypes(ctx, req, types)
	if err != nil {
		return nil, err
	}
	a, x := len(req.GetArtifactTypes()), len(req.GetExecutionTypes())
	return &mlmdpb.PutTypesResponse{ArtifactTypeIds: ids[:a:a], ExecutionTypeIds: ids[a : a+x : a+x], ContextTypeIds: ids[a+x:]}, nil
}

// putTypes stores types in order and returns their ids. Most often they are all
// there already: a read finds that out, and no transaction is begun.
func (s *Service) putTypes(ctx context.Context, flags typeFlags, types []typeRequest) ([]int64, error) {
	var p *typePlan
	err := s.view(ctx, func(ctx context.Context, q querier) (err error) {
		if !flags.GetAllFieldsMatch() {
			return fail(codes.Unimplemented, "Must match all fields.")
		}
		p, err = planTypes(ctx, q, flags, types)
		return err
	})
	if err != nil {
		return nil, err
	}
	if p.nothingToDo() {
		return p.ids(), nil
	}
	var ids []int64
	err = s.update(ctx, func(ctx context.Context, t *tx) error {
		for _, statement := range t.d.SerializeStatements {
			if _, err := t.Exec(ctx, statement); err != nil {
				return err
			}
		}
		p, err := planTypes(ctx, t, flags, types)
		if err != nil {
			return err
		}
		if err := t.storeTypes(ctx, p); err != nil {
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
