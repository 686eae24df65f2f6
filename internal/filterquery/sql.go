package filterquery

import (
	"slices"
	"strconv"
	"strings"
)

// A Query is the part of a filter in a statement that lists nodes of its kind. The
// alias of the node's table is n. Parameters are ?, or ?$ if a string is compared
// with a column. The SQL contains no value of the filter's text.
type Query struct {
	Joins     string // follows "FROM Artifact n"; begins with a space
	JoinArgs  []any
	Where     string // a condition, to be joined by AND
	WhereArgs []any
	// Neighbors are the rows of each condition on neighbors.
	Neighbors []Rows
}

// Rows are rows of a database. The SQL is empty if they depend on the node.
type Rows struct {
	SQL  string // "FROM … WHERE …"
	Args []any
}

// A Shape is a strategy of a statement to find its nodes. All shapes of a filter
// select the same nodes; which one is fastest depends on the data. The zero Shape
// leaves the choice to the database.
type Shape struct {
	// InOrder scans the nodes in the order of the list and tests each.
	InOrder bool
	// Test selects the [Query.Neighbors] that are tested for each node, instead of
	// collecting all rows first. InOrder tests all.
	Test []bool
}

// errTooLong reports a filter whose SQL is too long.
var errTooLong = &Error{
	Line: 1, Column: 1,
	Message: "The filter's arithmetic nests too deeply for this database: multiply and divide fewer doubles in " +
		"parentheses",
}

// SQL returns the SQL of the filter for a database.
//
// A property is a join, because a node has at most one row of it. Neighbors are
// semi-joins, because a node may have many rows of them. Neighbors that a condition
// connects share one semi-join.
func (f *Filter) SQL(d *Dialect, shape Shape) (Query, error) {
	b := &builder{Dialect: d, filter: f, shape: shape}
	q := Query{}
	b.joins(&q)
	var where []frag
	parts := f.parts()
	exact := slices.ContainsFunc(parts, (*part).exact)
	for _, part := range parts {
		conds := b.terms(part.conds)
		if exact && b.tested != "" && len(part.neighbors) == 0 {
			for i, cond := range part.conds {
				if cond.isRange() {
					conds[i] = b.put(b.tested, conds[i])
				}
			}
		}
		cond := b.nest("AND", conds)
		if len(part.neighbors) > 0 {
			cond = b.semiJoin(&q, part.neighbors, slices.ContainsFunc(part.conds, ownColumn), cond)
		}
		where = append(where, cond)
	}
	all := b.nest("AND", where)
	if b.size > maxSQL || len(all.args) > maxParams {
		return Query{}, errTooLong
	}
	q.Where, q.WhereArgs = all.sql, all.args
	return q, nil
}

// A frag is a fragment of SQL with its parameters.
type frag struct {
	sql  string
	args []any
}

// A builder builds the SQL of one filter for one database.
type builder struct {
	*Dialect
	filter *Filter
	shape  Shape
	size   int // length of the longest fragment
}

// put replaces %1 to %9 in a pattern by fragments.
func (b *builder) put(pattern string, in ...frag) frag {
	if b.size > maxSQL {
		return frag{sql: "?"}
	}
	var out strings.Builder
	var args []any
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			out.WriteByte(pattern[i])
			continue
		}
		i++
		piece := in[pattern[i]-'1']
		out.WriteString(piece.sql)
		args = append(args, piece.args...)
	}
	b.size = max(b.size, out.Len())
	return frag{out.String(), args}
}

// list joins fragments by commas.
func (b *builder) list(in []frag) frag { return b.join(", ", in) }

func (b *builder) join(by string, in []frag) frag {
	if b.size > maxSQL {
		return frag{sql: "?"}
	}
	var out strings.Builder
	var args []any
	for i, piece := range in {
		if i > 0 {
			out.WriteString(by)
		}
		out.WriteString(piece.sql)
		args = append(args, piece.args...)
	}
	b.size = max(b.size, out.Len())
	return frag{out.String(), args}
}

