package schema

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/internal/typekind"
)

// systemType is a type that every MLMD database has.
type systemType struct {
	id   int64 // in a database that was created at version 10
	kind typekind.Kind
	name string
}

// systemTypes have no version, properties or description. In a database that
// was upgraded they have other IDs.
var systemTypes = []systemType{
	{1, typekind.Artifact, "mlmd.Dataset"},
	{2, typekind.Artifact, "mlmd.Model"},
	{3, typekind.Artifact, "mlmd.Metrics"},
	{4, typekind.Artifact, "mlmd.Statistics"},
	{5, typekind.Execution, "mlmd.Train"},
	{6, typekind.Execution, "mlmd.Transform"},
	{7, typekind.Execution, "mlmd.Process"},
	{8, typekind.Execution, "mlmd.Evaluate"},
	{9, typekind.Execution, "mlmd.Deploy"},
}

// IsSystemType reports whether a type has the name of a system type.
func IsSystemType(name string) bool {
	return slices.ContainsFunc(systemTypes, func(s systemType) bool { return s.name == name })
}

// systemTypeCondition returns the condition that a row of Type is a system type of a
// new database.
func systemTypeCondition() string {
	all := make([]string, len(systemTypes))
	for i, t := range systemTypes {
		all[i] = fmt.Sprintf("id = %d AND name = '%s' AND type_kind = %d", t.id, t.name, t.kind)
	}
	return strings.Join(all, " OR ")
}

// missingSystemTypes returns the system types that the database lacks.
func missingSystemTypes(ctx context.Context, conn *sql.Conn) ([]systemType, error) {
	rows, err := conn.QueryContext(ctx, "SELECT type_kind, name FROM Type"+
		" WHERE type_kind IN (0, 1) AND version IS NULL AND name LIKE 'mlmd.%'")
	if err != nil {
		return nil, fmt.Errorf("read the system types: %w", err)
	}
	defer rows.Close()
	stored := map[systemType]bool{}
	for rows.Next() {
		var t systemType
		if err := rows.Scan(&t.kind, &t.name); err != nil {
			return nil, fmt.Errorf("read the system types: %w", err)
		}
		stored[t] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the system types: %w", err)
	}
	var missing []systemType
	for _, t := range systemTypes {
		if !stored[systemType{kind: t.kind, name: t.name}] {
			missing = append(missing, t)
		}
	}
	return missing, nil
}

// insertSystemTypes inserts types, in order, by one statement.
func insertSystemTypes(ctx context.Context, conn *sql.Conn, types []systemType, withID bool) error {
	if len(types) == 0 {
		return nil
	}
	columns := "name, type_kind"
	if withID {
		columns = "id, " + columns
	}
	values := make([]string, len(types))
	for i, t := range types {
		values[i] = fmt.Sprintf("('%s', %d)", t.name, t.kind)
		if withID {
			values[i] = fmt.Sprintf("(%d, '%s', %d)", t.id, t.name, t.kind)
		}
	}
	_, err := conn.ExecContext(ctx, "INSERT INTO Type ("+columns+") VALUES "+strings.Join(values, ", "))
	if err != nil {
		return fmt.Errorf("add the system types: %w", err)
	}
	return nil
}
