package storetest

import (
	"encoding/base64"
	"math"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

type (
	listOptions = mlmdpb.ListOperationOptions
	orderField  = mlmdpb.ListOperationOptions_OrderByField_Field
)

const (
	byCreateTime = mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME
	byUpdateTime = mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME
	byID         = mlmdpb.ListOperationOptions_OrderByField_ID
)

func ordered(o *listOptions, field orderField, ascending bool) *listOptions {
	o.OrderByField = &mlmdpb.ListOperationOptions_OrderByField{Field: &field, IsAsc: &ascending}
	return o
}

func sized(n int32) *listOptions { return &listOptions{MaxResultSize: &n} }

func listCases() []Case {
	return []Case{
		{Name: "lists can be paged in every order", Requires: []Capability{EmptyStore}, Run: on(pagesInEveryOrder)},
		{Name: "a list without options contains everything", Requires: []Capability{EmptyStore}, Run: on(listWithoutOptions)},
		{Name: "the size of a page has limits", Run: on(pageSizes)},
		{
			Name: "a page has 101 nodes at most", Requires: []Capability{PagesBeyond100},
			Run:               on(func(s *scene) { longPage(s, true) }),
			WithoutCapability: on(func(s *scene) { longPage(s, false) }),
		},
		{Name: "options are checked in a fixed order", Run: on(optionsAreChecked)},
		{Name: "an invalid page token is rejected", Run: on(brokenTokens)},
		{Name: "a page token identifies the end of the page", Run: on(tokensSayWhere)},
		{Name: "filter and size may change between pages", Run: on(changesBetweenPages)},
		{Name: "nodes of a type are listed by pages", Run: on(pagesOfAType)},
		{Name: "nodes of a context are listed by pages", Run: on(pagesOfAContext)},
		{
			Name: "paging returns every node once in every order", Requires: []Capability{CompletePages},
			Run: on(everyNodeOnce), WithoutCapability: on(repeatedNodes),
		},
	}
}

// pagesInEveryOrder lists the gallery two artifacts at a time.
func pagesInEveryOrder(s *scene) {
	g := newGallery(s)
	for _, walk := range []struct {
		field     orderField
		ascending bool
		pages     [][]int
	}{
		{byID, true, [][]int{{1, 2}, {3, 4}, {5}}},
		{byID, false, [][]int{{5, 4}, {3, 2}, {1}}},
		{byCreateTime, true, [][]int{{1, 2}, {3, 4}, {5}}},
		{byCreateTime, false, [][]int{{5, 4}, {3, 2}, {1}}},
		{byUpdateTime, false, [][]int{{2, 5}, {4, 3}, {1}}},
		{byUpdateTime, true, [][]int{{1, 3}, {4, 5}, {2}}},
	} {
		o := ordered(sized(2), walk.field, walk.ascending)
		for i, want := range walk.pages {
			ids, next, err := g.page(anArtifact, o)
			g.ok(err)
			var got []int
			for _, id := range ids {
				got = append(got, 1+slices.Index(g.artifacts, id))
			}
			if !slices.Equal(got, want) {
				g.Errorf("page %d by %v, ascending %v, is %v; want %v", i+1, walk.field, walk.ascending, got, want)
			}
			equal(g.scene, "that a page follows", next != "", i < len(walk.pages)-1)
			o.NextPageToken = &next
		}
	}
}

func listWithoutOptions(s *scene) {
	g := newGallery(s)
	all, err := s.rpc.GetArtifacts(s.ctx, &mlmdpb.GetArtifactsRequest{})
	s.ok(err)
	equal(s, "the number of artifacts", len(all.Artifacts), len(g.artifacts))
	equal(s, "that there is a token", all.NextPageToken != nil, false)
	contexts, err := s.rpc.GetContexts(s.ctx, &mlmdpb.GetContextsRequest{Options: &listOptions{}})
	s.ok(err)
	var ids []int64
	for _, c := range contexts.Contexts {
		ids = append(ids, c.GetId())
	}
	equalList(s, "contexts by empty options", ids, g.contexts...)
	equal(s, "that there is a token", contexts.NextPageToken != nil, false)
}

// someArtifacts creates n artifacts of a new type.
func (s *scene) someArtifacts(n int) (typeName string, ids []int64) {
	name := s.newTypeName()
	typ, err := s.rpc.PutArtifactType(
		s.ctx, &mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{Name: &name}},
	)
	s.ok(err)
	req := &mlmdpb.PutArtifactsRequest{}
	for range n {
		req.Artifacts = append(req.Artifacts, &mlmdpb.Artifact{TypeId: typ.TypeId})
	}
	put, err := s.rpc.PutArtifacts(s.ctx, req)
	s.ok(err)
	return name, put.ArtifactIds
}

