package store

import (
	"context"

	"github.com/mlmd-go/sdk/internal/maintain"
)

// A Report describes the content of a database.
type Report struct {
	Counts []Count
	// Findings are damaged files and values, and rows that refer to rows that do
	// not exist. The database is sound if it has none.
	Findings []string
	// Warnings are what some programs leave behind without harm, such as types that
	// are stored twice.
	Warnings []string
}

// A Count is the number of rows of a table.
type Count struct {
	Table string
	Rows  int64
}

// Verify reads the whole database and reports what is wrong with it. It changes
// nothing. All of it is read in one state, while other clients may write. The error
// reports that the database could not be read.
func (s *Store) Verify(ctx context.Context) (*Report, error) {
	found, err := maintain.Verify(ctx, s.inner().Engine().DB())
	if err != nil {
		return nil, s.inner().Engine().Status(ctx, err)
	}
	r := &Report{Findings: found.Findings, Warnings: found.Warnings}
	for _, c := range found.Counts {
		r.Counts = append(r.Counts, Count(c))
	}
	return r, nil
}
