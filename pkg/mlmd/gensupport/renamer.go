package gensupport

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A Renamer gives the members of one stored object the names that they have
// now. Generated code drives it; it changes nothing else in the object.
type Renamer struct {
	fields map[string]*structpb.Value
	moved  bool
}

// NewRenamer returns a Renamer of p. One of what is not an object does nothing.
func NewRenamer(p *structpb.Value) Renamer {
	return Renamer{fields: p.GetStructValue().GetFields()}
}

// Moved reports whether a member got another name.
func (r *Renamer) Moved() bool { return r.moved }

// Rename moves what is stored under older names of the member called name. What
// is not read, because there is a younger one, is dropped.
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

// Within renames in the member called name.
func (r *Renamer) Within(name string, rename func(*structpb.Value) bool) {
	if p, ok := r.fields[name]; ok && rename(p) {
		r.moved = true
	}
}

// RenameElements renames in the elements of a list.
func RenameElements(p *structpb.Value, rename func(*structpb.Value) bool) bool {
	moved := false
	for _, e := range p.GetListValue().GetValues() {
		moved = rename(e) || moved
	}
	return moved
}

// RenameValues renames in the values of a map.
func RenameValues(p *structpb.Value, rename func(*structpb.Value) bool) bool {
	moved := false
	for _, e := range p.GetStructValue().GetFields() {
		moved = rename(e) || moved
	}
	return moved
}

// RenameStored returns v, which is stored in the property called from, as the
// field f is stored now: with the present names of the members of objects. It
// reports whether v differs from that.
func RenameStored(f *mlmd.Field, v *mlmdpb.Value, from string) (*mlmdpb.Value, bool) {
	if v.GetStructValue() == nil || f.Rename == nil && !f.List {
		return v, false
	}
	v = proto.CloneOf(v)
	p := structpb.NewStructValue(v.GetStructValue())
	key, _ := f.Property()
	moved := false
	if f.List { // its one member has the name of the property
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
