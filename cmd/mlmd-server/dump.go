package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mlmd-go/sdk/internal/newfile"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// dump writes the database to a new file, or to standard output.
func (m *maintenance) dump(ctx context.Context) (err error) {
	st, err := m.openOnce(ctx, m.log)
	if err != nil {
		return fmt.Errorf("cannot dump the database %s: %w", m.db, err)
	}
	defer st.Close()
	if m.file == "" || m.file == "-" {
		err = st.Dump(ctx, m.stdout)
	} else {
		err = newfile.Make(m.file, func(name string) error {
			f, err := os.OpenFile(name, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			return errors.Join(st.Dump(ctx, f), f.Close())
		})
	}
	if err != nil {
		return fmt.Errorf("cannot dump the database %s: %w", m.db, err)
	}
	return nil
}

// load stores a dump in an empty database. If that fails, it removes a file of SQLite
// that it has made.
func (m *maintenance) load(ctx context.Context) (err error) {
	var in io.Reader = os.Stdin
	if m.file != "" && m.file != "-" {
		f, err := os.Open(m.file)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	created := m.db.kind == "sqlite" && !sqlite.Exists(m.db.dsn)
	st, err := m.openOnce(ctx, m.log)
	if err == nil {
		err = errors.Join(st.Load(ctx, in), st.Close())
	}
	if err == nil {
		_, err = fmt.Fprintf(m.stdout, "loaded into %s\n", m.db)
		return err
	}
	if created {
		err = errors.Join(err, sqlite.Remove(m.db.dsn))
	}
	return fmt.Errorf("cannot load into the database %s: %w", m.db, err)
}
