package evolution_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/mlmd-go/sdk/pkg/mlmd"
	teams1 "github.com/mlmd-go/sdk/suites/evolution/teams/v1/model"
	teamconv "github.com/mlmd-go/sdk/suites/evolution/teams/v2/convert"
	teammap2 "github.com/mlmd-go/sdk/suites/evolution/teams/v2/mapping"
	teams2 "github.com/mlmd-go/sdk/suites/evolution/teams/v2/model"
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
		"DataSetDown: storage keeps view, which the other version does not know",
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

// An older entity is the same after it was stored as the newer version does, which
// reads it as the entity converted.
func FuzzViews(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	check := func(t *testing.T, seed uint64, old mlmd.AnyMapping, newer []mlmd.AnyMapping, up func(v any) any) {
		t.Helper()
		r := random{rand.New(rand.NewPCG(seed, 1))}
		v, parent := r.entity(old)
		if desk, ok := v.(*teams1.Desk); ok && desk.Height == nil {
			desk.Height = new(int64(72)) // the default
		}
		node, err := old.EncodeAny(v, parent)
		if err != nil {
			t.Fatal(err)
		}
		back, err := old.DecodeAny(node)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, v) {
			t.Errorf("%s, stored and read:\n got %+v\nwant %+v", old.Type().Entity, back, v)
		}
		at := slices.IndexFunc(newer, func(m mlmd.AnyMapping) bool { return m.Type().TypeName == old.Type().TypeName })
		read, err := newer[at].DecodeAny(node)
		if err != nil {
			t.Fatal(err)
		}
		if there := up(v); !reflect.DeepEqual(there, read) {
			t.Errorf("%s, up:\n got %+v\nread %+v", old.Type().Entity, there, read)
		}
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, view := range []mlmd.AnyMapping{
			&convert.DataSetView, &convert.ProjectView, &convert.RunView, &convert.TeamView,
		} {
			check(t, seed, view, map2.Catalog, up)
		}
		check(t, seed, &teamconv.TeamView, teammap2.Catalog, func(v any) any {
			there := teamconv.TeamUp(v.(*teams1.Team))
			if there.Rank != nil && *there.Rank == "" { // of an enum, it is unset
				there.Rank = nil
			}
			return there
		})
		check(t, seed, &teamconv.PlaceView, teammap2.Catalog, func(v any) any {
			return teamconv.PlaceUp(v.(*teams1.Desk))
		})
	})
}

func TestView(t *testing.T) {
	var got []string
	for _, f := range teamconv.TeamView.Fields {
		got = append(got, f.Name+" "+f.Path+" "+f.Type.String())
	}
	want := []string{
		"name  UNKNOWN", "externalId external_id UNKNOWN", "description properties.description STRING",
		"customProperties custom_properties UNKNOWN", "contact properties.mail STRING", "seats properties.places DOUBLE",
		"rank properties.rank STRING", "motto properties.motto STRING", "office properties.office STRUCT",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	n, err := teammap2.Team.Encode(&teams2.Team{Name: "a", Lead: "eve", Seats: new(2.5)}, mlmd.Parent{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := teamconv.TeamView.Decode(n)
	if err != nil || v.Seats != nil || v.Unreadable["seats"].Stored != "2.5" {
		t.Errorf("got %+v (%v), want 2.5 seats among what cannot be read", v, err)
	}
	place, err := teammap2.Place.Encode(&teams2.Place{Name: "a", TeamID: "1", Height: new(80.5)}, mlmd.Parent{ID: 1})
	if err != nil {
		t.Fatal(err)
	}
	desk, err := teamconv.PlaceView.Decode(place)
	if err != nil || desk.Unreadable["height"].Stored != "80.5" {
		t.Errorf("got %+v (%v), want the height among what cannot be read", desk, err)
	}
	for _, c := range []struct {
		v    teams1.Team
		want []string
	}{
		{teams1.Team{Name: "a", Seats: new(int64(1<<53 + 1))}, []string{`seats "9007199254740993" cannot be stored: ` +
			`the newer version of the spec cannot hold it`}},
		{teams1.Team{Name: "a", Contact: new("\xff"), Office: &teams1.Office{City: "\xff"}}, []string{
			`contact "\xff" is not valid UTF-8`, `office.city is not valid UTF-8`,
		}},
	} {
		_, err := teamconv.TeamView.Encode(&c.v, mlmd.Parent{})
		var got []string
		for _, e := range mlmd.Invalid(err) {
			got = append(got, e.Error())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
