package gensupport

import (
	"strconv"
	"strings"
	"time"

	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// dateTimeLayout has a fixed width, so that stored times sort as strings;
// filters depend on it.
const dateTimeLayout = "2006-01-02T15:04:05.000000000Z"

func formatDateTime(t time.Time) (string, error) {
	t = t.UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		return "", &mlmd.InvalidError{Value: t.String(), Why: "is outside of the years 0 to 9999"}
	}
	return t.Format(dateTimeLayout), nil
}

// foreignLayouts are the forms in which other programs write a time. A time
// without a zone is in UTC. The seconds of each may have a fraction.
var foreignLayouts = []string{
	"2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07",
	"2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05Z07",
	"2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700 MST",
	"2006-01-02T15:04", "2006-01-02T15:04Z07:00", "2006-01-02 15:04", "2006-01-02",
}

// timeOf parses a time in RFC 3339, or in another form that is unambiguous.
func timeOf(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return storable(text, t)
	}
	text = strings.TrimSpace(text)
	if ms, ok := millisecondsOf(text); ok {
		return ms, nil
	}
	for _, layout := range foreignLayouts {
		t, err := time.Parse(layout, text)
		if err == nil && knownZone(t, layout) {
			return storable(text, t)
		}
	}
	return time.Time{}, &mlmd.InvalidError{Value: text, Why: "is not a time"}
}

// storable returns t in UTC. It fails if t cannot be stored: in Go it is
// unset, or its year has more than four digits.
func storable(text string, t time.Time) (time.Time, error) {
	if _, err := formatDateTime(t); err != nil || t.IsZero() {
		return time.Time{}, &mlmd.InvalidError{Value: text, Why: "is not a time that can be stored"}
	}
	return t.UTC(), nil
}

// knownZone reports whether the offset of t is known. For a zone that has
// only a name, time.Parse assumes an offset of zero.
func knownZone(t time.Time, layout string) bool {
	if !strings.HasSuffix(layout, "MST") || strings.Contains(layout, "-0700") {
		return true
	}
	name, _ := t.Zone()
	return name == "UTC" || name == "GMT"
}

// millisecondsOf parses the digits of milliseconds since 1970. Fewer than 12
// digits might be seconds, more than 14 microseconds.
func millisecondsOf(text string) (time.Time, bool) {
	if len(text) < 12 || len(text) > 14 || strings.Trim(text, "0123456789") != "" {
		return time.Time{}, false
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(ms).UTC(), err == nil
}
