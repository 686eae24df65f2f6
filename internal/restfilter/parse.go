// Package restfilter parses the filter language of the model registry's REST
// API:
//
//	filter     = and { "OR" and }
//	and        = term { "AND" term }
//	term       = "(" filter ")" | property ( operator value | "IN" "(" value { "," value } ")" )
//	property   = name [ "." ( "string_value" | "int_value" | "double_value" | "bool_value" ) ]
//	operator   = "=" | "!=" | "<>" | ">" | ">=" | "<" | "<=" | "LIKE" | "ILIKE"
//	value      = string | integer | decimal | "true" | "false"
//
// A name is an identifier, or any text between backquotes. A string stands
// between single or double quotes, in which a backslash escapes. Keywords may be
// in lower case. A comment begins with -- and ends with its line.
package restfilter

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxLen and MaxDepth limit the bytes of a filter, and how deeply its
// parentheses nest.
const (
	MaxLen   = 64 << 10
	MaxDepth = 100
)

// An Op is the operation of a node.
type Op uint8

// The operations. Those from Eq compare a property with values.
const (
	And Op = iota
	Or
	Eq
	Ne
	Lt
	Le
	Gt
	Ge
	Like
	In
)

// A Node is a vertex of a filter's syntax tree.
type Node struct {
	Op     Op
	Kids   []*Node // of And and Or, at least two
	Name   string  // of the property
	Column string  // "int_value" or one of its siblings; empty if the filter does not say
	Values []any   // string, int64, float64 or bool; one, or at least one of In

	source string
	at     int
}

// Errorf returns an error about the comparison.
func (n *Node) Errorf(format string, args ...any) error {
	return errorAt(n.source, n.at, format, args...)
}

// Parse parses a filter. Its error is a [*SyntaxError].
func Parse(source string) (*Node, error) {
	if len(source) > MaxLen {
		return nil, errorAt(source, 0, "the filter has %d bytes: at most %d are allowed", len(source), MaxLen)
	}
	for i, r := range source {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(source[i:]); n == 1 {
				return nil, errorAt(source, i, "the filter is not valid UTF-8")
			}
		}
	}
	p := &parser{source: source}
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.kind != end {
		return nil, p.unexpected("AND, OR or the end")
	}
	return n, nil
}

// A parser is at one token of a filter.
type parser struct {
	token
	source string
	behind int // the offset behind the token
}

func (p *parser) advance() (err error) {
	p.token, p.behind, err = next(p.source, p.behind)
	return err
}

func (p *parser) unexpected(want string) error {
	switch p.kind {
	case end:
		return errorAt(p.source, p.at, "unexpected end: want %s", want)
	case text:
		return errorAt(p.source, p.at, "unexpected string: want %s", want)
	}
	return errorAt(p.source, p.at, "unexpected token %q: want %s", p.text, want)
}

// take advances if the token is of the given kind and text, and reports whether
// it was.
func (p *parser) take(k kind, s string) (bool, error) {
	if p.kind != k || p.text != s {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) or(depth int) (*Node, error) {
	return p.join(Or, "OR", func() (*Node, error) {
		return p.join(And, "AND", func() (*Node, error) { return p.term(depth) })
	})
}

// join parses one or more operands with a keyword between them.
func (p *parser) join(op Op, keyword string, operand func() (*Node, error)) (*Node, error) {
	var kids []*Node
	for {
		kid, err := operand()
		if err != nil {
			return nil, err
		}
		kids = append(kids, kid)
		if more, err := p.take(word, keyword); err != nil {
			return nil, err
		} else if !more {
			break
		}
	}
	if len(kids) == 1 {
		return kids[0], nil
	}
	return &Node{Op: op, Kids: kids, source: p.source}, nil
}

func (p *parser) term(depth int) (*Node, error) {
	if open, err := p.take(symbol, "("); err != nil || !open {
		if err != nil {
			return nil, err
		}
		return p.comparison()
	}
	if depth == MaxDepth {
		return nil, errorAt(p.source, p.at, "parentheses nest more than %d levels", MaxDepth)
	}
	n, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if closed, err := p.take(symbol, ")"); err != nil {
		return nil, err
	} else if !closed {
		return nil, p.unexpected("AND, OR or )")
	}
	return n, nil
}

var columns = []string{"string_value", "int_value", "double_value", "bool_value"}

func (p *parser) comparison() (*Node, error) {
	if p.kind != name {
		return nil, p.unexpected("a property or (")
	}
	n := &Node{Name: p.text, source: p.source, at: p.at}
	if n.Name == "" {
		return nil, n.Errorf("the name of the property is empty")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	dot, err := p.take(symbol, ".")
	if err != nil {
		return nil, err
	}
	if dot {
		if p.kind != name || !slices.Contains(columns, p.text) {
			return nil, p.unexpected(strings.Join(columns, ", "))
		}
		n.Column = p.text
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	return n, p.test(n)
}

// operators maps the texts of operators, none of which is both a symbol and a
// word.
var operators = map[string]Op{
	"=": Eq, "!=": Ne, "<>": Ne, "<": Lt, "<=": Le, ">": Gt, ">=": Ge, "LIKE": Like, "ILIKE": Like, "IN": In,
}

// test parses an operator and its operands.
func (p *parser) test(n *Node) error {
	op, ok := operators[p.token.text]
	if !ok || p.kind != symbol && p.kind != word {
		return p.unexpected("an operator")
	}
	n.Op = op
	if err := p.advance(); err != nil {
		return err
	}
	if op != In {
		return p.value(n)
	}
	if open, err := p.take(symbol, "("); err != nil || !open {
		if err != nil {
			return err
		}
		return p.unexpected("(")
	}
	for {
		if err := p.value(n); err != nil {
			return err
		}
		more, err := p.take(symbol, ",")
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	closed, err := p.take(symbol, ")")
	if err == nil && !closed {
		err = p.unexpected(", or )")
	}
	return err
}

// value parses one operand.
func (p *parser) value(n *Node) error {
	switch {
	case p.kind == text:
		n.Values = append(n.Values, p.text)
	case p.kind == word && (p.text == "TRUE" || p.text == "FALSE"):
		n.Values = append(n.Values, p.text == "TRUE")
	case p.kind == number:
		v, why := parseNumber(p.text)
		if why != "" {
			return errorAt(p.source, p.at, "%s", why)
		}
		n.Values = append(n.Values, v)
	default:
		return p.unexpected("a value")
	}
	return p.advance()
}
