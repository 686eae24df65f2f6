package engine

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// The wanted tokens are those of the reference implementation.
func TestEncodeToken_EqualsReference(t *testing.T) {
	by := func(field orderBy) *mlmdpb.ListOperationOptions {
		return &mlmdpb.ListOperationOptions{
			MaxResultSize: new(int32(2)), NextPageToken: new("token of the previous page"),
			OrderByField: &mlmdpb.ListOperationOptions_OrderByField{Field: &field, IsAsc: new(false)},
		}
	}
	for _, c := range []struct {
		options *mlmdpb.ListOperationOptions
		field   orderBy
		page    []cursor
		want    string
	}{
		{&mlmdpb.ListOperationOptions{MaxResultSize: new(int32(2))}, byID, []cursor{{0, 1}, {0, 2}}, "CAIQAhoCCAI"},
		{by(byCreateTime), byCreateTime, []cursor{{4000, 5}, {3000, 4}}, "CAQQuBcaCAgCEgQIARAA"},
		{by(byUpdateTime), byUpdateTime, []cursor{{5000, 2}, {4000, 5}}, "EKAfGggIAhIECAIQACAF"},
	} {
		before := proto.CloneOf(c.options)
		got, err := encodeToken(c.options, c.field, c.page)
		if err != nil || got != c.want {
			t.Errorf("the token by %v is %s, %v; want %s", c.field, got, err, c.want)
		}
		if !proto.Equal(before, c.options) {
			t.Errorf("the options by %v were changed", c.field)
		}
		token, err := decodeToken(" " + c.want + "\n")
		if err != nil || token.GetSetOptions().GetMaxResultSize() != 2 {
			t.Errorf("%s is read as %v, %v", c.want, token, err)
		}
	}
}

func TestEncodeToken_ListsIDsWithLastTime(t *testing.T) {
	o := &mlmdpb.ListOperationOptions{}
	text, err := encodeToken(o, byUpdateTime, []cursor{{1, 9}, {2, 3}, {2, 4}, {2, 8}})
	if err != nil {
		t.Fatal(err)
	}
	token, err := decodeToken(text)
	if err != nil {
		t.Fatal(err)
	}
	want := &mlmdpb.ListOperationNextPageToken{FieldOffset: new(int64(2)), SetOptions: o, ListedIds: []int64{8, 4, 3}}
	if !proto.Equal(token, want) {
		t.Errorf("the token is %v; want %v", token, want)
	}
}
