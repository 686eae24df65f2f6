package schema

import (
	"fmt"
	"slices"
	"strings"
)

// A ddl is how one database spells the tables and indexes.
type ddl struct {
	types [columnTypes]string
	// nameUnique: constraints on several columns get the names that MLMD gives.
	nameUnique bool
	// options follow the closing bracket of CREATE TABLE.
	options string
	// inline: indexes stand in CREATE TABLE, so that a table is never without.
	inline bool
	// sparse: an index of a property's value leaves NULL out.
	sparse bool
	// hidden: a table without a primary key gets one that no statement sees which
	// does not ask for it. Some clusters refuse tables without.
	hidden bool
	// longIndex is the part of an index for text without a limit: its method
	// and columns. nil indexes such text whole.
	longIndex func(columns []string) string
}

// statements are all that makes an empty database one of version 10, without
// the row that names the version. They may be repeated.
func (d ddl) statements() []string {
	var all []string
	for _, t := range tables {
		all = append(all, d.createTable(t))
	}
	if !d.inline {
		for _, x := range slices.Concat(indexes, extraIndexes) {
			all = append(all, d.createIndex(x))
		}
	}
	return all
}

func (d ddl) createTable(t table) string {
	var parts []string
	for _, c := range t.columns {
		parts = append(parts, strings.TrimSpace(c.name+" "+d.types[c.kind]+" "+c.rest))
	}
	if d.hidden && t.keyless() {
		parts = append(parts, rowKey+" "+hiddenKey)
	}
	if t.primary != nil {
		parts = append(parts, "PRIMARY KEY ("+strings.Join(t.primary, ", ")+")")
	}
	if t.unique != nil {
		parts = append(parts, d.constraint(t)+"UNIQUE ("+strings.Join(t.unique, ", ")+")")
	}
	if d.inline {
		for _, x := range slices.Concat(indexes, extraIndexes) {
			if x.table == t.name {
				parts = append(parts, "INDEX "+x.name+" "+d.indexed(x))
			}
		}
	}
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (\n  %s\n)%s", t.name, strings.Join(parts, ",\n  "), d.options)
}

// A hidden primary key. The name must not be one that MLMD may give a column.
const (
	rowKey    = "mlmd_row_id"
	hiddenKey = "BIGINT NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY"
)

// keyless reports whether version 10 gives a table no primary key.
func (t table) keyless() bool {
	return t.primary == nil && !slices.ContainsFunc(t.columns, func(c column) bool { return c.kind == autoID || c.kind == versionNumber })
}

// addKeys gives hidden keys to tables that exist, and dropKeys takes them away.
func (d ddl) addKeys() []string {
	if !d.hidden {
		return nil
	}
	return ofKeyless("ALTER TABLE %s ADD COLUMN " + rowKey + " " + hiddenKey)
}

func (d ddl) dropKeys() []string {
	if !d.hidden {
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
	if d.nameUnique && t.uniqueName != "" {
		return "CONSTRAINT " + t.uniqueName + " "
	}
	return ""
}

func (d ddl) createIndex(x index) string {
	statement := fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s %s", x.name, x.table, d.indexed(x))
	if d.sparse && x.sparse {
		statement += " WHERE " + x.columns[len(x.columns)-1] + " IS NOT NULL"
	}
	return statement
}

// indexed is what an index is on.
func (d ddl) indexed(x index) string {
	if x.long && d.longIndex != nil {
		return d.longIndex(x.columns)
	}
	return "(" + strings.Join(x.columns, ", ") + ")"
}
