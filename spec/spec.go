// Package spec holds the contracts that code is generated from: the entities
// in OpenAPI, and below proto the wire contract of MLMD.
package spec

import _ "embed"

// OpenAPI is the document that declares the entities.
//
//go:embed openapi.yaml
var OpenAPI []byte
