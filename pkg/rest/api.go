package rest

import "slices"

// An API describes a REST API: its paths and what they serve. Generated code
// has one for each version of the API.
type API struct {
	// Base is the path that all others are below, without a slash at its end:
	// "/api/model_registry/v1".
	Base string
	// Document is the OpenAPI document of the API, in JSON. The server sends it
	// unchanged as openapi.json.
	Document []byte

	Resources     []Resource
	Unions        []Union
	Registrations []Registration

	// Successor is the Base of the API that replaces this one. It is empty if
	// none does. Responses of a replaced API say that it is deprecated.
	Successor string
	// IgnoreUnknownOrder makes lists ignore an orderBy or a sortOrder that they
	// do not know. Otherwise it is an error.
	IgnoreUnknownOrder bool
	// IntegersAsText makes integers strings in JSON, so that no client rounds
	// them to a double. Requests may have either.
	IntegersAsText bool

	// nullRemoves makes null in a patch remove the value of a member. Otherwise null
	// means that the request does not have the member.
	nullRemoves bool
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
	// Ordered are pairs of members with times, of which the second must not be
	// before the first.
	Ordered [][2]string
	// Marks are custom properties that repeat what a parent has.
	Marks []Mark
	// HistoryOf makes the resource the history of another entity, whose parents
	// it shares, and is empty otherwise. Each write of that entity below a parent
	// also stores an entity of this resource: it has the members of the same
	// names, and the name "<name>__<update time in milliseconds>". Its only paths
	// are those of its Children, for GET, and the same without the ID of a parent.
	HistoryOf string
	// Step is an integer member of a history, by which the query parameter Step +
	// "Ids" restricts its lists. If it is empty, lists have no such parameter.
	Step string
	// GeneratedName makes the name of an entity optional. It is a random UUID if
	// the request lacks it.
	GeneratedName bool

	References []Reference

	// former maps the properties of the API's own version of the spec to the names of
	// its fields, if another version says how the entity is stored. It is nil otherwise.
	former map[string]string
}

// Former returns apis, those of an older version of a spec, so that a handler can serve
// them beside the APIs of the newer version, from the same store. entities map Go types
// of the older version to what the newer one stores; an entity that is not among them is
// served as the older version stores it. Responses name successor, the base of an API,
// as what replaces these. Generated code calls Former.
func Former(apis []API, successor string, entities ...Entity) []API {
	apis = slices.Clone(apis)
	for i := range apis {
		apis[i].Successor = successor
		apis[i].Resources = slices.Clone(apis[i].Resources)
		for j := range apis[i].Resources {
			r := &apis[i].Resources[j]
			was := r.Entity.Type()
			at := slices.IndexFunc(entities, func(e Entity) bool { return e.Type().Entity == was.Entity })
			if at < 0 {
				continue
			}
			r.Entity, r.former = entities[at], make(map[string]string)
			for k := range was.Fields {
				if name, ok := was.Fields[k].Property(); ok && !was.Fields[k].Derived {
					r.former[name] = was.Fields[k].Name
				}
			}
		}
	}
	return apis
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

// A Mark is a custom property that repeats a member of a parent. The server writes
// it into entities that are created below such a parent, keeps it, and does not
// show it among the custom properties.
type Mark struct {
	Parent   string // the entity: "ExperimentRun"
	Of       string // a member of the parent with an ID: "id"
	Property string // an integer: "experiment_run_id"
	Member   string // the JSON member that shows it; empty if none does
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
	// Refuse are reasons why an entity cannot be referred to.
	Refuse []Refusal
}

// A Refusal refuses entities that have a custom property, unless its text is one
// of Except, or not one of Only if that has any.
type Refusal struct {
	Property string
	Only     []string
	Except   []string
	Message  string // of the failure
}

// A Registration is POST of a path at the top level that stores an entity, its
// parent and its children, all or nothing. Those that exist are updated, so that
// a request can be repeated. Stores without transactions refuse it.
type Registration struct {
	Path           string
	Parent, Entity Part
	Children       []Part // lists
}

// A Part is a JSON member of a [Registration].
type Part struct {
	Member string // "modelVersion"
	Of     string // the entity or the union
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
