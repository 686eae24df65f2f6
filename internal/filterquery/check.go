package filterquery

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mlmd-go/sdk/internal/typekind"
)

// Compile reads and checks the text of a filter on nodes of a kind. Its error
// is an [*Error].
func Compile(text string, k typekind.Kind) (*Filter, error) {
	x, err := Parse(text)
	if err != nil {
		return nil, err
	}
	c := &checker{text: text, filter: &Filter{kind: k, node: &source{}}, spelled: map[string]*spelling{}}
	root, err := c.check(x)
	if err != nil {
		return nil, err
	}
	if root.typ != BoolType {
		return nil, c.fail(x.Pos(), "Given query string is not a valid boolean expression: it is of type %s: %s", root.typ, quoteShort(text))
	}
	c.filter.root = root
	if n := c.filter.tables(); n > MaxTables {
		return nil, c.fail(0, "The filter reads %d tables; at most %d are allowed: use fewer properties and neighbours", n, MaxTables)
	}
	return c.filter, nil
}

// A checker gives the vertices of a syntax tree their types.
type checker struct {
	text    string
	filter  *Filter
	spelled map[string]*spelling // by the source's name in lower case
}

// A spelling is how the text first wrote the name of a source.
type spelling struct {
	name string
	src  *source
}

func (c *checker) fail(at Pos, format string, args ...any) error {
	return errorAt(c.text, at, format, args...)
}

// check returns the term of x.
func (c *checker) check(x Expr) (*term, error) {
	switch x := x.(type) {
	case *Null:
		return &term{}, nil
	case *Bool:
		return &term{typ: BoolType, val: x.Value}, nil
	case *Int:
		return &term{typ: IntType, val: x.Value}, nil
	case *Float:
		return &term{typ: FloatType, val: x.Value}, nil
	case *Text:
		return &term{typ: TextType, val: x.Value}, nil
	case *Paren:
		return c.check(x.X)
	case *Path:
		t, _, err := c.path(x)
		return t, err
	case *Unary:
		return c.unary(x)
	case *Binary:
		return c.binary(x)
	case *Chain:
		return c.chain(x)
	case *In:
		return c.in(x)
	case *Like:
		return c.like(x)
	case *Between:
		return c.between(x)
	case *Is:
		return c.is(x)
	case *Call:
		return c.call(x)
	case *Case:
		return c.caseOf(x)
	case *Cast:
		return c.cast(x)
	}
	return nil, errors.New("unknown expression")
}

// checkAll returns the terms of xs.
func (c *checker) checkAll(xs []Expr) ([]*term, error) {
	terms := make([]*term, len(xs))
	for i, x := range xs {
		t, err := c.check(x)
		if err != nil {
			return nil, err
		}
		terms[i] = t
	}
	return terms, nil
}

// isNull tells a bare NULL.
func (t *term) isNull() bool { return t.op == opValue && t.typ == NullType }

// common returns the type that all terms can have, or false.
func common(terms []*term) (Type, bool) {
	typ := NullType
	for _, t := range terms {
		switch {
		case t.typ == typ || t.typ == NullType:
		case typ == NullType, typ == IntType && t.typ == FloatType:
			typ = t.typ
		case typ == FloatType && t.typ == IntType:
		default:
			return 0, false
		}
	}
	return typ, true
}

// as returns t with type typ, which it can have.
func as(t *term, typ Type) *term {
	switch {
	case t.typ == typ:
		return t
	case t.typ == NullType:
		return &term{op: opValue, typ: typ}
	case t.op == opValue && t.val != nil:
		return &term{op: opValue, typ: FloatType, val: float64(t.val.(int64))}
	case t.op == opValue:
		return &term{op: opValue, typ: FloatType}
	}
	return &term{op: opToFloat, typ: FloatType, kids: []*term{t}}
}

// allAs gives all terms the type typ.
func allAs(terms []*term, typ Type) []*term {
	out := make([]*term, len(terms))
	for i, t := range terms {
		out[i] = as(t, typ)
	}
	return out
}

