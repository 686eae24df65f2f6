package filterquery

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mlmd-go/sdk/internal/typekind"
)

// Compile parses and checks the text of a filter on nodes of a kind. Its error is an
// [*Error].
func Compile(text string, k typekind.Kind) (*Filter, error) {
	x, err := Parse(text)
	if err != nil {
		return nil, err
	}
	c := &checker{text: text, filter: &Filter{kind: k, node: &Source{}}, spelled: map[string]*spelling{}}
	root, err := c.check(x)
	if err != nil {
		return nil, err
	}
	if root.typ != BoolType {
		return nil, c.fail(
			x.Pos(), "Given query string is not a valid boolean expression: it is of type %s: %s", root.typ,
			quoteShort(text),
		)
	}
	c.filter.root = root
	if n := c.filter.tables(); n > MaxTables {
		return nil, c.fail(
			0, "The filter reads %d tables; at most %d are allowed: use fewer properties and neighbors", n, MaxTables,
		)
	}
	return c.filter, nil
}

// A checker checks a syntax tree and assigns types.
type checker struct {
	text    string
	filter  *Filter
	spelled map[string]*spelling // by source name in lower case
}

// A spelling is the first spelling of the name of a source.
type spelling struct {
	name string
	src  *Source
}

func (c *checker) fail(at Pos, format string, args ...any) error {
	return errorAt(c.text, at, format, args...)
}

