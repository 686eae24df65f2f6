package emit

import (
	"fmt"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// A unionView is the data of the templates of one union.
type unionView struct {
	Header, Package string
	Imports         []importLine
	Go              string
	Doc             string
	Model           string // model.Source
	Interface       string // SourceVariant
	Unknown         string // UnknownSource
	UnknownModel    string // model.UnknownSource
	Kind            string // the discriminator
	Values          []string
	Listed          string // the values, for messages
	ListedTypes     string // the pointers, for comments
	Variants        []variantView
	Renames         bool
	Plain           int // how many variants are first and do not need another of the union
	Obsolete        bool
}

// A variantView is one variant of a union.
type variantView struct {
	Go, Model       string
	Values          []string
	Field, KindType string // the Go field of the discriminator, and its type
	Check, Rename   string // functions; empty if it needs none
}

func unionOf(typ *ir.Type, t Target, p Package) *unionView {
	of := printer{t.Model.Name()}
	v := &unionView{
		Header: t.Header(), Package: p.Name(), Go: typ.Go, Model: of.goType(typ),
		Interface: typ.VariantInterface(), Unknown: typ.UnknownVariant(), UnknownModel: of.model + "." + typ.UnknownVariant(),
		Kind: typ.Kind,
	}
	var pointers []string
	for _, x := range typ.Variants {
		one := variantView{
			Go: x.Type.Go, Model: of.goType(x.Type), Values: x.Values, Field: x.Kind.Go, KindType: of.goType(x.Kind.Type),
			Rename: renamer(x.Type), Check: "nil",
		}
		if needsCheck(x.Type, map[*ir.Type]bool{}) {
			one.Check = "check" + x.Type.Go
		}
		v.Renames = v.Renames || one.Rename != ""
		v.Obsolete = v.Obsolete || x.Kind.Deprecated
		v.Values = append(v.Values, x.Values...)
		v.Variants = append(v.Variants, one)
		pointers = append(pointers, "*"+x.Type.Go)
	}
	v.Listed, v.ListedTypes = strings.Join(v.Values, ", "), strings.Join(pointers, ", ")
	v.Doc = typeDoc(typ.Go, typ.Doc)
	return v
}

// One returns the value of the discriminator, or "" if the variant has several.
func (v variantView) One() string {
	if len(v.Values) == 1 {
		return v.Values[0]
	}
	return ""
}

// Cases returns the values of the discriminator as a list of expressions.
func (v variantView) Cases() string { return strings.TrimPrefix(quoted(v.Values), ", ") }

// emitUnion adds the files of one union.
func emitUnion(typ *ir.Type, t Target, execute func(p Package, file, name string, data any) error) error {
	model := unionOf(typ, t, t.Model)
	model.Imports = []importLine{{Path: "encoding/json"}, {Path: "errors"}}
	if err := execute(t.Model, ir.FileName(typ.Go), "unionmodel.tmpl", model); err != nil {
		return err
	}
	mapping := unionOf(typ, t, t.Mapping)
	mapping.Imports = imports(t)
	return execute(t.Mapping, ir.FileName(typ.Go), "union.tmpl", mapping)
}

// MissingKind returns the message for JSON without a discriminator.
func (v *unionView) MissingKind() string {
	return fmt.Sprintf("%s without a text in %q: want one of %s", v.Go, v.Kind, v.Listed)
}
