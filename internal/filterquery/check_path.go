package filterquery

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/internal/typekind"
)

// path returns the column that a path names, and its attribute.
func (c *checker) path(x *Path) (*Term, attribute, error) {
	first := x.Parts[0]
	if !first.Quoted {
		switch first.Name {
		case "properties", "custom_properties":
			return c.property(x, first.Name == "custom_properties")
		}
		if n, prefix := c.neighbor(first.Name); n != nil {
			return c.alias(x, n, prefix)
		}
	}
	name := strings.ToLower(first.Name)
	a, ok := nodeAttributes[c.filter.kind][name]
	if !ok {
		return nil, a, c.unrecognized(first)
	}
	if len(x.Parts) > 1 {
		return nil, a, c.tooDeep(x.Parts[1], a.typ)
	}
	return c.column(c.filter.node, name, a), a, nil
}

func (c *checker) unrecognized(part Part) error {
	name := part.Name
	if len(name) > 60 || strings.ContainsAny(name, " \n") {
		name = quoteShort(name)
	}
	return c.fail(part.At, "Unrecognized name: %s; expected an attribute of %s, properties.NAME.VALUE, "+
		"custom_properties.NAME.VALUE or one of %s",
		name, article(c.filter.kind.String()), prefixes(c.filter.kind))
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// prefixes returns the aliases of a kind for a message: "contexts_X.FIELD, …".
func prefixes(k typekind.Kind) string {
	var list []string
	for prefix := range neighbors[k] {
		list = append(list, prefix+"X.FIELD")
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func (c *checker) tooDeep(part Part, typ Type) error {
	return c.fail(part.At, "Cannot access field %s on a value with type %s", short(part.Name), typ)
}

func (c *checker) column(src *Source, name string, a attribute) *Term {
	src.typed = src.typed || a.ofType
	if a.ofType {
		name = "name"
	}
	return &Term{Op: OpColumn, typ: a.typ, Column: Column{Source: src, Name: name, OfType: a.ofType}}
}

// neighbor returns the neighbor of an alias, or nil if name is not an alias.
func (c *checker) neighbor(alias string) (*neighbor, string) {
	for prefix, n := range neighbors[c.filter.kind] {
		if suffix, ok := strings.CutPrefix(alias, prefix); ok && suffix != "" {
			return n, prefix
		}
	}
	return nil, ""
}

func (c *checker) alias(x *Path, n *neighbor, prefix string) (*Term, attribute, error) {
	first := x.Parts[0]
	if len(x.Parts) == 1 || x.Parts[1].blankBefore {
		return nil, attribute{}, c.unrecognized(first)
	}
	field := strings.ToLower(x.Parts[1].Name)
	a, ok := n.attrs[field]
	if !ok {
		return nil, a, c.fail(
			x.Parts[1].At, "Field name %s does not exist in %s; expected one of %s", short(x.Parts[1].Name),
			short(first.Name), attributeNames(n.attrs),
		)
	}
	if len(x.Parts) > 2 {
		return nil, a, c.tooDeep(x.Parts[2], a.typ)
	}
	if x.Parts[1].Quoted || x.Parts[1].Name != field {
		a.enum = nil // only the plain spelling allows names of enum values
	}
	src, err := c.source(first.At, first.Name, strings.ToLower(first.Name), func() *Source {
		return &Source{neighbor: n, Prefix: prefix}
	})
	if err != nil {
		return nil, a, err
	}
	return c.column(src, field, a), a, nil
}

func attributeNames(attrs map[string]attribute) string {
	var names []string
	for name := range attrs {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// property returns the column of properties.NAME.VALUE. The name is case-sensitive.
func (c *checker) property(x *Path, custom bool) (*Term, attribute, error) {
	parts := x.Parts
	if len(parts) < 3 || parts[1].blankBefore || parts[1].blankAfter || parts[2].blankBefore || parts[2].Quoted {
		return nil, attribute{}, c.fail(
			x.Pos(), "Unrecognized name: %s; expected %s.NAME.VALUE without blanks around the dots", parts[0].Name,
			parts[0].Name,
		)
	}
	a, ok := values[parts[2].Name]
	if !ok {
		message := "Unrecognized name: " + parts[0].Name + "; its field " + short(parts[2].Name) + " is not one of "
		if startsValue(parts[2].Name) {
			message = "Field name " + short(parts[2].Name) + " does not exist; expected one of "
		}
		return nil, a, c.fail(x.Pos(), "%s%s", message, attributeNames(values))
	}
	if len(parts) > 3 {
		return nil, a, c.tooDeep(parts[3], a.typ)
	}
	name := parts[1].Name
	key := fmt.Sprintf("%s.%s", parts[0].Name, strings.ToLower(name))
	src, err := c.source(parts[1].At, name, key, func() *Source {
		return &Source{IsProp: true, Property: name, Custom: custom}
	})
	if err != nil {
		return nil, a, err
	}
	return c.column(src, parts[2].Name, a), a, nil
}

// startsValue reports whether a misspelled field begins like a valid one.
func startsValue(field string) bool {
	for _, start := range []string{"int", "double", "string", "bool"} {
		if strings.HasPrefix(field, start) {
			return true
		}
	}
	return false
}

// source returns the source with the key, which the text spells name. It creates it
// at its first occurrence. All occurrences must have the same spelling.
func (c *checker) source(at Pos, name, key string, make func() *Source) (*Source, error) {
	known, ok := c.spelled[key]
	if !ok {
		known = &spelling{name: name, src: make()}
		c.spelled[key] = known
		c.filter.sources = append(c.filter.sources, known.src)
		known.src.number = len(c.filter.sources)
	}
	if known.name != name {
		return nil, c.fail(at, "Duplicate expression column name %s: it is spelled %s and %s; one filter spells a name "+
			"in one way",
			short(strings.ReplaceAll(key, ".", "_")), quoteShort(known.name), quoteShort(name))
	}
	return known.src, nil
}

// tables returns the number of tables that the statement of the filter reads.
func (f *Filter) tables() int {
	n := 1
	for _, s := range append([]*Source{f.node}, f.sources...) {
		if s.number > 0 {
			n++
		}
		if s.neighbor != nil && s.neighbor.table != "" {
			n++
		}
		if s.typed {
			n++
		}
	}
	return n
}
