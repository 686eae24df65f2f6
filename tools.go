//go:build tools

// The generator of the stubs is in this module's go.mod so that it has the
// version of the protobuf runtime that the stubs are built with. Tools with
// large dependencies (buf, staticcheck, gofumpt) are in tools/go.mod, so that
// importers of this module do not inherit them.
package sdk

import _ "google.golang.org/protobuf/cmd/protoc-gen-go"
