package server

import (
	"context"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/peer"

	"github.com/mlmd-go/sdk/internal/admission"
	"github.com/mlmd-go/sdk/pkg/auth"
)

// A clientAddr is the address of a client, with the connection that it belongs to.
type clientAddr struct {
	net.Addr
	id   string // differs between connections
	conn net.Conn
}

var lastConnection atomic.Uint64

// A clientConn is a connection whose remote address is a [*clientAddr], which the
// context of each call has.
type clientConn struct {
	net.Conn
	addr *clientAddr
	all  *connections
}

// RemoteAddr returns the address of the client.
func (c *clientConn) RemoteAddr() net.Addr { return c.addr }

// Close closes the connection.
func (c *clientConn) Close() error {
	err := c.Conn.Close()
	c.all.remove(c)
	return err
}

// connections are the open connections of a server.
type connections struct {
	closed func(id string) // called when one is closed

	mu  sync.Mutex
	all map[*clientConn]struct{}
}

func (c *connections) remove(one *clientConn) {
	c.mu.Lock()
	delete(c.all, one)
	c.mu.Unlock()
	c.closed(one.addr.id)
}

// close closes all connections, also those that have not begun to speak, for which
// gRPC would wait.
func (c *connections) close() {
	c.mu.Lock()
	all := slices.Collect(maps.Keys(c.all))
	c.mu.Unlock()
	for _, one := range all {
		one.Close()
	}
}

// A clientListener accepts connections that are kept in all.
type clientListener struct {
	net.Listener
	all *connections
}

// Accept returns the next connection, a [*clientConn].
func (l *clientListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	id := strconv.FormatUint(lastConnection.Add(1), 36)
	c := &clientConn{conn, &clientAddr{conn.RemoteAddr(), id, conn}, l.all}
	l.all.mu.Lock()
	defer l.all.mu.Unlock()
	l.all.all[c] = struct{}{}
	return c, nil
}

// clientOf returns what tells the clients apart that take turns: the name of the
// user, or else the address without the port; and the connection.
func clientOf(ctx context.Context) admission.Client {
	p, ok := peer.FromContext(ctx)
	if !ok || p.Addr == nil {
		return admission.Client{}
	}
	c := clientAt(p.Addr.String())
	if a, ok := p.Addr.(*clientAddr); ok {
		c.Connection = a.id
	}
	if user, ok := auth.FromContext(ctx); ok && user.Name != "" {
		c.Name = "user " + user.Name
	}
	return c
}

// clientAt returns the client of an address with a port.
func clientAt(addr string) admission.Client {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	return admission.Client{Name: "address " + host, Connection: addr}
}

// disconnect returns a function that closes the connection of a call. It does
// nothing if the call has come through an HTTP server, which has time limits of its
// own.
func disconnect(ctx context.Context) func() {
	if p, ok := peer.FromContext(ctx); ok {
		if a, ok := p.Addr.(*clientAddr); ok {
			return func() { go a.conn.Close() } // may wait, with TLS
		}
	}
	return func() {}
}