// check returns the term of x.
func (c *checker) check(x Expr) (*Term, error) {
	switch x := x.(type) {
	case *Null:
		return &Term{}, nil
	case *Bool:
		return &Term{typ: BoolType, Value: x.Value}, nil
	case *Int:
		return &Term{typ: IntType, Value: x.Value}, nil
	case *Float:
		return &Term{typ: FloatType, Value: x.Value}, nil
	case *Text:
		return &Term{typ: TextType, Value: x.Value}, nil
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
func (c *checker) checkAll(xs []Expr) ([]*Term, error) {
	terms := make([]*Term, len(xs))
	for i, x := range xs {
		t, err := c.check(x)
		if err != nil {
			return nil, err
		}
		terms[i] = t
	}
	return terms, nil
}

// isNull reports whether x is a bare NULL.
func (t *Term) isNull() bool { return t.Op == OpValue && t.typ == NullType }

// common returns the type to which all terms convert, or false.
func common(terms []*Term) (Type, bool) {
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

// as converts t to typ, to which it must be convertible.
func as(t *Term, typ Type) *Term {
	switch {
	case t.typ == typ:
		return t
	case t.typ == NullType:
		return &Term{Op: OpValue, typ: typ}
	case t.Op == OpValue && t.Value != nil:
		return &Term{Op: OpValue, typ: FloatType, Value: float64(t.Value.(int64))}
	case t.Op == OpValue:
		return &Term{Op: OpValue, typ: FloatType}
	}
	return &Term{Op: OpToFloat, typ: FloatType, Kids: []*Term{t}}
}

// allAs converts all terms to typ.
func allAs(terms []*Term, typ Type) []*Term {
	out := make([]*Term, len(terms))
	for i, t := range terms {
		out[i] = as(t, typ)
	}
	return out
}

// types returns the types of terms for a message.
func types(terms []*Term) string {
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

// mismatch returns the error for operands of wrong types.
func (c *checker) mismatch(at Pos, what string, terms []*Term, want string) error {
	return c.fail(at, "No matching signature for %s for argument types: %s; expected %s", what, types(terms), want)
}

// notNull returns an error for a bare NULL as an operand.
func (c *checker) notNull(operator string, xs []Expr, terms []*Term) error {
	for i, t := range terms {
		if t.isNull() {
			return c.fail(xs[i].Pos(), "Operands of %s cannot be literal NULL; write IS NULL to ask for it", operator)
		}
	}
	return nil
}

func (c *checker) unary(x *Unary) (*Term, error) {
	t, err := c.check(x.X)
	if err != nil {
		return nil, err
	}
	if err := c.notNull(x.Op, []Expr{x.X}, []*Term{t}); err != nil {
		return nil, err
	}
	switch {
	case x.Op == "NOT" && t.typ == BoolType:
		return &Term{Op: OpNot, typ: BoolType, Kids: []*Term{t}}, nil
	case x.Op == "NOT":
		return nil, c.mismatch(x.At, "operator NOT", []*Term{t}, "BOOL")
	case x.Op == "~" && t.typ == IntType:
		return &Term{Op: OpBitNot, typ: IntType, Kids: []*Term{t}}, nil
	case x.Op == "~":
		return nil, c.mismatch(x.At, "operator ~", []*Term{t}, "INT64")
	case t.typ != IntType && t.typ != FloatType:
		return nil, c.mismatch(x.At, "operator "+x.Op, []*Term{t}, "INT64 or DOUBLE")
	case x.Op == "+":
		return t, nil
	}
	return &Term{Op: OpNeg, typ: t.typ, Kids: []*Term{t}}, nil
}

func (c *checker) chain(x *Chain) (*Term, error) {
	terms, err := c.checkAll(x.Terms)
	if err != nil {
		return nil, err
	}
	for i, t := range terms {
		if t.typ != BoolType && t.typ != NullType {
			return nil, c.mismatch(x.Terms[i].Pos(), "operator "+x.Op, terms, "BOOL")
		}
	}
	o := OpAnd
	if x.Op == "OR" {
		o = OpOr
	}
	return &Term{Op: o, typ: BoolType, Kids: allAs(terms, BoolType)}, nil
}

func (c *checker) is(x *Is) (*Term, error) {
	t, err := c.check(x.X)
	if err != nil {
		return nil, err
	}
	ops := map[string]Op{"NULL": OpIsNull, "UNKNOWN": OpIsNull, "TRUE": OpIsTrue, "FALSE": OpIsFalse}
	if x.What != "NULL" {
		switch t.typ {
		case BoolType:
		case NullType:
			t = as(t, BoolType)
		default:
			return nil, c.mismatch(x.Pos(), "operator IS "+x.What, []*Term{t}, "BOOL")
		}
	}
	return negate(x.Not, &Term{Op: ops[x.What], typ: BoolType, Kids: []*Term{t}}), nil
}

func negate(not bool, t *Term) *Term {
	if !not {
		return t
	}
	return &Term{Op: OpNot, typ: BoolType, Kids: []*Term{t}}
}

func (c *checker) like(x *Like) (*Term, error) {
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
	if pattern, ok := terms[1].Value.(string); ok {
		switch {
		case len(pattern) > MaxPattern:
			return nil, c.fail(
				x.Pattern.Pos(), "The LIKE pattern is %d bytes long; at most %d are allowed", len(pattern), MaxPattern,
			)
		case strings.Contains(pattern, "\x00"): // SQLite's LIKE stops there
			return nil, c.fail(x.Pattern.Pos(), "The LIKE pattern has a NUL; ask for one with =")
		}
	}
	return negate(x.Not, &Term{Op: OpLike, typ: BoolType, Kids: terms}), nil
}

func (c *checker) between(x *Between) (*Term, error) {
	terms, err := c.checkAll([]Expr{x.X, x.Low, x.High})
	if err != nil {
		return nil, err
	}
	typ, ok := common(terms)
	if !ok {
		return nil, c.mismatch(x.Pos(), "operator BETWEEN", terms, "three of one type")
	}
	return negate(x.Not, &Term{Op: OpBetween, typ: BoolType, Kids: allAs(terms, orInt(typ))}), nil
}

// orInt returns typ, or IntType for NullType.
func orInt(t Type) Type {
	if t == NullType {
		return IntType
	}
	return t
}

func (c *checker) caseOf(x *Case) (*Term, error) {
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
		return nil, c.fail(
			x.At,
			"No matching signature for operator CASE; all THEN/ELSE arguments must be coercible to a common type but found: %s",
			types(thens),
		)
	}
	typ = orInt(typ)
	thens = allAs(thens, typ)
	if x.Else == nil {
		thens = append(thens, &Term{typ: typ})
	}
	t := &Term{Op: OpCase, typ: typ}
	if x.Operand != nil {
		operand, ok := common(ifs)
		if !ok {
			return nil, c.mismatch(x.At, "operator CASE", ifs, "an operand and WHENs of one type")
		}
		ifs = allAs(ifs, orInt(operand))
		t.Op, t.Kids, ifs = OpCaseOf, ifs[:1:1], ifs[1:]
	} else if ifs, err = c.bools(x.At, "CASE; all WHEN argument types must be BOOL", ifs); err != nil {
		return nil, err
	}
	for i := range ifs {
		t.Kids = append(t.Kids, ifs[i], thens[i])
	}
	t.Kids = append(t.Kids, thens[len(thens)-1])
	return t, nil
}

// bools converts terms to BOOL.
func (c *checker) bools(at Pos, what string, terms []*Term) ([]*Term, error) {
	for _, t := range terms {
		if t.typ != BoolType && t.typ != NullType {
			return nil, c.mismatch(at, "operator "+what, terms, "BOOL")
		}
	}
	return allAs(terms, BoolType), nil
}

func (c *checker) cast(x *Cast) (*Term, error) {
	t, err := c.check(x.X)
	if err != nil {
		return nil, err
	}
	to, ok := map[string]Type{
		"INT64": IntType, "DOUBLE": FloatType, "FLOAT64": FloatType, "STRING": TextType, "BOOL": BoolType,
		"BOOLEAN": BoolType,
	}[x.Type]
	if !ok {
		return nil, c.fail(x.TypeAt, "Type not found: %s; expected INT64, FLOAT64, STRING or BOOL", x.Type)
	}
	one := []*Term{t}
	switch {
	case t.typ == to || t.typ == NullType:
		return as(t, to), nil
	case t.typ == IntType && to == FloatType:
		return as(t, to), nil
	case t.typ == IntType && to == TextType:
		return &Term{Op: OpToText, typ: to, Kids: one}, nil
	case t.typ == IntType && to == BoolType:
		return &Term{Op: OpNe, typ: to, Kids: []*Term{t, {typ: IntType, Value: int64(0)}}}, nil
	case t.typ == BoolType && to == IntType:
		return &Term{Op: OpToInt, typ: to, Kids: one}, nil
	}
	return nil, c.fail(x.Pos(), "Invalid cast from %s to %s: databases disagree on it", t.typ, fmt.Sprint(to))
}
