package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/mlmd-go/sdk/gen/codegen"
	"github.com/mlmd-go/sdk/gen/internal/config"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// An answer is what a plugin prints.
type answer struct {
	Files []struct {
		Path    string `json:"path"` // relative to the directory of the plugin
		Content string `json:"content"`
	} `json:"files"`
	Problems []codegen.Report `json:"problems"`
}

// runPlugins adds the files of the plugins to out. A problem that a plugin reports
// is one of the spec.
func runPlugins(ctx context.Context, cfg config.Config, out *output) error {
	if len(cfg.Plugins) == 0 {
		return nil
	}
	d, err := codegen.Describe(ctx, cfg.Config)
	if err != nil {
		return err
	}
	var problems codegen.Problems
	for _, p := range cfg.Plugins {
		d.Options = p.Options
		a, err := runPlugin(ctx, cfg, p, d)
		if err != nil {
			return fmt.Errorf("the plugin %s: %w", p.Command[0], err)
		}
		for _, r := range a.Problems {
			problems = append(problems, spec.Problem{
				Pos: spec.Pos{File: r.File, Line: r.Line, Col: r.Column}, Path: r.Path, Msg: r.Message, Fix: r.Fix,
			})
		}
		for _, f := range a.Files {
			if err := checkPluginFile(f.Path, f.Content); err != nil {
				return fmt.Errorf("the plugin %s: %w", p.Command[0], err)
			}
			out.files[path.Join(p.Dir, f.Path)] = []byte(f.Content)
		}
		out.pluginDirs = append(out.pluginDirs, p.Dir)
	}
	if problems != nil {
		return problems.Sorted()
	}
	return nil
}

// runPlugin runs the command in the directory of the config: it reads d as JSON.
func runPlugin(ctx context.Context, cfg config.Config, p config.Plugin, d *codegen.Description) (a answer, err error) {
	in, err := json.Marshal(d)
	if err != nil {
		return a, err
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, p.Command[0], p.Command[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = cfg.Root, bytes.NewReader(in), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return a, fmt.Errorf("%w\n%s", err, strings.TrimSpace(stderr.String()))
	}
	if err := json.Unmarshal(stdout.Bytes(), &a); err != nil {
		return a, fmt.Errorf("its output is not an object with files and problems: %w", err)
	}
	return a, nil
}

// markWithin is how many bytes of a plugin's file may precede the mark.
const markWithin = 1024

func checkPluginFile(name, content string) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) || path.Clean(name) != name || name == "." {
		return fmt.Errorf("the path %q is not that of a file below its directory", name)
	}
	if !madeByPlugin([]byte(content)) {
		return fmt.Errorf("the file %s lacks the mark of the description in its first %d bytes: "+
			"gen replaces and removes only files that have it", name, markWithin)
	}
	return nil
}

func madeByPlugin(src []byte) bool {
	return bytes.Contains(src[:min(len(src), markWithin)], []byte(codegen.GeneratedBy))
}

// pluginFiles returns the files below a directory that plugins made.
func (o output) pluginFiles(dir string) (out []string, err error) {
	err = filepath.WalkDir(o.Path(dir), func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(o.Root, file)
		if err != nil {
			return err
		}
		out = append(out, filepath.ToSlash(rel))
		return nil
	})
	return out, err
}
