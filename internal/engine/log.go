package engine

import (
	"context"
	"log/slog"
	"path"

	"google.golang.org/grpc"
)

// rpcHandler adds the name of the RPC to the records that are logged during it.
type rpcHandler struct{ slog.Handler }

func (h rpcHandler) Handle(ctx context.Context, r slog.Record) error {
	if method, ok := grpc.Method(ctx); ok {
		r.AddAttrs(slog.String("rpc", path.Base(method)))
	}
	return h.Handler.Handle(ctx, r)
}

func (h rpcHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return rpcHandler{h.Handler.WithAttrs(attrs)}
}

func (h rpcHandler) WithGroup(name string) slog.Handler {
	return rpcHandler{h.Handler.WithGroup(name)}
}
