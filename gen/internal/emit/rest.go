package emit

import (
	"path"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/restapi"
)

// A restView is the data of rest.tmpl for one version of an API.
type restView struct {
	*restapi.API
	Header, Package string
	Imports         []importLine
	Mapping         string // the package
	Newest          bool
	Doc             string
}

// Go returns the name of the variable: V1alpha3.
func (v restView) Go() string { return ir.GoName(v.Version) }

// Local returns the name of the variable with the document.
func (v restView) Local() string { return ir.Local(v.Go()) + "Document" }

// Operations returns the expression of a set of operations in package pkg.
func (v restView) Operations(pkg string, r *restapi.Resource) string {
	if len(r.Operations) == 5 {
		return pkg + ".AllOperations"
	}
	var names []string
	for _, op := range r.Operations {
		names = append(names, pkg+"."+ir.GoName(op))
	}
	return strings.Join(names, " | ")
}

// restFiles emits the package of the APIs with execute, and returns their
// documents.
func restFiles(t Target, execute func(p Package, file, name string, data any) error) ([]File, error) {
	if len(t.APIs) == 0 {
		return nil, nil
	}
	var documents []File
	var views []restView
	for _, a := range t.APIs {
		doc, err := a.Document(strings.TrimPrefix(t.Header(), "// "))
		if err != nil {
			return nil, err
		}
		documents = append(documents, File{path.Join(t.REST.Dir, a.Version+".openapi.json"), doc})
		v := restView{
			API: a, Header: t.Header(), Package: t.REST.Name(), Mapping: t.Mapping.Name(), Newest: a.Successor == "",
			Imports: importLines(t, t.Mapping.Import, sdk+"/pkg/rest"),
		}
		for i, l := range v.Imports {
			if l.Path == t.Mapping.Import && path.Base(l.Path) != t.Mapping.Name() {
				v.Imports[i].Name = t.Mapping.Name()
			}
		}
		v.Doc = v.Go() + " is the API at " + a.Base + "."
		views = append(views, v)
		if err := execute(t.REST, ir.FileName(v.Go()), "rest.tmpl", v); err != nil {
			return nil, err
		}
	}
	if err := execute(t.Mapping, "rest.gen.go", "resttable.tmpl", views); err != nil {
		return nil, err
	}
	return documents, execute(t.REST, "doc.gen.go", "restdoc.tmpl", views)
}

// stringsLiteral returns a Go literal of a list.
func stringsLiteral(list []string) string {
	quotes := make([]string, len(list))
	for i, s := range list {
		quotes[i] = strconv.Quote(s)
	}
	return "[]string{" + strings.Join(quotes, ", ") + "}"
}

// constantsLiteral returns a Go literal of a map.
func constantsLiteral(pairs [][2]string) string {
	var out []string
	for _, p := range pairs {
		out = append(out, strconv.Quote(p[0])+": "+strconv.Quote(p[1]))
	}
	return "map[string]string{" + strings.Join(out, ", ") + "}"
}
