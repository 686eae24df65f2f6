package registry_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/suites/backend"
)

// unsupportedFile lists the specs that a REST registry does not support: each of
// them ends where a call answers ErrUnsupported, or UNIMPLEMENTED if the spec
// makes RPCs itself. MLMD_UPDATE=1 writes the file.
const unsupportedFile = "testdata/rest_unsupported.txt"

// unsupported are the specs of this run that ended in such an answer.
var unsupported = struct {
	sync.Mutex
	specs map[string]bool
}{specs: map[string]bool{}}

// failUnlessUnsupported fails the running spec, unless it is on the backend REST
// and ends where a call is not supported there. The list must have such a spec.
func failUnlessUnsupported(message string, skip ...int) {
	spec := CurrentSpecReport()
	at := 1 // the caller of Expect
	if len(skip) > 0 {
		at += skip[0]
	}
	if !onREST() || !isUnsupported(message) {
		Fail(message, at)
	}
	unsupported.Lock()
	unsupported.specs[spec.FullText()] = true
	unsupported.Unlock()
	if os.Getenv("MLMD_UPDATE") == "" && !slices.Contains(listed(), spec.FullText()) {
		message = "a REST registry should support this, or " + unsupportedFile + " should list it: " + message
		Fail(message, at)
	}
	Skip("not supported through REST, as expected")
}

// onREST reports whether the running spec is on the backend REST.
func onREST() bool { return slices.Contains(CurrentSpecReport().Labels(), backend.REST) }

func isUnsupported(message string) bool {
	return strings.Contains(message, "not supported") || strings.Contains(message, "Unimplemented")
}

// listed are the specs of the list.
var listed = sync.OnceValue(func() []string {
	raw, err := os.ReadFile(unsupportedFile)
	if err != nil {
		panic(err)
	}
	return strings.Split(strings.TrimSpace(string(raw)), "\n")
})

// The specs of the list must have ended where the list says, so that it does not
// hide what is supported by now.
var _ = ReportAfterSuite("what a REST registry does not support", func(r Report) {
	var ran []string
	for _, s := range r.SpecReports {
		if slices.Contains(s.Labels(), backend.REST) && s.RunTime > 0 {
			ran = append(ran, s.FullText())
		}
	}
	unsupported.Lock()
	defer unsupported.Unlock()
	if os.Getenv("MLMD_UPDATE") != "" && len(ran) > 0 {
		text := strings.Join(slices.Sorted(maps.Keys(unsupported.specs)), "\n") + "\n"
		Expect(os.WriteFile(unsupportedFile, []byte(text), 0o644)).To(Succeed())
		return
	}
	for _, name := range listed() {
		if slices.Contains(ran, name) {
			Expect(unsupported.specs).To(HaveKey(name), "this is supported by now: take it out of "+unsupportedFile)
		}
	}
})
