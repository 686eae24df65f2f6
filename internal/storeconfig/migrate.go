package storeconfig

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

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
	if m.DryRun == nil {
		steps, err = s.Migrate(ctx, db, m.Target)
	} else {
		steps, err = s.Plan(ctx, db, m.Target)
	}
	if err != nil {
		return nil, publicError(err)
	}
	if m.DryRun != nil {
		err = printSteps(m.DryRun, steps)
	}
	for _, step := range steps {
		result = append(result, S(step))
	}
	return result, err
}

func printSteps(w io.Writer, steps []schema.Step) error {
	for _, s := range steps {
		if _, err := fmt.Fprintf(w, "-- version %d to %d: %s\n", s.From, s.To, s.Title); err != nil {
			return err
		}
		for _, statement := range s.Statements {
			if _, err := fmt.Fprintf(w, "%s;\n", statement); err != nil {
				return err
			}
		}
	}
	return nil
}
