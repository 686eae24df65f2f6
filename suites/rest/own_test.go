package rest_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("the entities of another spec", func() {
	It("are served to a Python client made from their document", func(ctx SpecContext) {
		generator, python := program("openapi", "openapi-python-client"), program("openapi", "python")
		url := serveOwn(ctx)
		clients := GinkgoT().TempDir()
		run(exec.CommandContext(ctx, generator, "generate", "--url", url,
			"--meta", "none", "--output-path", filepath.Join(clients, "feature_store")))

		cmd := exec.CommandContext(ctx, python, "testdata/own_client.py", url[:strings.Index(url, "/api/")])
		cmd.Env = append(os.Environ(), "PYTHONPATH="+clients)
		run(cmd)
	})
})

// serveOwn runs the example and returns the URL of its OpenAPI document.
func serveOwn(ctx SpecContext) string {
	GinkgoHelper()
	binary := filepath.Join(GinkgoT().TempDir(), "features")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, ".")
	build.Dir = "../../examples/ownschema"
	run(build)
	cmd := exec.Command(binary, "-http", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(cmd.Start()).To(Succeed())
	DeferCleanup(func() {
		Expect(cmd.Process.Kill()).To(Succeed())
		_ = cmd.Wait() // says that it was killed
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "http://") {
			return lines.Text()
		}
	}
	Fail("the example ended without serving")
	return ""
}
