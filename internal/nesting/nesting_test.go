package nesting_test

import (
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/nesting"
)

// nested is a struct in which objects, and then lists, enclose a number.
func nested(objects, lists int) *structpb.Struct {
	v := structpb.NewNumberValue(1)
	for range lists {
		v = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{structpb.NewNullValue(), v}})
	}
	s := &structpb.Struct{Fields: map[string]*structpb.Value{"a": v}}
	for range objects - 1 {
		s = &structpb.Struct{Fields: map[string]*structpb.Value{
			"a": structpb.NewStructValue(s),
			"b": structpb.NewBoolValue(true),
		}}
	}
	return s
}

func TestCheckStruct(t *testing.T) {
	for _, c := range []struct {
		s     *structpb.Struct
		depth int
		ok    bool
	}{
		{nil, 1, true},
		{&structpb.Struct{}, 1, true},
		{nested(1, 0), 3, true},
		{nested(1, 1), 5, true},
		{nested(2, 0), 6, true},
		{nested(31, 1), 95, true},
		{nested(32, 0), 96, false},
		{nested(1, 46), 95, true},
		{nested(1, 47), 97, false},
		{nested(2000, 0), 6000, false},
	} {
		if c.s != nil {
			if n := nesting.Depth(c.s); n != c.depth {
				t.Errorf("the depth is %d; want %d", n, c.depth)
			}
		}
		if err := nesting.CheckStruct(c.s); (err == nil) != c.ok {
			t.Errorf("a struct of depth %d: %v", c.depth, err)
		}
	}
}

func TestCheckType(t *testing.T) {
	typ := func(lists int) *mlmdpb.ArtifactStructType {
		a := &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_Any{Any: &mlmdpb.AnyArtifactStructType{}}}
		for range lists {
			list := &mlmdpb.ListArtifactStructType{Element: a}
			a = &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_List{List: list}}
		}
		return a
	}
	for lists, ok := range map[int]bool{0: true, 48: true, 49: false, 4000: false} {
		if err := nesting.CheckType(typ(lists)); (err == nil) != ok {
			t.Errorf("%d lists: %v", lists, err)
		}
	}
	if err := nesting.CheckType(nil); err != nil {
		t.Error(err)
	}
}
