package registry_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// The invariant: on a store that a program of any era uses too, we read all that
// it wrote, and after our writes it still works and reads them.

// A shared store is used by a program of an era and a client in turn. It has the
// records that both must read.
type shared struct {
	program *program
	rpc     mlmdpb.MetadataStoreServiceClient
	ours    map[string]verbs
	all     []*record
	named   int
}

func newShared(ctx context.Context, e *era, rpc mlmdpb.MetadataStoreServiceClient, prefix string) (*shared, error) {
	of := *e
	of.prefix = prefix
	s := &shared{program: &program{era: &of, rpc: rpc}, rpc: rpc}
	s.renew()
	return s, s.program.start(ctx)
}

// renew replaces the client by one with empty caches.
func (s *shared) renew() {
	s.ours = ours(registry.New(s.rpc, registry.WithTypePrefix(s.program.prefix)))
}

// A choice makes the decisions of a run from bytes.
type choice struct{ bytes []byte }

// of returns a number below n.
func (c *choice) of(n int) int {
	if len(c.bytes) == 0 || n == 0 {
		return 0
	}
	b := c.bytes[0]
	c.bytes = c.bytes[1:]
	return int(b) % n
}

// entity chooses an entity of the era that can be created, and its parent.
func (s *shared) entity(c *choice) (string, int64, bool) {
	var can []string
	for _, entity := range slices.Sorted(maps.Keys(s.program.props)) {
		refers := map[string]string{"InferenceService": "RegisteredModel", "ServeModel": "ModelVersion"}[entity]
		if (parents[entity] == "" || len(s.of(parents[entity])) > 0) && (refers == "" || len(s.of(refers)) > 0) {
			can = append(can, entity)
		}
	}
	entity := can[c.of(len(can))]
	if parents[entity] == "" {
		return entity, 0, true
	}
	above := s.of(parents[entity])
	return entity, above[c.of(len(above))].id, true
}

func (s *shared) of(entity string) []*record {
	var out []*record
	for _, r := range s.all {
		if r.entity == entity {
			out = append(out, r)
		}
	}
	return out
}

// values chooses values for some of the fields that the era knows. Immutable
// fields are chosen for new records only.
func (s *shared) values(c *choice, entity string, isNew bool) map[string]string {
	out := make(map[string]string)
	known := s.program.known(entity)
	for _, field := range slices.Sorted(maps.Keys(known)) {
		needed, fixed := needs(entity, field)
		switch {
		case needed && isNew:
		case fixed, c.of(3) == 0:
			continue
		}
		refers := map[string]string{"registeredModelId": "RegisteredModel", "modelVersionId": "ModelVersion"}[field]
		switch {
		case field == "servingEnvironmentId":
		case refers != "":
			if to := s.of(refers); len(to) > 0 {
				out[field] = strconv.FormatInt(to[c.of(len(to))].id, 10)
			}
		case field == "desiredState":
			out[field] = []string{"DEPLOYED", "UNDEPLOYED"}[c.of(2)]
		case field == "state":
			out[field] = []string{"LIVE", "ARCHIVED"}[c.of(2)]
		case known[field].kind == asInt:
			out[field] = strconv.Itoa(1 + c.of(9))
		default:
			out[field] = []string{"x", "a,b", "5", "it's \"ü\""}[c.of(4)]
		}
	}
	return out
}

// needs reports whether a field is required, and whether it is immutable.
func needs(entity, field string) (needed, fixed bool) {
	switch entity + "." + field {
	case "InferenceService.registeredModelId", "ServeModel.modelVersionId":
		return true, true
	case "InferenceService.servingEnvironmentId":
		return false, true
	}
	return false, false
}

// defaults returns the values that our writes of a whole value add.
func (s *shared) defaults(r *record) {
	if _, ok := s.program.known(r.entity)["state"]; ok && r.values["state"] == "" &&
		(r.entity == "RegisteredModel" || r.entity == "ModelVersion") {
		r.values["state"] = "LIVE"
	}
	if _, ok := s.program.known(r.entity)["servingEnvironmentId"]; ok {
		r.values["servingEnvironmentId"] = strconv.FormatInt(r.parent, 10)
	}
}

