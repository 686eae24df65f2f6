package registry

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// nodes abstracts the kind of a node: contexts, artifacts and executions
// implement it. Unless documented otherwise, a method makes one RPC and returns
// its error.
type nodes[N mlmd.Node] interface {
	kind() mlmd.Kind
	// create stores n as a child of parent, which may be nil. It reports whether it
	// also made the link to the parent: for contexts, no RPC does both. In an
	// embedded store it makes two RPCs for a context with a parent.
	create(ctx context.Context, n N, parent *parent) (id int64, linked bool, err error)
	// createGroup is create for several nodes: all are stored or none.
	createGroup(ctx context.Context, ns []N, parent *parent) (ids []int64, linked bool, err error)
	// linkGroup is link for several children that have no link yet.
	linkGroup(ctx context.Context, parent int64, children []int64) error
	// put updates the fields of the nodes that paths name: all nodes or none.
	// If since is not nil, it fails with FAILED_PRECONDITION, on servers that know
	// package precondition, unless the stored update time of each node is the one
	// in since.
	put(ctx context.Context, ns []N, paths []string, since []int64) error
	// byID, byName and byExternalID return nil if there is no such node.
	byID(ctx context.Context, id int64) (N, error)
	byName(ctx context.Context, typeName, name string) (N, error)
	byExternalID(ctx context.Context, externalID string) (N, error)
	// byIDs returns those of the nodes that exist, in any order.
	byIDs(ctx context.Context, ids []int64) ([]N, error)
	// page returns one page of the nodes of a type and the token of the next one.
	page(ctx context.Context, typeName string, o *mlmdpb.ListOperationOptions) ([]N, string, error)
	// link makes child a child of parent. It succeeds if the link exists.
	link(ctx context.Context, parent, child int64) error
	// linkAll links a node to several contexts. It succeeds if the links exist.
	linkAll(ctx context.Context, contexts []int64, id int64) error
	// parents returns the contexts that a node is linked to.
	parents(ctx context.Context, id int64) ([]*mlmdpb.Context, error)
	// parentsOf returns the contexts that each of up to pageSize nodes is linked to.
	// It may make several RPCs.
	parentsOf(ctx context.Context, ids []int64) (map[int64][]*mlmdpb.Context, error)
	// linksOf returns the IDs of the contexts that each of up to pageSize nodes is
	// linked to, as pairs that begin with the node. For contexts it may make several
	// RPCs.
	linksOf(ctx context.Context, ids []int64) ([]pair, error)
	// withName returns a shallow copy of n with another stored name. No RPC.
	withName(n N, name *string) N
	// withIDs sets the type ID and the ID of n, 0 for none, and returns n. No RPC.
	withIDs(n N, typeID, id int64) N
	// view returns n as a nodeView. No RPC.
	view(n N) nodeView
}

// A nodeView has the fields of any kind of node. It shares pointers and maps with
// the node.
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

// onlyID returns the only ID in a response.
func onlyID(ids []int64, err error) (int64, error) {
	if ids, err = allIDs(ids, 1, err); err != nil {
		return 0, err
	}
	return ids[0], nil
}

// allIDs returns the n IDs in a response.
func allIDs(ids []int64, n int, err error) ([]int64, error) {
	if err != nil {
		return nil, err
	}
	if len(ids) != n {
		return nil, status.Errorf(codes.Internal, "the store returned %d IDs instead of %d", len(ids), n)
	}
	return ids, nil
}

// firstNode returns the first node of a response, or the zero value. An error with
// the code notFound means that there is no node; codes.OK means that no code does.
func firstNode[N any](ns []N, err error, notFound codes.Code) (none N, _ error) {
	if err != nil {
		if notFound != codes.OK && status.Code(err) == notFound {
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

// optionalID returns a pointer to i, or nil if i is 0.
func optionalID(i int64) *int64 {
	if i == 0 {
		return nil
	}
	return new(i)
}
