package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/textutil"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A Skew compares the spec of a program with those that wrote a store before. See
// [WithOnSkew].
type Skew struct {
	Spec *mlmd.Spec // of the program
	// Known reports whether the store has a record of the spec of the program.
	Known bool
	// Others are the other specs that wrote entities of the same MLMD types, by the
	// time of their records.
	Others []StoredSpec
	// Missing is what entities of the store may have that the program does not know,
	// such as "ModelVersion: reviewer STRING", a property, or "ModelVersion: state = SHADOW":
	// what the others say of types of the program. Older specs are left out: those
	// with a lesser version in their document, or, if it is the same, with an earlier
	// record than that of the program.
	Missing []string
	// Adds is what the spec of the program says and none of the others does: writes
	// of the program will add it. It is empty if Known.
	Adds []string
}

// A StoredSpec is a spec that wrote to a store.
type StoredSpec struct {
	Title, Version, Fingerprint string    // see [mlmd.Spec]
	SDK                         string    // the version of this module in the program that made the record
	Recorded                    time.Time // when the spec was first used to write
}

// mostLines is how many lines of specs a message lists.
const mostLines = 10

// String describes the skew for a log, on one line.
func (s *Skew) String() string {
	var b strings.Builder
	switch {
	case len(s.Missing) > 0:
		latest := s.Others[len(s.Others)-1]
		fmt.Fprintf(&b, "the store is used by programs of another spec, since %s (%q, version %s, fingerprint %s), "+
			"which this program does not fully know: generate from that spec and compile again; this spec lacks %s",
			latest.Recorded.UTC().Format(time.RFC3339), latest.Title, latest.Version, latest.Fingerprint,
			textutil.List(s.Missing, mostLines))
	case !s.Known && len(s.Others) > 0:
		b.WriteString("the spec of this program is new to the store")
	default:
		b.WriteString("the spec of this program is the latest that wrote the store")
	}
	if len(s.Adds) > 0 {
		b.WriteString("; its writes will add " + textutil.List(s.Adds, mostLines))
	}
	return b.String()
}

// WithOnSkew makes a client call f when the first write with a spec finds that other
// specs wrote the store: if the store may have values that the program does not know,
// and once if the spec of the program is new to the store. If f returns an error, the
// write is refused with an error that matches [ErrRefused] and that of f, and the
// next write asks again. Without the option, the client logs the skew with the default
// logger of package slog: as a warning if something is missing, otherwise as
// information.
//
// The client keeps its records in context types named mlmd-go.Spec, whose versions
// are the fingerprints of specs. They have no nodes. It reads them once, by
// one request of the first write, and after it makes one for a spec that knows all of the
// others. If it may not read or write them, it goes on without. A client that [DialREST] made
// neither has nor reads any.
//
// In a transaction that is not stored, f may be called for each try.
func WithOnSkew(f func(ctx context.Context, s *Skew) error) Option {
	return clientOption(func(o *clientConfig) { o.onSkew = f })
}

// RefuseSkew is a function for [WithOnSkew]: it refuses the writes of a program whose
// spec lacks something that the store may have.
func RefuseSkew(_ context.Context, s *Skew) error {
	if len(s.Missing) > 0 {
		return fmt.Errorf("%v", s)
	}
	return nil
}

// logSkew is what a client does without [WithOnSkew].
func logSkew(ctx context.Context, s *Skew) error {
	level := slog.LevelInfo
	if len(s.Missing) > 0 {
		level = slog.LevelWarn
	}
	slog.Log(ctx, level, "registry: "+s.String())
	return nil
}

// CheckSkew compares a spec, such as mapping.CatalogSpec, with those that wrote the
// store of c. It makes one request and writes nothing. Programs that only read may
// call it when they start.
//
// The error is [ErrUnsupported] for a client that [DialREST] made.
func (c *Client) CheckSkew(ctx context.Context, spec *mlmd.Spec) (*Skew, error) {
	o := operation{op: "check spec"}
	if spec == nil {
		return nil, o.newError(ErrInvalidArgument, "the spec is nil: pass mapping.CatalogSpec")
	}
	if c.rest() != nil {
		return nil, o.newError(ErrUnsupported, "a REST registry keeps no records of specs")
	}
	records, err := c.specRecords(ctx)
	if err != nil {
		return nil, o.rpcError(ctx, err)
	}
	return c.skew(spec, records), nil
}

