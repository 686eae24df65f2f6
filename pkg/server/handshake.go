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

// security returns the option that serves as o asks, with or without TLS, and
// logs the clients that want it otherwise.
func (o *options) security() grpc.ServerOption {
	c := insecure.NewCredentials()
	if o.tls != nil {
		c = credentials.NewTLS(o.tls)
	}
	return grpc.Creds(logged{c, o.tls == nil, o.log})
}

// A logged credential logs the handshakes that fail, which gRPC does not.
type logged struct {
	credentials.TransportCredentials
	plain bool
	log   *slog.Logger
}

func (l logged) Clone() credentials.TransportCredentials {
	return logged{l.TransportCredentials.Clone(), l.plain, l.log}
}

func (l logged) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := l.TransportCredentials.ServerHandshake(raw)
	switch {
	case err != nil:
		l.failed(raw, err)
		return nil, nil, err
	case l.plain:
		conn = &firstByte{Conn: conn, log: l}
	}
	return conn, info, nil
}

func (l logged) failed(conn net.Conn, err error) {
	level := slog.LevelWarn
	if errors.Is(err, io.EOF) { // health checks of TCP connect and go away
		level = slog.LevelDebug
	}
	l.log.LogAttrs(context.Background(), level, "TLS handshake failed",
		slog.String("peer", conn.RemoteAddr().String()), slog.String("reason", reason(err)))
}

// reason says why a handshake failed, in words for who runs the server where
// crypto/tls has others.
func reason(err error) string {
	var record tls.RecordHeaderError
	text := err.Error()
	switch {
	case errors.As(err, &record):
		return "the client does not use TLS: " + text
	case strings.Contains(text, "client didn't provide a certificate"):
		return "the client shows no certificate of an authority that this server trusts: " + text
	case strings.Contains(text, "remote error: tls: bad certificate"), strings.Contains(text, "remote error: tls: unknown certificate"):
		return "the client does not trust the certificate of this server: " + text
	}
	return text
}

// handshakeRecord is the first byte of a client that uses TLS. HTTP/2 without
// it begins with "PRI".
const handshakeRecord = 22

// A firstByte is a connection without TLS that notices when its client begins
// with a TLS handshake.
type firstByte struct {
	net.Conn
	log  logged
	seen bool // by Read, which gRPC never calls twice at once
}

func (c *firstByte) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.seen {
		c.seen = true
		if p[0] == handshakeRecord {
			c.log.failed(c.Conn, errPlain)
		}
	}
	return n, err
}

var errPlain = errors.New("the client uses TLS, which is not turned on in this server")
