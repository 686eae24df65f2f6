package rest_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/suites/backend"
)

// examples is how many requests schemathesis makes for each operation. Beyond a
// few, it runs all of its phases.
var examples = flag.Int("examples", 2, "requests of schemathesis for each operation")

// skippedCheck is a check of schemathesis that is about other servers: some requests
// that are valid by the document cannot succeed, such as a find without any
// parameter.
const skippedCheck = "positive_data_acceptance"

var _ = Describe("the OpenAPI document", func() {
	for _, api := range restapi.APIs {
		version := filepath.Base(api.Base)

		It("is valid: "+version, func(ctx SpecContext) {
			file := filepath.Join(GinkgoT().TempDir(), "openapi.json")
			Expect(os.WriteFile(file, api.Document, 0o600)).To(Succeed())
			run(exec.CommandContext(ctx, program("openapi", "openapi-spec-validator"), file))
		})

		It("is what the server does, by schemathesis: "+version, func(ctx SpecContext) {
			schemathesis := program("openapi", "schemathesis")
			users := filepath.Join(GinkgoT().TempDir(), "users")
			_, token, log, err := backend.RunProcess("token", "--auth_file="+users, "--name=ci", "--role=write")
			Expect(err).NotTo(HaveOccurred(), log)
			p := serve("--auth_file=" + users)
			args := []string{
				"run", demandToken(api.Document), "--url=" + p.URL, "--no-color", "--seed=1",
				"--header=Authorization: Bearer " + strings.TrimSpace(token),
				"--max-examples=" + strconv.Itoa(*examples), "--checks=all", "--exclude-checks=" + skippedCheck,
			}
			if *examples < 10 {
				args = append(args, "--phases=fuzzing", "--no-shrink")
			}
			cmd := exec.CommandContext(ctx, schemathesis, args...)
			cmd.Env = append(os.Environ(), "SCHEMATHESIS_HOOKS="+absolute("testdata/schemathesis_hooks.py"))
			cmd.Dir = GinkgoT().TempDir()
			AddReportEntry(version, run(cmd))
		})
	}
})

// demandToken writes the document of a server that refuses requests without a token,
// and returns its path.
func demandToken(document []byte) string {
	GinkgoHelper()
	var all map[string]any
	Expect(json.Unmarshal(document, &all)).To(Succeed())
	Expect(all["security"]).To(HaveLen(2), "a token is optional")
	all["security"] = []any{map[string]any{"Bearer": []any{}}}
	raw, err := json.Marshal(all)
	Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(GinkgoT().TempDir(), "openapi.json")
	Expect(os.WriteFile(file, raw, 0o600)).To(Succeed())
	return file
}

// program returns the path of a program that setup.sh installs. Without it, the
// spec is skipped, or fails if MLMD_REST_CLIENTS says where it should be.
func program(environment, name string) string {
	GinkgoHelper()
	path := filepath.Join(cmp.Or(os.Getenv("MLMD_REST_CLIENTS"), ".venv"), environment, "bin", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("MLMD_REST_CLIENTS") != "" {
			Fail(err.Error())
		}
		Skip(name + " is not installed: run suites/rest/setup.sh")
	}
	return absolute(path)
}

func absolute(path string) string {
	GinkgoHelper()
	out, err := filepath.Abs(path)
	Expect(err).NotTo(HaveOccurred())
	return out
}

// serve starts the server on a new file.
func serve(args ...string) *backend.Process {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "registry.db")
	p, err := backend.StartProcess(append(args, "--http_port=0", "--db="+file)...)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(p.Stop)
	return p
}

// run runs the command and returns its output. A failure shows the output.
func run(cmd *exec.Cmd) string {
	GinkgoHelper()
	out, err := cmd.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), strings.ToValidUTF8(string(out), "?"))
	return string(out)
}
