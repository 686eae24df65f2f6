package registry

import (
	"context"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func validUTF8(s string) bool { return utf8.ValidString(s) }

func tooLong(s string, most int) bool { return len(s) > most && utf8.RuneCountInString(s) > most }

// A comparison finds out what a put would change.
type comparison struct {
	stored, wanted view
	// rounds tells whether the store rounds doubles. It is asked only where
	// that decides.
	rounds func() (bool, error)
}

// differing returns those of paths whose fields are not stored as wanted.
func (c comparison) differing(paths []string) ([]string, error) {
	var out []string
	for _, path := range paths {
		same, err := c.same(path)
		if err != nil {
			return nil, err
		}
		if !same {
			out = append(out, path)
		}
	}
	return out, nil
}

func (c comparison) same(path string) (bool, error) {
	switch path {
	case "external_id":
		return text(c.stored.externalID) == text(c.wanted.externalID), nil
	case "uri":
		return text(c.stored.uri) == text(c.wanted.uri), nil
	case "state", "last_known_state":
		s, w := c.stored.state, c.wanted.state
		return s == w || s != nil && w != nil && *s == *w, nil
	case "custom_properties":
		if len(c.stored.custom) != len(c.wanted.custom) {
			return false, nil
		}
		for name := range c.wanted.custom {
			if same, err := c.sameValue(c.stored.custom[name], c.wanted.custom[name]); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	if name, ok := strings.CutPrefix(path, "properties."); ok {
		s, w := c.stored.props[name], c.wanted.props[name]
		if s != nil && w != nil {
			if converted, ok := convert(w, kindOf(s)); ok { // the store may declare another kind
				w = converted
			}
		}
		return c.sameValue(s, w)
	}
	if name, ok := strings.CutPrefix(path, "custom_properties."); ok {
		return c.sameValue(c.stored.custom[name], c.wanted.custom[name])
	}
	return false, nil
}

// text returns what is stored for s: unset is empty.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// sameValue tells whether a store that was given the value wanted would hold
// the one that it holds.
func (c comparison) sameValue(stored, wanted *mlmdpb.Value) (bool, error) {
	if stored == nil || wanted == nil {
		return stored == nil && wanted == nil, nil
	}
	s, ok := stored.Value.(*mlmdpb.Value_DoubleValue)
	if !ok {
		return proto.Equal(stored, wanted), nil
	}
	w, ok := wanted.Value.(*mlmdpb.Value_DoubleValue)
	if !ok {
		return false, nil
	}
	if s.DoubleValue == w.DoubleValue {
		return true, nil
	}
	if !roundsTo(w.DoubleValue, s.DoubleValue) {
		return false, nil
	}
	return c.rounds()
}

// roundsTo tells whether the published store, given the double f, answers got.
// It keeps six decimals; on SQLite it reads 15 significant digits of them, and
// on MySQL it clips at 1e65.
func roundsTo(f, got float64) bool {
	six, err := strconv.ParseFloat(strconv.FormatFloat(f, 'f', 6, 64), 64)
	if err != nil {
		return false
	}
	// An overflow reads as infinity there, and ParseFloat returns it.
	fifteen, _ := strconv.ParseFloat(strconv.FormatFloat(six, 'e', 14, 64), 64)
	const most = 1e65
	clipped := math.Max(-most, math.Min(most, six))
	return got == six || got == fifteen || got == clipped
}

// rounding returns the answer of rounds for this client's store.
func (c *Client) rounding(ctx context.Context) func() (bool, error) {
	return func() (bool, error) {
		s, err := c.askServer(ctx)
		return s.published, err
	}
}
