package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A row is the result of a step.
type row struct {
	step       *step
	ours, core time.Duration // medians of all calls
	ratios     []float64     // core ÷ ours for each round, sorted
}

// ratio returns the speedup of ours over the core in the median round.
func (r row) ratio() float64 { return r.ratios[len(r.ratios)/2] }

// measure runs the rounds of one step, without the first in the result.
func measure(ctx context.Context, s *step, w *world, us ours, them *core, o options) (row, error) {
	r := row{step: s}
	var allOurs, allCore []time.Duration
	for round := range o.rounds + 1 {
		requests := make([]proto.Message, o.calls)
		for i := range requests {
			requests[i] = s.request(w, round*o.calls+i)
		}
		our, core, err := takeTurns(ctx, s, requests, us, them, round%2 == 0)
		if err != nil {
			return row{}, err
		}
		if round == 0 {
			continue
		}
		allOurs = append(allOurs, our.took...)
		if s.alone {
			continue
		}
		if err := sameReplies(s, our, core); err != nil {
			return row{}, err
		}
		allCore = append(allCore, core.took...)
		r.ratios = append(r.ratios, float64(median(core.took))/float64(median(our.took)))
	}
	slices.Sort(r.ratios)
	r.ours, r.core = median(allOurs), median(allCore)
	return r, nil
}

// takeTurns runs the requests on both sides, in alternating order.
func takeTurns(
	ctx context.Context, s *step, requests []proto.Message, us ours, them *core, weFirst bool,
) (our, core *result, err error) {
	if s.alone {
		our, err = us.call(ctx, s, requests)
		return our, nil, err
	}
	if weFirst {
		if our, err = us.call(ctx, s, requests); err != nil {
			return nil, nil, err
		}
	}
	if core, err = them.call(ctx, s, requests); err != nil {
		return nil, nil, err
	}
	if !weFirst {
		our, err = us.call(ctx, s, requests)
	}
	return our, core, err
}

func median(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	took = slices.Sorted(slices.Values(took))
	return took[len(took)/2]
}

// sameReplies returns an error if the replies of the two sides differ.
func sameReplies(s *step, our, core *result) error {
	for i := range our.replies {
		a, b := s.empty(), s.empty()
		if err := proto.Unmarshal(our.replies[i], a); err != nil {
			return err
		}
		if err := proto.Unmarshal(core.replies[i], b); err != nil {
			return err
		}
		forgetTimes(a.ProtoReflect())
		forgetTimes(b.ProtoReflect())
		if !proto.Equal(a, b) {
			return fmt.Errorf(
				"the replies to request %d differ\nours: %s\ncore: %s", i, prototext.Format(a), prototext.Format(b),
			)
		}
	}
	return nil
}

// ofTheMoment are the fields that differ between equal runs.
var ofTheMoment = map[protoreflect.Name]bool{
	"create_time_since_epoch": true, "last_update_time_since_epoch": true, "milliseconds_since_epoch": true,
	"next_page_token": true,
}

func forgetTimes(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case ofTheMoment[f.Name()]:
			m.Clear(f)
		case f.Message() == nil || f.IsMap():
		case f.IsList():
			for i := range v.List().Len() {
				forgetTimes(v.List().Get(i).Message())
			}
			if m.Descriptor().Name() == "LineageGraph" {
				sortMessages(v.List())
			}
		default:
			forgetTimes(v.Message())
		}
		return true
	})
}

// sortMessages sorts messages by content, because the core lists the nodes of a graph in
// any order.
func sortMessages(list protoreflect.List) {
	type sortable struct {
		key   string
		value protoreflect.Value
	}
	all := make([]sortable, list.Len())
	for i := range all {
		v := list.Get(i)
		key, _ := proto.MarshalOptions{Deterministic: true, AllowPartial: true}.Marshal(v.Message().Interface())
		all[i] = sortable{string(key), v}
	}
	slices.SortFunc(all, func(a, b sortable) int { return strings.Compare(a.key, b.key) })
	for i, s := range all {
		list.Set(i, s.value)
	}
}
