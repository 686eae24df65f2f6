package ir

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Stores returns what entities of e can store, one line each: the properties, the
// parent, the values of enums, the members of objects, the variants of unions and the
// targets of edges. A program of a spec without one of the lines does not know
// something that is stored.
func (e *Entity) Stores() []string {
	var out []string
	seen := map[*Type]bool{}
	for _, f := range e.Fields {
		switch f.Slot {
		case Property:
			out = append(out, f.Key+" "+string(f.Stored))
			out = appendParts(out, f.Key, f.Type, seen)
		case Parent:
			out = append(out, f.Name+" to "+e.Parent.Parent.Name)
		} // the others are the same in every spec
	}
	for _, r := range e.Edges {
		if !r.Linkable() {
			continue // a field
		}
		kind := r.Event
		if kind == "" {
			kind = "MEMBER"
		}
		for _, to := range r.To {
			out = append(out, strings.TrimSpace(kind+" "+r.Key)+" to "+to.Name)
		}
	}
	return out
}

// appendParts adds the values of a type that is stored under a name, and the members
// of objects that are not seen yet.
func appendParts(out []string, name string, t *Type, seen map[*Type]bool) []string {
	t = t.object()
	for _, v := range t.Values {
		out = append(out, name+" = "+quoteSpaces(v.Text))
	}
	if seen[t] {
		return out
	}
	seen[t] = true
	for _, v := range t.Variants {
		for _, value := range v.Values {
			out = append(out, name+"."+t.Kind+" = "+quoteSpaces(value))
		}
		out = appendParts(out, name, v.Type, seen)
	}
	for _, f := range t.Fields {
		name := t.Go + "." + f.Name
		out = append(out, name)
		out = appendParts(out, name, f.Type, seen)
	}
	return out
}

// Reads returns what entities of e read beside [Entity.Stores], one line each: the
// former names of properties and members.
func (e *Entity) Reads() []string {
	var out []string
	seen := map[*Type]bool{}
	for _, f := range e.Fields {
		if f.Slot != Property {
			continue
		}
		for _, name := range f.Aliases {
			out = append(out, name+" "+string(f.Stored))
			if f.Stored == DOUBLE {
				out = append(out, name+" "+string(INT))
			}
			out = appendParts(out, name, f.Type, map[*Type]bool{f.Type.object(): true})
		}
		out = appendFormer(out, f.Type, seen)
	}
	return out
}

// appendFormer adds the former names of the members of objects that are not seen
// yet.
func appendFormer(out []string, t *Type, seen map[*Type]bool) []string {
	t = t.object()
	if seen[t] {
		return out
	}
	seen[t] = true
	for _, v := range t.Variants {
		out = appendFormer(out, v.Type, seen)
	}
	for _, f := range t.Fields {
		for _, name := range f.Aliases {
			out = append(out, t.Go+"."+name)
			out = appendParts(out, t.Go+"."+name, f.Type, map[*Type]bool{f.Type.object(): true})
		}
		out = appendFormer(out, f.Type, seen)
	}
	return out
}

// object returns the type of the elements of a list or a map, or t.
func (t *Type) object() *Type {
	for t.Basic == List || t.Basic == Map {
		t = t.Elem
	}
	return t
}

// quoteSpaces quotes a text that is not one word.
func quoteSpaces(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r == '"' || r == ' ' || !strconv.IsGraphic(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// Fingerprint identifies what the spec says about stored entities: two specs with
// the same fingerprint store the same values in the same way, under the same rules.
// Descriptions, examples and names in Go do not count.
func (g *Graph) Fingerprint() string {
	h := sha256.New()
	for _, e := range g.Entities {
		fmt.Fprintf(h, "%q %q %s %t %q\n", e.Name, e.TypeName, e.Kind, e.Prefixed, e.Copies)
		for _, line := range e.Stores() {
			fmt.Fprintf(h, "\t%q\n", line)
		}
		if e.Parent != nil {
			fmt.Fprintf(h, "\tparent %q %t\n", e.Parent.Field.Name, e.Parent.Optional)
		}
		writeRules(h, e.Fields, map[*Type]bool{})
		for _, r := range e.Edges {
			fmt.Fprintf(h, "\tedge %q %q %q %t %t %d %q\n", r.Name, r.Key, r.Step, r.Required, r.Unique, r.Max, r.Inverse)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// writeRules writes what fields demand of their values, and those of objects that
// are not seen yet.
func writeRules(w io.Writer, fields []*Field, seen map[*Type]bool) {
	for _, f := range fields {
		fmt.Fprintf(w, "\t%q %d %t %t %t %q", f.Name, f.Type.Basic, f.Required, f.Nullable, f.Immutable, f.Aliases)
		if f.Default != nil {
			fmt.Fprintf(w, " %q", f.Default.Text)
		}
		writeRule(w, f.Rules)
		for t := f.Type; t != nil; t = t.Elem {
			writeRule(w, t.Rules)
			if seen[t] {
				continue
			}
			seen[t] = true
			writeRules(w, t.Fields, seen)
			for _, v := range t.Variants {
				fmt.Fprintf(w, "\t%q %q", t.Kind, v.Values)
				if !seen[v.Type] {
					seen[v.Type] = true
					writeRules(w, v.Type.Fields, seen)
				}
			}
		}
	}
}

func writeRule(w io.Writer, r Rules) {
	for _, bound := range []*int{r.MinLength, r.MaxLength, r.MinItems, r.MaxItems} {
		if bound != nil {
			fmt.Fprintf(w, " %d", *bound)
		}
		fmt.Fprint(w, ",")
	}
	fmt.Fprintf(w, " %q %s %s %t %t\n", r.Pattern, r.Minimum, r.Maximum, r.ExclusiveMin, r.ExclusiveMax)
}
