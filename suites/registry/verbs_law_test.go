package registry_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

// The law: after any sequence of verbs, with any of their options, the registry
// holds what a Go map holds after the same changes, and each call returned what
// the map predicts.

// A doc is an entity of any kind. Nil is unset.
type doc struct {
	entity, id, parent, name     string
	external, description, state *string
	custom                       value.Map
}

// A rec is a stored doc.
type rec struct {
	doc
	writes int // that changed it
}

// A world is what the registry should hold, by key.
type world map[string]*rec

// key returns the ID with the kind of the node, since artifacts and contexts have
// IDs of their own.
func key(entity, id string) string {
	if entity == "ModelArtifact" {
		return "artifact " + id
	}
	return id
}

func (w world) clone() world {
	out := make(world, len(w))
	for id, r := range w {
		out[id] = new(*r)
		out[id].custom = maps.Clone(r.custom)
	}
	return out
}

// keys returns the keys of the records of an entity, or of all for "", in the order
// of their names.
func (w world) keys(entity string) []string {
	var out []string
	for id, r := range w {
		if entity == "" || r.entity == entity {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		return strings.Compare(w.path(a), w.path(b))
	})
	return out
}

// path returns what identifies a record whatever its ID.
func (w world) path(id string) string {
	r := w[id]
	if r == nil {
		return ""
	}
	return w.path(r.parent) + "/" + r.entity + " " + r.name
}

// options are those of one write.
type options struct {
	clearDescription bool
	clearCustom      string
	onCreate         *string // the description of a new entity
	read             any     // the value of IfUnchanged
	readWrites       int     // the writes of the record when it was read
}

// predict returns the effect of a write of d: the record as it will be and what
// changes. The ID of a new one is empty.
func (w world) predict(by string, d doc, o options) (*rec, []string, error) {
	switch {
	case by == "create" && d.id != "",
		d.id == "" && d.entity == "ModelVersion" && d.parent == "":
		return nil, nil, registry.ErrInvalidArgument
	case o.clearDescription && (d.description != nil || d.id == "" && o.onCreate != nil):
		return nil, nil, registry.ErrInvalidArgument
	case d.id == "" && d.parent != "" && w[d.parent] == nil:
		return nil, nil, registry.ErrNotFound
	}
	if _, set := d.custom[o.clearCustom]; set {
		return nil, nil, registry.ErrInvalidArgument
	}
	var stored *rec
	if d.id != "" {
		if stored = w[key(d.entity, d.id)]; stored == nil || stored.entity != d.entity {
			return nil, nil, registry.ErrNotFound
		}
	} else {
		for _, r := range w {
			if r.entity == d.entity && r.parent == d.parent && r.name == d.name {
				stored = r
			}
		}
	}
	if stored != nil && by == "create" {
		return nil, nil, registry.ErrAlreadyExists
	}
	if stored != nil && o.read != nil && o.readWrites != stored.writes {
		return nil, nil, registry.ErrConflict
	}
	if stored != nil && d.name != "" && d.name != stored.name {
		return nil, nil, registry.ErrInvalidArgument
	}
	next := &rec{doc: d}
	next.custom = maps.Clone(d.custom)
	switch {
	case stored == nil:
		if o.onCreate != nil {
			next.description = o.onCreate
		}
	case by == "upsert":
		next.doc = stored.doc
		next.custom = maps.Clone(stored.custom)
		if next.custom == nil {
			next.custom = value.Map{}
		}
		maps.Copy(next.custom, d.custom)
		delete(next.custom, o.clearCustom)
		for _, f := range []struct{ to, from **string }{
			{&next.external, &d.external}, {&next.description, &d.description}, {&next.state, &d.state},
		} {
			if *f.from != nil {
				*f.to = *f.from
			}
		}
		if o.clearDescription {
			next.description = nil
		}
	}
	if next.state == nil && d.entity != "ModelArtifact" {
		next.state = new("LIVE")
	}
	if stored != nil {
		next.id, next.name, next.parent, next.writes = stored.id, stored.name, stored.parent, stored.writes
	}
	return w.changed(stored, next)
}

