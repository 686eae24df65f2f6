package maintain

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// maxLine limits a line of a dump, in bytes.
const maxLine = 256 << 20

// batch is the number of lines that Load inserts together.
const batch = 128

// A LineError reports a line of a dump that cannot be loaded.
type LineError struct {
	Line int64
	Msg  string
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// Load reads a dump into an empty store, in one transaction.
func Load(ctx context.Context, db *sqldb.DB, r io.Reader) error {
	once := false
	return db.UpdateFirst(ctx, func(ctx context.Context, t *sqldb.Tx) error {
		if once {
			return &sqldb.Error{Class: sqldb.Unavailable, Msg: "the database was lost, or another program wrote to it, and " +
				"nothing was loaded: load the dump again"}
		}
		once = true
		t.SendAtOnce() // the dump is read once
		l := &loader{
			tx: t, d: t.Dialect(), in: bufio.NewReaderSize(r, 1<<20), kinds: map[int64]typekind.Kind{},
			base: map[baseKey]int64{},
		}
		return l.run(ctx)
	})
}

// A loader loads one dump.
type loader struct {
	tx        *sqldb.Tx
	d         *sqldb.Dialect
	in        *bufio.Reader
	line      int64 // number of the current line
	kinds     map[int64]typekind.Kind
	base      map[baseKey]int64 // the base types of the dump
	bases     []baseLink
	lastEvent int64
	batch     batchOf
}

type baseKey struct {
	kind typekind.Kind
	name string
}

// A baseLink is a type that has a base type, which may follow it.
type baseLink struct {
	line, id int64
	base     baseKey
}

// A batchOf holds the rows of some lines of one kind, which are not inserted yet.
type batchOf struct {
	kind string
	rows []lineRows
}

// lineRows are the rows of one line.
type lineRows struct {
	line    int64
	inserts []insert
	refers  []reference
}

// An insert is one statement; args are the values of one or more rows.
type insert struct {
	into sqldb.InsertStmt
	args []any
}

// A reference is the ID of a row that must exist.
type reference struct {
	table string
	id    int64
}

func (l *loader) errorf(format string, args ...any) error {
	return &LineError{l.line, fmt.Sprintf(format, args...)}
}

func (l *loader) run(ctx context.Context) error {
	for _, statement := range l.d.SerializeStatements {
		if _, err := l.tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if err := l.clear(ctx); err != nil {
		return err
	}
	if err := l.header(); err != nil {
		return err
	}
	for {
		text, err := l.next()
		if errors.Is(err, io.EOF) {
			return l.errorf("the dump ends without its last line, so that it was cut short: make it again")
		}
		if err != nil {
			return err
		}
		kind, content, err := l.split(text)
		if err != nil {
			return err
		}
		if kind == "end" {
			if err := l.end(content); err != nil {
				return err
			}
			break
		}
		if err := l.put(ctx, kind, content); err != nil {
			return err
		}
	}
	if err := l.flush(ctx); err != nil {
		return err
	}
	if err := l.putBases(ctx); err != nil {
		return err
	}
	return l.continueIDs(ctx)
}

// clear returns an error unless the store is empty, and deletes its system types, which
// the dump has.
func (l *loader) clear(ctx context.Context) error {
	for _, table := range tables {
		columns, column := 1, "1"
		if table == "Type" {
			column = "name"
		}
		rows, err := l.tx.QueryUncached(ctx, "SELECT "+column+" FROM "+table+" LIMIT 20")
		err = sqldb.Each(rows, err, columns, func(r *sqldb.Row) error {
			if table == "Type" && schema.IsSystemType(r.Text(0)) {
				return nil
			}
			return &sqldb.Error{
				Class: sqldb.Unusable,
				Msg:   "the store is not empty: it has rows in table " + table + "; load the dump into a new database",
			}
		})
		if err != nil {
			return err
		}
	}
	_, err := l.tx.Exec(ctx, "DELETE FROM Type")
	return err
}

// next returns the next line without its end.
func (l *loader) next() ([]byte, error) {
	var text []byte
	for {
		part, err := l.in.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(text) <= maxLine:
			continue
		case errors.Is(err, bufio.ErrBufferFull):
			l.line++
			return nil, l.errorf("it is longer than %d bytes", maxLine)
		case errors.Is(err, io.EOF) && len(text) == 0:
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, &StreamError{fmt.Errorf("read the dump: %w", err)}
		}
		l.line++
		return bytes.TrimRight(text, "\r\n"), nil
	}
}

// decode parses JSON, which must have no other members than v.
func decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.InputOffset() != int64(len(text)) {
		return errors.New("text follows the object")
	}
	return nil
}

