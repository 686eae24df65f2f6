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

// A PropertyWriter collects the properties of one node for generated Encode functions.
// What cannot be stored is left out; see [PropertyWriter.Err].
type PropertyWriter struct {
	props map[string]*mlmdpb.Value
	errs  mlmd.InvalidErrors
}

// What generated code calls for each field is not inlined there: a spec has
// thousands of them to compile.

// NewPropertyWriter returns a PropertyWriter for a type that declares n properties.
func NewPropertyWriter(n int) PropertyWriter {
	return PropertyWriter{props: make(map[string]*mlmdpb.Value, n)}
}

// Props returns what was written.
func (w *PropertyWriter) Props() map[string]*mlmdpb.Value { return w.props }

// Err returns the mistakes, an [*mlmd.InvalidError] or [mlmd.InvalidErrors], or nil.
func (w *PropertyWriter) Err() error { return join(w.errs) }

// Fail records that a field cannot be stored.
func (w *PropertyWriter) Fail(field, val, why string) {
	w.errs = append(w.errs, &mlmd.InvalidError{Field: field, Value: val, Why: why})
}

// String writes the text v, unless it is nil.
func (w *PropertyWriter) String(field, key string, v *string) {
	if v != nil && w.utf8(field, *v) {
		w.props[key] = stringValue(*v)
	}
}

// Text writes the text v, unless it is empty.
func (w *PropertyWriter) Text(field, key, v string) {
	if v != "" && w.utf8(field, v) {
		w.props[key] = stringValue(v)
	}
}

// Int writes the integer v, unless it is nil.
func (w *PropertyWriter) Int(key string, v *int64) {
	if v != nil {
		w.props[key] = intValue(*v)
	}
}

// Int32 writes the integer v, unless it is nil.
func (w *PropertyWriter) Int32(key string, v *int32) {
	if v != nil {
		w.props[key] = intValue(int64(*v))
	}
}

// Double writes the number v, unless it is nil.
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

// Bool writes v, unless it is nil.
func (w *PropertyWriter) Bool(key string, v *bool) {
	if v != nil {
		w.props[key] = boolValue(*v)
	}
}

// ID writes an id that is stored as an integer, unless it is empty.
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

// OptID writes an id that is stored as an integer, unless it is nil or empty.
func (w *PropertyWriter) OptID(field, key string, v *string) {
	if v != nil {
		w.ID(field, key, *v)
	}
}

// ParentID writes the parent's id, where it is known.
func (w *PropertyWriter) ParentID(key string, parent mlmd.Parent) {
	if parent.ID != 0 {
		w.props[key] = intValue(parent.ID)
	}
}

// Millis writes a time as the decimal digits of its milliseconds, unless it is
// unset.
func (w *PropertyWriter) Millis(key string, v value.Time) {
	if !v.IsZero() {
		w.props[key] = stringValue(strconv.FormatInt(v.Millis(), 10))
	}
}

// DateTime writes a time as text, unless it is unset.
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

// Bytes writes bytes in base64, unless they are nil.
func (w *PropertyWriter) Bytes(key string, v []byte) {
	if v != nil {
		w.props[key] = stringValue(base64.StdEncoding.EncodeToString(v))
	}
}

// WriteText writes a value that is a text of its own, such as a UUID; nil
// leaves it out.
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

// Name returns the stored name of a node without prefix. A node that has an id
// may leave it out, and so may one for which field is "".
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
// parentField are the fields that must be set for it; where one is "", that
// part is optional and a UUID stands for it. A node that has an id may leave
// both out: it keeps the name it has.
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

// OptText returns v for a text of the node itself; empty is unset.
func (w *PropertyWriter) OptText(field string, v *string) *string {
	if v == nil || *v == "" {
		return nil
	}
	w.utf8(field, *v)
	s := *v
	return &s
}

// URI returns v for the uri of an artifact.
func (w *PropertyWriter) URI(field string, v *string) *string {
	if v == nil {
		return nil
	}
	w.utf8(field, *v)
	s := *v
	return &s
}

// Custom returns the custom properties. None of them may have the name of a
// declared property.
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
			why = "has a name that is no valid UTF-8"
		case declares(declared, name):
			why = "is the name of a declared property: set the field, or choose another name"
		}
		if why != "" {
			errs = append(errs, &mlmd.InvalidError{Field: field + "." + name, Value: v.String(), Why: why})
		}
		if err != nil {
			p = &mlmdpb.Value{} // the name counts: the property is there
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
	w.Fail(field, s, "is no valid UTF-8")
	return false
}

// declares reports whether one of the fields is kept in the property called
// name.
func declares(fields mlmd.Fields, name string) bool {
	for i := range fields {
		if p, ok := fields[i].Property(); ok && p == name {
			return true
		}
	}
	return false
}
