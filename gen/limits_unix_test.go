//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A spec from a stranger reads only regular files of the module.
func TestGen_ReadsOnlyFilesBelowRoot(t *testing.T) {
	newModule(t, promptSpec)
	outside := t.TempDir()
	put(t, filepath.Join(outside, "secret.yaml"), "a line that must not be printed: x\n")
	if err := syscall.Mkfifo("spec/pipe.yaml", 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"spec/device.yaml": "/dev/zero", "spec/link.yaml": filepath.Join(outside, "secret.yaml"),
		"spec/near.yaml": "base.yaml",
	} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	big, err := os.Create("spec/big.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := big.Truncate(1 << 40); err != nil { // a hole: nothing is written
		t.Fatal(err)
	}
	up := strings.Repeat("../", 20)
	for ref, want := range map[string]string{
		up + "dev/zero": "is outside of", up + outside + "/secret.yaml": "is outside of",
		"device.yaml": "escapes", "link.yaml": "escapes", "pipe.yaml": "not a regular file",
		"big.yaml": "more than", ".": "not a regular file",
	} {
		put(t, "spec/openapi.yaml", strings.Replace(promptSpec, "base.yaml", ref, 1))
		_, stderr := genWithin(t, exitFound)
		contains(t, stderr, want, "spec/openapi.yaml:9:17")
		if strings.Contains(stderr, "must not be printed") {
			t.Errorf("%s: a line of a file elsewhere is printed", ref)
		}
	}
	put(t, "spec/openapi.yaml", strings.Replace(promptSpec, "base.yaml", "near.yaml", 1))
	gen(t, exitOK)
	put(t, "mlmd.yaml", "spec: "+up+"dev/zero\n")
	_, stderr := genWithin(t, exitFailed)
	contains(t, stderr, "is outside of", "-root")
}
