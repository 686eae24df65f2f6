package storetest

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func (s *scene) link(attributions []*mlmdpb.Attribution, associations []*mlmdpb.Association) error {
	_, err := s.rpc.PutAttributionsAndAssociations(s.ctx, &mlmdpb.PutAttributionsAndAssociationsRequest{
		Attributions: attributions, Associations: associations,
	})
	return err
}

func (s *scene) parents(links ...*mlmdpb.ParentContext) error {
	_, err := s.rpc.PutParentContexts(s.ctx, &mlmdpb.PutParentContextsRequest{ParentContexts: links})
	return err
}

func child(child, parent int64) *mlmdpb.ParentContext {
	return &mlmdpb.ParentContext{ChildId: &child, ParentId: &parent}
}

// newContexts creates contexts of one new type.
func (s *scene) newContexts(n int) []int64 {
	s.Helper()
	typeID, _ := contexts.newType(s, nil)
	var out []int64
	for i := range n {
		out = append(out, contexts.one(s, node{typeID: &typeID, name: proto.String(s.own(string(rune('a' + i))))}))
	}
	return out
}

func (s *scene) contextsOfArtifact(id int64) ([]int64, error) {
	r, err := s.rpc.GetContextsByArtifact(s.ctx, &mlmdpb.GetContextsByArtifactRequest{ArtifactId: &id})
	return mapped(r.GetContexts(), (*mlmdpb.Context).GetId), err
}

func (s *scene) contextsOfExecution(id int64) ([]int64, error) {
	r, err := s.rpc.GetContextsByExecution(s.ctx, &mlmdpb.GetContextsByExecutionRequest{ExecutionId: &id})
	return mapped(r.GetContexts(), (*mlmdpb.Context).GetId), err
}

func (s *scene) artifactsOfContext(id int64) ([]int64, error) {
	r, err := s.rpc.GetArtifactsByContext(s.ctx, &mlmdpb.GetArtifactsByContextRequest{ContextId: &id})
	return mapped(r.GetArtifacts(), (*mlmdpb.Artifact).GetId), err
}

func (s *scene) executionsOfContext(id int64) ([]int64, error) {
	r, err := s.rpc.GetExecutionsByContext(s.ctx, &mlmdpb.GetExecutionsByContextRequest{ContextId: &id})
	return mapped(r.GetExecutions(), (*mlmdpb.Execution).GetId), err
}

func (s *scene) parentsOf(id int64) []int64 {
	s.Helper()
	r, err := s.rpc.GetParentContextsByContext(s.ctx, &mlmdpb.GetParentContextsByContextRequest{ContextId: &id})
	s.ok(err)
	return mapped(r.Contexts, (*mlmdpb.Context).GetId)
}

func (s *scene) childrenOf(id int64) []int64 {
	s.Helper()
	r, err := s.rpc.GetChildrenContextsByContext(s.ctx, &mlmdpb.GetChildrenContextsByContextRequest{ContextId: &id})
	s.ok(err)
	return mapped(r.Contexts, (*mlmdpb.Context).GetId)
}

func edgeCases() []Case {
	return append(linkCases(), append(parentCases(), contextBatchCase())...)
}

