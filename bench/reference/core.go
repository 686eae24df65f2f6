package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

//go:embed core.py
var coreProgram string

// A core is the reference implementation in a Python process that times each call.
type core struct {
	cmd *exec.Cmd
	in  *bufio.Writer
	out *bufio.Reader
}

// startCore starts a Python interpreter with the package ml_metadata.
func startCore(ctx context.Context, python string) (*core, error) {
	check := exec.CommandContext(ctx, python, "-c", "import ml_metadata")
	if out, err := check.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s cannot import ml_metadata: %w\n%s", python, err, out)
	}
	cmd := exec.CommandContext(ctx, python, "-c", coreProgram)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &core{cmd: cmd, in: bufio.NewWriterSize(in, 1<<20), out: bufio.NewReaderSize(out, 1<<20)}
	cmd.Cancel = func() error { return errors.Join(in.Close(), cmd.Process.Kill()) }
	return c, nil
}

// open opens the database of config and closes the previous one.
func (c *core) open(config *mlmdpb.ConnectionConfig) error {
	_, err := c.run("open", []proto.Message{config})
	return err
}

// call runs the requests one after the other until the first error.
func (c *core) call(_ context.Context, s *step, requests []proto.Message) (*result, error) {
	return c.run(s.rpc, requests)
}

func (c *core) run(name string, requests []proto.Message) (*result, error) {
	if err := c.send(name, requests); err != nil {
		return nil, err
	}
	r := &result{}
	for range requests {
		took, reply, err := c.receive()
		if err != nil {
			return nil, fmt.Errorf("the core's %s: %w", name, err)
		}
		r.took, r.replies = append(r.took, took), append(r.replies, reply)
	}
	return r, nil
}

func (c *core) send(name string, requests []proto.Message) error {
	bytes := func(b []byte) {
		c.in.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(b))))
		c.in.Write(b)
	}
	bytes([]byte(name))
	c.in.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(requests))))
	for _, m := range requests {
		b, err := proto.Marshal(m)
		if err != nil {
			return err
		}
		bytes(b)
	}
	return c.in.Flush()
}

func (c *core) receive() (time.Duration, []byte, error) {
	var head struct {
		Took       uint64
		Code, Size uint32
	}
	if err := binary.Read(c.out, binary.LittleEndian, &head); err != nil {
		return 0, nil, err
	}
	payload := make([]byte, head.Size)
	if _, err := io.ReadFull(c.out, payload); err != nil {
		return 0, nil, err
	}
	if head.Code != 0 {
		return 0, nil, fmt.Errorf("%v: %s", codes.Code(head.Code), payload)
	}
	return time.Duration(head.Took), payload, nil
}

// close ends the process.
func (c *core) close() { c.cmd.Cancel(); c.cmd.Wait() }
