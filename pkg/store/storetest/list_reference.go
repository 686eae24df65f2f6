package storetest

import (
	"cmp"
	"slices"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// repeatedNodes checks the pages of the reference implementation, whose tokens do
// not identify a position: by create time it skips nodes with smaller IDs, and by
// update time it excludes only the nodes of the previous page.
func repeatedNodes(s *scene) {
	name, ids := s.someArtifacts(12)
	early := ordered(sized(20), byCreateTime, true)
	early.NextPageToken = new(encode(&mlmdpb.ListOperationNextPageToken{
		FieldOffset: new(int64(0)), IdOffset: &ids[5], SetOptions: ordered(sized(20), byCreateTime, true),
	}))
	got, _, err := s.ofType(name, early)
	s.ok(err)
	equalList(s, "ids created later, with larger ids only", got, ids[6:]...)

	read, err := s.rpc.GetArtifactsByID(s.ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: ids})
	s.ok(err)
	times := map[int64]int64{}
	for _, a := range read.Artifacts {
		times[a.GetId()] = a.GetLastUpdateTimeSinceEpoch()
	}
	again := ordered(sized(20), byUpdateTime, true)
	again.NextPageToken = new(encode(&mlmdpb.ListOperationNextPageToken{
		FieldOffset: new(times[ids[0]]), ListedIds: ids[3:4], SetOptions: ordered(sized(20), byUpdateTime, true),
	}))
	got, _, err = s.ofType(name, again)
	s.ok(err)
	equalList(s, "ids updated since the first, but for the one listed", got, slices.Concat(ids[:3], ids[4:])...)

	for _, ascending := range []bool{true, false} {
		for _, size := range []int{1, 2, 5, 12} {
			s.forgetfulPages(name, times, ascending, size)
		}
	}
}

// forgetfulPages checks that each page by update time begins at the time of the last
// node of the previous page, without that page's nodes of the same time.
func (s *scene) forgetfulPages(name string, times map[int64]int64, ascending bool, size int) {
	sign := 1
	if !ascending {
		sign = -1
	}
	var all []int64
	for id := range times {
		all = append(all, id)
	}
	slices.SortFunc(all, func(a, b int64) int { return sign * cmp.Or(cmp.Compare(times[a], times[b]), cmp.Compare(a, b)) })
	o := ordered(sized(int32(size)), byUpdateTime, ascending)
	left := all
	for range len(all) + 1 {
		page := left[:min(size, len(left))]
		got, next, err := s.ofType(name, o)
		s.ok(err)
		equalList(s, "ids of a page of "+itoa(int64(size)), got, page...)
		goesOn := len(left) > size
		equal(s, "that a page follows", next != nil && *next != "", goesOn)
		if !goesOn {
			return
		}
		o.NextPageToken = next
		last := times[page[len(page)-1]]
		left = slices.DeleteFunc(slices.Clone(all), func(id int64) bool {
			return sign*cmp.Compare(times[id], last) < 0 || times[id] == last && slices.Contains(page, id)
		})
	}
}
