package maintain

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// maxWorkers limits the connections that one dump uses.
const maxWorkers = 8

// maxHeld limits the bytes that a worker holds until it is its turn to write.
const maxHeld = 8 << 20

// runJobs runs jobs on the connections, writes what they write in the order of the
// jobs, and returns the number of lines.
func runJobs(ctx context.Context, conns []*sqldb.Conn, jobs []job, out io.Writer) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	turns := make([]chan struct{}, len(jobs)+1)
	for i := range turns {
		turns[i] = make(chan struct{})
	}
	close(turns[0])
	var next, lines atomic.Int64
	var running sync.WaitGroup
	for _, c := range conns {
		running.Go(func() {
			d := &dumper{conn: c, w: bufio.NewWriterSize(nil, 64<<10), damaged: refuse}
			for ctx.Err() == nil {
				i := next.Add(1) - 1
				if i >= int64(len(jobs)) {
					break
				}
				held := &heldWriter{ctx: ctx, turn: turns[i], out: out}
				d.w.Reset(held)
				if err := d.run(ctx, jobs[i], held); err != nil {
					cancel(err)
					return
				}
				close(turns[i+1])
			}
			lines.Add(d.lines)
		})
	}
	running.Wait()
	return lines.Load(), context.Cause(ctx)
}

// run runs a job and writes all of it.
func (d *dumper) run(ctx context.Context, j job, held *heldWriter) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err := j(ctx, d); err != nil {
		return err
	}
	if err := d.w.Flush(); err != nil {
		return err
	}
	return held.release()
}

// A heldWriter holds what is written until its turn comes.
type heldWriter struct {
	ctx    context.Context // of the job
	turn   <-chan struct{}
	out    io.Writer
	held   []byte
	isTurn bool
}

func (h *heldWriter) Write(p []byte) (int, error) {
	if !h.isTurn && len(h.held)+len(p) <= maxHeld {
		h.held = append(h.held, p...)
		return len(p), nil
	}
	if err := h.release(); err != nil {
		return 0, err
	}
	return h.out.Write(p)
}

// release waits for the turn and writes what was held.
func (h *heldWriter) release() error {
	if h.isTurn {
		return nil
	}
	select {
	case <-h.turn:
	case <-h.ctx.Done():
		return context.Cause(h.ctx)
	}
	h.isTurn = true
	_, err := h.out.Write(h.held)
	h.held = nil
	return err
}
