package schema

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// scripts has a directory per database with two files per version: NN.up.sql
// leads from the previous version to NN, NN.down.sql leads back. The first line
// of a script is its title; a statement ends with a semicolon at the end of a
// line.
//
//go:embed migrations
var scripts embed.FS

// Kinds of errors of migrations.
var (
	ErrEmpty       = errors.New("the database is empty")
	ErrNoMigration = errors.New("there is no migration to that version")
)

// Step is a migration from a version to an adjacent one, or from the newest
// version to itself if an earlier release created tables or indexes
// differently.
type Step struct {
	From, To   int64
	Title      string   // a sentence
	Statements []string // without semicolons
}

// WithProgress returns a schema whose migrations call f before each statement, with
// its index within the step.
func (s Schema) WithProgress(f func(step Step, statement int)) Schema {
	s.progress = f
	return s
}

// Counts returns the numbers of rows of the tables of MLMD that db has, by name.
func (s Schema) Counts(ctx context.Context, db *sql.DB) (map[string]int64, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, s.openError(err)
	}
	defer conn.Close()
	found, err := s.inspect(ctx, conn)
	if err != nil {
		return nil, s.openError(err)
	}
	counts := map[string]int64{}
	for _, t := range tables {
		if found.columns[strings.ToLower(t.name)] == nil {
			continue
		}
		var n int64
		if err := conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+t.name).Scan(&n); err != nil {
			return nil, s.openError(fmt.Errorf("count the rows of %s: %w", t.name, err))
		}
		counts[t.name] = n
	}
	return counts, nil
}

// Plan returns the steps from the version of db to version to, and changes
// nothing. It returns no steps if db has that version.
func (s Schema) Plan(ctx context.Context, db *sql.DB, to int64) ([]Step, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, s.openError(err)
	}
	defer conn.Close()
	steps, err := s.plan(ctx, conn, to)
	return steps, s.openError(err)
}

// Migrate migrates db to version to and returns the steps. On SQLite and
// PostgreSQL all steps are one transaction. MySQL commits each statement:
// there, calling Migrate again finishes an interrupted migration.
//
// Migrating down loses what the older version cannot store.
func (s Schema) Migrate(ctx context.Context, db *sql.DB, to int64) ([]Step, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, s.openError(err)
	}
	defer conn.Close()
	var steps []Step
	err = s.exclusive(ctx, conn, func() error {
		if steps, err = s.plan(ctx, conn, to); err != nil {
			return err
		}
		for _, step := range steps {
			if err := s.runStep(ctx, conn, step); err != nil {
				return fmt.Errorf("migrate the schema from version %d to %d: %w", step.From, step.To, err)
			}
		}
		return s.verify(ctx, conn, to)
	})
	if err != nil {
		return nil, s.openError(err)
	}
	return steps, nil
}

func (s Schema) plan(ctx context.Context, conn *sql.Conn, to int64) ([]Step, error) {
	if to < 0 || to > Version {
		return nil, fmt.Errorf("%w: version %d is not between 0 and %d", ErrNoMigration, to, Version)
	}
	found, err := s.inspect(ctx, conn)
	if err != nil {
		return nil, err
	}
	if err := s.recognize(ctx, conn, found); err != nil {
		return nil, err
	}
	if err := s.refusalOrDamage(ctx, conn, nil); err != nil {
		return nil, err
	}
	var steps []Step
	for at := found.version; at < to; at++ {
		steps = append(steps, Step{From: at, To: at + 1})
	}
	for at := found.version; at > to; at-- {
		steps = append(steps, Step{From: at, To: at - 1})
	}
	d := s.ddl
	if s.prepare != nil {
		if err := s.prepare(ctx, conn, &d); err != nil {
			return nil, err
		}
	}
	for i := range steps {
		if err := s.loadStep(&steps[i], d); err != nil {
			return nil, err
		}
	}
	if found.version == Version && to == Version && s.outdatedObjects != nil {
		return s.renewalStep(ctx, conn)
	}
	return steps, nil
}

// Recognize returns the schema version of db, which must be an MLMD database of a
// version up to 10. It only reads.
func (s Schema) Recognize(ctx context.Context, db *sql.DB) (version int64, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return noVersion, s.openError(err)
	}
	defer conn.Close()
	found, err := s.inspect(ctx, conn)
	if err == nil {
		err = s.recognize(ctx, conn, found)
	}
	return found.version, s.openError(err)
}

