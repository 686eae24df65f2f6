package testdb

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A Relay is a TCP proxy on loopback in front of a database server. It counts round
// trips: how often the client sends after the server has.
type Relay struct {
	Address string
	trips   atomic.Int64
}

// NewRelay returns a relay to a server. It ends with the test.
func NewRelay(tb testing.TB, server string) *Relay {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	r := &Relay{Address: l.Addr().String()}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go r.relay(tb.Context(), client, server)
		}
	}()
	return r
}

func (r *Relay) relay(ctx context.Context, client net.Conn, address string) {
	defer client.Close()
	server, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	var answered atomic.Bool
	answered.Store(true)
	go func() {
		defer client.Close()
		_, _ = io.Copy(writerFunc(func(p []byte) (int, error) {
			answered.Store(true)
			return client.Write(p)
		}), server)
	}()
	_, _ = io.Copy(writerFunc(func(p []byte) (int, error) {
		if answered.Swap(false) {
			r.trips.Add(1)
		}
		return server.Write(p)
	}), client)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// LimitsRoundTrips checks how many round trips the calls of a store make whose
// database is reached through the relay.
func LimitsRoundTrips(t *testing.T, r *Relay, rpc mlmdpb.MetadataStoreServiceClient) {
	t.Helper()
	w := &tripWorld{t: t, rpc: rpc}
	w.fill()
	for _, c := range []struct {
		name string
		most int64
		call func(i int) error
	}{
		{"PutContexts of one new node", 3, w.putContext},
		{"PutContexts of a name that exists", 3, w.putExistingContext},
		{"PutContexts of one changed node", 5, w.changeContext},
		{"PutExecution with two artifacts and a context", 6, w.putExecution},
		{"PutArtifacts of 100 new nodes", 8, w.putArtifacts},
		// The conflict is found late, so the transaction runs twice.
		{"PutEvents of one that exists", 6, w.putExistingEvent},
		{"GetContextsByID", 1, func(int) error {
			_, err := w.rpc.GetContextsByID(t.Context(), &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{w.context}})
			return err
		}},
		{"GetContextByTypeAndName", 1, func(int) error {
			_, err := w.rpc.GetContextByTypeAndName(t.Context(), &mlmdpb.GetContextByTypeAndNameRequest{
				TypeName: new("trips"), ContextName: new("first"),
			})
			return err
		}},
		{"GetContextsByType", 1, func(int) error {
			_, err := w.rpc.GetContextsByType(t.Context(), &mlmdpb.GetContextsByTypeRequest{TypeName: new("trips")})
			return err
		}},
		{"GetContexts with a filter", 1, func(int) error {
			_, err := w.rpc.GetContexts(t.Context(), &mlmdpb.GetContextsRequest{Options: &mlmdpb.ListOperationOptions{
				FilterQuery: new("properties.n.int_value = 1"), MaxResultSize: new(int32(10)),
			}})
			return err
		}},
		{"GetArtifactsByContext", 1, func(int) error {
			_, err := w.rpc.GetArtifactsByContext(t.Context(), &mlmdpb.GetArtifactsByContextRequest{ContextId: &w.context})
			return err
		}},
		{"GetContextsByArtifact", 1, func(int) error {
			_, err := w.rpc.GetContextsByArtifact(t.Context(), &mlmdpb.GetContextsByArtifactRequest{ArtifactId: &w.artifact})
			return err
		}},
		{"GetEventsByArtifactIDs", 1, func(int) error {
			_, err := w.rpc.GetEventsByArtifactIDs(t.Context(), &mlmdpb.GetEventsByArtifactIDsRequest{
				ArtifactIds: []int64{w.artifact},
			})
			return err
		}},
		{"GetArtifactsByURI", 1, func(int) error {
			_, err := w.rpc.GetArtifactsByURI(t.Context(), &mlmdpb.GetArtifactsByURIRequest{Uris: []string{"a"}})
			return err
		}},
		{"GetContextType", 1, func(int) error {
			_, err := w.rpc.GetContextType(t.Context(), &mlmdpb.GetContextTypeRequest{TypeName: new("trips")})
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			// The first calls open a connection and prepare statements.
			var trips int64
			for i := range 3 {
				before := r.trips.Load()
				if err := c.call(i); err != nil {
					t.Fatal(err)
				}
				trips = r.trips.Load() - before
			}
			if trips < 1 || trips > c.most {
				t.Errorf("%d round trips, want at most %d", trips, c.most)
			}
			t.Logf("%d round trips", trips)
		})
	}
}

