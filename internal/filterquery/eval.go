package filterquery

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Row holds the values of columns by the names that filters give them: nil,
// int64, float64, string or bool. A column that is not there is NULL.
type Row map[string]any

// A Node is what a filter can know of one stored node.
type Node struct {
	Attributes Row
	// Properties and Custom are the properties by name; each row has the one
	// column that is set ("int_value").
	Properties, Custom map[string]Row
	// Neighbours are the rows of each kind of neighbour by its prefix
	// ("contexts_").
	Neighbours map[string][]Row
}

// Matches tells whether the filter selects n. It is the meaning of the language
// in plain Go: slow, without any database, and the yardstick for the SQL.
func (f *Filter) Matches(n *Node) bool {
	rows := map[*source]Row{f.node: n.Attributes}
	return f.choose(n, rows, f.sources)
}

// choose tries all choices of one row for each source that is left.
func (f *Filter) choose(n *Node, rows map[*source]Row, left []*source) bool {
	if len(left) == 0 {
		return truth(f.root, rows) == true
	}
	s := left[0]
	for _, row := range s.rows(n) {
		rows[s] = row
		if f.choose(n, rows, left[1:]) {
			return true
		}
	}
	return false
}

// rows returns what a source ranges over.
func (s *source) rows(n *Node) []Row {
	if !s.isProp {
		return n.Neighbours[s.prefix]
	}
	properties := n.Properties
	if s.custom {
		properties = n.Custom
	}
	if row, ok := properties[s.property]; ok {
		return []Row{row}
	}
	return nil
}

// truth returns the value of t: nil for NULL, bool, int64, float64 or string.
func truth(t *term, rows map[*source]Row) any {
	switch t.op {
	case opValue:
		return t.val
	case opColumn:
		if t.col.ofType {
			return rows[t.col.src]["type"]
		}
		return rows[t.col.src][t.col.name]
	case opAnd, opOr:
		return evalChain(t, rows)
	case opCase:
		return evalCase(t.kids, true, rows)
	case opCaseOf:
		return evalCase(t.kids[1:], truth(t.kids[0], rows), rows)
	case opCoalesce:
		for _, kid := range t.kids {
			if v := truth(kid, rows); v != nil {
				return v
			}
		}
		return nil
	case opIn:
		return evalIn(t, rows)
	}
	vals := make([]any, len(t.kids))
	for i, kid := range t.kids {
		vals[i] = truth(kid, rows)
	}
	switch t.op {
	case opIsNull:
		return vals[0] == nil
	case opIsTrue:
		return vals[0] == true
	case opIsFalse:
		return vals[0] == false
	case opNullIf:
		if vals[0] != nil && vals[1] != nil && order(vals[0], vals[1]) == 0 {
			return nil
		}
		return vals[0]
	case opBetween:
		return both(evalOrder(opGe, vals[0], vals[1]), evalOrder(opLe, vals[0], vals[2]))
	}
	for _, v := range vals {
		if v == nil {
			return nil
		}
	}
	return evalStrict(t, vals)
}

func evalChain(t *term, rows map[*source]Row) any {
	decides := t.op == opOr // the value that decides the whole
	var result any = !decides
	for _, kid := range t.kids {
		switch truth(kid, rows) {
		case decides:
			return decides
		case nil:
			result = nil
		}
	}
	return result
}

// both is a AND b.
func both(a, b any) any {
	switch {
	case a == false || b == false:
		return false
	case a == nil || b == nil:
		return nil
	}
	return true
}

func evalCase(kids []*term, want any, rows map[*source]Row) any {
	for ; len(kids) > 1; kids = kids[2:] {
		if v := truth(kids[0], rows); v != nil && want != nil && order(v, want) == 0 {
			return truth(kids[1], rows)
		}
	}
	return truth(kids[0], rows)
}

func evalIn(t *term, rows map[*source]Row) any {
	x := truth(t.kids[0], rows)
	if x == nil {
		return nil
	}
	var result any = false
	for _, kid := range t.kids[1:] {
		switch v := truth(kid, rows); {
		case v == nil:
			result = nil
		case order(x, v) == 0:
			return true
		}
	}
	return result
}

// evalOrder compares two values that may be NULL.
func evalOrder(o op, a, b any) any {
	if a == nil || b == nil {
		return nil
	}
	n := order(a, b)
	switch o {
	case opEq:
		return n == 0
	case opNe:
		return n != 0
	case opLt:
		return n < 0
	case opLe:
		return n <= 0
	case opGt:
		return n > 0
	}
	return n >= 0
}

// order compares two values of one type.
func order(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case bool:
		return compare(btoi(a), btoi(b.(bool)))
	case int64:
		return compare(a, b.(int64))
	}
	return compare(a.(float64), b.(float64))
}