// changed returns next with its changes from what is stored, if its external ID is
// free.
func (w world) changed(stored, next *rec) (*rec, []string, error) {
	for _, r := range w {
		if next.external != nil && r.external != nil && *r.external == *next.external && r.id != next.id &&
			(r.entity == "ModelArtifact") == (next.entity == "ModelArtifact") {
			return nil, nil, registry.ErrAlreadyExists
		}
	}
	if stored == nil {
		return next, nil, nil
	}
	var paths []string
	for name, f := range map[string][2]*string{
		"externalId": {stored.external, next.external}, "description": {stored.description, next.description},
		"state": {stored.state, next.state},
	} {
		if (f[0] == nil) != (f[1] == nil) || f[0] != nil && *f[0] != *f[1] {
			paths = append(paths, name)
		}
	}
	for _, name := range lawKeys {
		was, before := stored.custom[name]
		is, after := next.custom[name]
		if before != after || was != is {
			paths = append(paths, "customProperties."+name)
		}
	}
	slices.Sort(paths)
	if len(paths) > 0 {
		next.writes++
	}
	return next, paths, nil
}

var (
	lawKeys  = []string{"a", "b"}
	lawNames = []string{"x", "y", "1: z"}
)

// A lawKind has the verbs of one entity.
type lawKind struct {
	write    func(ctx context.Context, reg *client, by string, d *doc, o options) (result, error)
	update   func(ctx context.Context, reg *client, id string, f func(*doc) error) (result, error)
	all      func(ctx context.Context, reg *client, by string, ds []*doc) ([]result, error)
	setState func(ctx context.Context, reg *client, id, state string, o options) (result, error)
	entity   func(reg *client, d *doc) (arg any, done func())
	get      func(ctx context.Context, reg *client, id string) (doc, any, error)
	list     func(ctx context.Context, reg *client) ([]doc, error)
	find     func(ctx context.Context, reg *client, externalID string) (doc, error)
}

type (
	client = registry.Client
	result = registry.Result
)

var lawKinds = map[string]lawKind{
	"RegisteredModel": lawKindOf(aRegisteredModel,
		func(v *model.RegisteredModel) **model.RegisteredModelState { return &v.State },
		registry.RegisteredModels.Archive, registry.RegisteredModels.Restore, (*client).RegisteredModels),
	"ModelVersion": lawKindOf(aModelVersion, func(v *model.ModelVersion) **model.ModelVersionState { return &v.State },
		registry.ModelVersions.Archive, registry.ModelVersions.Restore, (*client).ModelVersions),
	"ModelArtifact": lawKindOf[model.ModelArtifact, *mlmdpb.Artifact, model.ArtifactState, any](
		aModelArtifact, nil, nil, nil, nil),
}

