package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/gen/codegen"
)

// maxVersions is how many commits a history reads.
const maxVersions = 500

// A history reads the specs of the commits that a git ref is made of. The zero
// history has none.
type history struct {
	ctx    context.Context
	dir    string         // the root of the module
	ref    string         // empty: no history
	config codegen.Config // of the spec at ref

	prefix  string // of dir in the repository
	objects *objects
	notes   []string
	skipped int
}

// read returns the history as codegen reads it.
func (h *history) read() codegen.Past {
	if h.ref == "" {
		return codegen.Past{}
	}
	return codegen.Past{Versions: h.versions, Skipped: func(v codegen.Version, err error) {
		if h.skipped++; h.skipped == 1 {
			first, _, _ := strings.Cut(err.Error(), "\n")
			h.notes = append(
				h.notes,
				fmt.Sprintf("the spec of %s is skipped, since this generator cannot read it: %s", v.Name, first),
			)
		}
	}}
}

// close prints notes about versions that could not be read.
func (h *history) close(stderr io.Writer) {
	if h.objects != nil {
		h.objects.close()
	}
	if h.skipped > 1 {
		h.notes = append(h.notes, fmt.Sprintf("so are %d others", h.skipped-1))
	}
	for _, n := range h.notes {
		fmt.Fprintln(stderr, "gen breaking: note: "+n)
	}
}

// versions yields the spec as it was after each commit that changed it, or one of
// the files that it refers to or once did.
func (h *history) versions(yield func(codegen.Version) bool) {
	if err := h.walk(yield); err != nil {
		h.notes = append(h.notes, "names that were removed earlier are not known: "+err.Error())
	}
}

func (h *history) walk(yield func(codegen.Version) bool) error {
	if out, err := h.git("rev-parse", "--is-shallow-repository"); err == nil && out == "true" {
		h.notes = append(h.notes, "this is a shallow clone, so names that were removed earlier are not known: "+
			"clone it with its history (git fetch --unshallow; fetch-depth: 0 in a workflow)")
	}
	var err error
	if h.prefix, err = h.git("rev-parse", "--show-prefix"); err != nil {
		return err
	}
	if h.objects, err = openObjects(h.ctx, h.dir); err != nil {
		return err
	}
	specs, err := h.specs()
	if err != nil {
		return err
	}
	seen := map[string]bool{} // commits
	files := slices.Clone(specs)
	for logged := 0; logged < len(files); {
		logged = len(files)
		args := []string{"log", "--format=%H", "-n", strconv.Itoa(maxVersions), h.ref, "--"}
		for _, f := range files {
			args = append(args, ":(top,literal)"+f)
		}
		out, err := h.git(args...)
		if err != nil {
			return err
		}
		commits := strings.Fields(out)
		if len(commits) == maxVersions {
			h.notes = append(
				h.notes,
				fmt.Sprintf("only the last %d commits that change the spec are read", maxVersions),
			)
		}
		for _, commit := range commits {
			if seen[commit] {
				continue
			}
			seen[commit] = true
			v, used := h.version(commit, specs)
			if v.Spec == "" {
				continue // it was removed for a while
			}
			if !yield(v) {
				return nil
			}
			for name := range used {
				if !slices.Contains(files, name) {
					files = append(files, name)
				}
			}
		}
	}
	return nil
}

// specs returns the names that the spec had, in the repository, the present one
// first.
func (h *history) specs() ([]string, error) {
	names := []string{path.Join(h.prefix, h.config.Spec)}
	out, err := h.git(
		"-c",
		"core.quotePath=false",
		"log",
		"--follow",
		"--format=",
		"--name-only",
		"-n",
		strconv.Itoa(maxVersions),
		h.ref,
		"--",
		h.config.Spec,
	)
	for name := range strings.Lines(out) {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, err
}

// version returns the spec as it was after the commit, under the first of its
// names that was there, and the set of the files that are read for it.
func (h *history) version(commit string, specs []string) (v codegen.Version, used map[string]bool) {
	used = map[string]bool{}
	v.Config, v.Name = h.config, "commit "+commit[:min(12, len(commit))]
	v.Read = func(name string) ([]byte, error) {
		used[path.Clean(name)] = true
		return h.objects.read(commit + ":" + path.Clean(name))
	}
	v.Overlays = readable(h.config.Overlays, v.Read)
	v.Spec = ""
	for _, name := range specs {
		if _, err := h.objects.read(commit + ":" + name); err == nil {
			v.Spec = name
			break
		}
	}
	return v, used
}

func (h *history) git(args ...string) (string, error) {
	out, err := runGit(h.ctx, h.dir, args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

// objects reads files of a repository, in one process for all of them.
type objects struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func openObjects(ctx context.Context, dir string) (*objects, error) {
	cmd := exec.CommandContext(ctx, "git", "cat-file", "--batch")
	cmd.Dir = dir
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("git cat-file --batch: %w", err)
	}
	return &objects{cmd, in, bufio.NewReader(out)}, nil
}

// read returns the file with the given name, which is COMMIT:PATH.
func (o *objects) read(name string) ([]byte, error) {
	if strings.ContainsAny(name, "\n\r") {
		return nil, fmt.Errorf("%q: a name with a line break", name)
	}
	if _, err := io.WriteString(o.in, name+"\n"); err != nil {
		return nil, err
	}
	line, err := o.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	var id, kind string
	var size int
	if _, err := fmt.Sscanf(line, "%s %s %d\n", &id, &kind, &size); err != nil {
		return nil, errors.New(strings.TrimSpace(line)) // COMMIT:PATH missing
	}
	data := make([]byte, size+1) // and a line break
	if _, err := io.ReadFull(o.out, data); err != nil {
		return nil, err
	}
	if kind != "blob" {
		return nil, fmt.Errorf("%s is not a file", name)
	}
	return data[:size], nil
}

func (o *objects) close() {
	o.in.Close()
	o.cmd.Wait() //nolint:errcheck // all reads are complete
}
