package registry

import (
	"context"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

func validUTF8(s string) bool { return utf8.ValidString(s) }

func tooLong(s string, most int) bool { return len(s) > most && utf8.RuneCountInString(s) > most }

// A comparison finds out what a put would change.
type comparison struct {
	// read is what was read of the stored node, as it would be written: what a
	// value that was read says is not a change, in whatever form it is stored.
	stored, read, wanted view
	// rounds reports whether the store rounds doubles. It is asked only where
	// that decides.
	rounds func() (bool, error)
}

// differing returns the paths below path that are not stored as wanted: itself,
// or some of the custom properties.
func (c comparison) differing(path string) ([]string, error) {
	paths := []string{path}
	if path == customProperties {
		paths = paths[:0]
		for name := range c.read.custom {
			if c.wanted.custom[name] == nil {
				paths = append(paths, customProperties+"."+name)
			}
		}
		for name := range c.wanted.custom {
			paths = append(paths, customProperties+"."+name)
		}
	}
	var out []string
	for _, path := range paths {
		same, err := c.same(c.stored, path)
		if !same && err == nil {
			same, err = c.same(c.read, path)
		}
		if err != nil {
			return nil, err
		}
		if !same {
			out = append(out, path)
		}
	}
	return out, nil
}

// same reports whether the field at path is in have what it is wanted to be.
func (c comparison) same(have view, path string) (bool, error) {
	switch path {
	case "external_id":
		return text(have.externalID) == text(c.wanted.externalID), nil
	case "uri":
		return text(have.uri) == text(c.wanted.uri), nil
	case "state", "last_known_state":
		h, w := have.state, c.wanted.state
		return h == w || h != nil && w != nil && *h == *w, nil
	}
	if name, ok := strings.CutPrefix(path, "properties."); ok {
		h, w := have.props[name], c.wanted.props[name]
		if h != nil && w != nil {
			if converted, ok := convert(w, kindOf(h)); ok { // the store may declare another kind
				w = converted
			}
		}
		return c.sameValue(h, w)
	}
	if name, ok := strings.CutPrefix(path, customProperties+"."); ok {
		return c.sameValue(have.custom[name], c.wanted.custom[name])
	}
	return false, nil
}

// adopted returns the path of the custom property that was read as f, and ""
// where there is none. next is also the one that would be read if the property
// were gone.
func (c comparison) adopted(f *mlmd.Field, next bool) string {
	name, ok := f.Property()
	if v := c.stored.custom[name]; !ok || v == nil || kindOf(v) != f.Type || c.stored.props[name] == nil && c.read.custom[name] != nil ||
		c.stored.props[name] != nil && !next {
		return ""
	}
	return customProperties + "." + name
}

// text returns what is stored for s: unset is empty.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// sameValue reports whether a store that was given the value wanted would hold
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
	if s.DoubleValue == w.DoubleValue || math.IsNaN(s.DoubleValue) && math.IsNaN(w.DoubleValue) {
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
