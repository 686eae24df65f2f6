package engine

import (
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// updateMask selects what an update writes. A nil mask selects everything.
type updateMask struct {
	fields              map[string]bool
	allProps, allCustom bool
	props, custom       map[string]bool
}

// newUpdateMask returns the mask for m, which is nil if m is empty. Unknown
// paths have no effect.
func newUpdateMask(m *fieldmaskpb.FieldMask) *updateMask {
	if len(m.GetPaths()) == 0 {
		return nil
	}
	k := &updateMask{fields: map[string]bool{}, props: map[string]bool{}, custom: map[string]bool{}}
	for _, path := range m.GetPaths() {
		switch {
		case path == "properties":
			k.allProps = true
		case path == "custom_properties":
			k.allCustom = true
		case strings.HasPrefix(path, "properties"):
			k.props[strings.TrimPrefix(path, "properties.")] = true
		case strings.HasPrefix(path, "custom_properties"):
			k.custom[strings.TrimPrefix(path, "custom_properties.")] = true
		default:
			k.fields[path] = true
		}
	}
	return k
}

func (m *updateMask) propsWritten(name string) bool {
	return m == nil || m.allProps || m.props[name]
}

func (m *updateMask) customWritten(name string) bool {
	return m == nil || m.allCustom || m.custom[name]
}

// names reports whether the mask names this property, as against all
// properties.
func (m *updateMask) names(p propertyKey) bool {
	return m != nil && (p.custom && m.custom[p.name] || !p.custom && m.props[p.name])
}

func (m *updateMask) fieldWritten(name string) bool {
	return m == nil || m.fields[name]
}

// selectProps returns the properties of n that are written.
func (m *updateMask) selectProps(n *node) (props, custom map[string]*mlmdpb.Value) {
	if m == nil {
		return n.props, n.custom
	}
	return only(n.props, m.propsWritten), only(n.custom, m.customWritten)
}

func only(all map[string]*mlmdpb.Value, keep func(string) bool) map[string]*mlmdpb.Value {
	some := map[string]*mlmdpb.Value{}
	for name, v := range all {
		if keep(name) {
			some[name] = v
		}
	}
	return some
}

// apply returns the row of a node after the update: old, with the fields of n
// that the mask selects. A field that n lacks is cleared.
func (m *updateMask) apply(k *nodeKind, n, old *node) node {
	row := *old
	if m.fieldWritten("external_id") {
		row.externalID = n.externalID
	}
	if k.nameRequired && m.fieldWritten("name") {
		row.name = n.name // other nodes cannot be renamed
	}
	if k.hasURI && m.fieldWritten("uri") {
		row.uri = n.uri
	}
	if k.stateColumn != "" && m.fieldWritten(k.stateColumn) {
		row.state = n.state
	}
	return row
}
