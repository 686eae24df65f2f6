package gensupport

import (
	"strconv"
	"strings"
	"testing"
)

type color string

func TestEnum_MessageListsValues(t *testing.T) {
	many := make([]color, 25)
	for i := range many {
		many[i] = color("c" + strconv.Itoa(i))
	}
	for _, c := range []struct {
		name   string
		v      color
		values []color
		want   string
	}{
		{"two", "live", []color{"LIVE", "ARCHIVED"}, `state "live" must be one of LIVE, ARCHIVED`},
		{"one", "live", []color{"LIVE"}, `state "live" must be LIVE`},
		{"quoted", "c", []color{"", "a b", "a,b"}, `state "c" must be one of "", "a b", "a,b"`},
		{"many", "c25", many, `state "c25" must be one of c0, `},
		{"valid", "c24", many, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var check Validator
			Enum(&check, "state", &c.v, c.values...)
			got := ""
			if err := check.Err(); err != nil {
				got = err.Error()
			}
			if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.name == "many" && !strings.HasSuffix(got, "c19, … (25 values)") {
				t.Errorf("got %q", got)
			}
		})
	}
	var check Validator
	if Enum(&check, "state", nil, color("LIVE")); check.Err() != nil {
		t.Errorf("nil: got %v", check.Err())
	}
}
