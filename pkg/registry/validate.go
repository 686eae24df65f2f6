package registry

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// validate checks the value before anything is sent.
func (w *write[T, N]) validate() error {
	for field, s := range map[string]string{"name": w.ident.Name, "externalId": w.ident.ExternalID} {
		if why := badText(s); why != "" {
			return w.field(ErrInvalid, field, s, why)
		}
	}
	if w.m.Validate != nil {
		v := w.v
		if w.replace && w.ident.ID != "" { // no patch: nothing may be missing
			whole := *w.v
			w.m.SetID(&whole, "")
			v = &whole
		}
		if err := w.m.Validate(v); err != nil {
			return w.invalid(err)
		}
	}
	if p := w.m.Parent; p != nil && !p.Optional && w.ident.ParentID == "" && (w.replace || w.ident.ID == "") {
		return w.field(ErrInvalid, p.Field, "", fmt.Sprintf("is missing: %s belongs to %s", withArticle(w.m.Entity), withArticle(p.Entity)))
	}
	if len(w.clear) == 0 {
		return nil
	}
	set := w.m.SetPaths(w.v)
	for _, path := range w.clear {
		if strings.HasPrefix(path, "custom_properties.") {
			path = "custom_properties" // all that are stored would be replaced
		}
		if slices.Contains(set, path) {
			return w.field(ErrInvalid, w.jsonName(path), "", "is set and to be cleared: one of the two")
		}
	}
	return nil
}

// encode returns the node that is to be stored, without what is to be cleared.
func (w *write[T, N]) encode(outer mlmd.Parent) (N, error) {
	n, err := w.m.Encode(w.v, outer)
	if err != nil {
		return nil, w.invalid(err)
	}
	v := w.nodes.view(n)
	for _, path := range w.clear {
		if name, ok := strings.CutPrefix(path, "properties."); ok {
			delete(v.props, name)
		}
	}
	if err := w.storable(v); err != nil {
		return nil, err
	}
	return n, nil
}

// storable checks what a mapping that somebody else made may have let pass,
// and what is known only of the whole node.
func (w *write[T, N]) storable(n view) error {
	if why := badText(n.storedName()); why != "" {
		return w.field(ErrInvalid, "name", w.ident.Name, why)
	}
	if w.typ.kind == mlmd.Context && n.storedName() == "" && w.ident.ID == "" {
		return w.field(ErrInvalid, "name", "", "is missing")
	}
	if why := badString(text(n.uri)); why != "" {
		return w.field(ErrInvalid, "uri", "", why)
	}
	for name, v := range n.props {
		if why := unstorable(v); why != "" {
			return w.field(ErrInvalid, w.jsonName("properties."+name), "", why)
		}
	}
	for name, v := range n.custom {
		if why := badText(name); why != "" {
			return w.field(ErrInvalid, "customProperties", name, "as a name "+why)
		}
		if why := unstorable(v); why != "" {
			return w.field(ErrInvalid, "customProperties."+name, "", why)
		}
	}
	return nil
}

// unstorable returns why v cannot be stored, and "" where it can.
func unstorable(v *mlmdpb.Value) string {
	switch v := v.GetValue().(type) {
	case nil:
		return "holds nothing: it must have one of the kinds of value"
	case *mlmdpb.Value_StringValue:
		return badString(v.StringValue)
	case *mlmdpb.Value_DoubleValue:
		if math.IsNaN(v.DoubleValue) || math.IsInf(v.DoubleValue, 0) {
			return fmt.Sprintf("is %v: only finite numbers can be stored", v.DoubleValue)
		}
	case *mlmdpb.Value_ProtoValue:
		if v.ProtoValue.GetTypeUrl() == "" {
			return "is a message without a type URL"
		}
	}
	return ""
}

// badString returns what is wrong with a text value, and "" where nothing is.
func badString(s string) string {
	switch {
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case strings.IndexByte(s, 0) >= 0:
		return "has a NUL character, which stores cannot keep"
	case s == "__MLMD_NULL__":
		return "is the text __MLMD_NULL__, which stores keep as no value"
	case strings.HasPrefix(s, "mlmd-struct::"):
		return "begins with mlmd-struct::, which stores read as an encoded structure"
	}
	return ""
}

// jsonName returns the name of the field that is stored at an update_mask
// path, and the path where none is.
func (w *write[T, N]) jsonName(path string) string {
	for _, f := range w.m.Fields {
		if f.Path == path && !f.Copy {
			return f.Name
		}
	}
	return path
}
