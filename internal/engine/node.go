package engine

import (
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// nodeKind describes one of the three kinds of nodes: artifacts, executions and
// contexts.
type nodeKind struct {
	typeKind typekind.Kind // as in column type_kind
	noun     string        // "artifact", for messages
	table    string        // of the nodes
	// propTable is the table of the properties. Its first column, propIDColumn,
	// is the ID of the node.
	propTable, propIDColumn string
	hasURI                  bool
	// stateColumn is the column of the state, or empty. Values above lastState
	// are unknown, and a proto2 reader with closed enums does not see them.
	stateColumn string
	lastState   int32
	// nameRequired means that a node must have a name, which can be changed.
	nameRequired bool

	insertNode, insertProperty sqldb.InsertStmt
	selects                    map[layout]selectParts
}

var (
	artifactKind = (&nodeKind{
		typeKind: typekind.Artifact, noun: "artifact", table: "Artifact",
		propTable: "ArtifactProperty", propIDColumn: "artifact_id",
		hasURI: true, stateColumn: "state", lastState: int32(mlmdpb.Artifact_REFERENCE),
	}).withStatements()
	executionKind = (&nodeKind{
		typeKind: typekind.Execution, noun: "execution", table: "Execution",
		propTable: "ExecutionProperty", propIDColumn: "execution_id",
		stateColumn: "last_known_state", lastState: int32(mlmdpb.Execution_CANCELED),
	}).withStatements()
	contextKind = (&nodeKind{
		typeKind: typekind.Context, noun: "context", table: "Context",
		propTable: "ContextProperty", propIDColumn: "context_id",
		nameRequired: true,
	}).withStatements()
)

// withStatements sets the statements of k.
func (k *nodeKind) withStatements() *nodeKind {
	columns := []string{"type_id", "name", "external_id", "create_time_since_epoch", "last_update_time_since_epoch"}
	if k.hasURI {
		columns = append(columns, "uri")
	}
	if k.stateColumn != "" {
		columns = append(columns, k.stateColumn)
	}
	k.insertNode = sqldb.InsertStmt{Table: k.table, Columns: columns}
	k.insertProperty = sqldb.InsertStmt{
		Table:   k.propTable,
		Columns: append([]string{k.propIDColumn, "name", "is_custom_property"}, valueColumns...),
	}
	k.selects = map[layout]selectParts{}
	for _, l := range []layout{typedLayout, untypedLayout} {
		k.selects[l] = k.selectParts(l)
	}
	return k
}

// node is an artifact, an execution or a context, as a message or as rows. A
// field that is nil is absent.
type node struct {
	id, typeID       *int64
	typeName         *string
	name, externalID *string
	uri              *string
	state            *int32
	created, updated *int64
	props, custom    map[string]*mlmdpb.Value

	// unreadable are the stored properties whose value cannot be read. Messages
	// do not have them, and a write that does not name them leaves them alone.
	unreadable []propertyKey

	// hasUnknown means that the message has fields that cannot be stored, so it
	// differs from any stored node.
	hasUnknown bool
}

// hasUnknown reports whether m has fields that cannot be stored.
func hasUnknown(m proto.Message, systemMetadata bool) bool {
	return systemMetadata || len(m.ProtoReflect().GetUnknown()) > 0
}

// setState sets the state as a reader with closed enums sees it.
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

// differs reports whether n, as a client sent it, differs from stored, apart
// from properties, type ID and times. It compares presence, too. If it returns
// true, the update time changes.
func (n *node) differs(stored *node) bool {
	return n.hasUnknown ||
		!equalPtr(n.typeName, stored.typeName) ||
		!equalPtr(n.name, stored.name) ||
		!equalPtr(n.externalID, stored.externalID) ||
		!equalPtr(n.uri, stored.uri) ||
		!equalPtr(n.state, stored.state)
}

// equalPtr reports whether both are nil, or both are not nil and equal.
func equalPtr[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// deref returns *p, or the zero value if p is nil.
func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// orNull returns *p as a parameter, or nil for NULL.
func orNull[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
