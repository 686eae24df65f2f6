package emit

import (
	"fmt"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// checks collects the statements of one Validate function.
type checks struct {
	printer
	local    string // prefix of the patterns' variable
	id       string // the entity's id; empty in objects
	lines    []string
	patterns []string
	depth    int // of loops
}

func (c *checks) add(format string, args ...any) {
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

// field adds the checks of one field of an entity. An entity with an ID is
// an update, whose unset fields keep their stored values.
func (c *checks) field(f *ir.Field) {
	sel := "v." + f.Go
	if f.Required && !f.Nullable && !f.ZeroLeaves() {
		c.add("c.Required(%q, %s != \"\" || %s)", f.Name, c.id, isSet(f))
	}
	if f.Slot == ir.Parent || f.Type.Basic == ir.IDString {
		c.add("c.%s(%q, %s)", pick(f.Pointer, "OptID", "ID"), f.Name, sel)
		return
	}
	guard := isSet(f)
	switch {
	case f.Pointer && f.Type.Basic != ir.Object:
		guard = "" // checks accept nil pointers
	case f.ZeroLeaves():
		guard = fmt.Sprintf("%s == \"\" || %s", c.id, guard)
	case (f.Type.Basic == ir.List || f.Type.Basic == ir.Map) && f.Rules.MinItems == nil:
		guard = "" // a nil list or map is valid
	}
	c.guarded(f, sel, guard)
}

// member adds the checks of one member of an object.
func (c *checks) member(f *ir.Field) {
	guard := ""
	if f.Pointer && f.Type.Basic == ir.Object || f.Type.Basic == ir.Union {
		guard = isSet(f)
	}
	if f.Required && !f.Pointer && f.Type.ZeroIsUnset() {
		c.add("c.Required(%q, %s)", f.Name, isSet(f))
	}
	c.guarded(f, "v."+f.Go, guard)
}

func (c *checks) guarded(f *ir.Field, sel, guard string) {
	inner := &checks{printer: c.printer, local: c.local, id: c.id, patterns: c.patterns}
	if !f.Pointer && f.Type.Basic != ir.List && f.Type.Basic != ir.Map {
		sel = "&" + sel
	}
	inner.value(f.Name, sel, f.Type, f.Rules)
	c.patterns = inner.patterns
	switch {
	case len(inner.lines) == 0:
	case guard == "":
		c.lines = append(c.lines, inner.lines...)
	default:
		c.add("if %s {", guard)
		c.lines = append(c.lines, inner.lines...)
		c.add("}")
	}
}

// value adds the checks of a value: of a field, or of an element, whose name
// is empty. It comes as a pointer, unless it is a list or a map.
func (c *checks) value(name, expr string, t *ir.Type, r ir.Rules) {
	switch t.Basic {
	case ir.String:
		if r.MinLength != nil || r.MaxLength != nil {
			c.add("c.Length(%q, %s, %d, %d)", name, expr, orElse(r.MinLength, 0), orElse(r.MaxLength, -1))
		}
		if r.Pattern != "" {
			c.add("c.Pattern(%q, %s, &%sPatterns[%d])", name, expr, c.local, len(c.patterns))
			c.patterns = append(c.patterns, r.Pattern)
		}
	case ir.Int32, ir.Int64, ir.Double:
		if r.Minimum != "" {
			c.add("gensupport.%s(c, %q, %s, %s)", pick(r.ExclusiveMin, "MoreThan", "AtLeast"), name, expr, r.Minimum)
		}
		if r.Maximum != "" {
			c.add("gensupport.%s(c, %q, %s, %s)", pick(r.ExclusiveMax, "LessThan", "AtMost"), name, expr, r.Maximum)
		}
	case ir.Enum:
		c.add("gensupport.Enum(c, %q, %s, %s)", name, expr, c.constants(t))
	case ir.List:
		if r.MinItems != nil || r.MaxItems != nil {
			c.add("c.Items(%q, len(%s), %d, %d)", name, expr, orElse(r.MinItems, 0), orElse(r.MaxItems, -1))
		}
		c.elements(name, expr, t)
	case ir.Map:
		c.elements(name, expr, t)
	case ir.Object, ir.Union:
		if needsCheck(t, map[*ir.Type]bool{}) {
			c.add("c.Enter(%q, -1)", name)
			c.add("check%s(c, %s)", t.Go, expr)
			c.add("c.Leave()")
		}
	}
}

// constants returns the values of an enum as arguments, on separate lines if
// there are many.
func (c *checks) constants(t *ir.Type) string {
	words := make([]string, len(t.Values))
	for i, v := range t.Values {
		words[i] = c.model + "." + v.Go
	}
	if list := strings.Join(words, ", "); len(list) < 70 {
		return list
	}
	for i := range words {
		words[i] += ","
	}
	return "\n" + strings.Join(lines(words, 90), "\n") + "\n"
}

// elements adds the checks of the elements of a list or map, if there are any.
func (c *checks) elements(name, expr string, t *ir.Type) {
	if !t.Rules.Any() && !needsCheck(t.Elem, map[*ir.Type]bool{}) {
		return
	}
	c.depth++
	index := strings.Repeat("i", c.depth) // a loop within a loop has its own
	if t.Basic == ir.Map {
		c.add("for _, %s := range gensupport.Keys(%s) {", index, expr)
		c.add("c.EnterKey(%q, %s)", name, index)
	} else {
		c.add("for %s := range %s {", index, expr)
		c.add("c.Enter(%q, %s)", name, index)
	}
	elem := expr + "[" + index + "]"
	switch {
	case t.Elem.Basic == ir.List, t.Elem.Basic == ir.Map:
	case t.Basic == ir.Map: // its values have no address
		c.add("e%s := %s", index, elem)
		elem = "&e" + index
	default:
		elem = "&" + elem
	}
	if t.Elem.Basic == ir.Object || t.Elem.Basic == ir.Union {
		c.add("check%s(c, %s)", t.Elem.Go, elem)
	} else {
		c.value("", elem, t.Elem, t.Rules)
	}
	c.add("c.Leave()")
	c.add("}")
	c.depth--
}

// needsCheck reports whether values of type t have rules to check.
func needsCheck(t *ir.Type, seen map[*ir.Type]bool) bool {
	switch t.Basic {
	case ir.Enum, ir.Union:
		return true
	case ir.List, ir.Map:
		return t.Rules.Any() || needsCheck(t.Elem, seen)
	case ir.Object:
		if seen[t] {
			return false
		}
		seen[t] = true
		for _, f := range t.Fields {
			if f.Rules.Any() || f.Required && f.Type.ZeroIsUnset() || needsCheck(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

func orElse(v *int, otherwise int) int {
	if v == nil {
		return otherwise
	}
	return *v
}