func linkCases() []Case {
	return []Case{
		{Name: "attributions and associations can be repeated", Run: on(func(s *scene) {
			a, e := s.pair()
			c := s.newContexts(2)
			attribution := &mlmdpb.Attribution{ArtifactId: &a, ContextId: &c[1]}
			association := &mlmdpb.Association{ExecutionId: &e, ContextId: &c[0]}
			for range 2 {
				s.ok(s.link([]*mlmdpb.Attribution{attribution, attribution}, []*mlmdpb.Association{association, association}))
			}
			got, err := s.contextsOfArtifact(a)
			s.ok(err)
			equalList(s, "the contexts of the artifact", got, c[1])
			got, err = s.contextsOfExecution(e)
			s.ok(err)
			equalList(s, "the contexts of the execution", got, c[0])
			got, err = s.artifactsOfContext(c[1])
			s.ok(err)
			equalList(s, "the artifacts of the context", got, a)
			got, err = s.executionsOfContext(c[0])
			s.ok(err)
			equalList(s, "the executions of the context", got, e)
			s.ok(s.link(nil, nil))
		})},
		{Name: "a link to a missing node is rejected without a write", Run: on(func(s *scene) {
			a, e := s.pair()
			c := s.newContexts(1)[0]
			none := int64(1 << 40)
			good := &mlmdpb.Attribution{ArtifactId: &a, ContextId: &c}
			for _, r := range []struct {
				attribution *mlmdpb.Attribution
				association *mlmdpb.Association
				fragment    string
			}{
				{&mlmdpb.Attribution{ArtifactId: &a, ContextId: &none}, nil, "Context id not found."},
				{&mlmdpb.Attribution{ArtifactId: &none, ContextId: &c}, nil, "Artifact id not found."},
				{&mlmdpb.Attribution{}, nil, "Context id not found."},
				{&mlmdpb.Attribution{ContextId: &c}, nil, "Artifact id not found."},
				{nil, &mlmdpb.Association{ExecutionId: &e, ContextId: &none}, "Context id not found."},
				{nil, &mlmdpb.Association{ExecutionId: &none, ContextId: &c}, "Execution id not found."},
				{nil, &mlmdpb.Association{ExecutionId: &none, ContextId: &none}, "Context id not found."},
				{nil, &mlmdpb.Association{ContextId: &c}, "Execution id not found."},
			} {
				attributions, associations := []*mlmdpb.Attribution{good}, []*mlmdpb.Association(nil)
				if r.attribution != nil {
					attributions = append(attributions, r.attribution)
				}
				if r.association != nil {
					associations = append(associations, r.association)
				}
				s.refused(s.link(attributions, associations), codes.InvalidArgument, r.fragment)
			}
			got, err := s.artifactsOfContext(c)
			s.ok(err)
			equal(s, "the number of artifacts", len(got), 0)
		})},
		{Name: "contexts of missing nodes and of nodes without contexts", Run: on(func(s *scene) {
			a, e := s.pair()
			c := s.newContexts(1)[0]
			for _, id := range []int64{a, 0, -1, 1 << 40} {
				_, err := s.contextsOfArtifact(id)
				s.refused(err, codes.NotFound, "No contexts found for artifact_id: ")
			}
			for _, id := range []int64{e, 0, -1, 1 << 40} {
				_, err := s.contextsOfExecution(id)
				s.refused(err, codes.NotFound, "No contexts found for execution_id: ")
			}
			for _, id := range []int64{c, 0, -1, 1 << 40} {
				got, err := s.artifactsOfContext(id)
				s.ok(err)
				equal(s, "the number of artifacts", len(got), 0)
				got, err = s.executionsOfContext(id)
				s.ok(err)
				equal(s, "the number of executions", len(got), 0)
				equal(s, "the number of parents", len(s.parentsOf(id)), 0)
				equal(s, "the number of children", len(s.childrenOf(id)), 0)
			}
			_, err := s.rpc.GetContextsByArtifact(s.ctx, &mlmdpb.GetContextsByArtifactRequest{})
			s.refused(err, codes.NotFound, "No contexts found for artifact_id: ")
			_, err = s.rpc.GetContextsByExecution(s.ctx, &mlmdpb.GetContextsByExecutionRequest{})
			s.refused(err, codes.NotFound, "No contexts found for execution_id: ")
		})},
	}
}

func parentCases() []Case {
	const cycle = "There is a cycle detected of the given relationship."
	return []Case{
		{Name: "contexts have parents and children of one level", Run: on(func(s *scene) {
			c := s.newContexts(4)
			s.ok(s.parents(child(c[1], c[0]), child(c[2], c[0]), child(c[3], c[1]), child(c[3], c[2])))
			equalList(s, "the children", s.childrenOf(c[0]), c[1], c[2])
			equalList(s, "the parents", s.parentsOf(c[3]), c[1], c[2])
			equalList(s, "the parents of the top", s.parentsOf(c[0]))
			s.ok(s.parents())
		})},
		{Name: "an invalid parent is rejected without a write", Run: on(func(s *scene) {
			c := s.newContexts(4)
			s.ok(s.parents(child(c[1], c[0]), child(c[2], c[1])))
			for _, r := range []struct {
				link     *mlmdpb.ParentContext
				code     codes.Code
				fragment string
			}{
				{&mlmdpb.ParentContext{}, codes.InvalidArgument, "Missing parent / child id"},
				{&mlmdpb.ParentContext{ChildId: &c[0]}, codes.InvalidArgument, "Missing parent / child id"},
				{&mlmdpb.ParentContext{ParentId: &c[0]}, codes.InvalidArgument, "Missing parent / child id"},
				{child(c[0], c[0]), codes.InvalidArgument, "cannot be found"},
				{child(c[0], 1<<40), codes.InvalidArgument, "cannot be found"},
				{child(0, c[0]), codes.InvalidArgument, "cannot be found"},
				{child(-1, -2), codes.InvalidArgument, "cannot be found"},
				{child(c[0], c[1]), codes.InvalidArgument, cycle},
				{child(c[0], c[2]), codes.InvalidArgument, cycle},
				{child(c[1], c[0]), codes.AlreadyExists, "Given parent_context already exists: "},
			} {
				s.Logf("%v", r.link)
				s.refused(s.parents(child(c[3], c[0]), r.link), r.code, r.fragment)
			}
			s.refused(
				s.parents(child(c[3], c[0]), child(c[3], c[0])), codes.AlreadyExists,
				"Given parent_context already exists: ",
			)
			s.refused(s.parents(child(c[3], c[2]), child(c[0], c[3])), codes.InvalidArgument, cycle)
			equal(s, "the number of parents", len(s.parentsOf(c[3])), 0)
		})},
	}
}

