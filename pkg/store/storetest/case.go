// Package storetest holds the conformance cases of the metadata store service.
// They run against any client of it.
//
// The reference implementation decides what is correct: a case that fails on it is
// wrong. [Differences] lists where this module deliberately behaves differently. A
// case that shows a difference checks both behaviors.
package storetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A Case checks one behavior of the service. It creates what it needs under unique
// names, so that cases can share a store.
type Case struct {
	Name string
	// Requires lists the capabilities without which Run fails.
	Requires []Capability
	// Run checks the behavior.
	Run func(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient)
	// WithoutCapability checks the behavior of a service that lacks a capability of
	// Requires. It may be nil.
	WithoutCapability func(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient)
	// CorruptsStore reports whether WithoutCapability leaves a store that cannot be
	// read.
	CorruptsStore bool
}

// NeedsOwnStore reports whether the case must not share its store.
func (c Case) NeedsOwnStore() bool {
	return c.CorruptsStore || slices.Contains(c.Requires, EmptyStore)
}

// A Capability is a behavior that some services have and others do not.
type Capability string

// The capabilities that depend on the database or the test setup. The name of a
// [Difference] is a capability too.
const (
	// EmptyStore means that the store of a case contains only the system types, and
	// has no other writer.
	EmptyStore Capability = "empty store"
	// ReadsSortedByID means that lists without options are sorted by ID.
	ReadsSortedByID Capability = "reads sorted by ID"
	// Int64Values means that integer properties and step indexes have 64 bits.
	Int64Values Capability = "64-bit integers"
	// NonUTF8Text means that text is stored unchanged even if it is not UTF-8.
	NonUTF8Text Capability = "text that is not UTF-8"
	// UnlimitedText means that the length of names and other short text is not
	// limited.
	UnlimitedText Capability = "text of any length"
)

// Check runs the function of the case that matches a service with capabilities
// has, or skips the test with a reason.
func (c Case) Check(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient, has []Capability) {
	tb.Helper()
	var missing []string
	for _, capability := range c.Requires {
		if !slices.Contains(has, capability) {
			missing = append(missing, string(capability))
		}
	}
	switch {
	case len(missing) == 0:
		c.Run(tb, rpc)
	case c.CorruptsStore && !slices.Contains(has, EmptyStore):
		tb.Skip("the case would corrupt a shared store")
	case c.WithoutCapability != nil:
		c.WithoutCapability(tb, rpc)
	default:
		tb.Skipf("the service lacks: %s", strings.Join(missing, ", "))
	}
}

// Run checks every case on a store of its own. Open returns a client of an empty
// store and registers its cleanup.
func Run(t *testing.T, has []Capability, open func(tb testing.TB) mlmdpb.MetadataStoreServiceClient) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) { c.Check(t, open(t), has) })
	}
}

// Cases returns all cases, grouped by the part of the service that they check.
func Cases() []Case {
	return slices.Concat(
		typeCases(),
		nodeCases(),
		maskCases(),
		eventCases(),
		edgeCases(),
		putExecutionCases(),
		putSubgraphCases(),
		readCases(),
		valueCases(),
		hostileCases(),
		filterCases(),
		listCases(),
		lineageCases(),
	)
}
