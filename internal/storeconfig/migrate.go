package storeconfig

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/mlmd-go/sdk/internal/schema"
)

// Migrate migrates the schema of the database that open connects to, and returns
// the steps. S is store.Step.
func Migrate[S ~struct {
	From, To   int64
	Title      string
	Statements []string
}, O ~func(*Migration)](
	ctx context.Context, s schema.Schema, open func(context.Context) (*sql.DB, error), opts []O,
) (result []S, err error) {
	m := newMigration(opts)
	db, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var steps []schema.Step
	var rows map[string]int64
	if m.DryRun == nil {
		steps, err = s.WithProgress(m.Progress).Migrate(ctx, db, m.Target)
	} else if steps, err = s.Plan(ctx, db, m.Target); err == nil {
		rows, err = s.Counts(ctx, db)
	}
	if err != nil {
		return nil, publicError(err)
	}
	if m.DryRun != nil {
		err = printSteps(m.DryRun, steps, rows)
	}
	for _, step := range steps {
		result = append(result, S(step))
	}
	return result, err
}

// printSteps prints steps with their statements, and before a statement on a table
// that exists now, how many rows it has.
func printSteps(w io.Writer, steps []schema.Step, rows map[string]int64) error {
	for _, s := range steps {
		if _, err := fmt.Fprintf(w, "-- version %d to %d: %s\n", s.From, s.To, s.Title); err != nil {
			return err
		}
		for _, statement := range s.Statements {
			if table := tableOf(statement, rows); table != "" {
				if _, err := fmt.Fprintf(w, "-- %d rows of %s now\n", rows[table], table); err != nil {
					return err
				}
			}
			if _, err := fmt.Fprintf(w, "%s;\n", statement); err != nil {
				return err
			}
		}
	}
	return nil
}

// tableOf returns the first table of rows that a statement names.
func tableOf(statement string, rows map[string]int64) string {
	other := func(r rune) bool { return !unicode.IsLetter(r) && r != '_' }
	for _, word := range strings.FieldsFunc(statement, other) {
		if _, ok := rows[word]; ok {
			return word
		}
	}
	return ""
}
