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
	modern   bool     // Main is of OpenAPI 3.1
	overlays []string // of Main
	docs     map[string]*Document
	read     func(name string) ([]byte, error)
	lines    map[string][]string
	problems Problems
	accepted []Acceptance
}

// Load reads the document called name through read, and on demand those that
// it refers to. It applies overlays to the main document. Errors in them are
// returned by Problems; Load itself only fails if the main document or an overlay
// cannot be read.
func Load(
	ctx context.Context, name string, read func(name string) ([]byte, error), overlays ...string,
) (*Set, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &Set{docs: map[string]*Document{}, overlays: overlays, read: read, lines: map[string][]string{}}
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
	s.problems = append(s.problems, s.Problem(pos, path, msg, fix))
}

// Problem returns a problem at pos, with the line there, and does not report it.
func (s *Set) Problem(pos Pos, path, msg, fix string) Problem {
	p := Problem{Pos: pos, Path: path, Msg: msg, Fix: fix}
	if lines := s.lines[pos.File]; pos.Line >= 1 && pos.Line <= len(lines) {
		p.Line = strings.TrimSuffix(lines[pos.Line-1], "\r")
	}
	return p
}

// use returns schema, after it adds the problems that were found in it. Those of
// a schema that no entity reaches are never added, since a spec may describe more
// than entities, with keywords that only other tools read.
func (s *Set) use(schema *Schema) *Schema {
	top := schema.top
	s.problems = append(s.problems, top.held...)
	top.held = nil
	return schema
}

// Reported reports whether there is a problem at path or below it.
func (s *Set) Reported(path string) bool {
	return slices.ContainsFunc(s.problems, func(p Problem) bool {
		return p.Path == path || strings.HasPrefix(p.Path, path+".")
	})
}

// Unused returns the schemas of the main document that are not entities and that no
// $ref refers to.
func (s *Set) Unused() []*Schema {
	used := map[string]bool{}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, item := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == "$ref" {
				_, pointer, _ := strings.Cut(item.Value, "#/components/schemas/")
				name, _, _ := strings.Cut(pointer, "/")
				used[pointerUnescape.Replace(name)] = true
			}
			walk(item)
		}
	}
	for _, doc := range s.docs {
		if doc != nil && doc.root != nil {
			walk(doc.root)
		}
	}
	return slices.DeleteFunc(slices.Clone(s.Main.Schemas), func(s *Schema) bool {
		return s.Ext.Kind.Set() || used[s.Name]
	})
}

// Resolve returns the schema that the $ref of from refers to. If it cannot be
// resolved, Resolve reports the reason and returns nil.
func (s *Set) Resolve(from *Schema, where string) *Schema {
	ref := from.Ref
	file, pointer, ok := strings.Cut(ref.Text, "#")
	rest, inSchemas := strings.CutPrefix(pointer, "/components/schemas/")
	steps := strings.Split(rest, "/$defs/")
	if from.doc.modern && strings.HasPrefix(ref.Text, "#/$defs/") { // of the document, which has none
		s.Report(
			ref.Pos,
			where,
			"$ref "+Quote(ref.Text)+" cannot be followed",
			"want "+Quote("#/components/schemas/"+pointerEscape.Replace(from.top.Name)+strings.TrimPrefix(ref.Text, "#")),
		)
		return nil
	}
	invalid := func(step string) bool { return step == "" || strings.Contains(step, "/") }
	if !ok || !inSchemas || slices.ContainsFunc(steps, invalid) {
		s.Report(
			ref.Pos,
			where,
			"$ref "+Quote(ref.Text)+" cannot be followed",
			"want '#/components/schemas/NAME' or 'FILE#/components/schemas/NAME'",
		)
		return nil
	}
	doc := s.referred(from, file, where)
	if doc == nil {
		return nil
	}
	name := pointerUnescape.Replace(steps[0])
	found := doc.Schema(name)
	if found == nil {
		s.noSchema(ref, where, name, doc.File+" under components.schemas", doc.Schemas)
		return nil
	}
	for _, step := range steps[1:] {
		name := pointerUnescape.Replace(step)
		i := slices.IndexFunc(found.Defs, func(def *Schema) bool { return def.Name == name })
		if i < 0 {
			s.noSchema(ref, where, name, "the $defs of "+found.Path, found.Defs)
			return nil
		}
		found = found.Defs[i]
	}
	return s.use(found)
}

// The escapes of JSON pointers.
var (
	pointerEscape   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// referred returns the document with the given name, which is relative to that of
// from, or the latter if the name is empty. It reports why it cannot.
func (s *Set) referred(from *Schema, file, where string) *Document {
	if file == "" {
		return from.doc
	}
	ref := from.Ref
	if strings.Contains(file, "://") || path.IsAbs(file) {
		s.Report(
			ref.Pos,
			where,
			"$ref "+Quote(ref.Text)+" leads out of the project",
			"want a path relative to "+from.doc.File,
		)
		return nil
	}
	target := path.Join(path.Dir(from.doc.File), file)
	doc, err := s.load(target)
	if err != nil {
		why := err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			why = "there is no file " + target
		}
		s.Report(ref.Pos, where, "$ref "+Quote(ref.Text)+": "+why, "check the path: it is relative to "+from.doc.File)
		return nil
	}
	return doc
}

