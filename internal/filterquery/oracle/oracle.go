// Package oracle implements the filter language in plain Go, without a database. It
// is slow and simple, and tests compare the SQL with it.
package oracle

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/internal/filterquery"
)

// Row contains the values of columns by the names that filters give them: nil,
// int64, float64, string or bool. A missing column is NULL.
type Row map[string]any

// Node is what a filter can refer to of a stored node.
type Node struct {
	Attributes Row
	// Properties and Custom are the properties by name. Each row has one
	// column, for example "int_value".
	Properties, Custom map[string]Row
	// Neighbors are the rows of the neighbors by prefix, for example
	// "contexts_".
	Neighbors map[string][]Row
}

// Matches reports whether f selects n.
func Matches(f *filterquery.Filter, n *Node) bool {
	rows := map[*filterquery.Source]Row{f.Self(): n.Attributes}
	return choose(f, n, rows, f.Sources())
}

// choose tries all combinations of one row for each of the remaining sources.
func choose(f *filterquery.Filter, n *Node, rows map[*filterquery.Source]Row, left []*filterquery.Source) bool {
	if len(left) == 0 {
		return truth(f.Root(), rows) == true
	}
	s := left[0]
	for _, row := range rowsOf(s, n) {
		rows[s] = row
		if choose(f, n, rows, left[1:]) {
			return true
		}
	}
	return false
}

// rowsOf returns the rows of a source.
func rowsOf(s *filterquery.Source, n *Node) []Row {
	if !s.IsProp {
		return n.Neighbors[s.Prefix]
	}
	properties := n.Properties
	if s.Custom {
		properties = n.Custom
	}
	if row, ok := properties[s.Property]; ok {
		return []Row{row}
	}
	return nil
}

// truth returns the value of t: nil for NULL, bool, int64, float64 or string.
func truth(t *filterquery.Term, rows map[*filterquery.Source]Row) any {
	switch t.Op {
	case filterquery.OpValue:
		return t.Value
	case filterquery.OpColumn:
		if t.Column.OfType {
			return rows[t.Column.Source]["type"]
		}
		return rows[t.Column.Source][t.Column.Name]
	case filterquery.OpAnd, filterquery.OpOr:
		return evalChain(t, rows)
	case filterquery.OpCase:
		return evalCase(t.Kids, true, rows)
	case filterquery.OpCaseOf:
		return evalCase(t.Kids[1:], truth(t.Kids[0], rows), rows)
	case filterquery.OpCoalesce:
		for _, kid := range t.Kids {
			if v := truth(kid, rows); v != nil {
				return v
			}
		}
		return nil
	case filterquery.OpIn:
		return evalIn(t, rows)
	}
	vals := make([]any, len(t.Kids))
	for i, kid := range t.Kids {
		vals[i] = truth(kid, rows)
	}
	switch t.Op {
	case filterquery.OpIsNull:
		return vals[0] == nil
	case filterquery.OpIsTrue:
		return vals[0] == true
	case filterquery.OpIsFalse:
		return vals[0] == false
	case filterquery.OpNullIf:
		if vals[0] != nil && vals[1] != nil && order(vals[0], vals[1]) == 0 {
			return nil
		}
		return vals[0]
	case filterquery.OpBetween:
		return both(evalOrder(filterquery.OpGe, vals[0], vals[1]), evalOrder(filterquery.OpLe, vals[0], vals[2]))
	}
	for _, v := range vals {
		if v == nil {
			return nil
		}
	}
	return evalStrict(t, vals)
}

func evalChain(t *filterquery.Term, rows map[*filterquery.Source]Row) any {
	decides := t.Op == filterquery.OpOr // the value that decides the whole
	var result any = !decides
	for _, kid := range t.Kids {
		switch truth(kid, rows) {
		case decides:
			return decides
		case nil:
			result = nil
		}
	}
	return result
}

// both returns a AND b.
func both(a, b any) any {
	switch {
	case a == false || b == false:
		return false
	case a == nil || b == nil:
		return nil
	}
	return true
}

func evalCase(kids []*filterquery.Term, want any, rows map[*filterquery.Source]Row) any {
	for ; len(kids) > 1; kids = kids[2:] {
		if v := truth(kids[0], rows); v != nil && want != nil && order(v, want) == 0 {
			return truth(kids[1], rows)
		}
	}
	return truth(kids[0], rows)
}

