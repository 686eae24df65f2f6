package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// A step is one fenced block of docs/spec.md, and the file that the line above
// it names.
type step struct {
	language, file, text string
	line                 int
}

func steps(t *testing.T) []step {
	t.Helper()
	var out []step
	named := regexp.MustCompile("^`([^`]+)`:$")
	var open *step
	file := ""
	for i, l := range strings.Split(read(t, "../docs/spec.md"), "\n") {
		switch {
		case open != nil && l == "```":
			out = append(out, *open)
			open, file = nil, ""
		case open != nil:
			open.text += l + "\n"
		case strings.HasPrefix(l, "```"):
			open = &step{language: strings.TrimPrefix(l, "```"), file: file, line: i + 1}
		case named.MatchString(l):
			file = named.FindStringSubmatch(l)[1]
		}
	}
	return out
}

// A reader who does what docs/spec.md says, from an empty folder, gets what it
// promises. The parts after "Changing it" show what a reader may do, not what
// this one does.
func tutorial(t *testing.T, env []string) {
	all := steps(t)
	t.Chdir(t.TempDir())
	var output string
	seen := map[string]bool{}
	// write writes a file. The first ones are those that gen init wrote.
	write := func(s step) {
		if !seen[s.file] && exists(s.file) && read(t, s.file) != s.text {
			t.Errorf("docs/spec.md:%d: gen init wrote another %s:\n%s", s.line, s.file, read(t, s.file))
		}
		seen[s.file] = true
		put(t, s.file, s.text)
	}
	for _, s := range all {
		switch s.language {
		case "sh":
			if strings.Contains(s.text, "breaking") {
				return
			}
			output = shell(t, env, s)
		case "text":
			if output != s.text {
				t.Errorf("docs/spec.md:%d: got %q, want %q", s.line, output, s.text)
			}
		case "go":
			write(s)
		case "yaml":
			if s.file != "" {
				write(s)
				continue
			}
			put(t, "spec/openapi.yaml", read(t, "spec/openapi.yaml")+s.text)
		}
	}
	t.Error("the tutorial does not come to its end")
}

// shell runs the commands of s and returns the output of the last one.
func shell(t *testing.T, env []string, s step) string {
	t.Helper()
	var last string
	for line := range strings.Lines(s.text) {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
		cmd.Env = append(
			env,
			"GOFLAGS=-modcacherw -trimpath",
		) // as a reader has it: nothing is added to go.mod by the way
		cmd.Stderr = new(strings.Builder)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("docs/spec.md:%d: %s: %v\n%s%s", s.line, strings.TrimSpace(line), err, out, cmd.Stderr)
		}
		last = string(out)
	}
	return last
}
