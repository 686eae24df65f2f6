package registry

import (
	"context"
	"io"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/mlmd"
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

// An edge is a link between a node and a context above it.
type edge struct {
	kind          mlmd.Kind // of the child
	parent, child int64
}

// A parent is a context that nodes may be put below.
type parent struct {
	id, typeID           int64
	typeName, storedName string
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

// parent returns the context with the given id that an entity is to hang below
// by e. One that this client has not seen is read.
func (c *Client) parent(ctx context.Context, s subject, e *mlmd.Edge, idText string) (*parent, error) {
	id, err := parseID(idText)
	if err != nil {
		return nil, s.field(ErrInvalidArgument, e.Field, idText, err.Error())
	}
	p, ok := c.seen.get(id)
	if !ok {
		n, err := contexts{c.rpc}.byID(ctx, id)
		if err != nil {
			return nil, s.rpc(ctx, err)
		}
		if n == nil {
			return nil, s.field(ErrNotFound, e.Field, idText, "is the id of nothing: there is no such "+e.Entity)
		}
		p = c.remember(contexts{}.view(n))
	}
	if want := c.typeName(e.TypeName); p.typeName != want {
		return nil, s.field(ErrNotFound, e.Field, idText, "is the id of a "+c.entityOf(p.typeName)+", not of a "+e.Entity)
	}
	return &p, nil
}

// outer returns what the mapping of a child sees of p.
func (p *parent) outer(e *mlmd.Edge) mlmd.Parent {
	if p == nil {
		return mlmd.Parent{}
	}
	name := p.storedName
	if e.Nested {
		if _, rest, ok := strings.Cut(name, ":"); ok {
			name = rest
		}
	}
	return mlmd.Parent{ID: p.id, Name: name}
}

// A server is what is known of the program that serves the store.
type server struct {
	published bool // the published C++ core, or one that does what it does
	onMySQL   bool // that, and its database is MySQL
}

// askServer finds out which program serves the store, once, by reading. Only
// what the published one answers differently asks for it.
func (c *Client) askServer(ctx context.Context) (server, error) {
	select {
	case c.serverTurn <- struct{}{}:
		defer func() { <-c.serverTurn }()
	case <-ctx.Done():
		return server{}, status.FromContextError(ctx.Err()).Err()
	}
	if c.server != nil {
		return *c.server, nil
	}
	// The published server has no such method; others refuse the empty list.
	var s server
	_, err := c.rpc.GetChildrenContextsByContexts(ctx, &mlmdpb.GetChildrenContextsByContextsRequest{})
	switch status.Code(err) {
	case codes.OK, codes.InvalidArgument:
	case codes.Unimplemented:
		s.published = true
	default:
		return s, err
	}
	if s.published {
		// Of its databases only MySQL knows this function.
		_, err := c.rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: &mlmdpb.ListOperationOptions{
			MaxResultSize: new(int32(1)), FilterQuery: new("IF(TRUE, TRUE, FALSE)"),
		}})
		switch status.Code(err) {
		case codes.OK:
			s.onMySQL = true
		case codes.Internal, codes.InvalidArgument:
		default:
			return s, err
		}
	}
	c.server = &s
	return s, nil
}
