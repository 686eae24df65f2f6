package ir

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// rules adds the rules of s for a value of type t to r. If two schemas have
// the same rule, the stricter one applies.
func (b *builder) rules(r *Rules, t *Type, s *spec.Schema, path string) {
	misplaced := func(name string, there bool, at spec.Pos) {
		if there {
			b.report(at, path, name+" has no effect on "+t.GoType(), "remove it")
		}
	}
	isText, isNumber, isList := t.Basic == String, t.Basic == Int32 || t.Basic == Int64 ||
		t.Basic == Double, t.Basic == List
	if isText {
		strictest(&r.MinLength, s.MinLength, 1)
		strictest(&r.MaxLength, s.MaxLength, -1)
		b.pattern(r, s, path)
	} else {
		misplaced("minLength", s.MinLength != nil, s.Pos)
		misplaced("maxLength", s.MaxLength != nil, s.Pos)
		misplaced("pattern", s.Pattern.Set(), s.Pattern.Pos)
	}
	if isList {
		strictest(&r.MinItems, s.MinItems, 1)
		strictest(&r.MaxItems, s.MaxItems, -1)
	} else {
		misplaced("minItems", s.MinItems != nil, s.Pos)
		misplaced("maxItems", s.MaxItems != nil, s.Pos)
	}
	if !isNumber {
		misplaced("minimum", s.Minimum != nil, s.Pos)
		misplaced("maximum", s.Maximum != nil, s.Pos)
		return
	}
	if s.Minimum != nil {
		lit := b.number(t, s.Minimum, s, path, "minimum")
		if Stricter(r.Minimum, lit, r.ExclusiveMin, s.ExclusiveMin, 1) {
			r.Minimum, r.ExclusiveMin = lit, s.ExclusiveMin
		}
	}
	if s.Maximum != nil {
		lit := b.number(t, s.Maximum, s, path, "maximum")
		if Stricter(r.Maximum, lit, r.ExclusiveMax, s.ExclusiveMax, -1) {
			r.Maximum, r.ExclusiveMax = lit, s.ExclusiveMax
		}
	}
}

// strictest sets *to to the bound from if that is stricter; sign is 1 for a
// lower bound and -1 for an upper one.
func strictest(to **int, from *int, sign int) {
	if from != nil && (*to == nil || sign*(*from) > sign*(**to)) {
		*to = from
	}
}

// Stricter reports whether the bound now refuses numbers that the bound was
// allows; sign is 1 for a minimum and -1 for a maximum. Bounds are the literals
// of Rules, compared exactly; an empty one allows every number.
func Stricter(was, now string, wasExclusive, exclusive bool, sign int) bool {
	if was == "" || now == "" {
		return now != ""
	}
	a, okA := new(big.Rat).SetString(was)
	b, okB := new(big.Rat).SetString(now)
	if !okA || !okB {
		return was != now // not a literal of Rules
	}
	switch order := b.Cmp(a) * sign; {
	case order == 0:
		return exclusive && !wasExclusive
	default:
		return order > 0
	}
}

// Whole returns the least and the greatest whole number that r allows, where it
// limits them.
func (r Rules) Whole() (low, high int64, hasLow, hasHigh bool) {
	bound := func(text string, exclusive bool, inward int64) (int64, bool) {
		i, err := strconv.ParseInt(text, 10, 64)
		if exclusive {
			i += inward
		}
		return i, err == nil
	}
	low, hasLow = bound(r.Minimum, r.ExclusiveMin, 1)
	high, hasHigh = bound(r.Maximum, r.ExclusiveMax, -1)
	return low, high, hasLow, hasHigh
}

func (b *builder) pattern(r *Rules, s *spec.Schema, path string) {
	if !s.Pattern.Set() || s.Pattern.Text == r.Pattern {
		return
	}
	if r.Pattern != "" {
		b.report(s.Pattern.Pos, path, "a second pattern beside "+spec.Quote(r.Pattern), "make one pattern of the two")
		return
	}
	if _, err := regexp.Compile(s.Pattern.Text); err != nil {
		b.report(
			s.Pattern.Pos,
			path,
			"the pattern "+spec.Quote(s.Pattern.Text)+" is not one that Go can check",
			"want the syntax of https://pkg.go.dev/regexp/syntax, without look-around and back-references",
		)
		return
	}
	r.Pattern = s.Pattern.Text
}

// number returns the Go literal of a number in the spec, which must fit t.
func (b *builder) number(t *Type, n *yaml.Node, s *spec.Schema, path, what string) string {
	at := s.At(n)
	lit, why := literal(t, n)
	if why != "" {
		b.report(
			at,
			path,
			fmt.Sprintf("the %s %s %s", what, spec.Quote(n.Value), why),
			"want a value of the property's type",
		)
	}
	return lit
}

// literal returns the Go literal of the scalar n as a value of type t, or
// why n is not such a value.
func literal(t *Type, n *yaml.Node) (lit, why string) {
	if n.Kind != yaml.ScalarNode {
		return "", "is not a value of type " + t.GoType()
	}
	switch t.Basic {
	case String, Enum:
		if n.Tag == "!!null" {
			return "", "is null"
		}
		return strconv.Quote(n.Value), ""
	case Int32, Int64:
		i, whole := spec.Whole(n)
		if !whole || t.Basic == Int32 && (i < math.MinInt32 || i > math.MaxInt32) {
			return "", "is not a value of type " + t.GoType()
		}
		return strconv.FormatInt(i, 10), ""
	case Double:
		var f float64
		if n.Tag != "!!int" && n.Tag != "!!float" || n.Decode(&f) != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return "", "is not a finite number"
		}
		return strconv.FormatFloat(f, 'g', -1, 64), ""
	case Bool:
		var v bool
		if n.Tag != "!!bool" || n.Decode(&v) != nil {
			return "", "is not true or false"
		}
		return strconv.FormatBool(v), ""
	}
	return "", "cannot be a default: only strings, numbers, booleans and enums have one"
}

func (b *builder) defaultOf(f *Field, t *Type, s *spec.Schema, path string) *Default {
	at := s.At(s.Default)
	if s.Default.Kind != yaml.ScalarNode && len(s.Default.Content) == 0 && t.UnsetIsZero() {
		return nil // the same as an unset list or object
	}
	lit, why := literal(t, s.Default)
	if why == "" && t.Basic == Enum {
		why = "is not a value of the enum"
		for _, v := range t.Values {
			if v.Text == s.Default.Value {
				why = ""
			}
		}
	}
	if why != "" {
		b.report(at, path, "the default "+spec.Quote(s.Default.Value)+" "+why, "want a value of the property's type")
		return nil
	}
	if f.Required && !f.Nullable {
		return nil // it is never unset
	}
	return &Default{Text: s.Default.Value, Literal: lit}
}

// exampleOf returns the example n of a value of type t, or the elements of a
// list. OpenAPI leaves the form of examples open: nil is what cannot be used.
func exampleOf(t *Type, n *yaml.Node) []Default {
	if t.Basic != List {
		lit, why := literal(t, n)
		if why != "" {
			return nil
		}
		return []Default{{Text: n.Value, Literal: lit}}
	}
	if t.Elem.Basic == List {
		return nil
	}
	var out []Default
	for _, elem := range n.Content {
		out = append(out, exampleOf(t.Elem, elem)...)
	}
	return out
}