func compare[N int64 | float64](a, b N) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func btoi(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// evalStrict applies an operator that is NULL if an operand is.
func evalStrict(t *term, v []any) any {
	switch t.op {
	case opNot:
		return !v[0].(bool)
	case opEq, opNe, opLt, opLe, opGt, opGe:
		return evalOrder(t.op, v[0], v[1])
	case opToFloat:
		return float64(v[0].(int64))
	case opToText:
		return strconv.FormatInt(v[0].(int64), 10)
	case opToInt:
		return btoi(v[0].(bool))
	}
	switch x := v[0].(type) {
	case string:
		return evalText(t, x, v)
	case int64:
		return evalInt(t.op, x, v)
	}
	return evalFloat(t.op, v[0].(float64), v)
}

func evalText(t *term, x string, v []any) any {
	switch t.op {
	case opLike:
		return len(v[1].(string)) <= MaxPattern && like(lower(x), lower(v[1].(string)))
	case opLower:
		return lower(x)
	case opUpper:
		return upper(x)
	case opLength:
		return int64(utf8.RuneCountInString(x))
	case opTrim:
		return strings.Trim(x, " ")
	case opTrimLeft:
		return strings.TrimLeft(x, " ")
	case opTrimRight:
		return strings.TrimRight(x, " ")
	case opReplace:
		if v[1] == "" {
			return x
		}
		return strings.ReplaceAll(x, v[1].(string), v[2].(string))
	case opConcat:
		all := ""
		for _, piece := range v {
			all += piece.(string)
		}
		return all
	case opStartsWith:
		return strings.HasPrefix(x, v[1].(string))
	case opEndsWith:
		return strings.HasSuffix(x, v[1].(string))
	}
	chars := []rune(x) // opSubstr
	from := min(v[1].(int64)-1, int64(len(chars)))
	to := int64(len(chars))
	if len(v) == 3 {
		to = min(to, from+v[2].(int64))
	}
	return string(chars[from:to])
}

func lower(s string) string { return mapASCII(s, 'A', 'Z', 'a') }
func upper(s string) string { return mapASCII(s, 'a', 'z', 'A') }

func mapASCII(s string, from, to, base rune) string {
	return strings.Map(func(r rune) rune {
		if from <= r && r <= to {
			return r - from + base
		}
		return r
	}, s)
}

// like matches s against a pattern in which % is any run of characters and _
// is one.
func like(s, pattern string) bool {
	text, want := []rune(s), []rune(pattern)
	t, w := 0, 0
	retryText, retryWant := 0, -1
	for t < len(text) {
		switch {
		case w < len(want) && want[w] == '%':
			retryText, retryWant = t, w
			w++
		case w < len(want) && (want[w] == '_' || want[w] == text[t]):
			t, w = t+1, w+1
		case retryWant >= 0:
			retryText++
			t, w = retryText, retryWant+1
		default:
			return false
		}
	}
	for w < len(want) && want[w] == '%' {
		w++
	}
	return w == len(want)
}

func evalInt(o op, x int64, v []any) any {
	switch o {
	case opNeg:
		return subInt(0, x)
	case opAbs:
		if x < 0 {
			return subInt(0, x)
		}
		return x
	case opSign:
		return int64(compare(x, 0))
	case opBitNot:
		return ^x
	}
	y := v[1].(int64)
	switch o {
	case opAdd:
		if y == math.MinInt64 {
			return subInt(subInt(x, math.MaxInt64), 1)
		}
		return subInt(x, -y)
	case opSub:
		return subInt(x, y)
	case opMul:
		return mulInt(x, y)
	case opBitAnd:
		return x & y
	}
	return x | y
}

// subInt is x - y, cut to 64 bits.
func subInt(x, y int64) int64 {
	d := x - y
	switch {
	case y < 0 && d < x:
		return math.MaxInt64
	case y > 0 && d > x:
		return math.MinInt64
	}
	return d
}

// mulInt is x * y, cut to 64 bits.
func mulInt(x, y int64) int64 {
	p := x * y
	if x != 0 && (p/x != y || x == -1 && y == math.MinInt64) {
		if (x < 0) == (y < 0) {
			return math.MaxInt64
		}
		return math.MinInt64
	}
	return p
}

func evalFloat(o op, x float64, v []any) any {
	switch o {
	case opNeg:
		return -x
	case opAbs:
		return math.Abs(x)
	case opSign:
		return float64(compare(x, 0))
	}
	y := v[1].(float64)
	switch o {
	case opAdd:
		x += y
	case opSub:
		x -= y
	case opMul:
		x *= y
	case opDiv:
		if y == 0 {
			return nil
		}
		x /= y
	}
	return max(min(x, math.MaxFloat64), -math.MaxFloat64)
}
