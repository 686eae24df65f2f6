package exchange

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestParseURI(t *testing.T) {
	for uri, want := range map[string]Location{
		"s3://bucket/a/b":                 {Scheme: "s3", Authority: "bucket", Rest: "/a/b", slashes: true},
		"S3://bucket":                     {Scheme: "s3", Authority: "bucket", slashes: true},
		"https://ann:pw@h:1/x?a=b#c":      {Scheme: "https", Authority: "h:1", Rest: "/x?a=b#c", slashes: true},
		"https://a@b@h?x":                 {Scheme: "https", Authority: "h", Rest: "?x", slashes: true},
		"abfss://box:key@acct/x":          {Scheme: "abfss", Authority: "box@acct", Rest: "/x", slashes: true},
		"file:///tmp":                     {Scheme: "file", Rest: "/tmp", slashes: true},
		"urn:isbn:1":                      {Scheme: "urn", Rest: "isbn:1"},
		"jdbc:mysql://me:pw@h/db":         {Scheme: "jdbc", Rest: "mysql://h/db"},
		"jdbc:sqlserver://h;password=x;a": {Scheme: "jdbc", Rest: "sqlserver://h;a"},
		"odbc:pwd=x;server=h":             {Scheme: "odbc", Rest: ";server=h"},
		"s3://b/key=1/day=2":              {Scheme: "s3", Authority: "b", Rest: "/key=1/day=2", slashes: true},
	} {
		if got, ok := ParseURI(uri); !ok || got != want {
			t.Errorf("%q: %+v, %v, want %+v", uri, got, ok, want)
		}
	}
	for _, uri := range []string{"", "a", "/a", `C:\a`, "1s://a", "a b://c", ":a", "é:a"} {
		if got, ok := ParseURI(uri); ok {
			t.Errorf("%q: %+v, want no location", uri, got)
		}
	}
}

func TestParseURI_LeavesCredentialsOut(t *testing.T) {
	for rest, want := range map[string]string{
		"/a?version=3":                         "/a?version=3",
		"/a?table=x&day=2":                     "/a?table=x&day=2",
		"/a?":                                  "/a?",
		"/a?b":                                 "/a?b",
		"/a?author=ann&q=":                     "/a?author=ann&q=",
		"/token/secret":                        "/token/secret",
		"/a?token=x":                           "/a",
		"/a?token=x&b=1&c=2":                   "/a?b=1&c=2",
		"/a?b=1&token=x&c=2":                   "/a?b=1&c=2",
		"/a?b=1&ACCESS_TOKEN=x":                "/a?b=1",
		"/a?b=1&%74oken=x":                     "/a?b=1",
		"/a?token=x#part":                      "/a#part",
		"/a#access_token=x&state=1":            "/a#state=1",
		"/a?api-key=x;b=1":                     "/a?b=1",
		"/a;password=x/b?c=1":                  "/a?c=1",
		"/a?token=x?y=z":                       "/a?y=z",
		"?user=me&password=x":                  "",
		"/a?sv=1&se=2&sp=r&sig=x&snapshot=now": "/a?snapshot=now",
		"/a?sv=1&se=2":                         "/a?sv=1&se=2",
		"/a?AWSAccessKeyId=x&Expires=1&Signature=y&versionId=7": "/a?versionId=7",
		"/a?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Date=c&X-Amz-Expires=60&X-Amz-SignedHeaders=host" +
			"&X-Amz-Security-Token=d&versionId=7&X-Amz-Signature=e": "/a?versionId=7",
		"/a?X-Goog-Signature=x&generation=1": "/a?generation=1",
		"/a?GoogleAccessId=x&generation=1":   "/a?generation=1",
	} {
		l, ok := ParseURI("https://h" + rest)
		if !ok || l.Rest != want {
			t.Errorf("%q: %q, %v, want %q", rest, l.Rest, ok, want)
		}
	}
}

func TestWithoutSecrets(t *testing.T) {
	for uri, want := range map[string]string{
		"s3://key:secret@bucket/a b":   "s3://bucket/a b",
		"http://ada:p@ss@[::1/x":       "http://[::1/x",
		"http://ada:p;s@h":             "http://h",
		"http://host/path@version":     "http://host/path@version",
		"not a URI":                    "not a URI",
		"/data/a?token=x":              "/data/a",
		"file:///models/fraud@1/a?b#c": "file:///models/fraud@1/a?b#c",
	} {
		if got := WithoutSecrets(uri); got != want {
			t.Errorf("%q: got %q, want %q", uri, got, want)
		}
	}
}

func TestReference(t *testing.T) {
	for uri, want := range map[string]string{
		"s3://bucket/a b":           "s3://bucket/a%20b",
		"s3://bucket/a%20b%":        "s3://bucket/a%20b%25",
		"https://h/?a=[b]#c#d":      "https://h/?a=%5Bb%5D#c%23d",
		"https://[::1]:80/":         "https://[0000:0000:0000:0000:0000:0000:0000:0001]:80/",
		"abfss://box@[::1]/":        "abfss://box@[0000:0000:0000:0000:0000:0000:0000:0001]/",
		"urn:é":                     "urn:%C3%A9",
		"https://u:p@h/a?token=x&b": "https://h/a?b",
	} {
		l, _ := ParseURI(uri)
		if got, ok := l.Reference(); !ok || got != want {
			t.Errorf("%q: %q, %v, want %q", uri, got, ok, want)
		}
	}
	for _, uri := range []string{"https://[1.2.3.4]/", "https://[fe80::1%25eth0]/", "https://[x", "https://h:port/"} {
		l, _ := ParseURI(uri)
		if got, ok := l.Reference(); ok {
			t.Errorf("%q: %q, want none", uri, got)
		}
	}
}

func FuzzParseURI(f *testing.F) {
	for _, uri := range []string{
		"s3://b/a?token=x&b=1", "https://u:p@h:1/a;b=c?d#e", "jdbc:x://u:p@h;user=a", "https://[::1]/%zz", "a:#?&;=",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		l, ok := ParseURI(uri)
		if !ok {
			return
		}
		for name := range parameters(l.Rest) {
			if isCredential(name) {
				t.Errorf("%q has the parameter %q of %q", l.Rest, name, uri)
			}
		}
		if strings.Contains(l.Authority, "@") && !slices.Contains([]string{"abfs", "abfss", "wasb", "wasbs"}, l.Scheme) {
			t.Errorf("%q has the user of %q", l.Authority, uri)
		}
		ref, ok := l.Reference()
		if !ok {
			return
		}
		if _, err := url.Parse(ref); err != nil {
			t.Errorf("%q of %q: %v", ref, uri, err)
		}
		if strings.Count(uri, "#") > 1 { // the second is part of the name of a parameter once it is escaped
			return
		}
		again, ok := ParseURI(ref)
		if got, _ := again.Reference(); !ok || got != ref {
			t.Errorf("%q becomes %q", ref, got)
		}
	})
}
