package gensupport_test

import (
	"testing"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
	"github.com/mlmd-go/sdk/pkg/value"
)

// readTime reads a stored string as generated code does.
func readTime(text string) (time.Time, value.Unreadable) {
	stored := &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: text}}
	r := gensupport.NewPropertyReader(map[string]*mlmdpb.Value{"when": stored}, nil)
	t := r.DateTime("when", "when")
	return t, r.Unreadable()
}

func TestDateTime_UnambiguousForms(t *testing.T) {
	ten := time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
	eight := ten.Add(-2 * time.Hour)
	for text, want := range map[string]time.Time{
		"2024-05-01T10:00:00.000000000Z":    ten, // as this module writes it
		"2024-05-01T10:00:00Z":              ten,
		"2024-05-01T10:00:00+02:00":         eight,
		"2024-05-01T10:00:00.5+02:00":       eight.Add(time.Second / 2),
		"2024-05-01T10:00:00+0200":          eight,
		"2024-05-01T10:00:00+02":            eight,
		"2024-05-01T10:00:00":               ten,
		"2024-05-01T10:00:00.000001":        ten.Add(time.Microsecond),
		"2024-05-01T10:00":                  ten,
		"2024-05-01T10:00Z":                 ten,
		"2024-05-01T10:00+02:00":            eight,
		"2024-05-01 10:00:00":               ten,
		"2024-05-01 10:00:00.123456":        ten.Add(123456 * time.Microsecond),
		"2024-05-01 10:00:00+00:00":         ten,
		"2024-05-01 10:00:00+02":            eight,
		"2024-05-01 10:00:00 +02:00":        eight,
		"2024-05-01 10:00:00 UTC":           ten,
		"2024-05-01 10:00:00 GMT":           ten,
		"2024-05-01 10:00:00 +0000 UTC":     ten,
		"2024-05-01 10:00:00.25 +0200 CEST": eight.Add(time.Second / 4),
		"2024-05-01 10:00":                  ten,
		"2024-05-01":                        ten.Truncate(24 * time.Hour),
		" 2024-05-01T10:00:00Z\n":           ten,
		"1714557600000":                     ten,
		"100000000000":                      time.UnixMilli(100000000000).UTC(), // 1973
		"99999999999999":                    time.UnixMilli(99999999999999).UTC(),
		"1969-12-31T23:59:59Z":              time.Unix(-1, 0).UTC(),
		"9999-12-31T23:59:59.999999999Z":    time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
	} {
		got, bad := readTime(text)
		if !got.Equal(want) || bad != nil {
			t.Errorf("%q: got %v, %v, want %v", text, got, bad, want)
		}
		if got.Location() != time.UTC {
			t.Errorf("%q: is in %v", text, got.Location())
		}
	}
}

func TestDateTime_AmbiguousForms(t *testing.T) {
	const none, unstorable = "is not a time", "is not a time that can be stored"
	for text, why := range map[string]string{
		"yesterday":                 none,
		"10:00:00":                  none,
		"01/05/2024":                none, // of May, or the fifth of January
		"2024-13-01":                none,
		"2024-02-30T10:00:00Z":      none,
		"2024-05-01T25:00:00Z":      none,
		"2024-05-01 10:00:00 CEST":  none, // whose offset Go does not know
		"2024-05-01 10:00:00 MST":   none,
		"1714557600":                none, // seconds
		"17145576000":               none,
		"171455760000000":           none,
		"1714557600000000":          none, // microseconds
		"-1714557600000":            none,
		"1714557600000.0":           none,
		"0001-01-01T00:00:00Z":      unstorable, // is unset in Go
		"9999-12-31T23:59:59-01:00": unstorable,
		"0000-01-01T00:00:00+01:00": unstorable,
		"9999-12-31 23:59:59-01":    unstorable,
	} {
		got, bad := readTime(text)
		want := value.Unread{Stored: text, Why: why}
		if !got.IsZero() || len(bad) != 1 || bad["when"] != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, bad, want)
		}
	}
	if got, bad := readTime(""); !got.IsZero() || bad != nil {
		t.Errorf("empty: got %v, %v", got, bad)
	}
}
