package filtertext

import "testing"

func TestOneOf(t *testing.T) {
	var scattered []int64
	for i := range int64(maxRanges + 1) {
		scattered = append(scattered, 10*i+1, 10*i+2, 10*i+3)
	}
	for want, ids := range map[string][]int64{
		"id IN (7)":                                  {7},
		"id IN (7, 8)":                               {8, 7, 8},
		"id BETWEEN 7 AND 9":                         {9, 7, 8, 7},
		"(id BETWEEN 1 AND 3 OR id IN (5, 6))":       {1, 2, 3, 5, 6},
		"(id BETWEEN 1 AND 3 OR id BETWEEN 5 AND 7)": {1, 2, 3, 5, 6, 7},
		"id IN (1, 2, 3, 11, 12, 13, 21, 22, 23, 31, 32, 33, 41, 42, 43, 51, 52, 53, 61, 62, 63, " +
			"71, 72, 73, 81, 82, 83)": scattered,
	} {
		if got := OneOf("id", ids); got != want {
			t.Errorf("%v: %s, want %s", ids, got, want)
		}
	}
}
