// Package sdk is a typed Go SDK for ML Metadata (MLMD): model registries and
// entities of your own, on an MLMD server or embedded in the program.
//
// It begins in three packages. [github.com/mlmd-go/sdk/pkg/registry] stores and
// finds registered models, versions, artifacts and whatever else a spec
// declares. [github.com/mlmd-go/sdk/pkg/store/sqlite] and its siblings are the
// service itself, embedded. [github.com/mlmd-go/sdk/gen] makes types, mappings
// and field symbols from an OpenAPI spec: ours, spec/openapi.yaml, and yours.
package sdk

//go:generate go run ./gen
//go:generate go run ./gen docs -test