func (s *scene) newTypeName() string {
	s.types++
	return s.own("listed" + strings.Repeat("x", s.types))
}

// ofType returns one page of the artifacts of a type.
func (s *scene) ofType(name string, o *listOptions) (ids []int64, next *string, err error) {
	r, err := s.rpc.GetArtifactsByType(s.ctx, &mlmdpb.GetArtifactsByTypeRequest{TypeName: &name, Options: o})
	for _, a := range r.GetArtifacts() {
		ids = append(ids, a.GetId())
	}
	if r == nil {
		return ids, nil, err
	}
	return ids, r.NextPageToken, err
}

func pageSizes(s *scene) {
	name, ids := s.someArtifacts(25)
	got, next, err := s.ofType(name, &listOptions{})
	s.ok(err)
	equalList(s, "ids of the default page", got, ids[:20]...)
	equal(s, "that a page follows", next != nil && *next != "", true)
	for _, n := range []int32{1, 24, 25, 100} {
		got, next, err := s.ofType(name, sized(n))
		s.ok(err)
		equalList(s, "ids", got, ids[:min(int(n), len(ids))]...)
		equal(s, "that a page follows", next != nil && *next != "", int(n) < len(ids))
	}
	for _, n := range []int32{0, -1, math.MinInt32} {
		_, _, err := s.ofType(name, sized(n))
		s.refused(
			err, codes.InvalidArgument,
			"max_result_size field value is required to be greater than 0 and less than or equal to 100. Set value:",
		)
	}
	_, _, err = s.ofType(name, sized(math.MaxInt32))
	s.refused(
		err, codes.InvalidArgument,
		"max_result_size field value is required to be greater than 0. Set value: -2147483648",
	)
}

func longPage(s *scene, goesOn bool) {
	name, ids := s.someArtifacts(110)
	for _, n := range []int32{101, 102, 1000} {
		got, next, err := s.ofType(name, sized(n))
		s.ok(err)
		equalList(s, "ids", got, ids[:101]...)
		equal(s, "that a page follows", next != nil && *next != "", goesOn)
	}
}

func optionsAreChecked(s *scene) {
	name, _ := s.someArtifacts(3)
	o := ordered(sized(-1), mlmdpb.ListOperationOptions_OrderByField_FIELD_UNSPECIFIED, true)
	o.FilterQuery, o.NextPageToken = new("foo = 1"), new("!")
	for _, step := range []struct {
		fragment string
		mend     func()
	}{
		{"max_result_size", func() { o.MaxResultSize = new(int32(2)) }},
		{"Invalid `filter_query`: Unrecognized name: foo", func() { o.FilterQuery = nil }},
		{"Failed to decode next page token string", func() { o.NextPageToken = new("CAIQAhoCCAI") }},
		{"ListOperationOptions mismatch between calls", func() { o.NextPageToken = nil }},
		{"Unsupported field: FIELD_UNSPECIFIED specified in ListOperationOptions", func() { o.OrderByField = nil }},
	} {
		_, _, err := s.ofType(name, o)
		s.refused(err, codes.InvalidArgument, step.fragment)
		step.mend()
	}
	_, _, err := s.ofType(name, o)
	s.ok(err)
	unknown := orderField(9)
	o.OrderByField = &mlmdpb.ListOperationOptions_OrderByField{Field: &unknown}
	_, _, err = s.ofType(name, o) // the same as unset
	s.ok(err)
}

