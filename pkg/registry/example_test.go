package registry_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

// example returns a registry with a model, a version and an artifact.
func example(ctx context.Context) (reg *registry.Client, modelID, versionID string) {
	reg, err := openExample(ctx)
	if err != nil {
		log.Fatal(err)
	}
	m := model.RegisteredModel{Name: "fraud", Owner: new("ada")}
	if _, err = reg.RegisteredModels().Upsert(ctx, &m); err != nil {
		log.Fatal(err)
	}
	v := model.ModelVersion{
		RegisteredModelID: m.ID,
		Name:              "v1.0",
		Author:            new("ada"),
		CustomProperties:  value.Map{"auc": value.Double(0.93)},
	}
	if _, err = reg.ModelVersions().Upsert(ctx, &v); err != nil {
		log.Fatal(err)
	}
	a := model.ModelArtifact{
		ModelVersionID: v.ID,
		Name:           "weights",
		URI:            new("s3://models/fraud/1"),
		ExternalID:     new("run-17"),
	}
	if _, err = reg.ModelArtifacts().Upsert(ctx, &a); err != nil {
		log.Fatal(err)
	}
	return reg, m.ID, v.ID
}

// openExample opens the store that MLMD_EXAMPLE_STORE names, such as "file
// registry.db", or one in memory. The suites run the examples on every backend.
func openExample(ctx context.Context) (*registry.Client, error) {
	kind, address, _ := strings.Cut(os.Getenv("MLMD_EXAMPLE_STORE"), " ")
	var s *store.Store
	var err error
	switch kind {
	case "":
		s, err = sqlite.OpenMemory(ctx)
	case "file":
		s, err = sqlite.Open(ctx, address)
	case "postgres":
		s, err = postgres.Open(ctx, address)
	case "mysql":
		s, err = mysql.Open(ctx, address)
	default:
		address, name, _ := strings.Cut(address, "#") // one of the stores of a server for tests
		return registry.Dial(address, registry.WithGRPCDialOptions(grpc.WithUnaryInterceptor(func(
			ctx context.Context, method string, in, out any, conn *grpc.ClientConn, call grpc.UnaryInvoker, o ...grpc.CallOption,
		) error {
			return call(metadata.AppendToOutgoingContext(ctx, "mlmd-store", name), method, in, out, conn, o...)
		})))
	}
	if err != nil {
		return nil, err
	}
	return registry.New(s.Client()), nil
}

// Register a model, a version and its artifact in an embedded store.
func Example() {
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx) // or sqlite.Open(ctx, "registry.db")
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	reg := registry.New(store.Client())

	m := model.RegisteredModel{Name: "fraud", Description: new("card fraud"), Owner: new("ada")}
	res, err := reg.RegisteredModels().Upsert(ctx, &m)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Outcome, "model", res.ID)
	v := model.ModelVersion{
		RegisteredModelID: m.ID,
		Name:              "v1.0",
		Author:            new("ada"),
		CustomProperties:  value.Map{"auc": value.Double(0.93), "epochs": value.Int(7)},
	}
	if _, err := reg.ModelVersions().Upsert(ctx, &v); err != nil {
		log.Fatal(err)
	}
	a := model.ModelArtifact{
		ModelVersionID:  v.ID,
		Name:            "weights",
		URI:             new("s3://models/fraud/1"),
		ModelFormatName: new("onnx"),
	}
	if _, err = reg.ModelArtifacts().Upsert(ctx, &a); err != nil {
		log.Fatal(err)
	}
	fmt.Println("version", v.ID, "artifact", a.ID)
	// Output:
	// created model 1
	// version 2 artifact 1
}

// Connect to a server over TLS, with a bearer token. No RPC is made until the first
// call.
func ExampleDial() {
	reg, err := registry.Dial("mlmd.example:8080", registry.WithTLS(nil), registry.WithTokenFile("/var/run/secrets/token"))
	if err != nil {
		log.Fatal(err)
	}
	defer reg.Close()
	fmt.Println(err == nil)
	// Output: true
}

// List what a model registry has that speaks REST.
func ExampleDialREST() {
	reg, err := registry.DialREST("https://registry.example", registry.WithTokenFile("/var/run/secrets/token"))
	if err != nil {
		log.Fatal(err)
	}
	defer reg.Close()
	f := field.ModelVersion
	for v, err := range reg.ModelVersions().Query().Where(f.Author.Eq("ada")).All(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(v.Name)
	}
}

