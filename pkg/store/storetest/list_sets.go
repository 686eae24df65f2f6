package storetest

import (
	"slices"
	"strconv"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// brokenOptions are options that every list that evaluates them rejects.
func brokenOptions() *listOptions {
	return &listOptions{MaxResultSize: new(int32(-1)), FilterQuery: new("syntax error here"), NextPageToken: new("!")}
}

func pagesOfAType(s *scene) {
	name, ids := s.someArtifacts(5)
	got, next, err := s.ofType(name, nil)
	s.ok(err)
	slices.Sort(got)
	equalList(s, "ids without options", got, ids...)
	equal(s, "that there is a token", next != nil, false)

	o := ordered(sized(3), byID, false)
	got, next, err = s.ofType(name, o)
	s.ok(err)
	equalList(s, "ids of page 1", got, ids[4], ids[3], ids[2])
	o.NextPageToken = next
	got, next, err = s.ofType(name, o)
	s.ok(err)
	equalList(s, "ids of page 2", got, ids[1], ids[0])
	equal(s, "that the last page has an empty token", next != nil && *next == "", true)

	got, next, err = s.ofType(name, &listOptions{FilterQuery: new("id < 0")})
	s.ok(err)
	equalList(s, "ids of an empty page", got)
	equal(s, "that the token is empty", next != nil && *next == "", true)

	for _, unknown := range []string{s.own("missing"), s.emptyType()} {
		got, next, err = s.ofType(unknown, brokenOptions())
		s.ok(err) // the options of an empty list are not checked
		equalList(s, "ids of an empty type", got)
		equal(s, "that there is a token", next != nil, false)
	}
	_, _, err = s.ofType(name, brokenOptions())
	s.refused(err, codes.InvalidArgument, "max_result_size")
}

func (s *scene) emptyType() string {
	name, _ := s.someArtifacts(0)
	return name
}

// pagesOfAContext lists the artifacts and executions of contexts by pages.
func pagesOfAContext(s *scene) {
	g := newGallery(s)
	artifacts := func(context int64, o *listOptions) ([]int64, *string, error) {
		r, err := s.rpc.GetArtifactsByContext(s.ctx, &mlmdpb.GetArtifactsByContextRequest{ContextId: &context, Options: o})
		var ids []int64
		for _, a := range r.GetArtifacts() {
			ids = append(ids, a.GetId())
		}
		if r == nil {
			return ids, nil, err
		}
		return ids, r.NextPageToken, err
	}
	got, next, err := artifacts(g.contexts[0], nil)
	s.ok(err)
	slices.Sort(got)
	equalList(s, "artifacts without options", got, g.artifacts[:3]...)
	equal(s, "that there is a token", next != nil, false)

	o := ordered(sized(2), byCreateTime, false)
	got, next, err = artifacts(g.contexts[0], o)
	s.ok(err)
	equalList(s, "artifacts of page 1", got, g.artifacts[2], g.artifacts[1])
	o.NextPageToken = next
	got, next, err = artifacts(g.contexts[0], o)
	s.ok(err)
	equalList(s, "artifacts of page 2", got, g.artifacts[0])
	equal(s, "that the last page has a token", next != nil, false)

	got, _, err = artifacts(g.contexts[0], &listOptions{FilterQuery: new("contexts_a.name = 'study-y'")})
	s.ok(err)
	equalList(s, "artifacts of both contexts", got, g.artifacts[1])

	for _, empty := range []int64{g.contexts[2], 2_000_000_000, 1 << 40, 0, -1} {
		got, next, err := artifacts(empty, brokenOptions())
		s.ok(err) // the options of an empty list are not checked
		equalList(s, "artifacts of an empty context", got)
		equal(s, "that there is a token", next != nil, false)
	}
	_, _, err = artifacts(g.contexts[0], brokenOptions())
	s.refused(err, codes.InvalidArgument, "max_result_size")

	r, err := s.rpc.GetExecutionsByContext(s.ctx, &mlmdpb.GetExecutionsByContextRequest{
		ContextId: &g.contexts[1], Options: ordered(
			&listOptions{FilterQuery: new("last_known_state IS NULL")}, byUpdateTime, true,
		),
	})
	s.ok(err)
	equal(s, "the number of executions", len(r.Executions), 1)
	if len(r.Executions) == 1 {
		equal(s, "the execution", r.Executions[0].GetId(), g.executions[2])
	}
}

// everyNodeOnce lists nodes of which many have equal times, and others have times
// that do not ascend with their IDs.
func everyNodeOnce(s *scene) {
	name, ids := s.someArtifacts(12)
	for _, n := range []int{7, 2, 9} { // updated after the others
		for _, uri := range []string{"x", "y"} {
			read, err := s.rpc.GetArtifactsByID(s.ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: ids[n : n+1]})
			s.ok(err)
			a := read.Artifacts[0]
			a.Uri = &uri
			_, err = s.rpc.PutArtifacts(s.ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{a}})
			s.ok(err)
		}
	}
	for _, field := range []orderField{byID, byCreateTime, byUpdateTime} {
		for _, ascending := range []bool{true, false} {
			for _, size := range []int32{1, 2, 5, 12} {
				o := ordered(sized(size), field, ascending)
				var seen []int64
				for range len(ids) + 1 {
					got, next, err := s.ofType(name, o)
					s.ok(err)
					seen = append(seen, got...)
					if next == nil || *next == "" {
						break
					}
					o.NextPageToken = next
				}
				slices.Sort(seen)
				equalList(s, "ids by "+field.String()+" in pages of "+itoa(int64(size)), seen, ids...)
			}
		}
	}
}
