package wire_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/suites/backend"
)

// The program that calls every method of the published Python client, and
// prints what each answers.
const pythonProgram = "testdata/client.py"

var _ = Describe("the published Python client", Ordered, func() {
	var python string
	var want []string // what the client prints with the reference implementation

	BeforeAll(func(ctx SpecContext) {
		var err error
		python, err = backend.Python(ctx)
		if err != nil {
			skipOrFail(backend.Core, err)
		}
		want = transcript(ctx, python)
		Expect(len(want)).To(BeNumerically(">", 70))
	})

	It("gets the same answers from our server, on a file", func(ctx SpecContext) {
		p := serve("--db=" + filepath.Join(GinkgoT().TempDir(), "registry.db"))
		sameLines(transcript(ctx, python, "--address", p.Address), want)
	})

	It("gets the same answers from our server, in memory", func(ctx SpecContext) {
		sameLines(transcript(ctx, python, "--address", serve("--db=:memory:").Address), want)
	})

	It("gets the same answers over mutual TLS", func(ctx SpecContext) {
		keys := newKeyring()
		p := serve(keys.config(true))
		port := p.Address[strings.LastIndexByte(p.Address, ':'):]
		sameLines(transcript(ctx, python, "--address", "localhost"+port, "--ca", write("ca.pem", keys.ca.Cert),
			"--cert", write("client.pem", keys.client.Cert), "--key", write("client.key", keys.client.Key)), want)
	})
})

func transcript(ctx context.Context, python string, args ...string) []string {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, python, append([]string{pythonProgram}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	Expect(err).NotTo(HaveOccurred(), "%s\n%s", out, stderr.String())
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// sameLines shows only the lines that differ, but all of them.
func sameLines(got, want []string) {
	GinkgoHelper()
	Expect(got).To(HaveLen(len(want)))
	var differences strings.Builder
	for i := range want {
		if got[i] != want[i] {
			differences.WriteString("\nours: " + got[i] + "\ncore: " + want[i] + "\n")
		}
	}
	Expect(differences.String()).To(BeEmpty())
}
