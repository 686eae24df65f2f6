package storetest

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A scene is a running case: its test, its service, and its unique names.
type scene struct {
	testing.TB
	ctx   context.Context
	rpc   mlmdpb.MetadataStoreServiceClient
	salt  string
	types int // number of types that newType created
}

func newScene(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient) *scene {
	return &scene{TB: tb, ctx: context.Background(), rpc: rpc, salt: rand.Text()[:10]}
}

// on converts a function of a scene to the function of a case.
func on(play func(s *scene)) func(testing.TB, mlmdpb.MetadataStoreServiceClient) {
	return func(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient) {
		tb.Helper()
		play(newScene(tb, rpc))
	}
}

// own returns a unique name.
func (s *scene) own(name string) string { return name + "." + s.salt }

// ok fails the test immediately if err is not nil.
func (s *scene) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("unexpected error: %v", err)
	}
}

// refused checks that a call failed with the code, and that the message contains all
// parts.
func (s *scene) refused(err error, code codes.Code, fragment string) {
	s.Helper()
	switch got := status.Convert(err); {
	case err == nil:
		s.Errorf("the call succeeded; want %v %q", code, fragment)
	case got.Code() != code:
		s.Errorf("the call failed with %v %q; want %v %q", got.Code(), got.Message(), code, fragment)
	case !strings.Contains(got.Message(), fragment):
		s.Errorf("the message is %q; want it to contain %q", got.Message(), fragment)
	}
}

// same checks that two protobuf messages are equal.
func (s *scene) same(got, want proto.Message) {
	s.Helper()
	if !proto.Equal(got, want) {
		s.Errorf("got:\n%swant:\n%s", text(got), text(want))
	}
}

func text(m proto.Message) string {
	if m == nil || !m.ProtoReflect().IsValid() {
		return "(nothing)\n"
	}
	return prototext.MarshalOptions{Multiline: true, Indent: "  "}.Format(m)
}

// equal checks that two values are equal.
func equal[T comparable](s *scene, what string, got, want T) {
	s.Helper()
	if got != want {
		s.Errorf("%s is %v; want %v", what, got, want)
	}
}

// another returns the second of two IDs and checks that it is greater than the
// first. In a cluster IDs have gaps.
func another(s *scene, ids []int64, first int64) int64 {
	s.Helper()
	if len(ids) < 2 || ids[1] <= first {
		s.Fatalf("the ids are %v; want %d and a greater one", ids, first)
	}
	return ids[1]
}

// equalList checks that two lists are equal, in order.
func equalList[T comparable](s *scene, what string, got []T, want ...T) {
	s.Helper()
	if len(got) != len(want) {
		s.Errorf("%s are %v; want %v", what, got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			s.Errorf("%s are %v; want %v", what, got, want)
			return
		}
	}
}

func integer(v int64) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: v}}
}

func double(v float64) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: v}}
}

func str(v string) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: v}}
}

func boolean(v bool) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_BoolValue{BoolValue: v}}
}

func object(key string, v float64) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: &structpb.Struct{
		Fields: map[string]*structpb.Value{key: structpb.NewNumberValue(v)},
	}}}
}

func packed(payload string) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_ProtoValue{ProtoValue: &anypb.Any{
		TypeUrl: "type.example/x", Value: []byte(payload),
	}}}
}

type values = map[string]*mlmdpb.Value
