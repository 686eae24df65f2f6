package registry

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/nesting"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// validate checks the value before anything is sent. What is wrong with a value
// that has an id is judged when it is known what is stored.
func (w *write[T, N]) validate() error {
	w.faults = w.check(w.v)
	if len(w.faults) > 0 && w.ident.ID == "" {
		return w.mappingError(w.faults)
	}
	if len(w.clear) == 0 {
		return nil
	}
	set := w.m.SetPaths(w.v)
	for _, path := range w.clear {
		if strings.HasPrefix(path, customProperties+".") {
			path = customProperties // all that are stored would be replaced
		}
		if slices.Contains(set, path) {
			return w.fieldError(ErrInvalidArgument, w.jsonName(path), "", "is set and to be cleared: one of the two")
		}
	}
	return nil
}

// customProperties is the update_mask path of all custom properties.
const customProperties = "custom_properties"

// check returns what is wrong with v by itself.
func (w *write[T, N]) check(v *T) mlmd.InvalidErrors {
	var out mlmd.InvalidErrors
	ident := w.m.Ident(v)
	for _, f := range []struct{ field, text string }{{"name", ident.Name}, {"externalId", ident.ExternalID}} {
		if why := badText(f.text); why != "" {
			out = append(out, &mlmd.InvalidError{Field: f.field, Value: f.text, Why: why})
		}
	}
	if w.m.Validate != nil {
		if w.replace && ident.ID != "" { // not a patch: nothing may be missing
			whole := *v
			w.m.SetID(&whole, "")
			v = &whole
		}
		out = append(out, mlmd.Invalid(w.m.Validate(v))...)
	}
	if p := w.m.Parent; p != nil && !p.Optional && ident.ParentID == "" && (w.replace || ident.ID == "") {
		out = append(out, &mlmd.InvalidError{Field: p.Field, Why: fmt.Sprintf("is missing: %s belongs to %s", withArticle(w.m.Entity), withArticle(p.Entity))})
	}
	return out
}

// encode returns the node that is to be created, without what is to be cleared.
func (w *write[T, N]) encode(outer mlmd.Parent) (N, error) {
	n, err := w.m.Encode(w.v, outer)
	if err != nil {
		return nil, w.mappingError(err)
	}
	v := w.nodes.view(n)
	for _, path := range w.clear {
		if name, ok := strings.CutPrefix(path, "properties."); ok {
			delete(v.props, name)
		}
	}
	if why := badText(v.storedName()); why != "" {
		return nil, w.fieldError(ErrInvalidArgument, "name", w.ident.Name, why)
	}
	if w.typ.kind == mlmd.Context && v.storedName() == "" && w.ident.ID == "" {
		return nil, w.fieldError(ErrInvalidArgument, "name", "", "is missing")
	}
	if err := w.storable(v); err != nil {
		return nil, err
	}
	return n, nil
}

// jsonName returns the name of the field that is stored at an update_mask
// path, and the path where none is.
func (w *write[T, N]) jsonName(path string) string {
	for _, f := range w.m.Fields {
		if f.Path == path && !f.Derived {
			return f.Name
		}
	}
	return path
}

// storable checks what a mapping that somebody else made may have let pass,
// and what is known only of the whole node.
func (w *write[T, N]) storable(n nodeView) error {
	if why := badString(text(n.uri)); why != "" {
		return w.fieldError(ErrInvalidArgument, "uri", "", why)
	}
	for name, v := range n.props {
		if why := unstorable(v); why != "" {
			return w.fieldError(ErrInvalidArgument, w.jsonName("properties."+name), "", why)
		}
	}
	for name, v := range n.custom {
		if why := badText(name); why != "" {
			return w.fieldError(ErrInvalidArgument, "customProperties", name, "as a name "+why)
		}
		if why := unstorable(v); why != "" {
			return w.fieldError(ErrInvalidArgument, "customProperties."+name, "", why)
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
	case *mlmdpb.Value_StructValue:
		if err := nesting.CheckStruct(v.StructValue); err != nil {
			return "cannot be stored: " + err.Error()
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

// badNewName returns what is wrong with the name of a new entity, and "" where
// nothing is. Other programs may have stored such names, so they are refused
// only for what is new.
func badNewName(s string) string {
	control := func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) }
	if i := strings.IndexFunc(s, control); i >= 0 {
		r, _ := utf8.DecodeRuneInString(s[i:])
		return fmt.Sprintf("has the control character %+q: use characters that can be seen, and spaces", r)
	}
	visible := func(r rune) bool { return !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) }
	if s != "" && !strings.ContainsFunc(s, visible) {
		return "is blank: use at least one character that can be seen"
	}
	return ""
}

// badText returns what is wrong with a name or an external id, and "" where
// nothing is.
func badText(s string) string {
	const most = 255
	switch {
	case strings.IndexByte(s, 0) >= 0:
		return "has a NUL character, which stores cannot keep"
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case utf8.RuneCountInString(s) > most:
		return fmt.Sprintf("is longer than %d characters, the most that stores keep (the parent's id before it counts)", most)
	}
	return ""
}
