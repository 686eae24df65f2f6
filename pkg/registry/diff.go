package registry

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

// A comparison determines what a put would change.
type comparison struct {
	stored nodeView // with its properties under their present names
	// read is the stored node after it was decoded and encoded. Writing back a
	// value that was read does not count as a change, whatever form is stored.
	read   nodeView
	wanted nodeView
	merges bool // custom properties that are not wanted stay
	// rounds reports whether the store rounds doubles. It may make an RPC, so it
	// is called only if the answer matters.
	rounds func() (bool, error)
}

// diff returns the update_mask paths whose stored values differ from the wanted
// ones: path itself, or for customProperties a path for each key.
func (c comparison) diff(path string) ([]string, error) {
	paths := []string{path}
	if path == customProperties {
		paths = paths[:0]
		for name := range c.read.custom {
			if c.wanted.custom[name] == nil && !c.merges {
				paths = append(paths, customProperties+"."+name)
			}
		}
		for name := range c.wanted.custom {
			paths = append(paths, customProperties+"."+name)
		}
		slices.Sort(paths)
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

// same reports whether have has the wanted value at path.
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
			if converted, ok := convert(w, propertyType(h)); ok { // the store may declare another type
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

// customSource returns the path of the custom property that f was read from, or
// "" if f was not. If next is set, it also returns the custom property that f
// would be read from if its own property were removed.
func (c comparison) customSource(f *mlmd.Field, next bool) string {
	name, ok := f.Property()
	v := c.stored.custom[name]
	if !ok || v == nil || propertyType(v) != f.Type {
		return ""
	}
	if c.stored.props[name] != nil && !next || c.stored.props[name] == nil && c.read.custom[name] != nil {
		return ""
	}
	return customProperties + "." + name
}

// text returns *s, or "" if s is nil: stores do not distinguish the two.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// sameValue reports whether writing the wanted value would leave the stored one.
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

// roundsTo reports whether the reference implementation returns got after it
// stored the double f. It keeps six decimal places. On SQLite it reads 15
// significant digits of them; on MySQL it clamps to ±1e65.
func roundsTo(f, got float64) bool {
	six, err := strconv.ParseFloat(strconv.FormatFloat(f, 'f', 6, 64), 64)
	if err != nil {
		return false
	}
	// An overflow is read as infinity, which ParseFloat returns too.
	fifteen, _ := strconv.ParseFloat(strconv.FormatFloat(six, 'e', 14, 64), 64)
	const limit = 1e65
	clamped := math.Max(-limit, math.Min(limit, six))
	return got == six || got == fifteen || got == clamped
}

// roundsDoubles returns the rounds function of a comparison.
func (c *Client) roundsDoubles(ctx context.Context) func() (bool, error) {
	return func() (bool, error) {
		s, err := c.detectServer(ctx)
		return s.isReference, err
	}
}

// paths returns the update_mask paths of all differences, in the order of the
// fields.
func (c *change[N]) paths() ([]string, error) {
	paths := c.m.Paths()
	switch c.by {
	case upsert, create:
		paths = c.m.SetPathsAny(c.v)
		for _, path := range c.set {
			if !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	if c.by == update || c.client.rest() != nil { // derived fields repeat what cannot change, and REST does not show them
		paths = slices.DeleteFunc(paths, func(path string) bool { f := c.fieldAt(path); return f != nil && f.Derived })
	}
	var diff []string
	for _, path := range paths {
		some, err := c.diff(path)
		if err != nil {
			return nil, err
		}
		if len(some) == 0 && (c.repairs(path) || c.removesCustom(path)) {
			some = []string{path}
		}
		diff = append(diff, some...)
	}
	for _, path := range c.clear {
		diff = append(diff, c.clearedPaths(path)...)
	}
	diff = append(diff, c.movedCustomPaths(diff)...)
	slices.SortFunc(diff, func(a, b string) int { return cmp.Or(cmp.Compare(c.rank(a), c.rank(b)), cmp.Compare(a, b)) })
	return slices.Compact(diff), nil
}

// rank returns the index of the field that is stored at path.
func (c *change[N]) rank(path string) int {
	if strings.HasPrefix(path, customProperties+".") {
		path = customProperties
	}
	return slices.IndexFunc(c.m.fields, func(f mlmd.Field) bool { return f.Path == path })
}

// repairs reports whether the value sets the field at path, of which some part
// could not be decoded, to the part that could.
func (c *change[N]) repairs(path string) bool {
	f := c.fieldAt(path)
	return f != nil && !f.Derived && c.wanted.has(path) && c.unreadable.Has(f.Name) && !c.sentUnreadable.Has(f.Name)
}

// removesCustom reports whether the value lacks the field at path, which was read
// from a custom property.
func (c *change[N]) removesCustom(path string) bool {
	f := c.fieldAt(path)
	return f != nil && c.read.has(path) && !c.wanted.has(path) && c.customSource(f, false) != ""
}

// clearedPaths returns the paths that hold values of a field to be cleared.
func (c *change[N]) clearedPaths(path string) []string {
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

// movedCustomPaths returns the paths of the custom properties that the fields in
// diff were read from, or would be once their own properties are removed.
func (c *change[N]) movedCustomPaths(diff []string) []string {
	var out []string
	for i := range c.m.fields {
		f := &c.m.fields[i]
		if f.Path == "" || !slices.Contains(diff, f.Path) {
			continue
		}
		if path := c.customSource(f, !c.wanted.has(f.Path) || slices.Contains(c.clear, f.Path)); path != "" {
			out = append(out, path)
		}
	}
	return out
}

func (c *change[N]) fieldAt(path string) *mlmd.Field {
	for i := range c.m.fields {
		if f := &c.m.fields[i]; f.Path == path {
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

// keepUnknownMembers adds to the objects that an Update changes the members that they
// have in the store and the program does not know. Its caller has not seen them.
func (c *change[N]) keepUnknownMembers() {
	for i := range c.m.fields {
		f := &c.m.fields[i]
		name, ok := f.Property()
		stored, read, wanted := c.stored.props[name], c.read.props[name], c.wanted.props[name]
		if !ok || f.Derived || c.repairs(f.Path) || stored.GetStructValue() == nil || read.GetStructValue() == nil ||
			wanted.GetStructValue() == nil || proto.Equal(read, wanted) {
			continue
		}
		stored, _ = gensupport.RenameStored(f, stored, name)
		merged := mergeUnknown(structOf(stored), structOf(read), structOf(wanted))
		c.wanted.props[name] = &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: merged.GetStructValue()}}
	}
}

func structOf(v *mlmdpb.Value) *structpb.Value { return structpb.NewStructValue(v.GetStructValue()) }

// mergeUnknown returns wanted with what stored has and read lacks, in objects and in
// the elements of lists that were read.
func mergeUnknown(stored, read, wanted *structpb.Value) *structpb.Value {
	if s, r, w := stored.GetListValue(), read.GetListValue(), wanted.GetListValue(); s != nil && r != nil && w != nil {
		return mergeElements(s.Values, r.Values, w.Values)
	}
	r, w := read.GetStructValue(), wanted.GetStructValue()
	if r == nil || w == nil || variantOf(r) != variantOf(w) {
		return wanted
	}
	out := maps.Clone(w.Fields)
	if out == nil {
		out = make(map[string]*structpb.Value)
	}
	for name, value := range stored.GetStructValue().GetFields() {
		was, known := r.Fields[name]
		is, set := w.Fields[name]
		switch {
		case known && set:
			out[name] = mergeUnknown(value, was, is)
		case !known && !set:
			out[name] = value
		}
	}
	return structpb.NewStructValue(&structpb.Struct{Fields: out})
}

// variantOf returns the members that are usually the discriminator of a union. An
// object in which one of them changes is taken for another variant, whose unknown
// members are others. A discriminator with another name is not recognized.
func variantOf(object *structpb.Struct) [2]string {
	return [2]string{object.Fields["kind"].GetStringValue(), object.Fields["type"].GetStringValue()}
}

// mergeElements is mergeUnknown for the elements of lists. An element is one of those
// that were read if it is equal to it, or else if both have the same id or name.
func mergeElements(stored, read, wanted []*structpb.Value) *structpb.Value {
	out := slices.Clone(wanted)
	if len(stored) == len(read) { // otherwise some could not be read
		whole := func(v *structpb.Value) string {
			raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(v)
			if err != nil {
				return ""
			}
			return string(raw)
		}
		found, used := make([]bool, len(wanted)), make([]bool, len(read))
		for _, keyOf := range []func(*structpb.Value) string{whole, elementKey} {
			at := make(map[string][]int)
			for j, r := range read {
				if key := keyOf(r); key != "" && !used[j] {
					at[key] = append(at[key], j)
				}
			}
			for i, w := range wanted {
				key := keyOf(w)
				if found[i] || len(at[key]) == 0 {
					continue
				}
				j := at[key][0]
				at[key] = at[key][1:]
				found[i], used[j] = true, true
				out[i] = mergeUnknown(stored[j], read[j], w)
			}
		}
	}
	return structpb.NewListValue(&structpb.ListValue{Values: out})
}

// elementKey returns what identifies an object among the elements of a list, or "".
func elementKey(v *structpb.Value) string {
	for _, name := range []string{"id", "name"} {
		if text := v.GetStructValue().GetFields()[name].GetStringValue(); text != "" {
			return name + "=" + text
		}
	}
	return ""
}
