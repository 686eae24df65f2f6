// Package config reads the config of the generator, from a file or by default
// from the layout of the module.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
	"golang.org/x/mod/module"

	"github.com/mlmd-go/sdk/gen/codegen"
)

// DefaultFile is the config file that is read if it exists and no other is
// given.
const DefaultFile = "mlmd.yaml"

// file is the form of a config file. All paths are relative to it.
type file struct {
	Spec     string   `yaml:"spec"`
	Overlays []string `yaml:"overlays"`
	Model    output   `yaml:"model"`
	Mapping  output   `yaml:"mapping"`
	Field    output   `yaml:"field"`
	Edge     output   `yaml:"edge"`
	Fake     *output  `yaml:"fake"`
	REST     *rest    `yaml:"rest"`
	Convert  *convert `yaml:"convert"`
	// Accepted is the file of accepted changes; accepted.yaml beside the spec
	// without it.
	Accepted string `yaml:"accepted"`
	// Lint has the level of rules of gen lint.
	Lint    map[string]string `yaml:"lint"`
	Plugins []Plugin          `yaml:"plugins"`
}

// convert is the package with conversions between another version of the spec and
// this one.
type convert struct {
	From   string `yaml:"from"` // the config file of the other version
	Dir    string `yaml:"dir"`
	Import string `yaml:"import"`
}

// rest is the package with the REST API. Without a title, a path or versions, they
// are those of defaultREST.
type rest struct {
	Dir      string   `yaml:"dir"`
	Import   string   `yaml:"import"`
	Title    string   `yaml:"title"`
	Path     string   `yaml:"path"`
	Versions []string `yaml:"versions"` // from the newest to the oldest
	// TextIntegers are those of Versions in which integers are strings in JSON.
	TextIntegers []string `yaml:"textIntegers"`
}

var defaultREST = rest{Dir: "generated/restapi", Title: "Registry", Path: "/api", Versions: []string{"v1"}}

// output is one package: its directory, or that with its import path.
type output struct {
	Dir    string `yaml:"dir"`
	Import string `yaml:"import"`
}

// UnmarshalYAML takes a directory alone for the whole.
func (o *output) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&o.Dir)
	}
	type plain output
	return n.Decode((*plain)(o))
}

// A Config is the config of the generator. Its paths are relative to Root.
type Config struct {
	codegen.Config
	Root    string
	Lint    map[string]string // the levels of rules, by ID; without one it is LintError
	Plugins []Plugin
}

// A Plugin is a command that makes more files from the spec.
type Plugin struct {
	Command []string `yaml:"command"`
	Dir     string   `yaml:"dir"` // of its files alone
	// Options are passed to the command.
	Options map[string]any `yaml:"options"`
}

// The levels of rules of gen lint.
const (
	LintError   = "error"
	LintWarning = "warning"
	LintOff     = "off"
)

// Load reads the config file called name. If name is empty, it reads
// mlmd.yaml in dir, or, without such a file, uses the defaults:
// spec/openapi.yaml, generated/model, generated/mapping, generated/field and
// generated/edge.
// The spec and the files that it refers to must be below the directory
// within, or, if that is empty, below the root of the module.
func Load(dir, name, within string) (Config, error) { return load(dir, name, within, true) }

// LoadSpec is like Load for a program that generates no packages: they need no
// module.
func LoadSpec(dir, name, within string) (Config, error) { return load(dir, name, within, false) }

