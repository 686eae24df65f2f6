package registry

import (
	"context"
	"io"
	"strings"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// A Client stores and finds entities in one MLMD store. It is safe for
// concurrent use. It caches the types that it has written entities of and the
// contexts that it has seen, and detects if the store no longer has them.
type Client struct {
	rpc    mlmdpb.MetadataStoreServiceClient
	conn   io.Closer // closed by Close; nil if the caller owns the connection
	config clientConfig

	collections collections
	types       types
	contexts    recentCache[int64, parent]        // by ID
	links       recentCache[parentLink, struct{}] // known to exist
	prefixed    recentCache[siblings, bool]       // whether the stored names of all siblings have the parent's ID

	updates    updateQueue
	specs      *specChecks   // shared with transactions
	tx         *txState      // of the transaction, if Tx made the client
	serverSem  chan struct{} // guards serverInfo
	serverInfo *serverInfo   // nil until detectServer succeeds
}

// New returns a client that works on rpc: the Client method of an embedded
// store, or the stub of a connection to a server. It makes no RPC. The caller
// closes the store or the connection.
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
	c := &Client{rpc: rpc, config: o, serverSem: make(chan struct{}, 1), specs: &specChecks{sem: make(chan struct{}, 1)}}
	c.types.sem = make(chan struct{}, 1)
	c.collections = collections{
		registeredModels:    NewCollection(c, mapping.RegisteredModel),
		modelVersions:       NewCollection(c, mapping.ModelVersion),
		modelArtifacts:      NewCollection(c, mapping.ModelArtifact),
		docArtifacts:        NewCollection(c, mapping.DocArtifact),
		dataSets:            NewCollection(c, mapping.DataSet),
		metrics:             NewCollection(c, mapping.Metric),
		parameters:          NewCollection(c, mapping.Parameter),
		servingEnvironments: NewCollection(c, mapping.ServingEnvironment),
		inferenceServices:   NewCollection(c, mapping.InferenceService),
		serveModels:         NewCollection(c, mapping.ServeModel),
		experiments:         NewCollection(c, mapping.Experiment),
		experimentRuns:      NewCollection(c, mapping.ExperimentRun),
		metricHistories:     NewCollection(c, mapping.MetricHistory),
	}
	return c
}

// collections holds the collections of the spec, which New makes once.
type collections struct {
	registeredModels    *Collection[model.RegisteredModel, *mlmdpb.Context]
	modelVersions       *Collection[model.ModelVersion, *mlmdpb.Context]
	modelArtifacts      *Collection[model.ModelArtifact, *mlmdpb.Artifact]
	docArtifacts        *Collection[model.DocArtifact, *mlmdpb.Artifact]
	dataSets            *Collection[model.DataSet, *mlmdpb.Artifact]
	metrics             *Collection[model.Metric, *mlmdpb.Artifact]
	parameters          *Collection[model.Parameter, *mlmdpb.Artifact]
	servingEnvironments *Collection[model.ServingEnvironment, *mlmdpb.Context]
	inferenceServices   *Collection[model.InferenceService, *mlmdpb.Context]
	serveModels         *Collection[model.ServeModel, *mlmdpb.Execution]
	experiments         *Collection[model.Experiment, *mlmdpb.Context]
	experimentRuns      *Collection[model.ExperimentRun, *mlmdpb.Context]
	metricHistories     *Collection[model.MetricHistory, *mlmdpb.Artifact]
}

// RPC returns the stub that c makes its calls with, for RPCs that this package
// has no method for. It uses the connection of c: if [Dial] made c, calls are
// authenticated and retried alike. Its errors have gRPC status codes; they are
// not [*Error] values.
func (c *Client) RPC() mlmdpb.MetadataStoreServiceClient { return c.rpc }

// Close closes the connection of a client that [Dial] made. For a client that
// [New] made, it does nothing and returns nil.
func (c *Client) Close() error {
	if c.conn == nil {
		return nil
	}
	return c.conn.Close()
}

// SpeaksREST reports whether [DialREST] made c, so that most methods of
// [Client.RPC] fail.
func (c *Client) SpeaksREST() bool { return c.rest() != nil }

// TypeName returns the name that a type of the spec has in the store of c, which
// differs from spec if the option [WithTypePrefix] was given.
func (c *Client) TypeName(spec string) string {
	if rest, ok := strings.CutPrefix(spec, specPrefix); ok && c.config.prefix != "" {
		return c.config.prefix + rest
	}
	return spec
}

// entityName returns what messages call a node of the type: the entity if it is
// known, otherwise the name of the type.
func (c *Client) entityName(typeName string) string {
	if entity, ok := c.types.entity(typeName); ok {
		return entity
	}
	if typeName == "" {
		return "node of an unknown type"
	}
	return typeName
}

// cacheContext records a context so that creating its children needs no lookup.
func (c *Client) cacheContext(v nodeView) parent {
	p := parent{v.id, v.typeID, v.typeName, v.storedName()}
	c.contexts.add(v.id, p)
	return p
}

