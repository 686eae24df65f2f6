// Package resttable says where a REST API has the entities of a spec, for the
// clients of that API. Generated code has a table for each version of an API.
package resttable

import "slices"

// An API is one version of a REST API.
type API struct {
	// Base is the path that all others are below, without a slash at its end:
	// "/api/model_registry/v1".
	Base     string
	Entities []Entity
	Unions   []Union
}

// Operations is the set of operations at the top level of an API.
type Operations uint8

// The operations. An entity at model_versions has
//
//	Find    GET   model_version?name=…&parentResourceId=…, or ?externalId=…
//	List    GET   model_versions
//	Create  POST  model_versions
//	Get     GET   model_versions/{id}
//	Update  PATCH model_versions/{id}
const (
	Find Operations = 1 << iota
	List
	Create
	Get
	Update
)

// AllOperations is the set of all operations.
const AllOperations = Find | List | Create | Get | Update

// An Entity says where one entity is, and which JSON members it has.
type Entity struct {
	Name string // in the spec: "ModelVersion"

	// Singular and Plural are path segments below the base: "model_version",
	// "model_versions". They are empty if Operations is 0.
	Singular, Plural string
	Operations       Operations
	// Children says below which parents the entities are listed and created. An
	// entity of a union has none: the union has them.
	Children []Child
	// Union is the name of the union that the entity belongs to, or empty.
	Union string

	// Constants are JSON members that have the same value in all entities:
	// "artifactType": "model-artifact".
	Constants map[string]string
	// Hidden are members of the Go type that the API neither shows nor takes.
	Hidden []string
	// Create are the members that a request to create an entity may have, and
	// Update those that a patch may have. Neither includes Constants.
	Create, Update []string
	// Defaults are the values of string members that the server stores if a
	// request to create an entity lacks them.
	Defaults map[string]string
}

// A Child is a path below the entities of one parent: registered_models/{id}/versions.
type Child struct {
	Parent  string // the parent's entity: "RegisteredModel"
	Segment string // "versions"
}

// A Union serves the entities of several kinds under one path.
type Union struct {
	Name             string // "Artifact"; also the value of [Entity.Union]
	Singular, Plural string // as in [Entity], with all operations
	Children         []Child
	// Member is the constant that tells the entities apart, and the parameter by
	// which lists are restricted to one of them: "artifactType".
	Member string
	// UpsertByName holds the entities that POST below a parent updates if the
	// parent has a child of the name in the request.
	UpsertByName []string
}

// Entity returns the entity with the name, or nil.
func (a *API) Entity(name string) *Entity {
	i := slices.IndexFunc(a.Entities, func(e Entity) bool { return e.Name == name })
	if i < 0 {
		return nil
	}
	return &a.Entities[i]
}

// Union returns the union with the name, or nil.
func (a *API) Union(name string) *Union {
	i := slices.IndexFunc(a.Unions, func(u Union) bool { return u.Name == name })
	if i < 0 {
		return nil
	}
	return &a.Unions[i]
}