func lawKindOf[T any, N mlmd.Node, S ~string, C any](
	s sample[T, N], state func(*T) **S,
	archive, restore func(C, context.Context, string, ...registry.WriteOption[T]) (result, error),
	facade func(*client) C,
) lawKind {
	on := func(reg *client) *registry.Collection[T, N] { return registry.NewCollection(reg, s.mapping) }
	encode := func(d *doc) *T {
		v := new(T)
		s.mapping.SetID(v, d.id)
		if d.parent != "" {
			s.mapping.SetParentID(v, d.parent)
		}
		*s.name(v), *s.externalID(v), *s.description(v) = d.name, d.external, d.description
		*s.custom(v) = maps.Clone(d.custom)
		if state != nil && d.state != nil {
			*state(v) = new(S(*d.state))
		}
		return v
	}
	decode := func(v *T) doc {
		i := s.mapping.Ident(v)
		d := doc{
			entity: s.mapping.Entity, id: i.ID, parent: i.ParentID, name: *s.name(v), external: *s.externalID(v),
			description: *s.description(v), custom: *s.custom(v),
		}
		if state != nil && *state(v) != nil {
			d.state = new(string(**state(v)))
		}
		return d
	}
	guard := func(o options) []registry.WriteOption[T] {
		if o.read == nil {
			return nil
		}
		return []registry.WriteOption[T]{registry.IfUnchanged(o.read.(*T))}
	}
	k := lawKind{
		write: func(ctx context.Context, reg *client, by string, d *doc, o options) (result, error) {
			v := encode(d)
			defer func() { d.id = s.mapping.Ident(v).ID }()
			switch by {
			case "create":
				return on(reg).Create(ctx, v)
			case "replace":
				return on(reg).Replace(ctx, v, guard(o)...)
			}
			var opts []registry.UpsertOption[T]
			for _, opt := range guard(o) {
				opts = append(opts, opt)
			}
			if o.clearDescription {
				opts = append(opts, registry.Clear(s.clear))
			}
			if o.clearCustom != "" {
				var symbols filter.CustomSymbols[*T]
				opts = append(opts, registry.Clear[T](symbols.Custom(o.clearCustom)))
			}
			if o.onCreate != nil {
				opts = append(opts, registry.OnCreate(func(v *T) { *s.description(v) = o.onCreate }))
			}
			return on(reg).Upsert(ctx, v, opts...)
		},
		update: func(ctx context.Context, reg *client, id string, f func(*doc) error) (result, error) {
			return on(reg).Update(ctx, id, func(v *T) error {
				d := decode(v)
				err := f(&d)
				*s.externalID(v), *s.description(v), *s.custom(v) = d.external, d.description, d.custom
				return err
			})
		},
		all: func(ctx context.Context, reg *client, by string, ds []*doc) ([]result, error) {
			var vs []*T
			for _, d := range ds {
				vs = append(vs, encode(d))
			}
			defer func() {
				for i, v := range vs {
					ds[i].id = s.mapping.Ident(v).ID
				}
			}()
			if by == "create" {
				return on(reg).CreateAll(ctx, vs)
			}
			return on(reg).UpsertAll(ctx, vs)
		},
		entity: func(reg *client, d *doc) (any, func()) {
			v := encode(d)
			return on(reg).Entity(v), func() {
				i := s.mapping.Ident(v)
				d.id, d.parent = i.ID, i.ParentID
			}
		},
		get: func(ctx context.Context, reg *client, id string) (doc, any, error) {
			v, err := on(reg).Get(ctx, id)
			if err != nil {
				return doc{}, nil, err
			}
			return decode(v), v, nil
		},
		list: func(ctx context.Context, reg *client) (out []doc, _ error) {
			all, err := on(reg).Query().Collect(ctx)
			for _, v := range all {
				out = append(out, decode(v))
			}
			return out, err
		},
		find: func(ctx context.Context, reg *client, id string) (doc, error) {
			v, err := on(reg).FindByExternalID(ctx, id)
			if err != nil {
				return doc{}, err
			}
			return decode(v), nil
		},
	}
	if facade != nil {
		k.setState = func(ctx context.Context, reg *client, id, state string, o options) (result, error) {
			if state == "LIVE" {
				return restore(facade(reg), ctx, id, guard(o)...)
			}
			return archive(facade(reg), ctx, id, guard(o)...)
		}
	}
	return k
}

// A player makes random calls and predicts them.
type player struct {
	*choice
	rpc       mlmdpb.MetadataStoreServiceClient
	prefix    string // of types and external IDs
	reference bool   // whose update times are too coarse for IfUnchanged
	shared    bool   // the store has entities of others
	reg       *client
	tx        bool // reg is in a transaction
	world     world
	read      map[string]readDoc
	log       []string
}

// A readDoc is what was read of an entity at some time.
type readDoc struct {
	doc
	value  any
	writes int
}

func (p *player) renew() { p.reg = registry.New(p.rpc, registry.WithTypePrefix(p.prefix)) }

func (p *player) pick(of ...string) string { return of[p.of(len(of))] }

func (p *player) maybe(of ...string) *string {
	if p.of(2) == 0 {
		return nil
	}
	return new(p.pick(of...))
}

func (p *player) external() *string {
	if p.of(3) > 0 {
		return nil
	}
	return new(p.prefix + p.pick("e1", "e2", "e3"))
}

