package rest

// An API describes a REST API: its paths and what they serve. Generated code
// has one for each version of the API.
type API struct {
	// Base is the path that all others are below, without a slash at its end:
	// "/api/model_registry/v1".
	Base string
	// Document is the OpenAPI document of the API, in JSON. The server sends it
	// unchanged as openapi.json.
	Document []byte

	Resources []Resource
	Unions    []Union

	// Successor is the Base of the API that replaces this one. It is empty if
	// none does. Responses of a replaced API say that it is deprecated.
	Successor string
	// IgnoreUnknownOrder makes lists ignore an orderBy or a sortOrder that they
	// do not know. Otherwise it is an error.
	IgnoreUnknownOrder bool
	// IntegersAsText makes integers strings in JSON, so that no client rounds
	// them to a double. Requests may have either.
	IntegersAsText bool
}

// A Resource describes how the entities of one mapping are served.
type Resource struct {
	Entity Entity // from [NewEntity]
	Title  string // in messages, such as "model version"

	// Singular and Plural are path segments below the base: GET model_version
	// finds one entity, model_versions is the collection. They are empty if
	// Operations is 0, for an entity that only its parent or a union serves.
	Singular, Plural string
	Operations       Operations

	// Children says below which parents the entities are listed and created. An
	// entity of a union has none: the union has them.
	Children []Child
	// Union is the name of the union that the entity belongs to, or empty.
	Union string

	// Constants are members of the JSON object that have the same value in all
	// entities, such as "artifactType": "model-artifact". Requests may repeat
	// them.
	Constants map[string]string
	// Hidden are JSON members of the Go type that the API neither shows nor
	// takes.
	Hidden []string
	// Create are the JSON members that a request to create an entity may have,
	// and Required those of them that it must have. Neither includes Constants.
	Create, Required []string
	// Update are the JSON members that a patch may have.
	Update []string
	// Defaults are the values of string members that are stored if a request to
	// create an entity lacks them, and shown if a stored entity does: "state":
	// "UNKNOWN".
	Defaults map[string]string
	// GeneratedName makes the name of an entity optional. It is a random UUID if
	// the request lacks it.
	GeneratedName bool

	References []Reference
}

// Operations is the set of operations at the top level of an API.
type Operations uint8

// The operations. A resource at model_versions has
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

// A Child describes how entities are served below one kind of parent: GET and
// POST of registered_models/{id}/versions.
type Child struct {
	Parent  string // the parent's entity, such as "RegisteredModel"
	Segment string // the last segment of the path, such as "versions"
	// Whole makes POST take a whole entity, with its ID and times, as GET returns
	// it. With an ID it updates that entity, as PATCH does, and links it to the
	// parent if it may have several.
	Whole bool
}

// A Reference is a JSON member that holds the ID of an entity other than the
// parent. An entity cannot be created with a reference to one that is missing.
type Reference struct {
	Member string // "modelVersionId"
	Entity string // "ModelVersion"
	// Segment is the path segment of the referenced entity below the one that
	// refers to it: GET inference_services/{id}/version. If it is empty, there is
	// no such path.
	Segment string
	// NewestOf is another reference of the entity. If Member is not set, Segment
	// returns the newest child of the entity that NewestOf refers to.
	NewestOf string
}

// A Union serves the entities of several resources under one path. A constant
// member of each tells them apart.
type Union struct {
	Name  string // "Artifact"; also the value of [Resource.Union]
	Title string // "artifact"

	Singular, Plural string // as in [Resource]
	Operations       Operations
	Children         []Child

	// Member is the constant that tells the entities apart: "artifactType". It is
	// also the query parameter by which lists are restricted to one of them.
	Member string
	// UpsertByName makes POST below a parent update the entity that has the name
	// of the one in the request. It holds the entities for which it does so.
	UpsertByName []string
}
