package filterquery

import "strings"

// unary parses an operand with the signs before it. A minus directly before a number
// is part of the number.
func (p *parser) unary() (Expr, error) {
	t := p.cur
	if !t.is("-") && !t.is("+") && !t.is("~") {
		return p.operand()
	}
	if err := p.count(t.at); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if t.text == "-" && (p.cur.kind == tInt || p.cur.kind == tFloat) {
		return p.numberLiteral("-", t.at)
	}
	leave, err := p.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	x, err := p.unary()
	if err != nil {
		return nil, err
	}
	return &Unary{At: t.at, Op: t.text, X: x}, nil
}

// operand parses a literal, a name, a call or an expression in parentheses.
func (p *parser) operand() (Expr, error) {
	t := p.cur
	if err := p.count(t.at); err != nil {
		return nil, err
	}
	switch t.kind {
	case tEnd:
		return nil, p.fail(t.at, "Syntax error: Unexpected end of expression; expected a name or a value")
	case tInt, tFloat:
		return p.numberLiteral("", t.at)
	case tText:
		return &Text{At: t.at, Value: t.text}, p.advance()
	case tBytes:
		return nil, p.fail(
			t.at,
			"No matching signature: BYTES literals compare with nothing in a filter; write a STRING literal without the b",
		)
	case tQuoted:
		return p.pathOrCall()
	case tName:
		return p.word()
	}
	switch t.text {
	case "(":
		return p.parenthesized()
	case "@":
		return nil, p.fail(t.at, "Query parameters are not supported; write the value")
	case "?":
		return nil, p.fail(t.at, "Positional parameters are not supported; write the value")
	case "[":
		return nil, p.fail(t.at, "Arrays are not supported")
	}
	return nil, p.fail(t.at, "Syntax error: %s; expected a name or a value", t.unexpected())
}

// numberLiteral parses the number at the current token, whose sign is at offset at.
func (p *parser) numberLiteral(sign string, at Pos) (Expr, error) {
	text := sign + p.cur.text
	if p.cur.kind == tInt {
		v, ok := parseInt(text)
		if !ok {
			return nil, p.fail(at, "Invalid integer literal: %s; integers have 64 bits", short(text))
		}
		return &Int{At: at, Value: v}, p.advance()
	}
	v, ok := parseFloat(text)
	if !ok {
		return nil, p.fail(at, "Invalid floating point literal: %s; it is beyond the range of a DOUBLE", short(text))
	}
	return &Float{At: at, Value: v}, p.advance()
}

func (p *parser) parenthesized() (Expr, error) {
	open := p.cur.at
	leave, err := p.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.cur.is("SELECT") || p.cur.is("WITH") {
		return nil, p.fail(p.cur.at, "Subqueries are not supported")
	}
	x, err := p.or()
	if err != nil {
		return nil, err
	}
	switch {
	case p.cur.is(")"):
		switch x.(type) {
		case *Path, *Int, *Bool, *Null:
			x = &Paren{At: open, X: x}
		}
		return x, p.advance()
	case p.cur.is(","):
		return nil, p.fail(open, "Tuples are not supported; compare one value at a time")
	}
	return nil, p.fail(p.cur.at, "Syntax error: Parenthesized expression cannot be parsed as an expression, struct "+
		"constructor, or subquery; "+
		`expected ")" but got %s`, p.cur.describe())
}

// word parses an expression that begins with an unquoted word.
func (p *parser) word() (Expr, error) {
	t := p.cur
	switch word := strings.ToUpper(t.text); word {
	case "TRUE", "FALSE":
		return &Bool{At: t.at, Value: word == "TRUE"}, p.advance()
	case "NULL":
		return &Null{At: t.at}, p.advance()
	case "CASE":
		return p.caseOf()
	case "CAST":
		return p.cast()
	case "EXISTS", "ARRAY", "STRUCT", "UNNEST", "EXTRACT", "INTERVAL":
		return nil, p.fail(t.at, "%s is not supported in a filter", word)
	case "IF":
		return p.pathOrCall()
	default:
		if reserved[word] && !enumWords[t.text] {
			return nil, p.fail(t.at, "Syntax error: Unexpected keyword %s; expected a name or a value", word)
		}
	}
	return p.pathOrCall()
}

