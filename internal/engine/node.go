package engine

import (
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// A nodeKind is what differs between artifacts, executions and contexts.
type nodeKind struct {
	typeKind typekind.Kind // of Type.type_kind
	noun     string        // "artifact"
	table    string        // of the nodes
	// propTable is the table of the properties, whose first column, propNode, is the
	// id of the node.
	propTable, propIDColumn string
	hasURI                  bool
	// stateColumn is the column of the state; "" where there is none. Numbers above
	// lastState are unknown: a proto2 reader with closed enums does not see them.
	stateColumn string
	lastState   int32
	// nameRequired: the name must be there, and can be changed.
	nameRequired bool

	insertNode, insertProperty sqldb.InsertStmt
	selectOneStmt              map[layout]string // by one id
}

var (
	artifactKind = (&nodeKind{
		typeKind: typekind.Artifact, noun: "artifact", table: "Artifact", propTable: "ArtifactProperty", propIDColumn: "artifact_id",
		hasURI: true, stateColumn: "state", lastState: int32(mlmdpb.Artifact_REFERENCE),
	}).withStatements()
	executionKind = (&nodeKind{
		typeKind: typekind.Execution, noun: "execution", table: "Execution", propTable: "ExecutionProperty", propIDColumn: "execution_id",
		stateColumn: "last_known_state", lastState: int32(mlmdpb.Execution_CANCELED),
	}).withStatements()
	contextKind = (&nodeKind{
		typeKind: typekind.Context, noun: "context", table: "Context", propTable: "ContextProperty", propIDColumn: "context_id",
		nameRequired: true,
	}).withStatements()
)

// withStatements derives the statements.
func (k *nodeKind) withStatements() *nodeKind {
	columns := []string{"type_id", "name", "external_id", "create_time_since_epoch", "last_update_time_since_epoch"}
	if k.hasURI {
		columns = append(columns, "uri")
	}
	if k.stateColumn != "" {
		columns = append(columns, k.stateColumn)
	}
	k.insertNode = sqldb.InsertStmt{Table: k.table, Columns: columns}
	k.insertProperty = sqldb.InsertStmt{Table: k.propTable, Columns: append([]string{k.propIDColumn, "name", "is_custom_property"}, valueColumns...)}
	k.selectOneStmt = map[layout]string{}
	for _, l := range []layout{typedLayout, untypedLayout} {
		k.selectOneStmt[l] = k.selectStmt(l, "= ?")
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

	// unreadable are the stored properties without a value that can be read. No
	// message has them, and no write touches them unless it names them.
	unreadable []propertyKey

	// hasUnknown: the message has more than can be stored, so that it differs from
	// any stored one.
	hasUnknown bool
}

// hasUnknown says whether m has something that no column holds.
func hasUnknown(m proto.Message, systemMetadata bool) bool {
	return systemMetadata || len(m.ProtoReflect().GetUnknown()) > 0
}

// setState is a state as a reader with closed enums sees it.
func (k *nodeKind) setState(n *node, state *int32) {
	if state == nil {
		return
	}
	if *state < 0 || *state > k.lastState {
		n.hasUnknown = true
		return
	}
	n.state = state
}

// differs says whether the message n, as a client sent it, is another one than
// stored would be, properties, type id and times aside. It is presence that
// counts: this decides whether the time of the last update moves.
func (n *node) differs(stored *node) bool {
	return n.hasUnknown ||
		!equalPtr(n.typeName, stored.typeName) ||
		!equalPtr(n.name, stored.name) ||
		!equalPtr(n.externalID, stored.externalID) ||
		!equalPtr(n.uri, stored.uri) ||
		!equalPtr(n.state, stored.state)
}

// equalPtr says whether both are absent, or both present and equal.
func equalPtr[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// deref is what p points to, or zero.
func deref[T any](p *T) T {
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
