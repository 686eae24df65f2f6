package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A Migration counts what [MigrateAll] did with the entities of one mapping, or
// with [WithDryRun] would do.
type Migration struct {
	Entity   string
	Complete bool // the store's record says that nothing is left to do; nothing was read
	Examined int  // entities read
	Changed  int  // entities written
	Retried  int  // entities that were read again because another writer changed them

	// Values, of which an entity may have several. Each counts once.
	Renamed   int // moved from a legacy name of the property
	Converted int // moved from a legacy name and converted, such as an INT to a DOUBLE
	Members   int // objects and lists whose members got their present names
	Custom    int // moved from a custom property that is read as the field
	Dropped   int // removed under a legacy name, because a name that is read before it has a value
	Kept      int // left as they are, because they cannot be read or converted exactly, or an enum lacks them

	Transformed int // fields that a function of [WithTransform] changed
	// KeptIDs are the IDs of the first 100 entities with values that count as Kept.
	KeptIDs []string
}

// maxKeptIDs is how many IDs [Migration.KeptIDs] has at most.
const maxKeptIDs = 100

// A MigrateOption configures [MigrateAll].
type MigrateOption func(*migrateConfig)

type migrateConfig struct {
	dry, force bool
	progress   func(Migration)
	transforms map[string]func(old proto.Message, v any) error // by entity
}

// WithDryRun makes [MigrateAll] count and write nothing, neither types nor its
// record.
func WithDryRun() MigrateOption { return func(o *migrateConfig) { o.dry = true } }

// WithForce makes [MigrateAll] read all entities, even those that its record says
// are done. Programs that know only the legacy names may have written them since.
func WithForce() MigrateOption { return func(o *migrateConfig) { o.force = true } }

// WithProgress makes [MigrateAll] call f after each page of up to 100 entities,
// with the counts so far of the mapping at hand.
func WithProgress(f func(Migration)) MigrateOption {
	return func(o *migrateConfig) { o.progress = f }
}

// WithTransform makes [MigrateAll] call f for each entity of m, such as
// mapping.ModelVersion, to fill fields from others: to split one, to merge several,
// or to convert one whose type changed. old is a copy of the stored node, which also
// has the properties that the spec does not have any more. v is the entity as it is
// read; what f changes in it is written. It may only change fields that are stored
// in properties. The values that it sets must be valid.
//
// f must leave alone what it has done: it is called again for an entity that another
// writer changed, and by the next call of MigrateAll with [WithForce]. After an error
// of f, MigrateAll ends; calling it again goes on at that entity.
func WithTransform[T any, N mlmd.Node](m mlmd.Mapping[T, N], f func(old N, v *T) error) MigrateOption {
	return func(o *migrateConfig) {
		if o.transforms == nil {
			o.transforms = make(map[string]func(proto.Message, any) error)
		}
		o.transforms[m.Entity] = func(old proto.Message, v any) error { return f(old.(N), v.(*T)) }
	}
}

