package registrytest

import (
	"context"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A Recorder records RPCs. The zero value is ready to use. It is safe for
// concurrent use.
type Recorder struct {
	mu    sync.Mutex
	calls []Call
}

// A Call is one RPC that was made.
type Call struct {
	Method  string        // without the service's name, such as "PutContexts"
	Request proto.Message // a copy
	Err     error         // what the client got; nil if the call succeeded
}

// Wrap returns a client that makes the calls of rpc and records them.
func (r *Recorder) Wrap(rpc mlmdpb.MetadataStoreServiceClient) mlmdpb.MetadataStoreServiceClient {
	return wrap(rpc, func(_ context.Context, method string, request proto.Message, call func() error) error {
		c := Call{Method: method, Request: proto.Clone(request)}
		c.Err = call()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls = append(r.calls, c)
		return c.Err
	})
}

// Calls returns the calls that have ended since the last Reset, in the order in
// which they ended.
func (r *Recorder) Calls() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

// Methods returns the methods of Calls.
func (r *Recorder) Methods() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	methods := make([]string, len(r.calls))
	for i, c := range r.calls {
		methods[i] = c.Method
	}
	return methods
}

// Reset discards the recorded calls.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = nil
}