func (s Schema) recognize(ctx context.Context, conn *sql.Conn, found inventory) error {
	switch {
	case found.empty():
		if err := s.checkForeign(ctx, conn); err != nil {
			return err
		}
		return ErrEmpty
	case found.rows > 1:
		return &Error{Kind: ErrVersionDamaged, Version: found.version}
	case found.version > Version:
		return &Error{Kind: ErrNewer, Version: found.version}
	case found.version == noVersion:
		return &Error{Kind: ErrIncomplete, Version: noVersion, Missing: found.missing()}
	}
	return nil
}

// renewalStep returns the step from the newest version to itself.
func (s Schema) renewalStep(ctx context.Context, conn *sql.Conn) ([]Step, error) {
	statements, err := s.outdatedObjects(ctx, conn)
	if err != nil || len(statements) == 0 {
		return nil, err
	}
	return []Step{{
		From: Version, To: Version, Statements: statements,
		Title: "Tables and indexes become what this release gives to new databases.",
	}}, nil
}

// loadStep fills in a step from its script.
func (s Schema) loadStep(step *Step, d ddl) error {
	name := fmt.Sprintf("migrations/%s/%02d.up.sql", s.scripts, step.To)
	if step.To < step.From {
		name = fmt.Sprintf("migrations/%s/%02d.down.sql", s.scripts, step.From)
	}
	script, err := scripts.ReadFile(name)
	if err != nil {
		return fmt.Errorf("%w: from version %d to %d", ErrNoMigration, step.From, step.To)
	}
	title, body, _ := strings.Cut(string(script), "\n")
	step.Title = strings.TrimPrefix(title, "-- ")
	step.Statements = splitScript(body)
	switch int64(Version) {
	case step.To:
		step.Statements = slices.Concat(step.Statements, d.addExtra(), d.addKeys())
	case step.From:
		step.Statements = slices.Concat(d.dropKeys(), d.dropExtra(), step.Statements)
	}
	if step.To > 0 {
		step.Statements = append(step.Statements, fmt.Sprintf("UPDATE MLMDEnv SET schema_version = %d", step.To))
	}
	return nil
}

// splitScript returns the statements of a script without comments.
func splitScript(script string) []string {
	var kept []string
	for line := range strings.Lines(script) {
		if !strings.HasPrefix(line, "--") {
			kept = append(kept, line)
		}
	}
	var statements []string
	for statement := range strings.SplitSeq(strings.Join(kept, ""), ";\n") {
		if statement = strings.TrimSpace(statement); statement != "" {
			statements = append(statements, statement)
		}
	}
	return statements
}

func (s Schema) runStep(ctx context.Context, conn *sql.Conn, step Step) error {
	for i, statement := range step.Statements {
		if s.progress != nil {
			s.progress(step, i)
		}
		if err := s.alter(ctx, conn, statement); err != nil {
			first, _, _ := strings.Cut(statement, "\n")
			return fmt.Errorf("%s …: %w", first, err)
		}
	}
	return nil
}

// alter runs a statement that an earlier attempt may have run already. An ALTER
// TABLE with several changes takes effect completely or not at all. If one of
// its changes exists already, for example because it was made by hand, the
// others are made one by one.
func (s Schema) alter(ctx context.Context, conn *sql.Conn, statement string) error {
	_, err := conn.ExecContext(ctx, statement)
	if err == nil || s.isDuplicate == nil || !s.isDuplicate(err) {
		return err
	}
	parts := splitAlter(statement)
	if len(parts) == 1 {
		return nil
	}
	for _, part := range parts {
		if _, err := conn.ExecContext(ctx, part); err != nil && !s.isDuplicate(err) {
			return err
		}
	}
	return nil
}

// splitAlter returns a statement for each change of an ALTER TABLE. In the
// scripts each change is on its own line.
func splitAlter(statement string) []string {
	first, rest, several := strings.Cut(statement, "\n")
	if !several || !strings.HasPrefix(first, "ALTER TABLE ") {
		return []string{statement}
	}
	var parts []string
	for change := range strings.SplitSeq(rest, ",\n") {
		parts = append(parts, first+" "+strings.TrimSpace(change))
	}
	return parts
}

// verify checks the tables after the last step, so that an incomplete script
// is not committed.
func (s Schema) verify(ctx context.Context, conn *sql.Conn, to int64) error {
	found, err := s.inspect(ctx, conn)
	if err != nil {
		return err
	}
	if found.version != to {
		return fmt.Errorf("migrate the schema: version is %d and not %d", found.version, to)
	}
	if to == Version {
		return s.checkUsable(found)
	}
	return nil
}