func load(dir, name, within string, packages bool) (Config, error) {
	var f file
	at := name
	if at == "" {
		at = filepath.Join(dir, DefaultFile)
	}
	src, err := os.ReadFile(at)
	switch {
	case err == nil:
		d := yaml.NewDecoder(bytes.NewReader(src))
		d.KnownFields(true)
		if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
			return Config{}, fmt.Errorf("%s: %w; want spec, overlays, model, mapping, field, edge, fake, rest, convert, "+
				"accepted, lint and plugins", at, err)
		}
	case name != "" || !errors.Is(err, fs.ErrNotExist):
		return Config{}, fmt.Errorf("read the config: %w", err)
	}
	if name != "" {
		dir = filepath.Dir(name)
	}
	c := Config{Root: dir, Lint: f.Lint, Plugins: f.Plugins}
	for i, p := range c.Plugins {
		if len(p.Command) == 0 || p.Dir == "" {
			return Config{}, fmt.Errorf("%s: plugins: one lacks its command or dir; want both", at)
		}
		c.Plugins[i].Dir = path.Clean(p.Dir)
		if dir := c.Plugins[i].Dir; dir == "." || !filepath.IsLocal(filepath.FromSlash(dir)) {
			return Config{}, fmt.Errorf("%s: plugins: %s is not a directory below this one", at, p.Dir)
		}
	}
	for rule, level := range f.Lint {
		if !slices.Contains(codegen.LintRules(), rule) {
			return Config{}, fmt.Errorf("%s: lint: unknown rule %q; want one of %s",
				at, rule, strings.Join(codegen.LintRules(), ", "))
		}
		if level != LintError && level != LintWarning && level != LintOff {
			return Config{}, fmt.Errorf("%s: lint: %s: %q is not a level; want error, warning or off", at, rule, level)
		}
	}
	c.Spec = path.Clean(orElse(f.Spec, "spec/openapi.yaml"))
	if strings.ContainsFunc(c.Spec, unicode.IsControl) {
		return Config{}, fmt.Errorf("%s: spec: %q is not a file name", at, f.Spec)
	}
	for _, name := range f.Overlays {
		if name == "" || strings.ContainsFunc(name, unicode.IsControl) {
			return Config{}, fmt.Errorf("%s: overlays: %q is not a file name", at, name)
		}
		c.Overlays = append(c.Overlays, path.Clean(name))
	}
	if c.Read, err = Reader(dir, within); err != nil {
		return Config{}, err
	}
	c.Accepted = path.Clean(orElse(f.Accepted, path.Join(path.Dir(c.Spec), "accepted.yaml")))
	if f.Accepted != "" {
		if _, err := c.Read(c.Accepted); err != nil {
			return Config{}, fmt.Errorf("%s: accepted: %w", at, err)
		}
	}
	type place struct {
		from      output
		otherwise string
		to        *codegen.Package
	}
	places := []place{
		{f.Model, "generated/model", &c.Model},
		{f.Mapping, "generated/mapping", &c.Mapping},
		{f.Field, "generated/field", &c.Field},
		{f.Edge, "generated/edge", &c.Edge},
	}
	if f.Fake != nil {
		places = append(places, place{*f.Fake, "generated/fake", &c.Fake})
	}
	if r := f.REST; r != nil {
		c.REST = &codegen.REST{
			Title: orElse(r.Title, defaultREST.Title), Path: orElse(r.Path, defaultREST.Path), Versions: r.Versions,
			TextIntegers: r.TextIntegers,
		}
		if len(c.REST.Versions) == 0 {
			c.REST.Versions = defaultREST.Versions
		}
		places = append(places, place{output{r.Dir, r.Import}, defaultREST.Dir, &c.REST.Package})
	}
	if f.Convert != nil {
		if f.Convert.From == "" {
			return Config{}, fmt.Errorf("%s: convert: from is missing: name the config file of the other version", at)
		}
		from, err := load(dir, filepath.Join(dir, filepath.FromSlash(f.Convert.From)), within, true)
		if err != nil {
			return Config{}, fmt.Errorf("%s: convert: %w", at, err)
		}
		c.Convert = &codegen.Convert{From: from.Config, Name: f.Convert.From}
		places = append(places,
			place{output{f.Convert.Dir, f.Convert.Import}, "generated/convert", &c.Convert.Package})
	}
	for _, p := range places {
		p.to.Dir = path.Clean(orElse(p.from.Dir, p.otherwise))
		if !filepath.IsLocal(filepath.FromSlash(p.to.Dir)) {
			return Config{}, fmt.Errorf(
				"%s: %s is outside of this directory; put the config file above it",
				at,
				p.to.Dir,
			)
		}
		p.to.Import = p.from.Import
		if p.to.Import == "" {
			p.to.Import, err = ImportPath(filepath.Join(dir, filepath.FromSlash(p.to.Dir)))
			if err != nil && packages {
				return Config{}, err
			}
		}
	}
	if !packages {
		return c, nil
	}
	return c, c.check(at)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// ImportPath returns the import path of dir, from the go.mod above it.
func ImportPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := abs; ; {
		src, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if err == nil {
			rel, err := filepath.Rel(at, abs)
			if err != nil {
				return "", err
			}
			module := modulePath(string(src))
			if module == "" {
				return "", fmt.Errorf("%s does not name a module", filepath.Join(at, "go.mod"))
			}
			return path.Join(module, filepath.ToSlash(rel)), nil
		}
		up := filepath.Dir(at)
		if up == at {
			return "", fmt.Errorf(
				"there is no go.mod above %s: run go mod init, or name the import paths in %s",
				dir,
				DefaultFile,
			)
		}
		at = up
	}
}

// modulePath returns the path in the module line of a go.mod.
func modulePath(mod string) string {
	for line := range strings.Lines(mod) {
		line, _, _ = strings.Cut(line, "//")
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "module"); ok && strings.TrimSpace(rest) != rest {
			return strings.Trim(strings.TrimSpace(rest), "\"`")
		}
	}
	return ""
}

// used are the names of packages and variables in generated code; besides, it
// uses the names that Go predeclares.
var used = strings.Fields("mlmd gensupport mlmdpb filter relation rest embed structpb value types time " +
	"v w r n ns o p c s f set fakesupport id parent init main _")

// usable reports whether a package of output can be called name.
func usable(name string) bool {
	loop := strings.Trim(name, "i") // loops within loops count with i, ii, …
	return !slices.Contains(used, name) && types.Universe.Lookup(name) == nil && loop != "" && loop != "e"
}

func (c Config) check(at string) error {
	seen := map[string]string{}
	type output struct {
		what string
		codegen.Package
	}
	for _, p := range c.Plugins {
		key := "the directory " + p.Dir
		if other, ok := seen[key]; ok {
			return fmt.Errorf("%s: %s and a plugin are both in %s; each needs its own", at, other, key)
		}
		seen[key] = "a plugin"
	}
	outputs := []output{{"model", c.Model}, {"mapping", c.Mapping}, {"field", c.Field}, {"edge", c.Edge}}
	if c.Fake.Dir != "" {
		outputs = append(outputs, output{"fake", c.Fake})
	}
	if c.Convert != nil {
		outputs = append(outputs, output{"convert", c.Convert.Package})
	}
	if c.REST != nil {
		outputs = append(outputs, output{"rest", c.REST.Package})
		if err := c.checkREST(at); err != nil {
			return err
		}
	}
	for _, p := range outputs {
		base := path.Base(p.Import)
		if !token.IsIdentifier(base) {
			return fmt.Errorf(
				"%s: %s: %q is not a package name; name another directory, or an import path that ends in one",
				at,
				p.what,
				base,
			)
		}
		if !usable(base) {
			return fmt.Errorf(
				"%s: %s: the package name %q is used for something else in generated code; choose another directory",
				at,
				p.what,
				base,
			)
		}
		if err := module.CheckImportPath(p.Import); err != nil {
			return fmt.Errorf("%s: %s: %w; name another directory or import path", at, p.what, err)
		}
		for _, key := range []string{"the directory " + p.Dir, "the import path " + p.Import} {
			if other, ok := seen[key]; ok {
				return fmt.Errorf("%s: %s and %s are both in %s; each needs its own", at, other, p.what, key)
			}
			seen[key] = p.what
		}
	}
	return nil
}

var (
	urlPath = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$`)
	version = regexp.MustCompile(`^v[0-9][a-z0-9]*$`)
)

func (c Config) checkREST(at string) error {
	if !urlPath.MatchString(c.REST.Path) {
		return fmt.Errorf("%s: rest: %q is not a path; want one such as /api/registry", at, c.REST.Path)
	}
	seen := map[string]bool{}
	for _, v := range c.REST.Versions {
		if !version.MatchString(v) || seen[v] {
			return fmt.Errorf("%s: rest: the version %q is invalid or listed twice; want v1, v2beta1, …", at, v)
		}
		seen[v] = true
	}
	for _, v := range c.REST.TextIntegers {
		if !seen[v] {
			return fmt.Errorf("%s: rest: textIntegers: %q is not one of the versions", at, v)
		}
	}
	return nil
}

// Path returns where the file called name, relative to the config, is.
func (c Config) Path(name string) string { return filepath.Join(c.Root, filepath.FromSlash(name)) }
