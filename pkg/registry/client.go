package registry

import (
	"io"
	"strings"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// A Client stores and finds entities in one MLMD store. It is safe for
// concurrent use. It remembers, for as long as it lives, the types that it wrote
// nodes of and the contexts that it saw; all else is in the store.
type Client struct {
	rpc    mlmdpb.MetadataStoreServiceClient
	conn   io.Closer // what Close closes; nil: nothing
	prefix string    // of type names; empty: as the spec has it

	entities entities // of the spec
	types    types
	seen     memory[int64, parent]  // contexts, by id
	links    memory[edge, struct{}] // that are known to exist
	named    memory[family, bool]   // whether all children are known to be named after their parent

	serverTurn chan struct{} // held while server is used
	server     *server       // nil: not asked yet
}

// New returns a client of the store behind rpc: a connection to a server, or
// the Client() of an embedded store. It sends nothing.
func New(rpc mlmdpb.MetadataStoreServiceClient, opts ...Option) *Client {
	var o options
	for _, opt := range opts {
		opt.applyClient(&o)
	}
	return newClient(rpc, o)
}

func newClient(rpc mlmdpb.MetadataStoreServiceClient, o options) *Client {
	c := &Client{rpc: rpc, prefix: o.prefix, serverTurn: make(chan struct{}, 1)}
	c.types.turn = make(chan struct{}, 1)
	c.entities = entities{
		registeredModels:    NewCollection(c, mapping.RegisteredModel),
		modelVersions:       NewCollection(c, mapping.ModelVersion),
		modelArtifacts:      NewCollection(c, mapping.ModelArtifact),
		docArtifacts:        NewCollection(c, mapping.DocArtifact),
		servingEnvironments: NewCollection(c, mapping.ServingEnvironment),
		inferenceServices:   NewCollection(c, mapping.InferenceService),
		serveModels:         NewCollection(c, mapping.ServeModel),
	}
	return c
}

// entities are those of the spec, which a client has from the start.
type entities struct {
	registeredModels    *Collection[model.RegisteredModel, *mlmdpb.Context]
	modelVersions       *Collection[model.ModelVersion, *mlmdpb.Context]
	modelArtifacts      *Collection[model.ModelArtifact, *mlmdpb.Artifact]
	docArtifacts        *Collection[model.DocArtifact, *mlmdpb.Artifact]
	servingEnvironments *Collection[model.ServingEnvironment, *mlmdpb.Context]
	inferenceServices   *Collection[model.InferenceService, *mlmdpb.Context]
	serveModels         *Collection[model.ServeModel, *mlmdpb.Execution]
}

// Close ends the connection of a client that [Dial] made. It leaves open what
// was given to [New].
func (c *Client) Close() error {
	if c.conn == nil {
		return nil
	}
	return c.conn.Close()
}

// typeName returns the name in this client's store of a type of the spec.
func (c *Client) typeName(spec string) string {
	if rest, ok := strings.CutPrefix(spec, specPrefix); ok && c.prefix != "" {
		return c.prefix + rest
	}
	return spec
}

// entityOf returns what people call a node of the type.
func (c *Client) entityOf(typeName string) string {
	if entity, ok := c.types.entity(typeName); ok {
		return entity
	}
	if typeName == "" {
		return "node of an unknown type"
	}
	return typeName
}

// remember keeps a context that was read or written, for the children that
// may follow, and returns it.
func (c *Client) remember(v view) parent {
	p := parent{v.id, v.typeID, v.typeName, v.storedName()}
	c.seen.add(v.id, p)
	return p
}
