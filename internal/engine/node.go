package engine

import (
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// A nodeKind is what differs between artifacts, executions and contexts.
type nodeKind struct {
	number typekind.Kind // of Type.type_kind
	word   string        // "artifact"
	table  string        // of the nodes
	// props is the table of the properties, whose first column, propNode, is the
	// id of the node.
	props, propNode string
	hasURI          bool
	// state is the column of the state; "" where there is none. Numbers above
	// lastState are unknown: a proto2 reader with closed enums does not see them.
	state     string
	lastState int32
	// named: the name must be there, and can be changed.
	named bool

	newNode, newProperty sqldb.InsertStmt
	selectOne            map[layout]string // by one id
}

var (
	artifactNodes = (&nodeKind{
		number: typekind.Artifact, word: "artifact", table: "Artifact", props: "ArtifactProperty", propNode: "artifact_id",
		hasURI: true, state: "state", lastState: int32(mlmdpb.Artifact_REFERENCE),
	}).complete()
	executionNodes = (&nodeKind{
		number: typekind.Execution, word: "execution", table: "Execution", props: "ExecutionProperty", propNode: "execution_id",
		state: "last_known_state", lastState: int32(mlmdpb.Execution_CANCELED),
	}).complete()
	contextNodes = (&nodeKind{
		number: typekind.Context, word: "context", table: "Context", props: "ContextProperty", propNode: "context_id",
		named: true,
	}).complete()
)

// complete derives the statements.
func (k *nodeKind) complete() *nodeKind {
	columns := []string{"type_id", "name", "external_id", "create_time_since_epoch", "last_update_time_since_epoch"}
	if k.hasURI {
		columns = append(columns, "uri")
	}
	if k.state != "" {
		columns = append(columns, k.state)
	}
	k.newNode = sqldb.InsertStmt{Table: k.table, Columns: columns}
	k.newProperty = sqldb.InsertStmt{Table: k.props, Columns: append([]string{k.propNode, "name", "is_custom_property"}, valueColumns...)}
	k.selectOne = map[layout]string{}
	for _, l := range []layout{typedLayout, untypedLayout} {
		k.selectOne[l] = k.selectText(l, "= ?")
	}
	return k
}

// A node is an artifact, an execution or a context, as a message or as rows. A
// nil field is absent.
type node struct {
	id, typeID       *int64
	typeName         *string
	name, externalID *string
	uri              *string
	state            *int32
	created, updated *int64
	props, custom    map[string]*mlmdpb.Value

	// hidden are the stored properties without a value that can be read. No
	// message has them, and no write touches them unless it names them.
	hidden []propertyKey

	// extra: the message has more than can be stored, so that it differs from
	// any stored one.
	extra bool
}

// extra says whether m has something that no column holds.
func extra(m proto.Message, systemMetadata bool) bool {
	return systemMetadata || len(m.ProtoReflect().GetUnknown()) > 0
}

// knownState is a state as a reader with closed enums sees it.
func (k *nodeKind) knownState(n *node, state *int32) {
	if state == nil {
		return
	}
	if *state < 0 || *state > k.lastState {
		n.extra = true
		return
	}
	n.state = state
}

// differs says whether the message n, as a client sent it, is another one than
// stored would be, properties, type id and times aside. It is presence that
// counts: this decides whether the time of the last update moves.
func (n *node) differs(stored *node) bool {
	return n.extra ||
		!same(n.typeName, stored.typeName) ||
		!same(n.name, stored.name) ||
		!same(n.externalID, stored.externalID) ||
		!same(n.uri, stored.uri) ||
		!same(n.state, stored.state)
}

// same says whether both are absent, or both present and equal.
func same[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// value is what p points to, or zero.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// orNull makes a parameter of p: NULL where it is absent.
func orNull[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
