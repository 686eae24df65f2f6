package registry_test

import (
	"slices"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A sample makes entities of one mapping.
type sample[T any, N mlmd.Node] struct {
	mapping mlmd.Mapping[T, N]
	// below stores a new parent and returns its ID. It is nil if entities have none.
	below func(ctx SpecContext, reg *registry.Client) string
	// full returns an entity with all fields set.
	full func(ctx SpecContext, reg *registry.Client, parentID, name string) T
	// description and name return pointers to the fields of an entity.
	description func(*T) **string
	name        func(*T) *string
	externalID  func(*T) **string
	custom      func(*T) *value.Map
	clear       filter.Clearable[*T] // the symbol of the description
}

// everyKind has a custom property of each kind, with names that need quoting.
func everyKind() value.Map {
	return value.Map{
		"text": value.String("a, b; \"c\" 'd' ü"), "int": value.Int(7), "double": value.Double(0.25), "yes": value.Bool(true),
		"object": value.Struct(map[string]any{"a": []any{1.0, "x", nil}, "b": map[string]any{"c": true}}),
		"any":    value.Proto("type.example/x", []byte{1, 2, 0, 255}),
		"empty":  value.String(""), "a name, with: all sorts\t": value.Int(-1),
	}
}

var aRegisteredModel = sample[model.RegisteredModel, *mlmdpb.Context]{
	mapping: mapping.RegisteredModel,
	full: func(_ SpecContext, _ *registry.Client, _, name string) model.RegisteredModel {
		return model.RegisteredModel{
			Name: name, ExternalID: new(fresh("external")), Description: new("d"), CustomProperties: everyKind(),
			Owner: new("ada"), State: new(model.RegisteredModelStateArchived), Readme: new("# r\n"), Maturity: new("m"),
			Language: []string{"en", "de"}, Tasks: []string{"t, with comma"}, Provider: new("p"), Logo: new("l"),
			License: new("mit"), LicenseLink: new("https://x"), LibraryName: new(""),
		}
	},
	description: func(v *model.RegisteredModel) **string { return &v.Description },
	name:        func(v *model.RegisteredModel) *string { return &v.Name },
	externalID:  func(v *model.RegisteredModel) **string { return &v.ExternalID },
	custom:      func(v *model.RegisteredModel) *value.Map { return &v.CustomProperties },
	clear:       field.RegisteredModel.Description,
}

var aModelVersion = sample[model.ModelVersion, *mlmdpb.Context]{
	mapping: mapping.ModelVersion,
	below:   aModel,
	full: func(_ SpecContext, _ *registry.Client, parentID, name string) model.ModelVersion {
		return model.ModelVersion{
			RegisteredModelID: parentID, Name: name, ExternalID: new(fresh("external")), Description: new("d"),
			CustomProperties: everyKind(), Author: new("ada"), State: new(model.ModelVersionStateArchived),
		}
	},
	description: func(v *model.ModelVersion) **string { return &v.Description },
	name:        func(v *model.ModelVersion) *string { return &v.Name },
	externalID:  func(v *model.ModelVersion) **string { return &v.ExternalID },
	custom:      func(v *model.ModelVersion) *value.Map { return &v.CustomProperties },
	clear:       field.ModelVersion.Description,
}

var aModelArtifact = sample[model.ModelArtifact, *mlmdpb.Artifact]{
	mapping: mapping.ModelArtifact,
	below:   aVersion,
	full: func(_ SpecContext, _ *registry.Client, parentID, name string) model.ModelArtifact {
		return model.ModelArtifact{
			ModelVersionID: parentID, Name: name, ExternalID: new(fresh("external")), Description: new("d"),
			CustomProperties: everyKind(), URI: new("s3://models/" + name), State: new(model.ArtifactStateLive),
			ModelFormatName: new("onnx"), ModelFormatVersion: new("1"), StorageKey: new("k"), StoragePath: new("p"),
			ServiceAccountName: new("s"), ModelSourceKind: new("a"), ModelSourceClass: new("b"), ModelSourceGroup: new("c"),
			ModelSourceID: new("d"), ModelSourceName: new("e"),
		}
	},
	description: func(v *model.ModelArtifact) **string { return &v.Description },
	name:        func(v *model.ModelArtifact) *string { return &v.Name },
	externalID:  func(v *model.ModelArtifact) **string { return &v.ExternalID },
	custom:      func(v *model.ModelArtifact) *value.Map { return &v.CustomProperties },
	clear:       field.ModelArtifact.Description,
}

var aDocArtifact = sample[model.DocArtifact, *mlmdpb.Artifact]{
	mapping: mapping.DocArtifact,
	below:   aVersion,
	full: func(_ SpecContext, _ *registry.Client, parentID, name string) model.DocArtifact {
		return model.DocArtifact{
			ModelVersionID: parentID, Name: name, ExternalID: new(fresh("external")), Description: new("d"),
			CustomProperties: everyKind(), URI: new("https://docs/" + name), State: new(model.ArtifactStateReference),
		}
	},
	description: func(v *model.DocArtifact) **string { return &v.Description },
	name:        func(v *model.DocArtifact) *string { return &v.Name },
	externalID:  func(v *model.DocArtifact) **string { return &v.ExternalID },
	custom:      func(v *model.DocArtifact) *value.Map { return &v.CustomProperties },
	clear:       field.DocArtifact.Description,
}

var aDataSet = sample[model.DataSet, *mlmdpb.Artifact]{
	mapping: mapping.DataSet,
	below:   aVersion,
	full: func(_ SpecContext, _ *registry.Client, parentID, name string) model.DataSet {
		return model.DataSet{
			ModelVersionID: parentID, Name: name, ExternalID: new(fresh("external")), Description: new("d"),
			CustomProperties: everyKind(), URI: new("s3://data/" + name), State: new(model.ArtifactStateLive),
			Digest: new("sha256:0"), SourceType: new("s3"), Source: new("s"), Schema: new("{}"), Profile: new("p"),
		}
	},
	description: func(v *model.DataSet) **string { return &v.Description },
	name:        func(v *model.DataSet) *string { return &v.Name },
	externalID:  func(v *model.DataSet) **string { return &v.ExternalID },
	custom:      func(v *model.DataSet) *value.Map { return &v.CustomProperties },
	clear:       field.DataSet.Description,
}

var aMetric = sample[model.Metric, *mlmdpb.Artifact]{
	mapping: mapping.Metric,
	below:   aVersion,
	full: func(_ SpecContext, _ *registry.Client, parentID, name string) model.Metric {
		return model.Metric{
			ModelVersionID: parentID, Name: name, ExternalID: new(fresh("external")), Description: new("d"),
			CustomProperties: everyKind(), Value: new(0.0), Step: new(int64(0)), State: new(model.ArtifactStateLive),
			Timestamp: value.Millis(1714557600000),
		}
	},
	description: func(v *model.Metric) **string { return &v.Description },
	name:        func(v *model.Metric) *string { return &v.Name },
	externalID:  func(v *model.Metric) **string { return &v.ExternalID },
	custom:      func(v *model.Metric) *value.Map { return &v.CustomProperties },
	clear:       field.Metric.Description,
}

var aParameter = sample[model.Parameter, *mlmdpb.Artifact]{
	mapping: mapping.Parameter,
	below:   aVersion,
	full: func(_ SpecContext, _ *registry.Client, parentID, name string) model.Parameter {
		return model.Parameter{
			ModelVersionID: parentID, Name: name, ExternalID: new(fresh("external")), Description: new("d"),
			CustomProperties: everyKind(), Value: new("0.1"), ParameterType: new(model.ParameterTypeNumber),
			State: new(model.ArtifactStateLive),
		}
	},
	description: func(v *model.Parameter) **string { return &v.Description },
	name:        func(v *model.Parameter) *string { return &v.Name },
	externalID:  func(v *model.Parameter) **string { return &v.ExternalID },
	custom:      func(v *model.Parameter) *value.Map { return &v.CustomProperties },
	clear:       field.Parameter.Description,
}

var aServingEnvironment = sample[model.ServingEnvironment, *mlmdpb.Context]{
	mapping: mapping.ServingEnvironment,
	full: func(_ SpecContext, _ *registry.Client, _, name string) model.ServingEnvironment {
		return model.ServingEnvironment{
			Name:             name,
			ExternalID:       new(fresh("external")),
			Description:      new("d"),
			CustomProperties: everyKind(),
		}
	},
	description: func(v *model.ServingEnvironment) **string { return &v.Description },
	name:        func(v *model.ServingEnvironment) *string { return &v.Name },
	externalID:  func(v *model.ServingEnvironment) **string { return &v.ExternalID },
	custom:      func(v *model.ServingEnvironment) *value.Map { return &v.CustomProperties },
	clear:       field.ServingEnvironment.Description,
}

var anInferenceService = sample[model.InferenceService, *mlmdpb.Context]{
	mapping: mapping.InferenceService,
	below:   anEnvironment,
	full: func(ctx SpecContext, reg *registry.Client, parentID, name string) model.InferenceService {
		return model.InferenceService{
			ServingEnvironmentID: parentID, Name: name, ExternalID: new(fresh("external")), Description: new("d"),
			CustomProperties: everyKind(), RegisteredModelID: aModel(ctx, reg), ModelVersionID: new(aVersion(ctx, reg)),
			Runtime: new("triton"), DesiredState: new(model.InferenceServiceStateDeployed),
		}
	},
	description: func(v *model.InferenceService) **string { return &v.Description },
	name:        func(v *model.InferenceService) *string { return &v.Name },
	externalID:  func(v *model.InferenceService) **string { return &v.ExternalID },
	custom:      func(v *model.InferenceService) *value.Map { return &v.CustomProperties },
	clear:       field.InferenceService.Description,
}

var aServeModel = sample[model.ServeModel, *mlmdpb.Execution]{
	mapping: mapping.ServeModel,
	below:   aService,
	full: func(ctx SpecContext, reg *registry.Client, parentID, name string) model.ServeModel {
		return model.ServeModel{
			InferenceServiceID: parentID, Name: name, ExternalID: new(fresh("external")), Description: new("d"),
			CustomProperties: everyKind(), ModelVersionID: aVersion(ctx, reg), LastKnownState: new(model.ExecutionStateRunning),
		}
	},
	description: func(v *model.ServeModel) **string { return &v.Description },
	name:        func(v *model.ServeModel) *string { return &v.Name },
	externalID:  func(v *model.ServeModel) **string { return &v.ExternalID },
	custom:      func(v *model.ServeModel) *value.Map { return &v.CustomProperties },
	clear:       field.ServeModel.Description,
}

var anExperiment = sample[model.Experiment, *mlmdpb.Context]{
	mapping: mapping.Experiment,

	full: func(_ SpecContext, _ *registry.Client, _, name string) model.Experiment {
		return model.Experiment{
			Name: name, ExternalID: new(fresh("external")), Description: new("d"),
			CustomProperties: everyKind(), Owner: new("ada"), State: new(model.ExperimentStateArchived),
		}
	},
	description: func(v *model.Experiment) **string { return &v.Description },
	name:        func(v *model.Experiment) *string { return &v.Name },
	externalID:  func(v *model.Experiment) **string { return &v.ExternalID },
	custom:      func(v *model.Experiment) *value.Map { return &v.CustomProperties },
	clear:       field.Experiment.Description,
}

var anExperimentRun = sample[model.ExperimentRun, *mlmdpb.Context]{
	mapping: mapping.ExperimentRun,
	below:   anExperimentID,
	full: func(_ SpecContext, _ *registry.Client, parentID, name string) model.ExperimentRun {
		return model.ExperimentRun{
			ExperimentID: parentID, Name: name, ExternalID: new(fresh("external")), Description: new("d"),
			CustomProperties: everyKind(), Owner: new("ada"), State: new(model.ExperimentRunStateArchived),
			Status:    new(model.ExperimentRunStatusFinished),
			StartTime: value.Millis(1714557600000), EndTime: value.Millis(1714557601000),
		}
	},
	description: func(v *model.ExperimentRun) **string { return &v.Description },
	name:        func(v *model.ExperimentRun) *string { return &v.Name },
	externalID:  func(v *model.ExperimentRun) **string { return &v.ExternalID },
	custom:      func(v *model.ExperimentRun) *value.Map { return &v.CustomProperties },
	clear:       field.ExperimentRun.Description,
}

var aMetricHistory = sample[model.MetricHistory, *mlmdpb.Artifact]{
	mapping: mapping.MetricHistory,
	below:   aRun,
	full: func(_ SpecContext, _ *registry.Client, parentID, name string) model.MetricHistory {
		return model.MetricHistory{
			ExperimentRunID: parentID, Name: name, ExternalID: new(fresh("external")), Description: new("d"),
			CustomProperties: everyKind(), Value: new(-1.5), Step: new(int64(3)), State: new(model.ArtifactStateLive),
			Timestamp: value.Millis(1714557600000),
		}
	},
	description: func(v *model.MetricHistory) **string { return &v.Description },
	name:        func(v *model.MetricHistory) *string { return &v.Name },
	externalID:  func(v *model.MetricHistory) **string { return &v.ExternalID },
	custom:      func(v *model.MetricHistory) *value.Map { return &v.CustomProperties },
	clear:       field.MetricHistory.Description,
}

// described has the entities that a sample exists for.
var described = []string{
	behavesLikeAnEntity(aRegisteredModel),
	behavesLikeAnEntity(aModelVersion),
	behavesLikeAnEntity(aModelArtifact),
	behavesLikeAnEntity(aDocArtifact),
	behavesLikeAnEntity(aServingEnvironment),
	behavesLikeAnEntity(anInferenceService),
	behavesLikeAnEntity(aServeModel),
	behavesLikeAnEntity(aDataSet),
	behavesLikeAnEntity(aMetric),
	behavesLikeAnEntity(aParameter),
	behavesLikeAnEntity(anExperiment),
	behavesLikeAnEntity(anExperimentRun),
	behavesLikeAnEntity(aMetricHistory),
}

var _ = It("every entity of the catalog has a sample", func() {
	var all []string
	for _, e := range mapping.Catalog {
		all = append(all, e.Type().Entity)
	}
	Expect(described).To(ConsistOf(all))
})

// subject is an entity of a sample with its collection.
type subject[T any, N mlmd.Node] struct {
	sample[T, N]
	reg      *registry.Client
	e        *registry.Collection[T, N]
	parentID string
	v        T
}

// behavesLikeAnEntity describes the behavior of all entities. It returns the name
// of the entity.
func behavesLikeAnEntity[T any, N mlmd.Node](s sample[T, N]) string {
	onEveryBackend("a "+s.mapping.Entity, func(rpc func() mlmdpb.MetadataStoreServiceClient) {
		var x subject[T, N]
		BeforeEach(func(ctx SpecContext) {
			reg := registry.New(rpc())
			x = subject[T, N]{sample: s, reg: reg, e: registry.NewCollection(reg, s.mapping)}
			if s.below != nil {
				x.parentID = s.below(ctx, reg)
			}
			x.v = s.full(ctx, reg, x.parentID, fresh("name: with colon"))
		})
		storesAndReads(&x)
		updates(&x)
		reportsAndGuards(&x)
		converges(&x, rpc)
		refuses(&x)
		callsHooks(&x)
	})
	return s.mapping.Entity
}

// same expects two entities to be equal except for IDs and times.
func (x *subject[T, N]) same(got *T, want T) {
	GinkgoHelper()
	parent := mlmd.Parent{Name: "p", UUID: "u"}
	parent.ID, _ = strconv.ParseInt(x.parentID, 10, 64)
	x.mapping.SetID(&want, x.mapping.Ident(got).ID)
	g, err := x.mapping.Encode(got, parent)
	Expect(err).NotTo(HaveOccurred())
	w, err := x.mapping.Encode(&want, parent)
	Expect(err).NotTo(HaveOccurred())
	if !proto.Equal(any(g).(proto.Message), any(w).(proto.Message)) {
		Expect(got).To(Equal(&want)) // for the difference
		Fail("the encodings differ")
	}
}

func (x *subject[T, N]) upsert(ctx SpecContext, v *T, opts ...registry.UpsertOption[T]) string {
	GinkgoHelper()
	res, err := x.e.Upsert(ctx, v, opts...)
	Expect(err).NotTo(HaveOccurred())
	Expect(x.mapping.Ident(v).ID).To(Equal(res.ID), "the ID is also on the value")
	return res.ID
}

func (x *subject[T, N]) get(ctx SpecContext, id string) *T {
	GinkgoHelper()
	got, err := x.e.Get(ctx, id)
	Expect(err).NotTo(HaveOccurred())
	return got
}

func (x *subject[T, N]) find(ctx SpecContext, name string) (*T, error) {
	if x.below == nil {
		return x.e.FindByName(ctx, name)
	}
	return x.e.FindByNameIn(ctx, x.parentID, name)
}

func storesAndReads[T any, N mlmd.Node](x *subject[T, N]) {
	It("is read as it was stored, by ID, name and external ID", func(ctx SpecContext) {
		id := x.upsert(ctx, &x.v)
		got := x.get(ctx, id)
		x.same(got, x.v)
		byName, err := x.find(ctx, *x.name(&x.v))
		Expect(err).NotTo(HaveOccurred())
		Expect(byName).To(Equal(got))
		byExternalID, err := x.e.FindByExternalID(ctx, **x.externalID(&x.v))
		Expect(err).NotTo(HaveOccurred())
		Expect(byExternalID).To(Equal(got))
	})

	It("is listed among all and among the children of its parent", func(ctx SpecContext) {
		id := x.upsert(ctx, &x.v)
		newest, err := x.e.Query().OrderBy(registry.OrderByID).Desc().First(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(x.mapping.Ident(newest).ID).To(Equal(id))
		if x.below != nil {
			below, err := x.e.ChildrenOf(x.parentID).Collect(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(below).To(HaveLen(1))
			Expect(x.mapping.Ident(below[0]).ID).To(Equal(id))
			Expect(x.e.ChildrenOf("987654321").Collect(ctx)).To(BeEmpty())
		}
	})

	It("is not found by a wrong ID, name or external ID", func(ctx SpecContext) {
		_, err := x.e.Get(ctx, "987654321")
		Expect(err).To(MatchError(registry.ErrNotFound))
		_, err = x.find(ctx, fresh("unknown"))
		Expect(err).To(MatchError(registry.ErrNotFound))
		_, err = x.e.FindByExternalID(ctx, fresh("unknown"))
		Expect(err).To(MatchError(registry.ErrNotFound))
	})
}

func updates[T any, N mlmd.Node](x *subject[T, N]) {
	It("does not change when it is stored again, by ID or by name", func(ctx SpecContext) {
		id := x.upsert(ctx, &x.v)
		stored := x.get(ctx, id)
		Expect(x.upsert(ctx, &x.v)).To(Equal(id))
		Expect(x.get(ctx, id)).To(Equal(stored), "also its update time")
		x.mapping.SetID(&x.v, "")
		Expect(x.upsert(ctx, &x.v)).To(Equal(id))
		Expect(x.get(ctx, id)).To(Equal(stored))
		Expect(x.upsert(ctx, x.get(ctx, id))).To(Equal(id), "as it was read")
		Expect(x.get(ctx, id)).To(Equal(stored))
	})

	It("is patched: fields that are not set stay", func(ctx SpecContext) {
		id := x.upsert(ctx, &x.v)
		var patch T
		x.mapping.SetID(&patch, id)
		*x.description(&patch) = new("another")
		x.upsert(ctx, &patch)
		*x.description(&x.v) = new("another")
		x.same(x.get(ctx, id), x.v)
	})

	It("has exactly the cleared fields removed", func(ctx SpecContext) {
		id := x.upsert(ctx, &x.v)
		var patch T
		x.mapping.SetID(&patch, id)
		x.upsert(ctx, &patch, registry.Clear(x.clear))
		*x.description(&x.v) = nil
		x.same(x.get(ctx, id), x.v)
	})

	It("has its custom properties merged by key", func(ctx SpecContext) {
		*x.custom(&x.v) = value.Map{"kept": value.Int(1), "changed": value.Int(1), "removed": value.Int(1)}
		id := x.upsert(ctx, &x.v)
		var patch T
		x.mapping.SetID(&patch, id)
		*x.custom(&patch) = value.Map{"changed": value.String("now text"), "new": value.Bool(false)}
		res, err := x.e.Upsert(ctx, &patch, registry.Clear(x.customProperty("removed")))
		Expect(err).NotTo(HaveOccurred())
		Expect(res.Outcome).To(Equal(registry.Updated))
		Expect(res.Changed).To(ConsistOf("customProperties.changed", "customProperties.new", "customProperties.removed"))
		*x.custom(&x.v) = value.Map{"kept": value.Int(1), "changed": value.String("now text"), "new": value.Bool(false)}
		x.same(x.get(ctx, id), x.v)

		*x.custom(&patch) = value.Map{}
		res, err = x.e.Upsert(ctx, &patch)
		Expect(err).NotTo(HaveOccurred())
		Expect(res.Outcome).To(Equal(registry.Unchanged))
		_, err = x.e.Upsert(ctx, &x.v, registry.Clear(x.customProperty("new")))
		Expect(err).To(MatchError(registry.ErrInvalidArgument), "both set and cleared")

		*x.custom(&x.v) = value.Map{}
		_, err = x.e.Replace(ctx, &x.v)
		Expect(err).NotTo(HaveOccurred())
		Expect(*x.custom(x.get(ctx, id))).To(BeEmpty())
	})

	It("is replaced by exactly the given value", func(ctx SpecContext) {
		id := x.upsert(ctx, &x.v)
		*x.description(&x.v), *x.externalID(&x.v), *x.custom(&x.v) = nil, nil, nil
		res, err := x.e.Replace(ctx, &x.v)
		Expect(err).NotTo(HaveOccurred())
		Expect(res.ID).To(Equal(id))
		x.same(x.get(ctx, id), x.v)
		_, err = x.e.FindByExternalID(ctx, fresh("external"))
		Expect(err).To(MatchError(registry.ErrNotFound))
	})

	It("is created by Replace too", func(ctx SpecContext) {
		res, err := x.e.Replace(ctx, &x.v)
		Expect(err).NotTo(HaveOccurred())
		x.same(x.get(ctx, res.ID), x.v)
	})

	It("has an immutable name and parent", func(ctx SpecContext) {
		x.upsert(ctx, &x.v)
		renamed := x.v
		*x.name(&renamed) = fresh("another")
		_, err := x.e.Upsert(ctx, &renamed)
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
		Expect(failure(err).Field).To(Equal("name"))
		x.same(x.get(ctx, x.mapping.Ident(&x.v).ID), x.v)
	})
}

func converges[T any, N mlmd.Node](x *subject[T, N], rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("is completed by a second call after a failure at any RPC", func(ctx SpecContext) {
		// Each RPC of the first call fails once, on a client with empty caches.
		for _, method := range []string{
			"PutTypes", "PutContexts", "PutParentContexts", "PutArtifacts", "PutLineageSubgraph", "PutExecution",
		} {
			client, sent := counting(rpc())
			e := registry.NewCollection(registry.New(client), x.mapping)
			sent.refuse(method)
			v := x.v
			*x.name(&v) = fresh("name")
			*x.externalID(&v) = nil
			res, err := e.Upsert(ctx, &v)
			if !slices.Contains(sent.take(), method) {
				Expect(err).NotTo(HaveOccurred())
				continue
			}
			Expect(err).To(MatchError(registry.ErrUnavailable))
			Expect(res.ID).To(BeEmpty())
			Expect(x.mapping.Ident(&v).ID).To(BeEmpty())
			sent.allow()
			res, err = e.Upsert(ctx, &v)
			Expect(err).NotTo(HaveOccurred())
			x.same(x.get(ctx, res.ID), v)
			if x.below != nil {
				below, err := x.e.ChildrenOf(x.parentID).OrderBy(registry.OrderByID).Desc().First(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(x.mapping.Ident(below).ID).To(Equal(res.ID), "it is a child of its parent")
			}
		}
	})

	It("is stored once by concurrent upserts", func(ctx SpecContext) {
		const writers = 4
		ids := make(chan string, writers)
		for range writers {
			v := x.v
			go func() {
				defer GinkgoRecover()
				id := ""
				defer func() { ids <- id }() // also if the upsert failed
				e := registry.NewCollection(registry.New(rpc()), x.mapping)
				res, err := e.Upsert(ctx, &v)
				Expect(err).NotTo(HaveOccurred())
				id = res.ID
			}()
		}
		stored := make([]string, writers)
		for i := range stored {
			stored[i] = <-ids // of all, so that none outlives the spec
		}
		first := stored[0]
		if slices.Contains(stored, "") {
			return
		}
		Expect(stored).To(HaveEach(first))
		x.same(x.get(ctx, first), x.v)
	})
}

func refuses[T any, N mlmd.Node](x *subject[T, N]) {
	It("has an external ID that no other node of its kind can have", func(ctx SpecContext) {
		id := x.upsert(ctx, &x.v)
		other := x.v
		x.mapping.SetID(&other, "")
		*x.name(&other) = fresh("another")
		check := func(err error) {
			GinkgoHelper()
			Expect(err).To(MatchError(registry.ErrAlreadyExists))
			e := failure(err)
			Expect(e.Field).To(Equal("externalId"))
			Expect(e.Value).To(Equal(**x.externalID(&x.v)))
			Expect(e.ExistingID).To(Equal(id))
		}
		_, err := x.e.Upsert(ctx, &other)
		check(err)
		*x.externalID(&other) = nil
		x.upsert(ctx, &other)
		*x.externalID(&other) = *x.externalID(&x.v)
		_, err = x.e.Upsert(ctx, &other) // now an update
		check(err)
	})
}