// json is an entity as a JSON object.
func (s *shared) json(r *record, values map[string]string, id bool) map[string]any {
	out := map[string]any{"name": r.name}
	if id {
		out["id"] = strconv.FormatInt(r.id, 10)
	}
	if p := s.ours[r.entity].parent; p != "" {
		out[p] = strconv.FormatInt(r.parent, 10)
	}
	if r.external != "" {
		out["externalId"] = r.external
	}
	for field, v := range values {
		if field != "servingEnvironmentId" {
			out[field] = v
		}
	}
	return out
}

// step makes one random change, by the program or by the client.
func (s *shared) step(ctx context.Context, c *choice) error {
	op := c.of(8)
	if op >= 4 && len(s.all) == 0 {
		op = 1
	}
	switch op {
	case 0:
		return s.program.start(ctx)
	case 1, 2, 3:
		entity, parent, _ := s.entity(c)
		s.named++
		r := &record{entity: entity, parent: parent, name: fmt.Sprintf("%s: %d", entity, s.named)}
		r.values = s.values(c, entity, true)
		if c.of(4) == 0 {
			r.external = fmt.Sprintf("%s%d", s.program.prefix, s.named)
		}
		if op == 3 {
			return s.weCreate(ctx, r)
		}
		if entity == "InferenceService" {
			r.values["servingEnvironmentId"] = strconv.FormatInt(parent, 10)
		}
		r.earlier = s.program.before != nil && c.of(2) == 0
		id, err := s.program.create(ctx, *r)
		r.id = id
		s.all = append(s.all, r)
		return err
	case 4:
		r := s.all[c.of(len(s.all))]
		change := s.values(c, r.entity, false)
		if r.earlier { // the program does not read what its earlier release wrote, and erases it
			for now := range s.program.before {
				for field, e := range s.program.known(r.entity) {
					if e.property == now {
						delete(r.values, field)
					}
				}
			}
			r.earlier = false
		}
		maps.Copy(r.values, change)
		return s.program.update(ctx, *r, change)
	case 5, 6:
		r := s.all[c.of(len(s.all))]
		return s.wePatch(ctx, r, s.values(c, r.entity, false), op == 5)
	default:
		if c.of(2) == 0 {
			s.renew()
			return nil
		}
		r := s.all[c.of(len(s.all))]
		r.earlier = false
		needed := make(map[string]string)
		for field, v := range r.values {
			if ok, _ := needs(r.entity, field); ok {
				needed[field] = v
			}
		}
		r.values = s.values(c, r.entity, false)
		maps.Copy(r.values, needed)
		whole := s.json(r, r.values, c.of(2) == 0)
		s.defaults(r)
		_, err := s.ours[r.entity].replace(ctx, whole)
		return err
	}
}

func (s *shared) weCreate(ctx context.Context, r *record) error {
	id, err := s.ours[r.entity].upsert(ctx, s.json(r, r.values, false))
	if err != nil {
		return err
	}
	r.id, _ = strconv.ParseInt(id, 10, 64)
	s.defaults(r)
	s.all = append(s.all, r)
	return nil
}

func (s *shared) wePatch(ctx context.Context, r *record, change map[string]string, byID bool) error {
	values := maps.Clone(change)
	for field, v := range r.values {
		if needed, _ := needs(r.entity, field); needed {
			values[field] = v
		}
	}
	id, err := s.ours[r.entity].upsert(ctx, s.json(r, values, byID))
	if err != nil {
		return err
	}
	if id != strconv.FormatInt(r.id, 10) {
		return fmt.Errorf("our upsert of %s %d made %s", r.entity, r.id, id)
	}
	for now := range s.program.before { // what differs goes under both names
		for field, e := range s.program.known(r.entity) {
			if v, ok := change[field]; ok && e.property == now && v != r.values[field] {
				r.earlier = false
			}
		}
	}
	maps.Copy(r.values, change)
	return nil
}

// check compares what the program and the client read with the records.
func (s *shared) check(ctx context.Context) error {
	for _, r := range s.all {
		got, err := s.program.read(ctx, *r)
		if err != nil {
			return err
		}
		want := maps.Clone(r.values)
		if r.earlier && r.entity == "InferenceService" {
			delete(want, "desiredState")
		}
		for _, values := range []map[string]string{got, want} {
			if values["state"] == "LIVE" { // as where it is absent
				delete(values, "state")
			}
		}
		if !maps.Equal(got, want) {
			return fmt.Errorf("%s reads %s %d as %v, want %v", s.program.name, r.entity, r.id, got, want)
		}
		seen, err := s.ours[r.entity].get(ctx, strconv.FormatInt(r.id, 10))
		if err != nil {
			return err
		}
		if err := s.same(r, seen); err != nil {
			return fmt.Errorf("Get: %w", err)
		}
	}
	return nil
}

