package registry

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

// A store may belong to an older program, which declares a property under an
// older name (Field.LegacyNames) or with another kind, and reads nothing else. So a
// write keeps to what the stored type declares, and only RenameProperties moves a value:
//
//   - a field goes under its present name if the type declares that, else under
//     the youngest of its older names that the type declares;
//   - an update also changes the older names that the node has and the type
//     declares, because the program that wrote them may still read them;
//   - a value is converted to the declared kind, if no information is lost;
//   - a type is widened only for what the caller sets, not for copies and
//     defaults, which mean the same where they are absent.

const propertyPath = "properties."

// fieldNames returns the names under which a field may be stored, the present
// one first, and then the others in the order in which they are read.
func fieldNames(f *mlmd.Field) []string {
	name, ok := f.Property()
	if !ok {
		return nil
	}
	return append([]string{name}, f.LegacyNames...)
}

// withPresentNames returns v with its properties under their present names, as they
// are read.
func (v nodeView) withPresentNames(fields mlmd.Fields) nodeView {
	for i := range fields {
		f := &fields[i]
		if len(f.LegacyNames) == 0 {
			continue
		}
		for j, name := range fieldNames(f) {
			if v.props[name] == nil {
				continue
			}
			if j > 0 {
				v.props = maps.Clone(v.props)
				v.props[strings.TrimPrefix(f.Path, propertyPath)] = v.props[name]
			}
			break
		}
	}
	return v
}

// convertFor returns v as the type declares the property called name. It reports
// false where the type does not declare it, or with a kind that cannot hold v.
func (t *storedType) convertFor(name string, v *mlmdpb.Value) (*mlmdpb.Value, bool) {
	kind, ok := t.props[name]
	if !ok {
		return nil, false
	}
	return convert(v, kind)
}

// storedName returns the name under which a new value v of f is to be stored.
func (t *storedType) storedName(f *mlmd.Field, v *mlmdpb.Value) string {
	name, _ := f.Property()
	if t.declares(name) {
		return name
	}
	for _, old := range slices.Backward(f.LegacyNames) {
		if _, ok := t.convertFor(old, v); ok {
			return old
		}
	}
	return name
}

// A propertyUpdate is a write in the words of a store: the properties and update_mask
// paths under the names that its type declares.
type propertyUpdate struct {
	props   map[string]*mlmdpb.Value
	paths   []string
	missing props // that the type has to declare for it
}

// A typeMismatch is a value that the store cannot keep, since it declares the
// property with another kind.
type typeMismatch struct {
	path     string // of the field
	property string
	declared mlmdpb.PropertyType
}

// resolve returns how to write the given paths of wanted to a node of type t that
// is stored as was. set are the paths that the caller sets.
func (t *storedType) resolve(fields mlmd.Fields, was, wanted nodeView, paths, set []string) (propertyUpdate, *typeMismatch) {
	s := propertyUpdate{props: make(map[string]*mlmdpb.Value), missing: make(props)}
	for _, path := range paths {
		i := slices.IndexFunc(fields, func(f mlmd.Field) bool { return f.Path == path })
		if i < 0 || fieldNames(&fields[i]) == nil {
			s.paths = append(s.paths, path)
			continue
		}
		if m := s.add(t, &fields[i], was, wanted, slices.Contains(set, path)); m != nil {
			return s, m
		}
	}
	return s, nil
}

// add adds one field that a property keeps.
func (s *propertyUpdate) add(t *storedType, f *mlmd.Field, was, wanted nodeView, set bool) *typeMismatch {
	names := fieldNames(f)
	v := wanted.props[names[0]]
	main := ""
	if v != nil {
		main = t.storedName(f, v)
		if !t.declares(main) {
			if !set {
				return nil
			}
			s.missing[main] = f.Type
		}
	}
	for _, name := range names {
		if name != main && was.props[name] == nil {
			continue
		}
		s.paths = append(s.paths, propertyPath+name)
		if v == nil {
			continue
		}
		// What cannot hold the value is emptied: it would be out of date.
		switch converted, ok := t.convertFor(name, v); {
		case ok:
			s.props[name] = converted
		case name == main && t.declares(name):
			return &typeMismatch{f.Path, name, t.props[name]}
		case name == main:
			s.props[name] = v
		}
	}
	return nil
}

// isOutdated reports whether a node has a property that the type does not declare:
// another program has widened the type since it was read. Only the given paths
// count.
func (t *storedType) isOutdated(fields mlmd.Fields, was nodeView, paths []string) bool {
	for i := range fields {
		if !slices.Contains(paths, fields[i].Path) {
			continue
		}
		for _, name := range fieldNames(&fields[i]) {
			if was.props[name] != nil && !t.declares(name) {
				return true
			}
		}
	}
	return false
}

// propertyType returns the type of property that holds v.
func propertyType(v *mlmdpb.Value) mlmdpb.PropertyType {
	switch v.GetValue().(type) {
	case *mlmdpb.Value_IntValue:
		return mlmdpb.PropertyType_INT
	case *mlmdpb.Value_DoubleValue:
		return mlmdpb.PropertyType_DOUBLE
	case *mlmdpb.Value_StringValue:
		return mlmdpb.PropertyType_STRING
	case *mlmdpb.Value_StructValue:
		return mlmdpb.PropertyType_STRUCT
	case *mlmdpb.Value_ProtoValue:
		return mlmdpb.PropertyType_PROTO
	case *mlmdpb.Value_BoolValue:
		return mlmdpb.PropertyType_BOOLEAN
	}
	return mlmdpb.PropertyType_UNKNOWN
}

// convert returns v as a value of the given kind. It reports false where that
// would not be read as v again.
func convert(v *mlmdpb.Value, kind mlmdpb.PropertyType) (*mlmdpb.Value, bool) {
	if propertyType(v) == kind {
		return v, true
	}
	switch kind {
	case mlmdpb.PropertyType_STRING:
		switch v.GetValue().(type) {
		case *mlmdpb.Value_IntValue, *mlmdpb.Value_DoubleValue, *mlmdpb.Value_BoolValue:
			return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: gensupport.FromProto(v).String()}}, true
		}
	case mlmdpb.PropertyType_INT:
		if i, ok := integer(v); ok {
			return &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: i}}, true
		}
	case mlmdpb.PropertyType_DOUBLE:
		if i, ok := v.GetValue().(*mlmdpb.Value_IntValue); ok && int64(float64(i.IntValue)) == i.IntValue && i.IntValue < 1<<53 && i.IntValue > -1<<53 {
			return &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: float64(i.IntValue)}}, true
		}
	}
	return nil, false
}

// integer returns the integer that v spells in the one way that an integer is
// written.
func integer(v *mlmdpb.Value) (int64, bool) {
	s, ok := v.GetValue().(*mlmdpb.Value_StringValue)
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseInt(s.StringValue, 10, 64)
	return i, err == nil && strconv.FormatInt(i, 10) == s.StringValue
}
