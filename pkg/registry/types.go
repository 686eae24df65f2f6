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

// specPrefix begins the names of the types in the spec.
const specPrefix = "kf."

// A typeKey identifies a type within one store.
type typeKey struct {
	kind mlmd.Kind
	name string
}

// props are the properties that a type declares.
type props map[string]mlmdpb.PropertyType

// A storedType is what a client knows of a type in its store. It is never
// modified: a client that learns more replaces it.
type storedType struct {
	id     int64
	props  props
	readAt time.Time
}

// legacyTypeMaxAge is how long a client relies on what it has read of a type
// where the age of the program that owns the store matters. After that, the
// program may have been upgraded, or an older one may have come.
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

// types is what a client knows of the types in its store. A type is read, and
// registered where it is missing, by the first write of one of its nodes.
type types struct {
	sem chan struct{} // held while a type is read or registered

	mu       sync.Mutex
	stored   map[typeKey]*storedType
	entities map[string]string // the entity that a type's nodes are, by the type's name
}

// setEntity records which entity the nodes of a type are.
func (t *types) setEntity(typeName, entity string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.entities == nil {
		t.entities = make(map[string]string)
	}
	t.entities[typeName] = entity
}

// entity returns the entity that the nodes of a type of any kind are.
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

// reset makes the next write read its type again, because the store has lost
// them.
func (t *types) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stored = nil
}

// typeOf returns the type in the store. The first call for a type reads it, and
// registers it with the properties in spec if the store does not have it; later
// calls send nothing. A type that the store has is left as it is: see widen.
func (c *Client) typeOf(ctx context.Context, k typeKey, spec props) (*storedType, error) {
	if t := c.types.get(k); t != nil {
		return t, nil
	}
	return c.withTypeLock(ctx, k, func() (*storedType, error) {
		if t := c.types.get(k); t != nil { // read by who had the turn before
			return t, nil
		}
		t, err := c.readType(ctx, k)
		if status.Code(err) == codes.NotFound {
			return c.putType(ctx, k, spec)
		}
		return t, err
	})
}

// widen makes the type declare the properties in want, which it may have
// already. Programs that register their own version of the type each time they
// start, without can_omit_fields, cannot start any more once it has more
// properties than theirs. So a write asks only for what it cannot do without.
func (c *Client) widen(ctx context.Context, k typeKey, want props) (*storedType, error) {
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
		widened, err := c.putType(ctx, k, missing)
		if err != nil {
			return nil, err
		}
		maps.Copy(widened.props, t.props)
		return widened, nil
	})
}

// declaredNames answers which properties a stored type declares. It reads the
// type when it is first asked, unless the client has read it within
// [legacyTypeMaxAge]: a program of an earlier time may add its names to the type.
type declaredNames struct {
	client *Client
	typ    typeKey
	stored *storedType
	err    error // of reading the type; has reports false then
}

func (d *declaredNames) has(ctx context.Context, name string) bool {
	if d.stored == nil && d.err == nil {
		known := d.client.types.get(d.typ)
		if known == nil || known.isStale() {
			known, d.err = d.client.refreshType(ctx, d.typ, known)
		}
		if status.Code(d.err) == codes.NotFound { // then there are no entities
			known, d.err = new(storedType), nil
		}
		d.stored = known
	}
	return d.err == nil && d.stored.declares(name)
}

// refreshType returns the type as it is in the store now, instead of as it was when
// it was read for known.
func (c *Client) refreshType(ctx context.Context, k typeKey, known *storedType) (*storedType, error) {
	return c.withTypeLock(ctx, k, func() (*storedType, error) {
		if t := c.types.get(k); t != nil && t != known {
			return t, nil
		}
		return c.readType(ctx, k)
	})
}

// withTypeLock calls read while no other call for a type is under way, and remembers
// what it returns.
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

// putType registers a type, or adds the properties to the one that is there. If
// the store declares one of them with another kind, it returns the type as the
// store has it, with the other properties added.
func (c *Client) putType(ctx context.Context, k typeKey, want props) (*storedType, error) {
	id, err := c.sendType(ctx, k, want)
	if err == nil {
		return &storedType{id, maps.Clone(want), time.Now()}, nil
	}
	if status.Code(err) != codes.AlreadyExists { // with other kinds of properties
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

// sendType sends one request that registers or widens a type, and returns its
// id.
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

// readType returns a type as the store has it; of a type with versions, the one
// without a version. The error has the code NOT_FOUND if there is none.
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

// A typeMessage is one of the three messages for types.
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

// storedTypes returns the types in the store; of a type with versions, the one
// without a version.
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

// addTypes adds the types without a version to out.
func addTypes[T typeMessage](out map[typeKey]props, k mlmd.Kind, types []T) {
	for _, t := range types {
		if t.GetVersion() == "" {
			out[typeKey{k, t.GetName()}] = t.GetProperties()
		}
	}
}
