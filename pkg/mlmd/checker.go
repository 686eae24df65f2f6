package mlmd

import (
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"
)

// A Checker collects what generated Validate functions find: the first field
// that is not what the spec demands.
type Checker struct{ err error }

// Err returns the first mistake, an *InvalidError, or nil.
func (c *Checker) Err() error { return c.err }

// Fail records a mistake.
func (c *Checker) Fail(field, val, why string) {
	if c.err == nil {
		c.err = &InvalidError{Field: field, Value: val, Why: why}
	}
}

// Required demands that a field is set.
func (c *Checker) Required(field string, set bool) {
	if !set {
		c.Fail(field, "", "is missing")
	}
}

// ParentID demands that v is an id, or empty.
func (c *Checker) ParentID(field, v string) {
	if v == "" {
		return
	}
	if _, err := ParseID(v); err != nil {
		c.Fail(field, v, "is no id: ids are positive decimal numbers")
	}
}

// Enum demands that v, a value of an enum, is one that the spec names.
func (c *Checker) Enum(field, v string, valid bool) {
	if !valid {
		c.Fail(field, v, "is no value that the spec names")
	}
}

// Length demands that a text has between least and most characters; most is
// not looked at where it is negative.
func (c *Checker) Length(field, v string, least, most int) {
	switch n := utf8.RuneCountInString(v); {
	case n < least:
		c.Fail(field, v, fmt.Sprintf("has %d characters: want %d or more", n, least))
	case most >= 0 && n > most:
		c.Fail(field, v, fmt.Sprintf("has %d characters: want %d or fewer", n, most))
	}
}

// Items demands that a list has between least and most elements; most is not
// looked at where it is negative.
func (c *Checker) Items(field string, n, least, most int) {
	switch {
	case n < least:
		c.Fail(field, "", fmt.Sprintf("has %d elements: want %d or more", n, least))
	case most >= 0 && n > most:
		c.Fail(field, "", fmt.Sprintf("has %d elements: want %d or fewer", n, most))
	}
}

// Pattern demands that a text matches re.
func (c *Checker) Pattern(field, v string, re *regexp.Regexp) {
	if !re.MatchString(v) {
		c.Fail(field, v, "does not match "+strconv.Quote(re.String()))
	}
}
