package docs

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/internal/matching"
)

// A sample is one value, as Go and as JSON.
type sample struct{ Go, JSON string }

// The limits of a sample: the longest text, and the most elements of a list.
const (
	maxText     = 200
	maxElements = 8
)

// A sampler makes values that the rules of a spec allow. They follow from the
// spec alone.
type sampler struct {
	model string               // the name of the model package
	busy  map[*ir.Type]bool    // the objects that are being made, which may contain themselves
	texts map[*ir.Field]string // the texts of fields that do not follow from their name
	kinds map[*ir.Field]string // the discriminators of the variants that are being made
}

// field returns a value of the Go field f, a pointer where f is one. It reports
// false if no value is found.
func (s *sampler) field(f *ir.Field) (sample, bool) {
	prefer := f.Example
	if kind, ok := s.kinds[f]; ok {
		prefer = []ir.Default{{Text: kind}}
	} else if prefer == nil && f.Default != nil {
		prefer = []ir.Default{*f.Default}
	}
	v, ok := s.value(f.Type, f.Rules, s.word(f), prefer)
	if ok && f.Pointer {
		v.Go = s.pointer(f.Type, v.Go)
	}
	return v, ok
}

// word returns the text of a field that has no rules.
func (s *sampler) word(f *ir.Field) string {
	if text, ok := s.texts[f]; ok {
		return text
	}
	if w := strings.ReplaceAll(ir.Snake(f.Name), "_", " "); w != "" {
		return w
	}
	return "text"
}

// pointer returns the expression for a pointer to the value lit.
func (s *sampler) pointer(t *ir.Type, lit string) string {
	switch t.Basic {
	case ir.Object:
		return "&" + lit
	case ir.Int32, ir.Int64:
		return "new(" + t.GoType() + "(" + lit + "))"
	case ir.Double:
		if !strings.ContainsAny(lit, ".e") {
			lit += ".0"
		}
	}
	return "new(" + lit + ")"
}

// value returns a value of type t: the one that is preferred, if any, or for a
// list the elements, if the rules allow it. The word is for texts without one.
func (s *sampler) value(t *ir.Type, r ir.Rules, word string, prefer []ir.Default) (sample, bool) {
	if len(prefer) > 0 {
		word = prefer[0].Text
	}
	switch t.Basic {
	case ir.String:
		return text(r, word)
	case ir.IDString:
		return sample{`"1"`, `"1"`}, true
	case ir.Int32, ir.Int64:
		return integer(r, prefer)
	case ir.Double:
		return double(r, prefer)
	case ir.Bool:
		lit := strconv.FormatBool(word != "false")
		return sample{lit, lit}, true
	case ir.Millis:
		return sample{"value.Millis(1767366245000)", `"1767366245000"`}, true
	case ir.DateTime:
		return sample{"time.Date(2026, time.January, 2, 15, 4, 5, 0, time.UTC)", `"2026-01-02T15:04:05Z"`}, true
	case ir.Date:
		return sample{
			"types.Date{Time: time.Date(2026, time.January, 2, 0, 0, 0, 0, time.UTC)}", `"2026-01-02"`,
		}, true
	case ir.UUID:
		return sample{"types.UUID{15: 1}", `"00000000-0000-0000-0000-000000000001"`}, true
	case ir.Bytes:
		return sample{
			"[]byte(" + strconv.Quote(word) + ")", quote(base64.StdEncoding.EncodeToString([]byte(word))),
		}, true
	case ir.Enum:
		return s.enum(t, word)
	case ir.Object:
		return s.object(t)
	case ir.Union:
		return s.union(t)
	case ir.List:
		return s.list(t, r, word, prefer)
	case ir.Map:
		v, ok := s.element(t, word, nil)
		return sample{s.goType(t) + `{"key": ` + v.Go + "}", `{"key": ` + v.JSON + "}"}, ok
	case ir.JSON:
		return sample{`map[string]any{"key": "value"}`, `{"key": "value"}`}, true
	case ir.Values:
		return sample{
			`value.Map{"team": value.String("vision")}`,
			`{"team": {"metadataType": "MetadataStringValue", "string_value": "vision"}}`,
		}, true
	}
	return sample{}, false
}

