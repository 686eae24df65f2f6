//go:build linux

package failover_test

import (
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// A forwarder is an address that moves from one server to another, as that of a
// service does. Connections that it has made stay where they are.
type forwarder struct {
	listener net.Listener
	target   atomic.Int64 // a port
}

func newForwarder(tb testing.TB, port int) *forwarder {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	f := &forwarder{listener: l}
	f.target.Store(int64(port))
	tb.Cleanup(func() { l.Close() })
	go f.serve()
	return f
}

func (f *forwarder) port() int { return f.listener.Addr().(*net.TCPAddr).Port }

func (f *forwarder) move(port int) { f.target.Store(int64(port)) }

func (f *forwarder) serve() {
	for {
		in, err := f.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", f.target.Load()))
		if err != nil {
			in.Close()
			continue
		}
		pipe := func(to, from net.Conn) {
			_, _ = io.Copy(to, from)
			to.Close()
			from.Close()
		}
		go pipe(in, out)
		go pipe(out, in)
	}
}
