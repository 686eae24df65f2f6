package storetest

import "slices"

// Ours is what this project's service does on every database.
func Ours() []Capability {
	has := []Capability{SortsReads}
	for _, d := range Differences() {
		has = append(has, d.Name)
	}
	return has
}

// A Difference is something that this project's service does on purpose
// otherwise than the original. The table in docs/compatibility.md is made from
// these; nothing else excuses a difference.
type Difference struct {
	Name     Capability // a few words, as a capability that ours has
	Area     string     // the part of the service
	What     string     // when it shows
	Original string     // what the original does
	Ours     string
	Why      string
}

// The names of the differences.
const (
	ContextBatches    Capability = "context batches"
	LineageGraphs     Capability = "lineage graphs"
	ConflictsOnUpdate Capability = "conflicts on update"
	TypeConflicts     Capability = "type conflicts"
	RefusedNumbers    Capability = "refused numbers"
	ExactDoubles      Capability = "exact doubles"
	ValuesWithoutKind Capability = "values without kind"
	AnyWithoutType    Capability = "any without type"
	WholeText         Capability = "whole text"
	NullMarker        Capability = "null marker"
	StructMarker      Capability = "struct marker"
	BoundedNesting    Capability = "bounded nesting"
	SeparateSpaces    Capability = "separate spaces"
	NoDanglingEvents  Capability = "no dangling events"
	NoDanglingLinks   Capability = "no dangling links"
	TypeIDsStay       Capability = "type external ids stay"
)

// Differences are all differences, in the order of docs/compatibility.md.
func Differences() []Difference {
	return slices.Concat(differences, listDifferences, databaseDifferences)
}

var differences = []Difference{
	{
		ContextBatches, "RPCs", "GetParentContextsByContexts, GetChildrenContextsByContexts",
		"UNIMPLEMENTED: only its library has them",
		"answered as the library does",
		"the contract declares them, and they save one call a context",
	},
	{
		LineageGraphs, "RPCs", "GetLineageGraph, which is deprecated",
		"UNIMPLEMENTED",
		"answered",
		"the contract declares it, and old clients call it",
	},
	{
		ConflictsOnUpdate, "nodes", "an update takes an external id, or a context's name, that another node has",
		"INTERNAL with the database's text",
		"ALREADY_EXISTS, as on create",
		"a client can tell a taken name from a broken store",
	},
	{
		TypeConflicts, "types", "a type's external id is taken by a type of another kind, or an update takes a taken one",
		"INTERNAL with the database's text",
		"ALREADY_EXISTS",
		"the same mistake has the same code",
	},
	{
		TypeIDsStay, "types", "one request creates a type with an external id and repeats it without one",
		"the external id becomes the empty string",
		"the external id stays",
		"a put without an external id leaves it alone everywhere else",
	},
	{
		RefusedNumbers, "values", "NaN and infinities",
		"INTERNAL with the database's text",
		"INVALID_ARGUMENT",
		"the value is at fault, not the store",
	},
	{
		ExactDoubles, "values", "doubles with more than six decimals, very large ones, and negative zero",
		"written with six decimals; 15 digits are read on SQLite; above 1e65 clipped on MySQL",
		"stored and read exactly",
		"a learning rate of 1e-7 is not 0; the original reads what we store",
	},
	{
		ValuesWithoutKind, "values", "a custom property whose value has no kind",
		"the server process dies",
		"INVALID_ARGUMENT",
		"a request must not end a server",
	},
	{
		AnyWithoutType, "values", "a proto value without a type URL",
		"stored; every read of the node fails from then on",
		"INVALID_ARGUMENT",
		"what cannot be read must not be written",
	},
	{
		WholeText, "values", "text with a NUL byte",
		"cut at the NUL; a custom property with such a name is dropped",
		"stored whole on SQLite and MySQL; INVALID_ARGUMENT on PostgreSQL, which cannot hold it",
		"no silent loss",
	},
	{
		NullMarker, "values", "the text __MLMD_NULL__",
		"reads as absent; a node with such a property cannot be read",
		"text like any other",
		"no silent loss",
	},
	{
		StructMarker, "values", "a string property that begins with mlmd-struct::",
		"reads as a struct, or makes the node unreadable",
		"INVALID_ARGUMENT",
		"the database cannot tell it from a struct",
	},
	{
		BoundedNesting, "values", "a struct that nests 32 objects, or an input or output type that nests more than 31 lists",
		"such a struct is stored, and GetParentContextsByContexts cannot be read with it; such a type ends the process. INVALID_ARGUMENT from 33 objects and 49 lists on, which its parser does not read",
		"INVALID_ARGUMENT that names the limit from 32 objects, 47 lists in a struct, and 49 lists in a type on. What an earlier version stored beyond that is left out of replies, with a warning in the log",
		"Python, C++ and Java read 100 levels: one deeper value makes every list with it unreadable for them",
	},
	{
		SeparateSpaces, "nodes", "a property and a custom property of one node have the same name, and one request changes one of them or both",
		"one: the other is overwritten or lost. Both: the property is lost, also where it takes the place of the custom property",
		"each is as the request says",
		"no silent loss; pkg/registry sends the original two requests, first that for the custom property",
	},
	{
		NoDanglingEvents, "events", "PutExecution and PutLineageSubgraph with an event for an id that does not exist",
		"stored; the other side of the event is missing for ever",
		"INVALID_ARGUMENT, as PutEvents answers",
		"an event ties two nodes that exist",
	},
	{
		NoDanglingLinks, "edges", "PutExecution with an empty pair and a context",
		"the context is attributed to artifact -1, and reading its artifacts fails from then on",
		"-1 in the answer, and no attribution",
		"what cannot be read must not be written",
	},
}
