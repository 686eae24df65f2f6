package breaking

import (
	"fmt"
	"strings"
)

// Doc returns docs/breaking.md.
func Doc() string {
	var b strings.Builder
	b.WriteString(`# Breaking changes

<!-- Made from the table in gen/internal/breaking/rules.go: go test ./gen/... -update -->

` + "`gen breaking -against main`" + ` compares a spec with an earlier version of it, and reports each change
that breaks stored data or callers, by the rules below. It exits with 1 if there is one. A change that is only a
warning breaks neither by itself, and does not affect the exit code; nor does one that is
[accepted](#accepting-a-break), or, with ` + "`-store`" + `, one that concerns
[no stored entity](store-commands.md#gen-breaking--store). [spec.md](spec.md#changing-it) shows how to change a spec
safely.

| rule | finds |
| --- | --- |
`)
	for _, r := range Rules() {
		note := ""
		if r.Warning {
			note = " (warning)"
		}
		fmt.Fprintf(&b, "| [`%s`](#%s)%s | %s |\n", r.ID, strings.ToLower(r.ID), note, r.Finds)
	}
	for _, r := range Rules() {
		fmt.Fprintf(
			&b,
			"\n## %s\n\n- Finds: %s.\n- Why it breaks: %s.\n- Instead: %s.\n",
			r.ID,
			r.Finds,
			r.Why,
			r.Instead,
		)
	}
	b.WriteString(accepting)
	b.WriteString(elsewhere)
	for _, k := range Elsewhere() {
		ours := "`" + k.Ours + "`"
		if k.Ours == "" {
			ours = "silent"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", k.Change, orDash(k.Buf), orDash(k.Oasdiff), ours, k.Why)
	}
	return b.String()
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return "`" + s + "`"
}

const accepting = `
## Accepting a break

A break that is meant is accepted beside its declaration, in the same change. Each entry names one rule, the date of
the decision and the reason:

` + "```yaml" + `
            author:
              type: string
              x-mlmd-accepted:
                - rule: FIELD_NOT_NEWLY_REQUIRED
                  since: 2026-12-01
                  reason: every program has set it since March
` + "```" + `

It belongs on an entity, a property, or the schema of an enum or an object; an edge has a member
` + "`accepted`" + `. There it accepts what the rule finds at that place, also where several entities share the
property. What is gone has no declaration: such a break, and any other, is accepted in the file accepted.yaml beside
the spec (` + "`accepted: FILE`" + ` in mlmd.yaml names another one), with the path that gen breaking prints:

` + "```yaml" + `
- path: ModelVersion.author
  rule: FIELD_NO_DELETE
  since: 2026-12-01
  reason: the audit log has it; no program reads it here
` + "```" + `

An accepted break is reported as accepted, with the reason, and does not fail the command. Once the old spec has the
same entry, with the same path, rule and date, it is history: it accepts nothing, is not reported, and may stay or be
removed. A later break of the same rule at the same place needs an entry with another date. An entry that accepts
nothing and is not history is reported as ` + "`" + `ACCEPTED_WITHOUT_CHANGE` + "`" + `, which fails the command:
remove it, or correct its rule and place. ` + "`gen`" + ` refuses an unknown rule, a missing reason and an invalid
date, too.

Warnings can be accepted as well. ` + "`-format`" + ` chooses what is printed:

| format | for |
| --- | --- |
| ` + "`text`" + ` | readers; the default |
| ` + "`json`" + ` | programs: an array with an object for each finding |
| ` + "`sarif`" + ` | code scanners: SARIF 2.1.0, where accepted breaks are suppressed results |
| ` + "`github`" + ` | workflows of GitHub: annotations beside the lines of a pull request |
`

const elsewhere = `
## What other tools report

buf compares versions of Protocol Buffers, and oasdiff of OpenAPI. Both report some changes that break nothing here,
because entities are stored by name and read by programs that are generated from their own version of the spec. A test
makes each change and checks what is reported.

| change | buf breaking | oasdiff | here | because |
| --- | --- | --- | --- | --- |
`
