package registry_test

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

var _ = onEveryBackend("bad input", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	var (
		reg  *registry.Client
		sent *counter
	)
	BeforeEach(func() {
		client, c := counting(rpc())
		reg, sent = registry.New(client), c
	})
	// refused expects an error of the given kind about the field, and no writes.
	refused := func(err error, kind error, field string) {
		GinkgoHelper()
		Expect(err).To(MatchError(kind))
		Expect(failure(err).Field).To(Equal(field))
		Expect(writes(sent.take())).To(BeEmpty())
	}
	model_ := func(ctx SpecContext, m model.RegisteredModel) error {
		_, err := reg.RegisteredModels().Upsert(ctx, &m)
		return err
	}

	It("is nil", func(ctx SpecContext) {
		_, err := reg.RegisteredModels().Upsert(ctx, nil)
		refused(err, registry.ErrInvalidArgument, "")
	})

	It("is a missing name", func(ctx SpecContext) {
		refused(model_(ctx, model.RegisteredModel{}), registry.ErrInvalidArgument, "name")
		id := aModel(ctx, reg)
		sent.take()
		_, err := reg.ModelVersions().Upsert(ctx, &model.ModelVersion{RegisteredModelID: id})
		refused(err, registry.ErrInvalidArgument, "name")
		_, err = reg.RegisteredModels().FindByName(ctx, "")
		refused(err, registry.ErrInvalidArgument, "name")
		_, err = reg.ModelVersions().FindByName(ctx, id, "")
		refused(err, registry.ErrInvalidArgument, "name")
		_, err = reg.RegisteredModels().FindByExternalID(ctx, "")
		refused(err, registry.ErrInvalidArgument, "externalId")
	})

	It("is a name over the limit", func(ctx SpecContext) {
		refused(model_(ctx, model.RegisteredModel{Name: long(256)}), registry.ErrInvalidArgument, "name")
		id := aModel(ctx, reg)
		sent.take()
		_, err := reg.ModelVersions().Upsert(ctx, &model.ModelVersion{RegisteredModelID: id, Name: long(255)})
		refused(err, registry.ErrInvalidArgument, "name")
		name := fresh("x")
		Expect(model_(ctx, model.RegisteredModel{Name: name + long(255-len(name))})).To(Succeed())
		sent.take()
		refused(model_(ctx, model.RegisteredModel{Name: "x", ExternalID: new(long(256))}),
			registry.ErrInvalidArgument, "externalId")
	})

	// Blank names and control characters are rejected only for new entities.
	It("is a new name that is blank or has control characters", func(ctx SpecContext) {
		parent, service := aModel(ctx, reg), aService(ctx, reg)
		version := aVersion(ctx, reg)
		sent.take()
		for _, bad := range []string{
			" ", "\t", "\n", " \u00a0\u3000", "\u200b\ufeff", "a\nb", "a\r\nb", "a\n", "\ta", "a\x1b[2Jb", "a\x7f", "a\u0085b",
			"a\u2028b", "a\u2029b",
		} {
			refused(model_(ctx, model.RegisteredModel{Name: bad}), registry.ErrInvalidArgument, "name")
			_, err := reg.ModelVersions().Upsert(ctx, &model.ModelVersion{RegisteredModelID: parent, Name: bad})
			refused(err, registry.ErrInvalidArgument, "name")
			_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ModelVersionID: version, Name: bad})
			refused(err, registry.ErrInvalidArgument, "name")
			_, err = reg.ModelArtifacts().Replace(ctx, &model.ModelArtifact{Name: bad})
			refused(err, registry.ErrInvalidArgument, "name")
			_, err = reg.ServeModels().Upsert(ctx, &model.ServeModel{
				InferenceServiceID: service, ModelVersionID: version, Name: bad,
			})
			refused(err, registry.ErrInvalidArgument, "name")
		}
		for _, good := range []string{" a ", "a b", "\u00e9", "\U0001f469\u200d\U0001f4bb", "."} {
			Expect(model_(ctx, model.RegisteredModel{Name: fresh("") + good})).To(Succeed())
			_, err := reg.ModelVersions().Upsert(ctx, &model.ModelVersion{RegisteredModelID: parent, Name: good})
			Expect(err).NotTo(HaveOccurred(), "%q", good)
		}
	})

	// Other programs do store such names.
	It("is not a stored name that is blank or has control characters", func(ctx SpecContext) {
		needsRPCs()
		parent := aModel(ctx, reg)
		for _, odd := range []string{" ", "a\nb"} {
			byOther := func(typeName, name string) {
				t, err := rpc().GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: &typeName})
				Expect(err).NotTo(HaveOccurred())
				_, err = rpc().PutContexts(ctx, &mlmdpb.PutContextsRequest{
					Contexts: []*mlmdpb.Context{{TypeId: t.GetContextType().Id, Name: &name}},
				})
				Expect(err).NotTo(HaveOccurred())
			}
			aVersion(ctx, reg) // so that there is the type
			name := fresh("model") + "\nb"
			byOther("kf.RegisteredModel", name)
			byOther("kf.ModelVersion", parent+":"+odd)

			m := model.RegisteredModel{Name: name, Owner: new("a")}
			_, err := reg.RegisteredModels().Upsert(ctx, &m)
			Expect(err).NotTo(HaveOccurred())
			stored, err := reg.RegisteredModels().FindByName(ctx, name)
			Expect(err).NotTo(HaveOccurred())
			Expect(stored.ID).To(Equal(m.ID))
			Expect(stored.Owner).To(HaveValue(Equal("a")))
			stored.Owner = new("b")
			_, err = reg.RegisteredModels().Replace(ctx, stored)
			Expect(err).NotTo(HaveOccurred())

			v := model.ModelVersion{RegisteredModelID: parent, Name: odd, Author: new("a")}
			_, err = reg.ModelVersions().Upsert(ctx, &v)
			Expect(err).NotTo(HaveOccurred())
			version, err := reg.ModelVersions().FindByName(ctx, parent, odd)
			Expect(err).NotTo(HaveOccurred())
			Expect(version.ID).To(Equal(v.ID))
			Expect(version.Author).To(HaveValue(Equal("a")))
		}
	})

	It("is text that is not UTF-8 or has a NUL", func(ctx SpecContext) {
		for _, bad := range []string{"a\xffb", "a\x00b"} {
			refused(model_(ctx, model.RegisteredModel{Name: bad}), registry.ErrInvalidArgument, "name")
			refused(model_(ctx, model.RegisteredModel{Name: "x", Description: &bad}), registry.ErrInvalidArgument, "description")
			refused(model_(ctx, model.RegisteredModel{Name: "x", ExternalID: &bad}), registry.ErrInvalidArgument, "externalId")
			refused(model_(ctx, model.RegisteredModel{Name: "x", CustomProperties: value.Map{"a": value.String(bad)}}),
				registry.ErrInvalidArgument, "customProperties.a")
			Expect(model_(ctx, model.RegisteredModel{Name: "x", CustomProperties: value.Map{bad: value.Int(1)}})).
				To(MatchError(registry.ErrInvalidArgument))
			_, err := reg.RegisteredModels().FindByName(ctx, bad)
			refused(err, registry.ErrInvalidArgument, "name")
			_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{Name: "x", URI: &bad})
			refused(err, registry.ErrInvalidArgument, "uri")
		}
		_, err := reg.ModelVersions().Query().Where(field.ModelVersion.Author.Eq("\xff")).Collect(ctx)
		refused(err, registry.ErrInvalidArgument, "")
	})

	It("is a custom property without a value or with the name of a declared one", func(ctx SpecContext) {
		refused(model_(ctx, model.RegisteredModel{Name: "x", CustomProperties: value.Map{"a": {}}}),
			registry.ErrInvalidArgument, "customProperties.a")
		refused(model_(ctx, model.RegisteredModel{Name: "x", CustomProperties: value.Map{"owner": value.Int(1)}}),
			registry.ErrInvalidArgument, "customProperties.owner")
		refused(model_(ctx, model.RegisteredModel{Name: "x", CustomProperties: value.Map{"a": value.Double(inf())}}),
			registry.ErrInvalidArgument, "customProperties.a")
		deep, err := value.StructFromJSON([]byte(strings.Repeat(`{"a":`, 32) + "1" + strings.Repeat("}", 32)))
		Expect(err).NotTo(HaveOccurred())
		refused(model_(ctx, model.RegisteredModel{Name: "x", CustomProperties: value.Map{"a": deep}}),
			registry.ErrInvalidArgument, "customProperties.a")
	})

	It("is a value that the enum does not have", func(ctx SpecContext) {
		refused(model_(ctx, model.RegisteredModel{Name: "x", State: new(model.RegisteredModelState("DEAD"))}),
			registry.ErrInvalidArgument, "state")
	})

	It("is an ID that is not a number", func(ctx SpecContext) {
		for _, id := range []string{"", "x", "0", "-1", "1.5", "01", "+1", " 1", "99999999999999999999"} {
			_, err := reg.RegisteredModels().Get(ctx, id)
			refused(err, registry.ErrInvalidArgument, "id")
			_, err = reg.ModelVersions().OfModel(id).Collect(ctx)
			refused(err, registry.ErrInvalidArgument, "registeredModelId")
			_, err = reg.ModelVersions().FindByName(ctx, id, "x")
			refused(err, registry.ErrInvalidArgument, "registeredModelId")
			_, err = reg.RegisteredModels().Tree(ctx, id)
			refused(err, registry.ErrInvalidArgument, "id")
			_, err = reg.ModelVersions().Upsert(ctx, &model.ModelVersion{RegisteredModelID: id, Name: "x"})
			refused(err, registry.ErrInvalidArgument, "registeredModelId")
			if id != "" {
				refused(model_(ctx, model.RegisteredModel{ID: id, Name: "x"}), registry.ErrInvalidArgument, "id")
			}
		}
	})

	It("is a parent that does not exist or is another entity", func(ctx SpecContext) {
		environment := anEnvironment(ctx, reg)
		sent.take()
		for _, id := range []string{"987654321", environment} {
			_, err := reg.ModelVersions().Upsert(ctx, &model.ModelVersion{RegisteredModelID: id, Name: fresh("v")})
			refused(err, registry.ErrNotFound, "registeredModelId")
			_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ModelVersionID: id, Name: fresh("a")})
			refused(err, registry.ErrNotFound, "modelVersionId")
			_, err = reg.ServeModels().Upsert(ctx, &model.ServeModel{
				InferenceServiceID: id, ModelVersionID: "1", Name: fresh("s"),
			})
			refused(err, registry.ErrNotFound, "inferenceServiceId")
		}
	})

	It("is an ID that does not exist or is another entity's", func(ctx SpecContext) {
		environment := anEnvironment(ctx, reg)
		sent.take()
		refused(model_(ctx, model.RegisteredModel{ID: "987654321", Name: "x"}), registry.ErrNotFound, "id")
		refused(model_(ctx, model.RegisteredModel{ID: environment, Name: "x"}), registry.ErrNotFound, "id")
		_, err := reg.RegisteredModels().Get(ctx, environment)
		refused(err, registry.ErrNotFound, "")
		_, err = reg.RegisteredModels().Replace(ctx, &model.RegisteredModel{ID: environment, Name: "x"})
		refused(err, registry.ErrNotFound, "id")
	})

	It("is a field that is both set and cleared", func(ctx SpecContext) {
		_, err := reg.RegisteredModels().Upsert(
			ctx, &model.RegisteredModel{Name: "x", Owner: new("a")}, registry.Clear(field.RegisteredModel.Owner),
		)
		refused(err, registry.ErrInvalidArgument, "owner")
	})

	It("is a change of an immutable field", func(ctx SpecContext) {
		version, service := aVersion(ctx, reg), aService(ctx, reg)
		s := model.ServeModel{InferenceServiceID: service, ModelVersionID: version, Name: "run"}
		_, err := reg.ServeModels().Upsert(ctx, &s)
		Expect(err).NotTo(HaveOccurred())
		other, environment := aService(ctx, reg), anEnvironment(ctx, reg)
		sent.take()
		_, err = reg.ServeModels().Upsert(ctx, &model.ServeModel{ID: s.ID, ModelVersionID: aVersion(ctx, reg)})
		sent.take()
		refused(err, registry.ErrInvalidArgument, "modelVersionId")
		_, err = reg.ServeModels().Upsert(ctx, &model.ServeModel{ID: s.ID, InferenceServiceID: other})
		refused(err, registry.ErrInvalidArgument, "inferenceServiceId")
		_, err = reg.InferenceServices().Upsert(ctx, &model.InferenceService{ID: service, ServingEnvironmentID: environment})
		refused(err, registry.ErrInvalidArgument, "servingEnvironmentId")
	})

	It("is a malformed query", func(ctx SpecContext) {
		q := reg.ModelVersions().Query()
		malformed := []registry.Query[model.ModelVersion]{
			q.Limit(-1), q.OrderBy(17),
			q.Where(field.ModelVersion.Custom("").Int().Eq(1)),
			q.Where(field.ModelVersion.ID.Eq("x")),
		}
		if !onREST() {
			malformed = append(malformed,
				reg.ModelVersions().OfModel("1").WhereText("id = 1) OR (TRUE"),
				reg.ModelVersions().OfModel("1").WhereText("id > 0 #\r) OR (id > 0"))
		}
		for _, q := range malformed {
			_, err := q.Collect(ctx)
			Expect(err).To(MatchError(registry.ErrInvalidArgument))
			_, err = q.Page(ctx, "")
			Expect(err).To(MatchError(registry.ErrInvalidArgument))
			Expect(sent.take()).To(BeEmpty())
		}
	})

	It("is a query that the server rejects", func(ctx SpecContext) {
		aVersion(ctx, reg)
		sent.take()
		_, err := reg.ModelVersions().Query().WhereText("author = ").Collect(ctx)
		refused(err, registry.ErrInvalidArgument, "")
		Expect(failure(err).Err).To(HaveOccurred())
		Expect(status.Code(failure(err).Err)).To(Equal(codes.InvalidArgument))
		_, err = reg.ModelVersions().OfModel("1").WhereText("id > 0").WhereText("name =\n author").Collect(ctx)
		refused(err, registry.ErrInvalidArgument, "")
		Expect(err).To(MatchError(ContainSubstring("[at 2:2]")), "the place is that in the caller's text")
		_, err = reg.ModelVersions().Query().Page(ctx, "no token")
		refused(err, registry.ErrInvalidArgument, "")
	})

	It("is a context that has ended", func(ctx SpecContext) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := reg.RegisteredModels().Get(ended, "1")
		Expect(err).To(MatchError(context.Canceled))
		late, cancel := context.WithTimeout(ctx, time.Nanosecond)
		defer cancel()
		time.Sleep(time.Millisecond)
		_, err = reg.RegisteredModels().Upsert(late, &model.RegisteredModel{Name: fresh("late")})
		Expect(err).To(MatchError(context.DeadlineExceeded))
		_, err = reg.RegisteredModels().Query().Collect(ended)
		Expect(err).To(MatchError(context.Canceled))
	})
})

