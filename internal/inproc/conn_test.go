package inproc_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/inproc"
)

// service implements PutArtifacts by a function.
type service struct {
	mlmdpb.UnimplementedMetadataStoreServiceServer
	put func(context.Context, *mlmdpb.PutArtifactsRequest) (*mlmdpb.PutArtifactsResponse, error)
}

func (s service) PutArtifacts(
	ctx context.Context, req *mlmdpb.PutArtifactsRequest,
) (*mlmdpb.PutArtifactsResponse, error) {
	return s.put(ctx, req)
}

func clientOf(
	put func(context.Context, *mlmdpb.PutArtifactsRequest) (*mlmdpb.PutArtifactsResponse, error),
	interceptors ...grpc.UnaryServerInterceptor,
) mlmdpb.MetadataStoreServiceClient {
	return inproc.NewClient(service{put: put}, interceptors...)
}

// onBoth runs a test with a client that calls the service directly, and with one that has
// an interceptor.
func onBoth(
	t *testing.T, put func(context.Context, *mlmdpb.PutArtifactsRequest) (*mlmdpb.PutArtifactsResponse, error),
	test func(*testing.T, mlmdpb.MetadataStoreServiceClient),
) {
	t.Run("direct", func(t *testing.T) { test(t, clientOf(put)) })
	t.Run("with an interceptor", func(t *testing.T) { test(t, clientOf(put, through)) })
}

func TestNewClient_CallsEachMethod(t *testing.T) {
	c := reflect.ValueOf(inproc.NewClient(mlmdpb.UnimplementedMetadataStoreServiceServer{}))
	for _, m := range mlmdpb.MetadataStoreService_ServiceDesc.Methods {
		call := c.MethodByName(m.MethodName)
		out := call.Call([]reflect.Value{reflect.ValueOf(t.Context()), reflect.New(call.Type().In(1).Elem())})
		err, _ := out[1].Interface().(error)
		if want := "method " + m.MethodName + " not implemented"; status.Convert(err).Message() != want {
			t.Errorf("%s: %v, want %s", m.MethodName, err, want)
		}
	}
}

func TestNewClient_PassesRequest(t *testing.T) {
	for _, c := range []struct {
		name         string
		interceptors []grpc.UnaryServerInterceptor
		shared       bool
	}{
		{"without interceptors", nil, true},
		{"with an interceptor", []grpc.UnaryServerInterceptor{through}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
				Name: proto.String("a"),
				Uri:  proto.String("not \xff UTF-8"),
			}, nil}}
			req.ProtoReflect().SetUnknown(protoreflect.RawFields{0x98, 0x6, 0x1})
			client := clientOf(func(
				_ context.Context, got *mlmdpb.PutArtifactsRequest,
			) (*mlmdpb.PutArtifactsResponse, error) {
				if len(got.Artifacts) != 2 || got.Artifacts[0].GetUri() != "not \xff UTF-8" {
					t.Errorf("the service got %v", got)
				}
				if len(got.ProtoReflect().GetUnknown()) != 3 {
					t.Error("the service did not get the unknown field")
				}
				if shared := got.Artifacts[0] == req.Artifacts[0]; shared != c.shared {
					t.Errorf("the service got the client's artifact: %v, want %v", shared, c.shared)
				}
				if !c.shared {
					*got.Artifacts[0].Name = "changed"
				}
				return &mlmdpb.PutArtifactsResponse{ArtifactIds: []int64{1, 2}}, nil
			}, c.interceptors...)
			reply, err := client.PutArtifacts(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if req.Artifacts[0].GetName() != "a" {
				t.Error("the service changed the client's request")
			}
			if len(reply.ArtifactIds) != 2 {
				t.Errorf("the client got %v", reply)
			}
		})
	}
}

// through is an interceptor that does nothing.
func through(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	return next(ctx, req)
}

func TestInvoke_ErrorsCarryStatus(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want codes.Code
	}{
		{"a status", status.Error(codes.NotFound, "no"), codes.NotFound},
		{"a plain error", errors.New("no"), codes.Unknown},
		{"a deadline", context.DeadlineExceeded, codes.DeadlineExceeded},
		{"a cancellation", context.Canceled, codes.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			onBoth(t, func(context.Context, *mlmdpb.PutArtifactsRequest) (*mlmdpb.PutArtifactsResponse, error) {
				return nil, c.err
			}, func(t *testing.T, client mlmdpb.MetadataStoreServiceClient) {
				_, err := client.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{})
				if status.Code(err) != c.want {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		})
	}
}

func TestInvoke_DoneContextSkipsService(t *testing.T) {
	onBoth(t, func(context.Context, *mlmdpb.PutArtifactsRequest) (*mlmdpb.PutArtifactsResponse, error) {
		t.Error("the service was called")
		return nil, nil
	}, func(t *testing.T, c mlmdpb.MetadataStoreServiceClient) {
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.PutArtifacts(canceled, &mlmdpb.PutArtifactsRequest{}); status.Code(err) != codes.Canceled {
			t.Errorf("canceled: %v", err)
		}
		late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		if _, err := c.PutArtifacts(late, &mlmdpb.PutArtifactsRequest{}); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("too late: %v", err)
		}
	})
}

func TestInvoke_Unimplemented(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, c mlmdpb.MetadataStoreServiceClient) {
		if _, err := c.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{}); status.Code(err) != codes.Unimplemented {
			t.Errorf("a method: %v", err)
		}
	})
	conn := inproc.New(&mlmdpb.MetadataStoreService_ServiceDesc, service{})
	if err := conn.Invoke(t.Context(), "/other.Service/Method", nil, nil); status.Code(err) != codes.Unimplemented {
		t.Errorf("another service: %v", err)
	}
	if _, err := conn.NewStream(t.Context(), nil, "/other.Service/Stream"); status.Code(err) != codes.Unimplemented {
		t.Errorf("a stream: %v", err)
	}
}

