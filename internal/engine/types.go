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

// PutArtifactType creates a type, or adds properties to one. See [Engine.PutTypes].
func (e *Engine) PutArtifactType(ctx context.Context, req *mlmdpb.PutArtifactTypeRequest) (*mlmdpb.PutArtifactTypeResponse, error) {
	ids, err := e.putTypes(ctx, "PutArtifactType", req, []typeRequest{artifactTypeRequest(req.GetArtifactType())})
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutArtifactTypeResponse{TypeId: &ids[0]}, nil
}

// PutExecutionType creates a type, or adds properties to one. See [Engine.PutTypes].
func (e *Engine) PutExecutionType(ctx context.Context, req *mlmdpb.PutExecutionTypeRequest) (*mlmdpb.PutExecutionTypeResponse, error) {
	ids, err := e.putTypes(ctx, "PutExecutionType", req, []typeRequest{executionTypeRequest(req.GetExecutionType())})
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutExecutionTypeResponse{TypeId: &ids[0]}, nil
}

// PutContextType creates a type, or adds properties to one. See [Engine.PutTypes].
func (e *Engine) PutContextType(ctx context.Context, req *mlmdpb.PutContextTypeRequest) (*mlmdpb.PutContextTypeResponse, error) {
	ids, err := e.putTypes(ctx, "PutContextType", req, []typeRequest{contextTypeRequest(req.GetContextType())})
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutContextTypeResponse{TypeId: &ids[0]}, nil
}

// PutTypes creates types that are new and adds properties to others. A type is
// the same type when its kind, name and version are the same.
func (e *Engine) PutTypes(ctx context.Context, req *mlmdpb.PutTypesRequest) (*mlmdpb.PutTypesResponse, error) {
	types := slices.Concat(
		convert(req.GetArtifactTypes(), artifactTypeRequest),
		convert(req.GetExecutionTypes(), executionTypeRequest),
		convert(req.GetContextTypes(), contextTypeRequest),
	)
	ids, err := e.putTypes(ctx, "PutTypes", req, types)
	if err != nil {
		return nil, err
	}
	a, x := len(req.GetArtifactTypes()), len(req.GetExecutionTypes())
	return &mlmdpb.PutTypesResponse{ArtifactTypeIds: ids[:a:a], ExecutionTypeIds: ids[a : a+x : a+x], ContextTypeIds: ids[a+x:]}, nil
}

// putTypes stores types in order and returns their ids. Most often they are all
// there already: a read finds that out, and no transaction is begun.
func (e *Engine) putTypes(ctx context.Context, rpc string, flags typeFlags, types []typeRequest) ([]int64, error) {
	p, err := read(ctx, e, rpc, func(ctx context.Context, q querier) (*typePlan, error) {
		if !flags.GetAllFieldsMatch() {
			return nil, fail(codes.Unimplemented, "Must match all fields.")
		}
		return planTypes(ctx, q, flags, types)
	})
	if err != nil {
		return nil, err
	}
	if p.nothingToDo() {
		return p.ids(), nil
	}
	ids, err := write(ctx, e, rpc, func(ctx context.Context, t *tx) (*[]int64, error) {
		for _, statement := range t.d.SerializeStatements {
			if _, err := t.Exec(ctx, statement); err != nil {
				return nil, err
			}
		}
		p, err := planTypes(ctx, t, flags, types)
		if err != nil {
			return nil, err
		}
		if err := t.storeTypes(ctx, p); err != nil {
			return nil, err
		}
		ids := p.ids()
		return &ids, nil
	})
	if err != nil {
		return nil, err
	}
	return *ids, nil
}