// Authenticate with a client certificate, to a server with a private certificate
// authority.
func ExampleDial_mutualTLS() {
	_, err := registry.Dial(
		"mlmd.example:8080",
		registry.WithRootCAFile("ca.pem"),
		registry.WithClientCert("client.pem", "client.key"),
	)
	fmt.Println(errors.Is(err, registry.ErrInvalidArgument)) // the files do not exist here
	// Output: true
}

// Find one entity by its name, by its external ID, or by its parent.
func ExampleModelVersions_FindByName() {
	ctx := context.Background()
	reg, modelID, versionID := example(ctx)

	m, err := reg.RegisteredModels().FindByName(ctx, "fraud")
	if err != nil {
		log.Fatal(err)
	}
	v, err := reg.ModelVersions().FindByName(ctx, modelID, "v1.0")
	if err != nil {
		log.Fatal(err)
	}
	a, err := reg.ModelArtifacts().FindByExternalID(ctx, "run-17")
	if err != nil {
		log.Fatal(err)
	}
	first, err := reg.ModelArtifacts().OfVersion(versionID).First(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*m.Owner, v.Name, *a.URI, first.Name)
	// Output: ada v1.0 s3://models/fraud/1 weights
}

// Range over the entities, or collect them in a slice.
func ExampleQuery() {
	ctx := context.Background()
	reg, modelID, _ := example(ctx)

	for v, err := range reg.ModelVersions().OfModel(modelID).All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(v.Name)
	}

	newest := reg.RegisteredModels().Query().OrderBy(registry.OrderByCreateTime).Desc().Limit(50)
	models, err := newest.Collect(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(models))
	// Output:
	// v1.0
	// 1
}

// Read one page at a time, such as for each request to a web server.
func ExampleQuery_Page() {
	ctx := context.Background()
	reg, modelID, _ := example(ctx)
	v := model.ModelVersion{RegisteredModelID: modelID, Name: "v2.0"}
	if _, err := reg.ModelVersions().Upsert(ctx, &v); err != nil {
		log.Fatal(err)
	}

	q := reg.ModelVersions().OfModel(modelID).Limit(1)
	for token := ""; ; {
		page, err := q.Page(ctx, token)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(page.Items), page.Items[0].Name)
		if token = page.NextToken; token == "" {
			break
		}
	}
	// Output:
	// 1 v1.0
	// 1 v2.0
}

// Count what a query selects.
func ExampleQuery_Count() {
	ctx := context.Background()
	reg, _, _ := example(ctx)

	n, err := reg.ModelVersions().Query().Where(field.ModelVersion.Author.Eq("ada")).Count(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n)
	// Output: 1
}

// Call an RPC of MLMD that this package has no verb for.
func ExampleClient_RPC() {
	ctx := context.Background()
	reg, _, _ := example(ctx)

	r, err := reg.RPC().GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{})
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range r.GetContextTypes() {
		if strings.HasPrefix(t.GetName(), "kf.") {
			fmt.Println(t.GetName())
		}
	}
	// Output:
	// kf.RegisteredModel
	// kf.ModelVersion
}

// Move values that are stored under older names, once every program that uses
// the store knows the present ones.
func ExampleMigrateAll() {
	ctx := context.Background()
	reg, _, _ := example(ctx)

	plan, err := registry.MigrateAll(ctx, reg, mapping.Catalog, registry.WithDryRun())
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range plan {
		if m.Examined > 0 {
			fmt.Printf("%s: %d of %d to change\n", m.Entity, m.Changed, m.Examined)
		}
	}
	// Output:
	// ModelArtifact: 0 of 1 to change
	// ModelVersion: 0 of 1 to change
	// RegisteredModel: 0 of 1 to change
}

