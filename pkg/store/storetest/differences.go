package storetest

import "slices"

// EngineCapabilities returns the capabilities of this module's stores on every
// database.
func EngineCapabilities() []Capability {
	has := []Capability{ReadsSortedByID}
	for _, d := range Differences() {
		has = append(has, d.Name)
	}
	return has
}

// A Difference is a deliberate difference between this module and the reference
// implementation. The table in docs/compatibility.md is generated from the
// differences. No test accepts any other.
type Difference struct {
	Name      Capability // the capability that this module has
	Area      string     // the part of the service
	What      string     // when the difference shows
	Reference string     // the behavior of the reference implementation
	Engine    string     // the behavior of this module
	Why       string
}

// The names of the differences.
const (
	ContextRelativesByBatch    Capability = "context relatives by batch"
	LineageGraphRPC            Capability = "GetLineageGraph"
	UpdateAlreadyExists        Capability = "ALREADY_EXISTS on update"
	TypeAlreadyExists          Capability = "ALREADY_EXISTS for types"
	RejectsNonFinite           Capability = "non-finite numbers rejected"
	ExactDoubles               Capability = "exact doubles"
	RejectsUnsetValues         Capability = "values without a kind rejected"
	RejectsUntypedAny          Capability = "Any without a type URL rejected"
	NULBytes                   Capability = "NUL bytes in text"
	NullMarkerAsText           Capability = "__MLMD_NULL__ as text"
	RejectsStructMarker        Capability = "mlmd-struct:: rejected"
	NestingLimit               Capability = "nesting limit"
	SeparatePropertyNamespaces Capability = "separate property namespaces"
	RejectsDanglingEvents      Capability = "dangling events rejected"
	NoDanglingAttributions     Capability = "no dangling attributions"
	TypeExternalIDsKept        Capability = "type external IDs kept"
)

// Differences returns all differences, in the order of docs/compatibility.md.
func Differences() []Difference {
	return slices.Concat(differences, listDifferences, databaseDifferences)
}

var differences = []Difference{
	{
		ContextRelativesByBatch, "RPCs", "GetParentContextsByContexts, GetChildrenContextsByContexts",
		"UNIMPLEMENTED: only the library has them",
		"the library's behavior",
		"the protocol declares them, and they save one call for each context",
	},
	{
		LineageGraphRPC, "RPCs", "GetLineageGraph, which is deprecated",
		"UNIMPLEMENTED",
		"supported",
		"the protocol declares it, and old clients call it",
	},
	{
		UpdateAlreadyExists, "nodes", "an update sets an external ID, or a context name, that another node has",
		"INTERNAL with the database's text",
		"ALREADY_EXISTS, as on create",
		"clients can tell a taken name from a failed store",
	},
	{
		TypeAlreadyExists, "types", "the external ID of a type belongs to a type of another kind, or an update sets " +
			"one that is taken",
		"INTERNAL with the database's text",
		"ALREADY_EXISTS",
		"the same error has the same code",
	},
	{
		TypeExternalIDsKept, "types", "one request creates a type with an external ID and repeats the type without one",
		"the external ID becomes the empty string",
		"the external ID is kept",
		"everywhere else, a put without an external ID keeps it",
	},
	{
		RejectsNonFinite, "values", "NaN and infinities",
		"INTERNAL with the database's text",
		"INVALID_ARGUMENT",
		"the value is invalid, not the store",
	},
	{
		ExactDoubles, "values", "doubles with more than six decimals, very large ones, and negative zero",
		"stored with six decimals; read with 15 digits on SQLite; clipped above 1e65 on MySQL",
		"stored and read exactly",
		"a learning rate of 1e-7 is not 0; the reference implementation reads the stored values",
	},
	{
		RejectsUnsetValues, "values", "a custom property whose value has no kind",
		"the server process crashes",
		"INVALID_ARGUMENT",
		"a request must not crash the server",
	},
	{
		RejectsUntypedAny, "values", "a proto value without a type URL",
		"stored; every later read of the node fails",
		"INVALID_ARGUMENT",
		"unreadable values must not be stored",
	},
	{
		NULBytes, "values", "text with a NUL byte",
		"truncated at the NUL; a custom property with such a name is dropped",
		"stored unchanged on SQLite and MySQL; INVALID_ARGUMENT on PostgreSQL, which cannot store it",
		"no silent data loss",
	},
	{
		NullMarkerAsText, "values", "the text __MLMD_NULL__",
		"read as absent; a node with such a property is unreadable",
		"ordinary text",
		"no silent data loss",
	},
	{
		RejectsStructMarker, "values", "a string property that begins with mlmd-struct::",
		"read as a struct, or the node becomes unreadable",
		"INVALID_ARGUMENT",
		"in the database it is indistinguishable from a struct",
	},
	{
		NestingLimit, "values", "a struct with 32 nested objects, or an input or output type with more than 31 nested lists",
		"the struct is stored, and GetParentContextsByContexts fails with it; the type crashes the process. " +
			"INVALID_ARGUMENT from 33 objects and 49 lists on, which its parser rejects",
		"INVALID_ARGUMENT with the limit, from 32 objects, 47 lists in a struct, and 49 lists in a type on. " +
			"Deeper values that an earlier version stored are omitted from replies, with a warning in the log",
		"Python, C++ and Java parse 100 levels: a single deeper value makes every list that contains it unreadable there",
	},
	{
		SeparatePropertyNamespaces, "nodes", "a property and a custom property of one node have the same name, and one " +
			"request changes one of them or both",
		"if one: the other is overwritten or lost. If both: the property is lost, even if it replaces the custom property",
		"both have the requested values",
		"no silent data loss; pkg/registry sends two requests to the reference implementation, custom properties first",
	},
	{
		RejectsDanglingEvents, "events", "PutExecution and PutLineageSubgraph with an event for an ID that does not exist",
		"stored; one side of the event is missing permanently",
		"INVALID_ARGUMENT, as PutEvents returns",
		"an event connects two existing nodes",
	},
	{
		NoDanglingAttributions, "edges", "PutExecution with an empty pair and a context",
		"the context is attributed to artifact -1, and later reads of its artifacts fail",
		"-1 in the reply, and no attribution",
		"unreadable values must not be stored",
	},
}
