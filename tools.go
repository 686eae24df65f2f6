//go:build tools

// The generator of the stubs is pinned to the version of the protobuf runtime
// that they are built with, by standing in the same go.mod. Tools with large
// dependencies of their own (buf, staticcheck, gofumpt) stand in tools/go.mod,
// so that nobody who imports this module inherits them.
package sdk

import _ "google.golang.org/protobuf/cmd/protoc-gen-go"
