package engine

import (
	"cmp"
	"context"
	"slices"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// Nodes and their properties are read by one statement, so that they fit each
// other without a transaction. Its rows are of two shapes: those of nodes have a
// type id, those of properties have none. See the columns in selectText.
const (
	colID = iota
	colTypeID
	colTypeOrPropName
	colURIOrText
	colStateOrInt
	colName
	colExternalID
	colCreated
	colUpdated
	colDouble
	colProto
	colBool
	colCustom
	nodeColumns
)

// selectText is the statement that reads the nodes of a selection; its
// parameters are needed twice.
func (k *nodeKind) selectText(selected string) string {
	uri, state := "NULL", "NULL"
	if k.hasURI {
		uri = "n.uri"
	}
	if k.state != "" {
		state = "n." + k.state
	}
	return "SELECT n.id, n.type_id, t.name, " + uri + ", " + state + ", n.name, n.external_id," +
		" n.create_time_since_epoch, n.last_update_time_since_epoch, NULL, NULL, NULL, NULL" +
		" FROM " + k.table + " n LEFT JOIN Type t ON t.id = n.type_id WHERE n.id " + selected +
		" UNION ALL SELECT p." + k.propNode + ", NULL, p.name, p.string_value, p.int_value, NULL, NULL, NULL, NULL," +
		" p.double_value, p.proto_value, p.bool_value, p.is_custom_property" +
		" FROM " + k.props + " p WHERE p." + k.propNode + " " + selected
}

// loadNodes reads the nodes with these ids, in the order of ids. Unknown ids are
// left out; an id that comes twice gives one node twice.
func loadNodes(ctx context.Context, q querier, k *nodeKind, ids []int64) ([]*node, error) {
	found := make(map[int64]*node, len(ids))
	err := chunks(q.dialect().possible(slices.Clone(ids)), func(part []int64) error {
		nodes, err := selectNodes(ctx, q, k, q.dialect().byIDs(part))
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

// nodesByID reads the nodes with these ids by ascending id, each once.
func nodesByID(ctx context.Context, q querier, k *nodeKind, ids []int64) ([]*node, error) {
	ids = q.dialect().possible(ids)
	if len(ids) == 1 {
		return selectNodes(ctx, q, k, oneID(ids[0]))
	}
	var nodes []*node
	err := chunks(ids, func(part []int64) error {
		some, err := selectNodes(ctx, q, k, q.dialect().byIDs(part))
		nodes = append(nodes, some...)
		return err
	})
	return nodes, err
}

// selectNodes reads the nodes of a selection by ascending id.
func selectNodes(ctx context.Context, q querier, k *nodeKind, s selection) ([]*node, error) {
	text := k.selectOne
	if s.text != "= ?" {
		text = k.selectText(s.text)
	}
	args := make([]any, 0, 2*len(s.args))
	args = append(append(args, s.args...), s.args...)
	l := loader{k: k, d: q.dialect()}
	rows, err := q.query(ctx, text, args...)
	read := 0
	err = each(rows, err, nodeColumns, func(r row) error {
		if read++; read%lookEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		return l.row(r)
	})
	if err != nil {
		return nil, err
	}
	return l.finish()
}

// lookEvery is after how many rows a long read looks whether the caller has
// given up.
const lookEvery = 128

// A loader puts the rows of selectText together. The database may send them in
// any order.
type loader struct {
	k     *nodeKind
	d     *Dialect
	nodes []*node
	byID  map[int64]*node // made when there is more than one
	early []earlyProperty // that came before their node
}

type earlyProperty struct {
	node   int64
	name   string
	custom bool
	value  *mlmdpb.Value
}

// A nodeCell holds a node and what its fields point to, in one allocation.
type nodeCell struct {
	node
	idNumber, typeIDNumber, createdAt, updatedAt int64
	typeText, nameText, uriText, externalText    string
	stateNumber                                  int32
}

func (l *loader) row(r row) error {
	if r.null(colTypeID) {
		return l.property(r)
	}
	c := &nodeCell{idNumber: r.int(colID), typeIDNumber: r.int(colTypeID), createdAt: r.int(colCreated), updatedAt: r.int(colUpdated)}
	n := &c.node
	n.id, n.typeID, n.created, n.updated = &c.idNumber, &c.typeIDNumber, &c.createdAt, &c.updatedAt
	fill := func(i int, cell *string) *string {
		if r.null(i) {
			return nil
		}
		*cell = r.text(i)
		return cell
	}
	n.typeName = fill(colTypeOrPropName, &c.typeText)
	n.name = fill(colName, &c.nameText)
	n.externalID = fill(colExternalID, &c.externalText)
	if l.k.hasURI {
		n.uri = fill(colURIOrText, &c.uriText)
	}
	if l.k.state != "" && !r.null(colStateOrInt) {
		c.stateNumber = int32(r.int(colStateOrInt))
		n.state = &c.stateNumber
	}
	l.nodes = append(l.nodes, n)
	if len(l.nodes) == 2 {
		l.byID = map[int64]*node{*l.nodes[0].id: l.nodes[0]}
	}
	if len(l.nodes) > 1 {
		l.byID[*n.id] = n
	}
	return nil
}

func (l *loader) find(id int64) *node {
	if len(l.nodes) == 1 && *l.nodes[0].id == id {
		return l.nodes[0]
	}
	return l.byID[id]
}

func (l *loader) property(r row) error {
	v, err := readValue(r, colStateOrInt, colDouble, colURIOrText, colProto, colBool, l.d)
	if err != nil {
		return err
	}
	p := earlyProperty{r.int(colID), r.text(colTypeOrPropName), r.bool(colCustom), v}
	if n := l.find(p.node); n != nil {
		n.set(p)
	} else {
		l.early = append(l.early, p)
	}
	return nil
}

func (n *node) set(p earlyProperty) {
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
func (l *loader) finish() ([]*node, error) {
	for _, p := range l.early {
		if n := l.find(p.node); n != nil {
			n.set(p)
		}
	}
	slices.SortFunc(l.nodes, func(a, b *node) int { return cmp.Compare(*a.id, *b.id) })
	return l.nodes, nil
}
