package filterquery

import "github.com/mlmd-go/sdk/internal/typekind"

// A Type is the type of an expression.
type Type uint8

// The types of expressions. NullType is the type of a bare NULL, which converts to
// every type.
const (
	NullType Type = iota
	BoolType
	IntType
	FloatType
	TextType
)

// String returns the name of the type in messages.
func (t Type) String() string {
	return [...]string{"NULL", "BOOL", "INT64", "DOUBLE", "STRING"}[t]
}

// An attribute is a column that a filter can name.
type attribute struct {
	typ  Type
	enum enum // set for a column that holds the number of an enum value
	// ofType reports whether it is a column of the node's type.
	ofType bool
}

// An enum maps the names of an enum's values to their numbers.
type enum map[string]int64

// The enums whose names a filter can use, without those that the reference
// implementation rejects.
var (
	artifactState  = enum{"UNKNOWN": 0, "PENDING": 1, "LIVE": 2, "MARKED_FOR_DELETION": 3, "DELETED": 4}
	executionState = enum{"UNKNOWN": 0, "NEW": 1, "RUNNING": 2, "COMPLETE": 3, "FAILED": 4, "CACHED": 5, "CANCELED": 6}
	eventType      = enum{
		"DECLARED_OUTPUT": 1, "DECLARED_INPUT": 2, "INPUT": 3, "OUTPUT": 4, "INTERNAL_INPUT": 5, "INTERNAL_OUTPUT": 6,
	}
)

// enumWords are all names of enum values. NEW is a keyword elsewhere.
var enumWords = func() map[string]bool {
	words := map[string]bool{}
	for _, e := range []enum{artifactState, executionState, eventType} {
		for name := range e {
			words[name] = true
		}
	}
	return words
}()

// nodeAttributes are the columns of a node of each kind.
var nodeAttributes = map[typekind.Kind]map[string]attribute{
	typekind.Artifact:  with(shared, map[string]attribute{"uri": text, "state": {typ: IntType, enum: artifactState}}),
	typekind.Execution: with(shared, map[string]attribute{"last_known_state": {typ: IntType, enum: executionState}}),
	typekind.Context:   shared,
}

var (
	integer  = attribute{typ: IntType}
	text     = attribute{typ: TextType}
	typeName = attribute{typ: TextType, ofType: true}

	shared = map[string]attribute{
		"id": integer, "type_id": integer, "type": typeName, "name": text, "external_id": text,
		"create_time_since_epoch": integer, "last_update_time_since_epoch": integer,
	}
	contextAttributes = map[string]attribute{
		"id": integer, "name": text, "type": typeName,
		"create_time_since_epoch": integer, "last_update_time_since_epoch": integer,
	}
)

func with(base, more map[string]attribute) map[string]attribute {
	all := map[string]attribute{}
	for _, m := range []map[string]attribute{base, more} {
		for name, a := range m {
			all[name] = a
		}
	}
	return all
}

// A neighbor describes rows that belong to a node: those of a link table, and the
// nodes that they link to.
type neighbor struct {
	link  string // the link table
	near  string // its column with the ID of the listed node
	far   string // its column with the ID of the linked node; empty for events
	table string // the table of the linked nodes; empty for events
	attrs map[string]attribute
}

// neighbors are the prefixes of aliases for each kind of node.
var neighbors = map[typekind.Kind]map[string]*neighbor{
	typekind.Artifact: {
		"contexts_": contextsBy("Attribution", typekind.Artifact),
		"events_":   eventsBy(typekind.Artifact, "execution_id"),
	},
	typekind.Execution: {
		"contexts_": contextsBy("Association", typekind.Execution),
		"events_":   eventsBy(typekind.Execution, "artifact_id"),
	},
	typekind.Context: {
		"parent_contexts_": {
			link: "ParentContext", near: "context_id", far: "parent_context_id", table: "Context",
			attrs: contextAttributes,
		},
		"child_contexts_": {
			link: "ParentContext", near: "parent_context_id", far: "context_id", table: "Context",
			attrs: contextAttributes,
		},
		"artifacts_": {
			link: "Attribution", near: "context_id", far: "artifact_id", table: "Artifact",
			attrs: with(contextAttributes, map[string]attribute{
				"external_id": text, "uri": text, "state": {typ: IntType, enum: artifactState},
			}),
		},
		"executions_": {
			link: "Association", near: "context_id", far: "execution_id", table: "Execution",
			attrs: with(contextAttributes, map[string]attribute{
				"external_id": text, "last_known_state": {typ: IntType, enum: executionState},
			}),
		},
	},
}

func contextsBy(link string, k typekind.Kind) *neighbor {
	return &neighbor{link: link, near: k.IDColumn(), far: "context_id", table: "Context", attrs: contextAttributes}
}

func eventsBy(k typekind.Kind, other string) *neighbor {
	return &neighbor{link: "Event", near: k.IDColumn(), attrs: map[string]attribute{
		"type": {typ: IntType, enum: eventType}, "milliseconds_since_epoch": integer, other: integer,
	}}
}

// values are the columns of a property.
var values = map[string]attribute{
	"int_value": integer, "double_value": {typ: FloatType}, "string_value": text, "bool_value": {typ: BoolType},
}

// isEnum reports whether a path looks like the name of an enum column.
func (x *Path) isEnum() bool {
	last := x.Parts[len(x.Parts)-1].Name
	return last == "state" || last == "last_known_state" || last == "type" && len(x.Parts) == 2
}
