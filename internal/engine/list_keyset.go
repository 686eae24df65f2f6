package engine

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/listorder"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// scope is the set of nodes that a list is about, before its filter.
type scope struct {
	join  string          // follows table n of the nodes
	where string          // a condition
	args  []any           // of join and where
	ids   sqldb.Predicate // selects the IDs; zero for all nodes
}

// allNodes is the scope of all nodes of a kind.
var allNodes = scope{}

// ofType returns the scope of the nodes of a type.
func ofType(k *nodeKind, id int64) scope {
	return scope{where: "n.type_id = ?", args: []any{id}, ids: sqldb.ColumnOf(k.table, "id", "s.type_id = ?", id)}
}

// inContext returns the scope of the nodes that belong to a context.
func inContext(m edgeTable, contextID int64) scope {
	return scope{
		join: " JOIN " + m.table + " m ON m." + m.column + " = n.id AND m.context_id = ?",
		args: []any{contextID},
		ids:  sqldb.ColumnOf(m.table, m.column, "s.context_id = ?", contextID),
	}
}

// canMatch reports whether the scope's ID can exist.
func (b scope) canMatch(d *sqldb.Dialect) bool {
	return len(b.args) == 0 || d.ValidID(b.args[0].(int64))
}

// isEmpty reports whether the scope has no nodes. The scope of all nodes does
// not count as empty.
func (b scope) isEmpty(ctx context.Context, q querier, k *nodeKind) (bool, error) {
	if b.ids.From == "" {
		return false, nil
	}
	first, err := listStatement{kind: k, scope: b}.run(ctx, q, filterquery.Shape{}, " LIMIT 1")
	return len(first) == 0, err
}

// page is the reply to a list request.
type page struct {
	nodes []*node
	next  *string // token of the next page, or nil
}

// listNodes returns a page of the nodes of a scope. If the scope is empty,
// options are not validated.
func listNodes(
	ctx context.Context, q querier, k *nodeKind, base scope, options *mlmdpb.ListOperationOptions,
) (page, error) {
	if !base.canMatch(q.Dialect()) {
		return page{}, nil
	}
	if options == nil {
		nodes, err := selectNodes(ctx, q, k, base.selection())
		return page{nodes: nodes}, err
	}
	by, err := listorder.In(ctx)
	if err != nil {
		return page{}, invalidArgf("Invalid order in the metadata: %v", err)
	}
	o, err := parseListOptions(k, options, by)
	if err != nil {
		if empty, failed := base.isEmpty(ctx, q, k); failed != nil || empty {
			return page{}, failed
		}
		return page{}, err
	}
	places, err := o.cursors(ctx, q, k, base, o.size+1)
	if err != nil {
		return page{}, err
	}
	p := page{}
	if len(places) > o.size {
		places = places[:o.size]
		token := listorder.More
		if o.by == nil {
			if token, err = encodeToken(options, o.field, places); err != nil {
				return page{}, err
			}
		}
		p.next = &token
	}
	ids := make([]int64, len(places))
	for i, at := range places {
		ids[i] = at.id
	}
	p.nodes, err = getNodesInOrder(ctx, q, k, ids)
	return p, err
}

// selection returns the predicate that selects the scope.
func (b scope) selection() sqldb.Predicate {
	if b.ids.From == "" {
		return sqldb.Predicate{Text: "IS NOT NULL"}
	}
	return b.ids
}

// cursor is the position of a node in a list: its time, if the list is sorted
// by time, and its ID.
type cursor struct{ time, id int64 }

// cursors reads at most limit cursors that follow o.after.
//
// In a list by time, the nodes with the time of o.after come first, by their
// IDs, and then the later ones. These are two statements, because databases do
// not use an index for both conditions at once.
func (o *listOptions) cursors(ctx context.Context, q querier, k *nodeKind, base scope, limit int) ([]cursor, error) {
	if o.by != nil {
		return o.positionsBy(ctx, q, k, base, limit)
	}
	s := listStatement{kind: k, scope: base, filter: o.filter, order: []string{"n.id"}, descending: !o.ascending}
	beyond := ">"
	if s.descending {
		beyond = "<"
	}
	var afterID int64
	if o.after != nil {
		afterID = nearestID(q.Dialect(), o.after.id)
	}
	column := timeColumns[o.field]
	if column == "" {
		if o.after != nil {
			s = s.and("n.id "+beyond+" ?", afterID)
		}
		return s.read(ctx, q, limit)
	}
	s.time = "n." + column
	if q.Dialect().DynamicTypes {
		// A time that is stored as text cannot be compared with others, and no
		// token can contain it.
		s = s.and("typeof(" + s.time + ") = 'integer'")
	}
	byTime := s
	byTime.order = []string{s.time, "n.id"}
	if o.after == nil {
		return byTime.read(ctx, q, limit)
	}
	places, err := s.and(s.time+" = ? AND n.id "+beyond+" ?", o.after.time, afterID).read(ctx, q, limit)
	if err != nil || len(places) == limit {
		return places, err
	}
	later, err := byTime.and(s.time+" "+beyond+" ?", o.after.time).read(ctx, q, limit-len(places))
	return append(places, later...), err
}

