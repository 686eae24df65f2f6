package server

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// firstBytesTimeout limits how long a client may take to begin.
const firstBytesTimeout = 20 * time.Second

// A splitter shares a listener between gRPC's own transport and an HTTP server.
// It tells their clients apart by the first bytes: the preface of HTTP/2, or the
// protocols that a client offers in its TLS handshake. Those that offer HTTP/1.1,
// as browsers do, go to the HTTP server.
type splitter struct {
	lis         net.Listener
	tls         *tls.Config // nil for plain connections
	native, web *half
}

func newSplitter(lis net.Listener, config *tls.Config) *splitter {
	s := &splitter{lis: lis, tls: config}
	s.native, s.web = newHalf(lis.Addr(), lis.Close), newHalf(lis.Addr(), func() error { return nil })
	go s.accept()
	return s
}

// accept passes connections on until the listener fails or is closed.
func (s *splitter) accept() {
	for {
		conn, err := s.lis.Accept()
		if temporary, ok := err.(interface{ Temporary() bool }); ok && temporary.Temporary() {
			time.Sleep(10 * time.Millisecond) // such as too many open files
			continue
		}
		if err != nil {
			s.native.fail(err)
			s.web.fail(err)
			return
		}
		go s.pass(conn)
	}
}

func (s *splitter) pass(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(firstBytesTimeout))
	replay := &replayConn{Conn: conn}
	web := false
	if s.tls != nil {
		web = offersHTTP1(replay)
	} else {
		web = beginsHTTP1(replay)
	}
	_ = conn.SetReadDeadline(time.Time{})
	replay.rewind()
	switch {
	case !web:
		s.native.pass(replay)
	case s.tls != nil:
		s.web.pass(tls.Server(replay, s.tls))
	default:
		s.web.pass(replay)
	}
}

// beginsHTTP1 reports whether the connection begins with a method of HTTP/1.1.
// HTTP/2 begins with "PRI", and TLS with a control character.
func beginsHTTP1(conn net.Conn) bool {
	var first [3]byte
	n, _ := io.ReadFull(conn, first[:]) // gRPC meets the error again
	return n == len(first) && first[0] >= 'A' && first[0] <= 'Z' && string(first[:]) != "PRI"
}

var errHello = errors.New("the handshake goes on elsewhere")

// offersHTTP1 reports whether the client offers HTTP/1.1, or no protocol at all,
// in the TLS handshake that the connection begins with.
func offersHTTP1(conn net.Conn) bool {
	web := false
	_ = tls.Server(readOnlyConn{conn}, &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			web = len(hello.SupportedProtos) == 0 || slices.Contains(hello.SupportedProtos, "http/1.1")
			return nil, errHello
		},
	}).Handshake()
	return web
}

// webTLS returns the configuration of the HTTP server, with the certificates that
// config has at the time of the handshake.
func webTLS(config *tls.Config) *tls.Config {
	if config == nil {
		return nil
	}
	c := config.Clone()
	c.NextProtos = []string{"h2", "http/1.1"}
	if choose := config.GetConfigForClient; choose != nil {
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			chosen, err := choose(hello)
			if chosen == nil || err != nil {
				return chosen, err
			}
			chosen = chosen.Clone()
			chosen.NextProtos = c.NextProtos
			return chosen, nil
		}
	}
	return c
}

// readOnlyConn drops what is written to it.
type readOnlyConn struct{ net.Conn }

func (readOnlyConn) Write(p []byte) (int, error) { return len(p), nil }

// A replayConn keeps what is read from it until rewind, after which it is read
// once more.
type replayConn struct {
	net.Conn
	kept   bytes.Buffer
	replay bool
}

func (c *replayConn) rewind() { c.replay = true }

func (c *replayConn) Read(p []byte) (int, error) {
	if !c.replay {
		n, err := c.Conn.Read(p)
		c.kept.Write(p[:n])
		return n, err
	}
	if c.kept.Len() > 0 {
		n, err := c.kept.Read(p)
		if c.kept.Len() == 0 {
			c.kept = bytes.Buffer{}
		}
		return n, err
	}
	return c.Conn.Read(p)
}

// half is a listener of the connections that are passed to it.
type half struct {
	addr  net.Addr
	close func() error
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	err   error // why it is done
}

func newHalf(addr net.Addr, closeListener func() error) *half {
	return &half{addr: addr, close: closeListener, conns: make(chan net.Conn), done: make(chan struct{})}
}

func (h *half) pass(conn net.Conn) {
	select {
	case h.conns <- conn:
	case <-h.done:
		conn.Close()
	}
}

func (h *half) fail(err error) {
	h.once.Do(func() { h.err = err; close(h.done) })
}

// Accept returns the next connection.
func (h *half) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.done:
		return nil, h.err
	}
}

// Close ends Accept.
func (h *half) Close() error {
	h.fail(net.ErrClosed)
	return h.close()
}

// Addr returns the address of the listener that is shared.
func (h *half) Addr() net.Addr { return h.addr }
