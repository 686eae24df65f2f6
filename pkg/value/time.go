package value

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// A Time is a moment as MLMD keeps it: whole milliseconds since the Unix
// epoch. In JSON it is a decimal string of them. The zero Time is unset.
type Time struct{ time.Time }

// Millis returns the Time that is ms milliseconds after the Unix epoch, in
// UTC. It returns the zero Time for 0, which is what MLMD means by unset.
func Millis(ms int64) Time {
	if ms == 0 {
		return Time{}
	}
	return Time{time.UnixMilli(ms).UTC()}
}

// Millis returns the milliseconds since the Unix epoch, and 0 for the zero
// Time.
func (t Time) Millis() int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// MarshalJSON writes the milliseconds since the epoch as a decimal string.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(`"` + strconv.FormatInt(t.Millis(), 10) + `"`), nil
}

// UnmarshalJSON reads a decimal string or a JSON number of milliseconds since
// the epoch. An empty string is the zero Time.
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
		return fmt.Errorf("value: time %s is no number of milliseconds since the epoch", raw)
	}
	*t = Millis(ms)
	return nil
}
