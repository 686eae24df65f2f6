package main

import (
	"math"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/mlmd-go/sdk/pkg/server"
)

// tuning collects the settings of the gRPC server.
type tuning struct {
	receive, send int
	keep          keepalive.ServerParameters
	ping          keepalive.EnforcementPolicy
	grpc          []grpc.ServerOption
}

// arguments are the supported settings of --grpc_channel_arguments, by the names
// of gRPC's C core.
var arguments = map[string]func(t *tuning, n int){
	"grpc.max_receive_message_length": func(t *tuning, n int) { t.receive = n },
	"grpc.max_send_message_length":    func(t *tuning, n int) { t.send = n },
	"grpc.max_metadata_size": func(t *tuning, n int) {
		t.grpc = append(t.grpc, grpc.MaxHeaderListSize(uint32(n)))
	},
	"grpc.max_concurrent_streams": func(t *tuning, n int) {
		t.grpc = append(t.grpc, grpc.MaxConcurrentStreams(uint32(n)))
	},

	"grpc.keepalive_time_ms":           func(t *tuning, n int) { t.keep.Time = millis(n) },
	"grpc.keepalive_timeout_ms":        func(t *tuning, n int) { t.keep.Timeout = millis(n) },
	"grpc.max_connection_idle_ms":      func(t *tuning, n int) { t.keep.MaxConnectionIdle = millis(n) },
	"grpc.max_connection_age_ms":       func(t *tuning, n int) { t.keep.MaxConnectionAge = millis(n) },
	"grpc.max_connection_age_grace_ms": func(t *tuning, n int) { t.keep.MaxConnectionAgeGrace = millis(n) },

	"grpc.keepalive_permit_without_calls":               func(t *tuning, n int) { t.ping.PermitWithoutStream = n != 0 },
	"grpc.http2.min_recv_ping_interval_without_data_ms": func(t *tuning, n int) { t.ping.MinTime = millis(n) },
}

// millis converts milliseconds. The largest value means never.
func millis(n int) time.Duration {
	if n == math.MaxInt32 {
		return math.MaxInt64
	}
	return time.Duration(n) * time.Millisecond
}

// lowest returns the lowest valid value of an argument. A size of -1 removes the
// limit.
func lowest(name string) int64 {
	if strings.HasSuffix(name, "_message_length") {
		return -1
	}
	return 0
}

// limits returns the server options for message sizes and
// --grpc_channel_arguments.
func (f *flags) limits(p *plan) ([]server.Option, error) {
	t := &tuning{
		receive: f.maxReceive,
		send:    f.maxSend,
		ping:    keepalive.EnforcementPolicy{MinTime: 5 * time.Minute}, // the default of gRPC
	}
	taken := map[string]string{}
	if f.maxReceiveChanged {
		taken["grpc.max_receive_message_length"] = "--max_receive_message_bytes"
	}
	if f.maxSendChanged {
		taken["grpc.max_send_message_length"] = "--max_send_message_bytes"
	}
	for text := range strings.SplitSeq(f.channelArguments, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		name, value, given := strings.Cut(text, "=")
		set, known := arguments[name]
		n, err := strconv.ParseInt(value, 10, 32)
		switch {
		case !given:
			return nil, usagef("invalid --grpc_channel_arguments: must have the form name=value,name=value")
		case !known:
			p.warn("--grpc_channel_arguments: " + name + " is not supported and is ignored")
			continue
		case err != nil:
			return nil, usagef("--grpc_channel_arguments: invalid %s %q: must be a 32-bit integer", name, value)
		case n < lowest(name):
			return nil, usagef("--grpc_channel_arguments: invalid %s %d: must be at least %d", name, n, lowest(name))
		case taken[name] != "":
			return nil, usagef("%s and %s in --grpc_channel_arguments are mutually exclusive", taken[name], name)
		}
		set(t, int(n))
	}
	grpcOptions := append(t.grpc, grpc.KeepaliveParams(t.keep), grpc.KeepaliveEnforcementPolicy(t.ping))
	return []server.Option{
		server.WithMaxRecvMsgSize(t.receive),
		server.WithMaxSendMsgSize(t.send),
		server.WithGRPCServerOptions(grpcOptions...),
	}, nil
}
