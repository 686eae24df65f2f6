package differential

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// A stage opens a fresh store on either side.
type stage struct {
	ours     func(ctx context.Context) (conn grpc.ClientConnInterface, done func() error, err error)
	original func(ctx context.Context) (conn grpc.ClientConnInterface, done func() error, err error)
}

// An outcome is how a sequence ended.
type outcome struct {
	played int                  // the steps that were sent
	ok     map[string]int       // how many of a method succeeded
	excuse storetest.Capability // the wanted difference that ended it
	// The step at which the services differ; -1 if they do not.
	at             int
	ours, original answer
	lost           bool // the reference implementation has ended
}

// A next makes the step that follows what has been answered so far; false ends
// the sequence.
type next func(i int, last answer) (step, bool)

// play sends steps to both services until they differ.
func (s stage) play(ctx context.Context, paused bool, more next) (outcome, error) {
	ours, closeOurs, err := s.ours(ctx)
	if err != nil {
		return outcome{}, fmt.Errorf("open our store: %w", err)
	}
	original, closeOriginal, err := s.original(ctx)
	if err != nil {
		return outcome{}, fmt.Errorf("open the reference implementation's store: %w", err)
	}
	out := run(ctx, &side{conn: ours, clock: clock{paused: paused}}, &side{conn: original, clock: clock{paused: paused}},
		more)
	if err := closeOurs(); err != nil {
		return out, fmt.Errorf("close our store: %w", err)
	}
	if out.lost {
		return out, nil
	}
	return out, closeOriginal()
}

func run(ctx context.Context, ours, original *side, more next) outcome {
	var last answer
	out := outcome{at: -1, ok: map[string]int{}}
	for i := 0; ; i++ {
		s, more := more(i, last)
		if !more {
			return out
		}
		out.played++
		found := excusesFor(s.request)
		last = ours.send(ctx, s)
		if len(found) > 0 && found[0].fatal {
			if out.excuse = found[0].difference; !found[0].accepts(last, answer{}) {
				out.at, out.ours = i, last
			}
			return out
		}
		theirs := original.answer(ctx, s)
		if ours.alike(s, last, theirs, original) {
			if last.err.Code() != codes.OK {
				continue
			}
			out.ok[s.method]++
			if parted := slices.IndexFunc(found, func(e excuse) bool { return e.parts }); parted >= 0 {
				out.excuse = found[parted].difference
				return out
			}
			continue
		}
		for _, e := range found {
			if e.accepts(last, theirs) {
				out.excuse = e.difference
				return out
			}
		}
		out.at, out.ours, out.original, out.lost = i, last, theirs, theirs.err.Code() == codes.Unavailable
		return out
	}
}

func excusesFor(r proto.Message) []excuse {
	var out []excuse
	for _, e := range excuses {
		if e.asks(r) {
			out = append(out, e)
		}
	}
	return out
}

// replay makes a next out of steps that are there.
func replay(steps []step) next {
	return func(i int, _ answer) (step, bool) {
		if i >= len(steps) {
			return step{}, false
		}
		return steps[i], true
	}
}