// Filter with conditions that the compiler checks.
func ExampleQuery_Where() {
	ctx := context.Background()
	reg, _, _ := example(ctx)

	f := field.ModelVersion
	q := reg.ModelVersions().Query().Where(
		f.Author.Eq("ada").And(f.Custom("auc").Double().Gt(0.9)).Or(f.State.Eq(model.ModelVersionStateArchived)),
	)
	found, err := q.Collect(ctx)
	if err != nil {
		log.Fatal(err)
	}
	others, err := reg.ModelVersions().Query().Where(filter.Not(f.Author.In("ada", "bob"))).Collect(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(found), len(others))
	// Output: 1 0
}

// Filter with a text in MLMD's filter language.
func ExampleQuery_WhereText() {
	ctx := context.Background()
	reg, _, _ := example(ctx)

	found, err := reg.ModelVersions().Query().WhereText("properties.author.string_value LIKE 'a%'").Collect(ctx)
	fmt.Println(len(found), err)
	// Output: 1 <nil>
}

// Upsert creates an entity, or patches the stored one: fields that are not set
// stay.
func ExampleModelVersions_Upsert() {
	ctx := context.Background()
	reg, modelID, versionID := example(ctx)

	patch := model.ModelVersion{RegisteredModelID: modelID, Name: "v1.0", Description: new("went live")}
	res, err := reg.ModelVersions().Upsert(ctx, &patch)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.ID == versionID, res.Outcome, res.Changed)
	// Output: true updated [description]
}

// Create fails if the name is taken, and says by which entity.
func ExampleModelVersions_Create() {
	ctx := context.Background()
	reg, modelID, versionID := example(ctx)

	_, err := reg.ModelVersions().Create(ctx, &model.ModelVersion{RegisteredModelID: modelID, Name: "v1.0"})
	var e *registry.Error
	if errors.Is(err, registry.ErrAlreadyExists) && errors.As(err, &e) {
		fmt.Println(e.Field, e.Value, e.ExistingID == versionID)
	}
	// Output: name v1.0 true
}

