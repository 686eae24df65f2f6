package evolution_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/mlmd-go/sdk/pkg/mlmd"
	map1 "github.com/mlmd-go/sdk/suites/evolution/v1/mapping"
	model1 "github.com/mlmd-go/sdk/suites/evolution/v1/model"
	"github.com/mlmd-go/sdk/suites/evolution/v2/convert"
	map2 "github.com/mlmd-go/sdk/suites/evolution/v2/mapping"
	model2 "github.com/mlmd-go/sdk/suites/evolution/v2/model"
)

// up and down convert any entity that both versions have.
func up(v any) any {
	switch v := v.(type) {
	case *model1.DataSet:
		return convert.DataSetUp(v)
	case *model1.Project:
		return convert.ProjectUp(v)
	case *model1.Run:
		return convert.RunUp(v)
	default:
		return convert.TeamUp(v.(*model1.Team))
	}
}

func down(v any) any {
	switch v := v.(type) {
	case *model2.DataSet:
		return convert.DataSetDown(v)
	case *model2.Project:
		return convert.ProjectDown(v)
	case *model2.Run:
		return convert.RunDown(v)
	default:
		return convert.TeamDown(v.(*model2.Team))
	}
}

// What the older version knows is the same after the way up and down, and what the
// newer version reads of the node of an older entity is the entity converted.
func FuzzConversions(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	newer := map[string]mlmd.AnyMapping{}
	for _, e := range map2.Catalog {
		newer[e.Type().Entity] = e
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, one := range map1.Catalog {
			r := random{rand.New(rand.NewPCG(seed, 1))}
			v, parent := r.entity(one)
			there := up(v)
			if back := down(there); !reflect.DeepEqual(back, v) {
				t.Errorf("%s, up and down:\n got %+v\nwant %+v", one.Type().Entity, back, v)
			}
			node, err := one.EncodeAny(v, parent)
			if err != nil {
				t.Fatal(err)
			}
			read, err := newer[one.Type().Entity].DecodeAny(node)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(there, read) {
				t.Errorf("%s, up:\n got %+v\nread %+v", one.Type().Entity, there, read)
			}
		}
	})
}

func TestConversions_Lost(t *testing.T) {
	want := []string{
		"DataSetDown: format keeps iceberg, which the other version does not know",
		"DataSetDown: size keeps only whole numbers",
		"DataSetDown: license is lost: the other version lacks it",
		"DataSetDown: tags is lost: the other version lacks it",
		"DataSetDown: columns[].unit is lost: the other version lacks it",
		"DataSetDown: storage keeps stream, which the other version does not know",
		"RunDown: retries is lost: the other version lacks it",
	}
	if !slices.Equal(convert.Lost, want) {
		t.Errorf("got %q", convert.Lost)
	}
	set := convert.DataSetDown(&model2.DataSet{
		Name: "a", Format: new(model2.FormatIceberg), Size: new(0.5), Rows: nil,
		Columns: []model2.Column{{Name: "height", Remark: new("of people"), Unit: new("m")}},
	})
	if *set.Format != "iceberg" || set.Size != nil || set.Rows != 0 || *set.Columns[0].Note != "of people" {
		t.Errorf("got %+v", set)
	}
	if convert.DataSetUp(nil) != nil || convert.RunDown(nil) != nil {
		t.Error("nil became something")
	}
}
