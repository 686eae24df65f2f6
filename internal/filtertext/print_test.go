package filtertext_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/pkg/filter"
)

type thing struct{}

var (
	uri    = &filter.String[*thing]{Attr: "uri"}
	name   = &filter.String[*thing]{Attr: "name"}
	id     = &filter.Int[*thing]{Attr: "id"}
	author = &filter.String[*thing]{Property: "author"}
	rows   = &filter.Int[*thing]{Property: "rows"}
	state  = &filter.Int[*thing]{Attr: "state"}
	parent = &filter.Int[*thing]{Attr: "id", Neighbor: "contexts_p"}
	custom filter.CustomSymbols[*thing]
)

func TestPrint(t *testing.T) {
	auc, epochs := custom.Custom("auc").Double(), custom.Custom("epochs").Int()
	for _, c := range []struct {
		name string
		expr filter.Expr[*thing]
		want []string
	}{
		{"no condition is everything", filter.Expr[*thing]{}, []string{""}},
		{"not everything selects none", filter.Not(filter.Expr[*thing]{}), nil},
		{"double negation of everything", filter.Not(filter.Not(filter.Expr[*thing]{})), []string{""}},
		{"equality", author.Eq("ada"), []string{`properties.author.string_value = 'ada'`}},
		{"custom numbers of either kind", auc.Gt(0.9), []string{
			`custom_properties.auc.double_value > 0.9 OR custom_properties.auc.int_value > 0`,
		}},
		{"whole doubles stay doubles", auc.Eq(3), []string{
			`custom_properties.auc.double_value = 3.0 OR custom_properties.auc.int_value = 3`,
		}},
		{"doubles that no integer is", auc.Eq(0.5), []string{`custom_properties.auc.double_value = 0.5`}},
		{"doubles that every integer differs from", auc.Ne(0.5), []string{
			`custom_properties.auc.double_value != 0.5 OR custom_properties.auc.int_value IS NOT NULL`,
		}},
		{"not a double that no integer is", filter.Not(auc.Eq(0.5)), []string{
			`custom_properties.auc.double_value != 0.5 OR custom_properties.auc.int_value IS NOT NULL`,
		}},
		{"not another double", filter.Not(auc.Ne(0.5)), []string{`custom_properties.auc.double_value = 0.5`}},
		{"not moves to both kinds", filter.Not(auc.Lt(6.5)), []string{
			`custom_properties.auc.double_value >= 6.5 OR custom_properties.auc.int_value > 6`,
		}},
		{"large doubles", auc.Lt(1e21), []string{
			`custom_properties.auc.double_value < 1e+21 OR custom_properties.auc.int_value IS NOT NULL`,
		}},
		{"not large doubles", filter.Not(auc.Lt(1e21)), []string{`custom_properties.auc.double_value >= 1e+21`}},
		{"custom integers of either kind", epochs.Ge(6), []string{
			`custom_properties.epochs.int_value >= 6 OR custom_properties.epochs.double_value >= 6.0`,
		}},
		{
			"integers that no double is", epochs.Eq(1<<53 + 1),
			[]string{`custom_properties.epochs.int_value = 9007199254740993`},
		},
		{"more than an integer that no double is", epochs.Gt(1<<53 + 1), []string{
			`custom_properties.epochs.int_value > 9007199254740993 OR custom_properties.epochs.double_value > ` +
				`9.007199254740992e+15`,
		}},
		{"less than the largest integer", epochs.Lt(1<<63 - 1), []string{
			`custom_properties.epochs.int_value < 9223372036854775807 OR custom_properties.epochs.double_value < ` +
				`9.223372036854776e+18`,
		}},
		{"lists of custom integers", epochs.In(7, 1<<53+1), []string{
			`custom_properties.epochs.int_value IN (7, 9007199254740993) OR custom_properties.epochs.double_value IN (7.0)`,
		}},
		{"not in lists of custom integers", filter.Not(epochs.In(1<<53 + 1)), []string{
			`custom_properties.epochs.int_value NOT IN (9007199254740993) OR custom_properties.epochs.double_value IS NOT NULL`,
		}},
		{"a set custom number", epochs.IsSet(), []string{
			`custom_properties.epochs.int_value IS NOT NULL OR custom_properties.epochs.double_value IS NOT NULL`,
		}},
		{"two tests of a custom number", epochs.Gt(1).And(epochs.Lt(9)), []string{
			`(custom_properties.epochs.int_value > 1 OR custom_properties.epochs.double_value > 1.0) AND ` +
				`(custom_properties.epochs.int_value < 9 OR custom_properties.epochs.double_value < 9.0)`,
		}},
		{"a set custom property", custom.Custom("x").IsSet(), []string{
			`custom_properties.x.string_value IS NOT NULL OR custom_properties.x.int_value IS NOT NULL OR ` +
				`custom_properties.x.double_value IS NOT NULL OR custom_properties.x.bool_value IS NOT NULL`,
		}},
		{"custom text", custom.Custom("x").AsString().Eq("7"), []string{`custom_properties.x.string_value = '7'`}},
		{"a custom boolean", custom.Custom("x").Bool().Eq(true), []string{`custom_properties.x.bool_value = true`}},
		{
			"a declared double is one kind", (&filter.Double[*thing]{Property: "auc"}).Gt(0.9),
			[]string{`properties.auc.double_value > 0.9`},
		},
		{
			"a field kept as a custom property is one kind", (&filter.OptInt[*thing]{Property: "n", Custom: true}).Eq(7),
			[]string{`custom_properties.n.int_value = 7`},
		},
		{"the smallest integer", rows.Eq(-9223372036854775808), []string{`properties.rows.int_value = -9223372036854775808`}},
		{"lists", author.In("a", "b"), []string{`properties.author.string_value IN ('a', 'b')`}},
		{"an empty list", author.In(), nil},
		{"not an empty list", filter.Not(author.In()), []string{""}},
		{"an empty list beside others", author.In().Or(rows.Eq(1)), []string{`properties.rows.int_value = 1`}},
		{"not moves to the comparison", filter.Not(rows.Lt(3)), []string{`properties.rows.int_value >= 3`}},
		{"not of an and is an or", filter.Not(id.Eq(1).And(name.Eq("x"))), []string{`id != 1 OR name != 'x'`}},
		{
			"not of an or is an and", filter.Not(author.Eq("a").Or(rows.Ge(1))),
			[]string{`properties.author.string_value != 'a' AND properties.rows.int_value < 1`},
		},
		{"double negation", filter.Not(filter.Not(id.Le(5))), []string{`id <= 5`}},
		{"not like", filter.Not(name.Like("a%")), []string{`name NOT LIKE 'a%'`}},
		{
			"or over one property is one text", rows.Eq(1).Or(rows.Eq(2), rows.Gt(9)),
			[]string{`properties.rows.int_value = 1 OR properties.rows.int_value = 2 OR properties.rows.int_value > 9`},
		},
		{
			"or over two properties is two", author.Eq("a").Or(rows.Eq(1)),
			[]string{`properties.author.string_value = 'a'`, `properties.rows.int_value = 1`},
		},
		{
			"or of a property and a column is two", author.Eq("a").Or(id.Eq(1)),
			[]string{`properties.author.string_value = 'a'`, `id = 1`},
		},
		{
			"declared and custom properties differ", custom.Custom("rows").Int().Eq(1).Or(rows.Eq(1)),
			[]string{
				`custom_properties.rows.int_value = 1 OR custom_properties.rows.double_value = 1.0`,
				`properties.rows.int_value = 1`,
			},
		},
		{
			"and distributes over or", id.Gt(3).And(author.Eq("a").Or(rows.Eq(1))),
			[]string{`id > 3 AND properties.author.string_value = 'a'`, `id > 3 AND properties.rows.int_value = 1`},
		},
		{"parentheses beside and", id.Eq(1).Or(id.Eq(2)).And(name.Eq("x")), []string{`(id = 1 OR id = 2) AND name = 'x'`}},
		{"everything in an or", author.Eq("a").Or(filter.Not(author.In())), []string{""}},
		{"a neighbor", parent.Eq(7).And(id.Eq(1)), []string{`contexts_p.id = 7 AND id = 1`}},
		{"a state in an interval", state.Eq(2), []string{`state BETWEEN 2 AND 2`}},
		{"states in intervals", state.In(5, 1, 2), []string{`(state BETWEEN 1 AND 2 OR state BETWEEN 5 AND 5)`}},
		{"not in states", filter.Not(state.In(1, 5)), []string{`(state NOT BETWEEN 1 AND 1 AND state NOT BETWEEN 5 AND 5)`}},
		{"a state that is another", state.Ne(2), []string{`state NOT BETWEEN 2 AND 2`}},
		{"a set property", author.IsSet(), []string{`properties.author.string_value IS NOT NULL`}},
		{"a set column", filter.Not(name.IsSet()), []string{`name IS NULL`}},
		{"an unset uri is stored as empty text", uri.IsSet(), []string{`uri != ''`}},
		{"no uri", filter.Not(uri.IsSet()), []string{`uri = ''`}},
		{"another uri is a uri", uri.Ne("x"), []string{`uri != 'x' AND uri != ''`}},
		{"not like a uri is a uri", filter.Not(uri.Like("s3%")), []string{`uri NOT LIKE 's3%' AND uri != ''`}},
		{
			"names between backquotes", custom.Custom("team name").AsString().Eq("x"),
			[]string{"custom_properties.`team name`.string_value = 'x'"},
		},
		{"prefixes", author.HasPrefix("50%"), []string{`SUBSTR(properties.author.string_value, 1, 3) = '50%'`}},
		{"prefixes count characters", name.HasPrefix("日本"), []string{`SUBSTR(name, 1, 2) = '日本'`}},
		{"not prefixes", filter.Not(name.HasPrefix("a")), []string{`SUBSTR(name, 1, 1) != 'a'`}},
		{"the empty prefix", name.HasPrefix(""), []string{`name >= ''`}},
		{"substrings", name.Contains(`a_'b`), []string{`REPLACE(name, 'a_\'b', '') != name`}},
		{"not substrings", filter.Not(name.Contains("a")), []string{`REPLACE(name, 'a', '') = name`}},
		{"not the empty substring", filter.Not(name.Contains("")), []string{`name < ''`}},
		{
			"not the prefix of a uri is a uri", filter.Not(uri.HasPrefix("s3")),
			[]string{`SUBSTR(uri, 1, 2) != 's3' AND uri != ''`},
		},
		{
			"not a substring of a uri is a uri", filter.Not(uri.Contains("s3")),
			[]string{`REPLACE(uri, 's3', '') = uri AND uri != ''`},
		},
		{"the empty substring of a uri", uri.Contains(""), []string{`uri >= '' AND uri != ''`}},
		{"text orders", author.Le("b").And(author.Gt("a")), []string{
			`properties.author.string_value <= 'b' AND properties.author.string_value > 'a'`,
		}},
		{"quotes are data", name.Eq(`it's "so"`), []string{`name = 'it\'s "so"'`}},
		{"backslashes are data", name.Eq(`a\' OR 1=1`), []string{`name = 'a\\\' OR 1=1'`}},
		{"line breaks are data", name.Eq("a\nb\tc\rd\x01"), []string{`name = 'a\nb\tc\rd\x01'`}},
		{"backquotes and percent signs are data", name.Eq("a`b%c_"), []string{"name = 'a`b%c_'"}},
		{"comments are data", name.Eq("a -- b # c /* d"), []string{"name = 'a -- b # c /* d'"}},
		{"what looks like a state test", name.Eq("state = LIVE"), []string{`name = 'state\x20\x3d\x20LIVE'`}},
		{"what looks like a property", name.Eq("properties.a.int_value"), []string{`name = 'properties\x2ea\x2eint_value'`}},
		{"other scripts", name.Eq("ähnlich 日本"), []string{"name = 'ähnlich 日本'"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := filtertext.Print(filtertext.Expr(c.expr), filtertext.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if texts := textsOf(got); !slices.Equal(texts, c.want) {
				t.Errorf("got %q, want %q", texts, c.want)
			}
			for _, b := range textsOf(got) {
				if err := filtertext.Closed(b); err != nil {
					t.Errorf("%s: %v", b, err)
				}
			}
		})
	}
}

// textsOf returns the texts of t, each followed by its tests behind a #.
func textsOf(t filtertext.Text) []string {
	var out []string
	for _, b := range t.Branches {
		text := b.Text
		for _, test := range b.Tests {
			text += " # " + test.String()
		}
		out = append(out, text)
	}
	return out
}

func TestPrint_Errors(t *testing.T) {
	many := rows.Eq(0)
	for _, p := range strings.Fields("a b c d e f g h i j k l m n o p") {
		many = many.Or(custom.Custom(p).Int().Eq(1))
	}
	for _, c := range []struct {
		name string
		expr filter.Expr[*thing]
		want string
	}{
		{"an empty name", custom.Custom("").Int().Eq(1), "name is empty"},
		{"a name that is not UTF-8", custom.Custom("a\xff").Int().Eq(1), "not valid UTF-8"},
		{"a value that is not UTF-8", author.Eq("\xff"), "not valid UTF-8"},
		{"NaN", custom.Custom("a").Double().Eq(nan()), "not finite"},
		{"an infinite number", custom.Custom("a").Double().Lt(math.Inf(1)), "not finite"},
		{"an invalid ID", (&filter.ID[*thing]{Attr: "id"}).Eq("x"), "is not an ID"},
		{"an invalid ID in a list", (&filter.ID[*thing]{Attr: "id"}).In("1", "x"), "is not an ID"},
		{"an id with a sign", (&filter.ID[*thing]{Attr: "id"}).Eq("-5"), "is not an ID"},
		{"an id with zeros", (&filter.ID[*thing]{Attr: "id"}).In("1", "007"), "is not an ID"},
		{"a substring that is not UTF-8", author.Contains("\xff"), "not valid UTF-8"},
		{"too many listings beside a neighbor", many.And(parent.Eq(1)), "more than 16"},
		{"an invalid value beside too many listings", many.Or(author.Eq("\xff")), "not valid UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := filtertext.Print(filtertext.Expr(c.expr), filtertext.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q and error %v, want one with %q", textsOf(got), err, c.want)
			}
		})
	}
}

