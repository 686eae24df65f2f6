package codegen

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/emit"
	"github.com/mlmd-go/sdk/spec"
)

// Mark begins every Go file that Generate makes.
const Mark = emit.Mark

// DocumentMark is in every OpenAPI document that Generate makes.
const DocumentMark = emit.DocumentMark

// baseSchemas are the schemas that entities of any spec can share.
var baseSchemas = []string{"Resource", "Artifact", "ArtifactState", "Execution", "ExecutionState"}

var schemaLine = regexp.MustCompile(`(?m)^    (\w+):\n`)

// Base returns an OpenAPI document with the schemas that entities share: an
// own spec refers to 'base.yaml#/components/schemas/Resource', say. It is cut
// out of this project's spec, so that the two are one.
func Base() string {
	var b strings.Builder
	b.WriteString(`# The schemas that entities share. Printed by gen -print-base: refer to them,
#   allOf:
#     - $ref: 'base.yaml#/components/schemas/Resource'
# (Artifact for artifacts, Execution for executions) and print them again after an
# update of the SDK.
openapi: 3.0.3
info:
  title: Shared schemas
  version: 1.0.0
paths: {}
components:
  schemas:
`)
	parts := schemaLine.FindAllSubmatchIndex(spec.OpenAPI, -1)
	for i, name := range baseSchemas {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.Write(schemaText(parts, name))
	}
	return b.String()
}

// schemaText returns the lines of one schema of the project's spec.
func schemaText(parts [][]int, name string) []byte {
	for i, at := range parts {
		if string(spec.OpenAPI[at[2]:at[3]]) != name {
			continue
		}
		end := len(spec.OpenAPI)
		if i+1 < len(parts) {
			end = parts[i+1][0]
		}
		return append(bytes.TrimRight(spec.OpenAPI[at[0]:end:end], "\n"), '\n')
	}
	panic(fmt.Sprintf("codegen: the spec has no schema %s", name)) // a test checks this
}
