package gensupport

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A Renamer moves members of one stored object from their former names to
// their present ones. It changes nothing else in the object.
type Renamer struct {
	fields map[string]*structpb.Value
	moved  bool
}

// NewRenamer returns a Renamer of p. If p is not an object, the Renamer does
// nothing.
func NewRenamer(p *structpb.Value) Renamer {
	return Renamer{fields: p.GetStructValue().GetFields()}
}

// Moved reports whether a member was moved or removed.
func (r *Renamer) Moved() bool { return r.moved }

// Rename moves the value stored under one of the former names of a member to
// its present name. If several names are present, it keeps the value that is
// read and removes the others.
func (r *Renamer) Rename(name string, older ...string) {
	o := ObjectReader{fields: r.fields}
	read := o.find(name, older)
	for _, k := range older {
		if _, ok := r.fields[k]; ok && k != name {
			delete(r.fields, k)
			r.moved = true
		}
	}
	if r.moved && read != nil {
		r.fields[name] = read
	}
}

// Within renames members in the value of the member called name.
func (r *Renamer) Within(name string, rename func(*structpb.Value) bool) {
	if p, ok := r.fields[name]; ok && rename(p) {
		r.moved = true
	}
}

// RenameElements renames members in the elements of a list, and reports
// whether it changed anything.
func RenameElements(p *structpb.Value, rename func(*structpb.Value) bool) bool {
	moved := false
	for _, e := range p.GetListValue().GetValues() {
		moved = rename(e) || moved
	}
	return moved
}

// RenameValues renames members in the values of a map, and reports whether
// it changed anything.
func RenameValues(p *structpb.Value, rename func(*structpb.Value) bool) bool {
	moved := false
	for _, e := range p.GetStructValue().GetFields() {
		moved = rename(e) || moved
	}
	return moved
}

// RenameStored returns v, which is stored in the property called from, in
// the form that f is stored in now, with the present names of members. It
// reports whether the result differs from v, which it does not change.
func RenameStored(f *mlmd.Field, v *mlmdpb.Value, from string) (*mlmdpb.Value, bool) {
	if v.GetStructValue() == nil || f.Rename == nil && !f.List {
		return v, false
	}
	v = proto.CloneOf(v)
	p := structpb.NewStructValue(v.GetStructValue())
	key, _ := f.Property()
	moved := false
	if f.List { // its only member has the name of the property
		r := NewRenamer(p)
		r.Rename(key, append([]string{from}, f.LegacyNames...)...)
		moved = r.moved
		p = r.fields[key]
	}
	if f.Rename != nil && p != nil {
		moved = f.Rename(p) || moved
	}
	return v, moved
}
