package value

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Unreadable holds the stored values of an entity that do not match its schema, by
// the JSON name of the field, or by the path of a part of it: "finishedAt",
// "columns[1].unit". It is nil for nearly every entity.
//
// An unreadable field is unset, and an unreadable part is missing. A write that
// includes the entry and does not change the field keeps the stored value. A write
// that sets or clears the field replaces it.
type Unreadable map[string]Unread

// An Unread is a stored value that cannot be read.
type Unread struct {
	Stored string // text unchanged, an object or a list as JSON; empty if missing
	Why    string // such as "is not a time"
}

// Has reports whether u has an entry for the field or a part of it.
func (u Unreadable) Has(field string) bool {
	for path := range u {
		rest, ok := strings.CutPrefix(path, field)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

// String returns u in human-readable form on one line, sorted by path.
func (u Unreadable) String() string {
	lines := make([]string, 0, len(u))
	for _, path := range slices.Sorted(maps.Keys(u)) {
		line := path + " "
		if stored := u[path].Stored; stored != "" {
			line += strconv.Quote(stored) + " "
		}
		lines = append(lines, line+u[path].Why)
	}
	return strings.Join(lines, "; ")
}
