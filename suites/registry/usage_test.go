package registry_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
	"github.com/mlmd-go/sdk/suites/backend"
	ownfield "github.com/mlmd-go/sdk/suites/evolution/v1/field"
	own "github.com/mlmd-go/sdk/suites/evolution/v1/mapping"
	ownmodel "github.com/mlmd-go/sdk/suites/evolution/v1/model"
)

// onReference reports whether the running spec is on the reference implementation.
func onReference() bool {
	labels := CurrentSpecReport().Labels()
	return slices.Contains(labels, backend.Core) || slices.Contains(labels, backend.Container)
}

var _ = onEveryBackend("a write", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	var reg *registry.Client
	BeforeEach(func() { reg = registry.New(rpc()) })

	It("sets the ID in the value and nothing else; the times are what Get reads", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model"), Owner: new("ada")}
		sent := m
		res, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		sent.ID = res.ID
		Expect(m).To(Equal(sent))
		got, err := reg.RegisteredModels().Get(ctx, res.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.CreateTime.IsZero()).To(BeFalse())
		Expect(got.UpdateTime.Before(got.CreateTime.Time)).To(BeFalse())
	})

	It("takes a zero for required numbers with Set only", func(ctx SpecContext) {
		name := fresh("p")
		reg = registry.New(rpc(), registry.WithTypePrefix(name+"."))
		projects, sets := registry.NewCollection(reg, own.Project), registry.NewCollection(reg, own.DataSet)
		p := ownmodel.Project{Name: name}
		d := ownmodel.DataSet{Name: "d", Rows: 7}
		_, err := reg.Register(ctx, projects.Entity(&p), sets.Entity(&d))
		Expect(err).NotTo(HaveOccurred())
		d.Rows = 0
		for _, c := range []struct {
			opts []registry.UpsertOption[ownmodel.DataSet]
			want int64
		}{
			{nil, 7},
			{[]registry.UpsertOption[ownmodel.DataSet]{registry.Set(ownfield.DataSet.Rows)}, 0},
		} {
			_, err = sets.Upsert(ctx, &d, c.opts...)
			Expect(err).NotTo(HaveOccurred())
			got, err := sets.Get(ctx, d.ID)
			Expect(err).NotTo(HaveOccurred())
			Expect(got.Rows).To(Equal(c.want))
		}
	})

	It("stores the empty text, which a pointer tells apart from no text", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model"), Owner: new("")}
		_, err := reg.RegisteredModels().Create(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		got, err := reg.RegisteredModels().Get(ctx, m.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Owner).To(HaveValue(BeEmpty()))
		Expect(got.Description).To(BeNil())
	})

	It("takes back what Get and a list return, by each verb, and changes nothing", func(ctx SpecContext) {
		id := aVersion(ctx, reg)
		v, err := reg.ModelVersions().Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		listed, err := reg.ModelVersions().OfModel(v.RegisteredModelID).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(listed).To(Equal([]*model.ModelVersion{v}))
		for _, write := range []func() (registry.Result, error){
			func() (registry.Result, error) { return reg.ModelVersions().Upsert(ctx, v) },
			func() (registry.Result, error) { return reg.ModelVersions().Upsert(ctx, v, registry.IfUnchanged(v)) },
			func() (registry.Result, error) { return reg.ModelVersions().Replace(ctx, v) },
			func() (registry.Result, error) { return reg.ModelVersions().Restore(ctx, id) },
			func() (registry.Result, error) {
				all, err := reg.ModelVersions().UpsertAll(ctx, listed)
				return append(all, registry.Result{})[0], err
			},
			func() (registry.Result, error) {
				all, err := reg.Register(ctx, v)
				return append(all, registry.Result{})[0], err
			},
		} {
			Expect(write()).To(Equal(registry.Result{ID: id, Outcome: registry.Unchanged}))
		}
		Expect(reg.ModelVersions().Get(ctx, id)).To(Equal(v), "also its update time")
	})
})

