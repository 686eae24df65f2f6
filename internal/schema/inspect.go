package schema

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
)

// noVersion stands for a database without a schema version.
const noVersion = -1

// inventory is what a database has of the MLMD schema. Names are in lower case,
// because PostgreSQL folds them and SQLite ignores case.
type inventory struct {
	columns map[string]map[string]bool // by existing table
	version int64
	rows    int // of MLMDEnv, at most one if not damaged
}

func (f inventory) empty() bool               { return len(f.columns) == 0 }
func (f inventory) has(t, column string) bool { return f.columns[strings.ToLower(t)][column] }

// inspect reads the database's catalog. It does not try the tables, so a
// failing statement is never mistaken for a missing table.
func (s Schema) inspect(ctx context.Context, conn *sql.Conn) (inventory, error) {
	found := inventory{columns: map[string]map[string]bool{}, version: noVersion}
	rows, err := conn.QueryContext(ctx, s.catalog)
	if err != nil {
		return found, fmt.Errorf("read the catalog: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return found, fmt.Errorf("read the catalog: %w", err)
		}
		table = strings.ToLower(table)
		if found.columns[table] == nil {
			found.columns[table] = map[string]bool{}
		}
		found.columns[table][strings.ToLower(column)] = true
	}
	if err := rows.Err(); err != nil {
		return found, fmt.Errorf("read the catalog: %w", err)
	}
	if err := rows.Close(); err != nil {
		return found, fmt.Errorf("read the catalog: %w", err)
	}
	switch {
	case found.has("MLMDEnv", "schema_version"):
		err = found.readVersion(ctx, conn)
	case found.has("Type", "is_artifact_type"):
		found.version = 0 // the first releases had no MLMDEnv
	}
	return found, err
}

func (f *inventory) readVersion(ctx context.Context, conn *sql.Conn) error {
	rows, err := conn.QueryContext(ctx, "SELECT schema_version FROM MLMDEnv LIMIT 2")
	if err != nil {
		return fmt.Errorf("read the schema version: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		f.rows++
		if err := rows.Scan(&f.version); err != nil {
			return fmt.Errorf("read the schema version: %w", err)
		}
	}
	return rows.Err()
}

// checkUsable returns an error unless found is a complete database of version 10.
func (s Schema) checkUsable(found inventory) error {
	switch {
	case found.rows > 1:
		return &Error{Kind: ErrVersionDamaged, Version: found.version}
	case found.version > Version:
		return &Error{Kind: ErrNewer, Version: found.version}
	case found.version != noVersion && found.version < Version:
		return &Error{Kind: ErrOlder, Version: found.version, Command: s.command}
	}
	missing := found.missing()
	if found.version == noVersion && len(missing) == 0 {
		return &Error{Kind: ErrVersionDamaged, Version: noVersion}
	}
	if len(missing) > 0 {
		return &Error{Kind: ErrIncomplete, Version: found.version, Missing: missing}
	}
	return nil
}

// checkForeign returns an error for a database without MLMD's tables that belongs to
// another application.
func (s Schema) checkForeign(ctx context.Context, conn *sql.Conn) error {
	if s.foreignObjects == nil {
		return nil
	}
	found, err := s.foreignObjects(ctx, conn)
	if err == nil && len(found) > 0 {
		err = &Error{Kind: ErrForeign, Version: noVersion, Foreign: found}
	}
	return err
}

// refusalOrDamage returns refusal, or a damage error if the database is damaged,
// which may be why its catalog is not as expected.
func (s Schema) refusalOrDamage(ctx context.Context, conn *sql.Conn, refusal error) error {
	if s.checkIntegrity == nil {
		return refusal
	}
	sound, err := s.checkIntegrity(ctx, conn)
	if err != nil {
		return err
	}
	if !sound {
		return &Error{Kind: ErrDamaged, Version: noVersion, Command: s.recovery, Err: refusal}
	}
	return refusal
}

// missing returns the tables, and the columns of existing tables, that version
// 10 has and found lacks.
func (f inventory) missing() []string {
	var names []string
	for _, t := range tables {
		columns, exists := f.columns[strings.ToLower(t.name)]
		if !exists {
			names = append(names, t.name)
			continue
		}
		for _, c := range t.columns {
			if !columns[c.name] {
				names = append(names, t.name+"."+c.name)
			}
		}
	}
	return names
}

// checkResumable returns nil if found is an unfinished creation: the existing tables
// are complete and contain system types only. Otherwise it returns refusal.
func (s Schema) checkResumable(ctx context.Context, conn *sql.Conn, found inventory, refusal error) error {
	for _, t := range tables {
		columns, exists := found.columns[strings.ToLower(t.name)]
		if !exists {
			continue
		}
		whole := len(t.columns)
		if columns[rowKey] {
			whole++
		}
		if len(columns) != whole {
			return refusal
		}
		for _, c := range t.columns {
			if !columns[c.name] {
				return refusal
			}
		}
		empty := "SELECT COUNT(*) FROM (SELECT 1 FROM " + t.name + " LIMIT 1) t"
		if t.name == "Type" {
			empty = "SELECT COUNT(*) FROM Type WHERE NOT (" + systemTypeCondition() + ")"
		}
		var others int
		if err := conn.QueryRowContext(ctx, empty).Scan(&others); err != nil {
			return fmt.Errorf("look into table %s: %w", t.name, err)
		}
		if others > 0 {
			return refusal
		}
	}
	return nil
}

// discard closes conn and keeps it from being reused.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}

// quotedNames returns the names of all tables in lower case, as a list for IN.
func quotedNames() string {
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = "'" + strings.ToLower(t.name) + "'"
	}
	return strings.Join(names, ", ")
}