// skew compares spec with the records of a store.
func (c *Client) skew(spec *mlmd.Spec, records []*specRecord) *Skew {
	own := slices.IndexFunc(records, c.specRecord(spec).isOf)
	s := &Skew{Spec: spec, Known: own >= 0}
	for i, r := range records {
		if i != own && slices.ContainsFunc(spec.Entities, func(e mlmd.SpecEntity) bool {
			_, ok := r.Stores[c.specKey(e)]
			return ok
		}) {
			s.Others = append(s.Others, StoredSpec{r.Title, r.Version, r.Fingerprint, r.SDK, time.UnixMilli(r.Recorded)})
		}
	}
	for _, e := range spec.Entities {
		var known []string
		seen := map[string]bool{}
		for i, r := range records {
			stored, ok := r.Stores[c.specKey(e)]
			if !ok || i == own {
				continue
			}
			known = append(known, stored...)
			if order := compareVersions(r.Version, spec.Version); order < 0 || order == 0 && i < own {
				continue
			}
			for _, line := range e.Lacks(stored) {
				if !seen[line] {
					seen[line] = true
					s.Missing = append(s.Missing, e.Name+": "+line)
				}
			}
		}
		if len(s.Others) > 0 && !s.Known {
			for _, line := range (&mlmd.SpecEntity{Stores: known}).Lacks(e.Stores) {
				s.Adds = append(s.Adds, e.Name+": "+line)
			}
		}
	}
	return s
}

// specChecks are the specs that a client, or one of its transactions, has compared
// with the records of the store.
type specChecks struct {
	sem   chan struct{} // held while one is compared
	mu    sync.Mutex
	state map[*mlmd.Spec]specState
}

// A specState is what a client has done with a spec.
type specState uint8

const (
	notCompared specState = iota
	toRecord              // compared; the next write that succeeds makes the record
	compared
)

func (k *specChecks) get(spec *mlmd.Spec) specState {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state[spec]
}

// set changes the state, and returns the former one.
func (k *specChecks) set(spec *mlmd.Spec, s specState) specState {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.state == nil {
		k.state = make(map[*mlmd.Spec]specState)
	}
	before := k.state[spec]
	k.state[spec] = s
	return before
}

