package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/internal/testdb"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testdb.Stop()
	os.Exit(code)
}

const ms = time.Millisecond

// fixed is a system with fixed times that records its turns.
type fixed struct {
	name  string
	took  []time.Duration
	turns *[]string
}

func (f fixed) times(_ context.Context, op string, d time.Duration) ([]time.Duration, error) {
	*f.turns = append(*f.turns, f.name+" "+op)
	if op == "get" && f.name == "b" {
		return nil, errLacking
	}
	if d == 0 {
		return []time.Duration{time.Hour}, nil // of the first call, which must not count
	}
	return f.took, nil
}

func (f fixed) write(_ context.Context, writers int, d time.Duration) (written, error) {
	*f.turns = append(*f.turns, f.name+" write")
	return written{Stored: 10 * writers, Failed: 1, Longest: time.Duration(writers) * ms, Failure: "locked"}, nil
}

func (f fixed) close() error { return nil }

func TestMeasure(t *testing.T) {
	var turns []string
	systems := []system{
		fixed{"a", []time.Duration{3 * ms, 1 * ms, 2 * ms}, &turns},
		fixed{"b", []time.Duration{ms}, &turns},
	}
	columns := []column{{cells: make([]cell, len(rows))}, {cells: make([]cell, len(rows))}}
	o := options{duration: 500 * ms}
	for round := range 3 {
		if err := measure(t.Context(), o, round, systems, columns); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range rows {
		a, b := columns[0].cells[i], columns[1].cells[i]
		switch {
		case r.writers > 0:
			w := float64(10 * r.writers)
			if !slices.Equal(a.rates, []float64{w, w}) || a.writes.Longest != time.Duration(r.writers)*ms {
				t.Errorf("%s: %v", r.title, a)
			}
			if a.writes.Stored != 20*r.writers || a.writes.Failed != 2 || a.writes.Failure != "locked" {
				t.Errorf("%s: %v", r.title, a.writes)
			}
		case r.op == "get":
			if a.lacking || !b.lacking || b.medians != nil {
				t.Errorf("%s: %v, %v", r.title, a, b)
			}
		case !slices.Equal(a.medians, []time.Duration{2 * ms, 2 * ms}) || !slices.Equal(b.medians, []time.Duration{ms, ms}):
			t.Errorf("%s: %v, %v", r.title, a, b)
		}
	}
	const first, second, third = "a register,b register", "b register,a register", "a register,b register"
	var registers []string
	for _, turn := range turns {
		if strings.HasSuffix(turn, "register") {
			registers = append(registers, turn)
		}
	}
	if got, want := strings.Join(registers, ","), strings.Join([]string{first, second, third}, ","); got != want {
		t.Errorf("the turns are %s, want %s", got, want)
	}
}

func TestMeasure_Error(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var turns []string
	columns := []column{{kind: kind{title: "a"}, cells: make([]cell, len(rows))}}
	err := measure(ctx, options{}, 1, []system{fixed{"a", nil, &turns}}, columns)
	if !errors.Is(err, context.Canceled) || turns != nil {
		t.Errorf("error %v after %v, want %v", err, turns, context.Canceled)
	}
}

func TestReport(t *testing.T) {
	calls := func(d time.Duration) cell { return cell{medians: []time.Duration{d, d / 2, 9 * d}} }
	writes := func(perSecond float64, w written) cell { return cell{rates: []float64{perSecond}, writes: w} }
	r := report{
		options: options{rounds: 5, duration: 400 * ms, models: 1000},
		when:    time.Date(2026, time.November, 30, 0, 0, 0, 0, time.UTC),
		machine: "a machine", disk: []time.Duration{214 * time.Microsecond},
		columns: []column{
			{kind{name: "file", title: "file", about: "ours, VERSION."}, "SQLite 3", []cell{
				calls(2 * ms), calls(20 * time.Microsecond), calls(ms), calls(ms), calls(ms),
				writes(1000, written{}), writes(1000, written{}), writes(1000, written{Longest: 12 * ms}),
			}},
			{kind{name: "other", title: "other", about: "theirs, VERSION."}, "1.0", []cell{
				calls(ms),
				{lacking: true},
				calls(1234567 * time.Microsecond), calls(999600), calls(1050 * time.Microsecond),
				writes(12345, written{}), writes(4.5, written{}),
				writes(0, written{Stored: 1200, Failed: 7, Longest: 2 * time.Second, Failure: "locked"}),
			}},
		},
		leftOut: []string{"MLflow (not installed)"},
	}
	got := r.String()
	for _, want := range []string{
		"Measured on 30 November 2026 on a machine. Writing 4 KiB to a file and waiting for the disk takes 214 µs. " +
			"Each store holds 1,000 models",
		"the median of 5 rounds, with turns of 400 ms, or 800 ms for writers.",
		"\n\n" + `|                                             | file         | other             |
| ---                                         | ---:         | ---:              |
| register a model, a version and an artifact | 2.00 ms (×1) | 1.00 ms (×0.5)    |
| get a model by ID                           | 20.0 µs (×1) | –                 |
| find a model by name                        | 1.00 ms (×1) | 1.23 s (×1,235)   |
| list a page of 100 models                   | 1.00 ms (×1) | 1.00 ms (×1)      |
| filter by a property: 10 models             | 1.00 ms (×1) | 1.05 ms (×1.1)    |
| 1 writer: new models                        | 1,000/s (×1) | 12,345/s (×0.081) |
| 16 writers at once: new models              | 1,000/s (×1) | 4.50/s (×222)     |
| 64 writers at once: new models              | 1,000/s (×1) | 0.00/s            |
| the longest wait of these                   | 12.0 ms      | 2.00 s            |
` + "\n",
		"\n- **file**: ours, SQLite 3.\n- **other**: theirs, 1.0.\n",
		"\nFailures: other, 64 writers at once: new models: 7 writes failed, beside 1,200 that did not (locked).\n",
		"\nLeft out: MLflow (not installed).\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the report lacks\n%s\nin\n%s", want, got)
		}
	}
}

