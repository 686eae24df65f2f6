package gensupport

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A Validator collects the fields that break rules of the spec. Its zero
// value is ready to use.
type Validator struct {
	errs  mlmd.InvalidErrors
	steps []step // the path to the object that is checked
}

// A step is a member of an object, or an element of it: of a list by index,
// or of a map by key.
type step struct {
	name  string
	index int // negative if it is not an element of a list
	key   string
	keyed bool
}

// Err returns an [*mlmd.InvalidError] or [mlmd.InvalidErrors], or nil.
func (c *Validator) Err() error { return join(c.errs) }

// Enter prepends the member called name, and its element i if i is not
// negative, to the paths of errors until Leave is called.
func (c *Validator) Enter(name string, i int) { c.steps = append(c.steps, step{name: name, index: i}) }

// EnterKey is like Enter for the value under key in the map called name.
func (c *Validator) EnterKey(name, key string) {
	c.steps = append(c.steps, step{name: name, index: -1, key: key, keyed: true})
}

// Leave reverts the last Enter or EnterKey.
func (c *Validator) Leave() { c.steps = c.steps[:len(c.steps)-1] }

// Fail records an error in field. An empty field stands for the element that
// was entered.
func (c *Validator) Fail(field, val, why string) {
	c.errs = append(c.errs, &mlmd.InvalidError{Field: c.path(field), Value: val, Why: why})
}

func (c *Validator) path(field string) string {
	var path string
	add := func(name string) {
		if path != "" && name != "" {
			path += "."
		}
		path += name
	}
	for _, s := range c.steps {
		add(s.name)
		if s.index >= 0 {
			path += "[" + strconv.Itoa(s.index) + "]"
		}
		if s.keyed {
			add(s.key)
		}
	}
	add(field)
	return path
}

// Required checks that a field is set.
func (c *Validator) Required(field string, set bool) {
	if !set {
		c.Fail(field, "", "is missing")
	}
}

// ID checks that v is an ID, or empty.
func (c *Validator) ID(field, v string) {
	if v == "" {
		return
	}
	if _, err := value.ParseID(v); err != nil {
		c.Fail(field, v, err.Error())
	}
}

// Items checks that a list has at least least and at most most elements. If
// most is negative, there is no upper limit.
func (c *Validator) Items(field string, n, least, most int) {
	switch {
	case n < least:
		c.Fail(field, "", fmt.Sprintf("has %d elements: want %d or more", n, least))
	case most >= 0 && n > most:
		c.Fail(field, "", fmt.Sprintf("has %d elements: want %d or fewer", n, most))
	}
}

// The functions below take values as pointers and accept nil.

// OptID checks that v is an ID, or empty.
func (c *Validator) OptID(field string, v *string) {
	if v != nil {
		c.ID(field, *v)
	}
}

// Enum checks that v is one of values.
func Enum[E ~string](c *Validator, field string, v *E, values ...E) {
	if v != nil && !slices.Contains(values, *v) {
		c.Fail(field, string(*v), "must be "+oneOf(values))
	}
}

// oneOf lists values for a message, such as "one of LIVE, ARCHIVED". It
// quotes values that would be ambiguous in a list.
func oneOf[E ~string](values []E) string {
	const most = 20
	texts := make([]string, 0, min(len(values), most+1))
	for i, v := range values {
		if i == most {
			texts = append(texts, fmt.Sprintf("… (%d values)", len(values)))
			break
		}
		text := string(v)
		if text == "" || strings.ContainsFunc(text, breaksList) {
			text = strconv.Quote(text)
		}
		texts = append(texts, text)
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return "one of " + strings.Join(texts, ", ")
}

// breaksList reports whether a value with r needs quotes in a list.
func breaksList(r rune) bool {
	return r == ',' || r == '"' || unicode.IsSpace(r) || !unicode.IsGraphic(r)
}

// Length checks that a string has at least least and at most most
// characters. If most is negative, there is no upper limit.
func (c *Validator) Length(field string, v *string, least, most int) {
	if v == nil {
		return
	}
	switch n := utf8.RuneCountInString(*v); {
	case n < least:
		c.Fail(field, *v, fmt.Sprintf("has %d characters: want %d or more", n, least))
	case most >= 0 && n > most:
		c.Fail(field, *v, fmt.Sprintf("has %d characters: want %d or fewer", n, most))
	}
}

// A Pattern is a regular expression that is compiled on first use.
type Pattern struct {
	Text string
	once sync.Once
	re   *regexp.Regexp
}

// Pattern checks that a string matches p.
func (c *Validator) Pattern(field string, v *string, p *Pattern) {
	if v == nil {
		return
	}
	p.once.Do(func() { p.re = regexp.MustCompile(p.Text) })
	if !p.re.MatchString(*v) {
		c.Fail(field, *v, "does not match "+strconv.Quote(p.Text))
	}
}

// Number is a type that AtLeast, MoreThan, AtMost and LessThan compare.
type Number interface{ int32 | int64 | float64 }

// AtLeast checks that v is least or more.
func AtLeast[N Number](c *Validator, field string, v *N, least N) {
	if v != nil && cmp.Compare(*v, least) < 0 {
		c.Fail(field, fmt.Sprint(*v), fmt.Sprintf("is too small: want %v or more", least))
	}
}

// MoreThan checks that v is more than bound.
func MoreThan[N Number](c *Validator, field string, v *N, bound N) {
	if v != nil && cmp.Compare(*v, bound) <= 0 {
		c.Fail(field, fmt.Sprint(*v), fmt.Sprintf("is too small: want more than %v", bound))
	}
}

// AtMost checks that v is most or less.
func AtMost[N Number](c *Validator, field string, v *N, most N) {
	if v != nil && cmp.Compare(*v, most) > 0 {
		c.Fail(field, fmt.Sprint(*v), fmt.Sprintf("is too large: want %v or less", most))
	}
}

// LessThan checks that v is less than bound.
func LessThan[N Number](c *Validator, field string, v *N, bound N) {
	if v != nil && cmp.Compare(*v, bound) >= 0 {
		c.Fail(field, fmt.Sprint(*v), fmt.Sprintf("is too large: want less than %v", bound))
	}
}

// Keys returns the keys of a map in order, so that errors always come in the
// same order.
func Keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
