package engine

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

var (
	insertEvent = sqldb.InsertStmt{
		Table:   "Event",
		Columns: []string{"artifact_id", "execution_id", "type", "milliseconds_since_epoch"},
	}
	insertEventPath = sqldb.InsertStmt{
		Table:   "EventPath",
		Columns: []string{"event_id", "is_index_step", "step_index", "step_key"},
	}
)

// event is an event to be stored.
type event struct {
	artifact, execution int64
	kind                mlmdpb.Event_Type // UNKNOWN if absent
	at                  *int64
	steps               []*mlmdpb.Event_Path_Step
}

// newEvent converts a request's message. artifact and execution replace its
// IDs.
func newEvent(m *mlmdpb.Event, artifact, execution int64) event {
	kind := m.GetType()
	if kind < mlmdpb.Event_UNKNOWN || kind > mlmdpb.Event_PENDING_OUTPUT {
		kind = mlmdpb.Event_UNKNOWN
	}
	e := event{artifact: artifact, execution: execution, kind: kind, steps: m.GetPath().GetSteps()}
	if m != nil {
		e.at = m.MillisecondsSinceEpoch
	}
	return e
}

// eventTriple is the unique key of events.
type eventTriple struct {
	artifact, execution int64
	kind                mlmdpb.Event_Type
}

func (e event) triple() eventTriple { return eventTriple{e.artifact, e.execution, e.kind} }

// check returns an error if the event cannot be stored.
func (e event) check(d *sqldb.Dialect) error {
	if e.kind == mlmdpb.Event_UNKNOWN {
		return invalidArgf("No event type is specified.")
	}
	for _, step := range e.steps {
		i, ok := step.GetValue().(*mlmdpb.Event_Path_Step_Index)
		if ok && d.Int32 && i.Index != int64(int32(i.Index)) {
			return invalidArgf("The step index %d of an event path is out of range: the database holds integers of 32 bits",
				i.Index)
		}
	}
	return nil
}

func (e event) exists() error {
	return errorf(codes.AlreadyExists, "Given event already exists: artifact %d, execution %d, %v", e.artifact,
		e.execution, e.kind)
}

// putEvents stores events as if one by one, in order, and then returns refused,
// the error of the event that follows them. If one of events conflicts, its
// error takes precedence.
func (t *tx) putEvents(ctx context.Context, events []event, refused error) error {
	seen := make(map[eventTriple]bool, len(events))
	for i, e := range events {
		if seen[e.triple()] {
			events, refused = events[:i], e.exists()
			break
		}
		seen[e.triple()] = true
	}
	for len(events) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		size := t.NextBatch(len(events))
		if err := t.insertEvents(ctx, events[:size]); err != nil {
			switch {
			case size > 1:
				return t.RetryRowByRow(size, err)
			case t.d.IsUniqueViolation(err):
				return events[0].exists()
			}
			return err
		}
		events = events[size:]
		t.Wrote(size)
	}
	return refused
}

func (t *tx) insertEvents(ctx context.Context, events []event) error {
	now := t.now()
	args := make([]any, 0, len(events)*len(insertEvent.Columns))
	steps := 0
	for _, e := range events {
		at := now
		if e.at != nil {
			at = *e.at
		}
		args = append(args, e.artifact, e.execution, int64(e.kind), at)
		steps += len(e.steps)
	}
	if steps == 0 {
		return t.Insert(ctx, insertEvent, args)
	}
	ids, err := t.InsertIDs(ctx, insertEvent, args)
	if err != nil {
		return err
	}
	paths := make([]any, 0, steps*len(insertEventPath.Columns))
	for i, e := range events {
		for _, step := range e.steps {
			switch v := step.GetValue().(type) {
			case *mlmdpb.Event_Path_Step_Index:
				paths = append(paths, ids[i], true, v.Index, nil)
			case *mlmdpb.Event_Path_Step_Key:
				paths = append(paths, ids[i], false, nil, v.Key)
			}
		}
	}
	return t.Insert(ctx, insertEventPath, paths)
}

// PutEvents stores events between existing artifacts and executions.
func (s *Service) PutEvents(ctx context.Context, req *mlmdpb.PutEventsRequest) (*mlmdpb.PutEventsResponse, error) {
	resp := new(mlmdpb.PutEventsResponse)
	err := s.update(ctx, func(ctx context.Context, t *tx) error {
		events, refused, err := t.checkedEvents(ctx, req.GetEvents())
		if err != nil {
			return err
		}
		return t.putEvents(ctx, events, refused)
	})
	return reply(resp, err)
}

// checkedEvents returns the events before the first invalid one, and the error
// of that one.
func (t *tx) checkedEvents(ctx context.Context, messages []*mlmdpb.Event) (events []event, refused, err error) {
	artifacts, executions, err := existingEnds(ctx, t,
		artifactKind, mapSlice(messages, (*mlmdpb.Event).GetArtifactId),
		executionKind, mapSlice(messages, (*mlmdpb.Event).GetExecutionId))
	if err != nil {
		return nil, nil, err
	}
	for _, m := range messages {
		e := newEvent(m, m.GetArtifactId(), m.GetExecutionId())
		switch {
		case m == nil || m.ArtifactId == nil:
			return events, invalidArgf("No artifact id is specified."), nil
		case m.ExecutionId == nil:
			return events, invalidArgf("No execution id is specified."), nil
		}
		if err := e.check(t.d); err != nil {
			return events, err, nil
		}
		switch {
		case !artifacts[e.artifact]:
			return events, invalidArgf("No artifact with the given id %d", e.artifact), nil
		case !executions[e.execution]:
			return events, invalidArgf("No execution with the given id %d", e.execution), nil
		}
		events = append(events, e)
	}
	return events, nil, nil
}

