package differential

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// Marks in place of a time: the two services have different times, so that a
// request cannot hold one. Each side puts in what it reads.
const (
	// currentTime, as the update time of a node: what the node's is.
	currentTime = 9_000_000_000_000_001
	// asRead, as the create time of a node: the node is what is stored, and what
	// else the request says replaces it field by field.
	asRead = 9_000_000_000_000_002
)

// A side is one of the two services during a sequence.
type side struct {
	conn  grpc.ClientConnInterface
	clock clock
}

func (s *side) send(ctx context.Context, st step) answer {
	st.request = s.fillIn(ctx, st.request)
	s.clock.step()
	return send(ctx, s.conn, st)
}

// answer sends the request. Replies to methods that the reference
// implementation's server leaves out are assembled from one request per
// context.
func (s *side) answer(ctx context.Context, st step) answer {
	switch r := st.request.(type) {
	case *mlmdpb.GetParentContextsByContextsRequest:
		out := &mlmdpb.GetParentContextsByContextsResponse{
			Contexts: map[int64]*mlmdpb.GetParentContextsByContextsResponse_ParentContextsPerChild{},
		}
		return s.batch(ctx, r.ContextIds, "GetParentContextsByContext", out, func(id int64, list []*mlmdpb.Context) {
			out.Contexts[id] = &mlmdpb.GetParentContextsByContextsResponse_ParentContextsPerChild{ParentContexts: list}
		})
	case *mlmdpb.GetChildrenContextsByContextsRequest:
		out := &mlmdpb.GetChildrenContextsByContextsResponse{
			Contexts: map[int64]*mlmdpb.GetChildrenContextsByContextsResponse_ChildrenContextsPerParent{},
		}
		return s.batch(ctx, r.ContextIds, "GetChildrenContextsByContext", out, func(id int64, list []*mlmdpb.Context) {
			out.Contexts[id] = &mlmdpb.GetChildrenContextsByContextsResponse_ChildrenContextsPerParent{ChildrenContexts: list}
		})
	}
	return s.send(ctx, st)
}

func (s *side) batch(ctx context.Context, ids []int64, method string, out proto.Message,
	add func(int64, []*mlmdpb.Context),
) answer {
	s.clock.step()
	if len(ids) == 0 {
		return answer{err: status.New(codes.InvalidArgument, "Given context_ids is empty.")}
	}
	for _, id := range ids {
		one := send(ctx, s.conn, step{method, relativesRequest(method, id)})
		if one.err.Code() != codes.OK {
			return one
		}
		if list := one.reply.(interface{ GetContexts() []*mlmdpb.Context }).GetContexts(); len(list) > 0 {
			add(id, list)
		}
	}
	return answer{out, status.New(codes.OK, "")}
}

func relativesRequest(method string, id int64) proto.Message {
	if method == "GetParentContextsByContext" {
		return &mlmdpb.GetParentContextsByContextRequest{ContextId: &id}
	}
	return &mlmdpb.GetChildrenContextsByContextRequest{ContextId: &id}
}

// alike compares the answers of two sides.
func (s *side) alike(st step, mine, theirs answer, other *side) bool {
	return same(st.method, mine, theirs, &s.clock, &other.clock)
}

// fillIn replaces the marks of a request.
func (s *side) fillIn(ctx context.Context, r proto.Message) proto.Message {
	marked := false
	walk(r.ProtoReflect(), func(m protoreflect.Message) { marked = marked || isMarked(m) })
	if !marked {
		return r
	}
	out := proto.Clone(r)
	walk(out.ProtoReflect(), func(m protoreflect.Message) {
		if isMarked(m) {
			s.fillInNode(ctx, m)
		}
	})
	return out
}

var (
	createTime protoreflect.Name = "create_time_since_epoch"
	updateTime protoreflect.Name = "last_update_time_since_epoch"
)

func isMarked(m protoreflect.Message) bool {
	return intField(m, createTime) == asRead || intField(m, updateTime) == currentTime
}

func intField(m protoreflect.Message, name protoreflect.Name) int64 {
	if f := m.Descriptor().Fields().ByName(name); f != nil && f.Kind() == protoreflect.Int64Kind {
		return m.Get(f).Int()
	}
	return 0
}

func (s *side) fillInNode(ctx context.Context, m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	stored := s.stored(ctx, m)
	whole := intField(m, createTime) == asRead
	m.Clear(fields.ByName(createTime))
	switch {
	case stored == nil:
		m.Clear(fields.ByName(updateTime))
	case whole:
		changes := proto.Clone(m.Interface())
		changes.ProtoReflect().Clear(fields.ByName(updateTime))
		proto.Reset(m.Interface())
		proto.Merge(m.Interface(), stored)
		proto.Merge(m.Interface(), changes)
	default:
		m.Set(fields.ByName(updateTime), stored.ProtoReflect().Get(fields.ByName(updateTime)))
	}
}

// stored reads the node that m names by its id.
func (s *side) stored(ctx context.Context, m protoreflect.Message) proto.Message {
	var st step
	ids := []int64{intField(m, "id")}
	switch m.Interface().(type) {
	case *mlmdpb.Artifact:
		st = step{"GetArtifactsByID", &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: ids}}
	case *mlmdpb.Execution:
		st = step{"GetExecutionsByID", &mlmdpb.GetExecutionsByIDRequest{ExecutionIds: ids}}
	default:
		st = step{"GetContextsByID", &mlmdpb.GetContextsByIDRequest{ContextIds: ids}}
	}
	switch r := send(ctx, s.conn, st).reply.(type) {
	case *mlmdpb.GetArtifactsByIDResponse:
		for _, n := range r.Artifacts {
			return n
		}
	case *mlmdpb.GetExecutionsByIDResponse:
		for _, n := range r.Executions {
			return n
		}
	case *mlmdpb.GetContextsByIDResponse:
		for _, n := range r.Contexts {
			return n
		}
	}
	return nil
}
