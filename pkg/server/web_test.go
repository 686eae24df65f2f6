package server_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/testtls"
	"github.com/mlmd-go/sdk/internal/testweb"
	"github.com/mlmd-go/sdk/pkg/server"
)

// startWeb serves gRPC and gRPC-Web until stop is called.
func startWeb(
	t *testing.T, s service, opts ...server.Option,
) (address string, stop context.CancelFunc, done chan error) {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done = make(chan error, 1)
	go func() { done <- server.New(s, append([]server.Option{server.WithWeb()}, opts...)...).Serve(ctx, lis) }()
	t.Cleanup(stop)
	return lis.Addr().String(), stop, done
}

func webConn(t *testing.T, url string, transport *http.Transport) *testweb.Conn {
	t.Helper()
	t.Cleanup(transport.CloseIdleConnections)
	return &testweb.Conn{URL: url, Client: &http.Client{Transport: transport}}
}

func nativeConn(t *testing.T, address string, creds credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(creds))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestWithWeb(t *testing.T) {
	var calls int
	intercept := func(
		ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
	) (any, error) {
		calls++
		if p, ok := peer.FromContext(ctx); !ok || !strings.HasPrefix(p.Addr.String(), "127.0.0.1:") {
			t.Errorf("peer %v", p)
		}
		return handler(ctx, req)
	}
	address, _, _ := startWeb(t, service{
		get: func(ctx context.Context) (*mlmdpb.GetContextTypesResponse, error) {
			if at, ok := ctx.Deadline(); !ok || time.Until(at) > time.Minute {
				t.Errorf("deadline %v, %v", at, ok)
			}
			return nil, status.Error(codes.NotFound, "ü\n100 %")
		},
		put: func(in *mlmdpb.PutContextsRequest) (*mlmdpb.PutContextsResponse, error) {
			return &mlmdpb.PutContextsResponse{ContextIds: make([]int64, len(in.GetContexts()[0].GetName()))}, nil
		},
	}, server.WithRequestTimeout(time.Minute), server.WithUnaryInterceptors(intercept), server.WithMaxRecvMsgSize(1<<20))

	web := webConn(t, "http://"+address, &http.Transport{})
	text := webConn(t, "http://"+address, &http.Transport{})
	text.Text = true
	for name, conn := range map[string]grpc.ClientConnInterface{
		"gRPC": nativeConn(t, address, insecure.NewCredentials()), "gRPC-Web": web, "gRPC-Web as text": text,
	} {
		t.Run(name, func(t *testing.T) {
			rpc := mlmdpb.NewMetadataStoreServiceClient(conn)
			put := func(n int) (int, error) {
				reply, err := rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{
					Contexts: []*mlmdpb.Context{{Name: new(strings.Repeat("x", n))}},
				})
				return len(reply.GetContextIds()), err
			}
			before := calls
			for _, n := range []int{0, 1, 2, 3, 500_000} {
				if got, err := put(n); err != nil || got != n {
					t.Errorf("got %d, %v, want %d", got, err, n)
				}
			}
			if _, err := put(2 << 20); status.Code(err) != codes.ResourceExhausted {
				t.Errorf("a request that is too large: %v", err)
			}
			var trailer metadata.MD
			ctx := metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "my-id")
			_, err := rpc.GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{}, grpc.Trailer(&trailer))
			if s := status.Convert(err); s.Code() != codes.NotFound || s.Message() != "ü\n100 %" {
				t.Errorf("got %v", err)
			}
			if got := strings.Join(trailer.Get("x-request-id"), ","); got != "my-id" {
				t.Errorf("trailers %v", trailer)
			}
			if _, err = rpc.GetContexts(t.Context(), &mlmdpb.GetContextsRequest{}); status.Code(err) != codes.Unimplemented {
				t.Errorf("a method that does not exist: %v", err)
			}
			if calls-before != 7 {
				t.Errorf("%d calls intercepted, want 7", calls-before)
			}
			if _, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
				t.Errorf("health: %v", err)
			}
		})
	}
}

// Only requests of gRPC-Web are answered. A page can send other types without
// asking the server first.
func TestWithWeb_OtherRequests(t *testing.T) {
	address, _, _ := startWeb(t, service{})
	for _, kind := range []string{"", "application/json", "application/proto", "text/plain", "application/connect+proto"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			"http://"+address+"/ml_metadata.MetadataStoreService/GetContexts", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("Content-Type %q: %s", kind, response.Status)
		}
	}
}

func TestWithWeb_Origins(t *testing.T) {
	for _, c := range []struct {
		origins       []string
		from, allowed string
	}{
		{nil, "https://ui.example", ""},
		{[]string{"https://ui.example"}, "https://ui.example", "https://ui.example"},
		{[]string{"https://ui.example"}, "https://evil.example", ""},
		{[]string{"https://ui.example"}, "null", ""},
		{[]string{"*"}, "https://any.example", "*"},
	} {
		address, _, _ := startWeb(t, service{}, server.WithWeb(c.origins...))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions,
			"http://"+address+"/ml_metadata.MetadataStoreService/GetContexts", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", c.from)
		r.Header.Set("Access-Control-Request-Method", http.MethodPost)
		r.Header.Set("Access-Control-Request-Headers", "authorization,content-type,grpc-timeout,x-grpc-web,x-user-agent")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := response.Header.Get("Access-Control-Allow-Origin"); got != c.allowed {
			t.Errorf("%q: a page of %s is allowed as %q, want %q", c.origins, c.from, got, c.allowed)
		}
		if response.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Error("pages may send cookies")
		}

		web := webConn(t, "http://"+address, &http.Transport{})
		ctx := metadata.AppendToOutgoingContext(t.Context(), "origin", c.from)
		if _, err := healthpb.NewHealthClient(web).Check(ctx, &healthpb.HealthCheckRequest{}); err != nil {
			t.Fatal(err)
		}
		got := web.Response.Header
		if got.Get("Access-Control-Allow-Origin") != c.allowed ||
			strings.Contains(got.Get("Access-Control-Expose-Headers"), "Grpc-Status") != (c.allowed != "") {
			t.Errorf("%q: the response to %s has %v", c.origins, c.from, got)
		}
	}
}

