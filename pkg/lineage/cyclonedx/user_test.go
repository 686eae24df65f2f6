package cyclonedx

import "testing"

func TestWithoutUser(t *testing.T) {
	for uri, want := range map[string]string{
		"s3://key:secret@bucket/a b":   "s3://bucket/a b",
		"http://ada:p@ss@[::1/x":       "http://[::1/x",
		"http://host/path@version":     "http://host/path@version",
		"not a URI":                    "not a URI",
		"file:///models/fraud@1/a?b#c": "file:///models/fraud@1/a?b#c",
	} {
		if got := withoutUser(uri); got != want {
			t.Errorf("%q: got %q, want %q", uri, got, want)
		}
	}
}
