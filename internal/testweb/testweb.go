// Package testweb is a gRPC-Web client for tests.
package testweb

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// A Conn makes unary calls. Stubs accept it as a connection.
type Conn struct {
	URL    string // of the server, without a path
	Client *http.Client
	Text   bool // encode messages as base64
	// Response is the response to the last call, without its body.
	Response *http.Response
}

// trailerFlag marks the frame with the trailers.
const trailerFlag = 0x80

// Invoke makes one call. It uses the outgoing metadata of ctx, and of the options
// [grpc.Trailer].
func (c *Conn) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	raw, err := proto.Marshal(in.(proto.Message))
	if err != nil {
		return err
	}
	body := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(raw))), raw...)
	kind := "application/grpc-web+proto"
	if c.Text {
		body, kind = []byte(base64.StdEncoding.EncodeToString(body)), "application/grpc-web-text+proto"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+method, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if md, ok := metadata.FromOutgoingContext(ctx); ok {
		for name, values := range md {
			r.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("X-Grpc-Web", "1")
	if c.Response, err = c.Client.Do(r); err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	defer c.Response.Body.Close()
	if got := c.Response.Header.Get("Content-Type"); got != kind {
		return status.Errorf(codes.Unknown, "%s with the Content-Type %q, want %q", c.Response.Status, got, kind)
	}
	reply := io.Reader(c.Response.Body)
	if c.Text {
		reply = base64.NewDecoder(base64.StdEncoding, reply)
	}
	trailer := textproto.MIMEHeader(c.Response.Header) // if no frame follows
	for {
		flag, frame, err := readFrame(reply)
		if errors.Is(err, io.EOF) {
			return end(trailer, opts)
		}
		if err != nil {
			return status.Error(codes.Unknown, err.Error())
		}
		if flag&trailerFlag != 0 {
			text := append(frame, "\r\n"...)
			if trailer, err = textproto.NewReader(bufio.NewReader(bytes.NewReader(text))).ReadMIMEHeader(); err != nil {
				return fmt.Errorf("trailers %q: %w", frame, err)
			}
			continue
		}
		if err := proto.Unmarshal(frame, out.(proto.Message)); err != nil {
			return err
		}
	}
}

func readFrame(r io.Reader) (flag byte, frame []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	frame = make([]byte, binary.BigEndian.Uint32(head[1:]))
	if _, err := io.ReadFull(r, frame); err != nil {
		return 0, nil, fmt.Errorf("a frame ends early: %w", io.ErrUnexpectedEOF)
	}
	return head[0], frame, nil
}

// end returns the status of the trailers.
func end(trailer textproto.MIMEHeader, opts []grpc.CallOption) error {
	for _, o := range opts {
		if o, ok := o.(grpc.TrailerCallOption); ok {
			*o.TrailerAddr = metadata.MD{}
			for name, values := range trailer {
				o.TrailerAddr.Append(name, values...)
			}
		}
	}
	code, err := strconv.Atoi(trailer.Get("Grpc-Status"))
	if err != nil {
		return status.Errorf(codes.Unknown, "invalid trailers %v", trailer)
	}
	message, err := url.PathUnescape(trailer.Get("Grpc-Message"))
	if err != nil {
		return err
	}
	return status.Error(codes.Code(code), message)
}

// NewStream returns an error.
func (c *Conn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("streams are not supported")
}
