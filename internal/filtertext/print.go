package filtertext

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

// operators are the comparisons with one value, and their negations.
var operators = map[Op]struct{ is, isNot string }{
	OpEq:   {" = ", " != "},
	OpNe:   {" != ", " = "},
	OpLt:   {" < ", " >= "},
	OpLe:   {" <= ", " > "},
	OpGt:   {" > ", " <= "},
	OpGe:   {" >= ", " < "},
	OpLike: {" LIKE ", " NOT LIKE "},
}

// comparison prints a comparison of one field, or returns it as a test if the
// language cannot express it.
func (p *printer) comparison(n *Node, negated bool) ([]branch, error) {
	test := branch{tests: []Test{{n, negated}}}
	switch f := n.Field; {
	case f.Edge != nil && (negated || f.Neighbor == "" && f.Property == ""):
		return []branch{test}, nil // the language cannot select nodes without a neighbor
	case f.Edge != nil && f.Neighbor != "":
		return []branch{p.neighbor(n, test)}, nil
	case f.Member != "":
		if n.Op != OpIsSet || !negated {
			test.rows, test.alts = p.holder(f)
		}
		return []branch{test}, nil
	case f.OwnName:
		if !negated {
			test.alts = ownName(n)
		}
		return []branch{test}, nil
	case n.Op == OpIsSet && negated && (f.Property != "" || f.Neighbor != ""):
		return []branch{test}, nil // the language cannot select nodes without a property or neighbor
	}
	p.misread = false
	out, err := p.stored(n, negated)
	if p.misread || errors.Is(err, errCannotSay) {
		return []branch{test}, nil
	}
	return out, err
}

// neighbor prints that a node has one of the neighbors whose IDs are the operands.
func (p *printer) neighbor(n *Node, test branch) branch {
	f := n.Field
	left, rows, _ := p.field(f) // fails for properties only
	text, err := p.test(left, n, false)
	if err != nil {
		return test
	}
	out := branch{rows: rows, alts: []string{text + f.Among}}
	if !f.Exact {
		out.tests = test.tests
	}
	return out
}

// errCannotSay is the error for what the language cannot express.
var errCannotSay = errors.New("the filter language cannot express it")

// holder returns the condition that the property is set of which a test reads a
// member. Other entities need not be read. It is empty if one filter cannot say
// so.
func (p *printer) holder(f Field) (rows, alts []string) {
	if f.Property == "" || len(f.LegacyNames) > 0 {
		return nil, nil
	}
	p.misread = false
	left, rows, err := p.field(f.in(StringColumn))
	if err != nil || p.misread {
		return nil, nil
	}
	return rows, []string{left + " IS NOT NULL"}
}

// maxNames limits the patterns of ownName.
const maxNames = 16

// ownName returns patterns that select all nodes that pass a test of the name
// below the prefix, and perhaps others: case may not matter. It returns none if
// nodes cannot be told apart by a pattern.
func ownName(n *Node) []string {
	var out []string
	for _, arg := range n.Args {
		text, _ := arg.(string)
		pattern := "%" + wild.ReplaceAllString(text, "%")
		switch n.Op {
		case OpEq, OpIn:
		case OpPrefix, OpContains:
			pattern += "%"
		case OpLike:
			pattern = "%" + wild.ReplaceAllString(text, "%")
		default:
			return nil
		}
		if strings.Trim(pattern, "%") == "" || len(out) == maxNames || len(pattern) > 1000 {
			return nil
		}
		out = append(out, "name LIKE '"+pattern+"'")
	}
	return out
}

// wild matches what ownName leaves open: all that some server may read otherwise
// than as the character itself.
var wild = regexp.MustCompile(`[^0-9A-Za-z-]+`)

// stored prints a comparison: one branch for each name under which the field may
// be stored.
func (p *printer) stored(n *Node, negated bool) ([]branch, error) {
	var out []branch
	var lacks []string
	for i := -1; i < len(n.Field.LegacyNames); i++ {
		f := n.Field
		if i >= 0 {
			f.Property = n.Field.LegacyNames[i]
			f.AnyNumber = f.AnyNumber || f.Column == DoubleColumn // an integer may have become a number
			if p.Declared != nil && !p.Declared(f.Property) {
				continue
			}
		}
		texts, rows, err := p.column(f, n, negated)
		if err != nil {
			return nil, err
		}
		out = append(out, branch{rows: rows, lacks: slices.Clone(lacks), alts: texts})
		if len(n.Field.LegacyNames) > 0 {
			if p.names == nil {
				p.names = make(map[string]string)
			}
			p.names[rows[0]] = f.Property
			lacks = append(lacks, rows[0])
			slices.Sort(lacks)
		}
	}
	return out, nil
}

