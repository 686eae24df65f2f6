package gensupport_test

import (
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

func parsed(t *testing.T, text string) *structpb.Value {
	t.Helper()
	v := new(structpb.Value)
	if err := protojson.Unmarshal([]byte(text), v); err != nil {
		t.Fatal(err)
	}
	return v
}

// renamePart is what generated code looks like for an object with a member label,
// formerly title and caption, and a list pieces, formerly parts and bits.
func renamePart(p *structpb.Value) bool {
	r := gensupport.NewRenamer(p)
	r.Rename("label", "title", "caption")
	r.Rename("pieces", "parts", "bits")
	r.Within("pieces", func(p *structpb.Value) bool { return gensupport.RenameElements(p, renamePart) })
	r.Within("named", func(p *structpb.Value) bool { return gensupport.RenameValues(p, renamePart) })
	return r.Moved()
}

func TestRenamer(t *testing.T) {
	for _, c := range []struct{ name, stored, want string }{
		{"the present name", `{"label": "a", "more": 1}`, ""},
		{"an older name", `{"title": "a", "more": [1]}`, `{"label": "a", "more": [1]}`},
		{"the oldest name", `{"caption": "a"}`, `{"label": "a"}`},
		{"two older names", `{"caption": "a", "title": "b"}`, `{"label": "b"}`},
		{"a present and an older name", `{"label": "a", "title": "b"}`, `{"label": "a"}`},
		{"null under the present name", `{"label": null, "title": "b"}`, `{"label": "b"}`},
		{"null under an older name", `{"title": null}`, `{}`},
		{"a value that cannot be read", `{"title": 7}`, `{"label": 7}`},
		{
			"elements of a list",
			`{"pieces": [{"title": "a"}, "odd", {"label": "b"}]}`,
			`{"pieces": [{"label": "a"}, "odd", {"label": "b"}]}`,
		},
		{
			"a list with another name, and its elements",
			`{"bits": [{"caption": "a", "parts": [{"title": "b"}]}]}`,
			`{"pieces": [{"label": "a", "pieces": [{"label": "b"}]}]}`,
		},
		{
			"values of a map, whatever their keys",
			`{"named": {"title": {"title": "a"}}}`, `{"named": {"title": {"label": "a"}}}`,
		},
		{"not a list", `{"pieces": {"title": "a"}}`, ""},
		{"not a map", `{"named": [{"title": "a"}]}`, ""},
		{"not an object", `["title"]`, ""},
		{"null", `null`, ""},
	} {
		got := parsed(t, c.stored)
		moved := renamePart(got)
		want := c.want
		if want == "" {
			want = c.stored
		}
		if !proto.Equal(got, parsed(t, want)) {
			t.Errorf("%s: got %v, want %s", c.name, got, want)
		}
		if moved != (c.want != "") {
			t.Errorf("%s: moved is %t", c.name, moved)
		}
		if renamePart(got) {
			t.Errorf("%s: moved again, to %v", c.name, got)
		}
	}
}

func TestRenameStored(t *testing.T) {
	list := mlmd.Field{
		Path: "properties.columns", Type: mlmdpb.PropertyType_STRUCT, LegacyNames: []string{"fields", "cols"}, List: true,
		Rename: func(p *structpb.Value) bool { return gensupport.RenameElements(p, renamePart) },
	}
	plain := list
	plain.Rename = nil
	object := mlmd.Field{
		Path: "properties.part", Type: mlmdpb.PropertyType_STRUCT, LegacyNames: []string{"piece"}, Rename: renamePart,
	}
	for _, c := range []struct {
		name         string
		field        mlmd.Field
		from         string
		stored, want string
	}{
		{
			"list and members", list, "fields",
			`{"fields": [{"title": "a", "bits": [{"caption": "b"}]}]}`,
			`{"columns": [{"label": "a", "pieces": [{"label": "b"}]}]}`,
		},
		{"members", list, "columns", `{"columns": [{"title": "a"}]}`, `{"columns": [{"label": "a"}]}`},
		{"list", list, "cols", `{"cols": [{"label": "a"}]}`, `{"columns": [{"label": "a"}]}`},
		{
			"a list in a property that was moved by hand", list, "columns",
			`{"cols": [{"caption": "a"}]}`, `{"columns": [{"label": "a"}]}`,
		},
		{"nothing", list, "columns", `{"columns": [{"label": "a"}]}`, ""},
		{"no list in it", list, "columns", `{"other": [{"title": "a"}]}`, ""},
		{"a list without objects", plain, "fields", `{"fields": ["title"]}`, `{"columns": ["title"]}`},
		{"an object", object, "piece", `{"title": "a"}`, `{"label": "a"}`},
		{"a member with the property's older name", object, "piece", `{"piece": 1}`, ""},
	} {
		v := &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: parsed(t, c.stored).GetStructValue()}}
		kept := proto.CloneOf(v)
		got, moved := gensupport.RenameStored(&c.field, v, c.from)
		want := c.want
		if want == "" {
			want = c.stored
		}
		if !proto.Equal(got.GetStructValue(), parsed(t, want).GetStructValue()) {
			t.Errorf("%s: got %v, want %s", c.name, got, want)
		}
		if moved != (c.want != "") {
			t.Errorf("%s: moved is %t", c.name, moved)
		}
		if !proto.Equal(v, kept) {
			t.Errorf("%s: the stored value was changed: %v", c.name, v)
		}
	}
	if got, moved := gensupport.RenameStored(&list, nil, "fields"); got != nil || moved {
		t.Errorf("nil: %v, %t", got, moved)
	}
	number := &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: 1}}
	if got, moved := gensupport.RenameStored(&list, number, "fields"); !proto.Equal(got, number) || moved {
		t.Errorf("number: %v, %t", got, moved)
	}
}