func (p *player) customs() value.Map {
	if p.of(3) == 0 {
		return nil
	}
	out := value.Map{}
	for _, name := range lawKeys {
		switch p.of(6) {
		case 0:
			out[name] = value.Int(0)
		case 1:
			out[name] = value.String(p.pick("", "5", "é"))
		case 2:
			out[name] = value.Double(2)
		case 3:
			out[name] = value.Bool(false)
		}
	}
	return out
}

// doc returns a random value to write: by name, or by ID if that is known.
func (p *player) doc(entity string) doc {
	d := doc{
		entity: entity, name: p.pick(lawNames...), external: p.external(), description: p.maybe("", "d", "e"),
		custom: p.customs(),
	}
	if entity == "RegisteredModel" {
		d.name = p.pick("m", "n")
	} else if above := p.world.keys(parents[entity]); len(above) > 0 {
		d.parent = above[p.of(len(above))]
	} else if entity == "ModelArtifact" { // its parent is optional, but then its name does not identify it
		d.parent = "987654"
	}
	if entity != "ModelArtifact" {
		d.state = p.maybe("LIVE", "ARCHIVED")
	}
	if same := p.world.keys(entity); len(same) > 0 && p.of(4) == 0 {
		r := p.world[same[p.of(len(same))]]
		d.id, d.name, d.parent = r.id, r.name, r.parent
		if p.of(3) == 0 {
			d.name = p.pick(lawNames...)
		}
	}
	return d
}

func (p *player) anyEntity() string {
	return p.pick("RegisteredModel", "ModelVersion", "ModelArtifact")
}

// errStop is the error of functions that give up.
var errStop = errors.New("stop")

// step makes one call, and returns an error if the call did not do what the world
// predicts.
func (p *player) step(ctx context.Context) error {
	entity := p.anyEntity()
	k := lawKinds[entity]
	switch p.of(10) {
	case 0, 1, 2:
		return p.write(ctx, p.pick("upsert", "create", "replace"), p.doc(entity), options{})
	case 3:
		o := options{onCreate: p.maybe("c"), clearDescription: p.of(2) == 0}
		if p.of(2) == 0 {
			o.clearCustom = p.pick(lawKeys...)
		}
		return p.write(ctx, "upsert", p.doc(entity), o)
	case 4:
		return p.guarded(ctx)
	case 5:
		return p.update(ctx, entity)
	case 6:
		ids := p.world.keys(entity)
		if k.setState == nil || len(ids) == 0 {
			return nil
		}
		return p.state(ctx, ids[p.of(len(ids))], p.pick("LIVE", "ARCHIVED"), options{})
	case 7:
		return p.batch(ctx, entity)
	case 8:
		return p.register(ctx)
	}
	if !p.tx {
		return p.transaction(ctx)
	}
	return nil
}

func (p *player) note(format string, args ...any) {
	p.log = append(p.log, fmt.Sprintf(format, args...))
}

func (d doc) String() string {
	s := func(p *string) string {
		if p == nil {
			return "-"
		}
		return fmt.Sprintf("%q", *p)
	}
	return fmt.Sprintf("%s id=%s parent=%s name=%q external=%s description=%s state=%s %v",
		d.entity, d.id, d.parent, d.name, s(d.external), s(d.description), s(d.state), d.custom)
}

func (p *player) write(ctx context.Context, by string, d doc, o options) error {
	want, paths, wantErr := p.world.predict(by, d, o)
	p.note("%s %v %+v", by, d, o)
	res, err := lawKinds[d.entity].write(ctx, p.reg, by, &d, o)
	if err := p.expect(want, paths, wantErr, res, err); err != nil || wantErr != nil {
		return err
	}
	if d.id != res.ID {
		return fmt.Errorf("the value has the ID %q, the result %q", d.id, res.ID)
	}
	return nil
}

