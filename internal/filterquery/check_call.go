package filterquery

import (
	"math"
	"slices"
	"strings"
)

// A function is a function that has the same result on every database.
type function struct {
	op       Op
	min, max int // number of arguments
	// params are the types of the arguments; the last one repeats. If empty, all
	// arguments and the result have one common type.
	params []Type
	result Type
	// numeric requires the common type to be INT64 or DOUBLE.
	numeric bool
}

var textToText = function{min: 1, max: 1, params: []Type{TextType}, result: TextType}

func (f function) of(o Op) function {
	f.op = o
	return f
}

// functions are the functions that a filter can call.
var functions = map[string]function{
	"LOWER":       textToText.of(OpLower),
	"UPPER":       textToText.of(OpUpper),
	"TRIM":        textToText.of(OpTrim),
	"LTRIM":       textToText.of(OpTrimLeft),
	"RTRIM":       textToText.of(OpTrimRight),
	"LENGTH":      {op: OpLength, min: 1, max: 1, params: []Type{TextType}, result: IntType},
	"CHAR_LENGTH": {op: OpLength, min: 1, max: 1, params: []Type{TextType}, result: IntType},
	"SUBSTR":      {op: OpSubstr, min: 2, max: 3, params: []Type{TextType, IntType, IntType}, result: TextType},
	"REPLACE":     {op: OpReplace, min: 3, max: 3, params: []Type{TextType}, result: TextType},
	"CONCAT":      {op: OpConcat, min: 1, max: MaxTerms, params: []Type{TextType}, result: TextType},
	"STARTS_WITH": {op: OpStartsWith, min: 2, max: 2, params: []Type{TextType}, result: BoolType},
	"ENDS_WITH":   {op: OpEndsWith, min: 2, max: 2, params: []Type{TextType}, result: BoolType},
	"ABS":         {op: OpAbs, min: 1, max: 1, numeric: true},
	"SIGN":        {op: OpSign, min: 1, max: 1, numeric: true},
	"COALESCE":    {op: OpCoalesce, min: 1, max: MaxTerms},
	"IFNULL":      {op: OpCoalesce, min: 2, max: 2},
	"NULLIF":      {op: OpNullIf, min: 2, max: 2},
}

func (c *checker) call(x *Call) (*Term, error) {
	name := x.name()
	if name == "IF" {
		return c.ifOf(x)
	}
	f, ok := functions[name]
	if !ok {
		return nil, c.fail(
			x.Pos(), "Function not found: %s; a filter may call %s", short(strings.ToLower(name)), functionNames,
		)
	}
	args, err := c.checkAll(x.Args)
	if err != nil {
		return nil, err
	}
	if len(args) < f.min || len(args) > f.max {
		return nil, c.fail(
			x.Pos(), "No matching signature for function %s: Number of arguments does not match: %d", name, len(args),
		)
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
	if f.op == OpSubstr {
		if err := c.checkSubstr(x, args); err != nil {
			return nil, err
		}
	}
	return &Term{Op: f.op, typ: f.result, Kids: args}, nil
}

// callCommon checks a call whose arguments and result have a common type.
func (c *checker) callCommon(x *Call, f function, args []*Term) (*Term, error) {
	typ, ok := common(args)
	switch {
	case !ok:
		return nil, c.mismatch(x.Pos(), "function "+x.name(), args, "one type")
	case f.numeric && typ != IntType && typ != FloatType && typ != NullType:
		return nil, c.mismatch(x.Pos(), "function "+x.name(), args, "INT64 or DOUBLE")
	}
	typ = orInt(typ)
	return &Term{Op: f.op, typ: typ, Kids: allAs(args, typ)}, nil
}

// checkSubstr allows only positions that have the same meaning on all databases.
func (c *checker) checkSubstr(x *Call, args []*Term) error {
	for i, least := range []int64{1, 0} {
		if i+1 >= len(args) {
			break
		}
		n, ok := args[i+1].Value.(int64)
		if !ok || n < least || n > math.MaxInt32 {
			return c.fail(
				x.Args[i+1].Pos(),
				"SUBSTR wants integer literals: a start from 1 and a length from 0; databases disagree on others",
			)
		}
	}
	return nil
}

// ifOf converts IF(condition, then, else) to a CASE.
func (c *checker) ifOf(x *Call) (*Term, error) {
	if len(x.Args) != 3 {
		return nil, c.fail(
			x.Pos(), "No matching signature for function IF: Number of arguments does not match: %d", len(x.Args),
		)
	}
	return c.caseOf(&Case{At: x.Pos(), Whens: []When{{If: x.Args[0], Then: x.Args[1]}}, Else: x.Args[2]})
}

// functionNames lists the functions for messages.
var functionNames = func() string {
	names := []string{"IF"}
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}()
