package spec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDepth limits the nesting of schemas.
const maxDepth = 64

// A Set is a document and all documents that it refers to.
type Set struct {
	Main     *Document
	docs     map[string]*Document
	read     func(name string) ([]byte, error)
	lines    map[string][]string
	problems Problems
	accepted []Acceptance
}

// Load reads the document called name through read, and on demand those that
// it refers to. Errors in them are returned by Problems; Load itself only
// fails if the main document cannot be read.
func Load(ctx context.Context, name string, read func(name string) ([]byte, error)) (*Set, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &Set{docs: map[string]*Document{}, read: read, lines: map[string][]string{}}
	doc, err := s.load(path.Clean(name))
	if err != nil {
		return nil, fmt.Errorf("gen: read the spec: %w", err)
	}
	s.Main = doc
	return s, nil
}

// Problems returns the errors found so far.
func (s *Set) Problems() Problems { return s.problems }

// Report adds a problem at pos.
func (s *Set) Report(pos Pos, path, msg, fix string) {
	p := Problem{Pos: pos, Path: path, Msg: msg, Fix: fix}
	if lines := s.lines[pos.File]; pos.Line >= 1 && pos.Line <= len(lines) {
		p.Line = strings.TrimSuffix(lines[pos.Line-1], "\r")
	}
	s.problems = append(s.problems, p)
}

// Reported reports whether there is a problem at path or below it.
func (s *Set) Reported(path string) bool {
	return slices.ContainsFunc(s.problems, func(p Problem) bool {
		return p.Path == path || strings.HasPrefix(p.Path, path+".")
	})
}

// Resolve returns the schema that ref refers to, from a schema at from. If
// it cannot be resolved, Resolve reports the reason and returns nil.
func (s *Set) Resolve(ref Word, where string) *Schema {
	file, pointer, ok := strings.Cut(ref.Text, "#")
	name, inSchemas := strings.CutPrefix(pointer, "/components/schemas/")
	if !ok || !inSchemas || name == "" || strings.Contains(name, "/") {
		s.Report(
			ref.Pos,
			where,
			"$ref "+Quote(ref.Text)+" cannot be followed",
			"want '#/components/schemas/NAME' or 'FILE#/components/schemas/NAME'",
		)
		return nil
	}
	name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
	target := ref.Pos.File
	if file != "" {
		if strings.Contains(file, "://") || path.IsAbs(file) {
			s.Report(
				ref.Pos,
				where,
				"$ref "+Quote(ref.Text)+" leads out of the project",
				"want a path relative to "+ref.Pos.File,
			)
			return nil
		}
		target = path.Join(path.Dir(ref.Pos.File), file)
	}
	doc, err := s.load(target)
	if err != nil {
		why := err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			why = "there is no file " + target
		}
		s.Report(ref.Pos, where, "$ref "+Quote(ref.Text)+": "+why, "check the path: it is relative to "+ref.Pos.File)
		return nil
	}
	if found := doc.Schema(name); found != nil {
		return found
	}
	var names []string
	for _, schema := range doc.Schemas {
		names = append(names, schema.Name)
	}
	fix := fmt.Sprintf("declare it in %s under components.schemas", target)
	if near := Closest(name, names); near != "" {
		fix = fmt.Sprintf("did you mean %s?", near)
	}
	if name == "Resource" {
		fix = "print the schemas that entities share with gen -print-base > base.yaml, and refer to " +
			"'base.yaml#/components/schemas/Resource'"
	}
	s.Report(ref.Pos, where, "$ref "+Quote(ref.Text)+" means no schema", fix)
	return nil
}

func (s *Set) load(name string) (*Document, error) {
	if doc, ok := s.docs[name]; ok {
		if doc == nil {
			return nil, fmt.Errorf("there is no %s: %w", name, fs.ErrNotExist)
		}
		return doc, nil
	}
	s.docs[name] = nil
	src, err := s.read(name)
	if err != nil {
		return nil, err
	}
	s.lines[name] = strings.Split(string(src), "\n")
	doc := &Document{File: name, byName: map[string]*Schema{}}
	s.docs[name] = doc
	root := s.parse(name, bytes.TrimPrefix(src, []byte("\ufeff")))
	if root == nil {
		return doc, nil
	}
	d := &decoder{set: s, file: name, table: Extensions(), keywords: keywords()}
	d.document(root, doc, s.Main == nil)
	return doc, nil
}

