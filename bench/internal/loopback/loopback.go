// Package loopback serves stores over gRPC to clients in the same process, for benchmarks.
package loopback

import (
	"context"
	"errors"
	"net"

	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/server"
	"github.com/mlmd-go/sdk/pkg/store"
)

// Serve starts a server of the store on a loopback address and returns a client of it.
// The function that it returns closes the client and stops the server, but does not
// close the store.
func Serve(s *store.Store, opts ...registry.DialOption) (reg *registry.Client, stop func() error, err error) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.New(s.Server()).Serve(ctx, lis) }()
	reg, err = registry.Dial(lis.Addr().String(), opts...)
	if err != nil {
		cancel()
		return nil, nil, errors.Join(err, <-ended)
	}
	return reg, func() error {
		err := reg.Close()
		cancel()
		return errors.Join(err, <-ended)
	}, nil
}
