package gensupport

import (
	"encoding"
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A PropertyWriter collects the properties of one node. It omits values that
// cannot be stored; [PropertyWriter.Err] returns the errors.
type PropertyWriter struct {
	props map[string]*mlmdpb.Value
	errs  mlmd.InvalidErrors
}

// NewPropertyWriter returns a PropertyWriter for a type that declares n
// properties.
func NewPropertyWriter(n int) PropertyWriter {
	return PropertyWriter{props: make(map[string]*mlmdpb.Value, n)}
}

// Props returns the properties that were written.
func (w *PropertyWriter) Props() map[string]*mlmdpb.Value { return w.props }

// Err returns an [*mlmd.InvalidError] or [mlmd.InvalidErrors], or nil.
func (w *PropertyWriter) Err() error { return join(w.errs) }

// Fail records that a field cannot be stored.
func (w *PropertyWriter) Fail(field, val, why string) {
	w.errs = append(w.errs, &mlmd.InvalidError{Field: field, Value: val, Why: why})
}

// String writes a string. It omits the property if v is nil.
func (w *PropertyWriter) String(field, key string, v *string) {
	if v != nil && w.utf8(field, *v) {
		w.props[key] = stringValue(*v)
	}
}

// Text writes a string. It omits the property if v is empty.
func (w *PropertyWriter) Text(field, key, v string) {
	if v != "" && w.utf8(field, v) {
		w.props[key] = stringValue(v)
	}
}

// Int writes an integer. It omits the property if v is nil.
func (w *PropertyWriter) Int(key string, v *int64) {
	if v != nil {
		w.props[key] = intValue(*v)
	}
}

// Int32 writes an integer. It omits the property if v is nil.
func (w *PropertyWriter) Int32(key string, v *int32) {
	if v != nil {
		w.props[key] = intValue(int64(*v))
	}
}

// Double writes a number. It omits the property if v is nil.
func (w *PropertyWriter) Double(field, key string, v *float64) {
	if v == nil {
		return
	}
	if math.IsNaN(*v) || math.IsInf(*v, 0) {
		w.Fail(field, strconv.FormatFloat(*v, 'g', -1, 64), "cannot be stored: only finite numbers can")
		return
	}
	w.props[key] = doubleValue(*v)
}

// Bool writes a boolean. It omits the property if v is nil.
func (w *PropertyWriter) Bool(key string, v *bool) {
	if v != nil {
		w.props[key] = boolValue(*v)
	}
}

// ID writes an ID as an integer. It omits the property if v is empty.
func (w *PropertyWriter) ID(field, key, v string) {
	if v == "" {
		return
	}
	id, err := value.ParseID(v)
	if err != nil {
		w.Fail(field, v, err.Error())
		return
	}
	w.props[key] = intValue(id)
}

// OptID writes an ID as an integer. It omits the property if v is nil or
// empty.
func (w *PropertyWriter) OptID(field, key string, v *string) {
	if v != nil {
		w.ID(field, key, *v)
	}
}

// ParentID writes the parent's ID. It omits the property if the ID is
// unknown.
func (w *PropertyWriter) ParentID(key string, parent mlmd.Parent) {
	if parent.ID != 0 {
		w.props[key] = intValue(parent.ID)
	}
}

// Millis writes a time as the decimal digits of its milliseconds. It omits
// the property if v is zero.
func (w *PropertyWriter) Millis(key string, v value.Time) {
	if !v.IsZero() {
		w.props[key] = stringValue(strconv.FormatInt(v.Millis(), 10))
	}
}

// DateTime writes a time as a string. It omits the property if v is zero.
func (w *PropertyWriter) DateTime(field, key string, v time.Time) {
	if v.IsZero() {
		return
	}
	text, err := formatDateTime(v)
	if err != nil {
		w.failAt(field, err)
		return
	}
	w.props[key] = stringValue(text)
}

// Bytes writes bytes in base64. It omits the property if v is nil.
func (w *PropertyWriter) Bytes(key string, v []byte) {
	if v != nil {
		w.props[key] = stringValue(base64.StdEncoding.EncodeToString(v))
	}
}

// WriteText writes the text form of a value such as a UUID. It omits the
// property if v is nil.
func WriteText[V encoding.TextMarshaler](w *PropertyWriter, field, key string, v *V) {
	if v == nil {
		return
	}
	text, err := (*v).MarshalText()
	if err != nil {
		w.Fail(field, "", err.Error())
		return
	}
	w.Text(field, key, string(text))
}

// Name returns the name of a node. The name may be empty if the node has an
// ID, or if field is "".
func (w *PropertyWriter) Name(field, id, name string) *string {
	if name == "" {
		if id == "" && field != "" {
			w.Fail(field, "", "is missing")
		}
		return nil
	}
	w.utf8("name", name)
	return &name
}

// ChildName returns the stored name of a child of parent. nameField and
// parentField are the fields that must be set for it; if one is "", that
// part is optional and a UUID replaces it. A node that has an ID keeps its
// name if either part is missing.
func (w *PropertyWriter) ChildName(nameField, parentField, id string, parent mlmd.Parent, name string) *string {
	switch {
	case id != "" && (name == "" || parent.ID == 0 && parentField != ""):
		return nil
	case parent.ID == 0 && parentField != "":
		w.Fail(parentField, "", "is missing")
	case name == "" && nameField != "":
		w.Fail(nameField, "", "is missing")
	default:
		w.utf8(nameField, name)
	}
	stored := ChildName(parent, name)
	return &stored
}

// OptText returns a string attribute of the node. It returns nil if the
// string is empty.
func (w *PropertyWriter) OptText(field string, v *string) *string {
	if v == nil || *v == "" {
		return nil
	}
	w.utf8(field, *v)
	s := *v
	return &s
}

// URI returns the URI of an artifact.
func (w *PropertyWriter) URI(field string, v *string) *string {
	if v == nil {
		return nil
	}
	w.utf8(field, *v)
	s := *v
	return &s
}

// Custom returns the custom properties, none of which may have the name of a
// property that is read as a field: it would be read as the field if that is
// unset, and the reference implementation of MLMD loses one of the two if the other
// changes. Copies, which are never read, do not matter.
func (w *PropertyWriter) Custom(field string, m value.Map, declared mlmd.Fields) map[string]*mlmdpb.Value {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]*mlmdpb.Value, len(m))
	var errs mlmd.InvalidErrors
	for name, v := range m {
		p, err := ToProto(v)
		why := ""
		switch {
		case err != nil:
			why = err.Error()
		case !utf8.ValidString(name):
			why = "has a name that is not valid UTF-8"
		case reads(declared, name):
			why = "is the name of a declared property: set the field, or choose another name"
		}
		if why != "" {
			errs = append(errs, &mlmd.InvalidError{Field: field + "." + name, Value: v.String(), Why: why})
		}
		if err != nil {
			p = &mlmdpb.Value{} // marks the name as used
		}
		out[name] = p
	}
	w.errs = append(w.errs, byField(errs)...)
	return out
}

func (w *PropertyWriter) utf8(field, s string) bool {
	if utf8.ValidString(s) {
		return true
	}
	w.Fail(field, s, "is not valid UTF-8")
	return false
}

// reads reports whether one of the fields is read from the property called name.
func reads(fields mlmd.Fields, name string) bool {
	for i := range fields {
		if p, ok := fields[i].Property(); ok && p == name && !fields[i].Derived {
			return true
		}
	}
	return false
}
