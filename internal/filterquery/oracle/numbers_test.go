package oracle

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/internal/typekind"
	"github.com/mlmd-go/sdk/pkg/filter"
)

// Limits of integers and doubles, and values where the two differ.
var (
	edgeInts = []int64{
		0, 1, -1, 6, 7, -7, 1 << 53, 1<<53 + 1, 1<<53 + 2, -1 << 53, -1<<53 - 1, 1<<62 + 1,
		math.MaxInt64 - 1024, math.MaxInt64 - 511, math.MaxInt64 - 1, math.MaxInt64, math.MinInt64, math.MinInt64 +
			1, math.MinInt64 + 513,
	}
	edgeDoubles = []float64{
		0, math.Copysign(0, -1), 1, -1, 6, 6.5, 7, -6.5, -7, 0.1, 1 << 53, 1<<53 +
			2, -1 << 53, 1 << 62, math.Nextafter(1<<63, 0), 1 << 63, -1 << 63,
		math.Nextafter(-1<<63, 0), math.Nextafter(-1<<63,
			math.Inf(-1)), 1e300, -1e300, math.MaxFloat64, math.SmallestNonzeroFloat64, 4503599627370495.5,
	}
)

type entity struct{}

// numberTests returns the conditions that compare a custom number with an integer or
// a double, and the results of the comparison for which they hold.
func numberTests(n any) map[string]struct {
	expr  filter.Expr[*entity]
	holds [3]bool // less, equal, greater
} {
	type test = struct {
		expr  filter.Expr[*entity]
		holds [3]bool
	}
	var e filter.CustomSymbols[*entity]
	if n, ok := n.(int64); ok {
		p := e.Custom("x").Int()
		return map[string]test{
			"=": {p.Eq(n), [3]bool{false, true, false}}, "!=": {p.Ne(n), [3]bool{true, false, true}}, "in": {
				p.In(n),
				[3]bool{false, true, false},
			},
			"<": {p.Lt(n), [3]bool{true, false, false}}, "<=": {p.Le(n), [3]bool{true, true, false}},
			">": {p.Gt(n), [3]bool{false, false, true}}, ">=": {p.Ge(n), [3]bool{false, true, true}}, "is set": {
				p.IsSet(),
				[3]bool{true, true, true},
			},
		}
	}
	d, p := n.(float64), e.Custom("x").Double()
	return map[string]test{
		"=": {p.Eq(d), [3]bool{false, true, false}}, "!=": {p.Ne(d), [3]bool{true, false, true}},
		"<": {p.Lt(d), [3]bool{true, false, false}}, "<=": {p.Le(d), [3]bool{true, true, false}},
		">": {p.Gt(d), [3]bool{false, false, true}}, ">=": {p.Ge(d), [3]bool{false, true, true}}, "is set": {
			p.IsSet(),
			[3]bool{true, true, true},
		},
	}
}

func exactly(n any) *big.Float {
	if i, ok := n.(int64); ok {
		return new(big.Float).SetInt64(i)
	}
	return new(big.Float).SetFloat64(n.(float64))
}