// With TLS, clients that offer HTTP/1.1 reach gRPC, too.
func TestWithWeb_TLS(t *testing.T) {
	ca := testtls.Issue(t, "ca", nil)
	leaf, known := testtls.Issue(t, "server", ca), testtls.Issue(t, "client", ca)
	base, err := server.PEMCredentials{
		Key: leaf.Key, Cert: leaf.Cert, ClientCA: ca.Cert, VerifyClient: true,
	}.TLSConfig()
	if err != nil {
		t.Fatal(err)
	}
	base.NextProtos = []string{"h2"}
	reloading := &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return base, nil },
	}
	for name, config := range map[string]*tls.Config{"fixed": base, "reloading": reloading} {
		intercept := func(
			ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
		) (any, error) {
			p, _ := peer.FromContext(ctx)
			if info, ok := p.AuthInfo.(credentials.TLSInfo); !ok ||
				info.State.VerifiedChains[0][0].Subject.CommonName != "client" {
				t.Errorf("peer %v", p)
			}
			return handler(ctx, req)
		}
		address, _, _ := startWeb(t, service{get: func(context.Context) (*mlmdpb.GetContextTypesResponse, error) {
			return &mlmdpb.GetContextTypesResponse{}, nil
		}}, server.WithTLS(config), server.WithUnaryInterceptors(intercept))
		trust := testtls.Client(t, ca, known)
		both := trust.Clone()
		both.NextProtos = []string{"h2", "http/1.1"}
		http1 := webConn(t, "https://"+address, &http.Transport{TLSClientConfig: trust})
		http2 := webConn(t, "https://"+address, &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true})
		stranger := webConn(t, "https://"+address, &http.Transport{TLSClientConfig: testtls.Client(t, ca, nil)})
		for _, c := range []struct {
			name string
			conn grpc.ClientConnInterface
			want codes.Code
		}{
			{"gRPC", nativeConn(t, address, credentials.NewTLS(trust)), codes.OK},
			{"gRPC, offering HTTP/1.1", nativeConn(t, address, credentials.NewTLS(both)), codes.OK},
			{"gRPC-Web, HTTP/1.1", http1, codes.OK},
			{"gRPC-Web, HTTP/2", http2, codes.OK},
			{"gRPC-Web without a certificate", stranger, codes.Unavailable},
		} {
			_, err := mlmdpb.NewMetadataStoreServiceClient(c.conn).GetContextTypes(
				t.Context(), &mlmdpb.GetContextTypesRequest{})
			if status.Code(err) != c.want {
				t.Errorf("%s, %s: got %v, want %v", name, c.name, err, c.want)
			}
		}
		if http1.Response.ProtoMajor != 1 || http2.Response.ProtoMajor != 2 {
			t.Errorf("%s: got %s and %s", name, http1.Response.Proto, http2.Response.Proto)
		}
	}
}

func TestWithWeb_ShutdownWaitsForCalls(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"finished": time.Minute, "canceled": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			began, finish := make(chan struct{}), make(chan struct{})
			address, stop, done := startWeb(t, slow(began, func(ctx context.Context) error {
				select {
				case <-finish:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}), server.WithShutdownTimeout(timeout))
			web := webConn(t, "http://"+address, &http.Transport{})
			idle := nativeConn(t, address, insecure.NewCredentials())
			if _, err := healthpb.NewHealthClient(idle).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
				t.Fatal(err)
			}
			answered := make(chan error, 1)
			go func() {
				_, err := mlmdpb.NewMetadataStoreServiceClient(web).GetContextTypes(
					t.Context(), &mlmdpb.GetContextTypesRequest{})
				answered <- err
			}()
			<-began
			stop()
			if name == "finished" {
				select {
				case err := <-done:
					t.Fatalf("Serve returned %v while a call ran", err)
				case <-time.After(50 * time.Millisecond):
				}
				close(finish)
				if err := <-answered; err != nil {
					t.Errorf("the call that ran: %v", err)
				}
			}
			var err error
			select {
			case err = <-done:
			case <-time.After(20 * time.Second):
				t.Fatal("Serve does not return")
			}
			var cut *server.ShutdownTimeoutError
			if got := errors.As(err, &cut); got != (name == "canceled") {
				t.Errorf("Serve: %v", err)
			}
			if conn, err := net.Dial("tcp", address); err == nil {
				conn.Close()
				t.Error("the port is still open")
			}
		})
	}
}

// Clients that send nothing, or something else, leave the others undisturbed.
func TestWithWeb_Strangers(t *testing.T) {
	address, _, _ := startWeb(t, service{})
	for _, text := range []string{
		"", "P", "GE", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01", "PRI", strings.Repeat("\x00", 99),
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, text); err != nil {
			t.Error(err)
		}
		defer conn.Close()
	}
	for _, conn := range []grpc.ClientConnInterface{
		nativeConn(t, address, insecure.NewCredentials()), webConn(t, "http://"+address, &http.Transport{}),
	} {
		if _, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
			t.Error(err)
		}
	}
}
