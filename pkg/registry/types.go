package registry

import (
	"context"
	"maps"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// specPrefix is the prefix of type names in the spec. See [WithTypePrefix].
const specPrefix = "kf."

// A typeKey identifies a type within one store.
type typeKey struct {
	kind mlmd.Kind
	name string
}

// props holds the properties that a type declares.
type props map[string]mlmdpb.PropertyType

// A storedType is a type as the store had it when it was read. It is immutable.
type storedType struct {
	id     int64
	props  props
	readAt time.Time
}

// legacyTypeMaxAge limits how long the client relies on a cached type to tell
// whether older programs use the store: they may be upgraded, or started, later.
const legacyTypeMaxAge = time.Minute

// isStale reports whether the type was read more than [legacyTypeMaxAge] ago.
func (t *storedType) isStale() bool { return time.Since(t.readAt) > legacyTypeMaxAge }

// declares reports whether the type has a property with the given name.
func (t *storedType) declares(name string) bool {
	_, ok := t.props[name]
	return ok
}

// missing returns those of want that the type does not declare.
func (t *storedType) missing(want props) props {
	missing := make(props)
	for name, kind := range want {
		if !t.declares(name) {
			missing[name] = kind
		}
	}
	return missing
}

// types caches the types of a client's store. The first write of a node reads its
// type, and registers it if the store does not have it.
type types struct {
	sem chan struct{} // held while a type is read or registered

	mu       sync.Mutex
	stored   map[typeKey]*storedType
	entities map[string]string // by type name
}

// setEntity records the name of the entity that is stored with a type.
func (t *types) setEntity(typeName, entity string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.entities == nil {
		t.entities = make(map[string]string)
	}
	t.entities[typeName] = entity
}

// entity returns the name of the entity that is stored with a type.
func (t *types) entity(typeName string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	entity, ok := t.entities[typeName]
	return entity, ok
}

func (t *types) get(k typeKey) *storedType {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stored[k]
}

func (t *types) set(k typeKey, st *storedType) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stored == nil {
		t.stored = make(map[typeKey]*storedType)
	}
	t.stored[k] = st
}

// addFrom adds the types that other has cached and the entities that it knows.
func (t *types) addFrom(other *types) {
	other.mu.Lock()
	stored, entities := maps.Clone(other.stored), maps.Clone(other.entities)
	other.mu.Unlock()
	for name, entity := range entities {
		t.setEntity(name, entity)
	}
	for k, st := range stored {
		t.set(k, st)
	}
}

// reset drops all cached types, because the store no longer has them.
func (t *types) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stored = nil
}

// typeOf returns the type as the store has it. The first call for a type reads
// it, and registers it with the properties in spec if the store does not have it.
// Later calls return the cached type. A type that the store has is not changed;
// see extendType.
func (c *Client) typeOf(ctx context.Context, k typeKey, spec props) (*storedType, error) {
	if t := c.types.get(k); t != nil {
		return t, nil
	}
	return c.withTypeLock(ctx, k, func() (*storedType, error) {
		if t := c.types.get(k); t != nil { // read by another call in the meantime
			return t, nil
		}
		t, err := c.readType(ctx, k)
		if status.Code(err) == codes.NotFound {
			return c.putType(ctx, k, spec)
		}
		return t, err
	})
}

// knownType is typeOf except that it returns nil if the store does not have the
// type.
func (c *Client) knownType(ctx context.Context, k typeKey) (*storedType, error) {
	if t := c.types.get(k); t != nil {
		return t, nil
	}
	t, err := c.withTypeLock(ctx, k, func() (*storedType, error) { return c.readType(ctx, k) })
	if status.Code(err) == codes.NotFound {
		return nil, nil
	}
	return t, err
}

// extendType adds those of the properties in want that the type does not declare.
// Callers must ask only for properties that they need: a program that registers
// its own version of the type at each start, without can_omit_fields, fails to
// start once the type has more properties than that version.
func (c *Client) extendType(ctx context.Context, k typeKey, want props) (*storedType, error) {
	return c.withTypeLock(ctx, k, func() (*storedType, error) {
		t := c.types.get(k)
		if t == nil {
			var err error
			if t, err = c.readType(ctx, k); status.Code(err) == codes.NotFound {
				return c.putType(ctx, k, want)
			} else if err != nil {
				return nil, err
			}
		}
		missing := t.missing(want)
		if len(missing) == 0 {
			return t, nil
		}
		extended, err := c.putType(ctx, k, missing)
		if err != nil {
			return nil, err
		}
		maps.Copy(extended.props, t.props)
		return extended, nil
	})
}

// declaredNames reports which properties a stored type declares. The first call
// reads the type unless the cached one is fresh, because an older program may add
// legacy names at any time.
type declaredNames struct {
	client *Client
	typ    typeKey
	stored *storedType
	err    error // if not nil, has reports false
}

func (d *declaredNames) has(ctx context.Context, name string) bool {
	if d.stored == nil && d.err == nil {
		known := d.client.types.get(d.typ)
		if known == nil || known.isStale() {
			known, d.err = d.client.refreshType(ctx, d.typ, known)
		}
		if status.Code(d.err) == codes.NotFound { // the store has no such entities
			known, d.err = new(storedType), nil
		}
		d.stored = known
	}
	return d.err == nil && d.stored.declares(name)
}

