package emit

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/restapi"
)

// A Conversion describes the package that converts entities between two versions of
// a spec.
type Conversion struct {
	Package
	Old        Package // the model package of the older version
	OldMapping Package
	OldName    string // of its config file
	// OldREST is the package with the REST API of the older version, and OldAPIs that
	// API. They are not set unless both versions have one.
	OldREST Package
	OldAPIs []*restapi.API
}

// Convert returns the package that converts between the entities of old and now that
// are stored as the same MLMD types.
func Convert(old, now *ir.Graph, t Target, c Conversion) ([]File, error) {
	v := &converter{helpers: map[string]string{}}
	var functions, views []string
	var lost []string
	for _, a := range now.Entities {
		i := slices.IndexFunc(old.Entities, func(b *ir.Entity) bool { return b.TypeName == a.TypeName && b.Kind == a.Kind })
		if i < 0 {
			continue
		}
		b := old.Entities[i]
		if sameNames(a, b) {
			views = append(views, a.Go+"View")
			functions = append(functions, view(b, a))
		}
		for _, d := range []direction{{up: true, from: b, to: a}, {from: a, to: b}} {
			code, missing := v.entity(d)
			functions = append(functions, code)
			for _, m := range missing {
				lost = append(lost, d.name()+": "+m)
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", t.Header())
	b.WriteString(comment("", fmt.Sprintf("Package %s converts entities between two versions of a spec: "+
		"that of %s, and %s. What the other version cannot hold is left unset; Lost lists it.", c.Name(), c.OldName, t.Spec)))
	fmt.Fprintf(&b, "package %s\n\nimport (\n\t\"time\"\n\n", c.Name())
	fmt.Fprintf(&b, "\told %q\n\toldmapping %q\n\tnow %q\n\tnowmapping %q\n\t%q\n\t%q\n\t%q\n)\n\n",
		c.Old.Import, c.OldMapping.Import, t.Model.Import, t.Mapping.Import,
		sdk+"/pkg/mlmd/convert", sdk+"/pkg/value", "github.com/oapi-codegen/runtime/types")
	b.WriteString(comment("", "Lost lists what one version has and the other does not: the function, the path, and "+
		"what becomes of it."))
	b.WriteString("var Lost = []string{\n")
	for _, l := range lost {
		fmt.Fprintf(&b, "\t%q,\n", l)
	}
	b.WriteString("}\n\n")
	for _, f := range functions {
		b.WriteString(f)
	}
	for _, name := range slices.Sorted(maps.Keys(v.helpers)) {
		b.WriteString(v.helpers[name])
	}
	files := []File{{path.Join(c.Dir, "convert.gen.go"), []byte(b.String())}}
	if len(c.OldAPIs) > 0 && len(t.APIs) > 0 {
		files = append(files, File{path.Join(t.REST.Dir, "former.gen.go"), []byte(former(t, c, views))})
	}
	for i, file := range files {
		src, err := Tidy(file.Data)
		if err != nil {
			return nil, fmt.Errorf("gen: %s: the output is not Go: %w", file.Path, err)
		}
		files[i].Data = src
	}
	return files, nil
}

// sameNames reports whether the stored names and the parents of two versions of an
// entity have the same form.
func sameNames(a, b *ir.Entity) bool {
	if a.Prefixed != b.Prefixed || (a.Parent == nil) != (b.Parent == nil) {
		return false
	}
	return a.Parent == nil || a.Parent.Parent.TypeName == b.Parent.Parent.TypeName
}

// view returns the variable with the mapping of the older version to what the newer
// one stores.
func view(old, now *ir.Entity) string {
	doc := fmt.Sprintf("%sView maps [old.%s] to what the newer version stores: fields under their new names and "+
		"with their new types.", now.Go, old.Go)
	return comment("", doc) + fmt.Sprintf("var %sView = convert.View(&oldmapping.%s, &nowmapping.%s, %sUp, %sDown)\n\n",
		now.Go, old.Go, now.Go, now.Go, now.Go)
}

// former returns the file with the REST API of the older version.
func former(t Target, c Conversion, views []string) string {
	newest := t.APIs[0]
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\npackage %s\n\nimport (\n\tformer %q\n\t%q\n\tviews %q\n)\n\n",
		t.Header(), t.REST.Name(), c.OldREST.Import, sdk+"/pkg/rest", c.Import)
	b.WriteString(comment("", fmt.Sprintf("Former are the versions of the API of %s, from the newest to the oldest. "+
		"They serve the entities of APIs from the same store, each in the form of its version. "+
		"Responses say that %s replaces them.",
		c.OldName, newest.Base)))
	fmt.Fprintf(&b, "var Former = rest.Former(former.APIs, %q,\n", newest.Base)
	for _, v := range views {
		fmt.Fprintf(&b, "\trest.NewEntity(&views.%s),\n", v)
	}
	b.WriteString(")\n")
	return b.String()
}

// A direction is one of the two functions of an entity.
type direction struct {
	up       bool // from the older version to the newer one
	from, to *ir.Entity
}

// name returns the name of the function.
func (d direction) name() string {
	if d.up {
		return d.to.Go + "Up"
	}
	return d.from.Go + "Down"
}

// pkgs returns the names of the packages of from and to.
func pkgs(up bool) (from, to string) {
	if up {
		return "old", "now"
	}
	return "now", "old"
}

// A converter makes the functions of a package.
type converter struct {
	up      bool
	helpers map[string]string // functions for objects, by name
	lost    *[]string         // of the function at hand
}

func (v *converter) lose(path, why string) { *v.lost = append(*v.lost, path+" "+why) }

// entity returns the function that converts an entity, and what it loses.
func (v *converter) entity(d direction) (code string, lost []string) {
	v.up, v.lost = d.up, &lost
	from, to := pkgs(d.up)
	var b strings.Builder
	members := v.members(d.from.Fields, d.to.Fields, "", func(a, z *ir.Field) bool { return sameField(d.up, a, z) })
	doc := fmt.Sprintf("%s returns v as the %s version has it, or nil for nil. It shares nothing with v, and "+
		"has no loaded neighbors.", d.name(), map[bool]string{true: "newer", false: "older"}[d.up])
	b.WriteString(comment("", doc))
	fmt.Fprintf(&b, "func %s(v *%s.%s) *%s.%s {\n\tif v == nil {\n\t\treturn nil\n\t}\n\treturn &%s.%s{\n",
		d.name(), from, d.from.Go, to, d.to.Go, to, d.to.Go)
	for _, m := range members {
		b.WriteString("\t\t" + m + ",\n")
	}
	fmt.Fprintf(&b, "\t\t%s: convert.Same(v.%s),\n\t}\n}\n\n", ir.Unreadable, ir.Unreadable)
	return b.String(), lost
}

// sameField reports whether two fields of an entity are stored in the same place. In
// the newer version, a may have former names.
func sameField(up bool, from, to *ir.Field) bool {
	if from.Slot != to.Slot {
		return false
	}
	if from.Slot != ir.Property {
		return true
	}
	old, now := from, to
	if !up {
		old, now = to, from
	}
	return old.Key == now.Key || slices.Contains(now.Aliases, old.Key)
}

// sameMember is sameField for the members of an object.
func sameMember(up bool, from, to *ir.Field) bool {
	old, now := from, to
	if !up {
		old, now = to, from
	}
	return old.Name == now.Name || slices.Contains(now.Aliases, old.Name)
}

// members returns the members of the literal that converts fields.
func (v *converter) members(from, to []*ir.Field, prefix string, same func(from, to *ir.Field) bool) []string {
	var out []string
	for _, a := range from {
		i := slices.IndexFunc(to, func(z *ir.Field) bool { return same(a, z) })
		if i < 0 {
			v.lose(prefix+a.Name, "is lost: the other version lacks it")
			continue
		}
		z := to[i]
		f, ok := v.function(a.Type, z.Type, prefix+a.Name)
		if !ok {
			continue
		}
		form := map[[2]bool]string{
			{false, false}: "Value", {false, true}: "ToPointer", {true, false}: "FromPointer", {true, true}: "Pointer",
		}[[2]bool{a.Pointer, z.Pointer}]
		if form == "Value" && strings.HasPrefix(f, "convert.Keep[") {
			out = append(out, z.Go+": v."+a.Go)
			continue
		}
		out = append(out, fmt.Sprintf("%s: convert.%s(v.%s, %s)", z.Go, form, a.Go, f))
	}
	return out
}

// function returns the expression of a function that converts values of a type. It
// returns false, and says so in Lost, if none can.
func (v *converter) function(a, z *ir.Type, path string) (string, bool) {
	from, to := pkgs(v.up)
	switch {
	case a.Basic == ir.Enum && z.Basic == ir.Enum: // reading keeps a value that the spec lacks, too
		for _, value := range a.Values {
			if !slices.ContainsFunc(z.Values, func(other ir.Value) bool { return other.Text == value.Text }) {
				v.lose(path, "keeps "+value.Text+", which the other version does not know")
			}
		}
		return fmt.Sprintf("convert.Text[%s.%s, %s.%s]", from, a.Go, to, z.Go), true
	case a.Basic == ir.Enum && z.Basic == ir.String:
		return fmt.Sprintf("convert.Text[%s.%s, string]", from, a.Go), true
	case a.Basic == ir.String && z.Basic == ir.Enum:
		v.lose(path, "keeps texts that the other version does not know")
		return fmt.Sprintf("convert.Text[string, %s.%s]", to, z.Go), true
	case a.Basic == ir.Object && z.Basic == ir.Object:
		return v.object(a, z, path), true
	case a.Basic == ir.Union && z.Basic == ir.Union && a.Kind == z.Kind:
		return v.union(a, z, path), true
	case a.Basic == ir.List && z.Basic == ir.List, a.Basic == ir.Map && z.Basic == ir.Map:
		if f, ok := v.function(a.Elem, z.Elem, path+"[]"); ok {
			return fmt.Sprintf("convert.%s(%s)", map[ir.Basic]string{ir.List: "List", ir.Map: "Map"}[a.Basic], f), true
		}
		return "", false
	case a.Basic == z.Basic:
		if name := map[ir.Basic]string{ir.Bytes: "Bytes", ir.JSON: "JSON", ir.Values: "Values"}[a.Basic]; name != "" {
			return "convert." + name, true
		}
		return "convert.Keep[" + a.GoType() + "]", true
	case isInteger(a) && z.Basic == ir.Double:
		return fmt.Sprintf("convert.ToDouble[%s]", a.GoType()), true
	case a.Basic == ir.Double && isInteger(z):
		v.lose(path, "keeps only whole numbers")
		return fmt.Sprintf("convert.ToInteger[%s]", z.GoType()), true
	case isInteger(a) && isInteger(z):
		if a.Basic == ir.Int64 {
			v.lose(path, "keeps only numbers of 32 bits")
		}
		return fmt.Sprintf("convert.Integer[%s, %s]", a.GoType(), z.GoType()), true
	case text(a) && text(z):
		return "convert.Keep[string]", true
	}
	v.lose(path, "is lost: it has another type in the other version")
	return "", false
}

func isInteger(t *ir.Type) bool { return t.Basic == ir.Int32 || t.Basic == ir.Int64 }
func text(t *ir.Type) bool      { return t.Basic == ir.String || t.Basic == ir.IDString }

// object returns the name of the function that converts an object.
func (v *converter) object(a, z *ir.Type, path string) string {
	from, to := pkgs(v.up)
	name := map[bool]string{true: "up", false: "down"}[v.up] + a.Go
	if a.Go != z.Go {
		name += "To" + z.Go
	}
	if _, ok := v.helpers[name]; ok {
		return name
	}
	v.helpers[name] = "" // it may contain itself
	members := v.members(a.Fields, z.Fields, path+".", func(x, y *ir.Field) bool { return sameMember(v.up, x, y) })
	var b strings.Builder
	fmt.Fprintf(&b, "func %s(v %s.%s) (%s.%s, bool) {\n\treturn %s.%s{\n", name, from, a.Go, to, z.Go, to, z.Go)
	for _, m := range members {
		b.WriteString("\t\t" + m + ",\n")
	}
	b.WriteString("\t}, true\n}\n\n")
	v.helpers[name] = b.String()
	return name
}

// union returns the name of the function that converts a union. A variant that the
// other version lacks becomes one that it does not know, and back.
func (v *converter) union(a, z *ir.Type, path string) string {
	from, to := pkgs(v.up)
	name := map[bool]string{true: "up", false: "down"}[v.up] + a.Go
	if a.Go != z.Go {
		name += "To" + z.Go
	}
	if _, ok := v.helpers[name]; ok {
		return name
	}
	v.helpers[name] = "" // it may contain itself
	var b strings.Builder
	fmt.Fprintf(&b, "func %s(v %s.%s) (%s.%s, bool) {\n\tswitch x := v.Value.(type) {\n", name, from, a.Go, to, z.Go)
	for _, variant := range a.Variants {
		fmt.Fprintf(&b, "\tcase *%s.%s:\n", from, variant.Type.Go)
		for _, value := range variant.Values {
			other := z.VariantOf(value)
			if other == nil {
				v.lose(path, "keeps "+value+", which the other version does not know")
				continue
			}
			is := "x != nil"
			if len(variant.Values) > 1 {
				is += fmt.Sprintf(" && x.%s == %q", variant.Kind.Go, value)
			}
			f := v.object(variant.Type, other.Type, path)
			fmt.Fprintf(&b, "\t\tif %s {\n\t\t\ty, ok := %s(*x)\n", is, f)
			fmt.Fprintf(&b, "\t\t\treturn %s.%s{Value: &y}, ok\n\t\t}\n", to, z.Go)
		}
	}
	fmt.Fprintf(&b, "\t}\n\tvar out %s.%s\n\treturn out, convert.Union(v, &out)\n}\n\n", to, z.Go)
	v.helpers[name] = b.String()
	return name
}
