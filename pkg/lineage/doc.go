// Package lineage reads the lineage of entities from an MLMD store as a graph, and
// draws it.
//
// MLMD records lineage as events: an execution read an artifact, or wrote it. The
// graph of an entity has the artifacts and executions that events connect with it,
// and the contexts that these belong to:
//
//	g, err := lineage.Provenance(ctx, reg, &weights) // everything it comes from
//	g, err := lineage.Impact(ctx, reg, &dataset)     // everything made from it
//
// [Of] begins a [Walk], which may have a direction, a depth, a limit and boundaries:
//
//	g, err := lineage.Of(reg, &weights).Upstream().Depth(4).Graph(ctx)
//
// Nodes have the entities of the spec as values, and those of your own spec with
// [Walk.Catalog]. Nodes of types that no spec has, such as the executions of a
// pipeline, are part of the graph too.
//
// [Graph.Upstream], [Graph.Downstream] and [Graph.Paths] walk through a graph in
// memory. [Graph.Mermaid] and [Graph.DOT] draw it, and package
// [github.com/mlmd-go/sdk/pkg/lineage/svg] makes an image. Pictures fold similar nodes
// of a large graph, so that it stays readable. In JSON, a graph can be kept and read
// back.
package lineage
