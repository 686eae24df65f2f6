package filterquery

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/internal/typekind"
)

var dialects = map[string]*Dialect{
	"sqlite": SQLite, "postgres": Postgres, "mysql": MySQL, "mysql over latin1": MySQLOver("latin1"),
	"tidb": TiDB,
}

// allowed matches SQL that consists of words, numbers of the dialects, operators and
// parameters, without quotes and comments.
var allowed = regexp.MustCompile(`^[A-Za-z0-9_ .,()=<>+\-*/&|~?$]*$`)

// fixed are the quoted texts of the dialects.
var fixed = strings.NewReplacer(`COLLATE "C"`, "", "ESCAPE ''", "", "'|'", "", "'||'", "",
	"'"+lowercase+"'", "", "'"+uppercase+"'", "")

// injections are texts that try to break out of their context.
var injections = []string{
	`' OR 1=1 --`, `" OR 1=1 --`, "` OR 1=1 --", `\' OR 1=1 --`, `'; DROP TABLE Artifact; --`,
	`x'; DROP TABLE Artifact; #`,
	`') UNION SELECT 1 --`, `")) OR ((1=1`, "a`b", `a"b`, `a'b`, `a\b`, `a\`, `\\`, `%27`, "\u2019 OR 1=1",
	"\uff07", "／*", "*/ OR /*",
	"$1", "?", "?$", ":name", "@p", "${x}", "{{x}}", "a\nb", "a\r\nb", "a\tb", "\x01", "\x7f", "\u202e", "0x27",
	"CHAR(39)", "%s%n", "__MLMD_NULL__", "mlmd-struct::",
}

func TestSQL_Injection(t *testing.T) {
	for _, text := range injections {
		for _, pattern := range []string{
			"name = %[1]s", "name IN (%[1]s, 'a')", "name LIKE %[1]s", "LOWER(%[1]s) = name", "name BETWEEN %[1]s AND 'z'",
			"custom_properties.%[2]s.string_value = %[1]s", "properties.%[2]s.int_value > 1 AND contexts_a.name != %[1]s",
			"CASE name WHEN %[1]s THEN TRUE ELSE FALSE END", "CONCAT(%[1]s, name) = uri", "STARTS_WITH(name, %[1]s)",
		} {
			filter := fmt.Sprintf(pattern, QuoteText(text), QuoteName(text))
			f, err := Compile(filter, typekind.Artifact)
			if err != nil {
				t.Errorf("%s: %v", filter, err)
				continue
			}
			for name, d := range dialects {
				q, err := f.SQL(d, Shape{})
				if err != nil {
					t.Errorf("%s on %s: %v", filter, name, err)
				}
				for sql, args := range map[string][]any{q.Joins: q.JoinArgs, q.Where: q.WhereArgs} {
					if !allowed.MatchString(fixed.Replace(sql)) {
						t.Errorf("%s on %s has foreign text in its SQL: %s", filter, name, sql)
					}
					if n := strings.Count(sql, "?"); n != len(args) {
						t.Errorf("%s on %s has %d parameters and %d values", filter, name, n, len(args))
					}
				}
				if all := fmt.Sprintf("%q", append(q.JoinArgs, q.WhereArgs...)); !strings.Contains(all, fmt.Sprintf("%q", text)) {
					t.Errorf("%s on %s does not bind its text: %s", filter, name, all)
				}
			}
		}
	}
}

func TestSQL_NeighborParts(t *testing.T) {
	for filter, want := range map[string]string{
		"contexts_a.name = 'x' AND contexts_a.id > 1": "n.id IN (SELECT " +
			"x1.artifact_id FROM Attribution x1 JOIN Context y1 ON y1.id = x1.context_id WHERE ((y1.name = ?) AND (y1.id > ?)))",
		"contexts_a.name = 'x' AND id > 1": "((n.id > ?) AND n.id IN " +
			"(SELECT x1.artifact_id FROM Attribution x1 JOIN Context y1 ON y1.id = x1.context_id WHERE (y1.name = ?)))",
		"events_a.execution_id = 1 AND events_b.execution_id = 2": "(n.id IN (SELECT " +
			"x1.artifact_id FROM Event x1 WHERE (x1.execution_id = ?)) AND n.id IN (SELECT x2.artifact_id FROM Event x2 " +
			"WHERE (x2.execution_id = ?)))",
		"events_a.execution_id = 1 OR events_b.execution_id = 2": "n.id IN (SELECT " +
			"x1.artifact_id FROM Event x1 JOIN Event x2 ON x2.artifact_id = x1.artifact_id WHERE ((x1.execution_id = ?) " +
			"OR (x2.execution_id = ?)))",
		"events_a.type = INPUT AND events_b.type = INPUT AND events_a.execution_id < " +
			"events_b.execution_id": "n.id IN (SELECT x1.artifact_id FROM Event x1 JOIN Event x2 ON x2.artifact_id = " +
			"x1.artifact_id WHERE ((x2.type = ?) AND (x1.type = ?) AND (x1.execution_id < x2.execution_id)))",
		"(id > 1 AND (type = 'a' AND TRUE))": "((n.id > ?) AND (t.name = ?) AND TRUE)",
	} {
		f, err := Compile(filter, typekind.Artifact)
		if err != nil {
			t.Fatal(err)
		}
		q, err := f.SQL(SQLite, Shape{})
		if err != nil || q.Where != want {
			t.Errorf("%s becomes\n%s\nwant\n%s", filter, q.Where, want)
		}
	}
}

// SQLite overestimates the selectivity of ranges. If a condition also selects single
// values of another column, a unary + makes SQLite test the range instead of using its
// index. The same holds for an OR over the columns of one property.
func TestSQL_RangesBesideValues(t *testing.T) {
	const x, y = "custom_properties.x.", "custom_properties.y."
	for filter, want := range map[string]string{
		x + "int_value = 1 AND " + y + "int_value > 2": "((p1.int_value = ?) AND +(p2.int_value > ?))",
		"(" + x + "int_value = 1 OR " + x + "double_value = 1.0) AND (" + y + "int_value > 2 OR " + y +
			"double_value > 2.0)": "(((p1.int_value = ?) OR (p1.double_value = ?)) AND +((p2.int_value > ?) OR " +
			"(p2.double_value > ?)))",
		"name = 'a' AND (" + y + "int_value > 2 OR " + y +
			"double_value IS NOT NULL)": "((n.name = ?) AND +((p1.int_value > ?) OR (NOT (p1.double_value IS NULL))))",
		"(" + x + "int_value = 1 OR " + x + "double_value > 1.0) AND " + y +
			"int_value > 2": "(((p1.int_value = ?) OR (p1.double_value > ?)) AND (p2.int_value > ?))",
	} {
		f, err := Compile(filter, typekind.Artifact)
		if err != nil {
			t.Fatal(err)
		}
		q, err := f.SQL(SQLite, Shape{})
		if err != nil || q.Where != want {
			t.Errorf("%s becomes\n%s\nwant\n%s", filter, q.Where, want)
		}
	}
}

func TestSQL_TooLong(t *testing.T) {
	x := "custom_properties.d.double_value"
	text := x
	for range 30 {
		text = "(" + x + " * " + text + ")"
	}
	f, err := Compile(text+" > 1", typekind.Artifact)
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range dialects {
		q, err := f.SQL(d, Shape{})
		if err == nil && len(q.Where) > maxSQL {
			t.Errorf("%s: %d bytes of SQL", name, len(q.Where))
		}
		if err == nil && strings.HasPrefix(name, "mysql") {
			t.Errorf("%s: SQL of %d bytes was not refused", name, len(q.Where))
		}
	}
}
