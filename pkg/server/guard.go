package server

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/callinfo"
)

// maxMessage limits the size of an error message on the wire. It is sent in the
// trailers, and a client that receives too large trailers (above 8 KiB in gRPC's
// C core, which Python uses) sees neither code nor message.
const maxMessage = 6 << 10

// guard implements the interceptors of a server: they count and log calls,
// convert panics to INTERNAL, and truncate messages to what clients accept.
type guard struct {
	log     *slog.Logger
	running atomic.Int64
}

func (g *guard) unary(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (reply any, err error) {
	g.running.Add(1)
	defer g.running.Add(-1)
	began := time.Now()
	defer func() {
		if p := recover(); p != nil {
			reply, err = nil, g.panicked(ctx, info.FullMethod, p)
			return
		}
		g.done(ctx, info.FullMethod, began, err)
		err = withRequestID(ctx, truncate(err))
	}()
	return handler(ctx, req)
}

// panicked logs a panic with its stack and returns an error without its value,
// which may be confidential.
func (g *guard) panicked(ctx context.Context, method string, p any) error {
	g.log.LogAttrs(ctx, slog.LevelError, "panic in call",
		slog.String("method", method), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
	text := name(method) + ": internal error: see the server's log for details"
	return status.Error(codes.Internal, callinfo.WithRequestID(ctx, text))
}

func (g *guard) done(ctx context.Context, method string, began time.Time, err error) {
	code := status.Code(err)
	level := slog.LevelDebug
	if isFault(code) {
		level = slog.LevelWarn
	}
	if !g.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", name(method)),
		slog.String("code", code.String()),
		slog.Duration("took", time.Since(began)),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", status.Convert(err).Message()))
	}
	g.log.LogAttrs(ctx, level, "call", attrs...)
}

// isFault reports whether the code means that the server failed.
func isFault(code codes.Code) bool {
	return code == codes.Internal || code == codes.Unknown || code == codes.DataLoss
}

// withRequestID adds the ID of the request to the message of an error that only
// the log explains.
func withRequestID(ctx context.Context, err error) error {
	s, ok := status.FromError(err)
	if !ok {
		s = status.FromContextError(err)
	}
	if !isFault(s.Code()) {
		return err
	}
	p := s.Proto()
	p.Message = callinfo.WithRequestID(ctx, p.GetMessage())
	return status.ErrorProto(p)
}

// name returns the last element of a full method name.
func name(method string) string {
	return method[strings.LastIndexByte(method, '/')+1:]
}

// truncate shortens the message of err to maxMessage.
func truncate(err error) error {
	if err == nil {
		return nil
	}
	s, ok := status.FromError(err)
	if !ok {
		s = status.FromContextError(err)
	}
	text := s.Message()
	keep := fits(text, maxMessage)
	if keep == len(text) {
		return err
	}
	p := s.Proto()
	p.Message = fmt.Sprintf("%s… (%d bytes more)", text[:keep], len(text)-keep)
	return status.ErrorProto(p)
}

// fits returns the length of the longest prefix of text, in whole characters,
// that takes at most room bytes on the wire, where all but printable ASCII is
// encoded as %XX.
func fits(text string, room int) int {
	at := 0
	for at < len(text) {
		_, size := utf8.DecodeRuneInString(text[at:])
		cost := 3 * size
		if c := text[at]; size == 1 && c >= ' ' && c <= '~' && c != '%' {
			cost = 1
		}
		if room -= cost; room < 0 {
			break
		}
		at += size
	}
	return at
}