// acquire waits until no other call compares a spec, and returns the function that
// ends its own turn. If it may not wait, because the other call may wait for the
// transaction of this one, and another call has the turn, it returns nil.
func (k *specChecks) acquire(ctx context.Context, inTx bool) (release func(), err error) {
	release = func() { <-k.sem }
	select {
	case k.sem <- struct{}{}:
		return release, nil
	default:
	}
	if inTx {
		return nil, nil
	}
	select {
	case k.sem <- struct{}{}:
		return release, nil
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

// checkSpec compares the spec of a write with the records of the store, unless an
// earlier write has.
func (c *Client) checkSpec(ctx context.Context, o operation, spec *mlmd.Spec) error {
	if spec == nil || c.rest() != nil || c.specs.get(spec) != notCompared {
		return nil
	}
	release, err := c.specs.acquire(ctx, c.tx != nil)
	if err != nil {
		return o.rpcError(ctx, err)
	}
	if release == nil {
		return nil
	}
	defer release()
	if c.specs.get(spec) != notCompared {
		return nil
	}
	records, err := c.specRecords(ctx)
	if err != nil {
		if code := status.Code(err); code == codes.PermissionDenied || code == codes.Unimplemented {
			c.specs.set(spec, compared)
		}
		return nil // the write will tell if the store fails
	}
	s := c.skew(spec, records)
	if len(s.Missing) > 0 || !s.Known && len(s.Others) > 0 {
		f := c.config.onSkew
		if f == nil {
			f = logSkew
		}
		if err := f(ctx, s); err != nil {
			e := o.newError(ErrRefused, "the function of WithOnSkew refused it: "+err.Error())
			e.Err = err
			return e
		}
	}
	if s.Known || len(s.Missing) > 0 { // a record of an older spec would make the later one look old
		c.specs.set(spec, compared)
	} else {
		c.specs.set(spec, toRecord)
	}
	c.undoable(func() { c.specs.set(spec, notCompared) })
	return nil
}

// recordSpec makes the record of a spec after a write, unless the store has it. It
// ignores errors: another client may have made it, or the caller may not register
// types.
func (c *Client) recordSpec(ctx context.Context, spec *mlmd.Spec) {
	if spec == nil || c.specs.get(spec) != toRecord || c.specs.set(spec, compared) != toRecord {
		return
	}
	if c.tx == nil {
		c.putSpecRecord(ctx, spec)
		return
	}
	c.tx.afterCommit(func(ctx context.Context, c *Client) hookErrors {
		c.putSpecRecord(ctx, spec)
		return nil
	})
}

func (c *Client) putSpecRecord(ctx context.Context, spec *mlmd.Spec) {
	r := c.specRecord(spec)
	r.Recorded = time.Now().UnixMilli()
	for i, part := range r.parts() {
		text, err := json.Marshal(part)
		if err != nil {
			return // not possible: it has texts only
		}
		t := &mlmdpb.ContextType{Name: new(specRecordType), Version: new(r.version(i)), Description: new(string(text))}
		if _, err := c.rpc.PutContextType(ctx, &mlmdpb.PutContextTypeRequest{ContextType: t}); err != nil {
			return
		}
	}
}

// specRecordType is the name of the types that are records of specs. They have
// neither properties nor nodes, so that no list of nodes shows them. Their
// descriptions are the records, in JSON.
const specRecordType = "mlmd-go.Spec"

// A specRecord is the record of a spec that wrote a store, or a part of it.
type specRecord struct {
	Title       string `json:"title"`
	Version     string `json:"version"`
	Fingerprint string `json:"fingerprint"`
	Prefix      string `json:"prefix,omitempty"` // see [WithTypePrefix]
	SDK         string `json:"sdk"`
	Recorded    int64  `json:"recorded"` // milliseconds since the epoch
	// Stores holds the lines of [mlmd.SpecEntity], by specKey.
	Stores map[string][]string `json:"stores"`
}

// specRecord returns the record of a spec in the store of c.
func (c *Client) specRecord(spec *mlmd.Spec) *specRecord {
	r := &specRecord{
		Title: spec.Title, Version: spec.Version, Fingerprint: spec.Fingerprint, Prefix: c.config.prefix,
		SDK: sdkVersion(), Stores: make(map[string][]string),
	}
	for _, e := range spec.Entities {
		r.Stores[c.specKey(e)] = e.Stores
	}
	return r
}

// specKey identifies the type of an entity within the store of c.
func (c *Client) specKey(e mlmd.SpecEntity) string {
	return e.Kind.String() + " " + c.TypeName(e.TypeName)
}

// parts splits a record, so that the description of a type can hold each part on
// every database: MySQL allows 65,535 bytes.
func (r *specRecord) parts() []*specRecord {
	const most = 40_000
	var out []*specRecord
	size := most
	for _, key := range slices.Sorted(maps.Keys(r.Stores)) {
		n := len(strings.Join(r.Stores[key], `","`))
		if size+n > most {
			part := *r
			part.Stores = make(map[string][]string)
			out, size = append(out, &part), 0
		}
		out[len(out)-1].Stores[key] = r.Stores[key]
		size += n
	}
	return out
}

// version returns the version of the type with a part of the record.
func (r *specRecord) version(part int) string {
	return strings.TrimSpace(fmt.Sprintf("%s-%d %s", r.Fingerprint, part+1, r.Prefix))
}

// isOf reports whether r is of the same spec as other, in the same store.
func (r *specRecord) isOf(other *specRecord) bool {
	return r.Fingerprint == other.Fingerprint && r.Prefix == other.Prefix
}

// specRecords reads the records of the store, sorted by their times.
func (c *Client) specRecords(ctx context.Context) ([]*specRecord, error) {
	types, err := c.rpc.GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{})
	if err != nil {
		return nil, err
	}
	var out []*specRecord
	for _, t := range types.ContextTypes {
		r := &specRecord{}
		if t.GetName() != specRecordType || json.Unmarshal([]byte(t.GetDescription()), r) != nil {
			continue
		}
		if i := slices.IndexFunc(out, r.isOf); i >= 0 {
			maps.Copy(out[i].Stores, r.Stores)
			continue
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b *specRecord) int { return cmp.Compare(a.Recorded, b.Recorded) })
	return out, nil
}

// compareVersions compares versions such as 1.2.0 by their numbers. Versions that
// are not numbers are equal to all others.
func compareVersions(a, b string) int {
	order := 0
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		i, err := strconv.Atoi(cmp.Or(strings.TrimPrefix(x, "v"), "0"))
		j, err2 := strconv.Atoi(cmp.Or(strings.TrimPrefix(y, "v"), "0"))
		if err != nil || err2 != nil {
			return 0
		}
		order = cmp.Or(order, cmp.Compare(i, j))
	}
	return order
}

// sdkVersion returns the version of this module in the program, such as v0.2.0.
var sdkVersion = sync.OnceValue(func() string {
	const module = "github.com/mlmd-go/sdk"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module && m.Version != "" {
			return m.Version
		}
	}
	return "(devel)"
})
