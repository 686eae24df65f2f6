// Package codegen generates Go types, mappings and field symbols from a spec.
// It does not access the disk or the network.
package codegen

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/mlmd-go/sdk/gen/internal/breaking"
	"github.com/mlmd-go/sdk/gen/internal/emit"
	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/restapi"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// A Config names the spec and the packages to generate.
type Config struct {
	Spec     string                            // the file of the spec, slash-separated
	Overlays []string                          // files of OpenAPI overlays that are applied to it, in this order
	Read     func(name string) ([]byte, error) // reads them, and the files that the spec refers to
	// Accepted is the file with the breaking changes that are accepted, if there is
	// one; empty for none.
	Accepted string
	Model    Package
	Mapping  Package
	Field    Package
	Edge     Package
	Fake     Package // without a Dir it is not generated
	REST     *REST   // may be nil
	Convert  *Convert
}

// A Convert names the package with conversions between another version of the spec
// and this one.
type Convert struct {
	Package
	From Config // of the other version
	Name string // of its config file, for comments
}

// A REST names the package with the REST API of the spec, and the API.
type REST struct {
	Package
	Title    string
	Path     string   // that the versions are below, such as /api/registry
	Versions []string // from the newest to the oldest
	// TextIntegers are those of Versions in which integers are strings in JSON.
	TextIntegers []string
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
	breaking.CheckAccepted(set)
	target := c.target()
	emit.CheckNames(g, target, set.Report)
	if c.Fake.Dir != "" {
		emit.CheckFakes(g, target, set.Report)
	}
	apis := c.apis(g, set.Report)
	if len(set.Problems()) > 0 {
		return nil, set.Problems().Sorted()
	}
	if c.REST != nil {
		target.REST, target.APIs = emit.Package(c.REST.Package), apis
	}
	files, err := collect(emit.Emit(g, target))
	if err != nil || c.Convert == nil {
		return files, err
	}
	old, _, err := build(ctx, c.Convert.From)
	if err != nil {
		return nil, fmt.Errorf("the other version of the spec, %s: %w", c.Convert.Name, err)
	}
	conversion, err := c.conversion(old)
	if err != nil {
		return nil, err
	}
	conversions, err := collect(emit.Convert(old, g, target, conversion))
	maps.Copy(files, conversions)
	return files, err
}

// conversion describes the package with conversions from old, the other version of the
// spec.
func (c Config) conversion(old *ir.Graph) (emit.Conversion, error) {
	from := c.Convert.From
	out := emit.Conversion{
		Package: emit.Package(c.Convert.Package), OldName: c.Convert.Name,
		Old: emit.Package(from.Model), OldMapping: emit.Package(from.Mapping),
	}
	if c.REST == nil || from.REST == nil {
		return out, nil
	}
	for _, v := range c.REST.Versions {
		if from.REST.Path == c.REST.Path && slices.Contains(from.REST.Versions, v) {
			return out, fmt.Errorf("convert: both versions of the spec have a REST API at %s/%s: "+
				"list another one in the rest.versions of one of them", c.REST.Path, v)
		}
	}
	out.OldREST = emit.Package(from.REST.Package)
	out.OldAPIs = from.apis(old, func(spec.Pos, string, string, string) {}) // its mistakes are reported there
	return out, nil
}

// target returns the target without the REST API.
func (c Config) target() emit.Target {
	return emit.Target{
		Spec:    c.Spec,
		Model:   emit.Package(c.Model),
		Mapping: emit.Package(c.Mapping),
		Field:   emit.Package(c.Field),
		Edge:    emit.Package(c.Edge),
		Fake:    emit.Package(c.Fake),
	}
}

func collect(out []emit.File, err error) (Files, error) {
	if err != nil {
		return nil, err
	}
	files := make(Files, len(out))
	for _, f := range out {
		files[f.Path] = f.Data
	}
	return files, nil
}

// apis returns the versions of the REST API, or nil if the config has no REST API.
func (c Config) apis(g *ir.Graph, report func(at spec.Pos, path, msg, fix string)) []*restapi.API {
	if c.REST == nil {
		return nil
	}
	return restapi.Build(g, restapi.Config{
		Title: c.REST.Title, Path: c.REST.Path, Versions: c.REST.Versions, TextIntegers: c.REST.TextIntegers,
	}, report)
}

// Packages returns the packages of output, in the order in which they import
// each other.
func (c Config) Packages() []Package {
	out := []Package{c.Model, c.Mapping, c.Field, c.Edge}
	if c.Fake.Dir != "" {
		out = append(out, c.Fake)
	}
	if c.Convert != nil {
		out = append(out, c.Convert.Package)
	}
	if c.REST != nil {
		out = append(out, c.REST.Package)
	}
	return out
}

// Problems holds the errors in a spec.
type Problems = spec.Problems

func build(ctx context.Context, c Config) (*ir.Graph, *spec.Set, error) {
	set, err := spec.Load(ctx, c.Spec, c.Read, c.Overlays...)
	if err != nil {
		return nil, nil, err
	}
	if c.Accepted != "" {
		if err := set.LoadAccepted(c.Accepted); err != nil {
			return nil, nil, err
		}
	}
	g := ir.Build(set)
	if ps := set.Problems(); len(ps) > 0 {
		return nil, nil, ps.Sorted()
	}
	return g, set, ctx.Err()
}
