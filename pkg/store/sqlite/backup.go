package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"github.com/mlmd-go/sdk/internal/newfile"
	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/sqlitedriver"
)

// backupPages is the number of pages that Backup copies before it looks at its
// context.
const backupPages = 1000

// Backup copies the database in the file path to a new file, target, which only its
// owner can read. Other processes may use the database meanwhile: the copy has all
// that was committed when Backup was called, and of later transactions each
// completely or not at all. Path is as for [Open], and the schema may be of an older
// version.
//
// The copy is checked before it gets its name. If Backup fails, target does not
// exist. It never replaces a file.
func Backup(ctx context.Context, path, target string) error {
	at, err := locate(path)
	switch {
	case err != nil:
		return err
	case at.file == "":
		return fmt.Errorf("sqlite: back up %s: only databases in files can be copied", path)
	}
	at.mode = "ro"
	err = newfile.Make(target, func(name string) error {
		if err := at.copyTo(ctx, name); err != nil {
			return err
		}
		if err := finishCopy(ctx, name); err != nil {
			return fmt.Errorf("check the copy: %w", err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sqlite: back up %s: %w%s", path, err, at.hint(err))
	}
	return nil
}

// copyTo copies the database to an empty file.
func (l *location) copyTo(ctx context.Context, name string) (err error) {
	pragmas := []string{"busy_timeout = 10000"}
	db := l.handle(connector{pragmas: pragmas})
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := schema.SQLite().Recognize(ctx, db); err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// A transaction that lasts until the end makes all steps copy the same state.
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	defer func() {
		_, ended := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		err = errors.Join(err, ended)
	}()
	var n int
	if err := conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master").Scan(&n); err != nil {
		return err
	}
	return conn.Raw(func(c any) error {
		return c.(*sqlitedriver.Conn).CopyTo(ctx, fileURI(name)+"?mode=rw", backupPages)
	})
}

func fileURI(name string) string { return "file:" + (&url.URL{Path: name}).EscapedPath() }

// finishCopy makes the copy a single file, without a write-ahead log, and returns an
// error unless it is a sound database.
func finishCopy(ctx context.Context, name string) (err error) {
	db := sql.OpenDB(sqlitedriver.NewConnector(fileURI(name) + "?mode=rw"))
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "PRAGMA journal_mode = DELETE"); err != nil {
		return err
	}
	_, err = schema.SQLite().Plan(ctx, db, schema.Version)
	return err
}
