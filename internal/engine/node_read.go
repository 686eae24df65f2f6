package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// Nodes and their properties are read by one statement, so that they fit each
// other without a transaction. Its rows are of two shapes: those of nodes have a
// type id, those of properties have none. See the columns in selectText.
const (
	colID = iota
	colTypeID
	colURIOrText
	colStateOrInt
	colName
	colExternalID
	colCreated
	colUpdated
	colCustom
	sharedColumns
)

// A layout says in which columns the values of properties are that do not share
// one with a node in every database.
type layout struct{ double, proto, bool, columns int }

var (
	// typedLayout is that of databases where all rows of a statement have the
	// same types.
	typedLayout = layout{double: sharedColumns, proto: sharedColumns + 1, bool: sharedColumns + 2, columns: sharedColumns + 3}
	// untypedLayout has fewer columns: each costs a little in each row.
	untypedLayout = layout{double: colCreated, proto: colExternalID, bool: colUpdated, columns: sharedColumns}
)

func layoutOf(d *sqldb.Dialect) layout {
	if d.DynamicTypes {
		return untypedLayout
	}
	return typedLayout
}

// selectStmt is the statement that reads the nodes of a selection; its
// parameters are needed twice.
func (k *nodeKind) selectStmt(l layout, selected string) string {
	node := []string{
		colID: "n.id", colTypeID: "n.type_id", colURIOrText: "NULL", colStateOrInt: "NULL", colName: "n.name",
		colExternalID: "n.external_id", colCreated: "n.create_time_since_epoch", colUpdated: "n.last_update_time_since_epoch",
	}
	if k.hasURI {
		node[colURIOrText] = "n.uri"
	}
	if k.stateColumn != "" {
		node[colStateOrInt] = "n." + k.stateColumn
	}
	property := make([]string, l.columns)
	property[colID], property[colURIOrText], property[colStateOrInt] = "p."+k.propIDColumn, "p.string_value", "p.int_value"
	property[colName], property[colCustom] = "p.name", "p.is_custom_property"
	property[l.double], property[l.proto], property[l.bool] = "p.double_value", "p.proto_value", "p.bool_value"
	return "SELECT " + columns(node, l.columns) + " FROM " + k.table + " n WHERE n.id " + selected +
		" UNION ALL SELECT " + columns(property, l.columns) + " FROM " + k.propTable + " p WHERE p." + k.propIDColumn + " " + selected
}

// columns are n columns, of which those without a text are NULL.
func columns(texts []string, n int) string {
	list := make([]string, n)
	copy(list, texts)
	for i := range list {
		list[i] = cmp.Or(list[i], "NULL")
	}
	return strings.Join(list, ", ")
}

