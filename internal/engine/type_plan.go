package engine

import (
	"context"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// typePlan is what must be written to store the types of a request.
type typePlan struct {
	entries []*typeEntry              // by type of the request; equal types share an entry
	known   map[kindedName]*typeEntry // entries and their base types
	// owners are the types that have the external IDs of the request.
	owners map[string]*typeEntry
	// renames are the new external IDs of stored types. Their order matters:
	// one may be free only after another was replaced.
	renames []typeRename
}

// typeRename gives a stored type a new external ID.
type typeRename struct {
	entry    *typeEntry
	external string
}

// typeEntry is a type as it is stored and as it is to be.
type typeEntry struct {
	typeRequest
	id       int64                          // 0 for a new type
	before   map[string]mlmdpb.PropertyType // stored properties
	added    map[string]mlmdpb.PropertyType // properties to add
	parents  []string
	addBase  string // parent to add, if not empty
	external *string
}

// isEmpty reports whether nothing must be written.
func (p *typePlan) isEmpty() bool {
	if len(p.renames) > 0 {
		return false
	}
	for _, e := range p.entries {
		if e.id == 0 || len(e.added) > 0 || e.addBase != "" {
			return false
		}
	}
	return true
}

func (p *typePlan) ids() []int64 {
	return mapSlice(p.entries, func(e *typeEntry) int64 { return e.id })
}

// planTypes compares types with what is stored, in order, so that the first
// invalid type determines the error.
func planTypes(ctx context.Context, q querier, flags typeFlags, types []typeRequest) (*typePlan, error) {
	if !flags.GetAllFieldsMatch() {
		return nil, errorf(codes.Unimplemented, "Must match all fields.")
	}
	p := &typePlan{known: map[kindedName]*typeEntry{}, owners: map[string]*typeEntry{}}
	err := p.readStored(ctx, q, types)
	if err != nil {
		return nil, err
	}
	for _, r := range types {
		key := kindedName{r.kind, r.name}
		e := p.known[key]
		if e == nil {
			if e, err = p.create(r); err != nil {
				return nil, err
			}
			p.known[key] = e
		} else if err := p.update(e, r, flags); err != nil {
			return nil, err
		}
		if err := p.setBase(e, r); err != nil {
			return nil, err
		}
		p.entries = append(p.entries, e)
	}
	return p, nil
}

// readStored reads the types of the request, their base types, and the owners
// of their external IDs.
func (p *typePlan) readStored(ctx context.Context, q querier, types []typeRequest) error {
	names := map[typekind.Kind][]typeName{}
	var externals []string
	for _, r := range types {
		names[r.kind] = append(names[r.kind], r.name)
		if r.base != nil && *r.base > 0 {
			names[r.kind] = append(names[r.kind], typeName{name: BaseTypes[r.kind][*r.base]})
		}
		if r.external != nil {
			externals = append(externals, *r.external)
		}
	}
	for kind, some := range names {
		stored, err := typesByName(ctx, q, kind, some)
		if err != nil {
			return err
		}
		for name, t := range stored {
			p.known[kindedName{kind, name}] = storedEntry(t)
		}
	}
	owners, err := typesByExternalID(ctx, q, externals)
	for _, t := range owners {
		e := p.known[kindedName{t.kind, t.key()}]
		if e == nil {
			e = storedEntry(t)
		}
		p.owners[*t.external] = e
	}
	return err
}

func storedEntry(t *typeInfo) *typeEntry {
	return &typeEntry{
		typeRequest: typeRequest{kind: t.kind, name: t.key()},
		id:          t.id, before: t.props, parents: t.parents, external: t.external,
	}
}

// create plans a new type.
func (p *typePlan) create(r typeRequest) (*typeEntry, error) {
	if r.name.name == "" {
		return nil, invalidArgf("No type name is specified.")
	}
	e := &typeEntry{typeRequest: r, before: r.props, external: r.external}
	if err := p.claim(e, r.external); err != nil {
		return nil, err
	}
	for name, kind := range r.props {
		if kind == mlmdpb.PropertyType_UNKNOWN {
			return nil, invalidArgf("Property %s is UNKNOWN.", name)
		}
	}
	return e, nil
}

// claim assigns an external ID to a type unless another type has it.
func (p *typePlan) claim(e *typeEntry, external *string) error {
	if external == nil {
		return nil
	}
	if owner := p.owners[*external]; owner != nil && owner != e {
		return errorf(codes.AlreadyExists, "Conflict of external_id: %q is that of type %q", *external, owner.name.name)
	}
	p.owners[*external] = e
	return nil
}

// update compares r with the stored type and plans the difference.
func (p *typePlan) update(e *typeEntry, r typeRequest, flags typeFlags) error {
	const different = "Type already exists with different properties: "
	missing := len(e.before)
	for name, kind := range r.props {
		stored, ok := e.before[name]
		switch {
		case ok && stored != kind:
			return errorf(codes.AlreadyExists, different+"Conflicting property value type found in stored and given types:"+
				" property %q of type %q is %v, not %v",
				name, r.name.name, stored, kind)
		case ok:
			missing--
		case !flags.GetCanAddFields():
			return errorf(codes.AlreadyExists, different+"can_add_fields is false while the given type has more properties:"+
				" %q of type %q is new", name, r.name.name)
		}
	}
	if missing > 0 && !flags.GetCanOmitFields() {
		return errorf(codes.AlreadyExists, different+"can_omit_fields is false while stored type has more properties: type"+
			" %q has %d more", r.name.name, missing)
	}
	for name, kind := range r.props {
		if err := e.add(name, kind); err != nil {
			return err
		}
	}
	if deref(r.external) == "" || equalPtr(r.external, e.external) {
		return nil
	}
	if err := p.claim(e, r.external); err != nil {
		return err
	}
	if e.external != nil {
		delete(p.owners, *e.external)
	}
	e.external = r.external
	if e.id != 0 {
		p.renames = append(p.renames, typeRename{e, *r.external})
	}
	return nil
}

// add plans a new property unless the type has it already.
func (e *typeEntry) add(name string, kind mlmdpb.PropertyType) error {
	if _, ok := e.before[name]; ok {
		return nil
	}
	if kind == mlmdpb.PropertyType_UNKNOWN {
		return invalidArgf("Property %s: type should not be UNKNOWN", name)
	}
	if before, ok := e.added[name]; ok && before != kind {
		return errorf(codes.AlreadyExists, "type is different from the existing type: property %q of type %q is %v, not %v",
			name, e.name.name, before, kind)
	}
	if e.added == nil {
		e.added = map[string]mlmdpb.PropertyType{}
	}
	e.added[name] = kind
	return nil
}

// setBase plans the link to a base type, which can be set once.
func (p *typePlan) setBase(e *typeEntry, r typeRequest) error {
	if r.base == nil {
		return nil
	}
	base := BaseTypes[r.kind][*r.base]
	switch {
	case base == "":
		return errorf(codes.Unimplemented, "base_type deletion is not supported yet")
	case len(e.parents) > 0 && e.parents[0] == base:
		return nil
	case len(e.parents) > 0:
		return errorf(codes.Unimplemented, "base_type update is not supported yet")
	case p.isAncestor(r.kind, base, e):
		return invalidArgf("There is a cycle detected of the given relationship. Type %q is, or descends from, %q", base,
			e.name.name)
	}
	e.parents, e.addBase = []string{base}, base
	return nil
}

// isAncestor reports whether e is the system type or one of its ancestors,
// including links that the request adds.
func (p *typePlan) isAncestor(kind typekind.Kind, system string, e *typeEntry) bool {
	seen := map[string]bool{}
	for at := system; !seen[at]; {
		if e.name == (typeName{name: at}) {
			return true
		}
		seen[at] = true
		at = p.parentOf(kind, at)
		if at == "" {
			return false
		}
	}
	return false
}

// parentOf returns the base of a system type if the request refers to it.
func (p *typePlan) parentOf(kind typekind.Kind, system string) string {
	e := p.known[kindedName{kind, typeName{name: system}}]
	if e == nil || len(e.parents) == 0 {
		return ""
	}
	return e.parents[0]
}
