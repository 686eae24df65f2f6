package filtertext

import (
	"slices"
	"strconv"
	"strings"
)

// maxRanges limits the ranges in one condition of OneOf.
const maxRanges = 8

// OneOf returns the condition, in the filter language, that a column has one of the
// IDs, of which there must be at least one. IDs that follow each other become a range,
// which stores search faster, unless there are many ranges.
func OneOf(column string, ids []int64) string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var parts []string
	var single []int64
	for begin := 0; begin < len(ids); {
		end := begin + 1
		for end < len(ids) && ids[end] == ids[end-1]+1 {
			end++
		}
		if end-begin > 2 {
			parts = append(parts, column+" BETWEEN "+strconv.FormatInt(ids[begin], 10)+
				" AND "+strconv.FormatInt(ids[end-1], 10))
		} else {
			single = append(single, ids[begin:end]...)
		}
		begin = end
	}
	switch {
	case len(parts) > maxRanges:
		return column + in(ids)
	case len(single) > 0:
		parts = append(parts, column+in(single))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

func in(ids []int64) string {
	text := []byte(" IN (")
	for i, id := range ids {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = strconv.AppendInt(text, id, 10)
	}
	return string(append(text, ')'))
}