func (l *loader) header() error {
	const advice = "it must be a dump that mlmd-server dump has made"
	text, err := l.next()
	switch {
	case errors.Is(err, io.EOF):
		return &LineError{1, "the dump is empty: " + advice}
	case err != nil:
		return err
	}
	var h struct {
		Dump *struct {
			Format  int   `json:"format"`
			Version int64 `json:"schema_version"`
		} `json:"mlmd_dump"`
	}
	switch err := json.Unmarshal(text, &h); {
	case err != nil || h.Dump == nil:
		return l.errorf("it does not begin with the header %s: %s", header, advice)
	case h.Dump.Format != format || h.Dump.Version != schema.Version:
		return l.errorf("the dump has format %d and schema version %d; this release loads format %d and schema version %d",
			h.Dump.Format, h.Dump.Version, format, schema.Version)
	}
	return nil
}

// split returns the kind of a line and its content.
func (l *loader) split(text []byte) (kind string, content json.RawMessage, err error) {
	if !utf8.Valid(text) {
		return "", nil, l.errorf("it is not valid UTF-8: convert the file, or make the dump again")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return "", nil, l.errorf("it is not a JSON object: %v", err)
	}
	if len(object) != 1 {
		return "", nil, l.errorf("it has %d members: a line has one, such as artifact", len(object))
	}
	for kind, content = range object {
	}
	return kind, content, nil
}

func (l *loader) end(content json.RawMessage) error {
	var end struct {
		Lines int64 `json:"lines,string"`
	}
	if err := decode(content, &end); err != nil {
		return l.errorf("the end cannot be read: %v", err)
	}
	if n := l.line - 1; end.Lines != n {
		return l.errorf("the dump had %d lines before its end and has %d: make it again, or correct the number", end.Lines, n)
	}
	if _, err := l.next(); !errors.Is(err, io.EOF) {
		if err != nil {
			return err
		}
		return l.errorf("it follows the end of the dump: remove it")
	}
	return nil
}

// put adds the rows of a line to the batch.
func (l *loader) put(ctx context.Context, kind string, content json.RawMessage) error {
	parse, ok := parsers[kind]
	if !ok {
		return l.errorf("unknown kind of line %q", kind)
	}
	if l.batch.kind != kind || len(l.batch.rows) >= batch {
		if err := l.flush(ctx); err != nil {
			return err
		}
		l.batch.kind = kind
	}
	rows, err := parse(l, content)
	if err != nil {
		var at *LineError
		if errors.As(err, &at) {
			return err
		}
		return l.errorf("%s: %v", kind, err)
	}
	rows.line = l.line
	l.batch.rows = append(l.batch.rows, rows)
	return nil
}

// flush inserts the batch. If that fails, it inserts its lines one by one to find the
// one at fault.
func (l *loader) flush(ctx context.Context) error {
	rows := l.batch.rows
	l.batch.rows = rows[:0]
	if len(rows) == 0 {
		return nil
	}
	if err := l.checkReferences(ctx, rows); err != nil {
		return err
	}
	err := l.tx.Savepoint(ctx, func(ctx context.Context, _ *sqldb.Tx) error { return l.insert(ctx, rows) })
	if err == nil || l.tx.Err() != nil || ctx.Err() != nil {
		return err
	}
	for i := range rows {
		if err := l.insert(ctx, rows[i:i+1]); err != nil {
			text, ok := causes[l.d.Class(err)]
			if !ok {
				return err
			}
			return &LineError{rows[i].line, l.batch.kind + ": " + text}
		}
	}
	return err
}