func TestInvoke_MetadataArrivesAsIncoming(t *testing.T) {
	onBoth(t, func(ctx context.Context, _ *mlmdpb.PutArtifactsRequest) (*mlmdpb.PutArtifactsResponse, error) {
		in, _ := metadata.FromIncomingContext(ctx)
		if got := in.Get("who"); len(got) != 1 || got[0] != "ada" {
			t.Errorf("incoming metadata is %v", in)
		}
		if out, _ := metadata.FromOutgoingContext(ctx); len(out) != 0 {
			t.Errorf("the client's metadata would go out again: %v", out)
		}
		return &mlmdpb.PutArtifactsResponse{}, nil
	}, func(t *testing.T, c mlmdpb.MetadataStoreServiceClient) {
		if _, err := c.PutArtifacts(metadata.AppendToOutgoingContext(t.Context(), "who", "ada"), nil); err != nil {
			t.Fatal(err)
		}
	})
}

func TestInvoke_ResetsReply(t *testing.T) {
	conn := inproc.New(&mlmdpb.MetadataStoreService_ServiceDesc, service{
		put: func(context.Context, *mlmdpb.PutArtifactsRequest) (*mlmdpb.PutArtifactsResponse, error) {
			return &mlmdpb.PutArtifactsResponse{}, nil
		},
	})
	reply := &mlmdpb.PutArtifactsResponse{ArtifactIds: []int64{7}}
	err := conn.Invoke(t.Context(), mlmdpb.MetadataStoreService_PutArtifacts_FullMethodName, &mlmdpb.PutArtifactsRequest{},
		reply)
	if err != nil || len(reply.ArtifactIds) != 0 {
		t.Errorf("the reply is %v, %v; want an empty one", reply, err)
	}
}

func TestInvoke_ServiceSeesMethod(t *testing.T) {
	const want = "/ml_metadata.MetadataStoreService/PutArtifacts"
	onBoth(t, func(ctx context.Context, _ *mlmdpb.PutArtifactsRequest) (*mlmdpb.PutArtifactsResponse, error) {
		if got, ok := grpc.Method(ctx); got != want || !ok {
			t.Errorf("grpc.Method = %q, %v; want %q", got, ok, want)
		}
		return &mlmdpb.PutArtifactsResponse{}, grpc.SetTrailer(ctx, nil)
	}, func(t *testing.T, c mlmdpb.MetadataStoreServiceClient) {
		if _, err := c.PutArtifacts(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

func TestInterceptors(t *testing.T) {
	const method = mlmdpb.MetadataStoreService_PutArtifacts_FullMethodName
	var order []string
	named := func(name string) grpc.UnaryServerInterceptor {
		return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if info.FullMethod != method {
				t.Errorf("FullMethod is %q, want %q", info.FullMethod, method)
			}
			order = append(order, name)
			defer func() { order = append(order, "end of "+name) }()
			return next(ctx, req)
		}
	}
	var kept *mlmdpb.PutArtifactsResponse
	changes := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		*req.(*mlmdpb.PutArtifactsRequest).Artifacts[0].Name = "changed"
		reply, err := next(ctx, req)
		kept = reply.(*mlmdpb.PutArtifactsResponse)
		return reply, err
	}
	conn := inproc.New(&mlmdpb.MetadataStoreService_ServiceDesc, service{
		put: func(_ context.Context, r *mlmdpb.PutArtifactsRequest) (*mlmdpb.PutArtifactsResponse, error) {
			order = append(order, r.Artifacts[0].GetName())
			return &mlmdpb.PutArtifactsResponse{ArtifactIds: []int64{7}}, nil
		},
	}, named("first"), nil, named("second"), changes)
	req := &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{Name: proto.String("a")}}}
	reply, err := mlmdpb.NewMetadataStoreServiceClient(conn).PutArtifacts(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"first", "second", "changed", "end of second", "end of first"}; !slices.Equal(order, want) {
		t.Errorf("called in the order %q, want %q", order, want)
	}
	if req.Artifacts[0].GetName() != "a" {
		t.Error("an interceptor changed the client's request")
	}
	if reply.ArtifactIds[0] = 8; kept.ArtifactIds[0] != 7 {
		t.Error("the client shares the reply with an interceptor")
	}
}

func TestInterceptors_Replies(t *testing.T) {
	for _, test := range []struct {
		what  string
		reply any
		err   error
		want  codes.Code
	}{
		{"a status", nil, status.Error(codes.ResourceExhausted, "later"), codes.ResourceExhausted},
		{"another error", nil, errors.New("no"), codes.Unknown},
		{"the error of a context", nil, context.Canceled, codes.Canceled},
		{"a reply", &mlmdpb.PutArtifactsResponse{}, nil, codes.OK},
		{"no reply", nil, nil, codes.Internal},
		{"the reply of another method", &mlmdpb.GetArtifactsResponse{}, nil, codes.Internal},
	} {
		conn := inproc.New(&mlmdpb.MetadataStoreService_ServiceDesc, service{},
			func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
				return test.reply, test.err
			})
		_, err := mlmdpb.NewMetadataStoreServiceClient(conn).PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{})
		if status.Code(err) != test.want {
			t.Errorf("%s: %v, want %v", test.what, err, test.want)
		}
	}
}
