package filterquery

import (
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/internal/listorder"
)

// The SQL of what lists are sorted by; see package listorder.

// SortText returns text, a column, in a form that sorts byte for byte. With
// ownName it is what follows the first colon, with cut the first
// [listorder.MaxText] characters.
func (d *Dialect) SortText(column string, ownName, cut bool) string {
	if ownName {
		column = strings.ReplaceAll(d.belowPrefix, "%1", column)
	}
	if d.exact != "" {
		column = strings.ReplaceAll(d.exact, "%1", column)
	}
	if cut {
		column = strings.NewReplacer("%1", column, "%2", "1", "%3", strconv.Itoa(listorder.MaxText)).Replace(d.substrLen)
	}
	return strings.ReplaceAll(d.sorted, "%1", column)
}

// SortFloat returns a column of integers as doubles.
func (d *Dialect) SortFloat(column string) string {
	return strings.ReplaceAll(d.ops[OpToFloat], "%1", column)
}

// SortParam returns a parameter that is compared with a key of the given type.
func (d *Dialect) SortParam(t Type) string {
	if t == TextType && d.exact != "" {
		return strings.ReplaceAll(d.exact, "%1", "?")
	}
	return d.value[t]
}