// expect compares what a call returned with the prediction, and applies it.
func (p *player) expect(want *rec, paths []string, wantErr error, res result, err error) error {
	if !errors.Is(err, wantErr) || wantErr == nil && err != nil {
		return fmt.Errorf("got error %v, want %v", err, wantErr)
	}
	if wantErr != nil {
		return nil
	}
	outcome := registry.Created
	switch {
	case want.id != "" && len(paths) > 0:
		outcome = registry.Updated
	case want.id != "":
		outcome = registry.Unchanged
	}
	changed := slices.Sorted(slices.Values(res.Changed))
	if res.Outcome != outcome || !slices.Equal(changed, paths) || want.id != "" && res.ID != want.id ||
		want.id == "" && (res.ID == "" || p.world[key(want.entity, res.ID)] != nil) {
		return fmt.Errorf("got %v %v of %s, want %v %v of %s", res.Outcome, changed, res.ID, outcome, paths, want.id)
	}
	p.apply(want, res.ID)
	return nil
}

func (p *player) apply(want *rec, id string) {
	want.id = id
	p.world[key(want.entity, id)] = want
}

// guarded writes what was read now, or at some time before.
func (p *player) guarded(ctx context.Context) error {
	ids := p.world.keys("")
	if p.reference || len(ids) == 0 {
		return nil
	}
	id := ids[p.of(len(ids))]
	r := p.world[id]
	k := lawKinds[r.entity]
	was, ok := p.read[id]
	if !ok || p.of(2) == 0 {
		d, v, err := k.get(ctx, p.reg, r.id)
		if err != nil {
			return err
		}
		was = readDoc{d, v, r.writes}
		if !p.tx {
			p.read[id] = was
		}
	}
	o := options{read: was.value, readWrites: was.writes}
	if k.setState != nil && p.of(3) == 0 {
		return p.state(ctx, id, p.pick("LIVE", "ARCHIVED"), o)
	}
	d := was.doc
	d.custom = maps.Clone(d.custom)
	if p.of(2) == 0 {
		d.description = p.maybe("", "d", "e")
	}
	return p.write(ctx, p.pick("upsert", "replace"), d, o)
}

func (p *player) update(ctx context.Context, entity string) error {
	ids := p.world.keys(entity)
	if len(ids) == 0 {
		return nil
	}
	r := p.world[ids[p.of(len(ids))]]
	next := &rec{doc: r.doc, writes: r.writes}
	next.custom = maps.Clone(r.custom)
	if p.of(2) == 0 {
		next.description = p.maybe("", "d", "e")
	}
	if p.of(2) == 0 {
		next.custom = p.customs()
	}
	if p.of(3) == 0 {
		next.external = p.external()
	}
	want, paths, wantErr := p.world.changed(r, next)
	stop := p.of(5) == 0
	if stop {
		wantErr = errStop
	}
	p.note("update to %v, stop %v", next.doc, stop)
	res, err := lawKinds[entity].update(ctx, p.reg, r.id, func(d *doc) error {
		d.description, d.external, d.custom = next.description, next.external, maps.Clone(next.custom)
		if stop {
			return errStop
		}
		return nil
	})
	return p.expect(want, paths, wantErr, res, err)
}

func (p *player) state(ctx context.Context, id, state string, o options) error {
	r := p.world[id]
	next := &rec{doc: r.doc, writes: r.writes}
	next.state = new(state)
	want, paths, wantErr := p.world.changed(r, next)
	if o.read != nil && o.readWrites != r.writes {
		wantErr = registry.ErrConflict
	}
	p.note("set the state of %v to %s, %+v", r.doc, state, o)
	res, err := lawKinds[r.entity].setState(ctx, p.reg, r.id, state, o)
	return p.expect(want, paths, wantErr, res, err)
}

func (p *player) batch(ctx context.Context, entity string) error {
	by := p.pick("upsert", "create")
	ds := make([]*doc, p.of(6))
	for i := range ds {
		ds[i] = new(p.doc(entity))
		if by == "create" && p.of(8) > 0 {
			ds[i].id = ""
		}
		if p.of(2) == 0 { // likely new
			ds[i].id, ds[i].name, ds[i].external = "", fmt.Sprint("n", p.of(200)), nil
		}
	}
	p.note("%s all %v", by, ds)
	return p.many(by, ds, func() ([]result, error) { return lawKinds[entity].all(ctx, p.reg, by, ds) })
}

