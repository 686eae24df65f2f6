package storetest

import (
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A pair is an artifact and an execution to connect by events.
func (s *scene) pair() (artifact, execution int64) {
	s.Helper()
	artifactType, _ := artifacts.newType(s, nil)
	executionType, _ := executions.newType(s, nil)
	return artifacts.one(s, node{typeID: &artifactType}), executions.one(s, node{typeID: &executionType})
}

func event(artifact, execution int64, kind mlmdpb.Event_Type) *mlmdpb.Event {
	return &mlmdpb.Event{ArtifactId: &artifact, ExecutionId: &execution, Type: &kind}
}

func steps(of ...any) *mlmdpb.Event_Path {
	path := &mlmdpb.Event_Path{}
	for _, v := range of {
		step := &mlmdpb.Event_Path_Step{}
		switch v := v.(type) {
		case int:
			step.Value = &mlmdpb.Event_Path_Step_Index{Index: int64(v)}
		case string:
			step.Value = &mlmdpb.Event_Path_Step_Key{Key: v}
		}
		path.Steps = append(path.Steps, step)
	}
	return path
}

func (s *scene) putEvents(events ...*mlmdpb.Event) error {
	_, err := s.rpc.PutEvents(s.ctx, &mlmdpb.PutEventsRequest{Events: events})
	return err
}

// eventsOf returns the events of an artifact, and checks that the events of the
// execution are the same.
func (s *scene) eventsOf(artifact int64) []*mlmdpb.Event {
	s.Helper()
	r, err := s.rpc.GetEventsByArtifactIDs(s.ctx, &mlmdpb.GetEventsByArtifactIDsRequest{ArtifactIds: []int64{artifact}})
	s.ok(err)
	for _, e := range r.Events {
		other, err := s.rpc.GetEventsByExecutionIDs(
			s.ctx, &mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: []int64{e.GetExecutionId()}},
		)
		s.ok(err)
		if !slices.ContainsFunc(other.Events, func(o *mlmdpb.Event) bool { return proto.Equal(o, e) }) {
			s.Errorf("the event %v is not among those of its execution, %v", e, other.Events)
		}
	}
	return r.Events
}

const (
	eventInput  = mlmdpb.Event_INPUT
	eventOutput = mlmdpb.Event_OUTPUT
)

