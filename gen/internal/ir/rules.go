package ir

import (
	"fmt"
	"math"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// rules takes over what s demands of a value of type t. What the outer schema
// says comes first and stays.
func (b *builder) rules(r *Rules, t *Type, s *spec.Schema, path string) {
	misplaced := func(name string, there bool, at spec.Pos) {
		if there {
			b.report(at, path, name+" says nothing about "+t.GoType(), "remove it")
		}
	}
	isText, isNumber, isList := t.Basic == String, t.Basic == Int32 || t.Basic == Int64 || t.Basic == Double, t.Basic == List
	if isText {
		first(&r.MinLength, s.MinLength)
		first(&r.MaxLength, s.MaxLength)
		b.pattern(r, s, path)
	} else {
		misplaced("minLength", s.MinLength != nil, s.Pos)
		misplaced("maxLength", s.MaxLength != nil, s.Pos)
		misplaced("pattern", s.Pattern.Set(), s.Pattern.Pos)
	}
	if isList {
		first(&r.MinItems, s.MinItems)
		first(&r.MaxItems, s.MaxItems)
	} else {
		misplaced("minItems", s.MinItems != nil, s.Pos)
		misplaced("maxItems", s.MaxItems != nil, s.Pos)
	}
	if !isNumber {
		misplaced("minimum", s.Minimum != nil, s.Pos)
		misplaced("maximum", s.Maximum != nil, s.Pos)
		return
	}
	if s.Minimum != nil && r.Minimum == "" {
		r.Minimum, r.ExclusiveMin = b.number(t, s.Minimum, s, path, "minimum"), s.ExclusiveMin
	}
	if s.Maximum != nil && r.Maximum == "" {
		r.Maximum, r.ExclusiveMax = b.number(t, s.Maximum, s, path, "maximum"), s.ExclusiveMax
	}
}

func first(to **int, from *int) {
	if *to == nil {
		*to = from
	}
}

func (b *builder) pattern(r *Rules, s *spec.Schema, path string) {
	if !s.Pattern.Set() || r.Pattern != "" {
		return
	}
	if _, err := regexp.Compile(s.Pattern.Text); err != nil {
		b.report(s.Pattern.Pos, path, "the pattern "+spec.Quote(s.Pattern.Text)+" is none that Go can check", "want the syntax of https://pkg.go.dev/regexp/syntax, without look-around and back-references")
		return
	}
	r.Pattern = s.Pattern.Text
}

// number returns the Go literal of a number in the spec, which must fit t.
func (b *builder) number(t *Type, n *yaml.Node, s *spec.Schema, path, what string) string {
	at := spec.Pos{File: s.Pos.File, Line: n.Line, Col: n.Column}
	lit, why := literal(t, n)
	if why != "" {
		b.report(at, path, fmt.Sprintf("the %s %s %s", what, spec.Quote(n.Value), why), "want a value of the property's type")
	}
	return lit
}

// literal returns the Go literal of the scalar n as a value of type t, or why
// it is none.
func literal(t *Type, n *yaml.Node) (lit, why string) {
	if n.Kind != yaml.ScalarNode {
		return "", "is no " + t.GoType()
	}
	switch t.Basic {
	case String, Enum:
		if n.Tag == "!!null" {
			return "", "is nothing"
		}
		return strconv.Quote(n.Value), ""
	case Int32, Int64:
		var i int64
		if n.Tag != "!!int" || n.Decode(&i) != nil || t.Basic == Int32 && (i < math.MinInt32 || i > math.MaxInt32) {
			return "", "is no " + t.GoType()
		}
		return strconv.FormatInt(i, 10), ""
	case Double:
		var f float64
		if n.Tag != "!!int" && n.Tag != "!!float" || n.Decode(&f) != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return "", "is no finite number"
		}
		return strconv.FormatFloat(f, 'g', -1, 64), ""
	case Bool:
		var v bool
		if n.Tag != "!!bool" || n.Decode(&v) != nil {
			return "", "is neither true nor false"
		}
		return strconv.FormatBool(v), ""
	}
	return "", "cannot be a default: only texts, numbers, booleans and enums have one"
}

func (b *builder) defaultOf(f *Field, t *Type, s *spec.Schema, path string) *Default {
	at := spec.Pos{File: s.Pos.File, Line: s.Default.Line, Col: s.Default.Column}
	if f.Required && !f.Nullable {
		if s.Path == path { // where it is the enum's own, the property just does not use it
			b.report(at, path, "a required property has a default", "remove it, or take the property out of required")
		}
		return nil
	}
	lit, why := literal(t, s.Default)
	if why == "" && t.Basic == Enum {
		why = "is no value of the enum"
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
	return &Default{Text: s.Default.Value, Literal: lit}
}
