package value_test

import (
	"strconv"
	"testing"

	"github.com/mlmd-go/sdk/pkg/value"
)

func TestParseID(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "12": 12, "9223372036854775807": 1<<63 - 1} {
		if n, err := value.ParseID(text); n != want || err != nil {
			t.Errorf("ParseID(%q) = %d, %v; want %d", text, n, err, want)
		}
	}
	for _, text := range []string{
		"", "0", "-5", "+5", "007", " 7", "7 ", "0x7", "1_0", "7.0", "9223372036854775808", "x",
	} {
		if n, err := value.ParseID(text); n != 0 || err == nil {
			t.Errorf("ParseID(%q) = %d, %v; want an error", text, n, err)
		}
	}
}

// FuzzParseID checks that FormatID is the inverse of ParseID.
func FuzzParseID(f *testing.F) {
	f.Add("12")
	f.Add("+12")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := value.ParseID(text)
		if err == nil && value.FormatID(n) != text {
			t.Errorf("FormatID(%d) = %q, want %q", n, value.FormatID(n), text)
		}
		if valid := n > 0 && strconv.FormatInt(n, 10) == text; valid != (err == nil) {
			t.Errorf("ParseID(%q) = %d, %v", text, n, err)
		}
	})
}