// nest joins conditions by an operator in a balanced tree of parentheses, because
// databases limit the depth.
func (b *builder) nest(by string, in []frag) frag {
	switch len(in) {
	case 0:
		return frag{sql: "TRUE"}
	case 1:
		return in[0]
	case 2, 3, 4, 5, 6, 7, 8:
		whole := b.join(" "+by+" ", in)
		return frag{"(" + whole.sql + ")", whole.args}
	}
	half := len(in) / 2
	return b.nest(by, []frag{b.nest(by, in[:half]), b.nest(by, in[half:])})
}

func (b *builder) terms(ts []*Term) []frag {
	out := make([]frag, len(ts))
	for i, t := range ts {
		out[i] = b.term(t)
	}
	return out
}

// alias returns the alias of a source's table: p3 for a property, x3 for a link or
// event, y3 for the linked node, t3 for its type.
func (s *Source) alias(letter string) string {
	if s.number == 0 {
		return letter
	}
	return letter + strconv.Itoa(s.number)
}

// columnSQL returns the qualified name of a column.
func (c Column) sql() string {
	table := ""
	switch {
	case c.OfType:
		table = c.Source.alias("t")
	case c.Source.IsProp:
		table = c.Source.alias("p")
	case c.Source.neighbor == nil:
		table = "n"
	case c.Source.neighbor.table == "":
		table = c.Source.alias("x")
	default:
		table = c.Source.alias("y")
	}
	return table + "." + c.Name
}

// joins returns the joins of the node's type and properties.
func (b *builder) joins(q *Query) {
	k := b.filter.kind
	join := " JOIN "
	if b.shape.InOrder {
		join = " CROSS JOIN " // which makes SQLite keep the order of tables
	}
	if b.filter.node.typed {
		q.Joins += join + "Type t ON t.id = n.type_id AND t.type_kind = " + strconv.Itoa(int(k))
	}
	for _, s := range b.filter.sources {
		if !s.IsProp {
			continue
		}
		p := s.alias("p")
		custom := "FALSE"
		if s.Custom {
			custom = "TRUE"
		}
		q.Joins += join + k.Table() + "Property " + p + " ON " + p + "." + k.IDColumn() + " = n.id AND " +
			p + ".name = ?$ AND " + p + ".is_custom_property = " + custom
		q.JoinArgs = append(q.JoinArgs, s.Property)
	}
}

// semiJoin returns the condition that cond holds for some choice of one row of each
// neighbor. If cond mentions columns of the node, the rows depend on the node.
func (b *builder) semiJoin(q *Query, neighbors []*Source, own bool, cond frag) frag {
	var from strings.Builder
	first := ""
	for _, s := range neighbors {
		n, x := s.neighbor, s.alias("x")
		near := x + "." + n.near
		if first == "" {
			first = near
			from.WriteString(n.link + " " + x)
		} else {
			from.WriteString(" JOIN " + n.link + " " + x + " ON " + near + " = " + first)
		}
		row, typeID := x, ""
		if n.table != "" {
			row = s.alias("y")
			typeID = row + ".type_id"
			from.WriteString(" JOIN " + n.table + " " + row + " ON " + row + ".id = " + x + "." + n.far)
		}
		if s.typed {
			t := s.alias("t")
			from.WriteString(" JOIN Type " + t + " ON " + t + ".id = " + typeID)
		}
	}
	i := len(q.Neighbors)
	rows := b.put("FROM "+from.String()+" WHERE %1", cond)
	if own {
		q.Neighbors = append(q.Neighbors, Rows{})
	} else {
		q.Neighbors = append(q.Neighbors, Rows{rows.sql, rows.args})
	}
	if b.shape.InOrder || i < len(b.shape.Test) && b.shape.Test[i] {
		return b.put("EXISTS (SELECT 1 %1 AND "+first+" = n.id)", rows)
	}
	return b.put("n.id IN (SELECT "+first+" %1)", rows)
}

// A part of a filter is a conjunction of conditions on the same neighbors.
type part struct {
	conds     []*Term
	neighbors []*Source
}