func (p *player) register(ctx context.Context) error {
	var ds []*doc
	var args []any
	var done []func()
	for range p.of(6) {
		d := new(p.doc(p.anyEntity()))
		below := func(of *doc) bool { return of.entity == parents[d.entity] }
		if p.of(3) > 0 && (d.entity != "ModelArtifact" || slices.ContainsFunc(ds, below)) {
			d.id, d.parent = "", ""
		}
		arg, end := lawKinds[d.entity].entity(p.reg, d)
		ds, args, done = append(ds, d), append(args, arg), append(done, end)
	}
	p.note("register %v", ds)
	return p.many("register", ds, func() ([]result, error) {
		defer func() {
			for _, end := range done {
				end()
			}
		}()
		return p.reg.Register(ctx, args...)
	})
}

// many predicts a call that writes several values, and sets their IDs.
func (p *player) many(by string, ds []*doc, call func() ([]result, error)) error {
	before := make([]doc, len(ds))
	for i, d := range ds {
		before[i] = *d
	}
	world := p.world.clone()
	results, err := call()
	last := map[string]string{}
	for i, d := range before {
		verb := by
		if by == "register" {
			verb = "upsert"
			if d.id == "" && d.parent == "" && parents[d.entity] != "" {
				d.parent = last[parents[d.entity]]
			}
		}
		want, paths, wantErr := p.world.predict(verb, d, options{})
		if wantErr != nil {
			if !errors.Is(err, wantErr) {
				return fmt.Errorf("value %d: got error %v, want %v", i+1, err, wantErr)
			}
			if !p.embedded() {
				if len(results) != i {
					return fmt.Errorf("got %d results before an error of value %d", len(results), i+1)
				}
				return nil
			}
			p.world = world
			if len(results) > 0 {
				return fmt.Errorf("got %d results of a transaction that failed", len(results))
			}
			for j := range ds {
				if ds[j].id != before[j].id || by == "register" && ds[j].parent != before[j].parent {
					return fmt.Errorf("value %d of a failed transaction is %v, was %v", j+1, ds[j], before[j])
				}
			}
			return nil
		}
		id := fmt.Sprint("new ", i) // of a transaction that fails later
		if want.id != "" {
			id = want.id
		}
		if i < len(results) {
			if err := p.expect(want, paths, nil, results[i], nil); err != nil {
				return fmt.Errorf("value %d: %w", i+1, err)
			}
			if id = results[i].ID; ds[i].id != id {
				return fmt.Errorf("value %d has the ID %q, its result %q", i+1, ds[i].id, id)
			}
		} else if err == nil {
			return fmt.Errorf("no result of value %d", i+1)
		} else {
			p.apply(want, id)
		}
		last[d.entity] = id
	}
	if err != nil || len(results) != len(ds) {
		return fmt.Errorf("got %d results of %d, error %v", len(results), len(ds), err)
	}
	return nil
}

func (p *player) embedded() bool {
	_, ok := p.rpc.(transactor)
	return ok
}

// transaction makes several calls in one, and stores them or not.
func (p *player) transaction(ctx context.Context) (failed error) {
	outer, before := p.reg, p.world.clone()
	end := p.pick("commit", "commit", "fail", "panic")
	p.note("begin")
	defer func() {
		p.note("end: %s", end)
		p.reg, p.tx = outer, false
		if end != "commit" {
			p.world = before
		}
		if r := recover(); r != nil && r != any("stop") {
			panic(r)
		}
	}()
	err := outer.Tx(ctx, func(tx *client) error {
		p.reg, p.tx = tx, true
		for range 1 + p.of(5) {
			if err := p.step(ctx); err != nil {
				failed = fmt.Errorf("in a transaction: %w", err)
				return failed
			}
			if failed = p.check(ctx); failed != nil {
				return failed
			}
		}
		switch end {
		case "fail":
			return errStop
		case "panic":
			panic("stop")
		}
		return nil
	})
	switch {
	case failed != nil:
		return failed
	case !p.embedded() && errors.Is(err, registry.ErrUnsupported):
		end = "unsupported"
		return nil
	case end == "fail" && err == errStop, end == "commit" && err == nil:
		return nil
	}
	return fmt.Errorf("the transaction returned %v", err)
}