// noSchema reports a $ref to a name that is not among the schemas there.
func (s *Set) noSchema(ref Word, where, name, place string, schemas []*Schema) {
	var names []string
	for _, schema := range schemas {
		names = append(names, schema.Name)
	}
	fix := "declare it in " + place
	if near := Closest(name, names); near != "" {
		fix = fmt.Sprintf("did you mean %s?", near)
	}
	if name == "Resource" {
		fix = "print the schemas that entities share with gen -print-base > base.yaml, and refer to " +
			"'base.yaml#/components/schemas/Resource'"
	}
	s.Report(ref.Pos, where, "$ref "+Quote(ref.Text)+" means no schema", fix)
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
	doc := &Document{File: name, byName: map[string]*Schema{}, added: map[*yaml.Node]string{}}
	s.docs[name] = doc
	root := s.parse(name, bytes.TrimPrefix(src, []byte("\ufeff")))
	if root == nil {
		return doc, nil
	}
	if s.Main == nil {
		for _, o := range s.overlays {
			if err := s.overlay(o, doc, root); err != nil {
				return nil, err
			}
		}
	}
	doc.root = root
	d := &decoder{set: s, doc: doc, table: Extensions()}
	d.document(root, s.Main == nil)
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
		s.Report(Pos{name, 1, 1}, "", "the file is empty", "want an OpenAPI document")
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
	doc      *Document
	table    []Extension
	keywords map[string]func(*decoder, *yaml.Node, *Schema)
	top      *Schema // the schema of components.schemas that is being decoded, or nil
	now      bool    // problems in it are reported at once
	path     string  // of what is being decoded
	key      string  // the keyword that is being decoded
	keyPos   Pos
	place    Place // of the schema that is being decoded; zero within others
	depth    int
}

func (d *decoder) pos(n *yaml.Node) Pos { return d.doc.pos(n) }

func (d *decoder) problem(n *yaml.Node, msg, fix string) {
	p := d.set.Problem(d.pos(n), d.path, msg, fix)
	if d.top == nil || d.now {
		d.set.problems = append(d.set.problems, p)
		return
	}
	d.top.held = append(d.top.held, p)
}

// document decodes a whole file. Only the main one must say that it is OpenAPI:
// what others refer to may be a fragment, which is read like the main one.
func (d *decoder) document(n *yaml.Node, main bool) {
	var version, components *yaml.Node
	for key, value := range d.members(n) {
		switch key.Value {
		case "openapi":
			version = value
		case "info":
			d.doc.Info = info(value)
		case "components":
			components = value
		}
	}
	d.doc.modern = d.set.modern
	if version != nil {
		d.doc.modern = strings.HasPrefix(version.Value, "3.1.")
	}
	if version == nil && main || version != nil && !d.doc.modern && !strings.HasPrefix(version.Value, "3.0.") {
		at := n
		if version != nil {
			at = version
		}
		d.problem(at, "this is not a document of OpenAPI 3.0 or 3.1", "want 'openapi: 3.0.3' or 'openapi: 3.1.0' at its top")
	}
	if main {
		d.set.modern = d.doc.modern
	}
	d.keywords = keywords(d.doc.modern)
	if components == nil {
		d.problem(n, "there is no components.schemas", "declare the entities there")
		return
	}
	for key, value := range d.members(components) {
		if key.Value != "schemas" {
			continue
		}
		d.doc.Schemas = d.named(value, "", OnEntity)
		for _, s := range d.doc.Schemas {
			d.doc.byName[s.Name] = s
			if main && s.Ext.Kind.Set() {
				d.set.use(s)
			}
		}
		return
	}
	d.problem(components, "there is no components.schemas", "declare the entities there")
}

// info returns what the info of a document says. OpenAPI requires its members, this
// generator does not.
func info(n *yaml.Node) (i Info) {
	if n.Decode(&i) != nil {
		return Info{}
	}
	return i
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
	s := &Schema{Name: name, Pos: d.pos(n), Key: d.pos(n), Path: path, doc: d.doc}
	if d.top == nil {
		d.top = s
	}
	s.top = d.top
	if d.depth++; d.depth > maxDepth {
		d.problem(n, fmt.Sprintf("schemas are nested more than %d deep", maxDepth), "name the inner ones and use $ref")
		return nil
	}
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
	s.settleUnion()
	if d.doc.modern {
		s.settle()
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
	if d.doc.modern {
		fix = "OpenAPI 3.1 has no such keyword; extensions begin with x-"
	}
	if near := Closest(key.Value, names); near != "" {
		fix = fmt.Sprintf("did you mean %s?", near)
	}
	if instead := otherVersion[key.Value]; instead != "" {
		fix = instead
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
