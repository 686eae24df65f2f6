package gensupport_test

import (
	"regexp"
	"testing"

	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
	"github.com/mlmd-go/sdk/pkg/value"
)

func TestParentID(t *testing.T) {
	for id, want := range map[string]bool{
		"1": true, "42": true, "9223372036854775807": true,
		"": false, "0": false, "01": false, "-1": false, "+1": false, "1.0": false, " 1": false, "9223372036854775808": false,
		"99999999999999999999": false, "abc": false, "f81d4fae-7dec-41d0-a765-00a0c91e6bf6": false,
	} {
		_, err := value.ParseID(id)
		if ok := err == nil; ok != want {
			t.Errorf("ParseID(%q): %v", id, err)
		}
		if got := gensupport.ParentID(id + ":name"); (got == id) != want && id != "" {
			t.Errorf("ParentID(%q) = %q", id+":name", got)
		}
	}
}

func TestSplitName(t *testing.T) {
	for stored, want := range map[string][2]string{
		"12:v1": {"12", "v1"}, "12:a:b": {"12", "a:b"}, "12:": {"12", ""},
		"plain": {"", "plain"}, ":x": {"", "x"}, "": {"", ""},
	} {
		if prefix, name := gensupport.SplitName(stored); prefix != want[0] || name != want[1] {
			t.Errorf("SplitName(%q) = %q, %q", stored, prefix, name)
		}
	}
}

func TestChildName_UUIDReplacesMissingParent(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}:n$`)
	a, b := gensupport.ChildName(mlmd.Parent{}, "n"), gensupport.ChildName(mlmd.Parent{}, "n")
	if !form.MatchString(a) || a == b {
		t.Errorf("got %q and %q", a, b)
	}
	if got := gensupport.ChildName(mlmd.Parent{ID: 7}, "a:b"); got != "7:a:b" {
		t.Errorf("got %q", got)
	}
}
