package registry_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/suites/backend"
)

// A gap is something that the clients of REST registries do not support.
type gap struct {
	call, reason string // as docs/rest-client.md has them
	here         bool   // also on the server of this module
	answer       string // matches the errors of the calls
}

const (
	noTypes = "the types are those of the server, and the API has no calls for them"
	noRPCs  = "the API has paths for entities, one at a time, and for nothing else"
)

// gaps are all of them. Any other error fails a spec.
var gaps = []gap{
	{"`Tx`", "the API has no transactions", true, "no transactions of several calls"},
	{"`Query.WhereText`", "the API does not know MLMD's filter language", true, "MLMD's filter language"},
	{
		"`Query.OrderByField`", "the API sorts by ID, create time and update time", true,
		"sorts by ID, create time and update time",
	},
	{
		"`MigrateAll`, `PlanTypeChanges`, `WithTypePrefix`, and RPCs about types", noTypes, true,
		`a REST registry has no (Put|Get)\w+Types?\b|` + noTypes,
	},
	{
		"entities that the server does not have", "the paths are those of the server's own spec", true,
		`the REST API has no \w+\b`,
	},
	{
		"RPCs through `Client.RPC` other than those that collections make", noRPCs, true,
		"a REST registry (has no|takes one|stores entities|cannot add a parent)|" + noRPCs,
	},
	{
		"`Clear`, and `Update` or `Replace` that removes the value of a field",
		"`PATCH` cannot remove a value. Custom properties can be removed", false, "cannot be removed",
	},
	{
		"`Update`, `IfUnchanged`, `Touch`, `Archive`, and `Upsert` of what is stored otherwise",
		"without `WithUncheckedUpdates`", false, "does not check for other writers",
	},
	{
		"`Get`, `FindByExternalID`, `Query` and `Update` of serve models",
		"the API has them below one inference service only", false, "only below one",
	},
	{
		"`ModelArtifact.Runtime`, `ModelVersion.Tags`", "the API has no such members", false, "cannot be stored",
	},
	{"metric histories", "the API has no path to store them", false, "does not create"},
}

// gapOf returns the gap of this module's server that an error shows, or nil.
func gapOf(message string) *gap {
	for i, g := range gaps {
		if g.here && regexp.MustCompile(g.answer).MatchString(message) {
			return &gaps[i]
		}
	}
	return nil
}

// unsupportedFile lists the specs that the backend REST does not support, by the
// gap that each of them meets. MLMD_UPDATE=1 writes the file.
const unsupportedFile = "testdata/rest_unsupported.txt"

// unsupported are the specs of this run that met a gap.
var unsupported = struct {
	sync.Mutex
	specs map[string]*gap
}{specs: map[string]*gap{}}

// failUnlessUnsupported fails the running spec, unless it is on the backend REST
// and meets a gap there. The list must have such a spec.
func failUnlessUnsupported(message string, skip ...int) {
	at := 1 // the caller of Expect
	if len(skip) > 0 {
		at += skip[0]
	}
	if !onREST() || !isUnsupported(message) {
		Fail(message, at)
	}
	meets(gapOf(message), message, at)
}

// meets ends the running spec, which met the gap.
func meets(g *gap, message string, at int) {
	name := CurrentSpecReport().FullText()
	if g == nil || os.Getenv("MLMD_UPDATE") == "" && !slices.Contains(listed(), name) {
		Fail("a REST registry should support this, or "+unsupportedFile+" should list it: "+message, at+1)
	}
	unsupported.Lock()
	unsupported.specs[name] = g
	unsupported.Unlock()
	Skip("not supported through REST, as expected")
}

// needsTypes ends a spec on the backend REST that stores types of its own.
func needsTypes() {
	if onREST() {
		meets(gapOf(noTypes), noTypes, 1)
	}
}

// needsRPCs ends a spec on the backend REST that stores what no collection would.
func needsRPCs() {
	if onREST() {
		meets(gapOf(noRPCs), noRPCs, 1)
	}
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
	return slices.DeleteFunc(strings.Split(string(raw), "\n"), func(line string) bool {
		return line == "" || strings.HasPrefix(line, "#")
	})
})

// listOf returns the text of the list.
func listOf(specs map[string]*gap) string {
	var out strings.Builder
	for i := range gaps {
		var names []string
		for name, g := range specs {
			if g == &gaps[i] {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('\n')
		}
		slices.Sort(names)
		fmt.Fprintf(&out, "# %s: %s\n%s\n", gaps[i].call, gaps[i].reason, strings.Join(names, "\n"))
	}
	return out.String()
}

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
		Expect(os.WriteFile(unsupportedFile, []byte(listOf(unsupported.specs)), 0o644)).To(Succeed())
		return
	}
	for _, name := range listed() {
		if slices.Contains(ran, name) {
			Expect(slices.Collect(maps.Keys(unsupported.specs))).To(ContainElement(name),
				"this is supported by now: take it out of "+unsupportedFile)
		}
	}
})

// TestRESTGaps compares the table in the documentation with the gaps.
// MLMD_UPDATE=1 writes it.
func TestRESTGaps(t *testing.T) {
	const (
		page  = "../../docs/rest-client.md"
		begin = "<!-- made from suites/registry/rest_test.go: MLMD_UPDATE=1 go test ./suites/registry -run TestRESTGaps -->\n"
		end   = "<!-- end -->"
	)
	var want strings.Builder
	want.WriteString("\n| call | reason | also on the server of this module |\n|---|---|---|\n")
	for _, g := range gaps {
		fmt.Fprintf(&want, "| %s | %s | %s |\n", g.call, g.reason, map[bool]string{true: "yes", false: "no"}[g.here])
	}
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(raw), begin)
	old, tail, closed := strings.Cut(rest, end)
	switch {
	case !found || !closed:
		t.Fatalf("%s has no place for the table", page)
	case old == want.String():
	case os.Getenv("MLMD_UPDATE") == "":
		t.Errorf("the table in %s is stale: run this test with MLMD_UPDATE=1", page)
	default:
		text := head + begin + want.String() + end + tail
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