func eventCases() []Case {
	return []Case{
		{Name: "events read as they were put", Run: on(func(s *scene) {
			a, e := s.pair()
			want := event(a, e, eventInput)
			want.Path, want.MillisecondsSinceEpoch = steps(0, "key é", "", 7, -3), proto.Int64(-5)
			sent := proto.Clone(want).(*mlmdpb.Event)
			sent.SystemMetadata = &anypb.Any{TypeUrl: "type.example/x"}
			s.ok(s.putEvents(sent))
			got := s.eventsOf(a)
			if len(got) != 1 {
				s.Fatalf("%d events; want 1", len(got))
			}
			s.same(got[0], want)
		})},
		{Name: "an event without a time gets the server's, one with time 0 does not", Run: on(func(s *scene) {
			a, e := s.pair()
			zero := event(a, e, eventOutput)
			zero.MillisecondsSinceEpoch = proto.Int64(0)
			before := time.Now().UnixMilli()
			s.ok(s.putEvents(event(a, e, eventInput), zero))
			for _, got := range s.eventsOf(a) {
				at := got.GetMillisecondsSinceEpoch()
				if got.GetType() == eventOutput {
					equal(s, "the time that was given", at, 0)
				} else if at < before-1 || at > time.Now().UnixMilli()+1 {
					s.Errorf("the event happened at %d; want the time of the call, %d", at, before)
				}
			}
		})},
		{Name: "steps without a value and empty paths are dropped", Run: on(func(s *scene) {
			a, e := s.pair()
			one, other := event(a, e, eventInput), event(a, e, eventOutput)
			one.Path, other.Path = steps(nil, "k", nil), steps()
			s.ok(s.putEvents(one, other))
			for _, got := range s.eventsOf(a) {
				if got.GetType() == eventOutput {
					equal(s, "a path is there", got.Path != nil, false)
				} else {
					s.same(got.Path, steps("k"))
				}
			}
		})},
		{Name: "events of different types are different events", Run: on(func(s *scene) {
			a, e := s.pair()
			for number := int32(1); number <= 7; number++ {
				s.ok(s.putEvents(event(a, e, mlmdpb.Event_Type(number))))
			}
			equal(s, "the number of events", len(s.eventsOf(a)), 7)
		})},
		{Name: "an invalid event is rejected without a write", Run: on(eventRefusals)},
		{Name: "events of many nodes are returned once each", Run: on(func(s *scene) {
			a, e := s.pair()
			b, f := s.pair()
			s.ok(s.putEvents(event(a, e, eventInput), event(b, e, eventOutput), event(b, f, eventInput)))
			r, err := s.rpc.GetEventsByArtifactIDs(
				s.ctx, &mlmdpb.GetEventsByArtifactIDsRequest{ArtifactIds: []int64{b, a, b, 0, 1 << 40}},
			)
			s.ok(err)
			equal(s, "the number of events by artifacts", len(r.Events), 3)
			x, err := s.rpc.GetEventsByExecutionIDs(s.ctx, &mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: []int64{e, e}})
			s.ok(err)
			equalList(
				s, "the artifacts of an execution, in the order they were put",
				mapped(x.Events, (*mlmdpb.Event).GetArtifactId), a, b,
			)
		})},
		{Name: "events of no nodes", Run: on(func(s *scene) {
			byArtifact, err := s.rpc.GetEventsByArtifactIDs(s.ctx, &mlmdpb.GetEventsByArtifactIDsRequest{})
			s.ok(err)
			s.same(byArtifact, &mlmdpb.GetEventsByArtifactIDsResponse{})
			byExecution, err := s.rpc.GetEventsByExecutionIDs(
				s.ctx, &mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: []int64{-1}},
			)
			s.ok(err)
			s.same(byExecution, &mlmdpb.GetEventsByExecutionIDsResponse{})
			s.ok(s.putEvents())
		})},
		{
			Name: "step indexes have 64 bits", Requires: []Capability{Int64Values}, Run: on(func(s *scene) {
				a, e := s.pair()
				want := event(a, e, eventInput)
				want.Path = steps(1 << 40)
				s.ok(s.putEvents(want))
				s.same(s.eventsOf(a)[0].Path, want.Path)
			}),
			WithoutCapability: on(func(s *scene) {
				a, e := s.pair()
				wide := event(a, e, eventInput)
				wide.Path = steps("before", 1<<40)
				s.refused(s.putEvents(wide), codes.InvalidArgument, "out of range")
				equal(s, "the number of events", len(s.eventsOf(a)), 0)
			}),
		},
	}
}

func eventRefusals(s *scene) {
	a, e := s.pair()
	s.ok(s.putEvents(event(a, e, eventInput)))
	rows := []struct {
		name     string
		e        *mlmdpb.Event
		code     codes.Code
		fragment string
	}{
		{
			"no artifact", &mlmdpb.Event{ExecutionId: &e, Type: eventInput.Enum()}, codes.InvalidArgument,
			"No artifact id is specified.",
		},
		{
			"no execution", &mlmdpb.Event{ArtifactId: &a, Type: eventInput.Enum()}, codes.InvalidArgument,
			"No execution id is specified.",
		},
		{"no type", &mlmdpb.Event{ArtifactId: &a, ExecutionId: &e}, codes.InvalidArgument, "No event type is specified."},
		{"nothing at all", &mlmdpb.Event{}, codes.InvalidArgument, "No artifact id is specified."},
		{"the type UNKNOWN", event(a, e, mlmdpb.Event_UNKNOWN), codes.InvalidArgument, "No event type is specified."},
		{"an unknown type", event(a, e, 99), codes.InvalidArgument, "No event type is specified."},
		{"an unknown artifact", event(1<<40, e, eventInput), codes.InvalidArgument, "No artifact with the given id "},
		{"the artifact 0", event(0, e, eventInput), codes.InvalidArgument, "No artifact with the given id "},
		{"an unknown execution", event(a, 1<<40, eventInput), codes.InvalidArgument, "No execution with the given id "},
		{"an unknown pair without a type", event(1<<40, 1<<40, 0), codes.InvalidArgument, "No event type is specified."},
		{"an event that is there", event(a, e, eventInput), codes.AlreadyExists, "Given event already exists: "},
	}
	for _, r := range rows {
		s.Logf("%s", r.name)
		s.refused(s.putEvents(event(a, e, eventOutput), r.e), r.code, r.fragment)
	}
	s.refused(
		s.putEvents(event(a, e, eventOutput), event(a, e, eventOutput)), codes.AlreadyExists,
		"Given event already exists: ",
	)
	equal(s, "the number of events", len(s.eventsOf(a)), 1)
}