// A tripWorld is the store whose round trips are counted.
type tripWorld struct {
	t                                        *testing.T
	rpc                                      mlmdpb.MetadataStoreServiceClient
	contextType, artifactType, executionType int64
	context, artifact, run                   int64
}

func (w *tripWorld) fill() {
	w.t.Helper()
	props := map[string]mlmdpb.PropertyType{"n": mlmdpb.PropertyType_INT}
	c, err := w.rpc.PutContextType(w.t.Context(), &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{Name: new("trips"), Properties: props},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	a, err := w.rpc.PutArtifactType(w.t.Context(), &mlmdpb.PutArtifactTypeRequest{
		ArtifactType: &mlmdpb.ArtifactType{Name: new("trips"), Properties: props},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := w.rpc.PutExecutionType(w.t.Context(), &mlmdpb.PutExecutionTypeRequest{
		ExecutionType: &mlmdpb.ExecutionType{Name: new("trips"), Properties: props},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.contextType, w.artifactType, w.executionType = c.GetTypeId(), a.GetTypeId(), e.GetTypeId()
	reply, err := w.rpc.PutExecution(w.t.Context(), w.executionOf("first"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.context, w.artifact, w.run = reply.GetContextIds()[0], reply.GetArtifactIds()[0], reply.GetExecutionId()
}

func number(n int64) map[string]*mlmdpb.Value {
	return map[string]*mlmdpb.Value{"n": {Value: &mlmdpb.Value_IntValue{IntValue: n}}}
}

func (w *tripWorld) executionOf(name string) *mlmdpb.PutExecutionRequest {
	pair := func(kind mlmdpb.Event_Type) *mlmdpb.PutExecutionRequest_ArtifactAndEvent {
		return &mlmdpb.PutExecutionRequest_ArtifactAndEvent{
			Artifact: &mlmdpb.Artifact{
				TypeId: &w.artifactType, Name: new(name + kind.String()), Uri: new("a"), Properties: number(1),
			},
			Event: &mlmdpb.Event{Type: &kind},
		}
	}
	return &mlmdpb.PutExecutionRequest{
		Execution: &mlmdpb.Execution{TypeId: &w.executionType, Name: &name, Properties: number(2)},
		ArtifactEventPairs: []*mlmdpb.PutExecutionRequest_ArtifactAndEvent{
			pair(mlmdpb.Event_INPUT), pair(mlmdpb.Event_OUTPUT),
		},
		Contexts: []*mlmdpb.Context{{TypeId: &w.contextType, Name: &name, Properties: number(3)}},
	}
}

func (w *tripWorld) putContext(int) error {
	_, err := w.rpc.PutContexts(w.t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
		TypeId: &w.contextType, Name: new(freshName()), Properties: number(4),
	}}})
	return err
}

func (w *tripWorld) putExistingContext(int) error {
	_, err := w.rpc.PutContexts(w.t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
		TypeId: &w.contextType, Name: new("first"), Properties: number(5),
	}}})
	if status.Code(err) != codes.AlreadyExists {
		return fmt.Errorf("got %w, want ALREADY_EXISTS", err)
	}
	return nil
}

func (w *tripWorld) changeContext(i int) error {
	_, err := w.rpc.PutContexts(w.t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
		Id: &w.context, Name: new("first"), Properties: number(int64(i) + 100),
	}}})
	return err
}

func (w *tripWorld) putExecution(int) error {
	_, err := w.rpc.PutExecution(w.t.Context(), w.executionOf(freshName()))
	return err
}

func (w *tripWorld) putExistingEvent(int) error {
	_, err := w.rpc.PutEvents(w.t.Context(), &mlmdpb.PutEventsRequest{Events: []*mlmdpb.Event{
		{ArtifactId: &w.artifact, ExecutionId: &w.run, Type: new(mlmdpb.Event_INPUT)},
	}})
	if status.Code(err) != codes.AlreadyExists || !strings.Contains(err.Error(), "Given event already exists") {
		return fmt.Errorf("got %w, want ALREADY_EXISTS", err)
	}
	return nil
}

func (w *tripWorld) putArtifacts(int) error {
	artifacts := make([]*mlmdpb.Artifact, 100)
	for i := range artifacts {
		artifacts[i] = &mlmdpb.Artifact{TypeId: &w.artifactType, Name: new(freshName()), Properties: number(int64(i))}
	}
	_, err := w.rpc.PutArtifacts(w.t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: artifacts})
	return err
}
