package maintain

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strconv"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// A dump is a text of lines, each a JSON object with one member. The first line is
// the header, and the last one the number of lines before it, so that a dump that was
// cut short is not loaded. In between are types, nodes and relations in the order of
// their IDs. A dump has neither times of its own nor names of databases: dumps of equal
// content are equal.

// format is the version of the format of a dump.
const format = 1

const header = `{"mlmd_dump":{"format":1,"schema_version":10}}`

// chunk is the number of rows that one statement reads.
const chunk = 4000

// A StreamError is an error of the reader or writer of a dump.
type StreamError struct{ Err error }

func (e *StreamError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *StreamError) Unwrap() error { return e.Err }

// A streamWriter marks errors as those of the writer.
type streamWriter struct{ w io.Writer }

func (s streamWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		err = &StreamError{err}
	}
	return n, err
}

// Dump writes the content of a database, in one state of it.
func Dump(ctx context.Context, db *sqldb.DB, w io.Writer) error {
	once := false
	// One more than there are processors, because a worker may wait for its turn.
	workers := min(runtime.GOMAXPROCS(0), maxWorkers-1) + 1
	return db.Snapshots(ctx, workers, func(ctx context.Context, conns []*sqldb.Conn) error {
		if once {
			return &sqldb.Error{Class: sqldb.Unavailable, Msg: "the database was lost while it was read: dump it again"}
		}
		once = true
		out := bufio.NewWriterSize(streamWriter{w}, 1<<20)
		if err := writeDump(ctx, conns, out); err != nil {
			return err
		}
		return out.Flush()
	})
}

func writeDump(ctx context.Context, conns []*sqldb.Conn, out *bufio.Writer) error {
	first := &dumper{conn: conns[0], w: out, damaged: refuse}
	jobs, err := first.jobs(ctx)
	if err != nil {
		return err
	}
	if _, err := out.WriteString(header + "\n"); err != nil {
		return err
	}
	lines, err := runJobs(ctx, conns, jobs, out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `{"end":{"lines":"%d"}}`+"\n", lines+1)
	return err
}

// refuse is for a dump, which must have all rows.
func refuse(text string) error {
	return &sqldb.Error{
		Class: sqldb.Damaged, Msg: "cannot dump " + text + ": correct or delete the row; verify finds all such rows",
	}
}

// A dumper writes parts of a dump.
type dumper struct {
	conn    *sqldb.Conn
	w       *bufio.Writer
	line    []byte
	lines   int64
	damaged func(text string) error // of a row that cannot be read; if it returns nil, the row is left out
}

// writeLine writes d.line.
func (d *dumper) writeLine() error {
	d.lines++
	d.line = append(d.line, '\n')
	_, err := d.w.Write(d.line)
	return err
}

// A job writes a part of a dump.
type job func(context.Context, *dumper) error

// jobs returns the parts of the dump in their order.
func (d *dumper) jobs(ctx context.Context) ([]job, error) {
	all := []job{func(ctx context.Context, d *dumper) error { return d.types(ctx) }}
	add := func(table string, write func(context.Context, *dumper, span) error) error {
		spans, err := d.spans(ctx, table)
		for _, s := range spans {
			all = append(all, func(ctx context.Context, d *dumper) error { return write(ctx, d, s) })
		}
		return err
	}
	for _, k := range nodeKinds {
		err := add(k.table, func(ctx context.Context, d *dumper, s span) error { return d.nodes(ctx, k, s) })
		if err != nil {
			return nil, err
		}
	}
	all = append(all, func(ctx context.Context, d *dumper) error { return d.parentContexts(ctx) })
	err := add("Event", func(ctx context.Context, d *dumper, s span) error { return d.events(ctx, s) })
	if err != nil {
		return nil, err
	}
	err = add("Association", func(ctx context.Context, d *dumper, s span) error {
		return d.relations(ctx, "association", "Association", "execution_id", s)
	})
	if err != nil {
		return nil, err
	}
	err = add("Attribution", func(ctx context.Context, d *dumper, s span) error {
		return d.relations(ctx, "attribution", "Attribution", "artifact_id", s)
	})
	return all, err
}

// A span is a range of IDs: above after, and up to last.
type span struct{ after, last int64 }

// maxSpans limits the number of spans of a table.
const maxSpans = 10_000

// spans returns ranges that have all IDs of a table.
func (d *dumper) spans(ctx context.Context, table string) ([]span, error) {
	var last int64
	err := d.each(ctx, 1, func(r *sqldb.Row) error {
		last = r.Int(0)
		return nil
	}, "SELECT MAX(id) FROM "+table)
	var spans []span
	width := max(chunk, last/maxSpans+1)
	for after := int64(0); after < last && err == nil; after += width {
		spans = append(spans, span{after, min(after+width, last)})
	}
	return spans, err
}

// each calls use for each row of a query with n columns.
func (d *dumper) each(ctx context.Context, n int, use func(*sqldb.Row) error, text string, args ...any) error {
	rows, err := d.conn.QueryUncached(ctx, text, args...)
	return sqldb.Each(rows, err, n, use)
}

// A storedType is a row of Type and what belongs to it.
type storedType struct {
	id         int64
	kind       typekind.Kind
	name       string
	texts      [5]*string // version, description, external_id, input_type, output_type
	properties map[string]int32
	base       string
	parents    []int64
}

