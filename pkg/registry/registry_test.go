package registry

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// Every entity of the spec has a facade: an accessor on Client with the verbs of
// all entities and those that its parent brings. It is found by the Go type that
// it reads, so that no plural has to be guessed.
func TestEveryEntityOfTheCatalogHasAFacade(t *testing.T) {
	facades := map[reflect.Type]reflect.Type{} // by the pointer to the model that Get returns
	client := reflect.TypeFor[*Client]()
	for i := range client.NumMethod() {
		accessor := client.Method(i)
		if accessor.Type.NumIn() != 1 || accessor.Type.NumOut() != 1 {
			continue
		}
		facade := accessor.Type.Out(0)
		if get, ok := facade.MethodByName("Get"); ok && facade.Name() == accessor.Name {
			facades[get.Type.Out(0)] = facade
		}
	}
	for _, e := range mapping.Catalog {
		typ := e.Type()
		facade, ok := facades[reflect.TypeOf(e.New())]
		if !ok {
			t.Errorf(
				"%s has no facade: Client has no accessor of a type of its own name whose Get returns %T",
				typ.Entity,
				e.New(),
			)
			continue
		}
		verbs := []string{"Upsert", "Replace", "Get", "FindByName", "FindByExternalID", "Query"}
		for _, verb := range verbs {
			if _, ok := facade.MethodByName(verb); !ok {
				t.Errorf("%s has no method %s", facade, verb)
			}
		}
		if typ.Parent == nil {
			continue
		}
		children := false
		for i := range facade.NumMethod() {
			children = children || strings.HasPrefix(facade.Method(i).Name, "Of")
		}
		if !children {
			t.Errorf("%s has no method Of… for the children of a %s", facade, typ.Parent.Entity)
		}
	}
}

func TestDoublesAreComparedAsThePublishedStoreRounds(t *testing.T) {
	for _, c := range []struct {
		sent, stored float64
		want         bool
	}{
		{0.1234567, 0.123457, true},
		{0.1234567, 0.123456, false},
		{0.1234567, 0.1234568, false},
		{3, 3, true},
		{1e-9, 0, true},
		{1e-6, 0, false},
		{123456789012345678, 1.23456789012346e17, true},
		{123456789012345678, 1.2345678901234568e17, true},
		{1e300, 1e65, true},
		{-1e300, -1e65, true},
		{1e300, 1e64, false},
		{math.MaxFloat64, math.Inf(1), true},
		{math.MaxFloat64, math.MaxFloat64, true},
		{0, math.Copysign(0, -1), true},
	} {
		if got := roundsTo(c.sent, c.stored); got != c.want {
			t.Errorf("sent %v, stored %v: got %v", c.sent, c.stored, got)
		}
	}
}

func TestOnlyWhatDiffersIsWritten(t *testing.T) {
	text := func(s string) *mlmdpb.Value { return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}} }
	double := func(f float64) *mlmdpb.Value {
		return &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: f}}
	}
	object := func(m map[string]any) *mlmdpb.Value {
		s, err := structpb.NewStruct(m)
		if err != nil {
			t.Fatal(err)
		}
		return &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: s}}
	}
	type values = map[string]*mlmdpb.Value
	for _, c := range []struct {
		name           string
		stored, wanted nodeView
		path           string
		same           bool
	}{
		{"no uri and an empty one", nodeView{uri: new("")}, nodeView{}, "uri", true},
		{"another uri", nodeView{uri: new("a")}, nodeView{uri: new("b")}, "uri", false},
		{"no external id and an empty one", nodeView{}, nodeView{externalID: new("")}, "external_id", true},
		{"the same state", nodeView{state: new(int32(2))}, nodeView{state: new(int32(2))}, "state", true},
		{"no state and state 0", nodeView{}, nodeView{state: new(int32(0))}, "state", false},
		{
			"the same text",
			nodeView{props: values{"a": text("x")}},
			nodeView{props: values{"a": text("x")}},
			"properties.a",
			true,
		},
		{"no property and an empty text", nodeView{}, nodeView{props: values{"a": text("")}}, "properties.a", false},
		{"a property that goes", nodeView{props: values{"a": text("x")}}, nodeView{}, "properties.a", false},
		{
			"the same number as a text",
			nodeView{props: values{"a": text("1")}},
			nodeView{props: values{"a": double(1)}},
			"properties.a", true,
		},
		{
			"another number as a text",
			nodeView{props: values{"a": text("1")}},
			nodeView{props: values{"a": double(2)}},
			"properties.a", false,
		},
		{
			"a number that a program wrote otherwise",
			nodeView{props: values{"a": text("1.0")}},
			nodeView{props: values{"a": double(1)}},
			"properties.a", false,
		},
		{
			"custom properties as a whole",
			nodeView{custom: values{"a": text("x")}},
			nodeView{custom: values{"a": text("x")}},
			"custom_properties", true,
		},
		{
			"one custom property more",
			nodeView{custom: values{"a": text("x")}},
			nodeView{custom: values{"a": text("x"), "b": text("y")}},
			"custom_properties", false,
		},
		{
			"another custom property",
			nodeView{custom: values{"a": text("x")}},
			nodeView{custom: values{"b": text("x")}},
			"custom_properties", false,
		},
		{"none and none of them", nodeView{}, nodeView{custom: values{}}, "custom_properties", true},
		{
			"the same structure",
			nodeView{props: values{"a": object(map[string]any{"x": 1, "y": "z"})}},
			nodeView{props: values{"a": object(map[string]any{"y": "z", "x": 1})}},
			"properties.a", true,
		},
		{
			"another structure",
			nodeView{props: values{"a": object(map[string]any{"x": 1})}},
			nodeView{props: values{"a": object(map[string]any{"x": 2})}},
			"properties.a", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmp := comparison{
				c.stored,
				c.stored,
				c.wanted,
				func() (bool, error) { return false, errors.New("must not be asked") },
			}
			diff, err := cmp.diff(c.path)
			if err != nil {
				t.Fatal(err)
			}
			if same := len(diff) == 0; same != c.same {
				t.Errorf("differing %v, want the same: %v", diff, c.same)
			}
		})
	}
}