// Update changes an entity without losing the changes of other writers.
func ExampleModelVersions_Update() {
	ctx := context.Background()
	reg, _, versionID := example(ctx)

	res, err := reg.ModelVersions().Update(ctx, versionID, func(v *model.ModelVersion) error {
		v.Author = nil
		v.CustomProperties["stage"] = value.String("production")
		delete(v.CustomProperties, "auc")
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Changed)
	// Output: [customProperties.auc customProperties.stage author]
}

// Tx stores all of its writes or none.
func ExampleClient_Tx() {
	ctx := context.Background()
	reg, _, _ := example(ctx)

	err := reg.Tx(ctx, func(tx *registry.Client) error {
		m := model.RegisteredModel{Name: "churn"}
		if _, err := tx.RegisteredModels().Create(ctx, &m); err != nil {
			return err
		}
		return errors.New("no version yet")
	})
	fmt.Println(err)
	_, err = reg.RegisteredModels().FindByName(ctx, "churn")
	fmt.Println(errors.Is(err, registry.ErrNotFound))
	// Output:
	// no version yet
	// true
}

// A hook refuses writes of those who may not make them, and another one records
// what was written.
func ExampleBeforeWrite() {
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	errNotOwner := errors.New("only its owner may change a model")
	type change = registry.Change[model.RegisteredModel]
	reg := registry.New(
		store.Client(),
		registry.BeforeWrite(mapping.RegisteredModel, func(_ context.Context, c change) error {
			if c.Old != nil && *c.Old.Owner != c.Actor {
				return errNotOwner
			}
			return nil
		}),
		registry.OnWrite(mapping.RegisteredModel, func(_ context.Context, c change) error {
			fmt.Println("audit:", c.Actor, c.Result.Outcome, c.New.Name, c.Result.Changed)
			return nil
		}),
	)

	ada, bob := registry.WithActor(ctx, "ada"), registry.WithActor(ctx, "bob")
	m := model.RegisteredModel{Name: "fraud", Owner: new("ada")}
	if _, err := reg.RegisteredModels().Create(ada, &m); err != nil {
		log.Fatal(err)
	}
	_, err = reg.RegisteredModels().Archive(bob, m.ID)
	fmt.Println(err, errors.Is(err, registry.ErrRefused), errors.Is(err, errNotOwner))
	if _, err := reg.RegisteredModels().Archive(ada, m.ID); err != nil {
		log.Fatal(err)
	}
	// Output:
	// audit: ada created fraud []
	// registry: update RegisteredModel "fraud": a hook refused it: only its owner may change a model true true
	// audit: ada updated fraud [state]
}

// Hooks after the writes of a transaction run once it is stored. Here each new
// version makes a note on its model.
func ExampleOnWrite() {
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	reg := registry.New(
		store.Client(),
		registry.OnWrite(mapping.ModelVersion, func(ctx context.Context, c registry.Change[model.ModelVersion]) error {
			if c.Result.Outcome != registry.Created {
				return nil
			}
			_, err := c.Client.RegisteredModels().Upsert(ctx, &model.RegisteredModel{
				ID:               c.New.RegisteredModelID,
				CustomProperties: value.Map{"newest": value.String(c.New.Name)},
			})
			return err
		}),
	)

	m, v := model.RegisteredModel{Name: "fraud"}, model.ModelVersion{Name: "v1.0"}
	if _, err := reg.Register(ctx, &m, &v); err != nil {
		log.Fatal(err)
	}
	got, err := reg.RegisteredModels().Get(ctx, m.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.CustomProperties["newest"])
	// Output: v1.0
}

// Register a model, a version and two artifacts in one transaction.
func ExampleClient_Register() {
	ctx := context.Background()
	reg, _, _ := example(ctx)

	m := model.RegisteredModel{Name: "churn"}
	v := model.ModelVersion{Name: "v1.0", Author: new("ada")}
	a := model.ModelArtifact{Name: "weights", URI: new("s3://models/churn/1")}
	doc := model.DocArtifact{Name: "card", URI: new("s3://models/churn/card.md")}
	for range 2 {
		results, err := reg.Register(ctx, &m, &v, &a, &doc)
		if err != nil {
			log.Fatal(err)
		}
		for i, id := range []string{m.ID, v.ID, a.ID, doc.ID} {
			fmt.Println(results[i].Outcome, results[i].ID == id)
		}
	}
	fmt.Println(v.RegisteredModelID == m.ID, a.ModelVersionID == v.ID, doc.ModelVersionID == v.ID)
	// Output:
	// created true
	// created true
	// created true
	// created true
	// unchanged true
	// unchanged true
	// unchanged true
	// unchanged true
	// true true true
}

// Register entities of another mapping than those of the SDK. Yours is generated
// from your spec.
func ExampleCollection_Entity() {
	ctx := context.Background()
	reg, _, _ := example(ctx)
	models := registry.NewCollection(reg, mapping.RegisteredModel)
	versions := registry.NewCollection(reg, mapping.ModelVersion)

	m, v := model.RegisteredModel{Name: "churn"}, model.ModelVersion{Name: "v1.0"}
	if _, err := reg.Register(ctx, models.Entity(&m), versions.Entity(&v)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.RegisteredModelID == m.ID)
	// Output: true
}

// Store many entities in few transactions.
func ExampleModelVersions_UpsertAll() {
	ctx := context.Background()
	reg, modelID, _ := example(ctx)

	var versions []*model.ModelVersion
	for i := range 1000 {
		versions = append(versions, &model.ModelVersion{RegisteredModelID: modelID, Name: fmt.Sprintf("nightly-%d", i)})
	}
	results, err := reg.ModelVersions().UpsertAll(ctx, versions)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(results), results[999].Outcome, results[999].ID == versions[999].ID)
	// Output: 1000 created true
}

// Store many new entities. If one of a batch exists already, none of the batch is
// stored on an embedded store.
func ExampleModelVersions_CreateAll() {
	ctx := context.Background()
	reg, modelID, versionID := example(ctx)

	versions := []*model.ModelVersion{
		{RegisteredModelID: modelID, Name: "v2.0"},
		{RegisteredModelID: modelID, Name: "v3.0"},
	}
	results, err := reg.ModelVersions().CreateAll(ctx, versions)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(results), results[0].ID == versions[0].ID)

	taken := []*model.ModelVersion{{RegisteredModelID: modelID, Name: "v1.0"}}
	_, err = reg.ModelVersions().CreateAll(ctx, taken)
	var e *registry.Error
	fmt.Println(errors.Is(err, registry.ErrAlreadyExists), errors.As(err, &e) && e.ExistingID == versionID)
	// Output:
	// 2 true
	// true true
}