// same compares what the client reads with a record.
func (s *shared) same(r *record, seen map[string]any) error {
	want := s.json(r, r.values, true)
	if r.entity == "RegisteredModel" || r.entity == "ModelVersion" {
		if want["state"] == nil {
			want["state"] = "LIVE"
		}
	}
	for _, ignored := range []string{"createTimeSinceEpoch", "lastUpdateTimeSinceEpoch"} {
		delete(seen, ignored)
	}
	if kinds[r.entity] == kinds["ModelArtifact"] {
		delete(seen, "state") // the program's business
	}
	if !maps.Equal(seen, want) {
		return fmt.Errorf("we read %s %d as %v, want %v", r.entity, r.id, seen, want)
	}
	return nil
}

// checkLists compares what the client finds and lists with the records.
func (s *shared) checkLists(ctx context.Context) error {
	for entity := range s.program.props {
		v := s.ours[entity]
		all, err := v.list(ctx)
		if err != nil {
			return err
		}
		if err := s.sameAll(s.of(entity), all); err != nil {
			return fmt.Errorf("the list of %s: %w", entity, err)
		}
		for _, r := range s.of(entity) {
			found, err := v.find(ctx, strconv.FormatInt(r.parent, 10), r.name)
			if err != nil {
				return err
			}
			if err := s.same(r, found); err != nil {
				return fmt.Errorf("FindByName: %w", err)
			}
			if r.external == "" {
				continue
			}
			if found, err = v.findByExternal(ctx, r.external); err != nil {
				return err
			}
			if err := s.same(r, found); err != nil {
				return fmt.Errorf("FindByExternalID: %w", err)
			}
		}
		for _, p := range s.of(parents[entity]) {
			below, err := v.of(ctx, strconv.FormatInt(p.id, 10))
			if err != nil {
				return err
			}
			children := slices.DeleteFunc(s.of(entity), func(r *record) bool { return r.parent != p.id })
			if err := s.sameAll(children, below); err != nil {
				return fmt.Errorf("%s below %d: %w", entity, p.id, err)
			}
		}
	}
	return nil
}

// sameAll compares a list of the client, sorted by ID, with the records.
func (s *shared) sameAll(want []*record, got []map[string]any) error {
	slices.SortFunc(want, func(a, b *record) int { return int(a.id - b.id) })
	if len(got) != len(want) {
		return fmt.Errorf("we list %d, want %d", len(got), len(want))
	}
	for i, r := range want {
		if err := s.same(r, got[i]); err != nil {
			return err
		}
	}
	return nil
}

// run makes steps until the bytes are used up.
func (s *shared) run(ctx context.Context, c *choice) error {
	for i := 0; len(c.bytes) > 0 && i < 60; i++ {
		if err := s.step(ctx, c); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		if err := s.check(ctx); err != nil {
			return fmt.Errorf("after step %d: %w", i, err)
		}
	}
	if err := s.program.start(ctx); err != nil {
		return fmt.Errorf("in the end: %w", err)
	}
	return s.checkLists(ctx)
}

var _ = onEveryBackend("an older program and the registry", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	for _, e := range eras {
		It("take turns on a store of "+e.name+": each reads what the other writes", func(ctx SpecContext) {
			for seed := range 3 {
				random := rand.NewChaCha8([32]byte{byte(seed)})
				bytes := make([]byte, 150)
				_, _ = random.Read(bytes)
				s, err := newShared(ctx, e, rpc(), fresh("t")+"."+e.prefix)
				Expect(err).NotTo(HaveOccurred())
				Expect(s.run(ctx, &choice{bytes})).To(Succeed(), "seed %d", seed)
			}
		})
	}
})

// FuzzEras searches for steps after which the program or the client does not read
// what the other wrote, or the program cannot start. The first byte selects the
// era.
func FuzzEras(f *testing.F) {
	for i := range eras {
		random := rand.NewChaCha8([32]byte{byte(i), 1})
		bytes := make([]byte, 120)
		_, _ = random.Read(bytes)
		f.Add(append([]byte{byte(i)}, bytes...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 2 {
			return
		}
		store, err := sqlite.OpenMemory(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		e := eras[int(data[0])%len(eras)]
		s, err := newShared(t.Context(), e, store.Client(), e.prefix)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.run(t.Context(), &choice{data[1:]}); err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
	})
}