// parts splits the filter at its topmost ANDs. Conditions that share a neighbor stay
// together, because they apply to the same row of it.
func (f *Filter) parts() []*part {
	plain := &part{}
	var parts []*part
	of := map[*Source]*part{}
	for _, cond := range conjuncts(f.root, nil) {
		touched := neighborsOf(cond)
		if len(touched) == 0 {
			plain.conds = append(plain.conds, cond)
			continue
		}
		home := &part{conds: []*Term{cond}}
		joined := map[*part]bool{}
		for _, s := range touched {
			if other := of[s]; other == nil {
				home.neighbors = append(home.neighbors, s)
			} else if !joined[other] {
				joined[other] = true
				home.neighbors = append(home.neighbors, other.neighbors...)
				home.conds = append(other.conds, home.conds...)
			}
		}
		kept := parts[:0]
		for _, p := range parts {
			if !joined[p] {
				kept = append(kept, p)
			}
		}
		parts = append(kept, home)
		for _, s := range home.neighbors {
			of[s] = home
		}
	}
	if len(plain.conds) > 0 {
		parts = append([]*part{plain}, parts...)
	}
	return parts
}

// isRange reports whether t selects a range of values of an indexed column. An OR does
// if one of its sides does.
func (t *Term) isRange() bool {
	switch t.Op {
	case OpLt, OpLe, OpGt, OpGe, OpBetween:
		return t.Kids[0].indexed()
	case OpOr:
		return slices.ContainsFunc(t.Kids, (*Term).isRange)
	}
	return false
}

// exact reports whether the part probably selects few nodes: by a single value of a
// column, or by neighbors.
func (p *part) exact() bool {
	return len(p.neighbors) > 0 || slices.ContainsFunc(p.conds, (*Term).isExact)
}

// isExact reports whether t selects single values of an indexed column. An OR does if
// all of its sides do.
func (t *Term) isExact() bool {
	switch t.Op {
	case OpEq, OpIn:
		return t.Kids[0].indexed() && t.Kids[1].Op == OpValue
	case OpOr:
		return !slices.ContainsFunc(t.Kids, func(kid *Term) bool { return !kid.isExact() })
	}
	return false
}

// indexed reports whether t is a column with an index.
func (t *Term) indexed() bool {
	return t.Op == OpColumn && !t.Column.OfType && !unindexed[t.Column.Name]
}

// conjuncts appends the terms to list whose conjunction is t.
func conjuncts(t *Term, list []*Term) []*Term {
	if t.Op != OpAnd {
		return append(list, t)
	}
	for _, kid := range t.Kids {
		list = conjuncts(kid, list)
	}
	return list
}

// neighborsOf returns the distinct neighbors that t mentions, in order.
func neighborsOf(t *Term) []*Source {
	var list []*Source
	seen := map[*Source]bool{}
	var walk func(*Term)
	walk = func(t *Term) {
		if s := t.Column.Source; t.Op == OpColumn && s.neighbor != nil && !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
		for _, kid := range t.Kids {
			walk(kid)
		}
	}
	walk(t)
	return list
}

// ownColumn reports whether t mentions the node or a property of it.
func ownColumn(t *Term) bool {
	return t.Op == OpColumn && t.Column.Source.neighbor == nil || slices.ContainsFunc(t.Kids, ownColumn)
}

// Searches reports whether the database can find the nodes other than by ID: by a
// property, neighbor or type, or by an indexed column.
func (f *Filter) Searches() bool {
	if f.node.typed || len(f.sources) > 0 {
		return true
	}
	var searches func(*Term) bool
	searches = func(t *Term) bool {
		if t.indexed() {
			return true
		}
		return slices.ContainsFunc(t.Kids, searches)
	}
	return searches(f.root)
}

// unindexed are the columns of nodes and properties with which no index begins, except
// those of IDs and types.
var unindexed = map[string]bool{
	"id": true, "type_id": true, "state": true, "last_known_state": true, "bool_value": true,
}