// GetEventsByArtifactIDs reads the events of artifacts.
func (s *Service) GetEventsByArtifactIDs(
	ctx context.Context, req *mlmdpb.GetEventsByArtifactIDsRequest,
) (*mlmdpb.GetEventsByArtifactIDsResponse, error) {
	resp := new(mlmdpb.GetEventsByArtifactIDsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		events, err := eventsBy(ctx, q, "artifact_id", req.GetArtifactIds())
		resp.Events = events
		return err
	})
	return reply(resp, err)
}

// GetEventsByExecutionIDs reads the events of executions.
func (s *Service) GetEventsByExecutionIDs(
	ctx context.Context, req *mlmdpb.GetEventsByExecutionIDsRequest,
) (*mlmdpb.GetEventsByExecutionIDsResponse, error) {
	resp := new(mlmdpb.GetEventsByExecutionIDsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		events, err := eventsBy(ctx, q, "execution_id", req.GetExecutionIds())
		resp.Events = events
		return err
	})
	return reply(resp, err)
}

// eventsBy reads the events that have one of ids in a column, in the order in
// which they were stored. Events and the steps of their paths are read by one
// statement, see selectEventsText.
func eventsBy(ctx context.Context, q querier, column string, ids []int64) ([]*mlmdpb.Event, error) {
	var found []storedEvent
	err := sqldb.ForEachChunk(q.Dialect().ValidIDs(slices.Clone(ids)), func(part []int64) error {
		some, err := selectEvents(ctx, q, column, q.Dialect().InIDs(part))
		found = append(found, some...)
		return err
	})
	slices.SortFunc(found, func(a, b storedEvent) int { return cmp.Compare(a.id, b.id) })
	return mapSlice(found, func(e storedEvent) *mlmdpb.Event { return e.message }), err
}

// storedEvent is an event with its ID, which messages do not have.
type storedEvent struct {
	id      int64
	message *mlmdpb.Event
}

// eventAlloc allocates an event and the values of its fields at once.
type eventAlloc struct {
	event                   mlmdpb.Event
	artifact, execution, at int64
	kind                    mlmdpb.Event_Type
}

// selectEventsText returns the statement that reads events and the steps of
// their paths. The rows of steps have no artifact.
func selectEventsText(column, selected string) string {
	return "SELECT id, artifact_id, execution_id, type, milliseconds_since_epoch, NULL, NULL FROM Event WHERE " + column +
		" " + selected +
		" UNION ALL SELECT p.event_id, NULL, NULL, p.step_index, NULL, p.is_index_step, p.step_key" +
		" FROM EventPath p JOIN Event e ON e.id = p.event_id WHERE e." + column + " " + selected
}

func selectEvents(ctx context.Context, q querier, column string, s sqldb.Predicate) ([]storedEvent, error) {
	var events []storedEvent
	var steps map[int64][]*mlmdpb.Event_Path_Step
	rows, err := q.Query(ctx, selectEventsText(column, s.Text), slices.Concat(s.Args, s.Args)...)
	err = sqldb.Each(rows, err, 7, func(r *sqldb.Row) error {
		if r.Null(1) {
			step := readStep(r)
			if err := r.TakeErr(); err != nil {
				q.reportDamage(ctx, "EventPath", r.Int(0), "a step", err)
				return nil
			}
			if steps == nil {
				steps = map[int64][]*mlmdpb.Event_Path_Step{}
			}
			steps[r.Int(0)] = append(steps[r.Int(0)], step)
			return nil
		}
		c := &eventAlloc{artifact: r.Int(1), execution: r.Int(2), kind: mlmdpb.Event_Type(r.Int32(3))}
		if err := r.TakeErr(); err != nil { // an event needs both nodes and its type
			q.reportDamage(ctx, "Event", r.Int(0), "a column", err)
			return nil
		}
		m := &c.event
		m.ArtifactId, m.ExecutionId, m.Type = &c.artifact, &c.execution, &c.kind
		if !r.Null(4) {
			c.at = r.Int(4)
			m.MillisecondsSinceEpoch = &c.at
		}
		if err := r.TakeErr(); err != nil {
			q.reportDamage(ctx, "Event", r.Int(0), "milliseconds_since_epoch", err)
			m.MillisecondsSinceEpoch = nil
		}
		events = append(events, storedEvent{r.Int(0), m})
		return nil
	})
	for _, e := range events {
		if s := steps[e.id]; s != nil {
			e.message.Path = &mlmdpb.Event_Path{Steps: s}
		}
	}
	return events, err
}

func readStep(r *sqldb.Row) *mlmdpb.Event_Path_Step {
	if r.Bool(5) {
		return &mlmdpb.Event_Path_Step{Value: &mlmdpb.Event_Path_Step_Index{Index: r.Int(3)}}
	}
	return &mlmdpb.Event_Path_Step{Value: &mlmdpb.Event_Path_Step_Key{Key: r.Text(6)}}
}
