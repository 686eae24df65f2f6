package wire_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
	"github.com/mlmd-go/sdk/suites/backend"
)

// The model registry's client for Python spoke to an MLMD server itself until
// 2024. It relies on types that the registry, in Go, put there when it started.
var _ = Describe("the model registry's client for Python", Ordered, func() {
	const program = "testdata/model_registry_client.py"
	var python string

	BeforeAll(func(ctx SpecContext) {
		var err error
		if python, err = backend.Python(ctx); err != nil {
			skipOrFail(backend.Core, err)
		}
	})

	for version, prefix := range map[string]string{"0.1.0": "odh.", "0.1.2": "kf."} {
		It("of release "+version+" reads the store that it made again after our updates", func(ctx SpecContext) {
			folder := filepath.Join(filepath.Dir(python), "..", "model-registry-"+version)
			if _, err := os.Stat(folder); err != nil {
				skipOrFail(backend.Core, fmt.Errorf("suites/reference/setup.sh installs it: %w", err))
			}
			server := serve("--db=" + filepath.Join(GinkgoT().TempDir(), "registry.db"))
			rpc := client(server.Address)
			older := func(args ...string) []byte {
				GinkgoHelper()
				cmd := exec.CommandContext(ctx, python, append([]string{program, folder, server.Address}, args...)...)
				var stderr strings.Builder
				cmd.Stderr = &stderr
				out, err := cmd.Output()
				Expect(err).NotTo(HaveOccurred(), stderr.String())
				return out
			}
			type entity = map[string]any
			read := func(name, version string) (seen struct {
				Model, Version, Artifact    entity
				Models, Versions, Artifacts []string
			},
			) {
				GinkgoHelper()
				Expect(json.Unmarshal(older("read", name, version), &seen)).To(Succeed())
				return seen
			}

			Expect(startRegistry(ctx, rpc, prefix)).To(Succeed())
			older("register", "fraud", "v1")

			// Ours sees all of it.
			reg := registry.New(rpc, registry.WithTypePrefix(prefix))
			m, err := reg.RegisteredModels().FindByName(ctx, "fraud")
			Expect(err).NotTo(HaveOccurred())
			v, err := reg.ModelVersions().FindByName(ctx, m.ID, "v1")
			Expect(err).NotTo(HaveOccurred())
			Expect(v.Author).To(HaveValue(Equal("ada")))
			Expect(v.Description).To(HaveValue(Equal("by the older client")))
			a, err := reg.ModelArtifacts().FindByName(ctx, v.ID, "fraud")
			Expect(err).NotTo(HaveOccurred())
			Expect(*a).To(Equal(model.ModelArtifact{
				ID: a.ID, Name: "fraud", CreateTime: a.CreateTime, UpdateTime: a.UpdateTime, ModelVersionID: v.ID,
				URI: new("s3://fraud"), State: new(model.ArtifactStateUnknown), ModelFormatName: new("onnx"), ModelFormatVersion: new("1"),
				StorageKey: new("key"), StoragePath: new("path"), ServiceAccountName: new("account"),
			}))

			// Ours changes it, and adds to it.
			_, err = reg.ModelVersions().Upsert(ctx, &model.ModelVersion{
				ID: v.ID, Description: new("by ours"), State: new(model.ModelVersionStateArchived),
				CustomProperties: value.Map{"accuracy": value.Double(0.5)},
			})
			Expect(err).NotTo(HaveOccurred())
			_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ModelVersionID: v.ID, Name: "fraud", ModelFormatName: new("pmml"), URI: new("s3://ours")})
			Expect(err).NotTo(HaveOccurred())
			v2 := model.ModelVersion{RegisteredModelID: m.ID, Name: "v2", Author: new("grace")}
			_, err = reg.ModelVersions().Upsert(ctx, &v2)
			Expect(err).NotTo(HaveOccurred())
			_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{
				ModelVersionID: v2.ID, Name: "fraud", URI: new("s3://second"), State: new(model.ArtifactStateLive), StorageKey: new("our key"),
			})
			Expect(err).NotTo(HaveOccurred())

			// The older client sees that, works on, and the registry starts again.
			first, second := read("fraud", "v1"), read("fraud", "v2")
			Expect(first.Version).To(And(
				HaveKeyWithValue("description", "by ours"), HaveKeyWithValue("state", "ARCHIVED"),
				HaveKeyWithValue("author", "ada"),
				HaveKeyWithValue("model_name", "fraud"), HaveKeyWithValue("metadata", HaveKeyWithValue("accuracy", 0.5))))
			Expect(first.Artifact).To(And(
				HaveKeyWithValue("model_format_name", "pmml"), HaveKeyWithValue("uri", "s3://ours"), HaveKeyWithValue("model_format_version", "1"),
				HaveKeyWithValue("storage_path", "path"), HaveKeyWithValue("service_account_name", "account")))
			Expect(first.Versions).To(Equal([]string{"v1", "v2"}))
			Expect(first.Artifacts).To(Equal([]string{"fraud"}))
			Expect(second.Version).To(And(
				HaveKeyWithValue("author", "grace"), HaveKeyWithValue("state", "LIVE"), HaveKeyWithValue("model_name", "fraud"),
				HaveKeyWithValue("version", "v2")))
			Expect(second.Artifact).To(And(
				HaveKeyWithValue("uri", "s3://second"), HaveKeyWithValue("state", "LIVE"), HaveKeyWithValue("storage_key", "our key")))
			older("describe", "fraud", "changed later")
			older("register", "fraud", "v3")
			Expect(startRegistry(ctx, rpc, prefix)).To(Succeed())
			got, err := reg.RegisteredModels().Get(ctx, m.ID)
			Expect(err).NotTo(HaveOccurred())
			Expect(got.Description).To(HaveValue(Equal("changed later")))
			Expect(reg.ModelVersions().OfModel(m.ID).Collect(ctx)).To(HaveLen(3))
		})
	}
})

// startRegistry puts the types that the registry of early 2024 put each time it
// started.
func startRegistry(ctx SpecContext, rpc mlmdpb.MetadataStoreServiceClient, prefix string) error {
	text := func(names ...string) map[string]mlmdpb.PropertyType {
		props := make(map[string]mlmdpb.PropertyType)
		for _, name := range names {
			props[name] = mlmdpb.PropertyType_STRING
		}
		return props
	}
	_, err := rpc.PutContextType(ctx,
		&mlmdpb.PutContextTypeRequest{CanAddFields: new(true), ContextType: &mlmdpb.ContextType{
			Name: new(prefix + "RegisteredModel"), Properties: text("description", "state"),
		}})
	if err != nil {
		return err
	}
	_, err = rpc.PutContextType(ctx,
		&mlmdpb.PutContextTypeRequest{CanAddFields: new(true), ContextType: &mlmdpb.ContextType{
			Name: new(prefix + "ModelVersion"), Properties: text("description", "model_name", "version", "author", "state"),
		}})
	if err != nil {
		return err
	}
	_, err = rpc.PutArtifactType(ctx,
		&mlmdpb.PutArtifactTypeRequest{CanAddFields: new(true), ArtifactType: &mlmdpb.ArtifactType{
			Name: new(prefix + "ModelArtifact"),
			Properties: text("description", "model_format_name", "model_format_version", "storage_key", "storage_path",
				"service_account_name"),
		}})
	return err
}
