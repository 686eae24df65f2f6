package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A row of the table is an operation, or a number of writers.
type row struct {
	title   string
	op      string
	writers int
}

var rows = []row{
	{title: "register a model, a version and an artifact", op: "register"},
	{title: "get a model by ID", op: "get"},
	{title: "find a model by name", op: "find"},
	{title: "list a page of 100 models", op: "page"},
	{title: "filter by a property: 10 models", op: "filter"},
	{title: "1 writer: new models", writers: 1},
	{title: "16 writers at once: new models", writers: 16},
	{title: "64 writers at once: new models", writers: 64},
}

// A cell is what was measured of one system for one row.
type cell struct {
	medians []time.Duration // of the calls, by round
	rates   []float64       // models per second, by round
	writes  written         // of all rounds
	lacking bool
}

// A column is what was measured of one system.
type column struct {
	kind
	version string
	cells   []cell // by row
}

// measure lets the systems take turns in each row. Round 0 only warms up.
func measure(ctx context.Context, o options, round int, systems []system, columns []column) error {
	for i, r := range rows {
		for turn := range systems {
			n := (turn + round) % len(systems) // so that not the same one is always first
			c := &columns[n].cells[i]
			err := ctx.Err()
			switch {
			case err != nil:
			case round == 0:
				err = c.warmUp(ctx, systems[n], r)
			case r.writers > 0:
				err = c.write(ctx, systems[n], r.writers, 2*o.duration)
			default:
				err = c.call(ctx, systems[n], r.op, o.duration)
			}
			if err != nil {
				return fmt.Errorf("%s: %s: %w", columns[n].title, r.title, err)
			}
		}
	}
	return nil
}

// warmUp calls the operation once, so that statements are prepared and types are known.
func (c *cell) warmUp(ctx context.Context, s system, r row) error {
	if r.writers > 0 {
		return nil
	}
	_, err := s.times(ctx, r.op, 0)
	if c.lacking = errors.Is(err, errLacking); c.lacking {
		return nil
	}
	return err
}

func (c *cell) call(ctx context.Context, s system, op string, d time.Duration) error {
	if c.lacking {
		return nil
	}
	took, err := s.times(ctx, op, d)
	if err == nil {
		c.medians = append(c.medians, median(took))
	}
	return err
}

func (c *cell) write(ctx context.Context, s system, writers int, d time.Duration) error {
	w, err := s.write(ctx, writers, d)
	if err == nil {
		c.rates = append(c.rates, float64(w.Stored)/d.Seconds())
		c.writes.add(w)
	}
	return err
}

// median returns the middle value of a list that is not empty.
func median[T time.Duration | float64](list []T) T {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// measureDisk writes 4 KiB to a file in dir and waits for the disk, 50 times.
func (r *report) measureDisk(dir string) error {
	f, err := os.Create(filepath.Join(dir, "disk"))
	if err != nil {
		return err
	}
	defer f.Close()
	for range 50 {
		began := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		r.disk = append(r.disk, time.Since(began))
	}
	return nil
}