// causes are the texts for errors of the database that are due to a line.
var causes = map[sqldb.ErrorClass]string{
	sqldb.UniqueViolation: "its ID, or its name within its type, or its external_id is that of an earlier line: " +
		"remove one of them",
	sqldb.TooLong: "a text is too long for this database: shorten it",
	sqldb.OutOfRange: "a number is out of range: this database holds integers of 32 bits; load the dump into a " +
		"file of SQLite, or change the number",
	sqldb.InvalidText: "a text has a NUL, which this database cannot store: remove it, or load the dump into a file of " +
		"SQLite",
	sqldb.TooLarge: "a value is larger than a message to this database may be: raise its limit",
}

// insert inserts the rows of some lines, together for each table.
func (l *loader) insert(ctx context.Context, rows []lineRows) error {
	var order []string
	all := map[string]*insert{}
	for _, r := range rows {
		for _, i := range r.inserts {
			if all[i.into.Table] == nil {
				all[i.into.Table] = &insert{into: i.into}
				order = append(order, i.into.Table)
			}
			of := all[i.into.Table]
			of.args = append(of.args, i.args...)
		}
	}
	for _, table := range order {
		if err := l.tx.Insert(ctx, all[table].into, all[table].args); err != nil {
			return err
		}
	}
	return nil
}

// checkReferences returns an error if a row that lines refer to does not exist.
func (l *loader) checkReferences(ctx context.Context, rows []lineRows) error {
	ids := map[string][]int64{}
	for _, r := range rows {
		for _, ref := range r.refers {
			ids[ref.table] = append(ids[ref.table], ref.id)
		}
	}
	for table, wanted := range ids {
		exists := map[int64]bool{}
		err := sqldb.ForEachChunk(l.d.ValidIDs(wanted), func(part []int64) error {
			s := l.d.InIDs(part)
			rows, err := l.tx.Query(ctx, "SELECT id FROM "+table+" WHERE id "+s.Text, s.Args...)
			return sqldb.Each(rows, err, 1, func(r *sqldb.Row) error {
				exists[r.Int(0)] = true
				return nil
			})
		})
		if err != nil {
			return err
		}
		for _, r := range rows {
			for _, ref := range r.refers {
				if ref.table == table && !exists[ref.id] {
					return &LineError{r.line, fmt.Sprintf("%s: no earlier line has the %s %d: remove this line, or add the other",
						l.batch.kind, typeWord(table), ref.id)}
				}
			}
		}
	}
	return nil
}

// typeWord returns the kind of line that fills a table.
func typeWord(table string) string {
	for _, k := range nodeKinds {
		if k.table == table {
			return k.line
		}
	}
	return "type"
}

// putBases stores the base types of types.
func (l *loader) putBases(ctx context.Context) error {
	var args []any
	for _, link := range l.bases {
		parent, ok := l.base[link.base]
		if !ok {
			text := fmt.Sprintf("no line has the base type %s: add it, or remove base_type", link.base.name)
			return &LineError{link.line, text}
		}
		args = append(args, link.id, parent)
	}
	return l.tx.Insert(ctx, insertParentType, args)
}

// continueIDs makes the database continue after the highest IDs.
func (l *loader) continueIDs(ctx context.Context) error {
	if l.d.AfterGivenIDs == "" {
		return nil
	}
	for _, table := range []string{"Type", "Artifact", "Execution", "Context", "Event"} {
		rows, err := l.tx.QueryUncached(ctx, fmt.Sprintf(l.d.AfterGivenIDs, table))
		if err := sqldb.Each(rows, err, 1, func(*sqldb.Row) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// id is a number of 64 bits as protobuf writes it, a string; a number is valid, too.
type id int64

func (n *id) UnmarshalJSON(text []byte) error {
	v, err := strconv.ParseInt(string(bytes.Trim(text, `"`)), 10, 64)
	if err != nil {
		return fmt.Errorf("%s is not an integer of 64 bits", text)
	}
	*n = id(v)
	return nil
}
