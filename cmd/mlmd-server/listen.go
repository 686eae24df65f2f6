package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// An address is where the server listens.
type address struct{ network, name string }

// String returns the address as gRPC clients write it.
func (a address) String() string {
	if a.network == "unix" {
		return "unix:" + a.name
	}
	return a.name
}

// address returns the address that --host and --grpc_port give.
func (f *flags) address() (address, error) {
	host := strings.TrimSpace(f.host)
	if path, ok := strings.CutPrefix(host, "unix:"); ok {
		path = strings.TrimPrefix(path, "//")
		switch {
		case path == "":
			return address{}, usagef("--host unix: lacks the path of the socket: write --host unix:/run/mlmd.sock")
		case f.portChanged:
			return address{}, usagef("--host unix:… and --grpc_port are mutually exclusive: a Unix socket has no port")
		}
		return address{"unix", path}, nil
	}
	return f.tcpAddress()
}

// tcpAddress returns the address of the host and port in f.
func (f *flags) tcpAddress() (address, error) {
	host := strings.TrimSpace(f.host)
	if strings.HasPrefix(host, "unix:") { // of the REST API, since gRPC has the socket
		host = f.defaultHost()
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok {
			return address{}, usagef(
				"invalid --host: must be an address without a port, such as [::1]: set the port with --grpc_port",
			)
		}
	}
	ip, _, _ := strings.Cut(host, "%") // without an IPv6 zone
	switch {
	case host == "*":
		return address{}, usagef("invalid --host *: to listen on all addresses, write --host=::")
	case strings.Contains(host, "/"):
		return address{}, usagef("invalid --host: must be an address such as 127.0.0.1 or [::1], or unix:PATH, not a URL")
	case strings.Contains(host, ":") && net.ParseIP(ip) == nil:
		return address{}, usagef("invalid --host: must be an address without a port: set the port with --grpc_port")
	}
	return address{"tcp", net.JoinHostPort(host, strconv.Itoa(int(f.port)))}, nil
}

// open listens on the address. It replaces a Unix socket that no process listens
// on.
func (a address) open(ctx context.Context) (net.Listener, error) {
	lis, err := new(net.ListenConfig).Listen(ctx, a.network, a.name)
	if a.network == "unix" && errors.Is(err, syscall.EADDRINUSE) && a.abandoned() {
		if err = os.Remove(a.name); err == nil {
			lis, err = new(net.ListenConfig).Listen(ctx, a.network, a.name)
		}
	}
	switch {
	case err == nil:
		return lis, nil
	case errors.Is(err, syscall.EADDRINUSE) && a.network == "unix":
		return nil, fmt.Errorf("cannot listen on %s: in use by another program, or not a socket: %w", a, err)
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("cannot listen on %s: in use by another program: choose another --grpc_port: %w", a, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("cannot listen on %s: not an address of this machine: %w", a, err)
	}
	return nil, fmt.Errorf("cannot listen on %s: %w", a, err)
}

// abandoned reports whether the address is a Unix socket that no process listens
// on.
func (a address) abandoned() bool {
	at, err := os.Stat(a.name)
	if err != nil || at.Mode()&os.ModeSocket == 0 {
		return false
	}
	conn, err := net.DialTimeout(a.network, a.name, time.Second)
	if err == nil {
		conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// isLoopback reports whether only this machine can reach the host.
func isLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(strings.TrimSpace(host), "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
