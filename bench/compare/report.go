package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A report is the result of a run, printed as Markdown.
type report struct {
	options options
	when    time.Time
	machine string
	disk    []time.Duration // of writes of 4 KiB, with the wait for the disk
	columns []column
	leftOut []string
}

func (r report) String() string {
	var b strings.Builder
	rounds := "one round"
	if r.options.rounds > 1 {
		rounds = fmt.Sprintf("%d rounds", r.options.rounds)
	}
	fmt.Fprintf(&b, "Measured on %s on %s. Writing 4 KiB to a file and waiting for the disk takes %s. "+
		"Each store holds %s models, and an owner has 10 of them. The systems take turns: "+
		"each figure is the median of %s, with turns of %s, or %s for writers.\n\n",
		r.when.Format("2 January 2006"), r.machine, duration(median(r.disk)), thousands(r.options.models),
		rounds, duration(r.options.duration), duration(2*r.options.duration))
	r.table(&b)
	b.WriteString("\nA time is the median of the calls, which one caller makes in turn. ")
	if r.base() != nil {
		b.WriteString("In parentheses is the ratio to `" + baseline + "`: how many times as long the system takes or, " +
			"for writers, how many times as many models `" + baseline + "` stores in the same time. More than ×1 is slower " +
			"than `" + baseline + "`, and less is faster. ")
	}
	b.WriteString("An operation that a system does not have is –.\n\n")
	for _, c := range r.columns {
		fmt.Fprintf(&b, "- **%s**: %s\n", c.title, strings.ReplaceAll(c.about, "VERSION", c.version))
	}
	var notes []string
	for _, c := range r.columns {
		for i, cell := range c.cells {
			if w := cell.writes; w.Failed > 0 {
				notes = append(notes, fmt.Sprintf("%s, %s: %s writes failed, beside %s that did not (%s)",
					c.title, rows[i].title, thousands(w.Failed), thousands(w.Stored), w.Failure))
			}
		}
	}
	if len(notes) > 0 {
		fmt.Fprintf(&b, "\nFailures: %s.\n", strings.Join(notes, "; "))
	}
	if len(r.leftOut) > 0 {
		fmt.Fprintf(&b, "\nLeft out: %s.\n", strings.Join(r.leftOut, "; "))
	}
	return b.String()
}

// base returns the column that others are compared with, or nil if it was not measured.
func (r report) base() *column {
	for i := range r.columns {
		if r.columns[i].name == baseline {
			return &r.columns[i]
		}
	}
	return nil
}

// table prints the rows, and the longest wait of the row with most writers.
func (r report) table(b *strings.Builder) {
	base := r.base()
	out := tabwriter.NewWriter(b, 0, 0, 1, ' ', 0)
	line := func(first string, cell func(c column) string) {
		fmt.Fprint(out, "| ", first, "\t")
		for _, c := range r.columns {
			fmt.Fprint(out, "| ", cell(c), "\t")
		}
		fmt.Fprintln(out, "|")
	}
	line("", func(c column) string { return c.title })
	line("---", func(column) string { return "---:" })
	for i, row := range rows {
		line(row.title, func(c column) string {
			var of *cell
			if base != nil {
				of = &base.cells[i]
			}
			return c.cells[i].text(of)
		})
	}
	most := len(rows) - 1
	line("the longest wait of these", func(c column) string { return duration(c.cells[most].writes.Longest) })
	out.Flush()
}

// text returns the figure, and its ratio to base unless that is nil.
func (c cell) text(base *cell) string {
	var figure string
	var times float64
	switch {
	case len(c.medians) > 0:
		figure = duration(median(c.medians))
		if base != nil {
			times = float64(median(c.medians)) / float64(median(base.medians))
		}
	case len(c.rates) > 0:
		figure = rate(median(c.rates))
		if base != nil && median(c.rates) > 0 {
			times = median(base.rates) / median(c.rates)
		}
	default:
		return "–"
	}
	if times == 0 {
		return figure
	}
	return figure + " (×" + ratio(times) + ")"
}

// duration returns d in three digits.
func duration(d time.Duration) string {
	switch {
	case d < 999500*time.Nanosecond:
		return digits(float64(d)/float64(time.Microsecond)) + " µs"
	case d < 999500*time.Microsecond:
		return digits(float64(d)/float64(time.Millisecond)) + " ms"
	}
	return digits(d.Seconds()) + " s"
}

func rate(perSecond float64) string {
	if perSecond < 10 {
		return digits(perSecond) + "/s"
	}
	return thousands(int(perSecond+0.5)) + "/s"
}

// ratio returns a ratio in two digits, or without decimals.
func ratio(x float64) string {
	if x < 9.95 {
		return strconv.FormatFloat(x, 'g', 2, 64)
	}
	return thousands(int(x + 0.5))
}

func digits(x float64) string {
	switch {
	case x < 9.995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case x < 99.95:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}

// thousands returns 12,345 for 12345.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// describeMachine returns the processors, the system, and the versions of Go and of the
// SDK, as far as they can be found out.
func describeMachine(ctx context.Context) string {
	model := find("/proc/cpuinfo", `(?m)^model name\s*: (.+)$`)
	if model != "" {
		model = " (" + model + ")"
	}
	system := runtime.GOOS
	if name := find("/etc/os-release", `(?m)^PRETTY_NAME="(.+)"$`); name != "" {
		system = name
	}
	parts := []string{
		fmt.Sprintf("%d processors%s", runtime.NumCPU(), model), system + " on " + runtime.GOARCH,
		"Go " + strings.TrimPrefix(runtime.Version(), "go"),
	}
	if commit, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output(); err == nil {
		parts = append(parts, "this SDK at "+strings.TrimSpace(string(commit)))
	}
	return strings.Join(parts, ", ")
}

// find returns the first group of the pattern in a file, or "".
func find(file, pattern string) string {
	text, _ := os.ReadFile(file)
	m := regexp.MustCompile(pattern).FindSubmatch(text)
	if m == nil {
		return ""
	}
	return string(m[1])
}

// The marks of the place of the report in a page.
const (
	pageBegin = "<!-- made by go run ./bench/compare -write docs/performance.md -->\n"
	pageEnd   = "<!-- end -->\n"
)

// A page is a Markdown file around the place of the report.
type page struct{ head, tail string }

func readPage(file string) (page, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return page{}, err
	}
	head, rest, begins := strings.Cut(string(text), pageBegin)
	_, tail, ends := strings.Cut(rest, pageEnd)
	if !begins || !ends {
		return page{}, fmt.Errorf("%s has no place for the table: it needs the lines\n%s%s", file, pageBegin, pageEnd)
	}
	return page{head, tail}, nil
}

func writePage(file, text string) error {
	p, err := readPage(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(p.head+pageBegin+"\n"+text+"\n"+pageEnd+p.tail), 0o644)
}
