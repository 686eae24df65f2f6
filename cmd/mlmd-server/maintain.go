package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/pflag"

	"github.com/mlmd-go/sdk/pkg/store"
)

// A subcommand works on a database and ends. It takes the flags of the server, of
// which it uses those that name the database.
type subcommand struct {
	help     string
	file     string                             // "FILE", "[FILE]", or empty if it takes no argument
	define   func(*maintenance, *pflag.FlagSet) // flags of its own; may be nil
	run      func(*maintenance, context.Context) error
	readOnly bool // opens the database for reading only
}

// A maintenance is one run of a subcommand.
type maintenance struct {
	*plan
	file           string // its argument; empty if it has none
	dryRun         bool
	to             int64
	stdout, stderr io.Writer
	log            *slog.Logger
}

var subcommands = map[string]subcommand{
	"backup": {
		help: "copies the database to a new file, while a server may use it.\n" +
			"For PostgreSQL and MySQL, it prints the command that does so, and fails.",
		file: "FILE", run: (*maintenance).backup, readOnly: true,
	},
	"verify": {
		help: "checks the files of the database, and that its rows refer to rows that\n" +
			"exist. It changes nothing, and its exit code is 1 if something is wrong.",
		run: (*maintenance).verify, readOnly: true,
	},
	"migrate": {
		help: "converts the schema of the database to another version. Make a backup first, and\n" +
			"let nothing else use the database meanwhile.",
		define: func(m *maintenance, s *pflag.FlagSet) {
			s.BoolVar(&m.dryRun, "dry_run", false, "print the statements and how many rows their tables have, "+
				"and change nothing")
			s.Int64Var(&m.to, "to_version", store.SchemaVersion, "version of the schema; a lower one loses what it cannot store")
		},
		run: (*maintenance).migrate,
	},
	"dump": {
		help: "writes the content of the database as lines of JSON to a new file, or to\n" +
			"standard output. All of it is read in one state, while a server may use it.",
		file: "[FILE]", run: (*maintenance).dump, readOnly: true,
	},
	"load": {
		help: "stores a dump, from a file or from standard input, in an empty database of\n" +
			"any kind, all of it or nothing. A missing database is created.",
		file: "[FILE]", run: (*maintenance).load,
	},
}

// maintain runs a subcommand. It returns the flags for their format of the log.
func (s subcommand) maintain(
	ctx context.Context, name string, args []string, stdout, stderr io.Writer,
) (*flags, error) {
	m := &maintenance{stdout: stdout, stderr: stderr}
	own := pflag.NewFlagSet(name, pflag.ContinueOnError)
	if s.define != nil {
		s.define(m, own)
	}
	f := &flags{subcommand: name, own: own}
	if err := f.parse(args); err != nil {
		return f, err
	}
	if f.help {
		return f, s.usage(name, own, stdout)
	}
	switch {
	case len(f.args) > 1 || len(f.args) == 1 && s.file == "":
		return f, usagef("%s: too many arguments: see mlmd-server %s --help", name, name)
	case len(f.args) == 0 && s.file == "FILE":
		return f, usagef("%s: the name of the file to write is missing: see mlmd-server %s --help", name, name)
	case len(f.args) == 1:
		m.file = f.args[0]
	}
	var err error
	if m.log, err = f.logger(stderr); err != nil {
		return f, err
	}
	m.plan = &plan{}
	if _, err := f.planDatabase(os.ReadFile, m.plan); err != nil {
		return f, err
	}
	for _, w := range m.warnings {
		m.log.Warn(w)
	}
	if m.db == memory {
		return f, usagef("%s requires a database that exists, not one in memory: name it with --db", name)
	}
	m.db.readOnly = m.db.readOnly || s.readOnly
	return f, s.run(m, ctx)
}

func (s subcommand) usage(name string, own *pflag.FlagSet, w io.Writer) error {
	text := fmt.Sprintf("mlmd-server %s --db DATABASE %s\n\n%s %s\n", name, s.file, name, s.help)
	if own.HasFlags() {
		text += "\n" + own.FlagUsagesWrapped(110)
	}
	_, err := fmt.Fprintf(w, "%s\nThe database is named as for the server: see mlmd-server --help.\n", text)
	return err
}

// isSubcommand reports whether the arguments begin with the name of a subcommand.
func isSubcommand(args []string) bool {
	if len(args) == 0 {
		return false
	}
	_, ok := subcommands[args[0]]
	return ok
}

// verify prints a report on the database.
func (m *maintenance) verify(ctx context.Context) error {
	st, err := m.openOnce(ctx, m.log)
	if err != nil {
		return fmt.Errorf("cannot verify the database %s: %w", m.db, err)
	}
	defer st.Close()
	report, err := st.Verify(ctx)
	if err != nil {
		return fmt.Errorf("cannot verify the database %s: %w", m.db, err)
	}
	p := printer{w: m.stdout}
	p.printf("database %s: MLMD schema of version %d\n", m.db, store.SchemaVersion)
	for _, c := range report.Counts {
		p.printf("%12d %s\n", c.Rows, c.Table)
	}
	for _, text := range report.Warnings {
		p.printf("warning: %s\n", text)
	}
	for _, text := range report.Findings {
		p.printf("found: %s\n", text)
	}
	if n := len(report.Findings); n > 0 {
		return fmt.Errorf("the database %s is not sound: %d findings, which are on standard output: "+
			"keep a copy of it, and restore a backup or correct the rows", m.db, n)
	}
	p.printf("the database is sound\n")
	return p.err
}

// A printer prints until an error occurs.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}
