package sqldb

import (
	"slices"
	"strings"
	"testing"
)

func TestDialect_Rebind(t *testing.T) {
	const text = "SELECT id FROM Type WHERE type_kind = ? AND name = ?$ AND id IN (?, ?)"
	for _, c := range []struct {
		name string
		d    Dialect
		want string
	}{
		{"plain", Dialect{}, "SELECT id FROM Type WHERE type_kind = ? AND name = ? AND id IN (?, ?)"},
		{"numbered", Dialect{Numbered: true}, "SELECT id FROM Type WHERE type_kind = $1 AND name = $2 AND id IN ($3, $4)"},
		{
			"exact text",
			Dialect{ExactTextParam: "EXACT(?)"},
			"SELECT id FROM Type WHERE type_kind = ? AND name = EXACT(?) AND id IN (?, ?)",
		},
		{
			"both",
			Dialect{Numbered: true, ExactTextParam: "EXACT(?)"},
			"SELECT id FROM Type WHERE type_kind = $1 AND name = EXACT($2) AND id IN ($3, $4)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.d.rebind(text); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestInsertStmt_FewSizes(t *testing.T) {
	i := InsertStmt{"T", []string{"a", "b", "c"}}
	sizes := map[int]bool{}
	for rows := range 2000 {
		left := rows
		for left > 0 {
			n := i.nextRows(left, 999)
			if n <= 0 || n > left || n*len(i.Columns) > 999 {
				t.Fatalf("%d rows of %d at once", n, left)
			}
			sizes[n] = true
			left -= n
		}
	}
	if len(sizes) > 20 {
		t.Errorf("%d different statements", len(sizes))
	}
	const want = "INSERT INTO T (a, b, c) VALUES (?, ?, ?), (?, ?, ?) END"
	if got := i.text("INSERT INTO", 2, " END"); got != want {
		t.Errorf("got %s", got)
	}
}

func TestDialect_InIDsPads(t *testing.T) {
	d := &Dialect{}
	for n, want := range map[int]int{1: 1, 2: 2, 4: 4, 5: 8, 8: 8, 9: 16, 1000: 1024} {
		ids := make([]int64, n)
		for i := range ids {
			ids[i] = int64(2*i + 1)
		}
		s := d.InIDs(ids)
		if len(s.Args) != want || strings.Count(s.Text, "?") != want {
			t.Errorf("%d ids: %s with %d parameters", n, s.Text, len(s.Args))
		}
		if s.Args[len(s.Args)-1] != int64(2*n-1) {
			t.Errorf("%d ids end with %v", n, s.Args[len(s.Args)-1])
		}
	}
	for _, ids := range [][]int64{{3, 4, 5}, {3, 4}} {
		if s := d.InIDs(ids); s.Text != "BETWEEN ? AND ?" || !slices.Equal(s.Args, []any{ids[0], ids[len(ids)-1]}) {
			t.Errorf("%v: %v", ids, s)
		}
	}
	for _, ids := range [][]int64{{3, 5, 4}, {1, 1, 3}, {1, 2, 4}, {2, 1}} {
		if s := d.InIDs(ids); s.Text == "BETWEEN ? AND ?" {
			t.Errorf("%v: %v", ids, s)
		}
	}
	d.ArrayArg, d.ArrayPredicate = func(ids []int64) any { return ids }, "= ANY(?)"
	if s := d.InIDs([]int64{1, 2}); s.Text != "= ANY(?)" || len(s.Args) != 1 {
		t.Errorf("an array: %v", s)
	}
}

func TestDialect_ValidIDs(t *testing.T) {
	ids := []int64{3, -1, 1 << 40, 3, 0, 1}
	if got := (&Dialect{}).ValidIDs(slices.Clone(ids)); !slices.Equal(got, []int64{1, 3, 1 << 40}) {
		t.Errorf("64 bits: %v", got)
	}
	if got := (&Dialect{Int32: true}).ValidIDs(slices.Clone(ids)); !slices.Equal(got, []int64{1, 3}) {
		t.Errorf("32 bits: %v", got)
	}
	if got := (&Dialect{Int32: true}).ValidIDs([]int64{1 << 31}); len(got) != 0 {
		t.Errorf("one: %v", got)
	}
}