func inf() float64 {
	zero := 0.0
	return 1 / zero
}

var _ = Describe("a store that is not there", func() {
	It("is unavailable, and the error names the target", func(ctx SpecContext) {
		reg, err := registry.Dial("127.0.0.1:1", registry.WithRetryTimeout(0))
		Expect(err).NotTo(HaveOccurred(), "nothing is sent yet")
		defer reg.Close()
		_, err = reg.RegisteredModels().Get(ctx, "1")
		Expect(err).To(MatchError(registry.ErrUnavailable))
		Expect(err).To(MatchError(ContainSubstring("127.0.0.1:1")))
	})

	It("is unavailable once its client is closed", func(ctx SpecContext) {
		reg, err := registry.Dial("127.0.0.1:1")
		Expect(err).NotTo(HaveOccurred())
		Expect(reg.Close()).To(Succeed())
		_, err = reg.RegisteredModels().Get(ctx, "1")
		Expect(err).To(MatchError(registry.ErrUnavailable))
	})

	It("is unavailable once it is closed", func(ctx SpecContext) {
		s, err := sqlite.Open(ctx, filepath.Join(GinkgoT().TempDir(), "closed.db"))
		Expect(err).NotTo(HaveOccurred())
		reg := registry.New(s.Client())
		aModel(ctx, reg)
		Expect(s.Close()).To(Succeed())
		_, err = reg.RegisteredModels().Get(ctx, "1")
		Expect(err).To(MatchError(registry.ErrUnavailable))
		_, err = reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "late"})
		Expect(err).To(MatchError(registry.ErrUnavailable))
	})
})
