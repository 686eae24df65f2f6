package rest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// server is the address that docs/rest.md uses.
const server = "127.0.0.1:8080"

var _ = Describe("docs/rest.md", func() {
	It("says what runs", func(ctx SpecContext) {
		raw, err := os.ReadFile("../../docs/rest.md")
		Expect(err).NotTo(HaveOccurred())
		readme, err := os.ReadFile("../../README.md")
		Expect(err).NotTo(HaveOccurred())
		blocks := regexp.MustCompile("(?ms)^```(sh|python)\n(.*?)^```$").FindAllStringSubmatch(string(raw), -1)
		Expect(blocks).To(HaveLen(4), "the server, Python, curl, and a client of another spec")
		for _, b := range blocks[:2] {
			want := strings.Replace(b[0], "mlmd-server --db", "go run ./cmd/mlmd-server --db", 1) // in a clone
			Expect(string(readme)).To(ContainSubstring(want), "the README says the same")
		}
		Expect(blocks[0][2]).To(Equal("mlmd-server --db registry.db --http_port 8080\n"))
		python, generator := program("0.3.18", "python"), program("openapi", "openapi-python-client")
		p := serve()
		at := strings.TrimPrefix(p.URL, "http://")
		port := at[strings.LastIndexByte(at, ':')+1:]

		run(exec.CommandContext(ctx, python, "-W", "ignore", "-c", strings.ReplaceAll(blocks[1][2], "8080", port)))
		script := "set -e\n" + strings.ReplaceAll(strings.ReplaceAll(blocks[2][2], server, at), "curl -s", "curl -fsS")
		out := run(exec.CommandContext(ctx, "bash", "-c", script))
		for _, want := range []string{`"name":"v1.0"`, `"owner":"ada"`, `"ARCHIVED"`} {
			Expect(out).To(ContainSubstring(want))
		}

		url := serveOwn(ctx)
		own := strings.TrimPrefix(url[:strings.Index(url, "/api/")], "http://")
		cmd := exec.CommandContext(ctx, "bash", "-c", strings.ReplaceAll(blocks[3][2], server, own))
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(generator)+":"+os.Getenv("PATH"))
		cmd.Dir = GinkgoT().TempDir()
		run(cmd)
	})
})
