package codegen

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path"
	"regexp"
	"slices"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// A BugError reports generated code that does not compile.
type BugError struct {
	Spec spec.Pos // of the entity or type that the code is for; may be zero
	Path string   // its name; may be empty
	Err  error    // the error of the type checker, with the place in the code
}

// Error describes the error, where it comes from, and what to do.
func (e *BugError) Error() string {
	of := ""
	if e.Path != "" {
		of = fmt.Sprintf(" for %s at %s", e.Path, e.Spec)
	}
	return fmt.Sprintf("gen: the code%s would not compile, and nothing was written: %v\n"+
		"This is a bug in gen: please report it with the spec. Another x-go-name may be a way around it.", of, e.Err)
}

// Unwrap returns the error of the type checker.
func (e *BugError) Unwrap() error { return e.Err }

// TypeCheck type-checks files, which Generate returned for c. sdk resolves their
// imports; if it is nil, only the names that the files declare are checked. An
// error is a *BugError.
func TypeCheck(ctx context.Context, c Config, files Files, sdk types.Importer) error {
	t := &typeCheck{fset: token.NewFileSet(), sdk: sdk, own: map[string]*types.Package{}}
	for _, p := range c.Packages() {
		if err := t.check(p, files); err != nil {
			bug := &BugError{Err: err}
			if g, _, err := build(ctx, c); err == nil {
				bug.Path, bug.Spec = t.origin(g, bug.Err)
			}
			return bug
		}
	}
	return nil
}

type typeCheck struct {
	fset *token.FileSet
	sdk  types.Importer
	own  map[string]*types.Package // packages that are checked already
	decl string                    // the declaration that the error is in
}

// Import returns a package of the output, or one of others.
func (t *typeCheck) Import(p string) (*types.Package, error) {
	if pkg := t.own[p]; pkg != nil {
		return pkg, nil
	}
	if t.sdk == nil {
		return nil, errUnknown
	}
	return t.sdk.Import(p)
}

var errUnknown = errors.New("not known here")

// aboutNames matches errors that have their cause in the names that a package
// declares, and not in what others declare.
var aboutNames = regexp.MustCompile(`redeclared|already declared|cannot declare|undefined: \w+$|is not a type`)

func (t *typeCheck) check(p Package, files Files) error {
	var parsed []*ast.File
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Dir(name) != p.Dir || path.Ext(name) != ".go" {
			continue
		}
		f, err := parser.ParseFile(t.fset, name, files[name], parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		parsed = append(parsed, f)
	}
	var first error
	conf := types.Config{Importer: t, Error: func(err error) {
		if first == nil && (t.sdk != nil || aboutNames.MatchString(err.Error())) {
			first = err
		}
	}}
	t.own[p.Import], _ = conf.Check(p.Import, t.fset, parsed, nil) // its error is the first one that Error gets
	var bad types.Error
	if errors.As(first, &bad) {
		t.decl = declaration(parsed, bad.Pos)
	}
	return first
}

// declaration returns the name that is declared at pos.
func declaration(files []*ast.File, pos token.Pos) string {
	for _, f := range files {
		for _, d := range f.Decls {
			if pos < d.Pos() || pos > d.End() {
				continue
			}
			switch d := d.(type) {
			case *ast.FuncDecl:
				return d.Name.Name
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						return s.Name.Name
					case *ast.ValueSpec:
						return s.Names[0].Name
					}
				}
			}
		}
	}
	return ""
}

// origin returns the entity or type of the spec that the code with err is for.
func (t *typeCheck) origin(g *ir.Graph, err error) (name string, at spec.Pos) {
	file := ""
	if bad := (types.Error{}); errors.As(err, &bad) {
		file = path.Base(t.fset.Position(bad.Pos).Filename)
	}
	is := func(goName string) bool { return t.decl == goName || file == ir.FileName(goName) }
	for _, e := range g.Entities {
		if is(e.Go) {
			return e.Name, e.Pos
		}
	}
	for _, typ := range g.Types {
		if is(typ.Go) {
			return typ.Go, typ.Pos
		}
	}
	return "", spec.Pos{}
}