func contextBatchCase() Case {
	return Case{
		Name: "parents and children of many contexts in one reply", Requires: []Capability{ContextRelativesByBatch},
		Run: on(func(s *scene) {
			c := s.newContexts(4)
			s.ok(s.parents(child(c[1], c[0]), child(c[2], c[0]), child(c[2], c[1])))
			up, err := s.rpc.GetParentContextsByContexts(
				s.ctx, &mlmdpb.GetParentContextsByContextsRequest{ContextIds: append(c, c[2], 1<<40)},
			)
			s.ok(err)
			equal(s, "the number of contexts with parents", len(up.Contexts), 2)
			equalList(s, "the parents", mapped(up.Contexts[c[2]].GetParentContexts(), (*mlmdpb.Context).GetId), c[0], c[1])
			equalList(s, "the parents", mapped(up.Contexts[c[1]].GetParentContexts(), (*mlmdpb.Context).GetId), c[0])
			s.same(up.Contexts[c[1]].ParentContexts[0], contexts.read(s, c[0]).context())
			down, err := s.rpc.GetChildrenContextsByContexts(s.ctx, &mlmdpb.GetChildrenContextsByContextsRequest{ContextIds: c})
			s.ok(err)
			equal(s, "the number of contexts with children", len(down.Contexts), 2)
			equalList(s, "the children", mapped(down.Contexts[c[0]].GetChildrenContexts(), (*mlmdpb.Context).GetId), c[1], c[2])
			s.relativesOfMany()
			_, err = s.rpc.GetParentContextsByContexts(s.ctx, &mlmdpb.GetParentContextsByContextsRequest{})
			s.refused(err, codes.InvalidArgument, "Given context_ids is empty.")
			_, err = s.rpc.GetChildrenContextsByContexts(s.ctx, &mlmdpb.GetChildrenContextsByContextsRequest{})
			s.refused(err, codes.InvalidArgument, "Given context_ids is empty.")
		}),
		WithoutCapability: on(func(s *scene) {
			_, err := s.rpc.GetParentContextsByContexts(
				s.ctx, &mlmdpb.GetParentContextsByContextsRequest{ContextIds: []int64{1}},
			)
			s.refused(err, codes.Unimplemented, "")
			_, err = s.rpc.GetChildrenContextsByContexts(
				s.ctx, &mlmdpb.GetChildrenContextsByContextsRequest{ContextIds: []int64{1}},
			)
			s.refused(err, codes.Unimplemented, "")
		}),
	}
}

// relativesOfMany links each of many children to two parents.
func (s *scene) relativesOfMany() {
	const n = 20
	parents, children := s.newContexts(n), s.newContexts(n)
	var links []*mlmdpb.ParentContext
	for i, c := range children {
		links = append(links, child(c, parents[(i+1)%n]), child(c, parents[i]))
	}
	s.ok(s.parents(links...))
	up, err := s.rpc.GetParentContextsByContexts(s.ctx, &mlmdpb.GetParentContextsByContextsRequest{ContextIds: children})
	s.ok(err)
	down, err := s.rpc.GetChildrenContextsByContexts(
		s.ctx, &mlmdpb.GetChildrenContextsByContextsRequest{ContextIds: parents},
	)
	s.ok(err)
	both := func(ids []int64, i, j int) []int64 { return []int64{ids[min(i, j)], ids[max(i, j)]} }
	for i := range n {
		equalList(
			s, "the parents", mapped(up.Contexts[children[i]].GetParentContexts(), (*mlmdpb.Context).GetId),
			both(parents, i, (i+1)%n)...,
		)
		equalList(
			s, "the children", mapped(down.Contexts[parents[i]].GetChildrenContexts(), (*mlmdpb.Context).GetId),
			both(children, i, (i+n-1)%n)...,
		)
	}
}