// nearestID returns id, or the nearest valid parameter for an ID, because a
// token may contain any number.
func nearestID(d *sqldb.Dialect, id int64) int64 {
	if d.Int32 {
		return max(0, min(id, math.MaxInt32))
	}
	return id
}

// A sortKey is the SQL of what a list is sorted by; see package listorder.
type sortKey struct {
	joins    string
	joinArgs []any
	expr     string
	// set and unset are the conditions that a node has a value, or none.
	set, unset string
	param      string // of a value that expr is compared with
}

// sortKeyOf returns the key for nodes in table n.
func sortKeyOf(q querier, k *nodeKind, by *listorder.By) sortKey {
	d := q.filterDialect()
	types := map[listorder.Kind]filterquery.Type{
		listorder.Text: filterquery.TextType, listorder.Int: filterquery.IntType,
		listorder.Double: filterquery.FloatType, listorder.Number: filterquery.FloatType,
	}
	out := sortKey{param: d.SortParam(types[by.Kind])}
	column := "n." + by.Column
	switch by.Kind {
	case listorder.Text:
		column = out.value(k, by, column, "string_value")
		out.expr = d.SortText(column, by.OwnName, by.Column == "" || by.Column == "uri")
	case listorder.Int:
		column = out.value(k, by, column, "int_value")
		out.expr = column
	case listorder.Double:
		column = out.value(k, by, column, "double_value")
		out.expr = column
	default:
		column = "COALESCE(" + out.value(k, by, column, "double_value") + ", " +
			d.SortFloat(out.valueAgain(by, "int_value")) + ")"
		out.expr = column
	}
	out.set, out.unset = column+" IS NOT NULL", column+" IS NULL"
	if q.Dialect().DynamicTypes { // a value of another type is not readable
		stored := "IN ('integer', 'real')"
		if by.Kind == listorder.Text {
			stored = "= 'text'"
		}
		out.set = "typeof(" + column + ") " + stored
		out.unset = "NOT (" + out.set + ")"
	}
	if by.Column == "uri" { // an unset URI is stored as ''
		out.set += " AND " + column + " != ''"
		out.unset = "NOT (" + out.set + ")"
	}
	return out
}

// sortTable returns the alias of the table with the i-th property.
func sortTable(i int) string { return "o" + strconv.Itoa(i) }

// positionsBy reads at most limit cursors that follow o.at: those with its value
// by their IDs, then those with a value beyond it, then those without one.
func (o *listOptions) positionsBy(
	ctx context.Context, q querier, k *nodeKind, base scope, limit int,
) ([]cursor, error) {
	key := sortKeyOf(q, k, o.by)
	all := listStatement{kind: k, scope: base, filter: o.filter, key: &key, descending: !o.ascending}
	beyond := ">"
	if all.descending {
		beyond = "<"
	}
	byID := all
	byID.order = []string{"n.id"}
	unset := byID.and(key.unset)
	values := all.and(key.set)
	values.order = []string{key.expr, "n.id"}

	var places []cursor
	read := func(s listStatement) error {
		if len(places) == limit {
			return nil
		}
		some, err := s.run(ctx, q, filterquery.Shape{}, s.sorted(" LIMIT ?"), limit-len(places))
		places = append(places, some...)
		return err
	}
	if o.at == nil {
		if err := read(values); err != nil {
			return nil, err
		}
		return places, read(unset)
	}
	id := nearestID(q.Dialect(), o.at.ID)
	if o.at.Unset {
		return places, read(unset.and("n.id "+beyond+" ?", id))
	}
	var at any = o.at.Text
	switch o.by.Kind {
	case listorder.Int:
		at = o.at.Int
	case listorder.Double, listorder.Number:
		at = o.at.Double
	}
	if err := read(byID.and(key.set).and(key.expr+" = "+key.param+" AND n.id "+beyond+" ?", at, id)); err != nil {
		return nil, err
	}
	if err := read(values.and(key.expr+" "+beyond+" "+key.param, at)); err != nil {
		return nil, err
	}
	return places, read(unset)
}

// value joins the properties and returns the column of the first that a node has.
// Without properties it returns column.
func (s *sortKey) value(k *nodeKind, by *listorder.By, column, property string) string {
	if by.Column != "" {
		return column
	}
	for i, name := range by.Properties {
		t := sortTable(i)
		custom := "FALSE"
		if by.Custom {
			custom = "TRUE"
		}
		s.joins += " LEFT JOIN " + k.propTable + " " + t + " ON " + t + "." + k.propIDColumn + " = n.id AND " + t +
			".name = ?$ AND " + t + ".is_custom_property = " + custom
		s.joinArgs = append(s.joinArgs, name)
	}
	return s.valueAgain(by, property)
}

// valueAgain is value for properties that are joined.
func (s *sortKey) valueAgain(by *listorder.By, property string) string {
	if len(by.Properties) == 1 {
		return sortTable(0) + "." + property
	}
	var b strings.Builder
	b.WriteString("CASE")
	for i := range by.Properties {
		b.WriteString(" WHEN " + sortTable(i) + ".name IS NOT NULL THEN " + sortTable(i) + "." + property)
	}
	b.WriteString(" END")
	return b.String()
}
