package restfilter

import (
	"fmt"
	"strings"
	"testing"
)

// String prints n with parentheses around every And and Or.
func (n *Node) String() string {
	if n.Op == And || n.Op == Or {
		var kids []string
		for _, k := range n.Kids {
			kids = append(kids, k.String())
		}
		return "(" + strings.Join(kids, map[Op]string{And: " AND ", Or: " OR "}[n.Op]) + ")"
	}
	property := "`" + n.Name + "`"
	if n.Column != "" {
		property += "." + n.Column
	}
	var values []string
	for _, v := range n.Values {
		if s, ok := v.(string); ok {
			v = "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
		} else if f, ok := v.(float64); ok {
			v = fmt.Sprintf("%e", f)
		}
		values = append(values, fmt.Sprint(v))
	}
	op := map[Op]string{Eq: "=", Ne: "!=", Lt: "<", Le: "<=", Gt: ">", Ge: ">=", Like: "LIKE", In: "IN"}[n.Op]
	if n.Op == In {
		return property + " IN (" + strings.Join(values, ", ") + ")"
	}
	return property + " " + op + " " + values[0]
}

func TestParse(t *testing.T) {
	for source, want := range map[string]string{
		`name = 'a'`:                    "`name` = 'a'",
		`name="a'b"`:                    "`name` = 'a\\'b'",
		`name='a\'b\\'`:                 "`name` = 'a\\'b\\\\'",
		`a=1 AND b=2 OR c=3`:            "((`a` = 1 AND `b` = 2) OR `c` = 3)",
		`a=1 and (b=2 or c=3)`:          "(`a` = 1 AND (`b` = 2 OR `c` = 3))",
		`((a=1))`:                       "`a` = 1",
		"`my key`.double_value >= -1.5": "`my key`.double_value >= -1.500000e+00",
		`a.int_value IN (1, 2,3)`:       "`a`.int_value IN (1, 2, 3)",
		`a <> 1`:                        "`a` != 1",
		`a LIKE '%x_' OR a ilike 'y'`:   "(`a` LIKE '%x_' OR `a` LIKE 'y')",
		"a = true -- the end":           "`a` = true",
		"a = -- here\n FALSE":           "`a` = false",
		`android = 'inner'`:             "`android` = 'inner'",
		"`and` = 1e3":                   "`and` = 1.000000e+03",
		`i = 9223372036854775807`:       "`i` = 9223372036854775807",
		`name = '日本'`:                   "`name` = '日本'",
		"  a=1  ":                       "`a` = 1",
	} {
		n, err := Parse(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
		} else if n.String() != want {
			t.Errorf("%s became %s, want %s", source, n, want)
		}
	}
}

func TestParse_Errors(t *testing.T) {
	deep := strings.Repeat("(", MaxDepth+1) + "a=1" + strings.Repeat(")", MaxDepth+1)
	for source, want := range map[string]string{
		``:                            "1:1: unexpected end",
		`a x 1`:                       `1:3: unexpected token "x": want an operator`,
		`a = `:                        "1:5: unexpected end: want a value",
		"a = 1 AND\n  ":               "2:3: unexpected end",
		`a = b`:                       `1:5: unexpected token "b": want a value`,
		`a = 'b`:                      "1:5: the quote ' is not closed",
		`name = 'it''s'`:              "1:12: unexpected string: want AND, OR or the end",
		`(a = 1`:                      "1:7: unexpected end: want AND, OR or )",
		`a = 1)`:                      `1:6: unexpected token ")"`,
		`a IN ()`:                     `1:7: unexpected token ")": want a value`,
		`a IN 1`:                      "want (",
		`a.value = 1`:                 "want string_value, int_value, double_value, bool_value",
		`NOT a = 1`:                   `1:5: unexpected token "a": want an operator`,
		`a = 9223372036854775808`:     "more than 64 bits",
		`a = 1e999`:                   "too large",
		`日 = 1`:                       `1:1: unexpected character '日'`,
		"``=1":                        "the name of the property is empty",
		"a = '\xff'":                  "1:6: the filter is not valid UTF-8",
		deep:                          "nest more than 100 levels",
		strings.Repeat(" ", MaxLen+1): "at most 65536 are allowed",
	} {
		n, err := Parse(source)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v and error %v, want one with %q", source, n, err, want)
		}
	}
}

// FuzzParse checks that what a filter was parsed to is parsed to the same again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a=1 AND (b='x' OR c IN (1.5, 2))", "`a`.int_value<>-1", "a LIKE '%\\'' --x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		n, err := Parse(source)
		if err != nil {
			return
		}
		again, err := Parse(n.String())
		if err != nil {
			t.Fatalf("%q became %s: %v", source, n, err)
		}
		if again.String() != n.String() {
			t.Fatalf("%q became %s, and that became %s", source, n, again)
		}
	})
}
