// Package restclient speaks MLMD's RPCs to a registry that has a REST API, as far
// as the registry's client needs them: nodes of known mappings, one at a time.
//
//   - transport.go sends requests and turns their answers into errors
//   - client.go finds the API of the server and the path of each entity
//   - node.go converts between JSON and nodes
//   - read.go and write.go answer the RPCs for any kind of node
//   - rpc.go has the RPCs themselves
//   - filter.go says in the API's filter language what it can of a condition
package restclient

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/restext"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/resttable"
)

// A Client makes RPCs of MLMD as requests to a REST registry. RPCs that have no
// counterpart there fail with UNIMPLEMENTED before anything is sent. It is safe
// for concurrent use.
type Client struct {
	mlmdpb.MetadataStoreServiceClient // refuses the RPCs that Client does not have
	*shared
	bound *entity // the entity that IDs belong to; nil if any
}

// shared is what all clients of one connection have in common.
type shared struct {
	http *transport
	apis []resttable.API

	mu       sync.Mutex
	entities []*entity
	probes   []*probe       // of each API
	parents  map[edge]int64 // of nodes that were read or created
}

// An edge identifies a child.
type edge struct {
	kind mlmd.Kind
	id   int64
}

// maxKnown limits how many edges and names a client remembers.
const maxKnown = 10_000

// An entity is a mapping that the client knows.
type entity struct {
	mlmd.Type
	id      int64 // of the type
	mapping mlmd.AnyMapping
}

// New returns a client of the registry at the base URL. The tables are the
// versions of the API that it may have, the preferred one first.
func New(c Config, apis []resttable.API) (*Client, error) {
	t, err := newTransport(c)
	if err != nil {
		return nil, err
	}
	if len(apis) == 0 {
		return nil, errors.New("no REST API is configured: pass its table")
	}
	for _, a := range apis {
		t.base.Path = strings.TrimSuffix(t.base.Path, a.Base) // the URL of the API is as good
	}
	s := &shared{http: t, apis: apis, parents: map[edge]int64{}}
	for range apis {
		s.probes = append(s.probes, &probe{sem: make(chan struct{}, 1), missing: map[string]bool{}})
	}
	return &Client{mlmdpb.NewMetadataStoreServiceClient(refuser{}), s, nil}, nil
}

// Close closes the idle connections.
func (c *Client) Close() error {
	c.http.http.CloseIdleConnections()
	return nil
}

// Bind returns a client whose calls are about the entities of m. t is the type of
// m with the type names that the calls use.
func (c *Client) Bind(m mlmd.AnyMapping, t mlmd.Type) mlmdpb.MetadataStoreServiceClient {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entities {
		if e.Kind == t.Kind && e.TypeName == t.TypeName { // perhaps of another mapping
			return &Client{c.MetadataStoreServiceClient, c.shared, &entity{t, e.id, m}}
		}
	}
	e := &entity{t, int64(len(c.entities) + 1), m}
	c.entities = append(c.entities, e)
	return &Client{c.MetadataStoreServiceClient, c.shared, e}
}

// To returns a client whose calls are about the entities of a type, if it is
// known.
func (c *Client) To(typeName string) mlmdpb.MetadataStoreServiceClient { return c.to(typeName) }

func (c *Client) to(typeName string) *Client {
	if e := c.byType(0, typeName); e != nil {
		return &Client{c.MetadataStoreServiceClient, c.shared, e}
	}
	return c
}

// byType returns the entity of a type, or nil. kind may be 0.
func (s *shared) byType(kind mlmd.Kind, typeName string) *entity {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entities {
		if e.TypeName == typeName && (kind == 0 || e.Kind == kind) {
			return e
		}
	}
	return nil
}

// ofType returns the bound entity if it has the type, else any that has, or nil.
func (c *Client) ofType(kind mlmd.Kind, typeName string) *entity {
	if e := c.bound; e != nil && e.Kind == kind && e.TypeName == typeName {
		return e
	}
	return c.byType(kind, typeName)
}

// byName returns the entity with the name in the spec, or nil.
func (s *shared) byName(name string) *entity {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entities {
		if e.Entity == name {
			return e
		}
	}
	return nil
}

// ofKind returns the entities of a kind, the bound one first.
func (c *Client) ofKind(kind mlmd.Kind) []*entity {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*entity
	if c.bound != nil && c.bound.Kind == kind {
		out = append(out, c.bound)
	}
	for _, e := range c.entities {
		if e.Kind == kind && (c.bound == nil || e.id != c.bound.id) {
			out = append(out, e)
		}
	}
	return out
}

