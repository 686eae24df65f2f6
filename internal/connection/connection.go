// Package connection makes the gRPC connections of the registry's client: it
// checks targets, retries calls that fail while a server is away, and explains
// why a connection fails.
package connection

import (
	"context"
	"crypto/tls"
	"fmt"
	"math"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// A Config configures a connection.
type Config struct {
	Target        string
	TLS           *tls.Config            // nil for no TLS
	Token         func() (string, error) // of each call; nil for none
	InsecureToken bool                   // send the token without TLS too
	RetryTimeout  time.Duration          // limits how long a call is retried; 0 for no retries
}

// DialOptions returns the options of the gRPC connection. Messages name the
// options of the registry package.
func (c Config) DialOptions() []grpc.DialOption {
	monitor := &handshakeMonitor{}
	transport := monitoredCreds{insecure.NewCredentials(), monitor, nil}
	if c.TLS != nil {
		monitor.tls = true
		monitor.hasCert = len(c.TLS.Certificates) > 0 || c.TLS.GetClientCertificate != nil
		transport = monitoredCreds{credentials.NewTLS(c.TLS), monitor, c.TLS}
	}
	all := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		// A page of 100 nodes with large properties may exceed gRPC's default of 4 MiB.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)),
	}
	if c.Token != nil {
		all = append(all, grpc.WithPerRPCCredentials(bearerToken{c.Token, !c.InsecureToken}))
	}
	return append(all, (&retrier{target: c.Target, limit: c.RetryTimeout, monitor: monitor}).dialOptions()...)
}

// bearerToken adds a token to the metadata of each call.
type bearerToken struct {
	token    func() (string, error)
	needsTLS bool
}

func (b bearerToken) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	token, err := b.token()
	if err != nil {
		return nil, fmt.Errorf("bearer token: %w", err)
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

func (b bearerToken) RequireTransportSecurity() bool { return b.needsTLS }
