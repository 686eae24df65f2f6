package schema

import (
	"fmt"
	"slices"
	"strings"
)

// ddl holds how a database declares tables and indexes.
type ddl struct {
	types [columnTypes]string
	// namedConstraints gives constraints on several columns the names that MLMD has
	// for them.
	namedConstraints bool
	// options follow the closing parenthesis of CREATE TABLE.
	options string
	// inlineIndexes declares indexes in CREATE TABLE, so that a table is never without
	// them.
	inlineIndexes bool
	// partialIndexes makes an index of a property's value omit NULL.
	partialIndexes bool
	// hiddenKeys gives a table without a primary key an invisible one. Some
	// clusters reject tables without a primary key.
	hiddenKeys bool
	// longIndex returns the method and columns of an index on text without a
	// limit. If it is nil, the whole text is indexed.
	longIndex func(columns []string) string
}

// statements returns the statements that create the tables and indexes of
// version 10, without the row that stores the version. They may be repeated.
func (d ddl) statements() []string {
	var all []string
	for _, t := range tables {
		all = append(all, d.createTable(t))
	}
	if !d.inlineIndexes {
		for _, x := range slices.Concat(indexes, extraIndexes) {
			all = append(all, d.createIndex(x))
		}
	}
	return all
}

func (d ddl) createTable(t table) string {
	var parts []string
	for _, c := range t.columns {
		parts = append(parts, strings.TrimSpace(c.name+" "+d.types[c.typ]+" "+c.rest))
	}
	if d.hiddenKeys && t.keyless() {
		parts = append(parts, rowKey+" "+hiddenKey)
	}
	if t.primary != nil {
		parts = append(parts, "PRIMARY KEY ("+strings.Join(t.primary, ", ")+")")
	}
	if t.unique != nil {
		parts = append(parts, d.constraint(t)+"UNIQUE ("+strings.Join(t.unique, ", ")+")")
	}
	if d.inlineIndexes {
		for _, x := range slices.Concat(indexes, extraIndexes) {
			if x.table == t.name {
				parts = append(parts, "INDEX "+x.name+" "+d.indexed(x))
			}
		}
	}
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (\n  %s\n)%s", t.name, strings.Join(parts, ",\n  "), d.options)
}

// The hidden primary key. Its name must not be one that MLMD may give to a
// column.
const (
	rowKey    = "mlmd_row_id"
	hiddenKey = "BIGINT NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY"
)

// keyless reports whether a table has no primary key in version 10.
func (t table) keyless() bool {
	isKey := func(c column) bool { return c.typ == autoID || c.typ == versionNumber }
	return t.primary == nil && !slices.ContainsFunc(t.columns, isKey)
}

// addKeys returns the statements that add hidden keys to existing tables.
func (d ddl) addKeys() []string {
	if !d.hiddenKeys {
		return nil
	}
	return ofKeyless("ALTER TABLE %s ADD COLUMN " + rowKey + " " + hiddenKey)
}

// dropKeys returns the statements that drop hidden keys.
func (d ddl) dropKeys() []string {
	if !d.hiddenKeys {
		return nil
	}
	return ofKeyless("ALTER TABLE %s DROP COLUMN " + rowKey)
}

func ofKeyless(statement string) []string {
	var all []string
	for _, t := range tables {
		if t.keyless() {
			all = append(all, fmt.Sprintf(statement, t.name))
		}
	}
	return all
}

func (d ddl) constraint(t table) string {
	if d.namedConstraints && t.uniqueName != "" {
		return "CONSTRAINT " + t.uniqueName + " "
	}
	return ""
}

func (d ddl) createIndex(x index) string {
	statement := fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s %s", x.name, x.table, d.indexed(x))
	if d.partialIndexes && x.sparse {
		statement += " WHERE " + x.columns[len(x.columns)-1] + " IS NOT NULL"
	}
	return statement
}

// indexed returns what an index is on.
func (d ddl) indexed(x index) string {
	if x.long && d.longIndex != nil {
		return d.longIndex(x.columns)
	}
	return "(" + strings.Join(x.columns, ", ") + ")"
}
