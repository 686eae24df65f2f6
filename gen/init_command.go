package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/mlmd-go/sdk/gen/codegen"
	"github.com/mlmd-go/sdk/gen/internal/config"
)

//go:embed templates/init
var layout embed.FS

// initCommand lays out a module with one entity: its spec, the generator as a
// tool, the generated packages, and a program that stores an entity.
func initCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("gen init", flag.ContinueOnError)
	flags.SetOutput(stderr)
	filesOnly := flags.Bool("files-only", false, "write the files that need no go command, and no more")
	flags.Usage = func() {
		fmt.Fprint(
			stderr,
			"Usage: gen init [-files-only] [MODULE]\n\nMODULE is the path of the new module; omit it if go.mod exists.\n\n",
		)
		flags.PrintDefaults()
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitFailed
	case flags.NArg() > 1:
		fmt.Fprintf(stderr, "gen init: unexpected argument %q; it takes one, the path of the module\n", flags.Arg(1))
		return exitFailed
	}
	if err := (&initializer{ctx, stdout, stderr}).run(flags.Arg(0), *filesOnly); err != nil {
		fmt.Fprintf(stderr, "gen init: %v\n", err)
		return exitFailed
	}
	return exitOK
}

type initializer struct {
	ctx            context.Context
	stdout, stderr io.Writer
}

func (i *initializer) run(modulePath string, filesOnly bool) error {
	files, err := i.files(modulePath)
	if err != nil {
		return err
	}
	if !exists("go.mod") {
		if err := i.command(".", "go", "mod", "init", modulePath); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(f.name, []byte(f.text), 0o644); err != nil {
			return err
		}
		fmt.Fprintln(i.stdout, f.name)
	}
	cfg, err := config.Load(".", "", "")
	if err != nil {
		return err
	}
	made, err := codegen.Generate(i.ctx, cfg.Config)
	if err != nil {
		return err
	}
	if err := packages(cfg, made).write(func() error { return nil }); err != nil {
		return err
	}
	for _, p := range cfg.Packages() {
		if exists(p.Dir) {
			fmt.Fprintln(i.stdout, p.Dir)
		}
	}
	if filesOnly {
		return nil
	}
	if !exists("tools/go.mod") {
		if err := os.MkdirAll("tools", 0o755); err != nil {
			return err
		}
		if err := i.command("tools", "go", "mod", "init", path.Join(modulePath, "tools")); err != nil {
			return err
		}
	}
	if err := i.command("tools", "go", "get", "-tool", "github.com/mlmd-go/sdk/gen@"+version()); err != nil {
		return err
	}
	return i.command(".", "go", "mod", "tidy")
}

type initFile struct{ name, text string }

// files returns the files to write. It fails if one exists, or if the path of a
// module is missing.
func (i *initializer) files(modulePath string) ([]initFile, error) {
	switch _, err := os.Stat("go.mod"); {
	case err == nil && modulePath != "":
		return nil, errors.New("there is a go.mod already: run it without a path")
	case err == nil:
		var importErr error
		if modulePath, importErr = config.ImportPath("."); importErr != nil {
			return nil, importErr
		}
	case modulePath == "":
		return nil, errors.New("name the module: gen init example.com/prompts")
	}
	out := []initFile{{"spec/base.yaml", codegen.Base()}, {"spec/openapi.yaml", layoutFile("openapi.yaml", modulePath)}}
	if programs, err := filepath.Glob("*.go"); err != nil {
		return nil, err
	} else if len(programs) > 0 {
		fmt.Fprintln(i.stderr, "gen init: note: there is Go code here, so no program is written. Add this line to a file:\n"+
			"//go:generate go tool -modfile=tools/go.mod gen")
	} else {
		out = append(out, initFile{"doc.go", layoutFile("doc.go.txt", modulePath)},
			initFile{"main.go", layoutFile("main.go.txt", modulePath)})
	}
	for _, f := range out {
		if exists(f.name) {
			return nil, fmt.Errorf("%s exists, and nothing was written: gen init is for a module without a spec", f.name)
		}
	}
	return out, nil
}

func layoutFile(name, modulePath string) string {
	text, err := layout.ReadFile("templates/init/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return strings.NewReplacer("MODULE", modulePath, "NAME", path.Base(modulePath)).Replace(string(text))
}

func exists(name string) bool {
	_, err := os.Lstat(filepath.FromSlash(name))
	return !errors.Is(err, fs.ErrNotExist)
}

// command prints and runs a command in dir.
func (i *initializer) command(dir, name string, args ...string) error {
	line := name + " " + strings.Join(args, " ")
	if dir != "." {
		line = "(cd " + dir + " && " + line + ")"
	}
	fmt.Fprintln(i.stdout, line)
	var out strings.Builder
	cmd := exec.CommandContext(i.ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", line, err, out.String())
	}
	return nil
}

// version returns the version of this generator, or latest if it was not built
// from a released module.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != "github.com/mlmd-go/sdk/gen" || !strings.HasPrefix(info.Main.Version, "v") ||
		strings.Contains(info.Main.Version, "+") {
		return "latest"
	}
	return info.Main.Version
}