// Archive keeps the version, with another state.
func ExampleModelVersions_Archive() {
	ctx := context.Background()
	reg, _, versionID := example(ctx)

	res, err := reg.ModelVersions().Archive(ctx, versionID)
	fmt.Println(res.Outcome, res.Changed, err)
	// Output: updated [state] <nil>
}

// Restore makes an archived version live again.
func ExampleModelVersions_Restore() {
	ctx := context.Background()
	reg, _, versionID := example(ctx)
	if _, err := reg.ModelVersions().Archive(ctx, versionID); err != nil {
		log.Fatal(err)
	}

	for range 2 {
		res, err := reg.ModelVersions().Restore(ctx, versionID)
		fmt.Println(res.Outcome, res.Changed, err)
	}
	// Output:
	// updated [state] <nil>
	// unchanged [] <nil>
}

// IfUnchanged refuses a write if another writer was faster.
func ExampleIfUnchanged() {
	ctx := context.Background()
	reg, _, versionID := example(ctx)

	v, err := reg.ModelVersions().Get(ctx, versionID)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := reg.ModelVersions().Archive(ctx, versionID); err != nil { // another writer
		log.Fatal(err)
	}
	v.Description = new("went live")
	_, err = reg.ModelVersions().Upsert(ctx, v, registry.IfUnchanged(v))
	fmt.Println(errors.Is(err, registry.ErrConflict))
	// Output: true
}

