package value

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Unreadable holds the stored values of an entity that are not what its spec
// says, by the JSON name of the field or, for a part of one, by the path to
// it: "finishedAt", "columns[1].unit". It is nil for nearly every entity.
//
// A field in it reads as unset, or without the part. As long as the value that
// is written has the entry, and the field as it was read, the store keeps what
// it has. Setting or clearing the field replaces what is stored.
type Unreadable map[string]Unread

// An Unread is a stored value that cannot be read.
type Unread struct {
	Stored string // a text as it is, an object or a list as JSON; empty where nothing is stored
	Why    string // "is not a time"
}

// Has reports whether u has an entry for the field or for a part of it.
func (u Unreadable) Has(field string) bool {
	for path := range u {
		rest, ok := strings.CutPrefix(path, field)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

// String returns one line for people, by path.
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