var _ = onEveryBackend("another writer", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	var reg, other *registry.Client
	BeforeEach(func() { reg, other = registry.New(rpc()), registry.New(rpc()) })

	It("between the read and the write of an Update makes it read and call again", func(ctx SpecContext) {
		if onReference() {
			Skip("the reference implementation does not compare the update times of contexts")
		}
		id := aVersion(ctx, reg)
		_, err := reg.ModelVersions().Upsert(ctx, &model.ModelVersion{ID: id, Author: new("0")})
		Expect(err).NotTo(HaveOccurred())
		calls := 0
		res, err := reg.ModelVersions().Update(ctx, id, func(v *model.ModelVersion) error {
			if calls++; calls < 4 {
				_, err := other.ModelVersions().Upsert(ctx, &model.ModelVersion{ID: id, Author: new(strconv.Itoa(calls))})
				Expect(err).NotTo(HaveOccurred())
			}
			v.Description = new(fmt.Sprint("author ", *v.Author))
			return nil
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(res.Changed).To(Equal([]string{"description"}))
		Expect(calls).To(Equal(4))
		got, err := reg.ModelVersions().Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Author).To(HaveValue(Equal("3")))
		Expect(got.Description).To(HaveValue(Equal("author 3")))
	})

	It("is noticed by IfUnchanged, also within one millisecond", func(ctx SpecContext) {
		if onReference() {
			Skip("the reference implementation has update times of a millisecond")
		}
		id := aVersion(ctx, reg)
		for i := range 50 {
			read, err := reg.ModelVersions().Get(ctx, id)
			Expect(err).NotTo(HaveOccurred())
			_, err = other.ModelVersions().Upsert(ctx, &model.ModelVersion{ID: id, Author: new(strconv.Itoa(i))})
			Expect(err).NotTo(HaveOccurred())
			_, err = reg.ModelVersions().Upsert(ctx, read, registry.IfUnchanged(read))
			Expect(err).To(MatchError(registry.ErrConflict), "write %d", i)
			_, err = reg.ModelVersions().Archive(ctx, id, registry.IfUnchanged(read))
			Expect(err).To(MatchError(registry.ErrConflict), "write %d", i)
		}
	})
})

var _ = onEveryBackend("an error", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("says what was tried, on what, and who has the external ID", func(ctx SpecContext) {
		reg := registry.New(rpc())
		m := model.RegisteredModel{Name: fresh("model"), ExternalID: new(fresh("external"))}
		_, err := reg.RegisteredModels().Create(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		_, err = reg.ModelVersions().Upsert(ctx, &model.ModelVersion{
			RegisteredModelID: m.ID, Name: "v1.0", ExternalID: m.ExternalID,
		})
		Expect(errors.Is(err, registry.ErrAlreadyExists)).To(BeTrue())
		e := failure(err)
		Expect(*e).To(And(
			HaveField("Op", "upsert"), HaveField("Entity", "ModelVersion"), HaveField("Key", "v1.0"),
			HaveField("Field", "externalId"), HaveField("Value", *m.ExternalID), HaveField("ExistingID", m.ID),
		))
		Expect(e.Error()).To(Equal(fmt.Sprintf("registry: upsert ModelVersion \"v1.0\": externalId %q is already used by "+
			"RegisteredModel %s: external IDs are unique among contexts", *m.ExternalID, m.ID)))
	})

	It("of a query that selects nothing is returned by First only", func(ctx SpecContext) {
		reg := registry.New(rpc())
		none := reg.ModelVersions().OfModel(aModel(ctx, reg))
		Expect(none.Collect(ctx)).To(BeEmpty())
		_, err := none.First(ctx)
		Expect(err).To(MatchError(registry.ErrNotFound))
	})
})

var _ = onEveryBackend("a page", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("has at most 100 entities without a Limit", func(ctx SpecContext) {
		reg := registry.New(rpc())
		modelID := aModel(ctx, reg)
		values := make([]*model.ModelVersion, 103)
		for i := range values {
			values[i] = &model.ModelVersion{RegisteredModelID: modelID, Name: strconv.Itoa(i)}
		}
		_, err := reg.ModelVersions().CreateAll(ctx, values)
		Expect(err).NotTo(HaveOccurred())
		q := reg.ModelVersions().OfModel(modelID)
		first, err := q.Page(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		Expect(first.Items).To(HaveLen(100))
		rest, err := q.Page(ctx, first.NextToken)
		Expect(err).NotTo(HaveOccurred())
		Expect(rest.Items).To(HaveLen(3))
		Expect(rest.NextToken).To(BeEmpty())
	})
})

