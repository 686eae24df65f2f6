package breaking

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// Stale is the rule of acceptances that accept nothing. It cannot be accepted.
var Stale = Rule{
	ID:      "ACCEPTED_WITHOUT_CHANGE",
	Finds:   "an accepted change is not a change",
	Why:     "it accepts nothing now, and would hide a change that somebody makes later",
	Instead: "remove it, or correct its rule and its place to those that are reported",
}

// CheckAccepted reports acceptances of rules that do not exist, and those that
// are listed twice.
func CheckAccepted(set *spec.Set) {
	var rules []string
	for _, r := range Rules() {
		rules = append(rules, r.ID)
	}
	all := set.Accepted()
	for i, a := range all {
		if !slices.Contains(rules, a.Rule) {
			fix := "docs/breaking.md lists the rules"
			if near := spec.Closest(a.Rule, rules); near != "" {
				fix = fmt.Sprintf("did you mean %s?", near)
			}
			set.Report(a.Pos, a.Path, "no rule is called "+spec.Quote(a.Rule), fix)
		}
		if j := slices.IndexFunc(all, a.Same); j < i {
			set.Report(a.Pos, a.Path, fmt.Sprintf("%s of %s is accepted twice, at %s too", a.Rule, a.Since, all[j].Pos),
				"keep one of them")
		}
	}
}

// Accept returns findings with those that the acceptances of the new spec accept
// marked, and with one of the rule Stale for each acceptance without a finding.
// What the old spec accepts as well is history: it accepts nothing.
func Accept(findings []Finding, old, now []spec.Acceptance) []Finding {
	var stale []Finding
	for i := range now {
		a := &now[i]
		past := slices.ContainsFunc(old, a.Same)
		used, elsewhere := false, ""
		for j := range findings {
			f := &findings[j]
			switch {
			case f.Rule.ID != a.Rule:
			case !f.at(a):
				elsewhere = f.Path
			case past && f.Accepted == nil:
				f.Msg += fmt.Sprintf("; %s:%d accepts an earlier change, of %s: accept this one with its own date",
					a.Pos.File, a.Pos.Line, a.Since)
			case !past:
				f.Accepted, used = a, true
			}
		}
		if used || past {
			continue
		}
		msg := fmt.Sprintf("%s finds nothing here", a.Rule)
		if elsewhere != "" {
			msg += ", but in " + elsewhere
		}
		stale = append(stale, Finding{Rule: Stale, Pos: a.Pos, Path: a.Path, Msg: msg})
	}
	return sorted(append(findings, stale...))
}

// at reports whether the acceptance is about the place of the finding.
func (f *Finding) at(a *spec.Acceptance) bool {
	path := f.Path
	for a.Beside != (spec.Pos{}) && path != a.Path && strings.HasSuffix(path, "[]") {
		path = strings.TrimSuffix(path, "[]") // elements are declared with their list
	}
	return path == a.Path || !f.Old && f.Pos == a.Beside
}

// sorted sorts findings in the order of the new spec.
func sorted(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
			cmp.Compare(a.Rule.ID, b.Rule.ID),
		)
	})
	return findings
}
