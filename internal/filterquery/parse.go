package filterquery

import "strings"

// Parse parses the text of a filter. Its error is an [*Error].
func Parse(text string) (Expr, error) {
	if len(text) > MaxLength {
		return nil, errorAt(text, MaxLength, "The filter is %d bytes long; at most %d are allowed", len(text), MaxLength)
	}
	p := &parser{lex: lexer{text: text}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.cur.kind != tEnd {
		return nil, p.fail(p.cur.at, "Syntax error: Expected end of input but got %s", p.cur.describe())
	}
	if err := p.checkDepth(x, 1); err != nil {
		return nil, err
	}
	return x, nil
}

// A parser is a recursive descent parser with one token of lookahead. Each method
// parses one level of precedence, from OR, the lowest, to literals.
type parser struct {
	lex   lexer
	cur   token
	ahead *token // the token after cur, if it was read
	depth int
	terms int
}

func (p *parser) fail(at Pos, format string, args ...any) error {
	return errorAt(p.lex.text, at, format, args...)
}

// advance reads the next token.
func (p *parser) advance() error {
	if p.ahead != nil {
		p.cur, p.ahead = *p.ahead, nil
		return nil
	}
	t, err := p.lex.next()
	p.cur = t
	return err
}

// peek returns the token after the current one.
func (p *parser) peek() (token, error) {
	if p.ahead == nil {
		t, err := p.lex.next()
		if err != nil {
			return token{}, err
		}
		p.ahead = &t
	}
	return *p.ahead, nil
}

// accept advances if the current token is word.
func (p *parser) accept(word string) (bool, error) {
	if !p.cur.is(word) {
		return false, nil
	}
	return true, p.advance()
}

// expect advances, or returns an error if the current token is not word.
func (p *parser) expect(word string) error {
	if !p.cur.is(word) {
		what := "keyword " + word
		if !isWord(word[0]) {
			what = `"` + word + `"`
		}
		return p.fail(p.cur.at, "Syntax error: Expected %s but got %s", what, p.cur.describe())
	}
	return p.advance()
}

// enter enters a level of nesting, which the returned function leaves.
func (p *parser) enter() (leave func(), err error) {
	p.depth++
	if p.depth > MaxDepth {
		return nil, p.fail(p.cur.at, "The filter nests deeper than %d levels", MaxDepth)
	}
	return func() { p.depth-- }, nil
}

// count counts a node of the tree.
func (p *parser) count(at Pos) error {
	p.terms++
	if p.terms > MaxTerms {
		return p.fail(at, "The filter has more than %d names, values and operators", MaxTerms)
	}
	return nil
}

// checkDepth limits the depth of operators that are chained without parentheses.
func (p *parser) checkDepth(x Expr, depth int) error {
	if depth > MaxDepth {
		return p.fail(x.Pos(), "The filter nests deeper than %d levels", MaxDepth)
	}
	for _, kid := range x.children() {
		if err := p.checkDepth(kid, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) or() (Expr, error)  { return p.chain("OR", p.and) }
func (p *parser) and() (Expr, error) { return p.chain("AND", p.not) }

func (p *parser) chain(op string, term func() (Expr, error)) (Expr, error) {
	first, err := term()
	if err != nil || !p.cur.is(op) {
		return first, err
	}
	terms := []Expr{first}
	for p.cur.is(op) {
		if err := p.count(p.cur.at); err != nil {
			return nil, err
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		x, err := term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, x)
	}
	return &Chain{Op: op, Terms: terms}, nil
}

func (p *parser) not() (Expr, error) {
	if !p.cur.is("NOT") {
		return p.comparison()
	}
	at := p.cur.at
	leave, err := p.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := p.count(at); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := p.not()
	if err != nil {
		return nil, err
	}
	return &Unary{At: at, Op: "NOT", X: x}, nil
}

// comparison parses at most one comparison, because they do not chain.
func (p *parser) comparison() (Expr, error) {
	x, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	is, err := p.atComparison()
	if err != nil || !is {
		return x, err
	}
	if err := p.count(p.cur.at); err != nil {
		return nil, err
	}
	if x, err = p.compare(x); err != nil {
		return nil, err
	}
	if is, err = p.atComparison(); err != nil {
		return nil, err
	}
	if is {
		return nil, p.fail(p.cur.at, "Syntax error: %s; comparisons do not chain: the expression to the left of %s "+
			"must be parenthesized",
			p.cur.unexpected(), strings.ToUpper(p.cur.text))
	}
	return x, nil
}

// comparisons are the comparison operators, except keywords.
var comparisons = []string{"=", "!=", "<>", "<=", ">=", "<", ">"}

// atComparison reports whether the current token begins a comparison.
func (p *parser) atComparison() (bool, error) {
	for _, word := range append(comparisons, "IN", "LIKE", "BETWEEN", "IS") {
		if p.cur.is(word) {
			return true, nil
		}
	}
	if !p.cur.is("NOT") {
		return false, nil
	}
	after, err := p.peek()
	return after.is("IN") || after.is("LIKE") || after.is("BETWEEN"), err
}

// compare parses the comparison with the left side x.
func (p *parser) compare(x Expr) (Expr, error) {
	if p.cur.kind == tOperate {
		op := p.cur.text
		if err := p.advance(); err != nil {
			return nil, err
		}
		r, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		return &Binary{Op: op, L: x, R: r}, nil
	}
	not, err := p.accept("NOT")
	if err != nil {
		return nil, err
	}
	word := strings.ToUpper(p.cur.text)
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch word {
	case "IN":
		return p.in(x, not)
	case "LIKE":
		return p.like(x, not)
	case "BETWEEN":
		return p.between(x, not)
	}
	return p.is(x)
}

func (p *parser) in(x Expr, not bool) (Expr, error) {
	if p.cur.is("UNNEST") {
		return nil, p.fail(p.cur.at, "IN UNNEST is not supported; write a list in parentheses")
	}
	if !p.cur.is("(") {
		if path, ok := x.(*Path); ok && p.cur.kind == tName && path.isEnum() {
			return nil, p.fail(p.cur.at, "Expected a list of enum values enclosed in parentheses but got %s", p.cur.text)
		}
		return nil, p.fail(p.cur.at, `Syntax error: Expected "(" but got %s`, p.cur.describe())
	}
	list, err := p.list()
	if err != nil {
		return nil, err
	}
	return &In{X: x, Not: not, List: list}, nil
}

// list parses "(" expression {"," expression} ")".
func (p *parser) list() ([]Expr, error) {
	leave, err := p.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var list []Expr
	for {
		x, err := p.or()
		if err != nil {
			return nil, err
		}
		list = append(list, x)
		if p.cur.is(")") {
			return list, p.advance()
		}
		if !p.cur.is(",") {
			return nil, p.fail(p.cur.at, `Syntax error: Expected ")" or "," but got %s`, p.cur.describe())
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) like(x Expr, not bool) (Expr, error) {
	if p.cur.is("ANY") || p.cur.is("SOME") || p.cur.is("ALL") {
		return nil, p.fail(p.cur.at, "LIKE %s is not supported; use one LIKE for each pattern", strings.ToUpper(p.cur.text))
	}
	pattern, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if p.cur.is("ESCAPE") {
		return nil, p.fail(p.cur.at, "Syntax error: Expected end of input but got keyword ESCAPE; patterns have no escape")
	}
	return &Like{X: x, Not: not, Pattern: pattern}, nil
}

func (p *parser) between(x Expr, not bool) (Expr, error) {
	low, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if err := p.expect("AND"); err != nil {
		return nil, err
	}
	high, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	return &Between{X: x, Not: not, Low: low, High: high}, nil
}

func (p *parser) is(x Expr) (Expr, error) {
	not, err := p.accept("NOT")
	if err != nil {
		return nil, err
	}
	if p.cur.is("DISTINCT") {
		return nil, p.fail(p.cur.at, "IS DISTINCT FROM is not supported")
	}
	for _, what := range []string{"NULL", "TRUE", "FALSE", "UNKNOWN"} {
		if p.cur.is(what) {
			return &Is{X: x, Not: not, What: what}, p.advance()
		}
	}
	return nil, p.fail(p.cur.at, "Syntax error: Expected keyword FALSE or keyword NULL or keyword TRUE or keyword "+
		"UNKNOWN but got %s",
		p.cur.describe())
}

// levels are the operators on numbers, bits and text by precedence, lowest first.
var levels = [][]string{{"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"||"}, {"*", "/"}}

// binary parses operators of a level and of all higher ones.
func (p *parser) binary(level int) (Expr, error) {
	if level == len(levels) {
		return p.unary()
	}
	x, err := p.binary(level + 1)
	if err != nil {
		return nil, err
	}
	for {
		op := ""
		for _, sign := range levels[level] {
			if p.cur.is(sign) {
				op = sign
			}
		}
		if op == "" {
			return x, nil
		}
		if err := p.count(p.cur.at); err != nil {
			return nil, err
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		r, err := p.binary(level + 1)
		if err != nil {
			return nil, err
		}
		x = &Binary{Op: op, L: x, R: r}
	}
}
