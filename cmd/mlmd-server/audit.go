package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mlmd-go/sdk/internal/callinfo"
)

// An auditLog receives a line of JSON for each RPC that writes.
type auditLog struct {
	out   reloaded[*os.File] // opened again on SIGHUP, after a rotation
	lines slog.Handler
}

// openAudit opens the file of --audit_log. It returns nil if the flag is not set.
func (p *plan) openAudit(name string, stdout io.Writer) (*auditLog, error) {
	if name == "" {
		return nil, nil
	}
	a := new(auditLog)
	a.lines = callinfo.LogHandler(p.telemetry.LogHandler(slog.NewJSONHandler(writerFunc(func(b []byte) (int, error) {
		if name == "-" {
			return stdout.Write(b)
		}
		return a.out.get().Write(b)
	}), &slog.HandlerOptions{ReplaceAttr: withUnits})))
	if name == "-" {
		return a, nil
	}
	a.out.what = "audit log"
	a.out.load = func(readFile) (*os.File, error) {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return nil, unreadable("--audit_log", name, err)
		}
		if old := a.out.now.Load(); old != nil {
			time.AfterFunc(time.Minute, func() { (*old).Close() }) // for lines that are being written
		}
		return f, nil
	}
	return a, p.watch(&a.out, os.ReadFile)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// intercept is a [grpc.UnaryServerInterceptor].
func (a *auditLog) intercept(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (any, error) {
	name := info.FullMethod[strings.LastIndexByte(info.FullMethod, '/')+1:]
	if !strings.HasPrefix(name, "Put") {
		return handler(ctx, req)
	}
	began := time.Now()
	reply, err := handler(ctx, req)
	ids := map[string][]int64{}
	collectIDs(ids, "", req)
	if err == nil {
		collectIDs(ids, "", reply)
	}
	attrs := []slog.Attr{
		slog.String("code", status.Code(err).String()), slog.Any("ids", ids), slog.Duration("took", time.Since(began)),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", status.Convert(err).Message()))
	}
	r := slog.NewRecord(time.Now(), slog.LevelInfo, "write", 0)
	r.AddAttrs(slog.String("method", name))
	r.AddAttrs(attrs...)
	if err := a.lines.Handle(ctx, r); err != nil {
		slog.ErrorContext(ctx, "cannot write to the audit log", "method", name, "error", err)
	}
	return reply, err
}

// collectIDs adds the IDs in a message to ids, by the path of their field.
func collectIDs(ids map[string][]int64, at string, msg any) {
	if m, ok := msg.(proto.Message); ok {
		collectMessageIDs(ids, at, m.ProtoReflect())
	}
}

func collectMessageIDs(ids map[string][]int64, at string, m protoreflect.Message) {
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := string(field.Name())
		switch {
		case field.IsMap():
		case field.Kind() == protoreflect.MessageKind && field.IsList():
			for i := range v.List().Len() {
				collectMessageIDs(ids, at+name+".", v.List().Get(i).Message())
			}
		case field.Kind() == protoreflect.MessageKind:
			collectMessageIDs(ids, at+name+".", v.Message())
		case field.Kind() != protoreflect.Int64Kind:
		case field.IsList() && strings.HasSuffix(name, "_ids"):
			for i := range v.List().Len() {
				ids[at+name] = append(ids[at+name], v.List().Get(i).Int())
			}
		case name == "id" || strings.HasSuffix(name, "_id"):
			ids[at+name] = append(ids[at+name], v.Int())
		}
		return true
	})
}