func TestOnlyAStoreThatRoundsMayHoldLessThanWasSent(t *testing.T) {
	double := func(f float64) nodeView {
		return nodeView{props: map[string]*mlmdpb.Value{"a": {Value: &mlmdpb.Value_DoubleValue{DoubleValue: f}}}}
	}
	for _, rounds := range []bool{true, false} {
		cmp := comparison{double(0), double(0), double(1e-7), func() (bool, error) { return rounds, nil }}
		diff, err := cmp.diff("properties.a")
		if err != nil || (len(diff) == 0) != rounds {
			t.Errorf("rounds %v: differing %v, %v", rounds, diff, err)
		}
	}
}

func TestAMemoryForgetsTheOldest(t *testing.T) {
	var m recentCache[int, int]
	for i := range 3 * cacheSize {
		m.add(i, i)
	}
	if _, ok := m.get(0); ok {
		t.Error("it remembers everything")
	}
	for i := 2 * cacheSize; i < 3*cacheSize; i++ {
		if v, ok := m.get(i); !ok || v != i {
			t.Fatalf("it forgot %d", i)
		}
	}
	m.reset()
	if _, ok := m.get(3*cacheSize - 1); ok {
		t.Error("it remembers what it was to forget")
	}
}

func TestErrorsReadWell(t *testing.T) {
	s := operation{"upsert", "ModelVersion", "v1.0"}
	long := strings.Repeat("x", 500)
	for _, c := range []struct {
		err  *Error
		want string
	}{
		{s.newError(ErrNotFound, ""), `registry: upsert ModelVersion "v1.0": not found`},
		{s.fieldError(ErrInvalidArgument, "name", "", "is missing"), `registry: upsert ModelVersion "v1.0": name is missing`},
		{
			s.fieldError(ErrInvalidArgument, "state", "DEAD", "is unknown"),
			`registry: upsert ModelVersion "v1.0": state "DEAD" is unknown`,
		},
		{s.mappingError(&mlmd.InvalidError{Field: "uri", Why: "is odd"}), `registry: upsert ModelVersion "v1.0": uri is odd`},
		{
			s.rpcError(t.Context(), status.Error(codes.Internal, "disk full\nINSERT INTO")),
			`registry: upsert ModelVersion "v1.0": internal store error: disk full`,
		},
		{s.rpcError(t.Context(), status.Error(codes.Aborted, "")), `registry: upsert ModelVersion "v1.0": conflict`},
		{operation{"list", "ModelVersion", ""}.newError(ErrNotFound, ""), `registry: list ModelVersion: not found`},
		{operation{"get", "X", long}.newError(ErrNotFound, ""), `registry: get X "` + long[:80] + `…": not found`},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestKindsFollowTheStatusAndTheContext(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		code codes.Code
		want error
	}{
		{"a server that is not there", t.Context(), codes.Unavailable, ErrUnavailable},
		{"a closed connection", t.Context(), codes.Canceled, ErrUnavailable},
		{"a caller that gave up", ended, codes.Canceled, context.Canceled},
		{"a caller that gave up while it failed", ended, codes.Internal, context.Canceled},
		{"a deadline", t.Context(), codes.DeadlineExceeded, context.DeadlineExceeded},
		{"a mistake", t.Context(), codes.InvalidArgument, ErrInvalidArgument},
		{"no token", t.Context(), codes.Unauthenticated, ErrPermissionDenied},
		{"no right", t.Context(), codes.PermissionDenied, ErrPermissionDenied},
		{"an old server", t.Context(), codes.Unimplemented, ErrUnsupported},
		{"anything else", t.Context(), codes.DataLoss, ErrInternal},
	} {
		t.Run(c.name, func(t *testing.T) {
			cause := status.Error(c.code, "why")
			err := error(operation{op: "get"}.rpcError(c.ctx, cause))
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if !errors.Is(err, cause) {
				t.Errorf("%v hides its cause", err)
			}
		})
	}
}

// A looping server answers every page with the same token.
type looping struct{ calls int }

func (l *looping) Invoke(_ context.Context, _ string, _, out any, _ ...grpc.CallOption) error {
	l.calls++
	r := out.(*mlmdpb.GetContextsByTypeResponse)
	r.Contexts = []*mlmdpb.Context{{Id: new(int64(l.calls)), Name: new("1:v"), Type: new("kf.ModelVersion")}}
	r.NextPageToken = new([]string{"a", "b"}[l.calls%2])
	return nil
}

func (*looping) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("no streams")
}