func TestRun(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("head\n"+pageBegin+"old\n"+pageEnd+"tail\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, messages bytes.Buffer
	args := []string{
		"-only", "memory,file,mlflow", "-mlflow", "missing/python",
		"-rounds", "1", "-duration", "2ms", "-models", "100", "-write", page,
	}
	if err := run(t.Context(), args, &out, &messages); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| memory ", "| file ", "µs", "(×1)", "/s", "\n- **file**: this SDK", "\nLeft out: MLflow, file (not installed: ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "Failures") {
		t.Errorf("writes failed:\n%s", &out)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if want := "head\n" + pageBegin + "\n" + out.String() + "\n" + pageEnd + "tail\n"; string(text) != want {
		t.Errorf("the page is\n%s\nwant\n%s", text, want)
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestRun_WithoutBaseline(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out bytes.Buffer
	args := []string{"-only", "memory", "-rounds", "1", "-duration", "1ms", "-models", "10"}
	if err := run(t.Context(), args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "×") || !strings.Contains(out.String(), "| memory ") {
		t.Errorf("there are ratios, or no figures:\n%s", &out)
	}
}

// cancelAt is a writer that calls cancel once it is told text.
type cancelAt struct {
	text   string
	cancel context.CancelFunc
}

func (w cancelAt) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.text) {
		w.cancel()
	}
	return len(p), nil
}

func TestRun_Interrupted(t *testing.T) {
	for _, text := range []string{"filling memory", "filling file", "round 1"} {
		t.Setenv("TMPDIR", t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		var out bytes.Buffer
		err := run(ctx, []string{"-only", "memory,file", "-duration", "1h"}, &out, cancelAt{text, cancel})
		if !errors.Is(err, context.Canceled) || out.Len() > 0 {
			t.Errorf("%s: error %v and output %q", text, err, &out)
		}
		if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
			t.Errorf("%s: left behind: %v, %v", text, left, err)
		}
	}
}

func TestRun_Errors(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-only file,oracle", `invalid -only "oracle": the systems are memory,file,`},
		{"-rounds 0", "invalid -rounds 0: must be positive"},
		{"-models 15", "invalid -models 15: must be a positive multiple of 10"},
		{"file", `unexpected argument "file"`},
		{"-write ../../README.md", "../../README.md has no place for the table"},
	} {
		err := run(t.Context(), strings.Fields(c.args), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q", c.args, err, c.want)
		}
	}
}