func evalIn(t *filterquery.Term, rows map[*filterquery.Source]Row) any {
	x := truth(t.Kids[0], rows)
	if x == nil {
		return nil
	}
	var result any = false
	for _, kid := range t.Kids[1:] {
		switch v := truth(kid, rows); {
		case v == nil:
			result = nil
		case order(x, v) == 0:
			return true
		}
	}
	return result
}

// evalOrder compares two values, either of which may be NULL.
func evalOrder(o filterquery.Op, a, b any) any {
	if a == nil || b == nil {
		return nil
	}
	n := order(a, b)
	switch o {
	case filterquery.OpEq:
		return n == 0
	case filterquery.OpNe:
		return n != 0
	case filterquery.OpLt:
		return n < 0
	case filterquery.OpLe:
		return n <= 0
	case filterquery.OpGt:
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

// evalStrict applies an operator that returns NULL if an operand is NULL.
func evalStrict(t *filterquery.Term, v []any) any {
	switch t.Op {
	case filterquery.OpNot:
		return !v[0].(bool)
	case filterquery.OpEq, filterquery.OpNe, filterquery.OpLt, filterquery.OpLe, filterquery.OpGt, filterquery.OpGe:
		return evalOrder(t.Op, v[0], v[1])
	case filterquery.OpToFloat:
		return float64(v[0].(int64))
	case filterquery.OpToText:
		return strconv.FormatInt(v[0].(int64), 10)
	case filterquery.OpToInt:
		return btoi(v[0].(bool))
	}
	switch x := v[0].(type) {
	case string:
		return evalText(t, x, v)
	case int64:
		return evalInt(t.Op, x, v)
	}
	return evalFloat(t.Op, v[0].(float64), v)
}

func evalText(t *filterquery.Term, x string, v []any) any {
	switch t.Op {
	case filterquery.OpLike:
		return len(v[1].(string)) <= filterquery.MaxPattern && like(lower(x), lower(v[1].(string)))
	case filterquery.OpLower:
		return lower(x)
	case filterquery.OpUpper:
		return upper(x)
	case filterquery.OpLength:
		return int64(utf8.RuneCountInString(x))
	case filterquery.OpTrim:
		return strings.Trim(x, " ")
	case filterquery.OpTrimLeft:
		return strings.TrimLeft(x, " ")
	case filterquery.OpTrimRight:
		return strings.TrimRight(x, " ")
	case filterquery.OpReplace:
		if v[1] == "" {
			return x
		}
		return strings.ReplaceAll(x, v[1].(string), v[2].(string))
	case filterquery.OpConcat:
		all := ""
		for _, piece := range v {
			all += piece.(string)
		}
		return all
	case filterquery.OpStartsWith:
		return strings.HasPrefix(x, v[1].(string))
	case filterquery.OpEndsWith:
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

// like reports whether s matches a pattern, where % stands for any characters
// and _ for one.
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

func evalInt(o filterquery.Op, x int64, v []any) any {
	switch o {
	case filterquery.OpNeg:
		return subInt(0, x)
	case filterquery.OpAbs:
		if x < 0 {
			return subInt(0, x)
		}
		return x
	case filterquery.OpSign:
		return int64(compare(x, 0))
	case filterquery.OpBitNot:
		return ^x
	}
	y := v[1].(int64)
	switch o {
	case filterquery.OpAdd:
		if y == math.MinInt64 {
			return subInt(subInt(x, math.MaxInt64), 1)
		}
		return subInt(x, -y)
	case filterquery.OpSub:
		return subInt(x, y)
	case filterquery.OpMul:
		return mulInt(x, y)
	case filterquery.OpBitAnd:
		return x & y
	}
	return x | y
}

// subInt returns x - y, limited to 64 bits.
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

// mulInt returns x * y, limited to 64 bits.
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

func evalFloat(o filterquery.Op, x float64, v []any) any {
	switch o {
	case filterquery.OpNeg:
		return -x
	case filterquery.OpAbs:
		return math.Abs(x)
	case filterquery.OpSign:
		return float64(compare(x, 0))
	}
	y := v[1].(float64)
	switch o {
	case filterquery.OpAdd:
		x += y
	case filterquery.OpSub:
		x -= y
	case filterquery.OpMul:
		x *= y
	case filterquery.OpDiv:
		if y == 0 {
			return nil
		}
		x /= y
	}
	return max(min(x, math.MaxFloat64), -math.MaxFloat64)
}