func TestARepeatedPageTokenEndsTheList(t *testing.T) {
	server := &looping{}
	versions := New(mlmdpb.NewMetadataStoreServiceClient(server)).ModelVersions()
	n := 0
	var last error
	for v, err := range versions.Query().All(t.Context()) {
		if last = err; err == nil && v != nil {
			n++
		}
	}
	if !errors.Is(last, ErrInternal) || n > 3 {
		t.Errorf("%d entities and then %v", n, last)
	}
}

// A frozen server answers nothing before the caller's context ends.
type frozen struct {
	looping
	called chan struct{} // told of each call
}

func (f *frozen) Invoke(ctx context.Context, _ string, _, _ any, _ ...grpc.CallOption) error {
	f.called <- struct{}{}
	<-ctx.Done()
	return status.FromContextError(ctx.Err()).Err()
}

func TestWhoWaitsForAnothersQuestionKeepsItsDeadline(t *testing.T) {
	server := &frozen{called: make(chan struct{}, 1)}
	c := New(mlmdpb.NewMetadataStoreServiceClient(server))
	first, end := context.WithCancel(t.Context())
	asked := make(chan error, 1)
	go func() {
		_, err := c.detectServer(first)
		asked <- err
	}()
	<-server.called

	hurried, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	late := make(chan error, 1)
	go func() {
		_, err := c.detectServer(hurried)
		late <- err
	}()
	select {
	case err := <-late:
		if status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("got %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("a caller waits beyond its deadline")
	}
	end()
	if err := <-asked; status.Code(err) != codes.Canceled {
		t.Errorf("the first one got %v", err)
	}
}

func TestPageTokensOfMergesAreChecked(t *testing.T) {
	p := preparedQuery[model.ModelVersion]{order: OrderByID}
	m, err := newUnion(p, []string{"a", "b"}, make([][]string, 9), "")
	if err != nil {
		t.Fatal(err)
	}
	token := m.encodeToken(position{3, 4})
	again, err := newUnion(p, []string{"a", "b"}, make([][]string, 9), token)
	if err != nil || *again.after != (position{3, 4}) {
		t.Errorf("got %v, %v", again, err)
	}
	for name, bad := range map[string]string{
		"of a server": "CAIQAhoCCAI", "cut": token[:len(token)-4], "changed": token[:len(token)-1] + "!",
		"empty": unionTokenPrefix,
	} {
		if _, err := newUnion(p, []string{"a", "b"}, make([][]string, 9), bad); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("a token %s: got %v", name, err)
		}
	}
	if _, err := newUnion(p, []string{"a", "c"}, make([][]string, 9), token); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("a token of another query: got %v", err)
	}
}

func FuzzMergeTokens(f *testing.F) {
	p := preparedQuery[model.ModelVersion]{order: OrderByID}
	m, err := newUnion(p, []string{"a", "b"}, make([][]string, 9), "")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.encodeToken(position{3, 4}))
	f.Add("merged.e30")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := newUnion(p, []string{"a", "b"}, make([][]string, 9), token); err != nil &&
			!errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%q: %v", token, err)
		}
	})
}