// types lists the types of terms for a message.
func types(terms []*term) string {
	var names []string
	for _, t := range terms {
		if len(names) == 10 {
			names = append(names, "…")
			break
		}
		names = append(names, t.typ.String())
	}
	return strings.Join(names, ", ")
}

// mismatch is the error of an operator or function whose operands do not fit.
func (c *checker) mismatch(at Pos, what string, terms []*term, want string) error {
	return c.fail(at, "No matching signature for %s for argument types: %s; expected %s", what, types(terms), want)
}

// notNull refuses a bare NULL as an operand.
func (c *checker) notNull(operator string, xs []Expr, terms []*term) error {
	for i, t := range terms {
		if t.isNull() {
			return c.fail(xs[i].Pos(), "Operands of %s cannot be literal NULL; write IS NULL to ask for it", operator)
		}
	}
	return nil
}

func (c *checker) unary(x *Unary) (*term, error) {
	t, err := c.check(x.X)
	if err != nil {
		return nil, err
	}
	if err := c.notNull(x.Op, []Expr{x.X}, []*term{t}); err != nil {
		return nil, err
	}
	switch {
	case x.Op == "NOT" && t.typ == BoolType:
		return &term{op: opNot, typ: BoolType, kids: []*term{t}}, nil
	case x.Op == "NOT":
		return nil, c.mismatch(x.At, "operator NOT", []*term{t}, "BOOL")
	case x.Op == "~" && t.typ == IntType:
		return &term{op: opBitNot, typ: IntType, kids: []*term{t}}, nil
	case x.Op == "~":
		return nil, c.mismatch(x.At, "operator ~", []*term{t}, "INT64")
	case t.typ != IntType && t.typ != FloatType:
		return nil, c.mismatch(x.At, "operator "+x.Op, []*term{t}, "INT64 or DOUBLE")
	case x.Op == "+":
		return t, nil
	}
	return &term{op: opNeg, typ: t.typ, kids: []*term{t}}, nil
}

func (c *checker) chain(x *Chain) (*term, error) {
	terms, err := c.checkAll(x.Terms)
	if err != nil {
		return nil, err
	}
	for i, t := range terms {
		if t.typ != BoolType && t.typ != NullType {
			return nil, c.mismatch(x.Terms[i].Pos(), "operator "+x.Op, terms, "BOOL")
		}
	}
	o := opAnd
	if x.Op == "OR" {
		o = opOr
	}
	return &term{op: o, typ: BoolType, kids: allAs(terms, BoolType)}, nil
}

func (c *checker) is(x *Is) (*term, error) {
	t, err := c.check(x.X)
	if err != nil {
		return nil, err
	}
	ops := map[string]op{"NULL": opIsNull, "UNKNOWN": opIsNull, "TRUE": opIsTrue, "FALSE": opIsFalse}
	if x.What != "NULL" {
		switch t.typ {
		case BoolType:
		case NullType:
			t = as(t, BoolType)
		default:
			return nil, c.mismatch(x.Pos(), "operator IS "+x.What, []*term{t}, "BOOL")
		}
	}
	return negate(x.Not, &term{op: ops[x.What], typ: BoolType, kids: []*term{t}}), nil
}

func negate(not bool, t *term) *term {
	if !not {
		return t
	}
	return &term{op: opNot, typ: BoolType, kids: []*term{t}}
}

func (c *checker) like(x *Like) (*term, error) {
	terms, err := c.checkAll([]Expr{x.X, x.Pattern})
	if err != nil {
		return nil, err
	}
	if err := c.notNull("LIKE", []Expr{x.X, x.Pattern}, terms); err != nil {
		return nil, err
	}
	if terms[0].typ != TextType || terms[1].typ != TextType {
		return nil, c.mismatch(x.Pos(), "operator LIKE", terms, "STRING LIKE STRING")
	}
	if pattern, ok := terms[1].val.(string); ok {
		switch {
		case len(pattern) > MaxPattern:
			return nil, c.fail(x.Pattern.Pos(), "The LIKE pattern is %d bytes long; at most %d are allowed", len(pattern), MaxPattern)
		case strings.Contains(pattern, "\x00"): // where SQLite's LIKE ends
			return nil, c.fail(x.Pattern.Pos(), "The LIKE pattern has a NUL; ask for one with =")
		}
	}
	return negate(x.Not, &term{op: opLike, typ: BoolType, kids: terms}), nil
}

