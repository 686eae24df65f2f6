// Package registry stores and finds the entities of the spec in an MLMD store:
// registered models, their versions and artifacts, and the services and
// environments that serve them.
//
// A [Client] works on any MLMD service. [New] takes an embedded store or an
// existing connection; [Dial] connects to a server, and [DialREST] to a model
// registry that speaks REST. The client has one accessor for each entity of the
// spec:
//
//	reg := registry.New(store.Client())
//	res, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "fraud"})
//
// Create stores a new entity, Upsert creates or patches one, Update changes one
// by a function without losing the changes of other writers, and Replace stores
// exactly the given value. [Client.Register] stores a parent with its children,
// UpsertAll many entities of one type, and [Client.Tx] makes several calls one
// transaction of an embedded store. Get and the finders return one entity, and
// Query returns many. [NewCollection] gives the entities of your own spec the same
// methods.
//
// Hooks of [BeforeWrite] see each write of an entity before it is made and may
// refuse it; those of [OnWrite] see it afterwards. [WithActor] tells them who
// writes.
//
// Errors are [*Error] values. Use [errors.Is] with the Err variables of this
// package, such as [ErrNotFound], to tell them apart.
//
// New, Dial, DialREST and the accessors make no RPC. The first write of an entity
// registers its type if the store does not have it. A type that exists is
// extended only by the properties that the write sets, because programs of an
// older spec may use it too. Reads never write. A type that the store does not
// have is treated as having no entities.
//
// A nil option is ignored.
package registry