// Each condition is one branch with the text and as many tests.
func TestPrint_Tests(t *testing.T) {
	own := &filter.String[*thing]{Attr: "name", OwnName: true}
	rowsOf := &filter.Int[*thing]{Property: "shape", Member: "Shape.Rows"}
	many, deep := rows.Eq(0), filter.Expr[*thing]{}
	for _, p := range strings.Fields("a b c d e f g h i j k l m n o p") {
		many = many.Or(custom.Custom(p).Int().Eq(1))
		deep = deep.And(custom.Custom(p).Int().Eq(1).Or(id.Eq(1)))
	}
	odd := custom.Custom("top (5)").Int()
	for _, c := range []struct {
		name  string
		expr  filter.Expr[*thing]
		text  string
		tests int
	}{
		{"an absent property", author.IsUnset(), "", 1},
		{"the same in other words", filter.Not(author.IsSet()), "", 1},
		{"beside what the language can say", author.IsUnset().And(id.Gt(3), rows.IsUnset()), "id > 3", 2},
		{"an or with an absent property", author.IsUnset().Or(id.Gt(3)), "", 1},
		{"not of an and with a present one", filter.Not(author.IsSet().And(id.Gt(3))), "", 1},
		{"an absent custom number", custom.Custom("a").Int().IsUnset(), "", 1},
		{"an absent custom property: no text, number or boolean", custom.Custom("a").IsUnset(), "", 3},
		{"an absent neighbor", parent.IsUnset(), "", 1},
		{"a name that is a pattern", odd.Eq(1), "", 1},
		{"a backquote in a name", custom.Custom("a`b").Int().Eq(1), "", 1},
		{"a backslash in a name", custom.Custom(`a\b`).Int().Eq(1), "", 1},
		{"a line break in a name", custom.Custom("a\nb").Int().Eq(1), "", 1},
		{"a NUL in a prefix", author.HasPrefix("a\x00"), "", 1},
		{"an or over too many properties", many, "", 1},
		{"ands of ors that multiply", deep, "", 1},
		{"a name below the prefix", own.Eq("v1"), "name LIKE '%v1'", 1},
		{"some names", own.In("v1", "a_b.c"), "name LIKE '%v1' OR name LIKE '%a%b%c'", 1},
		{"some names beside", own.In("v1", "v2").And(id.Eq(1)), "(name LIKE '%v1' OR name LIKE '%v2') AND id = 1", 1},
		{"the prefix of a name", own.HasPrefix("v"), "name LIKE '%v%'", 1},
		{"a part of a name", own.Contains("v"), "name LIKE '%v%'", 1},
		{"a pattern of names", own.Like("v_%1"), "name LIKE '%v%1'", 1},
		{"names in order", own.Lt("v"), "", 1},
		{"other names", own.NotIn("v"), "", 1},
		{"a name in another script", own.Eq("日本"), "", 1},
		{"a member", rowsOf.Gt(1), "properties.shape.string_value IS NOT NULL", 1},
		{"a missing member", rowsOf.IsUnset(), "", 1},
	} {
		got, err := filtertext.Print(filtertext.Expr(c.expr), filtertext.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if len(got.Branches) != 1 || got.Branches[0].Text != c.text || len(got.Branches[0].Tests) != c.tests {
			t.Errorf("%s: got %q, want the text %q and %d tests", c.name, textsOf(got), c.text, c.tests)
		}
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

func TestPrint_Caveats(t *testing.T) {
	for _, c := range []struct {
		name         string
		expr         filter.Expr[*thing]
		noted, mysql bool
	}{
		{"an ordinary condition", author.Eq("ada").And(custom.Custom("team name").Int().Eq(1)), false, false},
		{"one kind of quote", author.Eq("it's"), false, false},
		{"a name in capital letters", custom.Custom("AUC").Double().Gt(0), true, true},
		{"a name that is a column", custom.Custom("name").AsString().Eq("x"), true, true},
		{"a value that is a column", author.Eq("Name"), true, true},
		{"a prefix that is a column", author.HasPrefix("name"), true, true},
		{"a substring that is a column", author.Contains("id"), true, true},
		{"a backslash", author.Eq(`a\b`), true, true},
		{"both kinds of quote", author.Eq(`'"`), true, true},
		{"a control character", author.Eq("\x01"), true, false},
		{"a quote in a name", custom.Custom(`a"b`).Int().Eq(1), true, false},
		{"a name that looks like a state test", custom.Custom("state = x").Int().Eq(1), true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := filtertext.Print(filtertext.Expr(c.expr), filtertext.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if noted := len(got.Caveats) > 0; noted != c.noted {
				t.Fatalf("caveats %v, want some: %v", got.Caveats, c.noted)
			}
			if c.noted && got.Caveats[0].ExactOnMySQL != c.mysql {
				t.Errorf("caveat %v, want exact on MySQL: %v", got.Caveats[0], c.mysql)
			}
		})
	}
}

func TestClosed(t *testing.T) {
	for text, want := range map[string]bool{
		``: true, `id = 1`: true, `(id = 1)`: true, `name = 'a)'`: true, `name = "a\")"`: true,
		"properties.`a)`.int_value = 1": true, `name = ''`: true, `name = '' OR (id = 1)`: true,
		"name = '''a)'b''' AND (id = 1)": true, "id = 1 -- )": true, "id = 1 # )": true, "id = 1 /* ) */": true,
		"id = 1 -- (\nAND id = 2": true,
		`id = 1) OR (TRUE`:        false, `(id = 1`: false, `id = 1)`: false, `name = 'a`: false, `name = 'a\'`: false,
		"properties.`a.int_value = 1": false, "id = 1 /* ": false, "name = '''a''": false,
		"id = 1 -- \n)": false,
	} {
		if err := filtertext.Closed(text); (err == nil) != want {
			t.Errorf("%s: got %v, want it closed: %v", text, err, want)
		}
	}
}

func TestPrint_LegacyNames(t *testing.T) {
	source := &filter.String[*thing]{Property: "origin", LegacyNames: []string{"source", "from"}}
	size := &filter.Int[*thing]{Property: "size", LegacyNames: []string{"bytes"}}
	odd := &filter.String[*thing]{Property: "a b", LegacyNames: []string{"c d"}}
	is := func(name string) string { return "properties." + name + ".string_value = 'x'" }
	for _, c := range []struct {
		name   string
		expr   filter.Expr[*thing]
		want   []string
		absent [][]string
	}{
		{"no condition", filter.Expr[*thing]{}, []string{""}, [][]string{nil}},
		{"no legacy names", author.Eq("x"), []string{is("author")}, [][]string{nil}},
		{
			"each name", source.Eq("x"),
			[]string{is("origin"), is("source"), is("from")},
			[][]string{nil, {"origin"}, {"origin", "source"}},
		},
		{
			"as the store has it, without the language's quotes", odd.Eq("x"),
			[]string{is("`a b`"), is("`c d`")},
			[][]string{nil, {"a b"}},
		},
		{
			"a negation", filter.Not(size.Lt(3)),
			[]string{"properties.size.int_value >= 3", "properties.bytes.int_value >= 3"},
			[][]string{nil, {"size"}},
		},
		{
			"an and of one field: one name has both values", size.Gt(1).And(size.Lt(3)),
			[]string{
				"properties.size.int_value > 1 AND properties.size.int_value < 3",
				"properties.bytes.int_value > 1 AND properties.bytes.int_value < 3",
			},
			[][]string{nil, {"size"}},
		},
		{
			"an or of one field", size.Eq(1).Or(size.Eq(3)),
			[]string{
				"properties.size.int_value = 1 OR properties.size.int_value = 3",
				"properties.bytes.int_value = 1 OR properties.bytes.int_value = 3",
			},
			[][]string{nil, {"size"}},
		},
		{
			"an and of two fields", size.Eq(1).And(odd.Eq("x")),
			[]string{
				"properties.size.int_value = 1 AND " + is("`a b`"), "properties.size.int_value = 1 AND " + is("`c d`"),
				"properties.bytes.int_value = 1 AND " + is("`a b`"), "properties.bytes.int_value = 1 AND " + is("`c d`"),
			},
			[][]string{nil, {"a b"}, {"size"}, {"a b", "size"}},
		},
		{
			"a field without legacy names beside it", author.Eq("x").And(size.Eq(1)),
			[]string{is("author") + " AND properties.size.int_value = 1", is("author") + " AND properties.bytes.int_value = 1"},
			[][]string{nil, {"size"}},
		},
		{
			"an or with another field", author.Eq("x").Or(size.Eq(1)),
			[]string{is("author"), "properties.size.int_value = 1", "properties.bytes.int_value = 1"},
			[][]string{nil, nil, {"size"}},
		},
		{"everything beside it", size.Eq(1).Or(filter.Not(author.In())), []string{""}, [][]string{nil}},
		{"nothing", size.In(), nil, nil},
	} {
		got, err := filtertext.Print(filtertext.Expr(c.expr), filtertext.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if len(got.Branches) != len(c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", c.name, textsOf(got), c.want)
			continue
		}
		for i, b := range got.Branches {
			if b.Text != c.want[i] {
				t.Errorf("%s:\ngot  %q\nwant %q", c.name, b.Text, c.want[i])
			}
			// Entities with one of the properties fail a test, whatever the value.
			for _, name := range []string{"origin", "source", "from", "a b", "c d", "size", "bytes", "author"} {
				passes := !slices.ContainsFunc(b.Tests, func(t filtertext.Test) bool { return !t.Holds(hasOnly(name)) })
				if passes == slices.Contains(c.absent[i], name) {
					t.Errorf("%s: branch %q accepts an entity with %s: %v", c.name, b.Text, name, passes)
				}
			}
		}
	}
}

// hasOnly is a row with one property.
type hasOnly string

func (p hasOnly) Value(f filtertext.Field) any {
	if f.Property == string(p) {
		return true
	}
	return nil
}

// Each legacy name adds a listing, and the reference implementation refuses some
// of them, so that Print omits the names that the type does not declare.
func TestPrint_UndeclaredLegacyNames(t *testing.T) {
	name := &filter.String[*thing]{Property: "team", LegacyNames: []string{"group", "crew"}}
	e := name.Eq("a").And(filter.Not(name.Eq("b")))
	for _, c := range []struct {
		declared []string
		branches int
	}{{nil, 1}, {[]string{"crew"}, 2}, {[]string{"group", "crew"}, 3}} {
		text, err := filtertext.Print(
			filtertext.Expr(name.Eq("a")),
			filtertext.Options{Declared: func(legacy string) bool { return slices.Contains(c.declared, legacy) }},
		)
		if err != nil || len(text.Branches) != c.branches {
			t.Errorf("with %v declared: %q, %v", c.declared, text.Branches, err)
		}
	}
	text, err := filtertext.Print(
		filtertext.Expr(e), filtertext.Options{Declared: func(string) bool { return false }})
	if err != nil || len(text.Branches) != 1 || len(text.Branches[0].Tests) != 0 ||
		strings.Contains(text.Branches[0].Text, "crew") {
		t.Errorf("%q, %v", textsOf(text), err)
	}
}