// pathOrCall parses names joined by dots, and arguments if a parenthesis follows.
func (p *parser) pathOrCall() (Expr, error) {
	path := &Path{Parts: []Part{p.part()}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for p.cur.is(".") {
		blank := !p.cur.glued
		if err := p.advance(); err != nil {
			return nil, err
		}
		switch p.cur.kind {
		case tName, tQuoted:
		case tEnd:
			return nil, p.fail(p.cur.at, "Syntax error: Unexpected end of expression; expected a name after the dot")
		default:
			return nil, p.fail(p.cur.at, "Syntax error: %s; expected a name after the dot", p.cur.unexpected())
		}
		if len(path.Parts) == MaxDepth {
			return nil, p.fail(p.cur.at, "The filter nests deeper than %d levels", MaxDepth)
		}
		part := p.part()
		part.blankBefore, part.blankAfter = blank, !p.cur.glued
		path.Parts = append(path.Parts, part)
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if p.cur.is("(") {
		return p.call(path)
	}
	first := path.Parts[0]
	if !first.Quoted && strings.EqualFold(first.Name, "IF") {
		return nil, p.fail(p.cur.at, `Syntax error: Expected "(" after IF but got %s`, p.cur.describe())
	}
	if p.cur.kind == tText && len(path.Parts) == 1 && typedLiterals[strings.ToUpper(first.Name)] {
		return nil, p.fail(
			path.Pos(), "%s literals are not supported; times are compared as milliseconds", strings.ToUpper(first.Name),
		)
	}
	return path, nil
}

var typedLiterals = wordSet("DATE DATETIME TIME TIMESTAMP NUMERIC DECIMAL BIGNUMERIC BIGDECIMAL JSON")

func (p *parser) part() Part {
	return Part{At: p.cur.at, Name: p.cur.text, Quoted: p.cur.kind == tQuoted}
}

func (p *parser) call(path *Path) (Expr, error) {
	c := &Call{Func: path}
	if aggregates[c.name()] {
		return nil, p.fail(c.Pos(), "Aggregate function %s not allowed in a filter", c.name())
	}
	after, err := p.peek()
	if err != nil {
		return nil, err
	}
	if after.is(")") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	} else if c.Args, err = p.list(); err != nil {
		return nil, err
	}
	if p.cur.is("OVER") {
		return nil, p.fail(c.Pos(), "Analytic functions not supported")
	}
	return c, nil
}

var aggregates = wordSet(`ANY_VALUE APPROX_COUNT_DISTINCT APPROX_QUANTILES APPROX_TOP_COUNT APPROX_TOP_SUM ARRAY_AGG
	ARRAY_CONCAT_AGG AVG BIT_AND BIT_OR BIT_XOR CORR COUNT COUNTIF COVAR_POP COVAR_SAMP LOGICAL_AND LOGICAL_OR MAX MIN
	STDDEV STDDEV_POP STDDEV_SAMP STRING_AGG SUM VAR_POP VAR_SAMP VARIANCE`)

func (p *parser) caseOf() (Expr, error) {
	c := &Case{At: p.cur.at}
	leave, err := p.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.cur.is("WHEN") {
		if c.Operand, err = p.or(); err != nil {
			return nil, err
		}
		if !p.cur.is("WHEN") {
			return nil, p.fail(p.cur.at, "Syntax error: Expected keyword WHEN but got %s", p.cur.describe())
		}
	}
	for p.cur.is("WHEN") {
		var w When
		if err := p.advance(); err != nil {
			return nil, err
		}
		if w.If, err = p.or(); err != nil {
			return nil, err
		}
		if err := p.expect("THEN"); err != nil {
			return nil, err
		}
		if w.Then, err = p.or(); err != nil {
			return nil, err
		}
		c.Whens = append(c.Whens, w)
	}
	otherwise, err := p.accept("ELSE")
	if err != nil {
		return nil, err
	}
	if otherwise {
		if c.Else, err = p.or(); err != nil {
			return nil, err
		}
		return c, p.expect("END")
	}
	if !p.cur.is("END") {
		return nil, p.fail(p.cur.at, "Syntax error: Expected keyword ELSE or keyword END but got %s", p.cur.describe())
	}
	return c, p.advance()
}

func (p *parser) cast() (Expr, error) {
	c := &Cast{At: p.cur.at}
	leave, err := p.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	if c.X, err = p.or(); err != nil {
		return nil, err
	}
	if err := p.expect("AS"); err != nil {
		return nil, err
	}
	if p.cur.kind != tName {
		return nil, p.fail(p.cur.at, "Syntax error: %s; expected the name of a type", p.cur.unexpected())
	}
	c.Type, c.TypeAt = strings.ToUpper(p.cur.text), p.cur.at
	if err := p.advance(); err != nil {
		return nil, err
	}
	return c, p.expect(")")
}
