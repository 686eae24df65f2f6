package filterquery

import "strconv"

var compareOps = map[string]Op{"=": OpEq, "!=": OpNe, "<>": OpNe, "<": OpLt, "<=": OpLe, ">": OpGt, ">=": OpGe}

var numberOps = map[string]Op{"+": OpAdd, "-": OpSub, "*": OpMul, "/": OpDiv, "&": OpBitAnd, "|": OpBitOr}

func (c *checker) binary(x *Binary) (*Term, error) {
	if t, done, err := c.enumEquals(x); done || err != nil {
		return t, err
	}
	if x.Op == "^" || x.Op == "<<" || x.Op == ">>" {
		return nil, c.fail(x.Pos(), "Operator %s is not supported: databases disagree on it", x.Op)
	}
	xs := []Expr{x.L, x.R}
	terms, err := c.checkAll(xs)
	if err != nil {
		return nil, err
	}
	if err := c.notNull(x.Op, xs, terms); err != nil {
		return nil, err
	}
	typ, ok := common(terms)
	if compare, isCompare := compareOps[x.Op]; isCompare {
		if !ok {
			return nil, c.mismatch(x.Pos(), "operator "+x.Op, terms, "two of one type")
		}
		return &Term{Op: compare, typ: BoolType, Kids: allAs(terms, typ)}, nil
	}
	switch {
	case x.Op == "||":
		if !ok || typ != TextType {
			return nil, c.mismatch(x.Pos(), "operator ||", terms, "STRING || STRING")
		}
		return &Term{Op: OpConcat, typ: TextType, Kids: terms}, nil
	case !ok || typ != IntType && typ != FloatType:
		return nil, c.mismatch(x.Pos(), "operator "+x.Op, terms, "numbers")
	case x.Op == "/":
		typ = FloatType
	case (x.Op == "&" || x.Op == "|") && typ != IntType:
		return nil, c.mismatch(x.Pos(), "operator "+x.Op, terms, "INT64 "+x.Op+" INT64")
	}
	return &Term{Op: numberOps[x.Op], typ: typ, Kids: allAs(terms, typ)}, nil
}

// enumColumn returns the column that x names and its enum, if x is the name of an
// enum column in lower case and without backquotes. Only these names can be compared
// with names of enum values.
func (c *checker) enumColumn(x Expr) (*Term, enum, error) {
	path, ok := x.(*Path)
	if !ok || !path.isEnum() {
		return nil, nil, nil
	}
	for _, part := range path.Parts {
		if part.Quoted {
			return nil, nil, nil
		}
	}
	t, a, err := c.path(path)
	return t, a.enum, err
}

// enumEquals checks a comparison of an enum column by = or != with a bare word, the
// name of a value. A column that is not set is unequal to every value. Without
// parentheses, only names of values are allowed.
func (c *checker) enumEquals(x *Binary) (t *Term, done bool, err error) {
	if x.Op != "=" && x.Op != "!=" {
		return nil, false, nil
	}
	left, inParens := unparen(x.L)
	right, alsoInParens := unparen(x.R)
	col, values, err := c.enumColumn(left)
	if err != nil {
		return nil, false, err
	}
	word, isWord := bareWord(right)
	if values == nil || !isWord {
		return c.enumBeside(x)
	}
	n, ok := values[word]
	switch {
	case ok:
	case inParens || alsoInParens:
		return nil, false, nil
	default:
		return nil, false, c.unsupported(x.R, values)
	}
	equal := &Term{Op: OpEq, typ: BoolType, Kids: []*Term{col, {typ: IntType, Value: n}}}
	if x.Op == "=" {
		return equal, true, nil
	}
	equal.Op = OpNe
	return orNull(col, equal), true, nil
}

// enumBeside checks a comparison of an enum column with arithmetic. The name of a
// value directly after the = stands for its number, as in state = LIVE + 1.
func (c *checker) enumBeside(x *Binary) (t *Term, done bool, err error) {
	if x.Op != "=" {
		return nil, false, nil
	}
	_, values, err := c.enumColumn(lastOperand(x.L))
	if err != nil || values == nil {
		return nil, false, err
	}
	number, ok := numbered(x.R, values)
	if !ok {
		return nil, false, nil
	}
	t, err = c.binary(&Binary{Op: x.Op, L: x.L, R: number})
	return t, true, err
}

