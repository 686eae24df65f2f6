package main

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// acceptedModule is a repository whose spec has changed since HEAD: one break is
// refused, one is accepted beside its declaration and one in a file, an acceptance
// is stale, and one change is a warning.
func acceptedModule(t *testing.T) {
	t.Helper()
	const before = `openapi: 3.0.3
info: {title: x, version: '1'}
paths: {}
components:
  schemas:
    Thing:
      x-mlmd-kind: context
      type: object
      required: [name]
      properties:
        id: {type: string, x-mlmd-store: id}
        name: {type: string, x-mlmd-store: name}
        size: {type: integer}
        note: {type: string}
        mood: {type: string, enum: [good, bad]}
        shape: {type: object, properties: {rows: {type: integer}}}
`
	newModule(t, before)
	git(t, "init", "-q", ".")
	git(t, "add", ".")
	git(t, "commit", "-q", "-m", "before")
	put(t, "spec/openapi.yaml", strings.NewReplacer(
		"        size: {type: integer}\n", "        size: {type: integer, maximum: 9}\n",
		"        note: {type: string}\n", "",
		"enum: [good, bad]", "enum: [good], x-mlmd-accepted: [{rule: ENUM_VALUE_NO_DELETE, since: 2026-12-01, "+
			"reason: 'no program wrote it, 100%'}]",
		"rows: {type: integer}", "rows: {type: integer}, columns: {type: integer}",
	).Replace(before))
	put(t, "spec/accepted.yaml", `- path: Thing.note
  rule: FIELD_NO_DELETE
  since: 2026-12-01
  reason: |
    the log has it:
    one line, two lines
- {path: Thing.memo, rule: FIELD_NO_DELETE, since: 2026-12-01, reason: it is meant}
`)
}

func TestBreaking_AcceptedText(t *testing.T) {
	acceptedModule(t)
	stdout, stderr := gen(t, exitFound, "breaking", "-against", "HEAD")
	const want = `spec/accepted.yaml:7:3: Thing.memo: ACCEPTED_WITHOUT_CHANGE: ` +
		`FIELD_NO_DELETE finds nothing here, but in Thing.note
    why: it accepts nothing now, and would hide a change that somebody makes later
    instead: remove it, or correct its rule and its place to those that are reported
spec/openapi.yaml:13:9: Thing.size: FIELD_NOT_STRICTER: the maximum was not said and is now 9
    why: callers that pass what was allowed are refused, and stored values may break the rule
    instead: leave the rule as it was, and check the stricter one in your own code
spec/openapi.yaml:14:9: Thing.mood: accepted: ENUM_VALUE_NO_DELETE: the value "bad" of ThingMood is gone
    since 2026-12-01: no program wrote it, 100%
spec/openapi.yaml:14:9: Thing.note: accepted: FIELD_NO_DELETE: the field is gone
    since 2026-12-01: the log has it: one line, two lines
spec/openapi.yaml:15:67: Thing.shape.columns: warning: OBJECT_SAME_MEMBERS: the member is new
`
	if !strings.HasPrefix(stdout, want) || stderr != "" {
		t.Errorf("got:\n%s%s\nwant:\n%s", stdout, stderr, want)
	}
	contains(t, stdout, "\nbreaking changes against HEAD: 1; accepted: 2; accepted without a change: 1; warnings: 1\n")

	// What was accepted is history once it is in the old spec.
	put(t, "spec/openapi.yaml", strings.Replace(read(t, "spec/openapi.yaml"), ", maximum: 9", "", 1))
	put(t, "spec/accepted.yaml", strings.Split(read(t, "spec/accepted.yaml"), "- {path: Thing.memo")[0])
	stdout, _ = gen(t, exitOK, "breaking", "-against", "HEAD")
	contains(t, stdout, "nothing breaks against HEAD; accepted: 2; warnings: 1\n")
	git(t, "add", ".")
	git(t, "commit", "-q", "-m", "after")
	stdout, _ = gen(t, exitOK, "breaking", "-against", "HEAD")
	if stdout != "nothing breaks against HEAD\n" {
		t.Errorf("got %s", stdout)
	}
	stdout, _ = gen(t, exitOK, "breaking", "-against", "HEAD^")
	contains(t, stdout, "nothing breaks against HEAD^; accepted: 2; warnings: 1\n")
	put(t, "spec/accepted.yaml", "")
	stdout, _ = gen(t, exitOK, "breaking", "-against", "HEAD")
	contains(t, stdout, "nothing breaks against HEAD\n")

	put(t, "spec/accepted.yaml", "- {path: Thing.note, rule: FIELD_NO_DELETE, since: 2026-12-01}\n")
	_, stderr = gen(t, exitFound)
	contains(t, stderr, "spec/accepted.yaml:1:3: an accepted change lacks reason; want path and rule and since and reason")
	_, stderr = gen(t, exitFailed, "breaking", "-against", "HEAD")
	contains(t, stderr, "spec/accepted.yaml:1:3: an accepted change lacks reason")
}