var _ = onEveryBackend("an entity of one's own spec", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("has the same verbs and typed filters", func(ctx SpecContext) {
		name := fresh("p")
		reg := registry.New(rpc(), registry.WithTypePrefix(name+"."))
		projects, sets := registry.NewCollection(reg, own.Project), registry.NewCollection(reg, own.DataSet)
		p := ownmodel.Project{Name: name}
		small, large := ownmodel.DataSet{Name: "small", Rows: 10}, ownmodel.DataSet{Name: "large", Rows: 2e6}
		_, err := reg.Register(ctx, projects.Entity(&p), sets.Entity(&small), sets.Entity(&large))
		Expect(err).NotTo(HaveOccurred())
		var found []string
		for d, err := range sets.Query().Where(ownfield.DataSet.Rows.Gt(1e6)).All(ctx) {
			Expect(err).NotTo(HaveOccurred())
			found = append(found, d.Name)
		}
		Expect(found).To(Equal([]string{"large"}))
		res, err := sets.Update(ctx, small.ID, func(d *ownmodel.DataSet) error { d.Rows = 0; return nil })
		Expect(err).NotTo(HaveOccurred())
		Expect(res.Changed).To(Equal([]string{"rows"}))
		_, err = sets.Create(ctx, &ownmodel.DataSet{ProjectID: p.ID, Name: "small", Rows: 1})
		Expect(err).To(MatchError(registry.ErrAlreadyExists))
		_, err = sets.Replace(ctx, &ownmodel.DataSet{ID: large.ID, ProjectID: p.ID, Name: "large", Rows: 3})
		Expect(err).NotTo(HaveOccurred())
		got, err := sets.FindByNameIn(ctx, p.ID, "large")
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Rows).To(BeEquivalentTo(3))
	})
})

var _ = onEveryBackend("a custom property", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("is read as the kind that it was stored as", func(ctx SpecContext) {
		reg := registry.New(rpc())
		m := model.RegisteredModel{
			Name:             fresh("model"),
			CustomProperties: value.Map{"auc": value.Double(0.93), "epochs": value.Int(7), "stage": value.String("prod")},
		}
		_, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		got, err := reg.RegisteredModels().Get(ctx, m.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.CustomProperties).To(Equal(m.CustomProperties))
		stage, ok := got.CustomProperties["stage"].AsString()
		Expect(ok).To(BeTrue())
		Expect(stage).To(Equal("prod"))
		_, ok = got.CustomProperties["epochs"].AsString()
		Expect(ok).To(BeFalse())
	})
})

// TestWrongUses_DoNotCompile compiles uses that the types exclude.
func TestWrongUses_DoNotCompile(t *testing.T) {
	wrong := []string{
		`reg.RegisteredModels().Query().Where(field.ModelVersion.Author.Eq("ada"))`, // another entity
		`registry.Clear[model.ModelVersion](field.ModelVersion.ID)`,                 // cannot be empty
		`registry.Clear[model.ModelVersion](field.ModelVersion.Name)`,
		`registry.Set[model.ModelVersion](field.ModelVersion.Author)`, // a pointer needs no Set
		`reg.ModelVersions().Replace(ctx, v, registry.Clear(field.ModelVersion.Author))`,
		`reg.ModelVersions().Upsert(ctx, v, registry.Clear(field.RegisteredModel.Owner))`,
		`reg.ModelVersions().Query().Where(field.ModelVersion.State.Eq(model.RegisteredModelStateLive))`,
	}
	right := []string{
		`reg.ModelVersions().Query().Where(field.ModelVersion.Author.Eq("ada"))`,
		`reg.ModelVersions().Upsert(ctx, v, registry.Clear(field.ModelVersion.Author))`,
		`reg.ModelVersions().Query().Where(field.ModelVersion.State.Eq(model.ModelVersionStateLive))`,
	}
	source := `package wrong
import (
	"context"
	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
)
func use(ctx context.Context, reg *registry.Client, v *model.ModelVersion) {
`
	first := 9 // the line of the first use
	for _, use := range append(slices.Clone(wrong), right...) {
		source += use + "\n"
	}
	file := filepath.Join(t.TempDir(), "wrong.go")
	if err := os.WriteFile(file, []byte(source+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs("wrong/wrong.go")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{here: file}})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "build", "-gcflags=-e", "-overlay", list, "./wrong").CombinedOutput()
	if err == nil {
		t.Fatal("the wrong uses compile")
	}
	failed := map[int]bool{}
	for _, m := range regexp.MustCompile(`wrong\.go:(\d+):`).FindAllSubmatch(out, -1) {
		line, _ := strconv.Atoi(string(m[1]))
		failed[line-first] = true
	}
	for i, use := range wrong {
		if !failed[i] {
			t.Errorf("%s compiles", use)
		}
	}
	for i, use := range right {
		if failed[len(wrong)+i] {
			t.Errorf("%s does not compile:\n%s", use, out)
		}
	}
}
