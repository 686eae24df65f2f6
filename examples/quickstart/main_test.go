package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The output of the quickstart, with placeholders for times and paths.
const want = `The store is FILE
(this file is kept: run again with it, and nothing is stored twice).

Register
  model     fraud    id 1
  version   v1.0     id 2, of model 1
  artifact  weights  id 1, of version 2

Find
  model fraud: card fraud, owned by ada, created TIME
  version v1.0: auc 0.93, epochs 7
  its first artifact: s3://models/fraud/1 (onnx)

List
  version v1.0, last changed TIME
  1 by ada with an auc over 0.9

Change
  version v1.0: the first that went live; still by ada, with auc 0.93, epochs 7
`

var times = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`)

func TestTour_Repeated(t *testing.T) {
	file := filepath.Join(t.TempDir(), "registry.db")
	for range 2 {
		var out strings.Builder
		if err := run(t.Context(), []string{"-db", file}, &out); err != nil {
			t.Fatal(err)
		}
		got := times.ReplaceAllString(strings.ReplaceAll(out.String(), file, "FILE"), "TIME")
		if got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestRun_RemovesTemporaryFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out strings.Builder
	if err := run(t.Context(), nil, &out); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestRun_Errors(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"argument", []string{"registry.db"}, "unexpected argument"},
		{"two stores", []string{"-db", "x", "-addr", "y"}, "exclude each other"},
		{"a server that is not there", []string{"-addr", "127.0.0.1:1"}, "no MLMD server answers at 127.0.0.1:1"},
		{"a file that is not a database", []string{"-db", text}, "cannot be opened"},
		{"a folder that is not there", []string{"-db", filepath.Join(text, "x", "registry.db")}, "cannot be opened"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := run(t.Context(), c.args, &strings.Builder{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
