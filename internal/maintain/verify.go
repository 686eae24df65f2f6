// Package maintain checks, dumps and loads the content of MLMD databases. It reads
// and writes rows directly, so that it is as fast as the database, and sees what
// RPCs hide.
package maintain

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// A Count is the number of rows of a table.
type Count struct {
	Table string
	Rows  int64
}

// A Report is what Verify found.
type Report struct {
	Counts   []Count
	Findings []string // damage, and rows that refer to rows that do not exist
	Warnings []string // what some programs leave behind and the service copes with
}

// nodeTables are the tables of nodes, with the kind of their types and the table and
// column of their properties.
var nodeTables = []struct {
	table, properties, owner string
	kind                     typekind.Kind
}{
	{"Artifact", "ArtifactProperty", "artifact_id", typekind.Artifact},
	{"Execution", "ExecutionProperty", "execution_id", typekind.Execution},
	{"Context", "ContextProperty", "context_id", typekind.Context},
}

// tables are all tables that hold content.
var tables = []string{
	"Type", "TypeProperty", "ParentType", "Artifact", "ArtifactProperty", "Execution", "ExecutionProperty", "Context",
	"ContextProperty", "Event", "EventPath", "Association", "Attribution", "ParentContext",
}

// references are the columns that refer to the ID of another table.
var references = []struct{ table, column, to string }{
	{"TypeProperty", "type_id", "Type"},
	{"ParentType", "type_id", "Type"},
	{"ParentType", "parent_type_id", "Type"},
	{"ArtifactProperty", "artifact_id", "Artifact"},
	{"ExecutionProperty", "execution_id", "Execution"},
	{"ContextProperty", "context_id", "Context"},
	{"Event", "artifact_id", "Artifact"},
	{"Event", "execution_id", "Execution"},
	{"EventPath", "event_id", "Event"},
	{"Association", "context_id", "Context"},
	{"Association", "execution_id", "Execution"},
	{"Attribution", "context_id", "Context"},
	{"Attribution", "artifact_id", "Artifact"},
	{"ParentContext", "context_id", "Context"},
	{"ParentContext", "parent_context_id", "Context"},
}

// Verify checks the files, the references and the values of a database, in one state of it. It
// changes nothing. An error means that the check itself failed.
func Verify(ctx context.Context, db *sqldb.DB) (*Report, error) {
	var report *Report
	err := db.Snapshot(ctx, func(ctx context.Context, c *sqldb.Conn) error {
		v := &verification{conn: c, report: new(Report)}
		report = v.report
		return v.run(ctx)
	})
	return report, err
}

// A verification is one run of Verify.
type verification struct {
	conn   *sqldb.Conn
	report *Report
}

func (v *verification) found(format string, args ...any) {
	v.report.Findings = append(v.report.Findings, fmt.Sprintf(format, args...))
}

func (v *verification) run(ctx context.Context) error {
	for _, check := range []func(context.Context) error{
		v.integrity, v.counts, v.types, v.references, v.values, v.duplicates,
	} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// query calls use for each row of a query with n columns.
func (v *verification) query(ctx context.Context, n int, use func(*sqldb.Row), text string, args ...any) error {
	rows, err := v.conn.QueryUncached(ctx, text, args...)
	return sqldb.Each(rows, err, n, func(r *sqldb.Row) error {
		use(r)
		return nil
	})
}

func (v *verification) integrity(ctx context.Context) error {
	text := v.conn.Dialect().IntegrityQuery
	if text == "" {
		return nil
	}
	return v.query(ctx, 1, func(r *sqldb.Row) {
		if problem := r.Text(0); problem != "ok" {
			v.found("damage: %s", problem)
		}
	}, text)
}

func (v *verification) counts(ctx context.Context) error {
	for _, table := range tables {
		err := v.query(ctx, 1, func(r *sqldb.Row) {
			v.report.Counts = append(v.report.Counts, Count{table, r.Int(0)})
		}, "SELECT COUNT(*) FROM "+table)
		if err != nil {
			return err
		}
	}
	return nil
}

// types looks for nodes whose type does not exist, or is of another kind.
func (v *verification) types(ctx context.Context) error {
	for _, k := range nodeTables {
		err := v.query(ctx, 2, func(r *sqldb.Row) {
			if n := r.Int(0); n > 0 {
				v.found("%s.type_id: %d rows have a type that does not exist, or that is of another kind; the first is "+
					"that with the ID %d", k.table, n, r.Int(1))
			}
		}, "SELECT COUNT(*), MIN(n.id) FROM "+k.table+" n LEFT JOIN Type t ON t.id = n.type_id AND t.type_kind = ?"+
			" WHERE t.id IS NULL", int64(k.kind))
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *verification) references(ctx context.Context) error {
	for _, ref := range references {
		err := v.query(ctx, 2, func(r *sqldb.Row) {
			if n := r.Int(0); n > 0 {
				v.found("%s.%s: %d rows refer to a row of %s that does not exist; the lowest ID is %d",
					ref.table, ref.column, n, ref.to, r.Int(1))
			}
		}, "SELECT COUNT(*), MIN(c."+ref.column+") FROM "+ref.table+" c LEFT JOIN "+ref.to+" p ON p.id = c."+ref.column+
			" WHERE p.id IS NULL")
		if err != nil {
			return err
		}
	}
	return nil
}

// maxUnreadable limits the findings about single rows.
const maxUnreadable = 20

// values looks for rows that cannot be read, by a dump that is not kept.
func (v *verification) values(ctx context.Context) error {
	unreadable := 0
	d := &dumper{conn: v.conn, w: bufio.NewWriter(io.Discard), damaged: func(text string) error {
		if unreadable++; unreadable <= maxUnreadable {
			v.found("unreadable: %s", text)
		}
		return nil
	}}
	jobs, err := d.jobs(ctx)
	for i := 0; i < len(jobs) && err == nil; i++ {
		err = jobs[i](ctx, d)
	}
	if err != nil {
		return err
	}
	if more := unreadable - maxUnreadable; more > 0 {
		v.found("unreadable: %d further rows", more)
	}
	return nil
}

// duplicates looks for types that concurrent programs have stored twice. The service
// uses the older one.
func (v *verification) duplicates(ctx context.Context) error {
	return v.query(ctx, 3, func(r *sqldb.Row) {
		v.report.Warnings = append(v.report.Warnings,
			fmt.Sprintf("Type: %d types have the name %q and the same version", r.Int(2), r.Text(0)))
	}, "SELECT name, type_kind, COUNT(*) FROM Type GROUP BY name, type_kind, version HAVING COUNT(*) > 1 ORDER BY name")
}
