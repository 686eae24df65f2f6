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
)

// maxMessage bounds the text of an error as it is on the wire. It travels in
// the trailers, and clients give up on trailers that are too large (gRPC's
// C core, and so Python, above 8 KiB): they would then see neither code nor text.
const maxMessage = 6 << 10

// A guard stands around every call: it counts and logs calls, turns a panic
// into an error, and keeps error texts within what clients can receive.
type guard struct {
	log     *slog.Logger
	running atomic.Int64
}

func (g *guard) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (reply any, err error) {
	g.running.Add(1)
	defer g.running.Add(-1)
	began := time.Now()
	defer func() {
		if p := recover(); p != nil {
			reply, err = nil, g.panicked(ctx, info.FullMethod, p)
			return
		}
		g.done(ctx, info.FullMethod, began, err)
		err = shorten(err)
	}()
	return handler(ctx, req)
}

// panicked logs a panic with its stack and returns what the client may know.
func (g *guard) panicked(ctx context.Context, method string, p any) error {
	g.log.LogAttrs(ctx, slog.LevelError, "a call panicked",
		slog.String("method", method), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
	return status.Errorf(codes.Internal, "%s failed for a reason that is the server's fault; its log has the details", name(method))
}

func (g *guard) done(ctx context.Context, method string, began time.Time, err error) {
	code := status.Code(err)
	level := slog.LevelDebug
	switch code {
	case codes.Internal, codes.Unknown, codes.DataLoss:
		level = slog.LevelWarn
	}
	if !g.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("method", name(method)), slog.String("code", code.String()), slog.Duration("took", time.Since(began))}
	if err != nil {
		attrs = append(attrs, slog.String("error", status.Convert(err).Message()))
	}
	g.log.LogAttrs(ctx, level, "call", attrs...)
}

// name is the last part of a full method name.
func name(method string) string {
	return method[strings.LastIndexByte(method, '/')+1:]
}

// shorten cuts the text of an error that is too long for a client to receive.
func shorten(err error) error {
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

// fits returns how many bytes of text, in whole characters, take at most room
// bytes on the wire, where everything but printable ASCII is written as %XX.
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