var yamlLine = regexp.MustCompile(`line (\d+)(?:, column (\d+))?`)

// parse returns the root of a file in YAML or JSON, or nil if it is neither.
func (s *Set) parse(name string, src []byte) *yaml.Node {
	if isJSON(name, src) {
		root, err := readJSON(src)
		if bad := (*jsonError)(nil); errors.As(err, &bad) {
			s.Report(Pos{name, bad.line, bad.col}, "", "this is not JSON: "+bad.Error(), "correct it there")
		}
		return root
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		s.syntax(name, err)
		return nil
	}
	if len(doc.Content) == 0 {
		s.Report(Pos{name, 1, 1}, "", "the file is empty", "want an OpenAPI 3.0 document")
		return nil
	}
	return doc.Content[0]
}

// syntax reports an error of the YAML parser, at its line.
func (s *Set) syntax(name string, err error) {
	pos := Pos{name, 1, 1}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		pos.Line, _ = strconv.Atoi(m[1])
		if m[2] != "" {
			pos.Col, _ = strconv.Atoi(m[2])
		}
	}
	msg := strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\n", " "), "yaml: ")
	s.Report(pos, "", "this is not YAML: "+msg, "correct it there, or in the line above")
}

// A decoder turns the nodes of one file into schemas.
type decoder struct {
	set      *Set
	file     string
	table    []Extension
	keywords map[string]func(*decoder, *yaml.Node, *Schema)
	path     string // of what is being decoded
	key      string // the keyword that is being decoded
	keyPos   Pos
	place    Place // of the schema that is being decoded; zero within others
	depth    int
}

func (d *decoder) pos(n *yaml.Node) Pos { return Pos{d.file, max(n.Line, 1), max(n.Column, 1)} }

func (d *decoder) problem(n *yaml.Node, msg, fix string) { d.set.Report(d.pos(n), d.path, msg, fix) }

// document decodes a whole file. Only the main one must say that it is OpenAPI:
// what others refer to may be a fragment.
func (d *decoder) document(n *yaml.Node, doc *Document, main bool) {
	var version, components *yaml.Node
	for key, value := range d.members(n) {
		switch key.Value {
		case "openapi":
			version = value
		case "components":
			components = value
		}
	}
	if version == nil && main || version != nil && !strings.HasPrefix(version.Value, "3.0.") {
		at := n
		if version != nil {
			at = version
		}
		d.problem(at, "this is not an OpenAPI 3.0 document", "want 'openapi: 3.0.3' at its top")
	}
	if components == nil {
		d.problem(n, "there is no components.schemas", "declare the entities there")
		return
	}
	for key, value := range d.members(components) {
		if key.Value != "schemas" {
			continue
		}
		doc.Schemas = d.named(value, "", OnEntity)
		for _, s := range doc.Schemas {
			doc.byName[s.Name] = s
		}
		return
	}
	d.problem(components, "there is no components.schemas", "declare the entities there")
}

// members ranges over the keys and values of a mapping. Anything but a mapping
// is reported, and so is a key that stands there twice.
func (d *decoder) members(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			d.problem(n, "found "+kindName(n), "want a mapping")
			return
		}
		seen := make(map[string]*yaml.Node, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if key.Kind != yaml.ScalarNode {
				d.problem(key, "a key is "+kindName(key), "want a name")
				continue
			}
			if first, ok := seen[key.Value]; ok {
				d.problem(
					key,
					Quote(key.Value)+" stands here twice",
					fmt.Sprintf("the first is on line %d; keep one", first.Line),
				)
				continue
			}
			seen[key.Value] = key
			if value.Kind == yaml.AliasNode {
				d.problem(value, "YAML aliases are not read", "write it out, or make it a schema and use $ref")
				continue
			}
			if !yield(key, value) {
				return
			}
		}
	}
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	default:
		if n.Tag == "!!null" {
			return "nothing"
		}
		return Quote(n.Value)
	}
}

// named decodes the schemas under the names of n; place says which extensions
// they may have.
func (d *decoder) named(n *yaml.Node, path string, place Place) []*Schema {
	var out []*Schema
	for key, value := range d.members(n) {
		p := key.Value
		if path != "" {
			p = path + "." + key.Value
		}
		if s := d.schema(value, key.Value, p, place); s != nil {
			s.Key = d.pos(key)
			d.set.accept(s)
			out = append(out, s)
		}
	}
	return out
}

