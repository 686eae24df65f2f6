package registry

import (
	"context"
	"fmt"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// Register upserts the given entities in order, parents before their children,
// and returns a result for each:
//
//	results, err := reg.Register(ctx, &m, &v, &a, &doc)
//
// An entity is a pointer to a value of a type in package model, or, for a mapping
// generated from your own spec, the result of [Collection.Entity]. A child with
// neither an ID nor the ID of its parent gets the ID of the last entity before it
// that is of its parent's type, if there is one.
//
// On an embedded store Register is one transaction: if an entity fails, nothing
// is stored, the IDs in the values are as they were, and there are no results.
// A server has no transactions of several calls: the entities before the one that
// fails stay, and their results are returned with the error. Register with the
// same entities completes the rest; entities that are stored already have the
// outcome [Unchanged]. In the transaction of a [Client.Tx] a Register that fails
// leaves nothing behind.
//
// The errors are those of [Collection.Upsert]. An argument that is not an entity
// is an [ErrInvalidArgument], and nothing is stored.
func (c *Client) Register(ctx context.Context, entities ...any) (_ []Result, err error) {
	ctx, observed := c.observe(ctx, "register", "")
	defer func() { observed.end(err) }()
	all := make([]Entity, len(entities))
	for i, e := range entities {
		if all[i], err = c.entity("register", i, e); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	return c.inBatch(ctx, func(c *Client) ([]Result, error) { return c.register(ctx, all) })
}

// An Identity is the node of an entity in a store.
type Identity struct {
	Entity   string // its name in the spec, such as "ModelVersion"
	TypeName string // of MLMD, in the store of the client
	Kind     mlmd.Kind
	ID       string // empty if the entity does not have one yet
}

// Identify returns the node of an entity, which is any argument that
// [Client.Register] takes. It makes no RPC. The error is [ErrInvalidArgument] if
// entity is something else.
func (c *Client) Identify(entity any) (Identity, error) {
	e, err := c.entity("identify", 0, entity)
	if err != nil {
		return Identity{}, err
	}
	m := e.mapping()
	return Identity{Entity: m.entity, TypeName: m.typ.name, Kind: m.typ.kind, ID: e.ident().ID}, nil
}

// entity returns argument i of the operation as an Entity.
func (c *Client) entity(op string, i int, arg any) (Entity, error) {
	var e Entity
	cs := &c.collections
	switch v := arg.(type) {
	case Entity:
		e = v
	case *model.RegisteredModel:
		e = cs.registeredModels.Entity(v)
	case *model.ModelVersion:
		e = cs.modelVersions.Entity(v)
	case *model.ModelArtifact:
		e = cs.modelArtifacts.Entity(v)
	case *model.DocArtifact:
		e = cs.docArtifacts.Entity(v)
	case *model.DataSet:
		e = cs.dataSets.Entity(v)
	case *model.Metric:
		e = cs.metrics.Entity(v)
	case *model.Parameter:
		e = cs.parameters.Entity(v)
	case *model.ServingEnvironment:
		e = cs.servingEnvironments.Entity(v)
	case *model.InferenceService:
		e = cs.inferenceServices.Entity(v)
	case *model.ServeModel:
		e = cs.serveModels.Entity(v)
	case *model.Experiment:
		e = cs.experiments.Entity(v)
	case *model.ExperimentRun:
		e = cs.experimentRuns.Entity(v)
	case *model.MetricHistory:
		e = cs.metricHistories.Entity(v)
	default:
		return nil, operation{op: op}.newError(ErrInvalidArgument, fmt.Sprintf(
			"argument %d is %s: pass a pointer to an entity in package model, or the result of Collection.Entity",
			i+1, goType(arg)))
	}
	if e.isNil() {
		return nil, operation{op: op}.newError(ErrInvalidArgument, fmt.Sprintf(
			"argument %d is a nil pointer to %s", i+1, withArticle(e.mapping().entity)))
	}
	return e, nil
}

// goType returns the type of v for messages.
func goType(v any) string {
	if v == nil {
		return "nil"
	}
	return fmt.Sprintf("of type %T", v)
}

// register upserts the entities until one fails.
func (c *Client) register(ctx context.Context, all []Entity) ([]Result, error) {
	last := make(map[typeKey]string) // the IDs of the last entities, by type
	var out []Result
	var late hookErrors
	for _, e := range all {
		if id, p := e.ident(), e.mapping().parent; p != nil && id.ID == "" && id.ParentID == "" {
			if parent := last[typeKey{mlmd.Context, p.TypeName}]; parent != "" {
				c.undoable(func() { e.setParentID("") })
				e.setParentID(parent)
			}
		}
		r, err := e.upsert(ctx, c)
		if err := late.keep(err); err != nil {
			return out, late.beside(err)
		}
		last[e.mapping().typ] = r.ID
		out = append(out, r)
	}
	return out, late.beside(nil)
}

// An Entity is an argument of [Client.Register] and [Client.Identify].
// [Collection.Entity] makes it.
type Entity interface {
	mapping() entityMapping
	isNil() bool
	ident() mlmd.Ident
	setParentID(id string)
	// upsert stores the entity through the given client.
	upsert(ctx context.Context, c *Client) (Result, error)
}

// entityMapping is what Register needs of a mapping.
type entityMapping struct {
	entity string
	typ    typeKey
	parent *mlmd.Edge
}

// Entity returns v as an argument of [Client.Register], which writes v through
// its own client, also in a transaction:
//
//	results, err := reg.Register(ctx, tables.Entity(&table), reports.Entity(&report))
func (c *Collection[T, N]) Entity(v *T) Entity { return &entity[N]{&c.core, v} }

type entity[N mlmd.Node] struct {
	c *core[N]
	v any
}

func (e *entity[N]) mapping() entityMapping {
	return entityMapping{entity: e.c.m.entity, typ: e.c.typ, parent: e.c.m.parent}
}
func (e *entity[N]) isNil() bool       { return e.c.m.IsNilAny(e.v) }
func (e *entity[N]) ident() mlmd.Ident { return e.c.m.IdentAny(e.v) }

func (e *entity[N]) setParentID(id string) {
	e.c.m.SetParentIDAny(e.v, id)
}

func (e *entity[N]) upsert(ctx context.Context, c *Client) (Result, error) {
	return e.c.on(c).write(ctx, upsert, e.v, writeOptions{})
}

// on returns the collection of the same entities for another client.
func (c *core[N]) on(client *Client) *core[N] {
	if c.client == client {
		return c
	}
	other := *c
	other.client, other.nodes, other.hooks = client, nodesOf[N](client.rpc), hooksOf[N](client, c.typ)
	client.types.setEntity(c.m.typeName, c.m.entity)
	return &other
}