// OnCreate sets fields that only a new entity gets.
func ExampleOnCreate() {
	ctx := context.Background()
	reg, modelID, _ := example(ctx)

	live := registry.OnCreate(func(v *model.ModelVersion) { v.State = new(model.ModelVersionStateLive) })
	for range 2 {
		v := model.ModelVersion{RegisteredModelID: modelID, Name: "v2.0"}
		res, err := reg.ModelVersions().Upsert(ctx, &v, live)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(res.Outcome)
		if _, err := reg.ModelVersions().Archive(ctx, v.ID); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// created
	// unchanged
}

// Replace stores exactly the given value: fields that are not set are removed.
func ExampleModelVersions_Replace() {
	ctx := context.Background()
	reg, modelID, _ := example(ctx)

	v := model.ModelVersion{RegisteredModelID: modelID, Name: "v1.0", Description: new("went live")}
	if _, err := reg.ModelVersions().Replace(ctx, &v); err != nil {
		log.Fatal(err)
	}
	stored, err := reg.ModelVersions().Get(ctx, v.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*stored.Description, stored.Author == nil, len(stored.CustomProperties))
	// Output: went live true 0
}

// Clear removes the values of fields that a patch would keep.
func ExampleClear() {
	ctx := context.Background()
	reg, _, versionID := example(ctx)

	patch := model.ModelVersion{ID: versionID, Description: new("went live")}
	if _, err := reg.ModelVersions().Upsert(ctx, &patch, registry.Clear(field.ModelVersion.Author)); err != nil {
		log.Fatal(err)
	}
	v, err := reg.ModelVersions().Get(ctx, versionID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*v.Description, v.Author == nil, v.CustomProperties)
	// Output: went live true map[auc:0.93]
}

// Distinguish errors by their kind, and read their details.
func ExampleError() {
	ctx := context.Background()
	reg, modelID, _ := example(ctx)

	_, err := reg.ModelVersions().FindByName(ctx, modelID, "v9")
	fmt.Println(errors.Is(err, registry.ErrNotFound))

	v := model.ModelVersion{RegisteredModelID: modelID, Name: "v2", ExternalID: new("run-18")}
	if _, err = reg.ModelVersions().Upsert(ctx, &v); err != nil {
		log.Fatal(err)
	}
	_, err = reg.ServingEnvironments().Upsert(ctx, &model.ServingEnvironment{Name: "prod", ExternalID: new("run-18")})
	var e *registry.Error
	if errors.As(err, &e) && errors.Is(err, registry.ErrAlreadyExists) {
		fmt.Println(e.Op, e.Entity, e.Key, e.Field, e.Value, e.ExistingID == v.ID)
	}
	// Output:
	// true
	// upsert ServingEnvironment prod externalId run-18 true
}

// Read a model with its versions and their artifacts in few requests.
func ExampleRegisteredModels_Tree() {
	ctx := context.Background()
	reg, modelID, _ := example(ctx)

	tree, err := reg.RegisteredModels().Tree(ctx, modelID)
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range tree.Versions {
		for _, a := range v.Artifacts {
			fmt.Println(tree.Model.Name, v.Version.Name, a.Name)
		}
	}
	// Output: fraud v1.0 weights
}

// Use any generated mapping: of this module or of your own spec.
func ExampleNewCollection() {
	ctx := context.Background()
	reg, modelID, _ := example(ctx)

	versions := registry.NewCollection(reg, mapping.ModelVersion)
	v, err := versions.FindByNameIn(ctx, modelID, "v1.0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Name)
	// Output: v1.0
}

// List the types that writes would register in a store.
func ExamplePlanTypeChanges() {
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	changes, err := registry.PlanTypeChanges(ctx, registry.New(store.Client()), mapping.Catalog)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(changes)
	// Output:
	// + artifact type kf.DataSet, for DataSet, with 6 properties
	// + artifact type kf.DocArtifact, for DocArtifact, with 1 property
	// + context type kf.Experiment, for Experiment, with 3 properties
	// + context type kf.ExperimentRun, for ExperimentRun, with 7 properties
	// + context type kf.InferenceService, for InferenceService, with 6 properties
	// + artifact type kf.Metric, for Metric, with 4 properties
	// + artifact type kf.MetricHistory, for MetricHistory, with 4 properties
	// + artifact type kf.ModelArtifact, for ModelArtifact, with 12 properties
	// + context type kf.ModelVersion, for ModelVersion, with 7 properties
	// + artifact type kf.Parameter, for Parameter, with 3 properties
	// + context type kf.RegisteredModel, for RegisteredModel, with 12 properties
	// + execution type kf.ServeModel, for ServeModel, with 2 properties
	// + context type kf.ServingEnvironment, for ServingEnvironment, with 1 property
}

// Set a field only if the version is new. Upsert writes all fields that are set:
// a script that always sets the state would restore a version that was archived
// after its last run.
func ExampleModelVersions_Upsert_onlyWhenNew() {
	ctx := context.Background()
	reg, modelID, versionID := example(ctx)
	archived := model.ModelVersion{ID: versionID, State: new(model.ModelVersionStateArchived)}
	if _, err := reg.ModelVersions().Upsert(ctx, &archived); err != nil {
		log.Fatal(err)
	}

	for _, name := range []string{"v1.0", "v2.0"} {
		v := model.ModelVersion{RegisteredModelID: modelID, Name: name, Author: new("ada")}
		_, err := reg.ModelVersions().FindByName(ctx, modelID, name)
		switch {
		case errors.Is(err, registry.ErrNotFound):
			v.State = new(model.ModelVersionStateLive)
		case err != nil:
			log.Fatal(err)
		}
		if _, err := reg.ModelVersions().Upsert(ctx, &v); err != nil {
			log.Fatal(err)
		}
		stored, err := reg.ModelVersions().Get(ctx, v.ID)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name, *stored.State)
	}
	// Output:
	// v1.0 ARCHIVED
	// v2.0 LIVE
}

// List the versions that break rules of the spec, such as those that another
// program stored.
func ExampleAudit() {
	ctx := context.Background()
	reg, _, versionID := example(ctx)
	id, err := value.ParseID(versionID)
	if err != nil {
		log.Fatal(err)
	}
	stored, err := reg.RPC().GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{id}})
	if err != nil {
		log.Fatal(err)
	}
	shadow := &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: "SHADOW"}}
	stored.Contexts[0].Properties["state"] = shadow
	if _, err := reg.RPC().PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: stored.Contexts}); err != nil {
		log.Fatal(err)
	}

	for v, err := range registry.Audit(ctx, reg, mapping.ModelVersion) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(v.Entity.Name, v.Faults)
	}
	// Output:
	// v1.0 state "SHADOW" must be one of LIVE, ARCHIVED
}

// Refuse the writes of a program whose spec is older than those that wrote the store.
func ExampleWithOnSkew() {
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	reg := registry.New(store.Client(), registry.WithOnSkew(registry.RefuseSkew))
	res, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "fraud"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Outcome)
	// Output: created
}
