package convert_test

import (
	"math"
	"reflect"
	"testing"

	"github.com/mlmd-go/sdk/pkg/mlmd/convert"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		from float64
		to   int64
		ok   bool
	}{
		{0, 0, true},
		{-3, -3, true},
		{0.5, 0, false},
		{1 << 53, 1 << 53, true},
		{math.MaxInt64, 0, false},
		{math.MinInt64, math.MinInt64, true},
		{-math.MaxFloat64, 0, false},
		{math.Inf(1), 0, false},
		{math.NaN(), 0, false},
	} {
		got, ok := convert.ToInteger[int64](c.from)
		if ok != c.ok || ok && got != c.to {
			t.Errorf("ToInteger(%v) = %d, %t, want %d, %t", c.from, got, ok, c.to, c.ok)
		}
	}
	for from, want := range map[int64]bool{
		0: true, 1 << 53: true, 1<<53 + 1: false, math.MaxInt64: false, math.MinInt64: true,
	} {
		if got, ok := convert.ToDouble(from); ok != want || ok && int64(got) != from {
			t.Errorf("ToDouble(%d) = %v, %t, want %t", from, got, ok, want)
		}
	}
	if _, ok := convert.Integer[int64, int32](1 << 40); ok {
		t.Error("an int32 holds 2^40")
	}
}

func TestCopies(t *testing.T) {
	v := map[string]any{"list": []any{map[string]any{"a": 1.0}}, "none": nil}
	got, _ := convert.JSON(v)
	if !reflect.DeepEqual(got, v) {
		t.Errorf("got %v", got)
	}
	got["list"].([]any)[0].(map[string]any)["a"] = 2.0
	if v["list"].([]any)[0].(map[string]any)["a"] != 1.0 {
		t.Error("the copy shares an object")
	}
	if got, _ := convert.JSON(nil); got != nil {
		t.Errorf("nil became %v", got)
	}
	whole := convert.List(convert.ToInteger[int64])
	if got, _ := whole([]float64{1, 1.5, 2}); !reflect.DeepEqual(got, []int64{1, 2}) {
		t.Errorf("got %v", got)
	}
	if got, _ := whole(nil); got != nil {
		t.Errorf("nil became %v", got)
	}
}
