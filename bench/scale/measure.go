package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// A column holds the results for one size.
type column struct {
	size  int
	names []string
	times map[string]times
}

// times holds the quantiles of a request.
type times struct{ p50, p99 time.Duration }

// prepare fills the database, if it is empty.
func (d *database) prepare(ctx context.Context) error {
	rpc := d.store.Client()
	f := &filled{size: d.size}
	last, err := rpc.GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{int64(d.size)}})
	if err != nil {
		return err
	}
	if len(last.Artifacts) == 0 {
		if f, err = fill(ctx, rpc, d.size); err != nil {
			return err
		}
		if d.analyze != "" {
			if _, err := d.db.ExecContext(ctx, d.analyze); err != nil {
				return err
			}
		}
	}
	d.random = rand.New(rand.NewPCG(1, 2))
	d.requests, err = f.requests(ctx, rpc)
	return err
}

// turn is the number of requests to one database before the next database, so that other
// load affects all of them equally.
const turn = 10

// compare measures each request on all databases.
func (o options) compare(ctx context.Context, all []*database) (table, error) {
	t := table{columns: make([]column, len(all))}
	for i, d := range all {
		t.columns[i] = column{size: d.size, times: map[string]times{}}
	}
	for n, r := range all[0].requests {
		if !o.only.MatchString(r.name) {
			continue
		}
		took := make([][]time.Duration, len(all))
		for begun := time.Now(); len(took[0]) < o.calls && (len(took[0]) == 0 || time.Since(begun) < time.Minute); {
			for i, d := range all {
				some, err := d.send(ctx, d.requests[n], min(turn, o.calls))
				if err != nil {
					return t, err
				}
				took[i] = append(took[i], some...)
			}
		}
		for i := range all {
			slices.Sort(took[i])
			t.columns[i].names = append(t.columns[i].names, r.name)
			t.columns[i].times[r.name] = times{took[i][len(took[i])/2], took[i][len(took[i])*99/100]}
		}
		if o.plans {
			largest := all[len(all)-1]
			if err := largest.plan(ctx, largest.requests[n]); err != nil {
				return t, fmt.Errorf("plan of %s: %w", r.name, err)
			}
		}
	}
	return t, nil
}

// send measures calls of a request.
func (d *database) send(ctx context.Context, r request, calls int) ([]time.Duration, error) {
	var took []time.Duration
	for range calls {
		n := 1 + d.random.Int64N(int64(d.size))
		start := time.Now()
		found, err := r.send(ctx, d.store.Client(), n)
		took = append(took, time.Since(start))
		if err != nil || found == 0 && !r.any {
			return nil, fmt.Errorf("%s, node %d: %d nodes, %v", r.name, n, found, err)
		}
	}
	return took, nil
}

// plan prints the query plans of a request.
func (d *database) plan(ctx context.Context, r request) error {
	type query struct {
		text string
		args []any
	}
	var queries []query
	watched := sqldb.WithTracer(ctx, func(text string, args []any) {
		queries = append(queries, query{text, slices.Clone(args)})
	})
	if _, err := r.send(watched, d.store.Client(), 42); err != nil {
		return err
	}
	for i, q := range queries {
		if i > 0 && strings.Contains(q.text, "UNION ALL") {
			continue // reads the nodes of the page by ID
		}
		fmt.Printf("\n%s:\n  %s\n", r.name, q.text)
		rows, err := d.db.QueryContext(ctx, d.explain+q.text, q.args...)
		if err != nil {
			return err
		}
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			line := make([]any, len(columns))
			targets := make([]any, len(columns))
			for i := range line {
				targets[i] = &line[i]
			}
			if err := rows.Scan(targets...); err != nil {
				return err
			}
			fmt.Printf("    %v\n", line[len(line)-1])
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
	}
	return nil
}

// A table has a column for each size.
type table struct{ columns []column }

// aim limits the ratio of the durations in the largest and the smallest store.
const aim = 1.5

func (t table) print(w io.Writer, title string) error {
	fmt.Fprintf(w, "\n%s: p50 and p99 of a request, by the number of artifacts and of contexts\n\n", title)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(out, "request\t")
	for _, c := range t.columns {
		fmt.Fprintf(out, "%d p50\tp99\t", c.size)
	}
	fmt.Fprint(out, "largest / smallest\t\n")
	first, last := t.columns[0], t.columns[len(t.columns)-1]
	for _, name := range first.names {
		fmt.Fprintf(out, "%s\t", name)
		for _, c := range t.columns {
			fmt.Fprintf(out, "%s\t%s\t", micros(c.times[name].p50), micros(c.times[name].p99))
		}
		ratio := float64(last.times[name].p50) / float64(first.times[name].p50)
		mark := ""
		if ratio > aim {
			mark = " over"
		}
		fmt.Fprintf(out, "%.2f%s\t\n", ratio, mark)
	}
	return out.Flush()
}

func micros(d time.Duration) string {
	return fmt.Sprintf("%.0f µs", float64(d)/float64(time.Microsecond))
}
