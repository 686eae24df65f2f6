package codegen

import "github.com/mlmd-go/sdk/gen/internal/spec"

// Schema returns a JSON Schema of specs, for editors. It finds misspelled keywords
// and extensions, and values of the wrong form; Generate finds the other mistakes.
func Schema() []byte { return spec.JSONSchema() }
