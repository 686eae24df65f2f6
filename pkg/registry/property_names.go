package registry

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

// An older program may share the store. It declares a property under a legacy
// name (Field.LegacyNames) or with another type, and reads nothing else. A write
// therefore follows the stored type, and only MigrateAll moves values:
//
//   - A field is stored under its present name if the type declares it, otherwise
//     under the latest of its legacy names that the type declares.
//   - An update also changes the legacy names that the node has and the type
//     declares, because the program that wrote them may still read them.
//   - A value is converted to the declared type if no information is lost.
//   - A type is extended only by fields that the caller sets, not by derived
//     fields and defaults, whose absence means the same.

const propertyPath = "properties."

// fieldNames returns the names of the properties that a field may be stored in:
// the present one, then the legacy names in the order in which they are read.
func fieldNames(f *mlmd.Field) []string {
	name, ok := f.Property()
	if !ok {
		return nil
	}
	return append([]string{name}, f.LegacyNames...)
}

// withPresentNames returns v with the properties under their present names.
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

// convertFor returns v converted to the declared type of the named property. It
// reports false if the property is not declared or its type cannot hold v.
func (t *storedType) convertFor(name string, v *mlmdpb.Value) (*mlmdpb.Value, bool) {
	kind, ok := t.props[name]
	if !ok {
		return nil, false
	}
	return convert(v, kind)
}

// propertyName returns the name of the property for a new value v of f.
func (t *storedType) propertyName(f *mlmd.Field, v *mlmdpb.Value) string {
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

// A propertyUpdate holds the properties and update_mask paths of a write, under
// the names that the stored type declares.
type propertyUpdate struct {
	props   map[string]*mlmdpb.Value
	paths   []string
	missing props // properties that the type must be extended by first
	foreign bool  // a property is of another kind than its type declares
}

// A typeMismatch describes a value that cannot be stored because the store
// declares the property with another type.
type typeMismatch struct {
	path     string // of the field
	property string
	declared mlmdpb.PropertyType
}

// resolve returns how to write the given paths of wanted to a node of type t that
// is stored as was. set lists the paths that the caller sets.
func (t *storedType) resolve(
	fields mlmd.Fields, was, wanted nodeView, paths, set []string,
) (propertyUpdate, *typeMismatch) {
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

// add adds one field that is stored in a property.
func (s *propertyUpdate) add(t *storedType, f *mlmd.Field, was, wanted nodeView, set bool) *typeMismatch {
	names := fieldNames(f)
	v := wanted.props[names[0]]
	main := ""
	if v != nil {
		main = t.propertyName(f, v)
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
		// A property that cannot hold the value is cleared: it would be out of date.
		switch converted, ok := t.convertFor(name, v); {
		case ok:
			s.props[name] = converted
		case name == main && t.props[name] == mlmdpb.PropertyType_PROTO:
			// Programs that write to the tables declare numbers so.
			s.props[name], s.foreign = v, true
		case name == main && t.declares(name):
			return &typeMismatch{f.Path, name, t.props[name]}
		case name == main:
			s.props[name] = v
		}
	}
	return nil
}

// isOutdated reports whether a node has a property at one of the paths that the
// type does not declare: another program has extended the type since it was read.
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

// convert returns v converted to the given type. It reports false if the result
// would not be read as v.
func convert(v *mlmdpb.Value, to mlmdpb.PropertyType) (*mlmdpb.Value, bool) {
	if propertyType(v) == to {
		return v, true
	}
	switch to {
	case mlmdpb.PropertyType_STRING:
		switch v.GetValue().(type) {
		case *mlmdpb.Value_IntValue, *mlmdpb.Value_DoubleValue, *mlmdpb.Value_BoolValue:
			return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: gensupport.FromProto(v).String()}}, true
		}
	case mlmdpb.PropertyType_INT:
		if i, ok := exactInteger(v); ok {
			return &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: i}}, true
		}
	case mlmdpb.PropertyType_DOUBLE:
		if i, ok := v.GetValue().(*mlmdpb.Value_IntValue); ok && -maxExact < i.IntValue && i.IntValue < maxExact {
			return &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: float64(i.IntValue)}}, true
		}
	}
	return nil, false
}

// maxExact limits the integers that a double holds exactly.
const maxExact = 1 << 53

// exactInteger returns the integer that v holds as a double, or as a string in
// canonical decimal form.
func exactInteger(v *mlmdpb.Value) (int64, bool) {
	switch v := v.GetValue().(type) {
	case *mlmdpb.Value_StringValue:
		i, err := strconv.ParseInt(v.StringValue, 10, 64)
		return i, err == nil && strconv.FormatInt(i, 10) == v.StringValue
	case *mlmdpb.Value_DoubleValue:
		f := v.DoubleValue
		if f != math.Trunc(f) || math.Abs(f) >= maxExact || f == 0 && math.Signbit(f) {
			return 0, false
		}
		return int64(f), true
	}
	return 0, false
}
