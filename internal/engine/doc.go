// Package engine implements the MLMD service, ml_metadata.MetadataStoreService,
// on a database of schema version 10.
//
// # Files
//
// Each RPC is a method of [Service] in one of these files:
//
//	artifacts.go             PutArtifacts GetArtifactsByID GetArtifactsByURI
//	                         GetArtifactByTypeAndName GetArtifactsByExternalIds
//	executions.go            PutExecutions GetExecutionsByID
//	                         GetExecutionByTypeAndName GetExecutionsByExternalIds
//	contexts.go              PutContexts GetContextsByID GetContextByTypeAndName
//	                         GetContextsByExternalIds GetContextsByArtifact
//	                         GetContextsByExecution
//	types.go                 PutTypes PutArtifactType PutExecutionType PutContextType
//	                         GetArtifactType GetArtifactTypes GetArtifactTypesByID
//	                         GetArtifactTypesByExternalIds GetExecutionType
//	                         GetExecutionTypes GetExecutionTypesByID
//	                         GetExecutionTypesByExternalIds GetContextType
//	                         GetContextTypes GetContextTypesByID
//	                         GetContextTypesByExternalIds
//	events.go                PutEvents GetEventsByArtifactIDs GetEventsByExecutionIDs
//	list.go                  GetArtifacts GetExecutions GetContexts GetArtifactsByType
//	                         GetExecutionsByType GetContextsByType
//	                         GetArtifactsByContext GetExecutionsByContext
//	edge.go                  PutAttributionsAndAssociations
//	edge_parents.go          PutParentContexts
//	edge_relatives.go        GetParentContextsByContext GetParentContextsByContexts
//	                         GetChildrenContextsByContext
//	                         GetChildrenContextsByContexts
//	put_execution.go         PutExecution
//	put_lineage_subgraph.go  PutLineageSubgraph
//	lineage.go               GetLineageSubgraph
//	lineage_graph.go         GetLineageGraph
//
// Transact, in transaction.go, and Unlink, in edge.go, are not RPCs.
//
// What they share is in families of files: service.go and errors.go, node_*.go for
// nodes of all kinds, type_*.go for types, edge*.go for attributions, associations
// and parent contexts, list_*.go and page_token.go for lists, and lineage_*.go for
// traversals.
//
// # Rules
//
// An RPC is one transaction or one read. It assigns its response within view,
// snapshot or update, whose function may run several times. A response must
// therefore not depend on what an earlier run left in it.
//
// What must be consistent is read by one statement, or within snapshot. Nodes are
// read with their properties, and events with their paths, by one statement each.
//
// If a request has several errors, the client receives the one that the reference
// implementation returns. Nodes, events and types are therefore checked and
// written as if one by one, in order, even where statements write many rows: an
// earlier element's conflict takes precedence over a later element's invalid
// value.
//
// Transactions that create types or parent links wait for each other by
// [sqldb.Dialect.SerializeStatements]. A batch locks its nodes in the order of
// their IDs.
//
// Only what never changes may be cached for all connections, see [typeCache]. What
// may change is cached per connection until the database's data version changes,
// see [typeQueryCache]. A transaction uses the former only, and adds to it after
// its commit.
//
// Errors that clients may see are made by errorf and invalidArgf. All other errors
// become a status by their class, and their text goes to the log only.
package engine
