package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// An Acceptance says that the breaking changes which a rule finds at one place are
// meant: it is an element of x-mlmd-accepted, or of a file of acceptances.
type Acceptance struct {
	Path   string // such as "ModelVersion.author"; of the declaration, or as the file has it
	Rule   string
	Since  string // YYYY-MM-DD
	Reason string
	Beside Pos // of the declaration's name; zero in a file of acceptances
	Pos    Pos
}

// Same reports whether a and b are one acceptance in two versions of a spec.
func (a Acceptance) Same(b Acceptance) bool {
	return a.Path == b.Path && a.Rule == b.Rule && a.Since == b.Since
}

// Accepted returns the acceptances of the documents and of LoadAccepted.
func (s *Set) Accepted() []Acceptance { return s.accepted }

// LoadAccepted reads a file of acceptances, if there is one.
func (s *Set) LoadAccepted(name string) error {
	src, err := s.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("gen: read the accepted changes: %w", err)
	}
	s.lines[name] = strings.Split(string(src), "\n")
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		s.syntax(name, err)
		return nil
	}
	if len(doc.Content) == 0 { // only comments
		return nil
	}
	d := &decoder{set: s, doc: &Document{File: name}}
	s.accepted = append(s.accepted, d.acceptances(doc.Content[0], true)...)
	return nil
}

// accept adds the acceptances beside a declaration and beside its edges.
func (s *Set) accept(of *Schema) {
	add := func(as []Acceptance, path string, beside Pos) {
		for _, a := range as {
			a.Path, a.Beside = path, beside
			s.accepted = append(s.accepted, a)
		}
	}
	add(of.Ext.Accepted, of.Path, of.Key)
	for _, e := range of.Ext.Edges {
		add(e.Accepted, of.Path+"."+e.Name.Text, e.Pos)
	}
}

// acceptances decodes a list of acceptances. In a file of their own, each has a
// path.
func (d *decoder) acceptances(n *yaml.Node, ownFile bool) (out []Acceptance) {
	outer := d.key
	defer func() { d.key = outer }()
	d.key = "x-mlmd-accepted"
	if ownFile {
		d.key = "an accepted change"
	}
	for _, item := range d.items(n) {
		a := Acceptance{Pos: d.pos(item)}
		valid := true
		member := func(to *string) func(*yaml.Node) {
			return func(n *yaml.Node) {
				w, ok := d.word(n, nil)
				*to, valid = w.Text, valid && ok
			}
		}
		members := map[string]func(*yaml.Node){
			"rule": member(&a.Rule), "reason": member(&a.Reason),
			"since": func(n *yaml.Node) {
				if member(&a.Since)(n); valid && !isDate(a.Since) {
					d.problem(n, d.key+" has since: "+Quote(a.Since)+", which is not a date", "want YYYY-MM-DD, such as 2026-12-01")
					valid = false
				}
			},
		}
		required := []string{"rule", "since", "reason"}
		if ownFile {
			members["path"] = member(&a.Path)
			required = append([]string{"path"}, required...)
		}
		if d.only(item, members, required...) && valid {
			a.Reason = strings.Join(strings.Fields(a.Reason), " ")
			out = append(out, a)
		}
	}
	return out
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
