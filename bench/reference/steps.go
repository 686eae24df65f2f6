package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

type client = mlmdpb.MetadataStoreServiceClient

// A step is a way to call an RPC. Both sides get the same requests.
type step struct {
	rpc   string // GetArtifactsByID
	what  string // "100 of 1,000"
	write bool
	alone bool // the reference implementation lacks it
	// request returns the n-th request; n differs in every call of a run, so that puts
	// are new.
	request func(w *world, n int) proto.Message
	// send only calls the RPC.
	send func(ctx context.Context, c client, in proto.Message) (proto.Message, error)
	// empty returns an empty reply message.
	empty func() proto.Message
}

// A result is the duration and reply of one side.
type result struct {
	took    []time.Duration
	replies [][]byte
}

// method is a method expression: mlmdpb.MetadataStoreServiceClient.GetArtifacts.
type method[Q, R proto.Message] = func(client, context.Context, Q, ...grpc.CallOption) (R, error)

func newStep[Q, R proto.Message](m method[Q, R], what string, request func(w *world, n int) Q) *step {
	var q Q
	var r R
	return &step{
		rpc:     strings.TrimSuffix(string(q.ProtoReflect().Descriptor().Name()), "Request"),
		what:    what,
		request: func(w *world, n int) proto.Message { return request(w, n) },
		send:    func(ctx context.Context, c client, in proto.Message) (proto.Message, error) { return m(c, ctx, in.(Q)) },
		empty:   func() proto.Message { return r.ProtoReflect().New().Interface() },
	}
}

func read[Q, R proto.Message](m method[Q, R], what string, request func(w *world, n int) Q) *step {
	return newStep(m, what, request)
}

func write[Q, R proto.Message](m method[Q, R], what string, request func(w *world, n int) Q) *step {
	s := newStep(m, what, request)
	s.write = true
	return s
}

// onlyOurs marks a step that the Python package does not export.
func onlyOurs(s *step) *step {
	s.alone = true
	return s
}

// A side runs requests and measures their duration.
type side interface {
	call(ctx context.Context, s *step, requests []proto.Message) (*result, error)
}

// ours is the embedded store, called through its client.
type ours struct{ rpc client }

func (o ours) call(ctx context.Context, s *step, requests []proto.Message) (*result, error) {
	r := &result{took: make([]time.Duration, len(requests))}
	answers := make([]proto.Message, len(requests))
	for i, in := range requests {
		began := time.Now()
		out, err := s.send(ctx, o.rpc, in)
		r.took[i] = time.Since(began)
		if err != nil {
			return nil, fmt.Errorf("our %s: %w", s.rpc, err)
		}
		answers[i] = out
	}
	for _, out := range answers { // afterwards, to keep it out of the measurement
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(out)
		if err != nil {
			return nil, err
		}
		r.replies = append(r.replies, b)
	}
	return r, nil
}
