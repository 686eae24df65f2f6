package sqldb

import (
	"strconv"
	"strings"
)

// rebind replaces the placeholders of stmt by those of the database.
func (d *Dialect) rebind(stmt string) string {
	if !d.Numbered && d.ExactTextParam == "" {
		return strings.ReplaceAll(stmt, "?$", "?")
	}
	compared := d.ExactTextParam
	if compared == "" {
		compared = "?"
	}
	var b strings.Builder
	b.Grow(len(stmt) + 64)
	n := 0
	param := func() {
		n++
		if d.Numbered {
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
		} else {
			b.WriteByte('?')
		}
	}
	for i := 0; i < len(stmt); i++ {
		switch {
		case stmt[i] != '?':
			b.WriteByte(stmt[i])
		case i+1 < len(stmt) && stmt[i+1] == '$':
			before, after, _ := strings.Cut(compared, "?")
			b.WriteString(before)
			param()
			b.WriteString(after)
			i++
		default:
			param()
		}
	}
	return b.String()
}