func (s *shared) noteParent(e edge, parent int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.parents) >= maxKnown {
		clear(s.parents)
	}
	s.parents[e] = parent
}

func (s *shared) parentOf(e edge) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parents[e]
}

// A probe finds out whether the server has one API.
type probe struct {
	sem     chan struct{} // held while a request is under way
	served  bool
	exact   bool            // the server has the extensions of package restext
	missing map[string]bool // lists that the server does not have
}

// probe returns what is known of the API with the index. If nothing is, it asks
// for the list of the entity.
func (s *shared) probe(ctx context.Context, i int, t *resttable.Entity) (probe, error) {
	p := s.probes[i]
	select {
	case p.sem <- struct{}{}:
		defer func() { <-p.sem }()
	case <-ctx.Done():
		return probe{}, status.FromContextError(ctx.Err()).Err()
	}
	a := &s.apis[i]
	path := listOf(a, t)
	if p.served || p.missing[path] {
		return *p, nil
	}
	answer, err := s.http.send(ctx, request{
		method: "GET", path: a.Base + "/" + path, query: url.Values{"pageSize": {"1"}}, repeatable: true,
	}, nil)
	switch status.Code(err) {
	case codes.OK:
		p.served, p.exact = true, restext.On(answer.header)
	case codes.NotFound, codes.Unimplemented:
		p.missing[path] = true
	default:
		return probe{}, err
	}
	return *p, nil
}

// listOf returns the path of a list that a server with the API has, preferably
// that of the entity.
func listOf(a *resttable.API, t *resttable.Entity) string {
	if t.Operations&resttable.List != 0 {
		return t.Plural
	}
	if u := a.Union(t.Union); u != nil {
		return u.Plural
	}
	for _, c := range t.Children {
		if up := a.Entity(c.Parent); up != nil && up.Operations&resttable.List != 0 {
			return up.Plural
		}
	}
	for _, e := range a.Entities {
		if e.Operations&resttable.List != 0 {
			return e.Plural
		}
	}
	return ""
}

// A place is where an API has the entities of a type.
type place struct {
	*entity
	base  string
	table *resttable.Entity
	union *resttable.Union // nil if none
	api   *resttable.API
	exact bool // the server has the extensions of package restext
}

// place returns where the server has the entity, in the first of its APIs that
// does.
func (s *shared) place(ctx context.Context, e *entity) (*place, error) {
	var tried []string
	for i := range s.apis {
		a := &s.apis[i]
		t := a.Entity(e.Entity)
		if t == nil {
			continue
		}
		p, err := s.probe(ctx, i, t)
		if err != nil {
			return nil, err
		}
		if p.served {
			if p.exact && t.Operations == 0 && t.Union == "" {
				more := *t
				more.Singular, more.Plural = restext.Paths(t.Name)
				more.Operations = resttable.AllOperations
				if len(more.Create) == 0 { // a history, which others only read
					more.Create, more.Update = allMembers(e.Fields)
				}
				t = &more
			}
			return &place{e, a.Base + "/", t, a.Union(t.Union), a, p.exact}, nil
		}
		tried = append(tried, a.Base)
	}
	if len(tried) == 0 {
		return nil, status.Errorf(codes.Unimplemented, "the REST API has no %s", e.Entity)
	}
	return nil, status.Errorf(codes.Unimplemented, "%s has no REST API for %s: it does not have %s: check the URL",
		s.http.base.Redacted(), e.Entity, strings.Join(tried, " or "))
}

// allMembers returns the members that requests to create and to update an entity
// can have.
func allMembers(fields mlmd.Fields) (create, update []string) {
	for i := range fields {
		f := &fields[i]
		if f.Name == "" || f.Derived {
			continue
		}
		create = append(create, f.Name)
		if f.Path != "" {
			update = append(update, f.Name)
		}
	}
	return create, update
}

// refuser is a connection that refuses all RPCs.
type refuser struct{}

func (refuser) Invoke(_ context.Context, method string, _, _ any, _ ...grpc.CallOption) error {
	return status.Errorf(codes.Unimplemented, "a REST registry has no %s", method[strings.LastIndexByte(method, '/')+1:])
}

func (refuser) NewStream(
	_ context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return nil, status.Errorf(codes.Unimplemented, "a REST registry has no %s", method)
}
