package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// specPrefix begins the names of the types in the spec.
const specPrefix = "kf."

// A typeKey is what tells types apart in one store.
type typeKey struct {
	kind mlmd.Kind
	name string
}

// props are the properties that a type declares.
type props map[string]mlmdpb.PropertyType

// A declaration is one type that a client writes nodes of.
type declaration struct {
	typeKey
	entity string
	props  props
}

// types is what a client knows of the types it writes.
type types struct {
	turn chan struct{} // held while types are registered

	mu       sync.Mutex
	declared []declaration // to be registered by the first write
	ids      map[typeKey]int64
	entities map[string]declaration // by type name
	clashes  map[typeKey]props      // properties that the store declares otherwise
}

// declares tells whether the properties of want are declared of the type.
func (t *types) declares(k typeKey, want mlmd.Fields) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.declared, func(d declaration) bool { return d.typeKey == k })
	return i >= 0 && want.DeclaredIn(t.declared[i].props)
}

// declare adds a type to those that the next write registers.
func (t *types) declare(d declaration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.entities == nil {
		t.entities = make(map[string]declaration)
	}
	t.entities[d.name] = d
	i := slices.IndexFunc(t.declared, func(o declaration) bool { return o.typeKey == d.typeKey })
	switch {
	case i < 0:
		t.declared = append(t.declared, d)
	case !t.declared[i].props.cover(d.props): // another version of the same spec
		both := maps.Clone(t.declared[i].props)
		maps.Copy(both, d.props)
		t.declared[i].props = both
		delete(t.ids, d.typeKey)
	}
}

// cover tells whether p has all of q.
func (p props) cover(q props) bool {
	for name, kind := range q {
		if p[name] != kind {
			return false
		}
	}
	return true
}

// entity returns what is declared of the type with this name, of any kind.
func (t *types) entity(typeName string) (declaration, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d, ok := t.entities[typeName]
	return d, ok
}

func (t *types) id(k typeKey) (int64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id, ok := t.ids[k]
	return id, ok
}

// forget makes the next write register all types again: the store below lost
// them.
func (t *types) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ids, t.clashes = nil, nil
}

// typeID returns the id of a type. The first call registers all that are
// declared by then, in one request, and later ones send nothing. Types that
// the store has keep what the spec does not name.
func (c *Client) typeID(ctx context.Context, k typeKey) (int64, error) {
	if id, ok := c.types.id(k); ok {
		return id, nil
	}
	select {
	case c.types.turn <- struct{}{}:
		defer func() { <-c.types.turn }()
	case <-ctx.Done():
		return 0, status.FromContextError(ctx.Err()).Err()
	}
	if id, ok := c.types.id(k); ok { // by who had the turn before
		return id, nil
	}
	c.types.mu.Lock()
	todo := slices.DeleteFunc(slices.Clone(c.types.declared), func(d declaration) bool {
		_, ok := c.types.ids[d.typeKey]
		return ok
	})
	c.types.mu.Unlock()

	ids, err := c.putTypes(ctx, todo)
	var clashes map[typeKey]props
	if status.Code(err) == codes.AlreadyExists { // with other kinds of properties: those stay as the store has them
		stored, serr := c.storedTypes(ctx)
		if serr != nil {
			return 0, serr
		}
		todo, clashes = withoutClashes(todo, stored)
		ids, err = c.putTypes(ctx, todo)
	}
	if err != nil {
		return 0, err
	}
	c.types.mu.Lock()
	defer c.types.mu.Unlock()
	if c.types.ids == nil {
		c.types.ids = make(map[typeKey]int64)
	}
	maps.Copy(c.types.ids, ids)
	if c.types.clashes == nil {
		c.types.clashes = make(map[typeKey]props)
	}
	maps.Copy(c.types.clashes, clashes)
	id, ok := c.types.ids[k]
	if !ok {
		return 0, fmt.Errorf("type %s was not declared", k.name)
	}
	return id, nil
}

// putTypes registers types and returns their ids.
func (c *Client) putTypes(ctx context.Context, ds []declaration) (map[typeKey]int64, error) {
	q := &mlmdpb.PutTypesRequest{CanAddFields: new(true), CanOmitFields: new(true)}
	keys := make(map[mlmd.Kind][]typeKey)
	for _, d := range ds {
		keys[d.kind] = append(keys[d.kind], d.typeKey)
		switch d.kind {
		case mlmd.Artifact:
			q.ArtifactTypes = append(q.ArtifactTypes, &mlmdpb.ArtifactType{Name: &d.name, Properties: d.props})
		case mlmd.Execution:
			q.ExecutionTypes = append(q.ExecutionTypes, &mlmdpb.ExecutionType{Name: &d.name, Properties: d.props})
		case mlmd.Context:
			q.ContextTypes = append(q.ContextTypes, &mlmdpb.ContextType{Name: &d.name, Properties: d.props})
		}
	}
	r, err := c.rpc.PutTypes(ctx, q)
	if err != nil {
		return nil, err
	}
	out := make(map[typeKey]int64, len(ds))
	for kind, ids := range map[mlmd.Kind][]int64{
		mlmd.Artifact: r.ArtifactTypeIds, mlmd.Execution: r.ExecutionTypeIds, mlmd.Context: r.ContextTypeIds,
	} {
		if len(ids) != len(keys[kind]) {
			return nil, status.Errorf(codes.Internal, "the store answered %d type ids where %d were due", len(ids), len(keys[kind]))
		}
		for i, k := range keys[kind] {
			out[k] = ids[i]
		}
	}
	return out, nil
}

// clash returns the property among used that the store declares otherwise,
// with its kind there.
func (t *types) clash(k typeKey, used map[string]*mlmdpb.Value) (name string, stored mlmdpb.PropertyType, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, stored := range t.clashes[k] {
		if _, ok := used[name]; ok {
			return name, stored, true
		}
	}
	return "", 0, false
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
	collect(out, mlmd.Artifact, at.ArtifactTypes)
	collect(out, mlmd.Execution, et.ExecutionTypes)
	collect(out, mlmd.Context, ct.ContextTypes)
	return out, nil
}

// collect adds the types without a version to out.
func collect[T interface {
	GetName() string
	GetVersion() string
	GetProperties() map[string]mlmdpb.PropertyType
}](out map[typeKey]props, k mlmd.Kind, types []T) {
	for _, t := range types {
		if t.GetVersion() == "" {
			out[typeKey{k, t.GetName()}] = t.GetProperties()
		}
	}
}

// withoutClashes returns the types without the properties that the store
// declares with another kind, and these with their kinds there.
func withoutClashes(ds []declaration, stored map[typeKey]props) ([]declaration, map[typeKey]props) {
	out := make([]declaration, 0, len(ds))
	clashes := make(map[typeKey]props)
	for _, d := range ds {
		keep, clash := make(props, len(d.props)), make(props)
		for name, kind := range d.props {
			if has, ok := stored[d.typeKey][name]; ok && has != kind {
				clash[name] = has
			} else {
				keep[name] = kind
			}
		}
		d.props = keep
		out = append(out, d)
		if len(clash) > 0 {
			clashes[d.typeKey] = clash
		}
	}
	return out, clashes
}