// selects reports whether a condition, which must have at most one text, selects a node
// with the custom properties.
func selects(t *testing.T, e filter.Expr[*entity], custom map[string]Row) bool {
	t.Helper()
	text, err := filtertext.Print(filtertext.Expr(e), filtertext.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(text.Branches) > 1 {
		t.Fatalf("the condition needs several listings: %q", text.Branches)
	}
	found := false
	for _, branch := range text.Branches {
		if branch.Text == "" {
			continue // only tests
		}
		f, err := filterquery.Compile(branch.Text, typekind.Context)
		if err != nil {
			t.Fatalf("%s: %v", branch.Text, err)
		}
		found = found || Matches(f, &Node{Custom: custom})
	}
	if byTest := passes(t, e, custom); len(text.Branches) > 0 && len(text.Branches[0].Tests) > 0 {
		return byTest
	} else if byTest != found {
		t.Fatalf("%q selects %v: %v, evaluated in Go: %v", text.Branches, custom, found, byTest)
	}
	return found
}

// passes reports whether a node with the custom properties passes e as a test,
// which an Or with a condition that the language cannot express is.
func passes(t *testing.T, e filter.Expr[*entity], custom map[string]Row) bool {
	t.Helper()
	var symbols filter.CustomSymbols[*entity]
	text, err := filtertext.Print(filtertext.Expr(e.Or(symbols.Custom("*").Bool().Eq(true))), filtertext.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return text.Branches[0].Tests[0].Holds(customRow(custom))
}

// A customRow is the custom properties of a node, as filtertext.Test reads them.
type customRow map[string]Row

func (r customRow) Value(f filtertext.Field) any {
	for _, column := range []string{f.Column, filtertext.IntColumn, filtertext.DoubleColumn} {
		if v := r[f.Property][column]; v != nil {
			return v
		}
		if !f.AnyNumber || f.Column != filtertext.IntColumn && f.Column != filtertext.DoubleColumn {
			return nil
		}
	}
	return nil
}

// checkNumber compares the conditions on a number, and their negations, with
// exact arithmetic.
func checkNumber(t *testing.T, stored, asked any) {
	t.Helper()
	column := "int_value"
	if _, ok := stored.(float64); ok {
		column = "double_value"
	}
	custom := map[string]Row{"x": {column: stored}}
	result := exactly(stored).Cmp(exactly(asked)) + 1
	for name, test := range numberTests(asked) {
		what := fmt.Sprintf("%T %v %s %T %v", stored, stored, name, asked, asked)
		if got, want := selects(t, test.expr, custom), test.holds[result]; got != want {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
		if name == "is set" {
			continue // the language cannot select nodes without a property
		}
		if got, want := selects(t, filter.Not(test.expr), custom), !test.holds[result]; got != want {
			t.Errorf("not %s: got %v, want %v", what, got, want)
		}
	}
}

func TestNumbers_Kinds(t *testing.T) {
	var all []any
	for _, n := range edgeInts {
		all = append(all, n)
	}
	for _, d := range edgeDoubles {
		all = append(all, d)
	}
	for _, stored := range all {
		for _, asked := range all {
			checkNumber(t, stored, asked)
		}
	}
}

func TestNumbers_OtherKinds(t *testing.T) {
	for name, custom := range map[string]map[string]Row{
		"text": {"x": {"string_value": "7"}}, "boolean": {"x": {"bool_value": true}}, "no value": {"x": {}}, "nothing": {},
		"another property": {"y": {"int_value": int64(7)}},
	} {
		for _, asked := range []any{int64(7), int64(math.MaxInt64), 7.0, 6.5, 1e300} {
			for op, test := range numberTests(asked) {
				if selects(t, test.expr, custom) {
					t.Errorf("%s passes %s %v", name, op, asked)
				}
				if op != "is set" && selects(t, filter.Not(test.expr), custom) {
					t.Errorf("%s passes not %s %v", name, op, asked)
				}
			}
		}
	}
}

func TestNumbers_IntListsMatchDoubles(t *testing.T) {
	var e filter.CustomSymbols[*entity]
	in := e.Custom("x").Int().In(7, 1<<53+1, -3)
	for _, c := range []struct {
		column string
		stored any
		want   bool
	}{
		{"int_value", int64(7), true},
		{"int_value", int64(1<<53 + 1), true},
		{"int_value", int64(1 << 53), false},
		{"double_value", 7.0, true},
		{"double_value", -3.0, true},
		{"double_value", 7.5, false},
		{"double_value", float64(1 << 53), false},
	} {
		custom := map[string]Row{"x": {c.column: c.stored}}
		if got := selects(t, in, custom); got != c.want {
			t.Errorf("%T %v: got %v", c.stored, c.stored, got)
		}
		if got := selects(t, filter.Not(in), custom); got == c.want {
			t.Errorf("not %T %v: got %v", c.stored, c.stored, got)
		}
	}
}

// TestCustomProperty_IsSet checks IsSet without a kind.
func TestCustomProperty_IsSet(t *testing.T) {
	var e filter.CustomSymbols[*entity]
	for name, c := range map[string]struct {
		row  Row
		want bool
	}{
		"text": {Row{"string_value": ""}, true}, "integer": {
			Row{"int_value": int64(0)},
			true,
		}, "double": {Row{"double_value": 0.0}, true},
		"boolean": {Row{"bool_value": false}, true}, "no value": {Row{}, false},
	} {
		if got := selects(t, e.Custom("x").IsSet(), map[string]Row{"x": c.row}); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
		if selects(t, e.Custom("misspelt").IsSet(), map[string]Row{"x": c.row}) {
			t.Errorf("%s: another name finds it", name)
		}
	}
}

// FuzzNumbers compares the text of conditions on numbers with exact
// arithmetic.
func FuzzNumbers(f *testing.F) {
	for i, n := range edgeInts {
		f.Add(n, edgeDoubles[i%len(edgeDoubles)], edgeInts[(i+3)%len(edgeInts)])
	}
	for i, d := range edgeDoubles {
		f.Add(edgeInts[(i+7)%len(edgeInts)], d, int64(d))
	}
	f.Fuzz(func(t *testing.T, i int64, d float64, j int64) {
		if math.IsNaN(d) || math.IsInf(d, 0) {
			return
		}
		checkNumber(t, i, j)
		checkNumber(t, i, d)
		checkNumber(t, d, i)
		checkNumber(t, float64(i), i)
		checkNumber(t, i, float64(i))
		checkNumber(t, i, math.Nextafter(float64(i), d))
		checkNumber(t, math.Nextafter(float64(i), d), i)
		checkNumber(t, float64(j), d)
	})
}
