package differential

import (
	"math"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// properties are the two maps of a node.
type properties struct {
	defined, custom map[string]*mlmdpb.Value
	created         bool // the node has no id
}

func anyNode(r proto.Message, is func(properties) bool) bool {
	found := false
	walk(r.ProtoReflect(), func(m protoreflect.Message) {
		switch n := m.Interface().(type) {
		case *mlmdpb.Artifact:
			found = found || is(properties{n.Properties, n.CustomProperties, n.Id == nil})
		case *mlmdpb.Execution:
			found = found || is(properties{n.Properties, n.CustomProperties, n.Id == nil})
		case *mlmdpb.Context:
			found = found || is(properties{n.Properties, n.CustomProperties, n.Id == nil})
		}
	})
	return found
}

func anyValue(values map[string]*mlmdpb.Value, is func(*mlmdpb.Value) bool) bool {
	for _, v := range values {
		if is(v) {
			return true
		}
	}
	return false
}

// writesKindless reports whether a request writes a custom property without a
// kind. One that an update's mask leaves out is not written, and neither is a
// context that is only reused.
func writesKindless(r proto.Message) bool {
	r, _ = withoutReused(r)
	var paths []string
	if masked, ok := r.(interface{ GetUpdateMask() *fieldmaskpb.FieldMask }); ok {
		paths = masked.GetUpdateMask().GetPaths()
	}
	return anyNode(r, func(n properties) bool {
		for name, v := range n.custom {
			if kindless(v) && (len(paths) == 0 || n.created || slices.Contains(paths, "custom_properties") ||
				slices.Contains(paths, "custom_properties."+name)) {
				return true
			}
		}
		return false
	})
}

// mayReuseKindless reports whether a custom property without a kind is in a
// context that is written only if it is not stored yet.
func mayReuseKindless(r proto.Message) bool {
	_, perhaps := withoutReused(r)
	return slices.ContainsFunc(perhaps, func(c *mlmdpb.Context) bool { return anyValue(c.CustomProperties, kindless) })
}

// withoutReused is the request without the contexts that it reuses, and those
// contexts that it reuses if they are there.
func withoutReused(r proto.Message) (proto.Message, []*mlmdpb.Context) {
	var forced, reused bool
	var contexts []*mlmdpb.Context
	rest := proto.Clone(r)
	switch put := rest.(type) {
	case *mlmdpb.PutExecutionRequest:
		forced, reused = put.GetOptions().GetForceReuseContext(), put.GetOptions().GetReuseContextIfAlreadyExist()
		contexts, put.Contexts = put.Contexts, nil
		defer func() { put.Contexts = contexts }()
	case *mlmdpb.PutLineageSubgraphRequest:
		reused = put.GetOptions().GetReuseContextIfAlreadyExist()
		contexts, put.Contexts = put.Contexts, nil
		defer func() { put.Contexts = contexts }()
	default:
		return r, nil
	}
	var perhaps []*mlmdpb.Context
	contexts = slices.DeleteFunc(contexts, func(c *mlmdpb.Context) bool {
		if reused && c.Id == nil {
			perhaps = append(perhaps, c)
			return true
		}
		return forced && c.Id != nil
	})
	return rest, perhaps
}

// bothSpaces reports whether a node has a custom property under a name that types
// declare.
func bothSpaces(n properties) bool {
	for _, name := range propertyNames {
		if _, ok := n.custom[name]; ok {
			return true
		}
	}
	return false
}

// repeatsType reports whether a request has a type twice, with different external
// ids.
func repeatsType(r proto.Message) bool {
	put, ok := r.(*mlmdpb.PutTypesRequest)
	return ok && (repeats(put.ArtifactTypes) || repeats(put.ExecutionTypes) || repeats(put.ContextTypes))
}

func repeats[T interface {
	GetName() string
	GetVersion() string
	GetExternalId() string
}](types []T) bool {
	ids := map[[2]string]string{}
	for _, t := range types {
		key := [2]string{t.GetName(), t.GetVersion()}
		if id, ok := ids[key]; ok && id != t.GetExternalId() {
			return true
		}
		ids[key] = t.GetExternalId()
	}
	return false
}

func kindless(v *mlmdpb.Value) bool { return v.GetValue() == nil }

func untyped(v *mlmdpb.Value) bool {
	any, ok := v.GetValue().(*mlmdpb.Value_ProtoValue)
	return ok && any.ProtoValue.GetTypeUrl() == ""
}

func infinite(v *mlmdpb.Value) bool {
	d, ok := v.GetValue().(*mlmdpb.Value_DoubleValue)
	return ok && (math.IsNaN(d.DoubleValue) || math.IsInf(d.DoubleValue, 0))
}

// anyText looks at every string of a request, keys included. Structs are no
// text: they are stored as bytes.
func anyText(r proto.Message, is func(string) bool) bool {
	found := false
	walkText(r.ProtoReflect(), func(s string) { found = found || is(s) })
	return found
}

func walkText(m protoreflect.Message, visit func(string)) {
	switch m.Descriptor().FullName() {
	case "google.protobuf.Struct", "google.protobuf.Any":
		return
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
			v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
				if f.MapKey().Kind() == protoreflect.StringKind {
					visit(k.String())
				}
				if f.MapValue().Message() != nil {
					walkText(v.Message(), visit)
				}
				return true
			})
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				walkText(v.List().Get(i).Message(), visit)
			}
		case f.IsList() && f.Kind() == protoreflect.StringKind:
			for i := range v.List().Len() {
				visit(v.List().Get(i).String())
			}
		case f.Message() != nil && !f.IsList():
			walkText(v.Message(), visit)
		case f.Kind() == protoreflect.StringKind && !f.IsList():
			visit(v.String())
		}
		return true
	})
}
