package wire_test

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A webAnswer is what the program testdata/web/client.js prints.
type webAnswer struct {
	Put       webReply
	Artifacts struct{ ArtifactIds []int64 }
	ByType    struct{ Artifacts []webArtifact }
	Filtered  struct{ Artifacts []webArtifact }
	Missing   webReply
	Wrong     webReply
	Empty     map[string]any
}

type webReply struct {
	TypeID  int64
	Code    int
	Message string
}

type webArtifact struct {
	Name, URI  string
	Properties struct{ Owner struct{ StringValue int } }
}

// callFromNode runs the program with grpc-web of npm.
func callFromNode(ctx SpecContext, args ...string) webAnswer {
	GinkgoHelper()
	folder := cmp.Or(os.Getenv("MLMD_WEB_CLIENTS"), ".venv")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "grpc-web")); err != nil {
		if os.Getenv("MLMD_WEB_CLIENTS") != "" {
			Fail(err.Error())
		}
		Skip("grpc-web is not installed: run suites/wire/setup.sh")
	}
	modules, err := filepath.Abs(filepath.Join(folder, "node_modules"))
	Expect(err).NotTo(HaveOccurred())
	cmd := exec.CommandContext(ctx, "node", append([]string{"testdata/web/client.js"}, args...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules, "PROTO="+filepath.Join("..", "..", "spec", "proto"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	Expect(err).NotTo(HaveOccurred(), stderr.String())
	var answer webAnswer
	Expect(json.Unmarshal(out, &answer)).To(Succeed(), string(out))
	return answer
}

var _ = Describe("gRPC-Web, from node,", func() {
	for _, format := range []string{"binary", "text"} {
		It("stores, reads and fails as gRPC does, with messages as "+format, func(ctx SpecContext) {
			p := serve("--db=:memory:", "--grpc_web")
			got := callFromNode(ctx, "http://"+p.Address, format)
			Expect(got.Put.TypeID).To(BeNumerically(">", 0))
			Expect(got.Artifacts.ArtifactIds).To(HaveLen(3))
			Expect(got.ByType.Artifacts).To(HaveLen(3))
			Expect(got.ByType.Artifacts[2].Name).To(Equal("modèle 3"))
			Expect(got.ByType.Artifacts[2].Properties.Owner.StringValue).To(Equal(50000))
			Expect(got.Filtered.Artifacts).To(HaveLen(1))
			Expect(got.Filtered.Artifacts[0].URI).To(Equal("s3://b/2"))
			Expect(got.Empty).To(BeEmpty())
			Expect(got.Missing.Code).To(Equal(5), "NOT_FOUND")
			Expect(got.Missing.Message).To(ContainSubstring("web.Absent"))
			Expect(got.Wrong.Code).To(Equal(3), "INVALID_ARGUMENT")
			Expect(got.Wrong.Message).NotTo(BeEmpty())

			native, err := client(p.Address).GetArtifactsByType(ctx,
				&mlmdpb.GetArtifactsByTypeRequest{TypeName: new("web.Model")})
			Expect(err).NotTo(HaveOccurred())
			Expect(native.GetArtifacts()).To(HaveLen(3))
		})
	}

	It("is refused without a token where clients are identified", func(ctx SpecContext) {
		users := filepath.Join(GinkgoT().TempDir(), "users")
		code, token, stderr := run("token", "--auth_file="+users, "--name=ui", "--role=admin")
		Expect(code).To(BeZero(), stderr)
		p := serve("--db=:memory:", "--host=127.0.0.1", "--auth_file="+users, "--grpc_web")
		Expect(callFromNode(ctx, "http://"+p.Address, "text").Put.Code).To(Equal(16), "UNAUTHENTICATED")
		Expect(callFromNode(ctx, "http://"+p.Address, "text", strings.TrimSpace(token)).ByType.Artifacts).To(HaveLen(3))
	})

	It("is off unless it is asked for", func(ctx SpecContext) {
		p := serve("--db=:memory:")
		got := callFromNode(ctx, "http://"+p.Address, "binary")
		Expect(got.Put.Code).NotTo(BeZero())
	})
})