func quote(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil { // a string has no error
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// text returns a text that r allows: word if possible.
func text(r ir.Rules, word string) (sample, bool) {
	var pattern *regexp.Regexp
	if r.Pattern != "" {
		var err error
		if pattern, err = regexp.Compile(r.Pattern); err != nil {
			return sample{}, false // the IR refuses such a pattern
		}
	}
	for _, c := range candidates(r, word) {
		n := utf8.RuneCountInString(c)
		if n == 0 || n > maxText || !utf8.ValidString(c) || strings.Contains(c, "\x00") {
			continue // an empty text is unset, and a store may not take the others
		}
		if r.MinLength != nil && n < *r.MinLength || r.MaxLength != nil && n > *r.MaxLength {
			continue
		}
		if pattern == nil || pattern.MatchString(c) {
			return sample{strconv.Quote(c), quote(c)}, true
		}
	}
	return sample{}, false
}

// candidates returns texts that r may allow, the best first.
func candidates(r ir.Rules, word string) []string {
	out := []string{word, strings.ReplaceAll(word, " ", "-"), strings.ReplaceAll(word, " ", "_")}
	if r.MaxLength != nil && *r.MaxLength < utf8.RuneCountInString(word) {
		out = append(out, strings.TrimSpace(string([]rune(word)[:max(*r.MaxLength, 0)])))
	}
	if r.MinLength != nil && *r.MinLength <= maxText {
		for long := word; len(long) <= 2*maxText; long += " " + word {
			if utf8.RuneCountInString(long) >= *r.MinLength {
				out = append(out, long, string([]rune(long)[:max(*r.MinLength, 1)]))
				break
			}
		}
	}
	if r.Pattern != "" {
		if parsed, err := syntax.Parse(r.Pattern, syntax.Perl); err == nil {
			for n := range maxText {
				out = append(out, matching.Text(parsed, plain(n), maxText))
			}
		}
	}
	return out
}

// plain returns the choices of a simple text that matches an expression. What may
// be repeated without limit is repeated n times more than it must.
func plain(n int) matching.Choice {
	return matching.Choice{
		Count: func(low, high int) int {
			if high >= 0 {
				return min(low+n, high)
			}
			return low + n
		},
		Rune:   member,
		Branch: func(int) int { return 0 },
	}
}

// member returns a member of a character class, which is a list of ranges:
// a letter or a digit if possible.
func member(ranges []rune) rune {
	in := func(r rune) bool {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= r && r <= ranges[i+1] {
				return true
			}
		}
		return false
	}
	for _, r := range "aA1-_. " {
		if in(r) {
			return r
		}
	}
	if len(ranges) == 0 {
		return 'a'
	}
	return ranges[0]
}

// integer returns a whole number that r allows; it is not 0 if possible, because
// an upsert does not store the zero of a required number.
func integer(r ir.Rules, prefer []ir.Default) (sample, bool) {
	low, high, hasLow, hasHigh := r.Whole()
	if !hasLow {
		low = min(math.MinInt32, high) // some stores keep 32 bits
	}
	if !hasHigh {
		high = max(math.MaxInt32, low)
	}
	try := []int64{1, low, high, 0}
	for _, d := range prefer {
		if i, err := strconv.ParseInt(d.Literal, 10, 64); err == nil {
			try = slices.Insert(try, 0, i)
		}
	}
	for _, i := range try {
		if low <= i && i <= high && (i != 0 || low == 0 && high == 0) {
			lit := strconv.FormatInt(i, 10)
			return sample{lit, lit}, true
		}
	}
	return sample{}, false
}

// double returns a number that r allows; it is not 0 if possible.
func double(r ir.Rules, prefer []ir.Default) (sample, bool) {
	low, errLow := strconv.ParseFloat(r.Minimum, 64)
	high, errHigh := strconv.ParseFloat(r.Maximum, 64)
	try := []float64{0.5, 1}
	switch {
	case errLow == nil && errHigh == nil:
		try = append(try, low+(high-low)/2, high, low)
	case errLow == nil:
		try = append(try, low+1, low)
	case errHigh == nil:
		try = append(try, high-1, high)
	}
	for _, d := range prefer {
		if f, err := strconv.ParseFloat(d.Literal, 64); err == nil {
			try = slices.Insert(try, 0, f)
		}
	}
	for _, f := range append(try, 0) {
		if errLow == nil && (f < low || f == low && r.ExclusiveMin) ||
			errHigh == nil && (f > high || f == high && r.ExclusiveMax) {
			continue
		}
		if text, err := json.Marshal(f); err == nil {
			return sample{string(text), string(text)}, true
		}
	}
	return sample{}, false
}

// enum returns the value with the given text, or else the first one.
func (s *sampler) enum(t *ir.Type, text string) (sample, bool) {
	if len(t.Values) == 0 {
		return sample{}, false
	}
	i := max(0, slices.IndexFunc(t.Values, func(v ir.Value) bool { return v.Text == text }))
	return sample{s.model + "." + t.Values[i].Go, quote(t.Values[i].Text)}, true
}

// list returns the preferred elements, or else the fewest that r allows, but one
// if possible.
func (s *sampler) list(t *ir.Type, r ir.Rules, word string, prefer []ir.Default) (sample, bool) {
	n := min(max(1, len(prefer)), maxElements)
	if r.MinItems != nil {
		n = max(n, *r.MinItems)
	}
	if r.MaxItems != nil {
		n = min(n, *r.MaxItems)
	}
	if r.MinItems != nil && n < *r.MinItems || n > maxElements || n < 1 {
		return sample{}, false
	}
	var lits, texts []string
	for i := range n {
		var own []ir.Default
		if len(prefer) > 0 {
			own = prefer[i%len(prefer):][:1]
		}
		v, ok := s.element(t, word, own)
		if !ok {
			return sample{}, false
		}
		lits, texts = append(lits, v.Go), append(texts, v.JSON)
	}
	return sample{s.goType(t) + "{" + strings.Join(lits, ", ") + "}", "[" + strings.Join(texts, ", ") + "]"}, true
}

// element returns an element of a list or map. Its literal lacks the type where
// Go does not need it.
func (s *sampler) element(t *ir.Type, word string, prefer []ir.Default) (sample, bool) {
	v, ok := s.value(t.Elem, t.Rules, word, prefer)
	if rest, composite := strings.CutPrefix(v.Go, s.goType(t.Elem)+"{"); composite {
		v.Go = "{" + rest
	}
	return v, ok
}

// object returns an object with the members that are required and those that
// are not deprecated.
func (s *sampler) object(t *ir.Type) (sample, bool) {
	if s.busy[t] {
		return sample{}, false
	}
	s.busy[t] = true
	defer delete(s.busy, t)
	var o composite
	for _, f := range t.Fields {
		v, ok := s.field(f)
		if !ok && f.Required {
			return sample{}, false
		}
		if ok && (f.Required || !f.Deprecated) {
			o.add(f, v)
		}
	}
	return sample{o.goLiteral(s.goType(t)), o.json()}, true
}

// union returns the first variant that can be made.
func (s *sampler) union(t *ir.Type) (sample, bool) {
	for _, v := range t.Variants {
		if s.kinds == nil {
			s.kinds = map[*ir.Field]string{}
		}
		s.kinds[v.Kind] = v.Values[0]
		of, ok := s.object(v.Type)
		delete(s.kinds, v.Kind)
		if ok {
			return sample{s.goType(t) + "{Value: &" + of.Go + "}", of.JSON}, true
		}
	}
	return sample{}, false
}

// goType returns the type as a package that imports the model package spells it.
func (s *sampler) goType(t *ir.Type) string {
	switch t.Basic {
	case ir.Enum, ir.Object, ir.Union:
		return s.model + "." + t.Go
	case ir.List:
		return "[]" + s.goType(t.Elem)
	case ir.Map:
		return "map[string]" + s.goType(t.Elem)
	}
	return t.GoType()
}

// A composite collects the fields of a struct, and the members of an object.
type composite struct{ fields, members []string }

func (c *composite) add(f *ir.Field, v sample) {
	c.fields = append(c.fields, f.Go+": "+v.Go)
	c.members = append(c.members, quote(f.Name)+": "+v.JSON)
}

// goLiteral returns the composite literal of the type, on one line if it is short.
func (c *composite) goLiteral(typ string) string {
	const short = 50
	if line := strings.Join(c.fields, ", "); len(line) <= short && !strings.Contains(line, "\n") {
		return typ + "{" + line + "}"
	}
	return typ + "{\n" + strings.Join(c.fields, ",\n") + ",\n}"
}

func (c *composite) json() string { return "{" + strings.Join(c.members, ", ") + "}" }