// getNodesInOrder reads the nodes with these ids, in the order of ids. Unknown ids are
// left out; an id that comes twice gives one node twice.
func getNodesInOrder(ctx context.Context, q querier, k *nodeKind, ids []int64) ([]*node, error) {
	found := make(map[int64]*node, len(ids))
	err := sqldb.ForEachChunk(q.Dialect().ValidIDs(slices.Clone(ids)), func(part []int64) error {
		nodes, err := selectNodes(ctx, q, k, q.Dialect().InIDs(part))
		for _, n := range nodes {
			found[*n.id] = n
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	nodes := make([]*node, 0, len(found))
	for _, id := range ids {
		if n, ok := found[id]; ok {
			nodes = append(nodes, n)
		}
	}
	return nodes, nil
}

// getNodes reads the nodes with these ids by ascending id, each once.
func getNodes(ctx context.Context, q querier, k *nodeKind, ids []int64) ([]*node, error) {
	ids = q.Dialect().ValidIDs(ids)
	if len(ids) == 1 {
		return selectNodes(ctx, q, k, sqldb.EqID(ids[0]))
	}
	var nodes []*node
	err := sqldb.ForEachChunk(ids, func(part []int64) error {
		some, err := selectNodes(ctx, q, k, q.Dialect().InIDs(part))
		nodes = append(nodes, some...)
		return err
	})
	return nodes, err
}

// selectNodes reads the nodes of a selection by ascending id.
func selectNodes(ctx context.Context, q querier, k *nodeKind, s sqldb.Predicate) ([]*node, error) {
	d := q.Dialect()
	text := k.selectOneStmt[layoutOf(d)]
	if s.Text != "= ?" {
		text = k.selectStmt(layoutOf(d), s.Text)
	}
	args := make([]any, 0, 2*len(s.Args))
	args = append(append(args, s.Args...), s.Args...)
	l := nodeScanner{k: k, d: d, layout: layoutOf(d), types: q.types(), damaged: func(table string, id int64, what string, err error) {
		q.reportDamage(ctx, table, id, what, err)
	}}
	rows, err := q.Query(ctx, text, args...)
	read := 0
	err = sqldb.Each(rows, err, l.columns, func(r *sqldb.Row) error {
		if read++; read%ctxCheckInterval == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		l.row(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := l.loadTypeNames(ctx, q); err != nil {
		return nil, err
	}
	return l.finish(), nil
}

// ctxCheckInterval is after how many rows a long read looks whether the caller has
// given up.
const ctxCheckInterval = 128

// A nodeScanner puts the rows of selectText together. The database may send them in
// any order.
type nodeScanner struct {
	layout
	k        *nodeKind
	d        *sqldb.Dialect
	types    *typeCache
	lastType *typeInfo // the type of the last node
	untyped  []*nodeAlloc
	nodes    []*node
	byID     map[int64]*node   // made when there is more than one
	orphans  []scannedProperty // that came before their node
	damaged  func(table string, id int64, what string, err error)
}

// A scannedProperty is one row of a property table. Its value is nil if it has none
// that can be read.
type scannedProperty struct {
	node int64
	propertyKey
	value *mlmdpb.Value
}

// A propertyKey tells the properties of a node apart.
type propertyKey struct {
	name   string
	custom bool
}

// A nodeAlloc holds a node and what its fields point to, in one allocation.
type nodeAlloc struct {
	node
	idNumber, typeIDNumber, createdAt, updatedAt int64
	typeText, nameText, uriText, externalText    string
	stateNumber                                  int32
}

func (l *nodeScanner) row(r *sqldb.Row) {
	if r.Null(colTypeID) {
		l.property(r)
		return
	}
	c := &nodeAlloc{idNumber: r.Int(colID), typeIDNumber: r.Int(colTypeID), createdAt: r.Int(colCreated), updatedAt: r.Int(colUpdated)}
	n := &c.node
	n.id, n.typeID, n.created, n.updated = &c.idNumber, &c.typeIDNumber, &c.createdAt, &c.updatedAt
	fill := func(i int, cell *string) *string {
		if r.Null(i) {
			return nil
		}
		*cell = r.Text(i)
		return cell
	}
	l.setTypeName(c)
	n.name = fill(colName, &c.nameText)
	n.externalID = fill(colExternalID, &c.externalText)
	if l.k.hasURI {
		n.uri = fill(colURIOrText, &c.uriText)
	}
	if l.k.stateColumn != "" && !r.Null(colStateOrInt) {
		if c.stateNumber = r.Int32(colStateOrInt); r.Err() == nil {
			n.state = &c.stateNumber
		}
	}
	if err := r.TakeErr(); err != nil {
		l.damaged(l.k.table, c.idNumber, "a column", err)
	}
	l.nodes = append(l.nodes, n)
	if len(l.nodes) == 2 {
		l.byID = map[int64]*node{*l.nodes[0].id: l.nodes[0]}
	}
	if len(l.nodes) > 1 {
		l.byID[*n.id] = n
	}
}

// setTypeName gives a node the name of its type, if that is known. The reply is the
// client's to change, so it gets a copy.
func (l *nodeScanner) setTypeName(c *nodeAlloc) {
	if l.lastType == nil || l.lastType.id != c.typeIDNumber {
		l.lastType = l.types.get(c.typeIDNumber)
	}
	if l.lastType == nil || l.lastType.kind != l.k.typeKind {
		l.untyped = append(l.untyped, c)
		return
	}
	c.typeText = l.lastType.name
	c.node.typeName = &c.typeText
}

// loadTypeNames reads the types that were not known.
func (l *nodeScanner) loadTypeNames(ctx context.Context, q querier) error {
	if len(l.untyped) == 0 {
		return nil
	}
	types, err := loadTypes(ctx, q, l.k.typeKind, mapSlice(l.untyped, func(c *nodeAlloc) int64 { return c.typeIDNumber }))
	for _, c := range l.untyped {
		if t := types[c.typeIDNumber]; t != nil {
			c.typeText = t.name
			c.node.typeName = &c.typeText
		}
	}
	return err
}

func (l *nodeScanner) find(id int64) *node {
	if len(l.nodes) == 1 && *l.nodes[0].id == id {
		return l.nodes[0]
	}
	return l.byID[id]
}

func (l *nodeScanner) property(r *sqldb.Row) {
	p := scannedProperty{node: r.Int(colID), propertyKey: propertyKey{r.Text(colName), r.Bool(colCustom)}}
	if err := r.TakeErr(); err != nil { // it cannot be told whose or which property this is
		l.damaged(l.k.propTable, p.node, p.name, err)
		return
	}
	var err error
	p.value, err = readValue(r, colStateOrInt, l.double, colURIOrText, l.proto, l.bool, l.d)
	if lost := r.TakeErr(); err == nil {
		err = lost
	}
	if err != nil {
		l.damaged(l.k.propTable, p.node, p.name, err)
		p.value = nil
	}
	if n := l.find(p.node); n != nil {
		n.set(p)
	} else {
		l.orphans = append(l.orphans, p)
	}
}

// set adds a property. One without a value that can be read is not there for
// clients, but its row is.
func (n *node) set(p scannedProperty) {
	if p.value == nil {
		n.unreadable = append(n.unreadable, p.propertyKey)
		return
	}
	space := &n.props
	if p.custom {
		space = &n.custom
	}
	if *space == nil {
		*space = map[string]*mlmdpb.Value{}
	}
	(*space)[p.name] = p.value
}

// finish returns the nodes by id. Properties without a node are nobody's.
func (l *nodeScanner) finish() []*node {
	for _, p := range l.orphans {
		if n := l.find(p.node); n != nil {
			n.set(p)
		}
	}
	slices.SortFunc(l.nodes, func(a, b *node) int { return cmp.Compare(*a.id, *b.id) })
	return l.nodes
}
