package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// Nodes and their properties are read by one statement, so they are consistent
// without a transaction. Rows of nodes have a type ID, rows of properties do
// not. These are the columns, see selectStmt.
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

// layout tells in which columns the values of properties are that share a
// column with a node in some databases only.
type layout struct{ double, proto, bool, columns int }

var (
	// typedLayout is for databases where a column has the same type in all
	// rows.
	typedLayout = layout{
		double: sharedColumns, proto: sharedColumns + 1, bool: sharedColumns + 2,
		columns: sharedColumns + 3,
	}
	// untypedLayout has fewer columns, because each costs time in each row.
	untypedLayout = layout{double: colCreated, proto: colExternalID, bool: colUpdated, columns: sharedColumns}
)

// layoutOf returns the layout for a database.
func layoutOf(d *sqldb.Dialect) layout {
	if d.DynamicTypes {
		return untypedLayout
	}
	return typedLayout
}

// selectParts are the parts of a statement that reads nodes: what is read of the nodes
// and of their properties, and the tables up to the name of the ID. The statement byID
// has [sqldb.EqID] as the predicate.
type selectParts struct{ node, nodeTable, property, propertyTable, byID string }

// selectParts returns the parts of a statement that reads nodes of a kind.
func (k *nodeKind) selectParts(l layout) selectParts {
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
	parts := selectParts{
		node:          "SELECT " + columns(node, l.columns) + " FROM ",
		nodeTable:     k.table + " n WHERE n.id ",
		property:      " UNION ALL SELECT " + columns(property, l.columns) + " FROM ",
		propertyTable: k.propTable + " p WHERE p." + k.propIDColumn + " ",
	}
	parts.byID = parts.stmt(oneID)
	return parts
}

var oneID = sqldb.EqID(0)

func (p selectParts) stmt(selected sqldb.Predicate) string {
	from := selected.Join()
	return p.node + from + p.nodeTable + selected.Text + p.property + from + p.propertyTable + selected.Text
}

// selectStmt returns the statement that reads the nodes that a predicate
// selects. It has the parameters of the predicate twice.
func (k *nodeKind) selectStmt(l layout, selected sqldb.Predicate) string {
	parts := k.selects[l]
	if selected.Text == oneID.Text {
		return parts.byID
	}
	return parts.stmt(selected)
}

// columns returns a list of n columns, NULL for empty texts.
func columns(texts []string, n int) string {
	list := make([]string, n)
	copy(list, texts)
	for i := range list {
		list[i] = cmp.Or(list[i], "NULL")
	}
	return strings.Join(list, ", ")
}

// getNodesInOrder reads the nodes with these IDs, in the order of ids. It omits
// unknown IDs. A repeated ID returns the same node repeatedly.
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

// getNodes reads the nodes with these IDs, in ascending order without
// duplicates.
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

// selectNodes reads the nodes that s selects, in the order of their IDs.
func selectNodes(ctx context.Context, q querier, k *nodeKind, s sqldb.Predicate) ([]*node, error) {
	d := q.Dialect()
	text := k.selectStmt(layoutOf(d), s)
	args := make([]any, 0, 2*len(s.Args))
	args = append(append(args, s.Args...), s.Args...)
	l := nodeScanner{
		k: k, d: d, layout: layoutOf(d), types: q.types(),
		damaged: func(table string, id int64, what string, err error) {
			q.reportDamage(ctx, table, id, what, err)
		},
	}
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

// ctxCheckInterval is the number of rows after which a long read checks its
// context.
const ctxCheckInterval = 128

// nodeScanner assembles nodes from the rows of selectStmt, which may arrive in
// any order.
type nodeScanner struct {
	layout
	k        *nodeKind
	d        *sqldb.Dialect
	types    *typeCache
	lastType *typeInfo // type of the last node
	untyped  []*nodeAlloc
	nodes    []*node
	byID     map[int64]*node   // set if there is more than one
	names    map[string]string // of properties, set with byID
	orphans  []scannedProperty // properties that arrived before their node
	values   valueAllocs
	damaged  func(table string, id int64, what string, err error)
}

// scannedProperty is a row of a property table. value is nil if it cannot be
// read.
type scannedProperty struct {
	node int64
	propertyKey
	value *mlmdpb.Value
}

// propertyKey identifies a property of a node.
type propertyKey struct {
	name   string
	custom bool
}

// nodeAlloc allocates a node and the values of its fields at once.
type nodeAlloc struct {
	node
	idNumber, typeIDNumber, createdAt, updatedAt int64
	typeText, nameText, uriText, externalText    string
	stateNumber                                  int32
}

func (l *nodeScanner) row(r *sqldb.Row) {
	typeID, ok := r.IntOK(colTypeID)
	if !ok {
		l.property(r)
		return
	}
	c := &nodeAlloc{
		idNumber: r.Int(colID), typeIDNumber: typeID, createdAt: r.Int(colCreated), updatedAt: r.Int(colUpdated),
	}
	n := &c.node
	n.id, n.typeID, n.created, n.updated = &c.idNumber, &c.typeIDNumber, &c.createdAt, &c.updatedAt
	fill := func(i int, cell *string) *string {
		var ok bool
		if *cell, ok = r.TextOK(i); !ok {
			return nil
		}
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
		l.byID, l.names = map[int64]*node{*l.nodes[0].id: l.nodes[0]}, map[string]string{}
	}
	if len(l.nodes) > 1 {
		l.byID[*n.id] = n
	}
}

// setTypeName sets the name of the node's type if the type is cached. The name
// is copied, because the client may change the reply.
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

// loadTypeNames reads the types that were not cached.
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
	p := scannedProperty{node: r.Int(colID), propertyKey: propertyKey{custom: r.Bool(colCustom)}}
	if l.byID != nil {
		p.name = r.Shared(colName, l.names)
	} else {
		p.name = r.Text(colName)
	}
	if err := r.TakeErr(); err != nil { // the node or the name of the property is unknown
		l.damaged(l.k.propTable, p.node, p.name, err)
		return
	}
	var err error
	p.value, err = l.values.read(r, colStateOrInt, l.double, colURIOrText, l.proto, l.bool, l.d)
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

// set adds a property. If its value cannot be read, clients do not see it, but
// it is remembered as stored.
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

// finish returns the nodes in the order of their IDs. It drops properties
// without a node.
func (l *nodeScanner) finish() []*node {
	for _, p := range l.orphans {
		if n := l.find(p.node); n != nil {
			n.set(p)
		}
	}
	slices.SortFunc(l.nodes, func(a, b *node) int { return cmp.Compare(*a.id, *b.id) })
	return l.nodes
}