func TestBreaking_GitHub(t *testing.T) {
	acceptedModule(t)
	stdout, _ := gen(t, exitFound, "breaking", "-format", "github", "-against", "HEAD")
	contains(
		t, stdout,
		"::error file=spec/openapi.yaml,line=13,col=9,title=FIELD_NOT_STRICTER::Thing.size: the maximum was not said and is "+
			"now 9%0Awhy: ",
		"::notice file=spec/openapi.yaml,line=14,col=9,title=ENUM_VALUE_NO_DELETE::Thing.mood: the value \"bad\" of "+
			"ThingMood is gone%0Aaccepted since 2026-12-01: no program wrote it, 100%25\n",
		"::notice file=spec/openapi.yaml,title=FIELD_NO_DELETE::Thing.note: the field is gone (line 14 of HEAD)%0Aaccepted ",
		"::warning file=spec/openapi.yaml,line=15,col=67,title=OBJECT_SAME_MEMBERS::",
		"::error file=spec/accepted.yaml,line=7,col=3,title=ACCEPTED_WITHOUT_CHANGE::",
	)
	if n := strings.Count(stdout, "\n"); n != 6 {
		t.Errorf("%d lines, want one for each finding and the summary:\n%s", n, stdout)
	}
}

func TestBreaking_SARIF(t *testing.T) {
	acceptedModule(t)
	stdout, _ := gen(t, exitFound, "breaking", "-format", "sarif", "-against", "HEAD")
	checkSARIF(t, stdout)
	var log sarifLog
	if err := json.Unmarshal([]byte(stdout), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if len(run.Results) != 5 || len(run.Tool.Driver.Rules) != 5 {
		t.Fatalf("got %d results of %d rules", len(run.Results), len(run.Tool.Driver.Rules))
	}
	kinds := map[string]string{}
	for _, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s has the index of another rule", r.RuleID)
		}
		for _, s := range r.Suppressions {
			kinds[r.RuleID] = s.Kind
		}
		if (r.Locations[0].Physical.Region == nil) != (r.RuleID == "FIELD_NO_DELETE") {
			t.Errorf("%s: the region is %v", r.RuleID, r.Locations[0].Physical.Region)
		}
	}
	if len(kinds) != 2 || kinds["ENUM_VALUE_NO_DELETE"] != "inSource" || kinds["FIELD_NO_DELETE"] != "external" {
		t.Errorf("suppressed: %v", kinds)
	}
}

// checkSARIF checks a log by the schema that OASIS publishes.
func checkSARIF(t *testing.T, log string) {
	t.Helper()
	const name = "sarif-schema-2.1.0.json"
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(sarifSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(doc); err != nil {
		t.Errorf("%v\n%s", err, log)
	}
}

//go:embed testdata/sarif-schema-2.1.0.json
var sarifSchema string

func TestBreaking_SARIFWithoutBreaks(t *testing.T) {
	newModule(t, promptSpec)
	put(t, "old.yaml", read(t, "spec/openapi.yaml"))
	put(t, "base.yaml", read(t, "spec/base.yaml"))
	stdout, _ := gen(t, exitOK, "breaking", "-format", "sarif", "-against", "old.yaml")
	checkSARIF(t, stdout)
}

func TestBreaking_UnknownFormat(t *testing.T) {
	newModule(t, promptSpec)
	_, stderr := gen(t, exitFailed, "breaking", "-against", "HEAD", "-format", "xml")
	contains(t, stderr, `unknown format "xml"; want one of github, json, sarif, text`)
}
