package filterquery

import (
	"math"
	"slices"
	"strings"
)

// A function is one that gives the same result on every database.
type function struct {
	op       op
	min, max int // how many arguments
	// params are the arguments' types; the last one is that of all that follow.
	// Empty: all arguments have one common type, which is also the result's.
	params []Type
	result Type
	// numeric takes an INT64 or a DOUBLE and gives the same.
	numeric bool
}

var textToText = function{min: 1, max: 1, params: []Type{TextType}, result: TextType}

func (f function) of(o op) function {
	f.op = o
	return f
}

// functions are all that a filter may call.
var functions = map[string]function{
	"LOWER":       textToText.of(opLower),
	"UPPER":       textToText.of(opUpper),
	"TRIM":        textToText.of(opTrim),
	"LTRIM":       textToText.of(opTrimLeft),
	"RTRIM":       textToText.of(opTrimRight),
	"LENGTH":      {op: opLength, min: 1, max: 1, params: []Type{TextType}, result: IntType},
	"CHAR_LENGTH": {op: opLength, min: 1, max: 1, params: []Type{TextType}, result: IntType},
	"SUBSTR":      {op: opSubstr, min: 2, max: 3, params: []Type{TextType, IntType, IntType}, result: TextType},
	"REPLACE":     {op: opReplace, min: 3, max: 3, params: []Type{TextType}, result: TextType},
	"CONCAT":      {op: opConcat, min: 1, max: MaxTerms, params: []Type{TextType}, result: TextType},
	"STARTS_WITH": {op: opStartsWith, min: 2, max: 2, params: []Type{TextType}, result: BoolType},
	"ENDS_WITH":   {op: opEndsWith, min: 2, max: 2, params: []Type{TextType}, result: BoolType},
	"ABS":         {op: opAbs, min: 1, max: 1, numeric: true},
	"SIGN":        {op: opSign, min: 1, max: 1, numeric: true},
	"COALESCE":    {op: opCoalesce, min: 1, max: MaxTerms},
	"IFNULL":      {op: opCoalesce, min: 2, max: 2},
	"NULLIF":      {op: opNullIf, min: 2, max: 2},
}

func (c *checker) call(x *Call) (*term, error) {
	name := x.name()
	if name == "IF" {
		return c.ifOf(x)
	}
	f, ok := functions[name]
	if !ok {
		return nil, c.fail(x.Pos(), "Function not found: %s; a filter may call %s", short(strings.ToLower(name)), functionNames)
	}
	args, err := c.checkAll(x.Args)
	if err != nil {
		return nil, err
	}
	if len(args) < f.min || len(args) > f.max {
		return nil, c.fail(x.Pos(), "No matching signature for function %s: Number of arguments does not match: %d", name, len(args))
	}
	if f.params == nil {
		return c.callCommon(x, f, args)
	}
	for i, arg := range args {
		want := f.params[min(i, len(f.params)-1)]
		if arg.typ != want && arg.typ != NullType {
			return nil, c.mismatch(x.Pos(), "function "+name, args, want.String()+" for argument "+string(rune('1'+min(i, 8))))
		}
		args[i] = as(arg, want)
	}
	if f.op == opSubstr {
		if err := c.checkSubstr(x, args); err != nil {
			return nil, err
		}
	}
	return &term{op: f.op, typ: f.result, kids: args}, nil
}

// callCommon checks a call whose arguments and result have one type.
func (c *checker) callCommon(x *Call, f function, args []*term) (*term, error) {
	typ, ok := common(args)
	switch {
	case !ok:
		return nil, c.mismatch(x.Pos(), "function "+x.name(), args, "one type")
	case f.numeric && typ != IntType && typ != FloatType && typ != NullType:
		return nil, c.mismatch(x.Pos(), "function "+x.name(), args, "INT64 or DOUBLE")
	}
	typ = orInt(typ)
	return &term{op: f.op, typ: typ, kids: allAs(args, typ)}, nil
}

// checkSubstr allows only positions that all databases understand alike.
func (c *checker) checkSubstr(x *Call, args []*term) error {
	for i, least := range []int64{1, 0} {
		if i+1 >= len(args) {
			break
		}
		n, ok := args[i+1].val.(int64)
		if !ok || n < least || n > math.MaxInt32 {
			return c.fail(x.Args[i+1].Pos(), "SUBSTR wants integer literals: a start from 1 and a length from 0; databases disagree on others")
		}
	}
	return nil
}

// ifOf reads IF(condition, then, else) as a CASE.
func (c *checker) ifOf(x *Call) (*term, error) {
	if len(x.Args) != 3 {
		return nil, c.fail(x.Pos(), "No matching signature for function IF: Number of arguments does not match: %d", len(x.Args))
	}
	return c.caseOf(&Case{At: x.Pos(), Whens: []When{{If: x.Args[0], Then: x.Args[1]}}, Else: x.Args[2]})
}

// functionNames lists what may be called.
var functionNames = func() string {
	names := []string{"IF"}
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}()
