package fakesupport

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/mlmd-go/sdk/pkg/value"
)

// A Source makes the values of one entity. The same seed gives the same values.
type Source struct {
	*rand.Rand
	seed, path uint64
	depth      int // of objects
}

// New returns the source of the given entity for a seed.
func New(entity string, seed int64) *Source {
	s := &Source{seed: uint64(seed)}
	return s.Field(entity)
}

// Field returns the source of a field. Its values do not depend on other fields,
// so that a new one changes no others.
func (s *Source) Field(name string) *Source {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s", s.path, name)
	path := h.Sum64()
	return &Source{rand.New(rand.NewPCG(s.seed, path)), s.seed, path, s.depth}
}

// item returns the source of an element of a list, a value of a map or the object
// of a field.
func (s *Source) item(name string, i int) *Source { return s.Field(fmt.Sprintf("%s %d", name, i)) }

// maxDepth is how deep objects contain others that are optional.
const maxDepth = 3

// Some reports whether an optional field is set: three of four are.
func (s *Source) Some() bool { return s.depth < maxDepth && s.IntN(4) > 0 }

// Object returns the source of an object of the field.
func (s *Source) Object() *Source {
	o := s.Field("object")
	o.depth++
	return o
}

// Int returns a number from low to high.
func (s *Source) Int(low, high int64) int64 {
	if span := uint64(high) - uint64(low); span < math.MaxUint64 {
		return int64(uint64(low) + s.Uint64N(span+1))
	}
	return int64(s.Uint64())
}

// Double returns a number from low to high, with few decimals if the range has
// such numbers.
func (s *Source) Double(low, high float64) float64 {
	u := s.Float64()
	f := low*(1-u) + high*u // does not overflow, unlike high-low
	if rounded := math.Round(f*1000) / 1000; low <= rounded && rounded <= high {
		return rounded
	}
	return min(max(f, low), high)
}

// Bool returns true or false.
func (s *Source) Bool() bool { return s.IntN(2) == 0 }

// ID returns the ID of an entity, which probably does not exist.
func (s *Source) ID() string { return value.FormatID(s.Int(1<<30, 1<<31-1)) }

// Time returns a time between 2020 and 2030, in UTC, in whole seconds.
func (s *Source) Time() time.Time {
	return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(s.Int64N(10*365*86400)) * time.Second)
}

// Day returns a day between 2020 and 2030.
func (s *Source) Day() time.Time { return s.Time().Truncate(24 * time.Hour) }

// Millis returns a time between 2020 and 2030, in whole milliseconds.
func (s *Source) Millis() value.Time { return value.Millis(s.Time().UnixMilli() + s.Int64N(1000)) }

// MillisAfter returns a time within a day after t, or any time if t is not set.
func (s *Source) MillisAfter(t value.Time) value.Time {
	if t.IsZero() {
		return s.Millis()
	}
	return value.Millis(t.Millis() + s.Int64N(24*time.Hour.Milliseconds()))
}

// UUID returns a random UUID, of version 4.
func (s *Source) UUID() (id [16]byte) {
	for i := range id {
		id[i] = byte(s.Uint32())
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Bytes returns 1 to 16 bytes.
func (s *Source) Bytes() []byte {
	b := make([]byte, 1+s.IntN(16))
	for i := range b {
		b[i] = byte(s.Uint32())
	}
	return b
}

// JSON returns an object with members of several types.
func (s *Source) JSON() map[string]any {
	m := map[string]any{}
	for _, w := range s.words(s.IntN(4)) {
		switch s.IntN(4) {
		case 0:
			m[w] = float64(s.IntN(1000))
		case 1:
			m[w] = s.Bool()
		case 2:
			m[w] = []any{s.word(), s.word()}
		default:
			m[w] = s.word()
		}
	}
	return m
}

// Custom returns custom properties, none of which has one of the given names.
func (s *Source) Custom(declared ...string) value.Map {
	m := value.Map{}
	for _, w := range s.words(1 + s.IntN(3)) {
		if slices.Contains(declared, w) {
			continue
		}
		switch s.IntN(5) {
		case 0:
			m[w] = value.Int(s.Int64N(1000))
		case 1:
			m[w] = value.Double(s.Double(-1000, 1000))
		case 2:
			m[w] = value.Bool(s.Bool())
		case 3:
			m[w] = value.Struct(s.JSON())
		default:
			m[w] = value.String(s.word())
		}
	}
	if len(m) == 0 { // an empty map is not stored
		return nil
	}
	return m
}

// Variant returns the index of a variant of a union, below all. The first plain variants
// need no further value of the union: in an object that is deep within others, the index
// is below plain, unless that is 0.
func (s *Source) Variant(plain, all int) int {
	if s.depth >= maxDepth && plain > 0 {
		all = plain
	}
	return s.IntN(all)
}

// One returns one of values.
func One[T any](s *Source, values ...T) T { return values[s.IntN(len(values))] }

// List returns a list of low to high elements, which elem makes.
func List[T any](s *Source, low, high int, elem func(*Source) T) []T {
	n := int(s.Int(int64(low), int64(high)))
	if s.depth >= maxDepth {
		n = low
	}
	list := make([]T, n)
	for i := range list {
		list[i] = elem(s.item("item", i))
	}
	return list
}

// Map returns a map of up to three values, which elem makes.
func Map[T any](s *Source, elem func(*Source) T) map[string]T {
	n := s.IntN(4)
	if s.depth >= maxDepth {
		n = 0
	}
	m := make(map[string]T, n)
	for i, w := range s.words(n) {
		m[w] = elem(s.item("value", i))
	}
	return m
}

// words returns n words, each once.
func (s *Source) words(n int) []string {
	out := make([]string, 0, n)
	for _, i := range s.Perm(len(vocabulary))[:n] {
		out = append(out, vocabulary[i])
	}
	return out
}

// IsWord reports whether a name is one that JSON and Custom use.
func IsWord(name string) bool { return slices.Contains(vocabulary, name) }

func (s *Source) word() string { return vocabulary[s.IntN(len(vocabulary))] }

var vocabulary = strings.Fields(`amber azure birch cedar cobalt coral crimson delta ember falcon fern flint garnet
	harbor heron indigo ivory jade juniper lagoon larch linen maple marble mesa north ochre olive onyx opal orchid
	pebble pine prairie quartz raven river saffron sage silver slate spruce summit teal thistle tundra umber violet
	willow zephyr`)