// encode returns a page token.
func encode(t *mlmdpb.ListOperationNextPageToken) string {
	text, err := proto.Marshal(t)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func brokenTokens(s *scene) {
	name, ids := s.someArtifacts(5)
	for token, fragment := range map[string]string{
		"!":    "Failed to decode next page token string",
		"CA+/": "Failed to decode next page token string",
		"_w":   "Failed to parse decoded next page token into ListOperationNextPageToken proto message",
	} {
		_, _, err := s.ofType(name, &listOptions{NextPageToken: &token})
		s.refused(err, codes.InvalidArgument, fragment)
	}
	_, next, err := s.ofType(name, sized(2))
	s.ok(err)
	for _, other := range []*listOptions{ordered(sized(2), byID, false), ordered(sized(2), byCreateTime, true)} {
		other.NextPageToken = next
		_, _, err := s.ofType(name, other)
		s.refused(err, codes.InvalidArgument, "ListOperationOptions mismatch between calls Initial Options: ")
	}
	bare := ordered(&listOptions{}, byUpdateTime, true)
	bare.NextPageToken = new(encode(&mlmdpb.ListOperationNextPageToken{
		FieldOffset: new(int64(0)), SetOptions: ordered(&listOptions{}, byUpdateTime, true),
	}))
	_, _, err = s.ofType(name, bare)
	s.refused(err, codes.InvalidArgument, "Invalid NextPageToken in List Operation. listed_ids field should not be empty.")
	for _, token := range []string{*next + "==", " " + *next + "\n", *next + "="} {
		got, _, err := s.ofType(name, &listOptions{MaxResultSize: new(int32(2)), NextPageToken: &token})
		if len(*next)%4 != 2 && strings.HasSuffix(token, "=") {
			continue // its padding would be invalid
		}
		if strings.HasSuffix(token, "=") && !strings.HasSuffix(token, "==") {
			continue
		}
		s.ok(err)
		equalList(s, "ids behind a padded token", got, ids[2:4]...)
	}
	got, _, err := s.ofType(name, &listOptions{MaxResultSize: new(int32(2)), NextPageToken: new("  ")})
	s.ok(err)
	equalList(s, "ids behind a blank token", got, ids[:2]...)
}

func tokensSayWhere(s *scene) {
	name, ids := s.someArtifacts(5)
	read, err := s.rpc.GetArtifactsByID(s.ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: ids})
	s.ok(err)
	times := map[int64]*mlmdpb.Artifact{}
	for _, a := range read.Artifacts {
		times[a.GetId()] = a
	}
	for _, o := range []*listOptions{
		sized(2), ordered(sized(2), byID, false), ordered(sized(2), byCreateTime, true),
		ordered(sized(2), byUpdateTime, false),
	} {
		got, next, err := s.ofType(name, o)
		s.ok(err)
		if next == nil || len(got) != 2 {
			s.Errorf("the first page is %v; want two nodes and a token", got)
			continue
		}
		last := times[got[1]]
		want := &mlmdpb.ListOperationNextPageToken{SetOptions: o, IdOffset: last.Id, FieldOffset: last.Id}
		switch o.GetOrderByField().GetField() {
		case byCreateTime:
			want.FieldOffset = last.CreateTimeSinceEpoch
		case byUpdateTime:
			want.IdOffset, want.FieldOffset, want.ListedIds = nil, last.LastUpdateTimeSinceEpoch, []int64{got[1]}
			if times[got[0]].GetLastUpdateTimeSinceEpoch() == last.GetLastUpdateTimeSinceEpoch() {
				want.ListedIds = append(want.ListedIds, got[0])
			}
		}
		equal(s, "the token", *next, encode(want))
	}
}

func changesBetweenPages(s *scene) {
	name, ids := s.someArtifacts(6)
	_, next, err := s.ofType(name, sized(2))
	s.ok(err)
	filter := "id != " + itoa(ids[3])
	got, _, err := s.ofType(name, &listOptions{MaxResultSize: new(int32(100)), FilterQuery: &filter, NextPageToken: next})
	s.ok(err)
	equalList(s, "ids of the second page", got, ids[2], ids[4], ids[5])
}
