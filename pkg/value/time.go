package value

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// A Time is a time as MLMD stores it, in whole milliseconds since the Unix epoch.
// In JSON it is their number as a decimal string. The zero Time is unset.
type Time struct{ time.Time }

// Millis returns the Time that is ms milliseconds after the Unix epoch, in UTC. For
// 0, which MLMD uses for unset times, it returns the zero Time.
func Millis(ms int64) Time {
	if ms == 0 {
		return Time{}
	}
	return Time{time.UnixMilli(ms).UTC()}
}

// Millis returns the milliseconds since the Unix epoch, or 0 for the zero Time.
func (t Time) Millis() int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// MarshalJSON encodes t as a decimal string of milliseconds since the epoch.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(`"` + strconv.FormatInt(t.Millis(), 10) + `"`), nil
}

// UnmarshalJSON decodes a decimal string or a JSON number of milliseconds since the
// epoch. It decodes an empty string to the zero Time.
func (t *Time) UnmarshalJSON(raw []byte) error {
	text := string(raw)
	if text == "null" {
		return nil
	}
	if text != "" && text[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return fmt.Errorf("value: %w", err)
		}
	}
	if text == "" {
		*t = Time{}
		return nil
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("value: invalid time %s: must be a number of milliseconds since the epoch", raw)
	}
	*t = Millis(ms)
	return nil
}
