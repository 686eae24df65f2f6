package filterquery

import (
	"slices"
	"strconv"
	"strings"
)

// A Query is what a filter adds to a statement that lists nodes of its kind,
// where the node's table is called n. Parameters are written ?, and ?$ where a
// string is compared with a column. No value of the filter's text is in the SQL.
type Query struct {
	Joins     string // follows "FROM Artifact n"; begins with a blank
	JoinArgs  []any
	Where     string // one condition, to be joined by AND
	WhereArgs []any
	// Neighbours are the rows that each condition on neighbours is about.
	Neighbours []Rows
}

// Rows are some rows of a database. The SQL is empty where they are others for
// each node.
type Rows struct {
	SQL  string // "FROM … WHERE …"
	Args []any
}

// A Shape is how a statement finds its nodes. All shapes of a filter select the
// same nodes; which is the fastest depends on what is stored. The zero Shape
// leaves to the database what it begins with.
type Shape struct {
	// InOrder goes through the nodes in the order of the list, and tests each.
	InOrder bool
	// Test says for which of [Query.Neighbours] each node is tested, rather than
	// all rows gathered first. InOrder tests all.
	Test []bool
}

// errTooLong is the answer to a filter whose SQL grows out of all proportion.
var errTooLong = &Error{
	Line: 1, Column: 1,
	Message: "The filter's arithmetic nests too deeply for this database: multiply and divide fewer doubles in parentheses",
}