// column prints the test of n, or its negation, on f. It returns texts of which
// one must hold, and the rows of other tables that they mention.
func (p *printer) column(f Field, n *Node, negated bool) (texts, rows []string, err error) {
	if f.isNumber() {
		number := *n
		number.Field = f
		return p.number(&number, negated)
	}
	left, rows, err := p.field(f)
	if err != nil {
		return nil, nil, err
	}
	text, err := p.test(left, n, negated)
	return []string{text}, rows, err
}

// test prints the test of n, or its negation, on the field printed as left.
func (p *printer) test(left string, n *Node, negated bool) (string, error) {
	switch n.Op {
	case OpIsSet:
		return isSet(left, n.Field, !negated)
	case OpPrefix, OpContains:
		return p.substring(left, n, negated)
	case OpIn:
		if isState(n.Field) {
			return states(left, n.Args, negated)
		}
		values := make([]string, len(n.Args))
		for i, v := range n.Args {
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
	o, ok := operators[n.Op]
	if !ok {
		return "", fmt.Errorf("unknown operation %d", n.Op)
	}
	if isState(n.Field) && (n.Op == OpEq || n.Op == OpNe) {
		return states(left, n.Args[:1], negated != (n.Op == OpNe))
	}
	v, err := p.value(n.Args[0])
	if err != nil {
		return "", err
	}
	sign := o.is
	if negated {
		sign = o.isNot
	}
	return setURI(left+sign+v, n, negated), nil
}

// substring prints that a text begins with the operand, or contains it. It does
// not use LIKE, whose patterns have no escape in SQLite and whose letter case
// depends on the database.
func (p *printer) substring(left string, n *Node, negated bool) (string, error) {
	s, _ := n.Args[0].(string)
	if s == "" { // true for every text; NULL if the field is not set
		return p.test(left, &Node{Op: OpGe, Field: n.Field, Args: []any{""}}, negated)
	}
	if strings.Contains(s, "\x00") { // SQLite's functions stop there
		return "", errCannotSay
	}
	v, err := p.value(s)
	if err != nil {
		return "", err
	}
	var text string
	switch {
	case n.Op == OpPrefix && negated:
		text = fmt.Sprintf("SUBSTR(%s, 1, %d) != %s", left, utf8.RuneCountInString(s), v)
	case n.Op == OpPrefix:
		text = fmt.Sprintf("SUBSTR(%s, 1, %d) = %s", left, utf8.RuneCountInString(s), v)
	case negated:
		text = fmt.Sprintf("REPLACE(%s, %s, '') = %s", left, v, left)
	default:
		text = fmt.Sprintf("REPLACE(%s, %s, '') != %s", left, v, left)
	}
	return setURI(text, n, negated), nil
}

// isSet prints that a field has a value, or that it has none.
func isSet(left string, f Field, set bool) (string, error) {
	switch {
	case f.Attr == "uri" && f.Neighbor == "": // an unset URI is stored as ''
		if set {
			return "uri != ''", nil
		}
		return "uri = ''", nil
	case set:
		return left + " IS NOT NULL", nil
	default:
		return left + " IS NULL", nil
	}
}

// setURI excludes nodes without a URI, which is stored as the empty text, from a
// test that the empty text might pass. An unset field passes no test.
func setURI(text string, n *Node, negated bool) string {
	if n.Field.Attr != "uri" || n.Field.Neighbor != "" || (!negated && (n.Op == OpEq || n.Op == OpIn)) {
		return text
	}
	return text + " AND uri != ''"
}

// isState reports whether f is a state column. The language rewrites texts like
// "state = 2" into the names of states in surprising ways, but not intervals of
// numbers.
func isState(f Field) bool { return f.Attr == "state" || f.Attr == "last_known_state" }

// states prints that a state is one of the numbers in args.
func states(left string, args []any, negated bool) (string, error) {
	ns := make([]int64, 0, len(args))
	for _, a := range args {
		n, ok := a.(int64)
		if !ok {
			return "", fmt.Errorf("state has type %T: must be int64", a)
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
	// badInName matches what the language treats as a pattern between backquotes,
	// or refuses there.
	badInName = regexp.MustCompile("[+*?()\\[^$\\\\|`\\x00-\\x08\\x0a-\\x1f\\x7f]|\\{[0-9]")
	// rewritten matches what the reference implementation rewrites wherever it
	// occurs, even in a literal.
	rewritten = regexp.MustCompile(`(?i)(state|type)\s*(!?=|in\s|not\s)|(properties|_\w+)\.`)
	capitals  = regexp.MustCompile(`[A-Z]`)
)

// field prints f, and returns the rows of other tables that it mentions.
func (p *printer) field(f Field) (text string, rows []string, err error) {
	if f.Neighbor != "" {
		return f.Neighbor + "." + f.Attr, []string{f.Neighbor}, nil
	}
	if f.Attr != "" {
		return f.Attr, nil, nil
	}
	space := "properties"
	if f.Custom {
		space = "custom_properties"
	}
	name := f.Property
	if badInName.MatchString(name) {
		return "", nil, errCannotSay
	}
	if capitals.MatchString(name) {
		p.warn(true, "it converts the property name %q to lower case", name)
	}
	if propertyColumns[strings.ToLower(name)] {
		p.warn(true, "it reads the property name %q as a column", name)
	}
	if strings.Contains(name, `"`) || rewritten.MatchString(name) {
		p.warn(false, "it cannot select by a property named %q", name)
	}
	if !plainName.MatchString(name) {
		name = "`" + name + "`"
	}
	row := space + "." + name
	return row + "." + f.Column, []string{row}, nil
}

// check returns an error if an entity cannot have the property or the value that
// n, or a node below it, compares.
func (n *Node) check() error {
	if name := n.Field.Property; !utf8.ValidString(name) {
		return fmt.Errorf("the property name %q is not valid UTF-8", name)
	}
	if n.Op >= OpEq && n.Field.Attr == "" && n.Field.Property == "" && n.Field.Edge == nil {
		return errors.New("the property name is empty")
	}
	for _, arg := range n.Args {
		switch v := arg.(type) {
		case int64, bool:
		case string:
			if !utf8.ValidString(v) {
				return fmt.Errorf("the value %q is not valid UTF-8", v)
			}
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("the number %v is not finite", v)
			}
		case error: // from the symbol, which refused its argument
			return v
		default:
			return fmt.Errorf("value of type %T has no literal", v)
		}
	}
	for _, kid := range n.Kids {
		if err := kid.check(); err != nil {
			return err
		}
	}
	return nil
}

// value prints a literal that check accepts.
func (p *printer) value(v any) (string, error) {
	switch v := v.(type) {
	case string:
		p.doubt(v)
		return quote(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return text, nil
	case bool:
		return strconv.FormatBool(v), nil
	default:
		return "", fmt.Errorf("value of type %T has no literal", v)
	}
}

// quote prints s as a literal between single quotes. Escapes also hide what the
// reference implementation would rewrite inside the literal.
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

// doubt records what the reference implementation misunderstands in the literal s.
func (p *printer) doubt(s string) {
	switch {
	case strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 && r != '\n' && r != '\r' && r != '\t' || r == 0x7f
	}):
		p.warn(false, "it compares the control characters in %q as escapes", s)
	case strings.ContainsAny(s, "\\\n\r\t"):
		p.warn(true, "it compares the backslash, tab or line break in %q as an escape", s)
	case strings.Contains(s, "'") && strings.Contains(s, `"`):
		p.warn(true, "it cannot quote %q, which has single and double quotes", s)
	case valueColumns[strings.ToLower(s)]:
		p.warn(true, "it reads the value %q as a column", s)
	}
}

func (p *printer) warn(exactOnMySQL bool, format string, args ...any) {
	c := Caveat{Why: fmt.Sprintf(format, args...), ExactOnMySQL: exactOnMySQL}
	if p.Misread != nil && p.Misread(c) {
		p.misread = true
	}
	if !slices.Contains(p.caveats, c) {
		p.caveats = append(p.caveats, c)
	}
}

// What the reference implementation on SQLite reads as a column of its tables
// even if quoted: as a property name, and as a value.
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