// An Option configures a [Client]. Both [New] and [Dial] take it.
type Option interface {
	DialOption
	applyClient(*clientConfig)
}

// A DialOption configures the connection that [Dial] makes. Every DialOption is a
// [RESTOption] too.
type DialOption interface {
	RESTOption
	applyDial(*dialConfig)
}

// clientConfig holds the options of a client.
type clientConfig struct {
	prefix string                             // replaces specPrefix in type names; empty keeps it
	hooks  map[typeKey]any                    // a *hooks[N] by type of the spec; nil if there are none
	begin  beginFunc                          // nil for none
	onSkew func(context.Context, *Skew) error // nil to log it
}

type clientOption func(*clientConfig)

func (f clientOption) applyClient(o *clientConfig) { f(o) }
func (f clientOption) applyDial(d *dialConfig)     { f(&d.client) }

type dialOption func(*dialConfig)

func (f dialOption) applyDial(d *dialConfig) { f(d) }

// A beginFunc is called when a method begins, and what it returns when it ends.
type beginFunc func(ctx context.Context, verb, entity string) (context.Context, func(error))

// WithCallObserver makes a client call begin when a method begins, and the
// function that it returns when the method ends, with its error. The method makes
// its requests with the context that begin returns. verb is upsert, create,
// replace, update, get, find or register, and entity such as ModelVersion; for
// register, which stores several entities, it is empty. UpsertAll and CreateAll
// begin a call for all values, and on a server one for each value within it.
// Queries are not observed. A later option replaces an earlier one.
func WithCallObserver(
	begin func(ctx context.Context, verb, entity string) (context.Context, func(error)),
) Option {
	return clientOption(func(o *clientConfig) { o.begin = begin })
}

// observe begins a call. The caller defers a function that calls end with the
// error: nothing is then allocated without an observer.
func (c *Client) observe(ctx context.Context, verb, entity string) (context.Context, observedCall) {
	if c.config.begin == nil {
		return ctx, observedCall{}
	}
	ctx, end := c.config.begin(ctx, verb, entity)
	return ctx, observedCall{end}
}

// An observedCall is a call that an observer may want to know the end of.
type observedCall struct{ f func(error) }

func (o observedCall) end(err error) {
	if o.f != nil {
		o.f(err)
	}
}

// WithTypePrefix makes the client use types whose names begin with prefix
// instead of "kf.". Stores created before 2024-02-26 have "odh." or "kfmr.".
// The types of a store are not renamed, and a client sees the entities of one
// prefix only.
func WithTypePrefix(prefix string) Option {
	return clientOption(func(o *clientConfig) { o.prefix = prefix })
}

// cacheSize is the minimum number of recent entries that a recentCache keeps.
const cacheSize = 8192

// A recentCache holds the entries that were added last: at least cacheSize, and
// fewer than twice as many. It has two generations; when the current one is
// full, the previous one is dropped. It is safe for concurrent use.
type recentCache[K comparable, V any] struct {
	mu        sync.Mutex
	cur, prev map[K]V
}

func (c *recentCache[K, V]) add(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cur == nil || len(c.cur) >= cacheSize {
		c.prev, c.cur = c.cur, make(map[K]V)
	}
	c.cur[k] = v
}

func (c *recentCache[K, V]) get(k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.cur[k]
	if !ok {
		v, ok = c.prev[k]
	}
	return v, ok
}

// remove deletes one entry.
func (c *recentCache[K, V]) remove(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.cur, k)
	delete(c.prev, k)
}

// reset deletes all entries.
func (c *recentCache[K, V]) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cur, c.prev = nil, nil
}

// A serverInfo describes the program that serves the store.
type serverInfo struct {
	isReference bool // the reference implementation of MLMD, in C++
	onMySQL     bool // isReference, and its database is MySQL
}

// detectServer returns which program serves the store. It is called only where
// the reference implementation behaves differently. It probes with reads, and
// keeps the first result.
func (c *Client) detectServer(ctx context.Context) (serverInfo, error) {
	if c.rest() != nil {
		return serverInfo{}, nil
	}
	select {
	case c.serverSem <- struct{}{}:
		defer func() { <-c.serverSem }()
	case <-ctx.Done():
		return serverInfo{}, status.FromContextError(ctx.Err()).Err()
	}
	if c.serverInfo != nil {
		return *c.serverInfo, nil
	}
	// The reference implementation does not have this RPC. This module's engine
	// does, and rejects the empty list.
	var s serverInfo
	_, err := c.rpc.GetChildrenContextsByContexts(ctx, &mlmdpb.GetChildrenContextsByContextsRequest{})
	switch status.Code(err) {
	case codes.OK, codes.InvalidArgument:
	case codes.Unimplemented:
		s.isReference = true
	default:
		return s, err
	}
	if s.isReference {
		// Of the databases that it supports, only MySQL has this function.
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
	c.serverInfo = &s
	return s, nil
}