// MigrateAll brings stored entities into the form that the mappings of a catalog,
// such as mapping.Catalog, write. It returns the counts for each mapping, in
// order; after an error, those up to the mapping that failed. It
//
//   - moves the values of properties with legacy names (x-mlmd-renamed-from in
//     the spec) to the present names, and converts them if the type of the
//     present one is wider, as from integer to number;
//   - renames the members of objects;
//   - moves custom properties that are read as fields to the fields;
//   - calls the functions of [WithTransform].
//
// A text whose field became an enum that lacks it is not moved, and counts as
// [Migration.Kept].
//
// Reads do not need this. Conditions on fields do if values are stored with
// another type or as custom properties, and so do [Query.WhereText] and programs
// that know only the present names. Programs that know only the legacy names no
// longer find the values. Call MigrateAll with [WithDryRun] first.
//
// Other programs may use the store meanwhile. An entity that one of them changes
// is read again, so that no change is lost, with the limits that
// [Collection.Update] has on the reference implementation. There the move of a
// custom property is also two requests, and the value is lost if the process ends
// between them. Several calls may run at once.
//
// A context of type mlmd-go.Migration, one for each stored type, records what ran:
// the fingerprint of the mapping, the counts, the times and the last ID that is
// done. After an error, or the end of ctx or of the process, call MigrateAll again
// to do the rest. Once all is done, it reads nothing but the record until the spec
// changes; [WithForce] makes it start again.
//
// For each 100 entities it makes one RPC, and if some of them change usually three
// more.
func MigrateAll(
	ctx context.Context, c *Client, catalog []mlmd.AnyMapping, opts ...MigrateOption,
) ([]Migration, error) {
	var o migrateConfig
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	if i := slices.Index(catalog, nil); i >= 0 {
		return nil, operation{op: "migrate"}.newError(ErrInvalidArgument, fmt.Sprintf("mapping %d is nil", i+1))
	}
	out := make([]Migration, 0, len(catalog))
	for _, m := range catalog {
		var done Migration
		var err error
		switch m.Type().Kind {
		case mlmd.Artifact:
			done, err = migrate(ctx, c, m, artifacts{c.rpc}, o)
		case mlmd.Execution:
			done, err = migrate(ctx, c, m, executions{c.rpc}, o)
		default:
			done, err = migrate(ctx, c, m, contexts{c.rpc}, o)
		}
		out = append(out, done)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// A migration is MigrateAll for one mapping.
type migration[N mlmd.Node] struct {
	operation
	migrateConfig
	client   *Client
	mapping  mlmd.AnyMapping
	fields   mlmd.Fields
	typ      typeKey
	nodes    nodes[N]
	declared props               // by the stored type
	enums    map[string][]string // the values of properties that store enums
	done     Migration
}

// recordInterval is the number of pages without a change after which the last ID
// is recorded.
const recordInterval = 10

func migrate[N mlmd.Node](
	ctx context.Context, c *Client, mapping mlmd.AnyMapping, ns nodes[N], o migrateConfig,
) (Migration, error) {
	t := mapping.Type()
	m := &migration[N]{
		operation: operation{op: "migrate", entity: t.Entity}, migrateConfig: o, client: c,
		mapping: mapping, fields: t.Fields, typ: typeKey{t.Kind, c.TypeName(t.TypeName)}, nodes: ns,
		enums: enumValues(t), done: Migration{Entity: t.Entity},
	}
	if err := m.run(ctx); err != nil {
		return m.done, m.rpcError(ctx, err)
	}
	return m.done, nil
}

func (m *migration[N]) run(ctx context.Context) error {
	t, err := m.client.refreshType(ctx, m.typ, m.client.types.get(m.typ))
	if status.Code(err) == codes.NotFound { // the store has no such entities
		return nil
	} else if err != nil {
		return err
	}
	m.declared = t.props
	form := fingerprint(m.fields, m.enums, m.transforms[m.entity] != nil)
	progress, err := beginRecord(ctx, m.client, m.typ, form, m.migrateConfig)
	if err != nil {
		return err
	}
	if progress.complete() {
		m.done.Complete = true
		return nil
	}
	after := progress.lastID()
	for pages, more := 1, true; more; pages++ {
		var page []N
		if page, more, err = m.page(ctx, after); err != nil {
			return err
		}
		changed := m.done.Changed
		if err := m.migratePage(ctx, page); err != nil {
			return err
		}
		if len(page) > 0 {
			after = m.nodes.view(page[len(page)-1]).id
		}
		if !more || m.done.Changed > changed || pages%recordInterval == 0 {
			if err := progress.save(ctx, m.done, after, !more); err != nil {
				return err
			}
		}
		if m.progress != nil {
			m.progress(m.done)
		}
	}
	return nil
}

// page returns up to 100 nodes whose IDs follow the given one, by ID, and reports
// whether there may be more.
func (m *migration[N]) page(ctx context.Context, after int64) (ns []N, more bool, err error) {
	o := &mlmdpb.ListOperationOptions{
		MaxResultSize: new(int32(pageSize)),
		OrderByField: &mlmdpb.ListOperationOptions_OrderByField{
			Field: mlmdpb.ListOperationOptions_OrderByField_ID.Enum(), IsAsc: new(true),
		},
	}
	if after > 0 {
		o.FilterQuery = new(fmt.Sprintf("id > %d", after))
	}
	ns, next, err := m.nodes.page(ctx, m.typ.name, o)
	if err != nil {
		return nil, false, err
	}
	for _, n := range ns {
		id := m.nodes.view(n).id
		if id <= after {
			return nil, false, m.newError(ErrInternal, "the server returned an entity from before the requested ID")
		}
		after = id
	}
	return ns, next != "" && len(ns) > 0, nil
}

// maxPutSize limits the values, in bytes, that one request moves, unless a single
// entity has more.
const maxPutSize = 1 << 20

// migratePage writes the nodes that need it. Those that need the same paths share
// requests.
func (m *migration[N]) migratePage(ctx context.Context, page []N) error {
	type group struct {
		nodes []*nodeMigration[N]
		size  int // of the values, in bytes
	}
	var groups []*group
	open := make(map[string]*group) // by paths
	for _, n := range page {
		c, err := m.plan(n)
		if err != nil {
			return err
		}
		m.done.Examined++
		if len(c.paths) == 0 || m.dry {
			m.count(c)
			continue
		}
		key := strings.Join(c.paths, "\x00")
		size := proto.Size(any(c.node).(proto.Message))
		g := open[key]
		if g == nil || g.size+size > maxPutSize {
			g = &group{}
			open[key] = g
			groups = append(groups, g)
		}
		g.nodes = append(g.nodes, c)
		g.size += size
	}
	for _, g := range groups {
		if err := m.put(ctx, g.nodes); err != nil {
			return err
		}
	}
	return nil
}

// count adds the counts of a node that was written, or needs no write.
func (m *migration[N]) count(c *nodeMigration[N]) {
	d := &m.done
	if len(c.paths) > 0 {
		d.Changed++
	}
	d.Renamed += c.counts.Renamed
	d.Converted += c.counts.Converted
	d.Members += c.counts.Members
	d.Custom += c.counts.Custom
	d.Dropped += c.counts.Dropped
	d.Kept += c.counts.Kept
	d.Transformed += c.counts.Transformed
	if c.counts.Kept > 0 && len(d.KeptIDs) < maxKeptIDs {
		d.KeptIDs = append(d.KeptIDs, value.FormatID(c.stored.id))
	}
}

// put writes nodes that need the same paths in one request. If the store refuses
// it, usually because another writer changed one of them, put writes each on its
// own.
func (m *migration[N]) put(ctx context.Context, group []*nodeMigration[N]) error {
	err := m.send(ctx, group...)
	switch status.Code(err) {
	case codes.OK:
		for _, c := range group {
			m.count(c)
		}
		return nil
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.Unknown:
		return err
	}
	for _, c := range group {
		if err := m.putAlone(ctx, c); err != nil {
			id := m.operation
			id.key = value.FormatID(c.stored.id)
			return id.rpcError(ctx, err)
		}
	}
	return nil
}

// putAlone writes one node, and reads it again first each time that another writer
// changed it.
func (m *migration[N]) putAlone(ctx context.Context, c *nodeMigration[N]) error {
	release, err := m.client.updates.acquire(ctx, nodeKey{m.typ.kind, c.stored.id})
	if err != nil {
		return err
	}
	defer release()
	waits := newConflictWaits()
	for {
		err := m.send(ctx, c)
		switch status.Code(err) {
		case codes.OK:
			m.count(c)
			return nil
		case codes.FailedPrecondition:
		default:
			return err
		}
		n, err2 := m.nodes.byID(ctx, c.stored.id)
		if err2 != nil || n == nil {
			return err2
		}
		if m.nodes.view(n).updated == c.stored.updated {
			return err // not because of another writer
		}
		m.done.Retried++
		if c, err = m.plan(n); err != nil {
			return err
		}
		if len(c.paths) == 0 {
			m.count(c)
			return nil
		}
		if err := waits.next(ctx); err != nil {
			return err
		}
	}
}

// send makes the request for nodes that need the same paths, after it has extended
// the type by the properties that it lacks.
func (m *migration[N]) send(ctx context.Context, group ...*nodeMigration[N]) error {
	used := make(props)
	ns := make([]N, len(group))
	since := make([]int64, len(group))
	for i, c := range group {
		maps.Copy(used, c.used)
		ns[i], since[i] = c.node, c.stored.updated
	}
	if _, err := m.client.extendType(ctx, m.typ, used); err != nil {
		return err
	}
	return putNodes(ctx, m.client, m.nodes, ns, group[0].paths, since)
}

// A nodeMigration is what must change in one node.
type nodeMigration[N mlmd.Node] struct {
	stored nodeView
	node   N        // with the new values
	paths  []string // sorted; empty if nothing changes
	used   props    // properties that get values
	counts Migration
}

// plan returns what must change in a stored node.
func (m *migration[N]) plan(n N) (*nodeMigration[N], error) {
	v := m.nodes.view(n)
	decoded, err := m.mapping.DecodeAny(any(n).(proto.Message))
	if err != nil {
		e := m.newError(ErrInternal, fmt.Sprintf("the node with ID %d cannot be decoded: %v", v.id, err))
		e.Err = err
		return nil, e
	}
	changed, err := m.transform(n, v, decoded)
	if err != nil {
		return nil, err
	}
	// Encoding gives values that are stored with another type the type of the spec.
	// The error is ignored: it is about fields that stay as they are. The name, and
	// so the parent, is not written.
	encoded, _ := m.mapping.EncodeAny(decoded, mlmd.Parent{UUID: "not written"})
	node, ok := encoded.(N)
	if !ok {
		return nil, m.newError(ErrInternal, "the mapping returned no node")
	}
	read := m.nodes.view(node)
	unreadable := m.mapping.UnreadableAny(decoded)
	cmp := comparison{stored: v, read: read}
	c := &nodeMigration[N]{stored: v, used: make(props)}
	moved := make(map[string]*mlmdpb.Value)
	for i := range m.fields {
		f := &m.fields[i]
		name, ok := f.Property()
		if !ok || f.Derived {
			continue
		}
		var move valueMove
		if to, ok := changed[name]; ok {
			move = cmp.transformed(f, to)
		} else if m.misfit(f, v) {
			c.counts.Kept++
			continue
		} else {
			move = cmp.move(f, unreadable)
		}
		if move.to != nil {
			kind := f.Type
			if declared, ok := m.declared[name]; ok {
				kind = declared
			}
			to, ok := convert(move.to, kind)
			if !ok {
				c.counts.Kept++
				continue
			}
			moved[name], c.used[name] = to, kind
			c.paths = append(c.paths, f.Path)
		}
		c.paths = append(c.paths, move.clear...)
		if move.count != nil {
			*move.count(&c.counts)++
		}
		c.counts.Dropped += move.dropped
	}
	slices.Sort(c.paths)
	clear(read.props) // shared with node
	maps.Copy(read.props, moved)
	clear(read.custom)
	c.node = m.nodes.withIDs(m.nodes.withName(node, v.name), 0, v.id)
	return c, nil
}

// transformed returns what must change for a field whose value is now to, or is not
// set any more.
func (c comparison) transformed(f *mlmd.Field, to *mlmdpb.Value) valueMove {
	m := valueMove{to: to, count: func(n *Migration) *int { return &n.Transformed }}
	if to == nil {
		m.clear = append(m.clear, f.Path)
	}
	for _, name := range f.LegacyNames {
		if c.stored.props[name] != nil {
			m.clear = append(m.clear, propertyPath+name)
		}
	}
	if custom := c.customSource(f, false); custom != "" {
		m.clear = append(m.clear, custom)
	}
	return m
}

// transform calls the function of WithTransform for the node, which changes decoded.
// It returns the values of the properties that have changed; nil is one that is not
// set any more.
func (m *migration[N]) transform(n N, v nodeView, decoded any) (map[string]*mlmdpb.Value, error) {
	f := m.transforms[m.entity]
	if f == nil {
		return nil, nil
	}
	parent := mlmd.Parent{UUID: "not written"}
	encode := func() (nodeView, error) {
		encoded, err := m.mapping.EncodeAny(decoded, parent)
		node, ok := encoded.(N)
		if !ok {
			return nodeView{}, err
		}
		return m.nodes.view(node), err
	}
	failed := func(err error) error {
		e := m.newError(ErrInvalidArgument, fmt.Sprintf("the entity with ID %d is not transformed: %v", v.id, err))
		e.Err = err
		return e
	}
	before, _ := encode() // an error is about fields that stay as they are
	if err := f(proto.Clone(any(n).(proto.Message)), decoded); err != nil {
		return nil, failed(err)
	}
	after, err := encode()
	if err != nil {
		return nil, failed(err)
	}
	changed := make(map[string]*mlmdpb.Value)
	wrong := mlmd.Invalid(m.mapping.ValidateAny(decoded)) // also of what is stored
	for i := range m.fields {
		f := &m.fields[i]
		name, ok := f.Property()
		if !ok || f.Derived || proto.Equal(before.props[name], after.props[name]) {
			continue
		}
		changed[name] = after.props[name]
		for _, e := range wrong {
			if field, _, _ := strings.Cut(strings.ReplaceAll(e.Field, "[", "."), "."); field == f.Name {
				return nil, failed(e)
			}
		}
	}
	if text(before.name) != text(after.name) || text(before.externalID) != text(after.externalID) ||
		text(before.uri) != text(after.uri) || before.state == nil != (after.state == nil) ||
		before.state != nil && *before.state != *after.state ||
		!maps.EqualFunc(before.custom, after.custom, func(a, b *mlmdpb.Value) bool { return proto.Equal(a, b) }) {
		return nil, failed(errors.New("its name, external ID, URI, state or custom properties are changed: " +
			"change only fields that are stored in properties"))
	}
	return changed, nil
}

// enumValues returns the values of enums, by the properties that store them.
func enumValues(t mlmd.Type) map[string][]string {
	if t.Spec == nil {
		return nil
	}
	out := make(map[string][]string)
	for _, e := range t.Spec.Entities {
		if e.Name != t.Entity {
			continue
		}
		for _, line := range e.Stores {
			key, v, ok := strings.Cut(line, " = ")
			if !ok {
				continue
			}
			if strings.HasPrefix(v, `"`) {
				if text, err := strconv.Unquote(v); err == nil {
					v = text
				}
			}
			out[key] = append(out[key], v)
		}
	}
	return out
}

// misfit reports whether the text that is read as f is not one of its enum.
func (m *migration[N]) misfit(f *mlmd.Field, v nodeView) bool {
	key, _ := f.Property()
	values := m.enums[key]
	if values == nil || f.Type != mlmdpb.PropertyType_STRING {
		return false
	}
	stored := v.custom[key]
	for _, name := range fieldNames(f) {
		if v.props[name] != nil {
			stored = v.props[name]
			break
		}
	}
	s, ok := stored.GetValue().(*mlmdpb.Value_StringValue)
	return ok && s.StringValue != "" && !slices.Contains(values, s.StringValue)
}

// A valueMove is what must change for one field.
type valueMove struct {
	to      *mlmdpb.Value // the new value of the property; nil to keep what it has
	clear   []string      // the paths that lose their values
	dropped int           // of these, those whose values are lost
	count   func(*Migration) *int
}

// move returns what must change for the value of a field that is stored in a
// property.
func (c comparison) move(f *mlmd.Field, unreadable value.Unreadable) (m valueMove) {
	key, _ := f.Property()
	var names []string // of those with values, in the order in which they are read
	for _, name := range fieldNames(f) {
		if c.stored.props[name] != nil {
			names = append(names, name)
		}
	}
	custom := ""
	if len(names) == 0 {
		if custom = c.customSource(f, false); custom == "" {
			return m
		}
		m.to, _ = gensupport.RenameStored(f, c.stored.custom[key], key)
		m.clear = []string{custom}
		m.count = func(n *Migration) *int { return &n.Custom }
		return m
	}
	from := names[0]
	v := c.stored.props[from]
	other := propertyType(v) != f.Type
	if other && (from != key || len(names) > 1) {
		if v = c.converted(f, v, unreadable); v == nil {
			m.count = func(n *Migration) *int { return &n.Kept }
			return m
		}
	}
	for _, name := range names {
		if name != key {
			m.clear = append(m.clear, propertyPath+name)
		}
	}
	m.dropped = len(names) - 1
	renamed := false
	if !other {
		v, renamed = gensupport.RenameStored(f, v, from)
	}
	switch {
	case from == key && renamed:
		m.to, m.count = v, func(n *Migration) *int { return &n.Members }
	case from == key:
	case other:
		m.to, m.count = v, func(n *Migration) *int { return &n.Converted }
	default:
		m.to, m.count = v, func(n *Migration) *int { return &n.Renamed }
	}
	return m
}

// converted returns v, the stored value of f, as a value of the type of f, or nil
// if it cannot be read or is a number that would be rounded.
func (c comparison) converted(f *mlmd.Field, v *mlmdpb.Value, unreadable value.Unreadable) *mlmdpb.Value {
	if unreadable.Has(f.Name) {
		return nil
	}
	if propertyType(v) == mlmdpb.PropertyType_INT && f.Type == mlmdpb.PropertyType_DOUBLE {
		v, _ = convert(v, f.Type)
		return v
	}
	key, _ := f.Property()
	return c.read.props[key]
}