// SQL returns the filter for a database.
//
// A property is a join: a node has it once or not at all. A neighbour may have
// many rows, so it is a semi-join; one for all neighbours that some condition
// ties together.
func (f *Filter) SQL(d *Dialect, shape Shape) (Query, error) {
	b := &builder{Dialect: d, filter: f, shape: shape}
	q := Query{}
	b.joins(&q)
	var where []frag
	parts := f.parts()
	exact := slices.ContainsFunc(parts, (*part).exact)
	for _, part := range parts {
		conds := b.terms(part.conds)
		if exact && b.tested != "" && len(part.neighbours) == 0 {
			for i, cond := range part.conds {
				if cond.isRange() {
					conds[i] = b.put(b.tested, conds[i])
				}
			}
		}
		cond := b.nest("AND", conds)
		if len(part.neighbours) > 0 {
			cond = b.semiJoin(&q, part.neighbours, slices.ContainsFunc(part.conds, ownColumn), cond)
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

// A frag is a piece of SQL with its parameters.
type frag struct {
	sql  string
	args []any
}

// A builder makes the SQL of one filter for one database.
type builder struct {
	*Dialect
	filter *Filter
	shape  Shape
	size   int // the length of the longest piece so far
}

// put fills a pattern, in which %1 to %9 stand for the pieces of in.
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

// list joins pieces by commas.
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

// nest joins conditions by an operator in a balanced tree of parentheses, so
// that no database meets a deep one.
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

// alias is what the rows of a source are called: p3 for a property, x3 for a
// link or event, y3 for the node linked to, t3 for its type.
func (s *Source) alias(letter string) string {
	if s.number == 0 {
		return letter
	}
	return letter + strconv.Itoa(s.number)
}

// columnSQL names a column.
func (c Column) sql() string {
	table := ""
	switch {
	case c.OfType:
		table = c.Source.alias("t")
	case c.Source.IsProp:
		table = c.Source.alias("p")
	case c.Source.neighbour == nil:
		table = "n"
	case c.Source.neighbour.table == "":
		table = c.Source.alias("x")
	default:
		table = c.Source.alias("y")
	}
	return table + "." + c.Name
}

// joins adds the type of the node and its properties.
func (b *builder) joins(q *Query) {
	k := b.filter.kind
	join := " JOIN "
	if b.shape.InOrder {
		join = " CROSS JOIN " // SQLite leaves the tables in this order then
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

// semiJoin is the condition that some choice of one row of each neighbour
// fulfils cond.
//
// A condition that is about the node's own columns, too, has other rows for each
// node.
func (b *builder) semiJoin(q *Query, neighbours []*Source, own bool, cond frag) frag {
	var from strings.Builder
	first := ""
	for _, s := range neighbours {
		n, x := s.neighbour, s.alias("x")
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
	i := len(q.Neighbours)
	rows := b.put("FROM "+from.String()+" WHERE %1", cond)
	if own {
		q.Neighbours = append(q.Neighbours, Rows{})
	} else {
		q.Neighbours = append(q.Neighbours, Rows{rows.sql, rows.args})
	}
	if b.shape.InOrder || i < len(b.shape.Test) && b.shape.Test[i] {
		return b.put("EXISTS (SELECT 1 %1 AND "+first+" = n.id)", rows)
	}
	return b.put("n.id IN (SELECT "+first+" %1)", rows)
}

// A part of a filter is some conditions that all must hold, and the neighbours
// whose rows they are about.
type part struct {
	conds      []*Term
	neighbours []*Source
}

// parts takes the filter apart at the ANDs on top. Conditions that share a
// neighbour stay together, since they speak of one row of it.
func (f *Filter) parts() []*part {
	plain := &part{}
	var parts []*part
	of := map[*Source]*part{}
	for _, cond := range conjuncts(f.root, nil) {
		touched := neighboursOf(cond)
		if len(touched) == 0 {
			plain.conds = append(plain.conds, cond)
			continue
		}
		home := &part{conds: []*Term{cond}}
		joined := map[*part]bool{}
		for _, s := range touched {
			if other := of[s]; other == nil {
				home.neighbours = append(home.neighbours, s)
			} else if !joined[other] {
				joined[other] = true
				home.neighbours = append(home.neighbours, other.neighbours...)
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
		for _, s := range home.neighbours {
			of[s] = home
		}
	}
	if len(plain.conds) > 0 {
		parts = append([]*part{plain}, parts...)
	}
	return parts
}

// isRange reports whether t holds for a range of the values of a column that
// has an index. An OR does if one of its sides does.
func (t *Term) isRange() bool {
	switch t.Op {
	case OpLt, OpLe, OpGt, OpGe, OpBetween:
		return t.Kids[0].indexed()
	case OpOr:
		return slices.ContainsFunc(t.Kids, (*Term).isRange)
	}
	return false
}

// exact reports whether the part selects few nodes as far as its text says: by
// one value of a column, or by neighbours.
func (p *part) exact() bool {
	return len(p.neighbours) > 0 || slices.ContainsFunc(p.conds, (*Term).isExact)
}

// isExact reports whether t holds for single values of a column that has an
// index. An OR does if all of its sides do.
func (t *Term) isExact() bool {
	switch t.Op {
	case OpEq, OpIn:
		return t.Kids[0].indexed() && t.Kids[1].Op == OpValue
	case OpOr:
		return !slices.ContainsFunc(t.Kids, func(kid *Term) bool { return !kid.isExact() })
	}
	return false
}

// indexed tells whether t is a column by whose values nodes may be found.
func (t *Term) indexed() bool {
	return t.Op == OpColumn && !t.Column.OfType && !unindexed[t.Column.Name]
}

// conjuncts appends to list the terms that all must be true for t to be true.
func conjuncts(t *Term, list []*Term) []*Term {
	if t.Op != OpAnd {
		return append(list, t)
	}
	for _, kid := range t.Kids {
		list = conjuncts(kid, list)
	}
	return list
}

// neighboursOf returns the neighbours that t mentions, each once, in order.
func neighboursOf(t *Term) []*Source {
	var list []*Source
	seen := map[*Source]bool{}
	var walk func(*Term)
	walk = func(t *Term) {
		if s := t.Column.Source; t.Op == OpColumn && s.neighbour != nil && !seen[s] {
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

// ownColumn tells whether t mentions the node itself or a property of it.
func ownColumn(t *Term) bool {
	return t.Op == OpColumn && t.Column.Source.neighbour == nil || slices.ContainsFunc(t.Kids, ownColumn)
}

// Searches tells whether the database may find the nodes by something else than
// their ids: by what a property, neighbour or type is, or by a column that has an
// index.
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

// unindexed are the columns of nodes and properties that no index begins with,
// but those of ids and types.
var unindexed = map[string]bool{"id": true, "type_id": true, "state": true, "last_known_state": true, "bool_value": true}
