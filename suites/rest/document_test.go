package rest_test

import (
	"cmp"
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

// skippedChecks are the checks of schemathesis that are about other servers:
// ours takes requests with and without a token, and some requests that are valid
// by the document cannot succeed, such as a find without any parameter.
const skippedChecks = "ignored_auth,positive_data_acceptance"

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
			p := serve()
			args := []string{
				"run", p.URL + api.Base + "/openapi.json", "--no-color", "--seed=1",
				"--max-examples=" + strconv.Itoa(*examples), "--checks=all", "--exclude-checks=" + skippedChecks,
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