func (d *decoder) schema(n *yaml.Node, name, path string, place Place) *Schema {
	outer := *d
	defer func() { *d = outer }()
	d.path, d.place = path, place
	if d.depth++; d.depth > maxDepth {
		d.problem(n, fmt.Sprintf("schemas are nested more than %d deep", maxDepth), "name the inner ones and use $ref")
		return nil
	}
	s := &Schema{Name: name, Pos: d.pos(n), Key: d.pos(n), Path: path}
	for key, value := range d.members(n) {
		d.key, d.keyPos = key.Value, d.pos(key)
		decode, known := d.keywords[key.Value]
		switch {
		case decode != nil:
			decode(d, value, s)
		case known:
		case strings.HasPrefix(key.Value, "x-"):
			d.extension(key, value, &s.Ext)
		default:
			d.unknownKeyword(key)
		}
	}
	return s
}

func (d *decoder) unknownKeyword(key *yaml.Node) {
	var names []string
	for k := range d.keywords {
		names = append(names, k)
	}
	slices.Sort(names)
	fix := "OpenAPI 3.0 has no such keyword; extensions begin with x-"
	if near := Closest(key.Value, names); near != "" {
		fix = fmt.Sprintf("did you mean %s?", near)
	}
	d.problem(key, "unknown keyword "+Quote(key.Value), fix)
}

func (d *decoder) schemas(n *yaml.Node, path string) []*Schema {
	var out []*Schema
	for _, item := range d.items(n) {
		if s := d.schema(item, "", path, 0); s != nil {
			out = append(out, s)
		}
	}
	return out
}

func (d *decoder) items(n *yaml.Node) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		d.problem(n, "found "+kindName(n), "want a list")
		return nil
	}
	return n.Content
}

func (d *decoder) text(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		d.problem(n, "found "+kindName(n), "want a string")
		return ""
	}
	if n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

// word decodes a text that may not be empty and, where want is given, is one
// of want.
func (d *decoder) word(n *yaml.Node, want []string) (Word, bool) {
	if n.Kind != yaml.ScalarNode || n.Value == "" || n.Tag == "!!null" {
		fix := "want a string"
		if want != nil {
			fix = OneOf(want)
		}
		d.problem(n, d.key+" is "+kindName(n), fix)
		return Word{}, false
	}
	if want != nil && !slices.Contains(want, n.Value) {
		d.problem(n, d.key+" "+Quote(n.Value)+" is unknown", OneOf(want))
		return Word{}, false
	}
	return Word{n.Value, d.pos(n)}, true
}

func (d *decoder) words(n *yaml.Node) []Word {
	var out []Word
	for _, item := range d.items(n) {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			d.problem(item, "found "+kindName(item), "want a string")
			continue
		}
		out = append(out, Word{item.Value, d.pos(item)})
	}
	return out
}

func (d *decoder) boolean(n *yaml.Node) bool {
	var b bool
	if n.Kind != yaml.ScalarNode || n.Decode(&b) != nil {
		d.problem(n, d.key+" is "+kindName(n), "want true or false")
	}
	return b
}

func (d *decoder) integer(n *yaml.Node) *int {
	if n.Tag == "!!null" {
		return nil
	}
	i, ok := Whole(n)
	if !ok || i < 0 || i > math.MaxInt32 {
		d.problem(n, d.key+" is "+kindName(n), "want a whole number, zero or more")
		return nil
	}
	return new(int(i))
}

// Whole returns the integer value of the scalar n, which may have a zero
// fraction, such as 2.0.
func Whole(n *yaml.Node) (int64, bool) {
	var i int64
	switch {
	case n.Kind != yaml.ScalarNode:
		return 0, false
	case n.Tag == "!!int":
		return i, n.Decode(&i) == nil
	case n.Tag != "!!float":
		return 0, false
	}
	if whole, zeros, _ := strings.Cut(n.Value, "."); strings.Trim(
		zeros,
		"0",
	) == "" { // also where a float64 is not exact
		if i, err := strconv.ParseInt(whole, 10, 64); err == nil {
			return i, true
		}
	}
	var f float64
	if n.Decode(&f) != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// ErrNoEntities is the error of a spec without entities.
var ErrNoEntities = errors.New("no schema has x-mlmd-kind: there are no entities")
