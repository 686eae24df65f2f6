package registry

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A comparison finds out what a put would change.
type comparison struct {
	// read is what was read of the stored node, as it would be written: what a
	// value that was read says is not a change, in whatever form it is stored.
	stored, read, wanted nodeView
	// rounds reports whether the store rounds doubles. It is asked only where
	// that decides.
	rounds func() (bool, error)
}

// diff returns the paths below path that are not stored as wanted: itself,
// or some of the custom properties.
func (c comparison) diff(path string) ([]string, error) {
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
func (c comparison) same(have nodeView, path string) (bool, error) {
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

// customSource returns the path of the custom property that was read as f, and ""
// where there is none. next is also the one that would be read if the property
// were gone.
func (c comparison) customSource(f *mlmd.Field, next bool) string {
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

// roundsDoubles returns the answer of rounds for this client's store.
func (c *Client) roundsDoubles(ctx context.Context) func() (bool, error) {
	return func() (bool, error) {
		s, err := c.detectServer(ctx)
		return s.isReference, err
	}
}

// paths returns the update_mask paths of what differs.
func (c *change[T, N]) paths() ([]string, error) {
	paths := c.m.Paths()
	if !c.replace {
		paths = c.m.SetPaths(c.v)
	}
	var diff []string
	for _, path := range paths {
		some, err := c.diff(path)
		if err != nil {
			return nil, err
		}
		if len(some) == 0 && c.repairs(path) {
			some = []string{path}
		}
		diff = append(diff, some...)
	}
	for _, path := range c.clear {
		diff = append(diff, c.clearedPaths(path)...)
	}
	return append(diff, c.movedCustomPaths(diff)...), nil
}

// repairs reports whether the value sets a field that cannot be read, as a whole
// or in part, to what could be read of it.
func (c *change[T, N]) repairs(path string) bool {
	f := c.fieldAt(path)
	return f != nil && !f.Derived && c.wanted.has(path) && c.unreadable.Has(f.Name) && !c.sentUnreadable.Has(f.Name)
}

// clearedPaths returns the paths of what is stored of a field that is to be
// cleared.
func (c *change[T, N]) clearedPaths(path string) []string {
	switch f := c.fieldAt(path); {
	case path == customProperties:
		var out []string
		for name := range c.read.custom {
			out = append(out, customProperties+"."+name)
		}
		return out
	case c.stored.has(path), f != nil && c.customSource(f, false) != "":
		return []string{path}
	}
	return nil
}

// movedCustomPaths returns the paths of the custom properties that were read as fields
// in diff, or would be.
func (c *change[T, N]) movedCustomPaths(diff []string) []string {
	var out []string
	for i := range c.m.Fields {
		f := &c.m.Fields[i]
		if f.Path == "" || !slices.Contains(diff, f.Path) {
			continue
		}
		if path := c.customSource(f, !c.wanted.has(f.Path) || slices.Contains(c.clear, f.Path)); path != "" {
			out = append(out, path)
		}
	}
	return out
}

func (c *change[T, N]) fieldAt(path string) *mlmd.Field {
	for i := range c.m.Fields {
		if f := &c.m.Fields[i]; f.Path == path {
			return f
		}
	}
	return nil
}

// has reports whether the field at path has a value.
func (v nodeView) has(path string) bool {
	switch path {
	case "external_id":
		return text(v.externalID) != ""
	case "uri":
		return text(v.uri) != ""
	case "state", "last_known_state":
		return v.state != nil
	}
	if name, ok := strings.CutPrefix(path, "properties."); ok {
		return v.props[name] != nil
	}
	if name, ok := strings.CutPrefix(path, customProperties+"."); ok {
		return v.custom[name] != nil
	}
	return false
}
