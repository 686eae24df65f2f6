package filter

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// operators are the comparisons with one value, and what negates each.
var operators = map[op]struct{ is, isNot string }{
	opEq:   {" = ", " != "},
	opNe:   {" != ", " = "},
	opLt:   {" < ", " >= "},
	opLe:   {" <= ", " > "},
	opGt:   {" > ", " <= "},
	opGe:   {" >= ", " < "},
	opLike: {" LIKE ", " NOT LIKE "},
}

// comparison prints a vertex that compares one field: a branch for each name
// under which the field may be stored.
func (p *printer) comparison(n *node, negated bool) ([]branch, error) {
	var out []branch
	var lacks []string
	for i := -1; i < len(n.ref.Was); i++ {
		ref := n.ref
		if i >= 0 {
			ref.Property = n.ref.Was[i]
			if p.declared != nil && !p.declared(ref.Property) {
				continue
			}
		}
		texts, rows, err := p.column(ref, n, negated)
		if err != nil {
			return nil, err
		}
		out = append(out, branch{rows: rows, lacks: slices.Clone(lacks), alts: texts})
		if len(n.ref.Was) > 0 {
			if p.names == nil {
				p.names = make(map[string]string)
			}
			p.names[rows[0]] = ref.Property
			lacks = append(lacks, rows[0])
			slices.Sort(lacks)
		}
	}
	return out, nil
}

// column prints the test of n, or its negation, on the field that r refers to:
// texts of which one must hold, and the rows of other tables that they mention.
func (p *printer) column(r Ref, n *node, negated bool) (texts, rows []string, err error) {
	if r.isNumber() {
		return p.number(n, negated)
	}
	left, rows, err := p.field(r)
	if err != nil {
		return nil, nil, err
	}
	text, err := p.test(left, n, negated)
	return []string{text}, rows, err
}

// test prints the test of n, or its negation, on the field printed as left.
func (p *printer) test(left string, n *node, negated bool) (string, error) {
	switch n.op {
	case opIsSet, opIsUnset:
		return isSet(left, n.ref, (n.op == opIsSet) != negated)
	case opIn:
		if isState(n.ref) {
			return states(left, n.args, negated)
		}
		values := make([]string, len(n.args))
		for i, v := range n.args {
			var err error
			if values[i], err = p.value(v); err != nil {
				return "", err
			}
		}
		text := left + " IN (" + strings.Join(values, ", ") + ")"
		if negated {
			text = left + " NOT IN (" + strings.Join(values, ", ") + ")"
		}
		return setURI(text, n, negated), nil
	}
	o, ok := operators[n.op]
	if !ok {
		return "", fmt.Errorf("filter: operator %d is unknown", n.op)
	}
	if isState(n.ref) && (n.op == opEq || n.op == opNe) {
		return states(left, n.args[:1], negated != (n.op == opNe))
	}
	v, err := p.value(n.args[0])
	if err != nil {
		return "", err
	}
	sign := o.is
	if negated {
		sign = o.isNot
	}
	return setURI(left+sign+v, n, negated), nil
}

// isSet prints that a field has a value, or that it has none.
func isSet(left string, r Ref, set bool) (string, error) {
	switch {
	case r.Attr == "uri" && r.Neighbour == "": // an unset URI is stored as ''
		if set {
			return "uri != ''", nil
		}
		return "uri = ''", nil
	case set:
		return left + " IS NOT NULL", nil
	case r.Attr != "" && r.Neighbour == "":
		return left + " IS NULL", nil
	case r.Neighbour != "":
		return "", errors.New("the filter language cannot ask for nodes without a neighbour")
	default:
		return "", fmt.Errorf("the filter language cannot ask for nodes without the property %q", r.Property)
	}
}

// setURI keeps nodes without a URI, which is stored as the empty text, out of a
// test that the empty text might pass. An unset field passes no test.
func setURI(text string, n *node, negated bool) string {
	if n.ref.Attr != "uri" || n.ref.Neighbour != "" || (!negated && (n.op == opEq || n.op == opIn)) {
		return text
	}
	return text + " AND uri != ''"
}

// isState tells whether r is a state column. The language rewrites texts like
// "state = 2" for the names of states, with surprises; intervals of numbers it
// leaves alone.
func isState(r Ref) bool { return r.Attr == "state" || r.Attr == "last_known_state" }

// states prints that a state is one of the numbers in args.
func states(left string, args []any, negated bool) (string, error) {
	ns := make([]int64, 0, len(args))
	for _, a := range args {
		n, ok := a.(int64)
		if !ok {
			return "", fmt.Errorf("filter: a state is a number, not %T", a)
		}
		ns = append(ns, n)
	}
	slices.Sort(ns)
	ns = slices.Compact(ns)
	not, join := "", " OR "
	if negated {
		not, join = "NOT ", " AND "
	}
	var runs []string
	for i := 0; i < len(ns); {
		j := i
		for j+1 < len(ns) && ns[j+1] == ns[j]+1 {
			j++
		}
		runs = append(runs, fmt.Sprintf("%s %sBETWEEN %d AND %d", left, not, ns[i], ns[j]))
		i = j + 1
	}
	if len(runs) == 1 {
		return runs[0], nil
	}
	return "(" + strings.Join(runs, join) + ")", nil
}

