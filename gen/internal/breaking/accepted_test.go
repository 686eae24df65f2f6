package breaking_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/internal/breaking"
	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// load reads a spec and a file of acceptances, which may be empty.
func load(t *testing.T, src, accepted string) (*ir.Graph, *spec.Set) {
	t.Helper()
	files := map[string]string{"spec.yaml": src, "accepted.yaml": accepted}
	set, err := spec.Load(t.Context(), "spec.yaml", func(name string) ([]byte, error) { return []byte(files[name]), nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := set.LoadAccepted("accepted.yaml"); err != nil {
		t.Fatal(err)
	}
	g := ir.Build(set)
	breaking.CheckAccepted(set)
	return g, set
}

// A version is a spec and the file of acceptances beside it.
type version struct{ spec, accepted string }

// judge returns a line for each finding from one version to another.
func judge(t *testing.T, before, after version) (lines []string) {
	t.Helper()
	old, oldSet := load(t, before.spec, before.accepted)
	now, set := load(t, after.spec, after.accepted)
	for _, s := range []*spec.Set{oldSet, set} {
		if ps := s.Problems(); len(ps) > 0 {
			t.Fatal(ps.Sorted())
		}
	}
	findings := breaking.Compare(old, now, nil, apis(old), apis(now))
	for _, f := range breaking.Accept(findings, oldSet.Accepted(), set.Accepted()) {
		line := fmt.Sprintf("%s %s: %s", f.Rule.ID, f.Path, f.Msg)
		if f.Accepted != nil {
			line = "accepted: " + line + " (" + f.Accepted.Reason + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// entry is an acceptance in a file.
func entry(path, rule, since string) string {
	return fmt.Sprintf("- {path: '%s', rule: %s, since: %s, reason: it is meant}\n", path, rule, since)
}

const since = "2026-12-01"

// Each rule has a case for a break that is refused, for one that is accepted, and
// for an acceptance without a break. The cases are those of TestCompare_Breaks, so
// that a rule without one fails there.
func TestAccept_EachRule(t *testing.T) {
	src := before(t)
	var out strings.Builder
	for _, r := range breaking.Rules() {
		i := slices.IndexFunc(breaks, func(c breakCase) bool {
			return slices.ContainsFunc(c.want, func(w string) bool { return strings.HasPrefix(w, r.ID+" ") })
		})
		if i < 0 {
			t.Errorf("no case breaks %s", r.ID)
			continue
		}
		after := breaks[i].change.apply(t, src)
		refused := judge(t, version{spec: src}, version{spec: after})
		var paths []string
		for _, line := range refused {
			if rest, ok := strings.CutPrefix(line, r.ID+" "); ok {
				path, _, _ := strings.Cut(rest, ": ")
				paths = append(paths, path)
			}
		}
		slices.Sort(paths)
		var file string
		for _, p := range slices.Compact(paths) {
			file += entry(p, r.ID, since)
		}
		accepted := judge(t, version{spec: src}, version{after, file})
		stale := judge(t, version{spec: src}, version{src, file})
		fmt.Fprintf(&out, "%s: %s\n", r.ID, breaks[i].name)
		for _, part := range []struct {
			what  string
			lines []string
		}{{"refused", refused}, {"accepted", accepted}, {"stale", stale}} {
			fmt.Fprintf(&out, "  %s\n", part.what)
			for _, l := range part.lines {
				fmt.Fprintf(&out, "    %s\n", l)
			}
		}
		for i, line := range refused {
			want := line
			if strings.HasPrefix(line, r.ID+" ") {
				want = "accepted: " + line + " (it is meant)"
			}
			if i >= len(accepted) || accepted[i] != want {
				t.Errorf("%s: accepted:\n%s\nwant line %d to be %s", r.ID, strings.Join(accepted, "\n"), i+1, want)
				break
			}
		}
		if len(accepted) != len(refused) {
			t.Errorf("%s: %d findings with the acceptances, %d without", r.ID, len(accepted), len(refused))
		}
		if n := strings.Count(file, "\n"); len(stale) != n || !strings.HasPrefix(strings.Join(stale, ""), breaking.Stale.ID) {
			t.Errorf("%s: %d acceptances without a change give %q", r.ID, n, stale)
		}
		if got := judge(t, version{src, file}, version{src, file}); len(got) > 0 {
			t.Errorf("%s: history is reported: %q", r.ID, got)
		}
		for _, line := range judge(t, version{src, file}, version{after, file}) {
			if strings.HasPrefix(line, "accepted: ") {
				t.Errorf("%s: history accepts %s", r.ID, line)
			}
		}
	}
	const file = "testdata/accepted.golden"
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("%s is stale: go test ./gen/... -update writes it; got\n%s", file, out.String())
	}
}

func TestAccept_BesideTheDeclaration(t *testing.T) {
	here := func(rule string) string {
		return "x-mlmd-accepted: [{rule: " + rule + ", since: 2026-12-01, reason: it is meant}]"
	}
	for _, c := range []struct {
		name   string
		change change
		want   []string
	}{
		{
			"an entity",
			change{"x-mlmd-type: team.Prompt", "x-mlmd-type: kf.Prompt\n      " + here("ENTITY_SAME_TYPE_NAME")},
			[]string{`accepted: ENTITY_SAME_TYPE_NAME Prompt: the MLMD type "team.Prompt" is now "kf.Prompt" (it is meant)`},
		},
		{
			"a property, for the rule that is named only",
			change{
				text, "text: {type: string, maxLength: 99, minLength: 2, pattern: '^a', x-mlmd-immutable: true, " +
					here("FIELD_NOT_STRICTER") + "}",
			},
			[]string{
				"FIELD_NOT_NEWLY_IMMUTABLE Prompt.text: the field cannot be changed any more",
				"accepted: FIELD_NOT_STRICTER Prompt.text: maxLength was 100 and is now 99 (it is meant)",
			},
		},
		{
			"the elements of a list",
			change{
				tags,
				"tags: {type: array, items: {type: string, maxLength: 8}, maxItems: 5, " + here("FIELD_NOT_STRICTER") + "}",
			},
			[]string{"accepted: FIELD_NOT_STRICTER Prompt.tags[]: maxLength was 9 and is now 8 (it is meant)"},
		},
		{
			"an enum",
			change{"enum: [warm, cold]", "enum: [warm]\n      " + here("ENUM_VALUE_NO_DELETE")},
			[]string{`accepted: ENUM_VALUE_NO_DELETE Prompt.tone: the value "cold" of Tone is gone (it is meant)`},
		},
		{
			"a member of an object",
			change{"high: {type: number}", "high: {type: number, x-go-name: Tall, " + here("FIELD_SAME_GO_NAME") + "}"},
			[]string{"accepted: FIELD_SAME_GO_NAME Prompt.shape.high: the Go field High is now Tall (it is meant)"},
		},
		{
			"a property that entities share",
			change{
				"name: {type: string, x-mlmd-store: name}",
				"name: {type: string, x-mlmd-store: name, maxLength: 9, " + here("FIELD_NOT_STRICTER") + "}",
			},
			slices.Repeat([]string{"accepted: FIELD_NOT_STRICTER "}, 8),
		},
		{
			"an edge",
			change{
				"about: {to: Topic, kind: member}",
				"about: {to: Topic, kind: member, max: 2, " + strings.TrimPrefix(here("EDGE_NOT_STRICTER"), "x-mlmd-") + "}",
			},
			[]string{
				"accepted: EDGE_NOT_STRICTER Reading.about: its neighbors were not limited and are now at most 2 (it is meant)",
			},
		},
		{
			"a reference",
			change{
				"nextId: {type: string}",
				"nextId: {type: string, x-mlmd-reference: Letter, " + here("EDGE_NOT_STRICTER") + "}",
			},
			[]string{"accepted: EDGE_NOT_STRICTER Reading.nextId: IDs in the field are checked now (it is meant)"},
		},
		{
			"a member of the REST API",
			change{"note: {", "note: {x-rest-hidden: true, " + here("REST_MEMBER_NO_DELETE") + ", "},
			[]string{"accepted: REST_MEMBER_NO_DELETE Team.note: " + gone + " (it is meant)"},
		},
		{
			"another place than that of the break",
			change{
				"[name, projectId, size]", "[name, projectId, size, text]", tags,
				strings.Replace(tags, "{", "{"+here("FIELD_NOT_NEWLY_REQUIRED")+", ", 1),
			},
			[]string{
				"FIELD_NOT_NEWLY_REQUIRED Prompt.text: the optional field is now required",
				"ACCEPTED_WITHOUT_CHANGE Prompt.tags: FIELD_NOT_NEWLY_REQUIRED finds nothing here, but in Prompt.text",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := before(t)
			got := judge(t, version{spec: src}, version{spec: c.change.apply(t, src)})
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// A break needs another date once an earlier one at its place was accepted.
func TestAccept_HistoryIsNamed(t *testing.T) {
	src := before(t)
	once := change{"maxLength: 100", "maxLength: 90"}.apply(t, src)
	twice := change{"maxLength: 100", "maxLength: 80"}.apply(t, src)
	first := entry("Prompt.text", "FIELD_NOT_STRICTER", since)
	got := judge(t, version{once, first}, version{twice, first})
	want := "FIELD_NOT_STRICTER Prompt.text: maxLength was 90 and is now 80; accepted.yaml:1 accepts an earlier change, " +
		"of 2026-12-01: accept this one with its own date"
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %q\nwant %s", got, want)
	}
	got = judge(t, version{once, first}, version{twice, first + entry("Prompt.text", "FIELD_NOT_STRICTER", "2027-01-10")})
	if len(got) != 1 || !strings.HasPrefix(got[0], "accepted: ") {
		t.Errorf("got %q", got)
	}
}

func TestAccepted_Mistakes(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"- {path: A, rule: FIELD_NO_DELET, since: 2026-12-01, reason: x}\n", "did you mean FIELD_NO_DELETE?"},
		{"- {path: A, rule: ACCEPTED_WITHOUT_CHANGE, since: 2026-12-01, reason: x}\n", "no rule is called"},
		{"- {path: A, rule: FIELD_NO_DELETE, since: 2026-12-01}\n", "an accepted change lacks reason"},
		{"- {path: A, rule: FIELD_NO_DELETE, since: 2026-12-01, reason: ''}\n", "an accepted change is \"\""},
		{"- {rule: FIELD_NO_DELETE, since: 2026-12-01, reason: x}\n", "an accepted change lacks path"},
		{"- {path: A, rule: FIELD_NO_DELETE, since: 1 December, reason: x}\n", "want YYYY-MM-DD"},
		{"- {path: A, rule: FIELD_NO_DELETE, since: 2026-13-01, reason: x}\n", "want YYYY-MM-DD"},
		{"- {path: A, rule: FIELD_NO_DELETE, reasons: x}\n", "has no member \"reasons\""},
		{"path: A\n", "want a list"},
		{"- A\n", "want a mapping"},
		{
			entry("A", "FIELD_NO_DELETE", since) + entry("A", "FIELD_NO_DELETE", since),
			"accepted.yaml:2:3: A: FIELD_NO_DELETE of 2026-12-01 is accepted twice, at accepted.yaml:1:3 too",
		},
	} {
		_, set := load(t, before(t), c.file)
		ps := set.Problems()
		if len(ps) == 0 || !strings.Contains(ps.Error(), c.want) || ps[0].Pos.File != "accepted.yaml" || ps[0].Pos.Line == 0 {
			t.Errorf("%s: got %v\nwant %s", c.file, ps, c.want)
		}
	}
	if _, set := load(t, before(t), "# none yet\n"); len(set.Problems()) > 0 {
		t.Errorf("a file without entries: %v", set.Problems())
	}
}
