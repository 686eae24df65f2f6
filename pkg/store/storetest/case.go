// Package storetest says what a metadata store service must do, as cases that
// run against any client of it. The published C++ core of MLMD is the judge: a
// case that fails on it is a wrong case. Where this project decided otherwise,
// [Differences] names it, and a case says what each of the two does.
package storetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A Case is one behaviour of the service, checked through the client stub. It
// makes what it needs under names of its own, so that many cases can share a
// store.
type Case struct {
	Name string
	// Needs is what a service must be able to do for Run to hold.
	Needs []Capability
	// Run checks the behaviour.
	Run func(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient)
	// Otherwise checks what a service does that lacks something of Needs. Nil:
	// the case says nothing about it.
	Otherwise func(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient)
	// Spoils is set where Otherwise leaves a store that cannot be read any more.
	Spoils bool
}

// Alone says whether the case wants a store that no other test uses.
func (c Case) Alone() bool { return c.Spoils || slices.Contains(c.Needs, StartsEmpty) }

// A Capability is something that some services do and others do not.
type Capability string

// What a service may be able to do besides what all do. The name of a
// [Difference] is a capability too.
const (
	// StartsEmpty: the store that a case is given holds nothing but the system
	// types, and nobody else writes to it.
	StartsEmpty Capability = "starts empty"
	// SortsReads: lists without options come by id, on every database.
	SortsReads Capability = "sorts reads"
	// WideIntegers: integer properties and step indexes have 64 bits.
	WideIntegers Capability = "wide integers"
	// AnyBytes: text that is not UTF-8 is stored as it is.
	AnyBytes Capability = "any bytes"
	// LongText: names and other short text have no limit.
	LongText Capability = "long text"
)

// Check runs the part of the case that fits a service with these capabilities,
// or skips with the reason.
func (c Case) Check(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient, has []Capability) {
	tb.Helper()
	var missing []string
	for _, need := range c.Needs {
		if !slices.Contains(has, need) {
			missing = append(missing, string(need))
		}
	}
	switch {
	case len(missing) == 0:
		c.Run(tb, rpc)
	case c.Spoils && !slices.Contains(has, StartsEmpty):
		tb.Skip("it would spoil the store for others")
	case c.Otherwise != nil:
		c.Otherwise(tb, rpc)
	default:
		tb.Skipf("the service lacks: %s", strings.Join(missing, ", "))
	}
}

// Run checks every case on a store of its own. Open answers a client for an
// empty store, and takes care of closing it.
func Run(t *testing.T, has []Capability, open func(tb testing.TB) mlmdpb.MetadataStoreServiceClient) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) { c.Check(t, open(t), has) })
	}
}

// Cases are all cases, in the order of the families they belong to.
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