func (c *checker) between(x *Between) (*term, error) {
	terms, err := c.checkAll([]Expr{x.X, x.Low, x.High})
	if err != nil {
		return nil, err
	}
	typ, ok := common(terms)
	if !ok {
		return nil, c.mismatch(x.Pos(), "operator BETWEEN", terms, "three of one type")
	}
	return negate(x.Not, &term{op: opBetween, typ: BoolType, kids: allAs(terms, orInt(typ))}), nil
}

// orInt gives a type to what is NULL throughout.
func orInt(t Type) Type {
	if t == NullType {
		return IntType
	}
	return t
}

func (c *checker) caseOf(x *Case) (*term, error) {
	var conds, results []Expr
	for _, w := range x.Whens {
		conds, results = append(conds, w.If), append(results, w.Then)
	}
	if x.Else != nil {
		results = append(results, x.Else)
	}
	if x.Operand != nil {
		conds = append([]Expr{x.Operand}, conds...)
	}
	ifs, err := c.checkAll(conds)
	if err != nil {
		return nil, err
	}
	thens, err := c.checkAll(results)
	if err != nil {
		return nil, err
	}
	typ, ok := common(thens)
	if !ok {
		return nil, c.fail(x.At, "No matching signature for operator CASE; all THEN/ELSE arguments must be coercible to a common type but found: %s", types(thens))
	}
	typ = orInt(typ)
	thens = allAs(thens, typ)
	if x.Else == nil {
		thens = append(thens, &term{typ: typ})
	}
	t := &term{op: opCase, typ: typ}
	if x.Operand != nil {
		operand, ok := common(ifs)
		if !ok {
			return nil, c.mismatch(x.At, "operator CASE", ifs, "an operand and WHENs of one type")
		}
		ifs = allAs(ifs, orInt(operand))
		t.op, t.kids, ifs = opCaseOf, ifs[:1:1], ifs[1:]
	} else if ifs, err = c.bools(x.At, "CASE; all WHEN argument types must be BOOL", ifs); err != nil {
		return nil, err
	}
	for i := range ifs {
		t.kids = append(t.kids, ifs[i], thens[i])
	}
	t.kids = append(t.kids, thens[len(thens)-1])
	return t, nil
}

// bools gives terms the type BOOL.
func (c *checker) bools(at Pos, what string, terms []*term) ([]*term, error) {
	for _, t := range terms {
		if t.typ != BoolType && t.typ != NullType {
			return nil, c.mismatch(at, "operator "+what, terms, "BOOL")
		}
	}
	return allAs(terms, BoolType), nil
}

func (c *checker) cast(x *Cast) (*term, error) {
	t, err := c.check(x.X)
	if err != nil {
		return nil, err
	}
	to, ok := map[string]Type{"INT64": IntType, "DOUBLE": FloatType, "FLOAT64": FloatType, "STRING": TextType, "BOOL": BoolType, "BOOLEAN": BoolType}[x.Type]
	if !ok {
		return nil, c.fail(x.TypeAt, "Type not found: %s; expected INT64, FLOAT64, STRING or BOOL", x.Type)
	}
	one := []*term{t}
	switch {
	case t.typ == to || t.typ == NullType:
		return as(t, to), nil
	case t.typ == IntType && to == FloatType:
		return as(t, to), nil
	case t.typ == IntType && to == TextType:
		return &term{op: opToText, typ: to, kids: one}, nil
	case t.typ == IntType && to == BoolType:
		return &term{op: opNe, typ: to, kids: []*term{t, {typ: IntType, val: int64(0)}}}, nil
	case t.typ == BoolType && to == IntType:
		return &term{op: opToInt, typ: to, kids: one}, nil
	}
	return nil, c.fail(x.Pos(), "Invalid cast from %s to %s: databases disagree on it", t.typ, fmt.Sprint(to))
}
