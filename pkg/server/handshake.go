package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// creds returns the option for connections with or without TLS. It logs failed
// handshakes, also those of clients that use TLS with a server that does not.
func (o *options) creds() grpc.ServerOption {
	c := insecure.NewCredentials()
	if o.tls != nil {
		c = credentials.NewTLS(o.tls)
	}
	return grpc.Creds(loggingCreds{c, o.tls == nil, o.log})
}

// loggingCreds logs failed handshakes, because gRPC does not.
type loggingCreds struct {
	credentials.TransportCredentials
	plain bool
	log   *slog.Logger
}

func (l loggingCreds) Clone() credentials.TransportCredentials {
	return loggingCreds{l.TransportCredentials.Clone(), l.plain, l.log}
}

func (l loggingCreds) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := l.TransportCredentials.ServerHandshake(raw)
	switch {
	case err != nil:
		l.failed(raw, err)
		return nil, nil, err
	case l.plain:
		conn = &firstByteConn{Conn: conn, log: l}
	}
	return conn, info, nil
}

func (l loggingCreds) failed(conn net.Conn, err error) {
	level := slog.LevelWarn
	if errors.Is(err, io.EOF) { // TCP health checks only connect
		level = slog.LevelDebug
	}
	l.log.LogAttrs(context.Background(), level, "TLS handshake failed",
		slog.String("peer", conn.RemoteAddr().String()), slog.String("reason", reason(err)))
}

// reason returns why a handshake failed. It explains the errors of crypto/tls
// that do not name the side at fault.
func reason(err error) string {
	var record tls.RecordHeaderError
	text := err.Error()
	switch {
	case errors.As(err, &record):
		return "the client does not use TLS: " + text
	case strings.Contains(text, "client didn't provide a certificate"):
		return "the client sent no certificate signed by a trusted CA: " + text
	case strings.Contains(text, "remote error: tls: bad certificate"),
		strings.Contains(text, "remote error: tls: unknown certificate"):
		return "the client does not trust the server's certificate: " + text
	}
	return text
}

// handshakeRecord is the first byte that a TLS client sends. HTTP/2 without TLS
// begins with "PRI".
const handshakeRecord = 22

// firstByteConn is a connection without TLS that logs when its client begins a
// TLS handshake.
type firstByteConn struct {
	net.Conn
	log  loggingCreds
	seen bool // used by Read only, which gRPC does not call concurrently
}

func (c *firstByteConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.seen {
		c.seen = true
		if p[0] == handshakeRecord {
			c.log.failed(c.Conn, errPlain)
		}
	}
	return n, err
}

var errPlain = errors.New("the client uses TLS, but the server does not")
