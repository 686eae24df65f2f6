package docs

import (
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/mlmd-go/sdk"

// bracketed matches what looks like a doc link. comment.Parser leaves it as
// plain text if the name does not exist.
var bracketed = regexp.MustCompile(`(^|[\s(])\[(\*?[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*){0,2})\]`)

// TestDocLinks checks that every [Name] and [pkg.Name] in a doc comment
// refers to an exported name that exists.
func TestDocLinks(t *testing.T) {
	packages := parsePackages(t)
	for dir, pkg := range packages {
		check := func(text string) {
			p := pkg.Parser()
			walkText(p.Parse(text).Content, func(e comment.Text) {
				switch e := e.(type) {
				case comment.Plain:
					for _, m := range bracketed.FindAllStringSubmatch(string(e), -1) {
						recv, name, ok := strings.Cut(strings.TrimPrefix(m[2], "*"), ".")
						if !ok {
							recv, name = "", recv
						}
						if name != strings.ToUpper(name) && !declares(pkg, recv, name) {
							t.Errorf("%s: the doc link [%s] refers to a name that does not exist", dir, m[2])
						}
					}
				case *comment.DocLink:
					in := pkg
					if e.ImportPath != "" {
						rel, ok := strings.CutPrefix(e.ImportPath, module+"/")
						if !ok {
							return
						}
						if rel == "generated/mlmdpb" {
							return
						}
						if in = packages[rel]; in == nil {
							t.Errorf("%s: the doc link to %s refers to a package that does not exist", dir, e.ImportPath)
							return
						}
					}
					if e.Name != "" && !declares(in, e.Recv, e.Name) {
						name := strings.Trim(path.Base(in.ImportPath)+"."+e.Recv+"."+e.Name, ".")
						t.Errorf("%s: the doc link [%s] refers to a name that does not exist", dir, name)
					}
				}
			})
		}
		check(pkg.Doc)
		for _, v := range slices.Concat(pkg.Consts, pkg.Vars) {
			check(v.Doc)
		}
		for _, f := range pkg.Funcs {
			check(f.Doc)
		}
		for _, typ := range pkg.Types {
			check(typ.Doc)
			for _, f := range slices.Concat(typ.Funcs, typ.Methods) {
				check(f.Doc)
			}
			for _, v := range slices.Concat(typ.Consts, typ.Vars) {
				check(v.Doc)
			}
			for _, field := range fieldDocs(typ) {
				check(field)
			}
		}
	}
}

func walkText(blocks []comment.Block, visit func(comment.Text)) {
	texts := func(list []comment.Text) {
		for _, e := range list {
			visit(e)
		}
	}
	for _, b := range blocks {
		switch b := b.(type) {
		case *comment.Paragraph:
			texts(b.Text)
		case *comment.Heading:
			texts(b.Text)
		case *comment.List:
			for _, item := range b.Items {
				walkText(item.Content, visit)
			}
		}
	}
}

// declares reports whether pkg has the exported name, as a method or field of
// recv if that is set.
func declares(pkg *doc.Package, recv, name string) bool {
	named := func(funcs []*doc.Func, name string) bool {
		return slices.ContainsFunc(funcs, func(f *doc.Func) bool { return f.Name == name })
	}
	valued := func(values []*doc.Value, name string) bool {
		return slices.ContainsFunc(values, func(v *doc.Value) bool { return slices.Contains(v.Names, name) })
	}
	for _, typ := range pkg.Types {
		if recv != "" {
			if typ.Name == recv && (named(typ.Methods, name) || slices.Contains(members(typ), name)) {
				return true
			}
			continue
		}
		if typ.Name == name || named(typ.Funcs, name) || valued(typ.Consts, name) || valued(typ.Vars, name) {
			return true
		}
	}
	return recv == "" && (named(pkg.Funcs, name) || valued(pkg.Consts, name) || valued(pkg.Vars, name))
}

// members returns the names of the fields of a struct, or of the methods of an
// interface.
func members(typ *doc.Type) []string {
	var names []string
	eachField(typ, func(f *ast.Field) {
		for _, n := range f.Names {
			names = append(names, n.Name)
		}
	})
	return names
}

func fieldDocs(typ *doc.Type) []string {
	var docs []string
	eachField(typ, func(f *ast.Field) { docs = append(docs, f.Doc.Text(), f.Comment.Text()) })
	return docs
}

func eachField(typ *doc.Type, visit func(*ast.Field)) {
	for _, spec := range typ.Decl.Specs {
		var list *ast.FieldList
		switch s := spec.(*ast.TypeSpec).Type.(type) {
		case *ast.StructType:
			list = s.Fields
		case *ast.InterfaceType:
			list = s.Methods
		default:
			continue
		}
		for _, f := range list.List {
			visit(f)
		}
	}
}

// parsePackages returns the packages of this module with a file that is not a
// test, by folder. Names that are not exported are kept, since their comments
// have links too.
func parsePackages(t *testing.T) map[string]*doc.Package {
	t.Helper()
	fset := token.NewFileSet()
	parsed := map[string][]*ast.File{}
	for _, file := range files(t, ".go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, filepath.Join(root, file), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.ToSlash(filepath.Dir(file))
		parsed[dir] = append(parsed[dir], f)
	}
	packages := map[string]*doc.Package{}
	for dir, list := range parsed {
		pkg, err := doc.NewFromFiles(fset, list, path.Join(module, dir), doc.AllDecls|doc.PreserveAST)
		if err != nil {
			t.Fatal(err)
		}
		packages[dir] = pkg
	}
	return packages
}
