package edges_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/examples/lineage/generated/edge"
	"github.com/mlmd-go/sdk/examples/lineage/generated/field"
	"github.com/mlmd-go/sdk/examples/lineage/generated/model"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/relation"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

var _ = onEveryBackend("After any calls", func(w func() *world) {
	It("neighbors and conditions are those of a map", func(ctx SpecContext) {
		for seed := range byte(3) {
			Expect(newPlayer(w(), randomBytes(seed, 150)).run(ctx)).To(Succeed(), "seed %d", seed)
		}
	})
})

// FuzzEdges searches for calls of Record, Link and Unlink after which With or Any
// finds other neighbors than a map holds after the same changes.
func FuzzEdges(f *testing.F) {
	for i := range byte(10) {
		f.Add(randomBytes(i, 250))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		store, err := sqlite.OpenMemory(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		if err := newPlayer(newWorld(store.Client()), data).run(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func randomBytes(seed byte, n int) []byte {
	out := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed, 7}).Read(out)
	return out
}

// An eventKey is what MLMD keeps one event of.
type eventKey struct {
	run, artifact string // IDs
	typ           mlmdpb.Event_Type
}

// An eventValue is the rest of an event.
type eventValue struct {
	edge  string
	index int64
	key   string
}

// A player makes calls that bytes choose, and the same changes to maps.
type player struct {
	*world
	bytes    []byte
	name     string
	datasets []*model.Dataset
	weights  []*model.ModelVersion
	works    []*model.Project
	runs     []*model.TrainingRun // those without an ID are not stored yet

	events  map[eventKey]eventValue
	members map[[2]string]bool // a node of any kind, and a project; IDs of runs begin with "r"
}

func newPlayer(w *world, bytes []byte) *player {
	return &player{
		world: w, bytes: bytes, name: fresh("law"), events: map[eventKey]eventValue{}, members: map[[2]string]bool{},
	}
}

func (p *player) pick(n int) int {
	if len(p.bytes) == 0 {
		return 0
	}
	b := p.bytes[0]
	p.bytes = p.bytes[1:]
	return int(b) % n
}

func some[T any](p *player, all []T) []T {
	var out []T
	for range p.pick(4) {
		out = append(out, all[p.pick(len(all))])
	}
	return out
}

func (p *player) run(ctx context.Context) error {
	for i := range 3 {
		v := &model.Project{Name: fmt.Sprint(p.name, i)}
		if _, err := p.projects.Upsert(ctx, v); err != nil {
			return err
		}
		p.works = append(p.works, v)
	}
	for i := range 12 {
		v := &model.Dataset{Name: fmt.Sprint(p.name, i), Rows: new(int64(i))}
		if _, err := p.world.datasets.Upsert(ctx, v); err != nil {
			return err
		}
		p.datasets = append(p.datasets, v)
	}
	for i := range 4 {
		v := &model.ModelVersion{Name: fmt.Sprint(p.name, i)}
		if _, err := p.models.Upsert(ctx, v); err != nil {
			return err
		}
		p.weights = append(p.weights, v)
		p.runs = append(p.runs, &model.TrainingRun{Name: fmt.Sprint(p.name, i), ProjectID: p.works[i%2].ID})
	}
	for step := 1; len(p.bytes) > 0; step++ {
		what, err := p.step(ctx)
		if err == nil {
			err = p.compare(ctx)
		}
		if err == nil {
			err = p.search(ctx)
		}
		if err != nil {
			return fmt.Errorf("step %d, %s: %w", step, what, err)
		}
	}
	return nil
}

// A change is a set of links from a run, as an argument and as the map holds it.
type change struct {
	edge    string
	typ     mlmdpb.Event_Type
	link    relation.Link[*model.TrainingRun]
	targets []string
	key     string
}

// change returns links along an edge of runs.
func (p *player) change() change {
	e := edge.TrainingRun
	ds := some(p, p.datasets)
	switch p.pick(5) {
	case 0:
		c := change{edge: "outputs", typ: mlmdpb.Event_OUTPUT}
		ms := some(p, p.weights)
		c.link = e.Outputs.To(ms...)
		for _, m := range ms {
			c.targets = append(c.targets, m.ID)
		}
		return c
	case 1:
		d, key := p.datasets[p.pick(len(p.datasets))], []string{"age", "income"}[p.pick(2)]
		return change{"features", mlmdpb.Event_INPUT, e.Features.Dataset.At(key, d), []string{d.ID}, key}
	case 2:
		return change{"cache", mlmdpb.Event_INTERNAL_OUTPUT, e.Cache.To(ds...), datasetIDs(ds), ""}
	}
	return change{"inputs", mlmdpb.Event_INPUT, e.Inputs.ToID(datasetIDs(ds)...), datasetIDs(ds), ""}
}

// along returns the artifacts of a run along an edge, in order.
func (p *player) along(name, run string) []string {
	return p.ordered(name, func(k eventKey) (string, bool) { return k.artifact, k.run == run })
}

// back returns the runs that an edge leads from to an artifact, in order.
func (p *player) back(name, artifact string) []string {
	return p.ordered(name, func(k eventKey) (string, bool) { return k.run, k.artifact == artifact })
}

func (p *player) ordered(name string, other func(eventKey) (string, bool)) []string {
	var keys []eventKey
	for k, v := range p.events {
		if _, ok := other(k); ok && v.edge == name {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b eventKey) int {
		x, _ := other(a)
		y, _ := other(b)
		return cmp.Or(cmp.Compare(p.events[a].index, p.events[b].index), cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
	})
	out := []string{}
	for _, k := range keys {
		id, _ := other(k)
		out = append(out, id)
	}
	return out
}

// linked returns the events after changes of a run, or the error of the call.
func (p *player) linked(run string, changes []change) (map[eventKey]eventValue, error) {
	was := p.events
	defer func() { p.events = was }()
	p.events = maps.Clone(was)
	for _, c := range changes {
		for _, to := range c.targets {
			k := eventKey{run, to, c.typ}
			if v, ok := p.events[k]; ok {
				if v.edge != c.edge || v.key != c.key {
					return nil, registry.ErrInvalidArgument
				}
				continue
			}
			v := eventValue{edge: c.edge, key: c.key}
			if c.edge == "inputs" {
				for _, other := range p.along("inputs", run) {
					v.index = max(v.index, p.events[eventKey{run, other, c.typ}].index+1)
				}
			}
			p.events[k] = v
		}
	}
	if n := len(p.along("inputs", run)); n > 10 {
		return nil, registry.ErrInvalidArgument
	}
	for _, c := range changes {
		for _, to := range c.targets {
			if c.edge == "outputs" && len(p.back("outputs", to)) > 1 {
				return nil, registry.ErrAlreadyExists
			}
		}
	}
	return p.events, nil
}

// step makes one call.
func (p *player) step(ctx context.Context) (what string, _ error) {
	run := p.runs[p.pick(len(p.runs))]
	embedded := p.embedded()
	switch op := p.pick(8); {
	case op == 0:
		return "link a dataset to projects", p.linkDataset(ctx)
	case op == 1 && run.ID != "":
		return "link a run to projects", p.linkRun(ctx, run)
	case op <= 3 && run.ID != "": // Link
		c := p.change()
		after, want := p.linked(run.ID, []change{c})
		what := fmt.Sprintf("link run %s along %s to %v", run.ID, c.edge, c.targets)
		if want == nil {
			p.events = after
		}
		return what, wanted(p.world.runs.Link(ctx, run.ID, c.link), want)
	case op <= 5 && run.ID != "": // Unlink
		c := p.change()
		what := fmt.Sprintf("unlink run %s along %s from %v", run.ID, c.edge, c.targets)
		after, removed := maps.Clone(p.events), false
		for _, to := range c.targets {
			k := eventKey{run.ID, to, c.typ}
			if v, ok := after[k]; ok && v.edge == c.edge && v.key == c.key {
				delete(after, k)
				removed = true
			}
		}
		var want error
		was := p.events
		p.events = after
		switch {
		case !embedded:
			want = registry.ErrUnsupported
		case removed && c.edge == "inputs" && len(p.along("inputs", run.ID)) == 0:
			want = registry.ErrInvalidArgument
		}
		if want != nil {
			p.events = was
		}
		return what, wanted(p.world.runs.Unlink(ctx, run.ID, c.link), want)
	}
	changes := []change{p.change(), p.change()}
	what = fmt.Sprintf("record run %q along %s to %v and along %s to %v", run.ID,
		changes[0].edge, changes[0].targets, changes[1].edge, changes[1].targets)
	return what, p.record(ctx, run, changes)
}

// record records a run, twice if that succeeds.
func (p *player) record(ctx context.Context, run *model.TrainingRun, changes []change) error {
	isNew := run.ID == ""
	id := run.ID
	if isNew {
		id = "new"
	}
	after, want := p.linked(id, changes)
	if isNew && !slices.ContainsFunc(changes, func(c change) bool { return c.edge == "inputs" && len(c.targets) > 0 }) {
		want = registry.ErrInvalidArgument
	}
	if want != nil && isNew && !p.embedded() {
		return nil // the run would be stored without its links
	}
	for i := range 2 {
		v := &model.TrainingRun{Name: run.Name, ProjectID: run.ProjectID}
		r, err := registry.Record(ctx, p.world.runs, v, changes[0].link, changes[1].link)
		if err := wanted(err, want); err != nil || want != nil {
			return err
		}
		outcome := registry.Unchanged
		if isNew && i == 0 {
			outcome = registry.Created
		}
		if r.Outcome != outcome {
			return fmt.Errorf("call %d: the outcome is %v, want %v", i+1, r.Outcome, outcome)
		}
		run.ID = r.ID
	}
	p.events = map[eventKey]eventValue{}
	for k, v := range after {
		if k.run == "new" {
			k.run = run.ID
		}
		p.events[k] = v
	}
	p.members[[2]string{"r" + run.ID, run.ProjectID}] = true
	return nil
}

func (p *player) linkDataset(ctx context.Context) error {
	d, to := p.datasets[p.pick(len(p.datasets))], some(p, p.works)
	if p.pick(2) == 0 {
		for _, w := range to {
			p.members[[2]string{d.ID, w.ID}] = true
		}
		return p.world.datasets.Link(ctx, d.ID, edge.Dataset.Projects.To(to...))
	}
	var want error
	if !p.embedded() {
		want = registry.ErrUnsupported
	} else {
		for _, w := range to {
			delete(p.members, [2]string{d.ID, w.ID})
		}
	}
	return wanted(p.world.datasets.Unlink(ctx, d.ID, edge.Dataset.Projects.To(to...)), want)
}

func (p *player) linkRun(ctx context.Context, run *model.TrainingRun) error {
	to := some(p, p.works)
	links := edge.TrainingRun.Projects.To(to...)
	if p.pick(2) == 0 {
		for _, w := range to {
			p.members[[2]string{"r" + run.ID, w.ID}] = true
		}
		return p.world.runs.Link(ctx, run.ID, links)
	}
	var want error
	switch {
	case !p.embedded():
		want = registry.ErrUnsupported
	case slices.ContainsFunc(to, func(w *model.Project) bool { return w.ID == run.ProjectID }):
		want = registry.ErrInvalidArgument
	default:
		for _, w := range to {
			delete(p.members, [2]string{"r" + run.ID, w.ID})
		}
	}
	return wanted(p.world.runs.Unlink(ctx, run.ID, links), want)
}

func wanted(err, want error) error {
	if want == nil && err == nil || want != nil && errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("the error is %v, want %v", err, want)
}

func runIDs(rs []*model.TrainingRun) []string {
	return ids(rs, func(r *model.TrainingRun) string { return r.ID })
}

func projectIDs(ps []*model.Project) []string {
	return ids(ps, func(v *model.Project) string { return v.ID })
}

// projectsOf returns the projects of a node.
func (p *player) projectsOf(node string) []string {
	return projectIDs(slices.DeleteFunc(slices.Clone(p.works), func(w *model.Project) bool {
		return !p.members[[2]string{node, w.ID}]
	}))
}

// stored returns the runs that are stored.
func (p *player) stored() []*model.TrainingRun {
	out := slices.DeleteFunc(slices.Clone(p.runs), func(r *model.TrainingRun) bool { return r.ID == "" })
	slices.SortFunc(out, func(a, b *model.TrainingRun) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// compare compares the neighbors of all entities.
func (p *player) compare(ctx context.Context) error {
	same := func(what string, got, want []string) error {
		if got == nil || !slices.Equal(got, want) {
			return fmt.Errorf("%s: got %v, want %v", what, got, want)
		}
		return nil
	}
	var wrong []error
	runs, err := p.loaded(ctx)
	if err != nil {
		return err
	}
	wrong = append(wrong, same("runs", runIDs(runs), runIDs(p.stored())))
	for _, r := range runs {
		wrong = append(wrong,
			same("inputs of "+r.ID, datasetIDs(r.Edges.Inputs), p.along("inputs", r.ID)),
			same("features of "+r.ID, datasetIDs(r.Edges.Features.Dataset), p.along("features", r.ID)),
			same("cache of "+r.ID, datasetIDs(r.Edges.Cache), p.along("cache", r.ID)),
			same("outputs of "+r.ID, ids(r.Edges.Outputs, func(m *model.ModelVersion) string { return m.ID }),
				p.along("outputs", r.ID)),
			same("projects of "+r.ID, projectIDs(r.Edges.Projects), p.projectsOf("r"+r.ID)),
		)
	}
	all := field.Dataset.ID.In(datasetIDs(p.datasets)...)
	ds, err := p.world.datasets.Query().Where(all).With(edge.Dataset.UsedBy, edge.Dataset.Projects).Collect(ctx)
	if err != nil {
		return err
	}
	for _, d := range ds {
		wrong = append(wrong,
			same("users of "+d.ID, runIDs(d.Edges.UsedBy), p.back("inputs", d.ID)),
			same("projects of "+d.ID, projectIDs(d.Edges.Projects), p.projectsOf(d.ID)))
	}
	for _, m := range p.weights {
		v, err := p.models.Get(ctx, m.ID, registry.With(edge.ModelVersion.TrainedBy))
		if err != nil {
			return err
		}
		by := []string{}
		if v.Edges.TrainedBy != nil {
			by = append(by, v.Edges.TrainedBy.ID)
		}
		wrong = append(wrong, same("what trained "+m.ID, by, p.back("outputs", m.ID)))
	}
	for _, w := range p.works {
		v, err := p.projects.Get(ctx, w.ID, registry.With(edge.Project.Runs, edge.Project.OwnRuns, edge.Project.Datasets))
		if err != nil {
			return err
		}
		var runs, own, ds []string
		for _, r := range p.stored() {
			if p.members[[2]string{"r" + r.ID, w.ID}] {
				runs = append(runs, r.ID)
			}
			if r.ProjectID == w.ID {
				own = append(own, r.ID)
			}
		}
		for _, d := range p.datasets {
			if p.members[[2]string{d.ID, w.ID}] {
				ds = append(ds, d.ID)
			}
		}
		wrong = append(wrong, same("runs of "+w.ID, runIDs(v.Edges.Runs), runs),
			same("datasets of "+w.ID, datasetIDs(v.Edges.Datasets), ds))
		for _, r := range v.Edges.OwnRuns { // those of a project include its members
			own = slices.DeleteFunc(own, func(id string) bool { return id == r.ID })
		}
		wrong = append(wrong, same("missing own runs of "+w.ID, append([]string{}, own...), []string{}))
	}
	return errors.Join(wrong...)
}

// loaded returns the stored runs with their neighbors.
func (p *player) loaded(ctx context.Context) ([]*model.TrainingRun, error) {
	e := edge.TrainingRun
	return p.world.runs.Query().Where(p.ours()).
		With(e.Inputs, e.Features.Dataset, e.Cache, e.Outputs, e.Projects).Collect(ctx)
}

// ours is the condition that a run is one of the player's.
func (p *player) ours() filter.Expr[*model.TrainingRun] {
	if ids := runIDs(p.stored()); len(ids) > 0 {
		return field.TrainingRun.ID.In(ids...)
	}
	return field.TrainingRun.Name.Eq("none")
}

// A test is a condition, and the same in Go for a run with its neighbors.
type test struct {
	text  string
	expr  filter.Expr[*model.TrainingRun]
	holds func(*model.TrainingRun) bool
}

func (p *player) test(depth int) test {
	e := edge.TrainingRun
	n := 12
	if depth == 0 {
		n = 9
	}
	switch p.pick(n) {
	case 0:
		return test{"inputs", e.Inputs.Any(), func(r *model.TrainingRun) bool { return len(r.Edges.Inputs) > 0 }}
	case 1:
		rows := int64(p.pick(13))
		return test{
			fmt.Sprint("inputs >= ", rows), e.Inputs.Any(field.Dataset.Rows.Ge(rows)),
			func(r *model.TrainingRun) bool {
				return slices.ContainsFunc(r.Edges.Inputs, func(d *model.Dataset) bool { return *d.Rows >= rows })
			},
		}
	case 2:
		m := p.weights[p.pick(len(p.weights))].ID
		return test{
			"outputs " + m, e.Outputs.Any(field.ModelVersion.ID.Eq(m)),
			func(r *model.TrainingRun) bool {
				return slices.ContainsFunc(r.Edges.Outputs, func(v *model.ModelVersion) bool { return v.ID == m })
			},
		}
	case 3:
		d := p.datasets[p.pick(len(p.datasets))].ID
		return test{
			"features or cache " + d,
			e.Features.Dataset.Any(field.Dataset.ID.Eq(d)).Or(e.Cache.Any(field.Dataset.ID.Eq(d))),
			func(r *model.TrainingRun) bool {
				return slices.Contains(datasetIDs(slices.Concat(r.Edges.Features.Dataset, r.Edges.Cache)), d)
			},
		}
	case 4:
		w := p.works[p.pick(len(p.works))].ID
		return test{
			"projects " + w, e.Projects.Any(field.Project.ID.Eq(w)),
			func(r *model.TrainingRun) bool { return slices.Contains(projectIDs(r.Edges.Projects), w) },
		}
	case 5:
		w := p.works[p.pick(len(p.works))].ID
		return test{
			"inputs of project " + w, e.Inputs.Any(edge.Dataset.Projects.Any(field.Project.ID.Eq(w))),
			func(r *model.TrainingRun) bool {
				return slices.ContainsFunc(r.Edges.Inputs, func(d *model.Dataset) bool { return p.members[[2]string{d.ID, w}] })
			},
		}
	case 6:
		d := p.datasets[p.pick(len(p.datasets))].ID
		return test{
			"inputs but " + d, e.Inputs.Any(filter.Not(field.Dataset.ID.Eq(d))),
			func(r *model.TrainingRun) bool {
				return slices.ContainsFunc(r.Edges.Inputs, func(v *model.Dataset) bool { return v.ID != d })
			},
		}
	case 7:
		w := p.works[p.pick(len(p.works))].ID
		return test{
			"inputs without project " + w, e.Inputs.Any(filter.Not(edge.Dataset.Projects.Any(field.Project.ID.Eq(w)))),
			func(r *model.TrainingRun) bool {
				return slices.ContainsFunc(r.Edges.Inputs, func(d *model.Dataset) bool { return !p.members[[2]string{d.ID, w}] })
			},
		}
	case 8:
		w := p.works[p.pick(len(p.works))].ID
		return test{
			"project " + w, e.Project.Any(field.Project.ID.Eq(w)),
			func(r *model.TrainingRun) bool { return r.ProjectID == w },
		}
	case 9:
		a := p.test(depth - 1)
		return test{"not (" + a.text + ")", filter.Not(a.expr), func(r *model.TrainingRun) bool { return !a.holds(r) }}
	case 10:
		a, b := p.test(depth-1), p.test(depth-1)
		return test{
			"(" + a.text + ") and (" + b.text + ")", a.expr.And(b.expr),
			func(r *model.TrainingRun) bool { return a.holds(r) && b.holds(r) },
		}
	}
	a, b := p.test(depth-1), p.test(depth-1)
	return test{
		"(" + a.text + ") or (" + b.text + ")", a.expr.Or(b.expr),
		func(r *model.TrainingRun) bool { return a.holds(r) || b.holds(r) },
	}
}

// search compares what a condition selects with what it selects in Go.
func (p *player) search(ctx context.Context) error {
	t := p.test(3)
	runs, err := p.loaded(ctx)
	if err != nil {
		return err
	}
	want := runIDs(slices.DeleteFunc(runs, func(r *model.TrainingRun) bool { return !t.holds(r) }))
	got, err := p.world.runs.Query().Where(p.ours(), t.expr).Collect(ctx)
	if err != nil {
		return fmt.Errorf("where %s: %w", t.text, err)
	}
	if !slices.Equal(runIDs(got), want) {
		return fmt.Errorf("where %s: got %v, want %v", t.text, runIDs(got), want)
	}
	return nil
}