// unsupported returns the error for a word that is not a value of an enum.
func (c *checker) unsupported(x Expr, values enum) error {
	word, _ := bareWord(x)
	return c.fail(x.Pos(), "Unsupported enum value specified in the query: %s; expected one of %s", short(word), values)
}

// unparen returns x without parentheses, and whether it had any.
func unparen(x Expr) (Expr, bool) {
	if p, ok := x.(*Paren); ok {
		return p.X, true
	}
	return x, false
}

// lastOperand returns the last operand of arithmetic.
func lastOperand(x Expr) Expr {
	switch y := x.(type) {
	case *Binary:
		if _, arithmetic := numberOps[y.Op]; arithmetic {
			return lastOperand(y.R)
		}
	case *Unary:
		if y.Op != "NOT" {
			return lastOperand(y.X)
		}
	}
	return x
}

// numbered returns arithmetic that begins with the name of a value, with the name
// replaced by the number.
func numbered(x Expr, values enum) (Expr, bool) {
	if y, ok := x.(*Binary); ok {
		l, ok := numbered(y.L, values)
		_, arithmetic := numberOps[y.Op]
		return &Binary{Op: y.Op, L: l, R: y.R}, ok && arithmetic
	}
	word, ok := bareWord(x)
	n, known := values[word]
	return &Int{At: x.Pos(), Value: n}, ok && known
}

// orNull returns t OR col IS NULL.
func orNull(col, t *Term) *Term {
	return &Term{Op: OpOr, typ: BoolType, Kids: []*Term{t, {Op: OpIsNull, typ: BoolType, Kids: []*Term{col}}}}
}

// bareWord returns x as an unquoted word: a name, an unsigned number or NULL. After an
// enum column these are names of values.
func bareWord(x Expr) (string, bool) {
	switch x := x.(type) {
	case *Path:
		return x.Parts[0].Name, len(x.Parts) == 1 && !x.Parts[0].Quoted
	case *Int:
		return strconv.FormatInt(x.Value, 10), x.Value >= 0
	case *Null:
		return "NULL", true
	case *Bool:
		return Print(x), true
	}
	return "", false
}

func (c *checker) in(x *In) (*Term, error) {
	if t, done, err := c.enumIn(x); done || err != nil {
		return t, err
	}
	terms, err := c.checkAll(append([]Expr{x.X}, x.List...))
	if err != nil {
		return nil, err
	}
	typ, ok := common(terms)
	if !ok {
		return nil, c.fail(
			x.Pos(), "No matching signature for operator IN for argument types %s and {%s}; expected one type",
			terms[0].typ, types(terms[1:]),
		)
	}
	return negate(x.Not, &Term{Op: OpIn, typ: BoolType, Kids: allAs(terms, orInt(typ))}), nil
}

// enumIn checks a list of names of enum values. A list of numbers has its ordinary
// meaning; a mixture is an error. NOT IN holds if the column is not set.
func (c *checker) enumIn(x *In) (t *Term, done bool, err error) {
	left, inParens := unparen(x.X)
	if !x.Not {
		left = lastOperand(left)
	}
	_, values, err := c.enumColumn(left)
	if err != nil || values == nil {
		return nil, false, err
	}
	var terms []*Term
	var wrong Expr
	for _, item := range x.List {
		inner, itemInParens := unparen(item)
		word, ok := bareWord(inner)
		n, known := values[word]
		switch {
		case ok && known:
			terms = append(terms, &Term{typ: IntType, Value: n})
		case !ok || inParens || itemInParens || left != x.X:
			return nil, false, nil
		case wrong == nil:
			wrong = item
		}
	}
	if wrong != nil {
		if _, number := wrong.(*Int); number && len(terms) == 0 {
			return nil, false, nil
		}
		return nil, false, c.unsupported(wrong, values)
	}
	col, err := c.check(x.X)
	if err != nil {
		return nil, false, err
	}
	terms = append([]*Term{col}, terms...)
	typ, ok := common(terms)
	if !ok {
		return nil, false, nil
	}
	t = &Term{Op: OpIn, typ: BoolType, Kids: allAs(terms, typ)}
	if x.Not {
		return orNull(col, negate(true, t)), true, nil
	}
	return t, true, nil
}

// String returns the names of the values in the order of their numbers.
func (e enum) String() string {
	list := ""
	for n := int64(0); n < 10; n++ {
		for name, number := range e {
			if number == n {
				if list != "" {
					list += ", "
				}
				list += name
			}
		}
	}
	return list
}
