package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"
)

// A table holds the rows of one kind of database.
type table struct {
	title string
	rows  []row
}

// print writes the rows, the geometric means, and the RPCs that are slower than in the
// core.
func (t table) print(w io.Writer) error {
	fmt.Fprintf(w, "\n%s: ours against the reference implementation, p50 of a call\n\n", t.title)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(out, "RPC\tcase\tours\tcore\ttimes faster\tspread\t\n")
	for _, r := range t.rows {
		if r.step.alone {
			fmt.Fprintf(out, "%s\t%s\t%s\t-\t-\tnot offered by the core\t\n", r.step.rpc, r.step.what, micros(r.ours))
			continue
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%.2f\t%.2f to %.2f\t\n",
			r.step.rpc, r.step.what, micros(r.ours), micros(r.core), r.ratio(), r.ratios[0], r.ratios[len(r.ratios)-1])
	}
	if err := out.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\ngeometric mean: reads %s, writes %s, all %s\n",
		t.mean(func(s *step) bool { return !s.write }), t.mean(func(s *step) bool { return s.write }),
		t.mean(func(*step) bool { return true }))
	for _, r := range t.rows {
		if !r.step.alone && r.ratio() < 1 {
			fmt.Fprintf(w, "slower than the core: %s (%s), %.2f\n", r.step.rpc, r.step.what, r.ratio())
		}
	}
	return nil
}

// mean returns the geometric mean of the ratios of steps.
func (t table) mean(of func(*step) bool) string {
	sum, n := 0.0, 0
	for _, r := range t.rows {
		if !r.step.alone && of(r.step) {
			sum += math.Log(r.ratio())
			n++
		}
	}
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", math.Exp(sum/float64(n)))
}

func micros(d time.Duration) string {
	return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1000)
}