func (d *dumper) types(ctx context.Context) error {
	types, err := d.readTypes(ctx)
	if err != nil {
		return err
	}
	for _, t := range types {
		if err := d.putType(t); err != nil {
			return err
		}
	}
	for _, t := range types {
		for _, parent := range t.parents {
			d.line = appendID(append(d.line[:0], `{"parent_type":{"type_id":`...), t.id)
			d.line = append(appendID(append(d.line, `,"parent_type_id":`...), parent), "}}"...)
			if err := d.writeLine(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *dumper) readTypes(ctx context.Context) ([]*storedType, error) {
	var types []*storedType
	byID := map[int64]*storedType{}
	system := map[int64]string{}
	named := map[string]bool{}
	err := d.each(ctx, 8, func(r *sqldb.Row) error {
		t := &storedType{id: r.Int(0), kind: typekind.Of(r.Int(1)), name: r.Text(2), properties: map[string]int32{}}
		for i := range t.texts {
			if !r.Null(3 + i) {
				text := r.Text(3 + i)
				t.texts[i] = &text
			}
		}
		if err := r.TakeErr(); err != nil || t.kind == typekind.Invalid {
			return d.damaged(fmt.Sprintf("the type with the ID %d", t.id))
		}
		if key := t.kind.String() + t.name; t.texts[0] == nil && baseNumber(t.kind, t.name) > 0 && !named[key] {
			named[key] = true // a base type is the first one of its name
			system[t.id] = t.name
		}
		types, byID[t.id] = append(types, t), t
		return nil
	}, "SELECT id, type_kind, name, version, description, external_id, input_type, output_type FROM Type ORDER BY id")
	if err != nil {
		return nil, err
	}
	err = d.each(ctx, 3, func(r *sqldb.Row) error {
		t, name, kind := byID[r.Int(0)], r.Text(1), r.Int32(2)
		if r.TakeErr() != nil {
			return d.damaged(fmt.Sprintf("a property of the type with the ID %d", r.Int(0)))
		}
		if t != nil { // Verify reports others
			t.properties[name] = kind
		}
		return nil
	}, "SELECT type_id, name, data_type FROM TypeProperty")
	if err != nil {
		return nil, err
	}
	err = d.each(ctx, 2, func(r *sqldb.Row) error {
		t, parent := byID[r.Int(0)], r.Int(1)
		switch {
		case r.TakeErr() != nil || t == nil:
		case t.base == "" && system[parent] != "" && byID[parent].kind == t.kind:
			t.base = system[parent]
		default:
			t.parents = append(t.parents, parent)
		}
		return nil
	}, "SELECT type_id, parent_type_id FROM ParentType ORDER BY type_id, parent_type_id")
	return types, err
}

// baseNumber returns the number of a type in the enumeration of base types, or 0.
func baseNumber(kind typekind.Kind, name string) int {
	return max(0, slices.Index(engine.BaseTypes[kind], name))
}

// baseNames are the names of the values of the enumerations of base types.
func baseName(kind typekind.Kind, number int) string {
	if kind == typekind.Execution {
		return mlmdpb.ExecutionType_SystemDefinedBaseType(number).String()
	}
	return mlmdpb.ArtifactType_SystemDefinedBaseType(number).String()
}

var typeTexts = [...]string{"version", "description", "external_id", "input_type", "output_type"}

func (d *dumper) putType(t *storedType) error {
	b := appendID(append(d.line[:0], `{"`+t.kind.String()+`_type":{"id":`...), t.id)
	b, err := appendText(append(b, `,"name":`...), t.name)
	for i, text := range t.texts {
		if text == nil || err != nil {
			continue
		}
		b = append(b, `,"`+typeTexts[i]+`":`...)
		if i < 3 {
			b, err = appendText(b, *text)
			continue
		}
		var m *mlmdpb.ArtifactStructType
		if m, err = engine.DecodeStructType(*text); err != nil {
			break
		}
		var stored any
		if stored, err = engine.EncodeStructType(m); err == nil {
			if compact, ok := stored.(string); ok {
				b = append(b, compact...)
			} else {
				b = append(b, "null"...)
			}
		}
	}
	if err != nil {
		return d.damaged(fmt.Sprintf("the type with the ID %d: %v", t.id, err))
	}
	for i, name := range slices.Sorted(maps.Keys(t.properties)) {
		b = append(b, []string{`,"properties":{`, ","}[min(i, 1)]...)
		if b, err = appendText(b, name); err != nil {
			return d.damaged(fmt.Sprintf("a property of the type with the ID %d: %v", t.id, err))
		}
		b = appendEnum(append(b, ':'), int64(t.properties[name]), mlmdpb.PropertyType_name)
	}
	if len(t.properties) > 0 {
		b = append(b, '}')
	}
	if t.base != "" {
		b = append(b, `,"base_type":"`+baseName(t.kind, baseNumber(t.kind, t.base))+`"`...)
	}
	d.line = append(b, "}}"...)
	return d.writeLine()
}

// appendEnum appends the name of a value, or its number if it has no name.
func appendEnum(b []byte, n int64, names map[int32]string) []byte {
	if name, ok := names[int32(n)]; ok && int64(int32(n)) == n {
		return append(append(append(b, '"'), name...), '"')
	}
	return strconv.AppendInt(b, n, 10)
}
