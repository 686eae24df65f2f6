package store

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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
		return nil, s.maintenanceError(ctx, err)
	}
	r := &Report{Findings: found.Findings, Warnings: found.Warnings}
	for _, c := range found.Counts {
		r.Counts = append(r.Counts, Count(c))
	}
	return r, nil
}

// Dump writes the content of the store to w as lines of JSON, all in one state of it,
// while other clients may write. It needs little memory, whatever the size of the
// store. Equal stores have equal dumps, in databases of all kinds.
//
// The first line is {"mlmd_dump":{"format":1,"schema_version":10}}, the last one
// {"end":{"lines":"N"}} with the number of lines before it. Each line in between has
// one member: artifact_type, execution_type, context_type, parent_type, artifact,
// execution, context, parent_context, event, association or attribution. Its members
// are those of the message of MLMD, as JSON has them, with the names of the .proto
// file; but a proto_value has type_url and value, and a struct that JSON cannot hold
// is struct_bytes. Dump fails for a stored value that cannot be read; see
// [Store.Verify].
func (s *Store) Dump(ctx context.Context, w io.Writer) error {
	return s.maintenanceError(ctx, maintain.Dump(ctx, s.inner().Engine().DB(), w))
}

// Load stores what [Store.Dump] has written, with the same IDs and times. The store
// must be empty. All of it is stored in one transaction, or nothing; an error in the
// dump is reported with the number of its line. Other clients must not use the store
// meanwhile.
func (s *Store) Load(ctx context.Context, r io.Reader) error {
	err := s.maintenanceError(ctx, maintain.Load(ctx, s.inner().Engine().DB(), r))
	s.inner().Engine().Forget()
	return err
}

// maintenanceError returns the error of a dump as it is, and that of the database as
// its status.
func (s *Store) maintenanceError(ctx context.Context, err error) error {
	var line *maintain.LineError
	var stream *maintain.StreamError
	switch {
	case errors.As(err, &line):
		return status.Error(codes.InvalidArgument, line.Error())
	case errors.As(err, &stream):
		return stream.Err
	}
	return s.inner().Engine().Status(ctx, err)
}
