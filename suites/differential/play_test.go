package differential

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// A faulty is our store with a fault of its own, so that the comparison can be
// seen to find it.
type faulty struct {
	grpc.ClientConnInterface
	fault func(method string, in, out proto.Message) error
}

func (f *faulty) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	if err := f.ClientConnInterface.Invoke(ctx, method, in, out, opts...); err != nil {
		return err
	}
	return f.fault(strings.TrimPrefix(method, service), in.(proto.Message), out.(proto.Message))
}

func ourStore(ctx context.Context) (grpc.ClientConnInterface, func() error, error) {
	s, err := sqlite.OpenMemory(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &direct{client: reflect.ValueOf(s.Client())}, s.Close, nil
}

// direct calls the methods of our store's client, which shares messages with the store.
// It returns an error if a request or an earlier reply was changed.
type direct struct {
	client      reflect.Value
	reply, copy proto.Message // the last one, and what it was
}

func (d *direct) Invoke(ctx context.Context, method string, in, out any, _ ...grpc.CallOption) error {
	before := proto.Clone(in.(proto.Message))
	results := d.client.MethodByName(strings.TrimPrefix(method, service)).Call(
		[]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(in)})
	if !proto.Equal(before, in.(proto.Message)) {
		return fmt.Errorf("%s changed its request\nfrom %v\nto %v", method, before, in)
	}
	if d.reply != nil && !proto.Equal(d.reply, d.copy) {
		return fmt.Errorf("%s changed the reply of an earlier call\nfrom %v\nto %v", method, d.copy, d.reply)
	}
	if err, _ := results[1].Interface().(error); err != nil {
		return err
	}
	d.reply = results[0].Interface().(proto.Message)
	d.copy = proto.Clone(d.reply)
	proto.Merge(out.(proto.Message), d.reply)
	return nil
}

func (*direct) NewStream(
	context.Context, *grpc.StreamDesc, string, ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return nil, errors.ErrUnsupported
}

// withFault compares our store with itself, faulty.
func withFault(fault func(method string, in, out proto.Message) error) stage {
	return stage{ours: ourStore, original: func(ctx context.Context) (grpc.ClientConnInterface, func() error, error) {
		conn, done, err := ourStore(ctx)
		return &faulty{conn, fault}, done, err
	}}
}

// faultySequences is how many sequences a fault may hide from.
const faultySequences = 40

var faults = []struct {
	name   string
	paused bool
	fault  func(method string, in, out proto.Message) error
}{
	{"another code", false, func(method string, _, _ proto.Message) error {
		if method == "PutAttributionsAndAssociations" {
			return status.Error(codes.NotFound, "")
		}
		return nil
	}},
	{"a lost property", false, func(_ string, _, out proto.Message) error {
		if r, ok := out.(*mlmdpb.GetArtifactsResponse); ok {
			for _, a := range r.Artifacts {
				delete(a.CustomProperties, "c1")
			}
		}
		return nil
	}},
	{"the wrong order", false, func(_ string, _, out proto.Message) error {
		if r, ok := out.(*mlmdpb.GetContextsResponse); ok {
			slices.Reverse(r.Contexts)
		}
		return nil
	}},
	{"an update time that stays", true, func(_ string, _, out proto.Message) error {
		if r, ok := out.(*mlmdpb.GetExecutionsResponse); ok {
			for _, x := range r.Executions {
				x.LastUpdateTimeSinceEpoch = x.CreateTimeSinceEpoch
			}
		}
		return nil
	}},
}

func TestShrink_FindsFault(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			s := withFault(f.fault)
			for number := range uint64(faultySequences) {
				w := newWorld(1, number, 20, f.paused)
				out, err := s.play(t.Context(), f.paused, w.next)
				if err != nil {
					t.Fatal(err)
				}
				if out.at < 0 {
					continue
				}
				steps := shrink(w.steps[:out.at+1], func(candidate []step) bool {
					again, err := s.play(t.Context(), f.paused, replay(candidate))
					return err == nil && again.at >= 0
				}, 60)
				if len(steps) > 12 {
					t.Errorf("the shortest sequence has %d steps: %v", len(steps), steps)
				}
				return
			}
			t.Errorf("%d sequences did not show it", faultySequences)
		})
	}
}

func TestSequence_Deterministic(t *testing.T) {
	var texts []string
	for range 2 {
		w := newWorld(7, 7, sequenceLength, false)
		if _, err := withFault(func(string, proto.Message, proto.Message) error {
			return nil
		}).play(t.Context(), false, w.next); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, s := range w.steps {
			message, err := proto.MarshalOptions{Deterministic: true}.Marshal(s.request)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteString(s.method)
			b.Write(message)
		}
		texts = append(texts, b.String())
	}
	if texts[0] != texts[1] {
		t.Error("the same seed made two sequences")
	}
}

func TestExcuses_AreDifferences(t *testing.T) {
	for _, e := range excuses {
		if !slices.ContainsFunc(storetest.Differences(), func(d storetest.Difference) bool {
			return d.Name == e.difference
		}) {
			t.Errorf("%q is excused but is not a difference", e.difference)
		}
	}
}
