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

	collections collections // of the spec
	types       types
	contexts    recentCache[int64, parent]  // contexts, by id
	links       recentCache[edge, struct{}] // that are known to exist
	prefixed    recentCache[siblings, bool] // whether all children are known to be named after their parent

	serverSem  chan struct{} // held while server is used
	serverInfo *serverInfo   // nil: not asked yet
}

// New returns a client of the store behind rpc: a connection to a server, or
// the Client() of an embedded store. It sends nothing.
func New(rpc mlmdpb.MetadataStoreServiceClient, opts ...Option) *Client {
	var o clientConfig
	for _, opt := range opts {
		if opt != nil {
			opt.applyClient(&o)
		}
	}
	return newClient(rpc, o)
}

func newClient(rpc mlmdpb.MetadataStoreServiceClient, o clientConfig) *Client {
	c := &Client{rpc: rpc, prefix: o.prefix, serverSem: make(chan struct{}, 1)}
	c.types.sem = make(chan struct{}, 1)
	c.collections = collections{
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

// collections are those of the spec, which a client has from the start.
type collections struct {
	registeredModels    *Collection[model.RegisteredModel, *mlmdpb.Context]
	modelVersions       *Collection[model.ModelVersion, *mlmdpb.Context]
	modelArtifacts      *Collection[model.ModelArtifact, *mlmdpb.Artifact]
	docArtifacts        *Collection[model.DocArtifact, *mlmdpb.Artifact]
	servingEnvironments *Collection[model.ServingEnvironment, *mlmdpb.Context]
	inferenceServices   *Collection[model.InferenceService, *mlmdpb.Context]
	serveModels         *Collection[model.ServeModel, *mlmdpb.Execution]
}

// RPC returns the client of the MLMD service that c uses, for the RPCs that
// this package has no verb for. Calls through it are retried as those of c are.
// What they change is seen by the next call of c, except that c does not notice
// at once if a type or a parent is deleted behind its back.
func (c *Client) RPC() mlmdpb.MetadataStoreServiceClient { return c.rpc }

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

// entityName returns what people call a node of the type.
func (c *Client) entityName(typeName string) string {
	if entity, ok := c.types.entity(typeName); ok {
		return entity
	}
	if typeName == "" {
		return "node of an unknown type"
	}
	return typeName
}

// cacheContext keeps a context that was read or written, for the children that
// may follow, and returns it.
func (c *Client) cacheContext(v nodeView) parent {
	p := parent{v.id, v.typeID, v.typeName, v.storedName()}
	c.contexts.add(v.id, p)
	return p
}
