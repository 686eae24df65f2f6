package registry

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// nodes is what differs by kind of node; see node_context.go,
// node_artifact.go and node_execution.go. Its methods send one RPC each, or none; their errors are the
// RPC's own.
type nodes[N mlmd.Node] interface {
	kind() mlmd.Kind
	// create stores n below parent, if there is one. It tells whether the link
	// to the parent was made too: not every kind can do both at once.
	create(ctx context.Context, n N, parent *parent) (id int64, linked bool, err error)
	// put changes the fields of n that paths name.
	put(ctx context.Context, n N, paths []string) error
	// byID, byName and byExternalID return nil where there is none.
	byID(ctx context.Context, id int64) (N, error)
	byName(ctx context.Context, typeName, name string) (N, error)
	byExternalID(ctx context.Context, externalID string) (N, error)
	// page returns one page of the nodes of a type, and the token of the next.
	page(ctx context.Context, typeName string, o *mlmdpb.ListOperationOptions) ([]N, string, error)
	// link puts child below parent. A link that exists is done.
	link(ctx context.Context, parent, child int64) error
	// parents returns the contexts above a node.
	parents(ctx context.Context, id int64) ([]*mlmdpb.Context, error)
	// parentsOf returns the contexts above each of the nodes, at most a page.
	parentsOf(ctx context.Context, ids []int64) (map[int64][]*mlmdpb.Context, error)
	// withName returns a shallow copy of n with another stored name.
	withName(n N, name *string) N
	// withIDs returns n with its type and its id, 0 for none. It may change n.
	withIDs(n N, typeID, id int64) N
	// view returns what the three kinds have in common.
	view(n N) nodeView
	// parentAlias is the filter language's prefix of the contexts above.
	parentAlias() string
}

// A nodeView is what the three kinds of node have in common. Its pointers and maps
// are those of the node.
type nodeView struct {
	id, typeID       int64
	typeName         string
	name, externalID *string
	uri              *string // of artifacts
	state            *int32  // of artifacts and executions
	created, updated int64
	props, custom    map[string]*mlmdpb.Value
}

func (v nodeView) storedName() string {
	if v.name == nil {
		return ""
	}
	return *v.name
}

func fieldMask(paths []string) *fieldmaskpb.FieldMask {
	return &fieldmaskpb.FieldMask{Paths: paths}
}

// onlyID returns the only id of an answer.
func onlyID(ids []int64, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	if len(ids) != 1 {
		return 0, status.Errorf(codes.Internal, "the store answered %d ids where one was due", len(ids))
	}
	return ids[0], nil
}

// firstNode returns the first node of an answer, or none. Where a code says that
// there is nothing, that is no error.
func firstNode[N any](ns []N, err error, nothing codes.Code) (none N, _ error) {
	if err != nil {
		if nothing != codes.OK && status.Code(err) == nothing {
			return none, nil
		}
		return none, err
	}
	if len(ns) == 0 {
		return none, nil
	}
	return ns[0], nil
}

func int32Ptr[E ~int32](e *E) *int32 {
	if e == nil {
		return nil
	}
	return new(int32(*e))
}

// optionalID returns a pointer to i, and nil for 0, which is no id.
func optionalID(i int64) *int64 {
	if i == 0 {
		return nil
	}
	return new(i)
}