// check compares every entity with the world.
func (p *player) check(ctx context.Context) error {
	for _, r := range p.world {
		got, _, err := lawKinds[r.entity].get(ctx, p.reg, r.id)
		if err != nil {
			return err
		}
		if err := same(got, r.doc); err != nil {
			return err
		}
	}
	return nil
}

func same(got, want doc) error {
	if want.entity == "ModelArtifact" {
		got.state = nil
	}
	if got.String() != want.String() && !(len(got.custom)+len(want.custom) == 0 &&
		strings.HasPrefix(got.String(), strings.TrimSuffix(want.String(), "map[]"))) {
		return fmt.Errorf("stored: %v\nwant:   %v", got, want)
	}
	return nil
}

// checkLists compares what is listed and found with the world.
func (p *player) checkLists(ctx context.Context) error {
	for entity, k := range lawKinds {
		all, err := k.list(ctx, p.reg)
		if err != nil {
			return err
		}
		if p.shared {
			all = slices.DeleteFunc(all, func(d doc) bool { return p.world[key(d.entity, d.id)] == nil })
		}
		if len(all) != len(p.world.keys(entity)) {
			return fmt.Errorf("%d of %s are listed, want %d", len(all), entity, len(p.world.keys(entity)))
		}
		for _, d := range all {
			r := p.world[key(d.entity, d.id)]
			if r == nil {
				return fmt.Errorf("%v is listed", d)
			}
			if err := same(d, r.doc); err != nil {
				return fmt.Errorf("in the list: %w", err)
			}
			if d.external == nil {
				continue
			}
			found, err := k.find(ctx, p.reg, *d.external)
			if err != nil || found.id != d.id {
				return fmt.Errorf("the external ID %s finds %v, %w", *d.external, found, err)
			}
		}
	}
	return nil
}

func (p *player) run(ctx context.Context) error {
	p.world, p.read = world{}, map[string]readDoc{}
	p.renew()
	for i := 0; len(p.bytes) > 0 && i < 60; i++ {
		if p.of(12) == 0 {
			p.renew()
		}
		err := p.step(ctx)
		if err == nil {
			err = p.check(ctx)
		}
		if err != nil {
			return fmt.Errorf("step %d: %w\n%s", i, err, strings.Join(p.log[max(0, len(p.log)-12):], "\n"))
		}
	}
	if err := p.checkLists(ctx); err != nil {
		return fmt.Errorf("in the end: %w\n%s", err, strings.Join(p.log, "\n"))
	}
	return nil
}

var _ = onEveryBackend("all verbs in any order", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("do what the same changes do to a map", func(ctx SpecContext) {
		seeds := 6
		if onREST() { // whose types have one prefix, so that all players would share the entities
			seeds = 1
		}
		for seed := range seeds {
			random := rand.NewChaCha8([32]byte{byte(seed), 2})
			bytes := make([]byte, 400)
			_, _ = random.Read(bytes)
			p := &player{choice: &choice{bytes}, rpc: rpc(), prefix: fresh("law") + "."}
			p.reference, p.shared = onReference(), onREST()
			Expect(p.run(ctx)).To(Succeed(), "seed %d", seed)
		}
	})
})

// FuzzVerbs searches for calls after which the store does not hold what a map
// holds after the same changes, or that return something else than it predicts.
func FuzzVerbs(f *testing.F) {
	for i := range 20 {
		random := rand.NewChaCha8([32]byte{byte(i), 3})
		bytes := make([]byte, 300)
		_, _ = random.Read(bytes)
		f.Add(bytes)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		store, err := sqlite.OpenMemory(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		p := &player{choice: &choice{data}, rpc: store.Client(), prefix: "t."}
		if err := p.run(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
