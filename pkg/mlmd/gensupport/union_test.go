package gensupport_test

import (
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

type file struct{ Kind, Path string }

func checkFile(c *gensupport.Validator, v *file) {
	if v.Kind != "file" {
		c.Fail("kind", v.Kind, "was not set")
	}
	c.Length("path", &v.Path, 1, -1)
}

func TestCheckVariant(t *testing.T) {
	for _, c := range []struct {
		v    *file
		want string
	}{
		{&file{Path: "x"}, ""},
		{&file{Kind: "file", Path: "x"}, ""},
		{
			&file{Kind: "query", Path: "x"},
			`from.kind "query" must be file, or empty: the Go type says which variant it is`,
		},
		{&file{}, `from.path has 0 characters: want 1 or more`},
		{nil, "from is missing"},
	} {
		v := &gensupport.Validator{}
		v.Enter("from", -1)
		gensupport.CheckVariant(v, c.v, "kind", func(v *file) *string { return &v.Kind }, checkFile, "file")
		v.Leave()
		got := ""
		if err := v.Err(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: got %q, want %q", c.v, got, c.want)
		}
	}
}

// A variant with several values of the discriminator must have one.
func TestCheckVariant_SeveralValues(t *testing.T) {
	for kind, want := range map[string]string{
		"mysql": "", "postgres": "",
		"":       `kind must be one of mysql, postgres`,
		"oracle": `kind "oracle" must be one of mysql, postgres`,
	} {
		v := &gensupport.Validator{}
		gensupport.CheckVariant(v, &file{Kind: kind}, "kind", func(v *file) *string { return &v.Kind }, nil,
			"mysql", "postgres")
		got := ""
		if err := v.Err(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", kind, got, want)
		}
	}
}

func TestCheckUnknown(t *testing.T) {
	for kind, want := range map[any]string{
		"stream": `from.kind "stream" must be one of file, query`,
		"file":   `from.kind "file" is a variant of the spec: use its Go type`,
		nil:      `from.kind is missing`,
		1.5:      `from.kind is missing`,
	} {
		v := &gensupport.Validator{}
		v.Enter("from", -1)
		gensupport.CheckUnknown(v, map[string]any{"kind": kind}, "kind", "file", "query")
		v.Leave()
		if err := v.Err(); err == nil || err.Error() != want {
			t.Errorf("%v: got %v, want %s", kind, err, want)
		}
	}
}

func TestEncodeVariant(t *testing.T) {
	encode := func(v file) (*structpb.Value, error) {
		o := gensupport.NewObjectWriter(2)
		gensupport.Set(&o, "kind", v.Kind, gensupport.EncodeString)
		gensupport.Set(&o, "path", v.Path, gensupport.EncodeString)
		return o.Value()
	}
	p, err := gensupport.EncodeVariant(&file{Path: "x"}, "kind", "file", encode)
	if err != nil {
		t.Fatal(err)
	}
	if kind, err := gensupport.KindOf(p, "kind"); kind != "file" || err != nil {
		t.Errorf("got %q, %v", kind, err)
	}
	if _, err := gensupport.KindOf(p, "sort"); err == nil {
		t.Error("a discriminator that is missing is found")
	}
	if _, err := gensupport.EncodeVariant(nil, "kind", "file", encode); err == nil {
		t.Error("nil is stored")
	}
	if _, err := gensupport.EncodeUnknown(map[string]any{"path": "x"}, "kind"); err == nil {
		t.Error("an unknown variant without a discriminator is stored")
	}
}
