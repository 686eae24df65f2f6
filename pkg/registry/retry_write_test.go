package registry_test

import (
	"context"
	"errors"
	"net"
	"path"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

// dialLossy returns a client of a server in memory. While lose is set, the reply
// of the next PutContexts is lost.
func dialLossy(t *testing.T, lose *atomic.Bool) *registry.Client {
	t.Helper()
	s, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(func(
		ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler,
	) (any, error) {
		reply, err := handle(ctx, req)
		if err == nil && path.Base(info.FullMethod) == "PutContexts" && lose.CompareAndSwap(true, false) {
			err = status.Error(codes.Unavailable, "the reply is lost")
		}
		return reply, err
	}))
	mlmdpb.RegisterMetadataStoreServiceServer(server, s.Server())
	go server.Serve(l)
	t.Cleanup(server.Stop)
	c, err := registry.Dial(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestRetry_CreateWithLostReply(t *testing.T) {
	var lose atomic.Bool
	models := dialLossy(t, &lose).RegisteredModels()
	lose.Store(true)
	if _, err := models.Create(t.Context(), &model.RegisteredModel{Name: "m"}); !errors.Is(err, registry.ErrUnavailable) {
		t.Errorf("create: %v, want ErrUnavailable: no other writer has the name", err)
	}
	lose.Store(true)
	if _, err := models.Upsert(t.Context(), &model.RegisteredModel{Name: "another"}); err != nil {
		t.Errorf("upsert: %v", err)
	}
}

func TestRetry_CreateAllWithLostReply(t *testing.T) {
	var lose atomic.Bool
	models := dialLossy(t, &lose).RegisteredModels()
	values := func(prefix string) []*model.RegisteredModel {
		return []*model.RegisteredModel{{Name: prefix + "1"}, {Name: prefix + "2"}, {Name: prefix + "3"}}
	}
	if _, err := models.Create(t.Context(), &model.RegisteredModel{Name: "m"}); err != nil { // registers the type
		t.Fatal(err)
	}
	lose.Store(true)
	if _, err := models.CreateAll(t.Context(), values("a")); !errors.Is(err, registry.ErrUnavailable) {
		t.Errorf("create: %v, want ErrUnavailable: no other writer has the names", err)
	}
	lose.Store(true)
	results, err := models.UpsertAll(t.Context(), values("b"))
	if err != nil || len(results) != 3 {
		t.Errorf("upsert: %v, %v", results, err)
	}
	if n, err := models.Query().Count(t.Context()); err != nil || n != 7 {
		t.Errorf("%d models, %v, want 7", n, err)
	}
}

func TestRetry_UpdateWithLostReply(t *testing.T) {
	var lose atomic.Bool
	models := dialLossy(t, &lose).RegisteredModels()
	m := model.RegisteredModel{Name: "m", CustomProperties: value.Map{"n": value.Int(0)}}
	if _, err := models.Create(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	lose.Store(true)
	_, err := models.Update(t.Context(), m.ID, func(v *model.RegisteredModel) error {
		n, _ := v.CustomProperties["n"].AsInt()
		v.CustomProperties["n"] = value.Int(n + 1)
		return nil
	})
	if !errors.Is(err, registry.ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
	if got, err := models.Get(t.Context(), m.ID); err != nil || got.CustomProperties["n"] != value.Int(1) {
		t.Errorf("%v, %v, want n = 1", got, err)
	}
}
