// Package codegen generates Go types, mappings and field symbols from a spec.
// It does not access the disk or the network.
package codegen

import (
	"context"

	"github.com/mlmd-go/sdk/gen/internal/emit"
	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// A Config names the spec and the packages to generate.
type Config struct {
	Spec    string                            // the file of the spec, slash-separated
	Read    func(name string) ([]byte, error) // reads it, and the files that it refers to
	Model   Package
	Mapping Package
	Field   Package
}

// A Package is one package of output: its directory and import path.
type Package struct{ Dir, Import string }

// Files are generated files by slash-separated path.
type Files map[string][]byte

// Generate returns the files for a spec. If the spec is invalid, the error is a
// [Problems] with all errors, each with file, line and column.
func Generate(ctx context.Context, c Config) (Files, error) {
	g, set, err := build(ctx, c)
	if err != nil {
		return nil, err
	}
	target := emit.Target{
		Spec:    c.Spec,
		Model:   emit.Package(c.Model),
		Mapping: emit.Package(c.Mapping),
		Field:   emit.Package(c.Field),
	}
	if emit.CheckNames(g, target, set.Report); len(set.Problems()) > 0 {
		return nil, set.Problems().Sorted()
	}
	out, err := emit.Emit(g, target)
	if err != nil {
		return nil, err
	}
	files := make(Files, len(out))
	for _, f := range out {
		files[f.Path] = f.Data
	}
	return files, nil
}

// Problems holds the errors in a spec.
type Problems = spec.Problems

func build(ctx context.Context, c Config) (*ir.Graph, *spec.Set, error) {
	set, err := spec.Load(ctx, c.Spec, c.Read)
	if err != nil {
		return nil, nil, err
	}
	g := ir.Build(set)
	if ps := set.Problems(); len(ps) > 0 {
		return nil, nil, ps.Sorted()
	}
	return g, set, ctx.Err()
}
