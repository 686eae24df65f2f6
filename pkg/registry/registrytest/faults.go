package registrytest

import (
	"context"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A Fault describes one or more RPCs that fail.
type Fault struct {
	// Method is the method that fails, without the service's name, such as
	// "PutContexts". If it is empty, calls of all methods are counted.
	Method string
	// Call is the number of the call that fails, counted from 1 since the fault
	// was added. If it is 0, every call fails.
	Call int
	// Code is the status code of the failure. It must not be codes.OK.
	Code codes.Code
	// AfterEffect lets the store carry out the call before it fails, as if its
	// reply were lost.
	AfterEffect bool
}

// Faults makes RPCs fail. The zero value lets every call pass. It is safe for
// concurrent use.
type Faults struct {
	mu     sync.Mutex
	active []*activeFault
}

type activeFault struct {
	Fault
	seen int
}

// Add adds a fault, which applies to the calls that begin from now on. Add
// panics if the fault's code is codes.OK.
func (f *Faults) Add(fault Fault) {
	if fault.Code == codes.OK {
		panic("registrytest: a Fault needs a Code other than OK")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active = append(f.active, &activeFault{Fault: fault})
}

// Clear removes all faults.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active = nil
}

// Wrap returns a client that makes the calls of rpc, some of which fail.
func (f *Faults) Wrap(rpc mlmdpb.MetadataStoreServiceClient) mlmdpb.MetadataStoreServiceClient {
	return wrap(rpc, func(_ context.Context, method string, _ proto.Message, call func() error) error {
		fault := f.next(method)
		if fault == nil {
			return call()
		}
		when := "before"
		if fault.AfterEffect {
			when = "after"
			if err := call(); err != nil {
				return err
			}
		}
		return status.Errorf(fault.Code, "registrytest: %s failed on purpose, %s it took effect", method, when)
	})
}

// next counts a call of the method and returns the first fault that applies to
// it, or nil.
func (f *Faults) next(method string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var applies *Fault
	for _, a := range f.active {
		if a.Method != "" && a.Method != method {
			continue
		}
		a.seen++
		if applies == nil && (a.Call == 0 || a.Call == a.seen) {
			applies = &a.Fault
		}
	}
	return applies
}
