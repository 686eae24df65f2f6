package fakesupport_test

import (
	"math"
	"reflect"
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/pkg/mlmd/fakesupport"
)

func TestMatching(t *testing.T) {
	for _, c := range []struct {
		pattern   string
		low, high int
	}{
		{`^[a-z]`, 2, 5},
		{`^[a-z]+$`, 200, 250},
		{`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`, 1, 63},
		{`^(sha256:)?[0-9a-f]{64}$`, 1, -1},
		{`^\d{4}-\d{2}-\d{2}$`, 1, -1},
		{`^[^/\s]+/[^/\s]+$`, 30, 40},
		{`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`, 1, 20},
		{`(?i)^abc$`, 1, -1},
		{`^\p{Greek}{3}$`, 3, 3},
		{`^(a|b|)$`, 1, 1},
		{`foo|bar`, 10, 12},
		{`^\w+@\w+\.(com|org)$`, 1, 30},
		{`^.{8,}$`, 1, -1},
		{`^((a{0,5}){0,5}){0,5}$`, 40, 60},
	} {
		for seed := range int64(300) {
			text := fakesupport.New("X", seed).Matching(c.pattern, c.low, c.high)
			n := utf8.RuneCountInString(text)
			if !regexp.MustCompile(c.pattern).MatchString(text) || n < c.low || c.high >= 0 && n > c.high {
				t.Fatalf("%s, %d to %d: got %q", c.pattern, c.low, c.high, text)
			}
		}
	}
	for _, pattern := range []string{`^$`, `a\bb`, `(`} {
		if text, err := fakesupport.New("X", 1).Find(pattern, 1, -1); err == nil {
			t.Errorf("%s: got %q", pattern, text)
		}
	}
}

func TestNumbers_WithinBounds(t *testing.T) {
	s := fakesupport.New("X", 1)
	for _, b := range [][2]int64{{0, 0}, {-3, 3}, {math.MinInt64, math.MaxInt64}, {math.MaxInt64 - 1, math.MaxInt64}} {
		for range 1000 {
			if i := s.Int(b[0], b[1]); i < b[0] || i > b[1] {
				t.Fatalf("%d is not within %d", i, b)
			}
		}
	}
	for _, b := range [][2]float64{
		{0, 0}, {-1, 1}, {-math.MaxFloat64, math.MaxFloat64}, {0.1, 0.1000000001}, {1e300, 1.1e300},
	} {
		for range 1000 {
			if f := s.Double(b[0], b[1]); !(f >= b[0] && f <= b[1]) {
				t.Fatalf("%g is not within %g", f, b)
			}
		}
	}
}

func TestTexts_WithinBounds(t *testing.T) {
	for seed := range int64(1000) {
		s := fakesupport.New("X", seed)
		for low := range 40 {
			for _, high := range []int{-1, low, low + 1, 500} {
				for _, text := range []string{s.Text(low, high), s.Name(low, high), s.URI(low, high)} {
					if n := len(text); n < low || high >= 0 && n > high {
						t.Fatalf("%q does not have %d to %d characters", text, low, high)
					}
				}
			}
		}
	}
}

// The values of a field follow from the seed, the entity and the field alone.
func TestSource_FieldsAreIndependent(t *testing.T) {
	values := func(entity, field string, seed int64) []int64 {
		s := fakesupport.New(entity, seed).Field(field)
		return []int64{s.Int(0, 1e9), s.Int(0, 1e9)}
	}
	first := values("A", "x", 1)
	if !reflect.DeepEqual(first, values("A", "x", 1)) {
		t.Error("one seed gives two values")
	}
	for _, other := range [][]int64{values("A", "x", 2), values("A", "y", 1), values("B", "x", 1)} {
		if reflect.DeepEqual(first, other) {
			t.Error("another source gives the same values")
		}
	}
}
