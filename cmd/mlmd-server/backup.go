package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// backup copies a SQLite file. For other databases it fails with the command that
// makes a backup.
func (m *maintenance) backup(ctx context.Context) error {
	if m.db.kind != "sqlite" {
		return errors.New("backup copies files of SQLite only; for this database, run\n  " +
			m.db.backupCommand(m.file) + "\nor use mlmd-server dump, which works with all databases")
	}
	if err := sqlite.Backup(ctx, m.db.dsn, m.file); err != nil {
		return err
	}
	at, err := os.Stat(m.file)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(m.stdout, "copied %s to %s: %d bytes\n", m.db, m.file, at.Size())
	return err
}

// backupCommand returns the command that copies a database on a server to a file,
// without its password.
func (d database) backupCommand(file string) string {
	if d.kind == "postgres" {
		return "pg_dump --format=custom --file=" + quoted(file) + " --dbname=" + quoted(d.withoutPassword())
	}
	command := []string{"mariadb-dump", "--single-transaction"}
	u, err := url.Parse(d.dsn)
	if err != nil {
		return strings.Join(append(command, "DATABASE", "--result-file="+quoted(file)), " ")
	}
	if socket := u.Query().Get("socket"); socket != "" {
		command = append(command, "--socket="+quoted(socket))
	} else {
		host, port := u.Hostname(), u.Port()
		if port == "" {
			port = "3306"
		}
		command = append(command, "--protocol=tcp", "--host="+quoted(host), "--port="+port)
	}
	if name := u.User.Username(); name != "" {
		command = append(command, "--user="+quoted(name))
	}
	if _, given := u.User.Password(); given {
		command = append(command, "--password") // which asks for it
	}
	return strings.Join(append(command, "--result-file="+quoted(file), quoted(strings.Trim(u.Path, "/"))), " ")
}

// withoutPassword returns the data source of a PostgreSQL database without its
// password, which pg_dump asks for or finds in ~/.pgpass.
func (d database) withoutPassword() string {
	u := d.shownURL()
	if u == nil {
		return "DATABASE"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	return u.String()
}

// quoted returns text as one word of a shell.
func quoted(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
