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
that breaks stored data or callers, by the rules below. A change that is only a warning breaks neither by itself, and
does not affect the exit code. [spec.md](spec.md#changing-it) shows how to change a spec safely.

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
	return b.String()
}
