// Package registry stores and finds the entities of the spec in an MLMD store:
// registered models, their versions and artifacts, and what serves them.
//
// A [Client] is made from any MLMD service: [New] takes an embedded store or a
// connection, [Dial] reaches a server. It has one accessor for each entity:
//
//	reg := registry.New(store.Client())
//	id, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "fraud"})
//
// Upsert creates or patches, Replace stores exactly what it is given, Get and
// the finders return one entity, Query returns many. [NewCollection] gives the same to
// the entities of a spec of your own. Errors are [*Error] values of one of the
// kinds of this package, such as [ErrNotFound].
//
// Nothing is sent before the first call. A write registers the type of its
// entity if the store does not have it. A type that the store has is widened
// only by the properties that the write sets, because programs of an older spec
// may use it too. Reads write nothing, and a type that a store does not have
// reads as one without entities.
//
// A nil option is ignored, of [New], [Dial], Upsert and [RenameProperties] alike.
package registry
