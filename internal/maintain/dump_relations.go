package maintain

import (
	"context"
	"fmt"
	"strconv"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

func (d *dumper) parentContexts(ctx context.Context) error {
	const text = "SELECT context_id, parent_context_id FROM ParentContext WHERE context_id > ?" +
		" OR context_id = ? AND parent_context_id > ? ORDER BY context_id, parent_context_id LIMIT "
	for child, parent, read := int64(0), int64(0), chunk; read == chunk; {
		read = 0
		err := d.each(ctx, 2, func(r *sqldb.Row) error {
			read++
			child, parent = r.Int(0), r.Int(1)
			if r.TakeErr() != nil {
				return d.damaged(fmt.Sprintf("a row of ParentContext with the context %d", child))
			}
			d.line = appendID(append(d.line[:0], `{"parent_context":{"child_id":`...), child)
			d.line = append(appendID(append(d.line, `,"parent_id":`...), parent), "}}"...)
			return d.writeLine()
		}, text+strconv.Itoa(chunk), child, child, parent)
		if err != nil {
			return err
		}
	}
	return nil
}

// relations writes the rows that connect contexts with other nodes.
func (d *dumper) relations(ctx context.Context, line, table, column string, s span) error {
	text := "SELECT id, context_id, " + column + " FROM " + table +
		" WHERE id > ? AND id <= ? ORDER BY id LIMIT " + strconv.Itoa(chunk)
	for last, read := s.after, chunk; read == chunk; {
		read = 0
		err := d.each(ctx, 3, func(r *sqldb.Row) error {
			read++
			last = r.Int(0)
			d.line = appendID(append(append(append(d.line[:0], `{"`...), line...), `":{"context_id":`...), r.Int(1))
			d.line = appendID(append(append(append(d.line, `,"`...), column...), `":`...), r.Int(2))
			d.line = append(d.line, "}}"...)
			if r.TakeErr() != nil {
				return d.damaged(fmt.Sprintf("the row of %s with the ID %d", table, last))
			}
			return d.writeLine()
		}, text, last, s.last)
		if err != nil {
			return err
		}
	}
	return nil
}

// events writes events with their paths.
func (d *dumper) events(ctx context.Context, s span) error {
	order := ""
	if column := d.conn.Dialect().RowOrder; column != "" {
		order = " ORDER BY " + column
	}
	type event struct {
		id, artifact, execution, kind int64
		at                            *int64
	}
	var events []event
	text := "SELECT id, artifact_id, execution_id, type, milliseconds_since_epoch FROM Event" +
		" WHERE id > ? AND id <= ? ORDER BY id LIMIT " + strconv.Itoa(chunk)
	for last, read := s.after, chunk; read == chunk; {
		read, events = 0, events[:0]
		first := last
		err := d.each(ctx, 5, func(r *sqldb.Row) error {
			read++
			e := event{id: r.Int(0), artifact: r.Int(1), execution: r.Int(2), kind: r.Int(3)}
			if !r.Null(4) {
				at := r.Int(4)
				e.at = &at
			}
			last = e.id
			if r.TakeErr() != nil {
				return d.damaged(fmt.Sprintf("the event with the ID %d", e.id))
			}
			events = append(events, e)
			return nil
		}, text, last, s.last)
		if err != nil {
			return err
		}
		steps := map[int64][]byte{}
		err = d.each(ctx, 4, func(r *sqldb.Row) error {
			id := r.Int(0)
			b := steps[id]
			if b != nil {
				b = append(b, ',')
			}
			var err error
			if r.Bool(1) {
				b = append(appendID(append(b, `{"index":`...), r.Int(2)), '}')
			} else if b, err = appendText(append(b, `{"key":`...), r.Text(3)); err == nil {
				b = append(b, '}')
			}
			if failed := r.TakeErr(); failed != nil || err != nil {
				return d.damaged(fmt.Sprintf("a step of the path of the event with the ID %d", id))
			}
			steps[id] = b
			return nil
		}, "SELECT event_id, is_index_step, step_index, step_key FROM EventPath WHERE event_id > ? AND event_id <= ?"+order,
			first, last)
		if err != nil {
			return err
		}
		for _, e := range events {
			b := appendID(append(d.line[:0], `{"event":{"artifact_id":`...), e.artifact)
			b = appendID(append(b, `,"execution_id":`...), e.execution)
			if path := steps[e.id]; path != nil {
				b = append(append(append(b, `,"path":{"steps":[`...), path...), "]}"...)
			}
			b = appendEnum(append(b, `,"type":`...), e.kind, mlmdpb.Event_Type_name)
			if e.at != nil {
				b = appendID(append(b, `,"milliseconds_since_epoch":`...), *e.at)
			}
			d.line = append(b, "}}"...)
			if err := d.writeLine(); err != nil {
				return err
			}
		}
	}
	return nil
}