// refreshType reads the type again, unless another call has replaced the cached
// type known in the meantime.
func (c *Client) refreshType(ctx context.Context, k typeKey, known *storedType) (*storedType, error) {
	return c.withTypeLock(ctx, k, func() (*storedType, error) {
		if t := c.types.get(k); t != nil && t != known {
			return t, nil
		}
		return c.readType(ctx, k)
	})
}

// withTypeLock calls read while no other call reads or registers types, and
// caches the result.
func (c *Client) withTypeLock(ctx context.Context, k typeKey, read func() (*storedType, error)) (*storedType, error) {
	select {
	case c.types.sem <- struct{}{}:
		defer func() { <-c.types.sem }()
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	t, err := read()
	if err != nil {
		return nil, err
	}
	c.types.set(k, t)
	return t, nil
}

// putType registers the type, or adds the properties to the stored one. If the
// store declares some of them with other types, putType adds the others only.
func (c *Client) putType(ctx context.Context, k typeKey, want props) (*storedType, error) {
	id, err := c.sendType(ctx, k, want)
	if err == nil {
		return &storedType{id, maps.Clone(want), time.Now()}, nil
	}
	if status.Code(err) != codes.AlreadyExists { // declared with other types
		return nil, err
	}
	t, err := c.readType(ctx, k)
	if err != nil {
		return nil, err
	}
	missing := t.missing(want)
	if len(missing) == 0 {
		return t, nil
	}
	if _, err := c.sendType(ctx, k, missing); err != nil {
		return nil, err
	}
	maps.Copy(missing, t.props)
	return &storedType{t.id, missing, t.readAt}, nil
}

// sendType makes the RPC that registers or extends a type, and returns its ID.
func (c *Client) sendType(ctx context.Context, k typeKey, want props) (int64, error) {
	q := &mlmdpb.PutTypesRequest{CanAddFields: new(true), CanOmitFields: new(true)}
	switch k.kind {
	case mlmd.Artifact:
		q.ArtifactTypes = []*mlmdpb.ArtifactType{{Name: &k.name, Properties: want}}
	case mlmd.Execution:
		q.ExecutionTypes = []*mlmdpb.ExecutionType{{Name: &k.name, Properties: want}}
	case mlmd.Context:
		q.ContextTypes = []*mlmdpb.ContextType{{Name: &k.name, Properties: want}}
	}
	r, err := c.rpc.PutTypes(ctx, q)
	if err != nil {
		return 0, err
	}
	return onlyID(append(append(r.ArtifactTypeIds, r.ExecutionTypeIds...), r.ContextTypeIds...), nil)
}

// readType reads the type without a version. The error has the code NOT_FOUND if
// the store does not have it.
func (c *Client) readType(ctx context.Context, k typeKey) (*storedType, error) {
	switch k.kind {
	case mlmd.Artifact:
		r, err := c.rpc.GetArtifactType(ctx, &mlmdpb.GetArtifactTypeRequest{TypeName: &k.name})
		return toStoredType(r.GetArtifactType(), err)
	case mlmd.Execution:
		r, err := c.rpc.GetExecutionType(ctx, &mlmdpb.GetExecutionTypeRequest{TypeName: &k.name})
		return toStoredType(r.GetExecutionType(), err)
	default:
		r, err := c.rpc.GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: &k.name})
		return toStoredType(r.GetContextType(), err)
	}
}

// A typeMessage is an artifact type, an execution type or a context type.
type typeMessage interface {
	GetId() int64
	GetName() string
	GetVersion() string
	GetProperties() map[string]mlmdpb.PropertyType
}

func toStoredType(t typeMessage, err error) (*storedType, error) {
	if err != nil {
		return nil, err
	}
	return &storedType{t.GetId(), t.GetProperties(), time.Now()}, nil
}

// storedTypes returns the properties of all types in the store that have no
// version.
func (c *Client) storedTypes(ctx context.Context) (map[typeKey]props, error) {
	at, err := c.rpc.GetArtifactTypes(ctx, &mlmdpb.GetArtifactTypesRequest{})
	if err != nil {
		return nil, err
	}
	et, err := c.rpc.GetExecutionTypes(ctx, &mlmdpb.GetExecutionTypesRequest{})
	if err != nil {
		return nil, err
	}
	ct, err := c.rpc.GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{})
	if err != nil {
		return nil, err
	}
	out := make(map[typeKey]props)
	addTypes(out, mlmd.Artifact, at.ArtifactTypes)
	addTypes(out, mlmd.Execution, et.ExecutionTypes)
	addTypes(out, mlmd.Context, ct.ContextTypes)
	return out, nil
}

// addTypes adds the types that have no version to out.
func addTypes[T typeMessage](out map[typeKey]props, k mlmd.Kind, types []T) {
	for _, t := range types {
		if t.GetVersion() == "" {
			out[typeKey{k, t.GetName()}] = t.GetProperties()
		}
	}
}
