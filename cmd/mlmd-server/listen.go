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

// An address is one to listen on.
type address struct{ network, name string }

// String is the address as clients of gRPC write it.
func (a address) String() string {
	if a.network == "unix" {
		return "unix:" + a.name
	}
	return a.name
}

// address reads --host and --grpc_port.
func (f *flags) address() (address, error) {
	host := strings.TrimSpace(f.host)
	if path, ok := strings.CutPrefix(host, "unix:"); ok {
		path = strings.TrimPrefix(path, "//")
		switch {
		case path == "":
			return address{}, usagef("--host unix: needs the path of the socket: --host unix:/run/mlmd.sock")
		case f.portChanged:
			return address{}, usagef("--host unix:… and --grpc_port exclude each other: a socket has no port")
		}
		return address{"unix", path}, nil
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok {
			return address{}, usagef("--host is an address without a port, such as [::1]; --grpc_port takes the port")
		}
	}
	ip, _, _ := strings.Cut(host, "%") // the zone of an address of IPv6
	switch {
	case host == "*":
		return address{}, usagef("--host * is not an address; without --host, the server listens on all")
	case strings.Contains(host, "/"):
		return address{}, usagef("--host is an address such as 127.0.0.1 or [::1], or unix:PATH; it is not a URL")
	case strings.Contains(host, ":") && net.ParseIP(ip) == nil:
		return address{}, usagef("--host is an address without a port; --grpc_port takes the port")
	}
	return address{"tcp", net.JoinHostPort(host, strconv.Itoa(int(f.port)))}, nil
}

// open listens. The socket of a server that has ended without removing it is
// replaced.
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
		return nil, fmt.Errorf("%s is in use by another program, or is not a socket: %w", a, err)
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program; --grpc_port takes another port: %w", a, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("cannot listen on %s, which is not an address of this machine: %w", a, err)
	}
	return nil, fmt.Errorf("cannot listen on %s: %w", a, err)
}

// abandoned reports whether the address is a socket at which nothing listens.
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
