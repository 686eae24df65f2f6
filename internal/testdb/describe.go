package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Describe returns the columns and indexes of a database as sorted lines, without the
// order of columns and collations, to compare databases. The dialect is "sqlite",
// "postgres" or "mysql".
func Describe(ctx context.Context, db *sql.DB, dialect string) ([]string, error) {
	statements, ok := descriptions[dialect]
	if !ok {
		return nil, fmt.Errorf("no database %q", dialect)
	}
	var lines []string
	for _, statement := range statements {
		found, err := texts(ctx, db, statement)
		if err != nil {
			return nil, err
		}
		lines = append(lines, found...)
	}
	for i, line := range lines {
		lines[i] = displayWidth.ReplaceAllString(line, " $1")
	}
	slices.Sort(lines)
	return lines, nil
}

// displayWidth matches the display width of integer types, which MariaDB and old MySQL
// show and which has no effect.
var displayWidth = regexp.MustCompile(` ((?:big)?int)\(\d+\)`)

// descriptions are queries that return lines.
var descriptions = map[string][]string{
	"sqlite": {
		`SELECT 'column ' || t.name || '.' || c.name || ' ' || c.type || CASE WHEN c."notnull" THEN ' not null' ELSE '' END ||
			COALESCE(' default ' || c.dflt_value, '') || CASE WHEN c.pk > 0 THEN ' primary ' || c.pk ELSE '' END
		 FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`,
		`SELECT 'index ' || t.name || '.' || i.name || CASE WHEN i."unique" THEN ' unique' ELSE '' END ||
			CASE WHEN i.partial THEN ' partial' ELSE '' END || ' on ' ||
			(SELECT group_concat(c.name) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) c)
		 FROM sqlite_master t JOIN pragma_index_list(t.name) i WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`,
	},
	"mysql": {
		`SELECT CONCAT('column ', table_name, '.', column_name, ' ', column_type, IF(is_nullable = 'NO', ' not null', ''),
			COALESCE(CONCAT(' default ', NULLIF(column_default, 'NULL')), ''), IF(extra = '', '', CONCAT(' ', extra)))
		 FROM information_schema.columns WHERE table_schema = DATABASE()`,
		`SELECT CONCAT('index ', table_name, '.', index_name, IF(non_unique, '', ' unique'), ' on ',
			GROUP_CONCAT(CONCAT(column_name, COALESCE(CONCAT('(', sub_part, ')'), '')) ORDER BY seq_in_index))
		 FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name, non_unique`,
	},
	"postgres": {
		`SELECT concat('column ', table_name, '.', column_name, ' ', data_type, '(' || character_maximum_length || ')',
			CASE is_nullable WHEN 'NO' THEN ' not null' END, ' default ' || column_default)
		 FROM information_schema.columns WHERE table_schema = current_schema()`,
		`SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = current_schema()`,
	},
}

func texts(ctx context.Context, db *sql.DB, statement string) ([]string, error) {
	rows, err := db.QueryContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

// Rows returns the rows of a table as sorted lines of column=value, with the given
// columns or, for nil, all.
func Rows(ctx context.Context, db *sql.DB, table string, columns []string) ([]string, error) {
	what := "*"
	if columns != nil {
		what = strings.Join(columns, ", ")
	}
	rows, err := db.QueryContext(ctx, "SELECT "+what+" FROM "+table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all []string
	for rows.Next() {
		values, targets := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		fields := make([]string, len(names))
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			fields[i] = fmt.Sprintf("%s=%v", names[i], v)
		}
		slices.Sort(fields)
		all = append(all, strings.Join(fields, " "))
	}
	slices.Sort(all)
	return all, rows.Err()
}
