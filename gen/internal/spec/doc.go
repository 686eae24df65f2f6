package spec

import (
	"fmt"
	"strings"
)

// Doc returns docs/extensions.md.
func Doc() string {
	var b strings.Builder
	b.WriteString(`# Extensions of OpenAPI

<!-- Made from the table in gen/internal/spec/extensions.go: go test ./gen/... -update -->

A spec is a document of OpenAPI 3.0 or 3.1. Defaults need no extension: a property is stored as a declared property
with its name in snake_case, a string is a STRING. Extensions only change these defaults. Other tools may ignore all of
them; this generator refuses an extension that is unknown or in the wrong place. [spec.md](spec.md) shows an example.

| extension | where | value |
| --- | --- | --- |
`)
	table := Extensions()
	for _, x := range table {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", x.Name, x.Name, x.Where, x.Form)
	}
	for _, x := range table {
		fmt.Fprintf(
			&b,
			"\n## %s\n\n%s\n\nOn %s. Its value: %s.\n\n```yaml\n%s: %s\n```\n",
			x.Name,
			wrap(x.Doc),
			x.Where,
			x.Form,
			x.Name,
			x.Example,
		)
	}
	return b.String()
}

// wrap breaks a text into lines.
func wrap(text string) string {
	const width = 130
	var b strings.Builder
	length := 0
	for i, w := range strings.Fields(text) {
		switch {
		case i == 0:
		case length+1+len(w) > width:
			b.WriteByte('\n')
			length = 0
		default:
			b.WriteByte(' ')
			length++
		}
		b.WriteString(w)
		length += len(w)
	}
	return b.String()
}