var (
	plainName = regexp.MustCompile(`^[0-9A-Za-z_]+$`)
	// What the language reads as a pattern, or does not read at all, between
	// backquotes.
	badInName = regexp.MustCompile("[+*?()\\[^$\\\\|`\\x00-\\x08\\x0a-\\x1f\\x7f]|\\{[0-9]")
	// What the published server rewrites wherever it stands, quoted or not.
	rewritten = regexp.MustCompile(`(?i)(state|type)\s*(!?=|in\s|not\s)|(properties|_\w+)\.`)
	capitals  = regexp.MustCompile(`[A-Z]`)
)

// field prints r, and returns the rows of other tables that it mentions.
func (p *printer) field(r Ref) (text string, rows []string, err error) {
	if r.Neighbour != "" {
		return r.Neighbour + "." + r.Attr, []string{r.Neighbour}, nil
	}
	if r.Attr != "" {
		return r.Attr, nil, nil
	}
	space := "properties"
	if r.Custom {
		space = "custom_properties"
	}
	name := r.Property
	switch {
	case name == "":
		return "", nil, errors.New("a property needs a name: the filter language has no empty one")
	case !utf8.ValidString(name):
		return "", nil, fmt.Errorf("the property name %q is not valid UTF-8", name)
	case badInName.MatchString(name):
		return "", nil, fmt.Errorf("the filter language cannot name the property %q: it has none of + * ? ( ) [ ^ $ \\ | ` { before a digit, and no control characters", name)
	}
	if capitals.MatchString(name) {
		p.warn(true, "it takes the property name %q in lower case", name)
	}
	if propertyColumns[strings.ToLower(name)] {
		p.warn(true, "it takes the property name %q for a column", name)
	}
	if strings.Contains(name, `"`) || rewritten.MatchString(name) {
		p.warn(false, "it cannot ask for a property called %q", name)
	}
	if !plainName.MatchString(name) {
		name = "`" + name + "`"
	}
	row := space + "." + name
	return row + "." + r.Column, []string{row}, nil
}

// value prints a literal.
func (p *printer) value(v any) (string, error) {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			return "", fmt.Errorf("the value %q is not valid UTF-8", v)
		}
		p.doubt(v)
		return quote(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", fmt.Errorf("the number %v is not finite", v)
		}
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return text, nil
	case bool:
		return strconv.FormatBool(v), nil
	case error: // the symbol refused what it was given
		return "", v
	default:
		return "", fmt.Errorf("filter: a value of type %T has no literal", v)
	}
}

// quote prints s between single quotes. Nothing in it can end the literal; and
// where it looks like something that the published server rewrites even inside
// a literal, it is spelt so that it does not.
func quote(s string) string {
	disguise := rewritten.MatchString(s)
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('\'')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' || c == '\'':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < 0x20 || c == 0x7f || disguise && strings.IndexByte(".=!( ", c) >= 0:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// doubt notes what the published server does not understand in the literal s.
func (p *printer) doubt(s string) {
	switch {
	case strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 && r != '\n' && r != '\r' && r != '\t' || r == 0x7f }):
		p.warn(false, "it compares the control characters in %q as escapes", s)
	case strings.ContainsAny(s, "\\\n\r\t"):
		p.warn(true, "it compares the backslash, tab or line break in %q as an escape", s)
	case strings.Contains(s, "'") && strings.Contains(s, `"`):
		p.warn(true, "it cannot quote %q, which has both kinds of quote", s)
	case valueColumns[strings.ToLower(s)]:
		p.warn(true, "it takes the value %q for a column", s)
	}
}

func (p *printer) warn(exactOnMySQL bool, format string, args ...any) {
	c := Caveat{Why: fmt.Sprintf(format, args...), ExactOnMySQL: exactOnMySQL}
	if !slices.Contains(p.caveats, c) {
		p.caveats = append(p.caveats, c)
	}
}

// What the published server, on SQLite, reads as a column of its tables
// although it is quoted: as the name of a property, and as a value.
var (
	propertyColumns = set(`name is_custom_property int_value double_value string_value bool_value byte_value proto_value
		artifact_id execution_id context_id rowid oid _rowid_`)
	valueColumns = set(`id type_id type name external_id uri state last_known_state
		create_time_since_epoch last_update_time_since_epoch milliseconds_since_epoch
		int_value double_value string_value bool_value artifact_id execution_id context_id rowid oid _rowid_`)
)

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
