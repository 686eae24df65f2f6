package server

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/vanguard"
	"github.com/rs/cors"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// Limits of the connections that do not use gRPC's own transport.
const (
	headerTimeout     = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 16 << 10
	maxStreamsPerConn = 100
)

// The headers of gRPC-Web: those that pages may send, and those that they may
// read.
var (
	requestHeaders = []string{
		"authorization", "cache-control", "content-transfer-encoding", "content-type", "grpc-timeout", "keep-alive",
		"user-agent", "x-accept-content-transfer-encoding", "x-accept-response-streaming", "x-grpc-web",
		"x-request-id", "x-user-agent",
	}
	responseHeaders = []string{"grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id"}
)

// A webServer answers gRPC-Web. It has a gRPC server of its own, because
// [grpc.Server.GracefulStop] does not wait for calls that come from an HTTP
// server.
type webServer struct {
	http *http.Server
	grpc *grpc.Server
}

// newWebServer returns a server that passes requests to calls.
func newWebServer(calls *grpc.Server, o *options) (*webServer, error) {
	var services []*vanguard.Service
	for _, name := range []string{
		mlmdpb.MetadataStoreService_ServiceDesc.ServiceName, healthpb.Health_ServiceDesc.ServiceName,
	} {
		services = append(services, vanguard.NewService(name, calls,
			vanguard.WithTargetProtocols(vanguard.ProtocolGRPC), vanguard.WithTargetCodecs(vanguard.CodecProto)))
	}
	transcoder, err := vanguard.NewTranscoder(services)
	if err != nil {
		return nil, err
	}
	h := webHandler(transcoder, calls)
	if len(o.webOrigins) > 0 { // package cors takes an empty list for all origins
		h = cors.New(cors.Options{
			AllowedOrigins: o.webOrigins,
			AllowedMethods: []string{http.MethodPost},
			AllowedHeaders: requestHeaders,
			ExposedHeaders: responseHeaders,
			MaxAge:         300,
		}).Handler(h)
	}
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreamsPerConn},
		ErrorLog:          slog.NewLogLogger(o.log.Handler(), slog.LevelWarn),
	}
	if o.requestTimeout > 0 { // the status of a late request is still sent
		s.ReadTimeout = o.requestTimeout + abortGrace
		s.WriteTimeout = o.requestTimeout + abortGrace
	}
	return &webServer{s, calls}, nil
}

// webHandler passes requests of gRPC-Web to transcoder, and those of gRPC to
// calls. The latter come from clients that offer HTTP/1.1 in the TLS handshake,
// too. The transcoder would also accept the Connect protocol.
func webHandler(transcoder, calls http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The HTTP server looks at the body of its own request to decide whether the connection
		// can be used again: a body that was put there would hide that the client still sends.
		r = r.WithContext(r.Context())
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		switch {
		case err != nil:
			refuseWeb(w)
		case kind == "application/grpc-web-text", kind == "application/grpc-web-text+proto":
			r.Header.Set("Content-Type", "application/grpc-web+proto")
			r.Body = readCloser{base64.NewDecoder(base64.StdEncoding, r.Body), r.Body}
			r.ContentLength = -1
			r.Header.Del("Content-Length")
			t := &textWriter{ResponseWriter: w, encoder: base64.NewEncoder(base64.StdEncoding, w)}
			transcoder.ServeHTTP(t, r)
			t.encoder.Close() // fails only if the connection does
		case kind == "application/grpc-web", kind == "application/grpc-web+proto":
			transcoder.ServeHTTP(w, r)
		case kind == "application/grpc", kind == "application/grpc+proto":
			calls.ServeHTTP(w, r)
		default:
			refuseWeb(w)
		}
	})
}

func refuseWeb(w http.ResponseWriter) {
	http.Error(w, "this port serves gRPC and gRPC-Web: the Content-Type must be application/grpc-web+proto or "+
		"application/grpc-web-text+proto", http.StatusUnsupportedMediaType)
}

// textWriter encodes the body of a response as base64, in one piece: clients do
// not expect padding before its end.
type textWriter struct {
	http.ResponseWriter
	encoder io.WriteCloser
	began   bool
}

func (t *textWriter) WriteHeader(code int) {
	if !t.began && code >= http.StatusOK {
		t.began = true
		h := t.Header()
		h.Set("Content-Type", strings.Replace(h.Get("Content-Type"), "grpc-web", "grpc-web-text", 1))
		h.Del("Content-Length")
	}
	t.ResponseWriter.WriteHeader(code)
}

func (t *textWriter) Write(p []byte) (int, error) {
	if !t.began {
		t.WriteHeader(http.StatusOK)
	}
	return t.encoder.Write(p)
}

// Flush sends what is encoded.
func (t *textWriter) Flush() {
	if f, ok := t.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// drain waits for running calls, and reports whether they finished before ctx ended.
func (w *webServer) drain(ctx context.Context) bool {
	if w.http.Shutdown(ctx) != nil {
		return false
	}
	w.grpc.Stop()
	return true
}

// serve answers gRPC on lis, and gRPC-Web if it is configured.
func (r *run) serve(lis net.Listener) error {
	lis = &clientListener{lis, r.connections}
	if r.web == nil {
		return r.grpc.Serve(lis)
	}
	s := newSplitter(lis, webTLS(r.options.tls))
	go r.web.http.Serve(s.web) // ends with an error when s.web is closed
	return r.grpc.Serve(s.native)
}
