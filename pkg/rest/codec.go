package rest

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/pkg/value"
)

// The JSON members that every entity may have.
const (
	idMember         = "id"
	nameMember       = "name"
	externalIDMember = "externalId"
	createTimeMember = "createTimeSinceEpoch"
	updateTimeMember = "lastUpdateTimeSinceEpoch"
	customMember     = "customProperties"
)

// wholeMembers are the members that a whole entity has beside those of a create.
var wholeMembers = []string{idMember, createTimeMember, updateTimeMember}

// A codec converts between the Go type of an entity and the JSON that an API
// shows.
type codec struct {
	entity    string
	fields    []field // in the order of the Go type
	constants []member
	defaults  map[string]string
	// integersAsText is that of the API.
	integersAsText bool
	nullRemoves    bool // as well
	marks          []Mark
	unreadable     func(v any) value.Unreadable
}

// A field is a field of the Go type that is a JSON member.
type field struct {
	name      string
	index     int
	omitzero  bool
	omitempty bool
	isText    bool // a string, or a pointer to one, without a JSON of its own
	isID      bool // the ID of the entity, of its parent or of what it refers to
}

// newCodec returns the codec of a resource whose entities have the type t.
func newCodec(a *API, r *Resource, t reflect.Type) (*codec, error) {
	c := &codec{entity: r.Entity.Type().Entity, defaults: r.Defaults, marks: r.Marks, unreadable: r.Entity.unreadable}
	c.integersAsText, c.nullRemoves = a.IntegersAsText, a.nullRemoves
	ids := []string{idMember}
	if p := r.Entity.Type().Parent; p != nil {
		ids = append(ids, p.Field)
	}
	for _, ref := range r.References {
		ids = append(ids, ref.Member)
	}
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" || slices.Contains(r.Hidden, name) {
			continue
		}
		c.fields = append(c.fields, field{
			name: name, index: i, isText: isTextType(t.Field(i).Type), isID: slices.Contains(ids, name),
			omitzero: strings.Contains(options, "omitzero"), omitempty: strings.Contains(options, "omitempty"),
		})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Constants)) {
		raw, err := json.Marshal(r.Constants[name])
		if err != nil {
			return nil, err
		}
		c.constants = append(c.constants, member{name, raw})
	}
	used := [][]string{r.Create, r.Required, r.Update, slices.Collect(maps.Keys(r.Defaults))}
	for _, pair := range r.Ordered {
		used = append(used, pair[:])
	}
	for _, list := range used {
		for _, name := range list {
			if c.field(name) == nil {
				return nil, fmt.Errorf("%s has no member %q", c.entity, name)
			}
		}
	}
	return c, nil
}

func (c *codec) field(name string) *field {
	for i := range c.fields {
		if c.fields[i].name == name {
			return &c.fields[i]
		}
	}
	return nil
}

// of returns the field of v, a pointer to the Go type.
func (f *field) of(v any) reflect.Value { return reflect.ValueOf(v).Elem().Field(f.index) }

// isUnset reports whether the field of v is what a request means by no value:
// zero, or an empty string.
func (f *field) isUnset(v any) bool {
	x := f.of(v)
	if x.Kind() == reflect.Pointer && !x.IsNil() && x.Elem().Kind() == reflect.String {
		return x.Elem().Len() == 0
	}
	return x.IsZero()
}

// setText sets a string field, which may be a pointer and of a named type.
func (f *field) setText(v any, text string) {
	x := f.of(v)
	if x.Kind() == reflect.Pointer {
		x.Set(reflect.New(x.Type().Elem()))
		x = x.Elem()
	}
	x.SetString(text)
}

// append appends the JSON of v to out. A value that has no JSON is left out, so
// that one entity cannot make a whole list fail.
func (c *codec) append(out []byte, v any) []byte {
	out = append(out, '{')
	for _, m := range c.constants {
		out = append(appendName(out, m.name), m.value...)
	}
	unread := c.unreadable(v)
	for i := range c.fields {
		f := &c.fields[i]
		x := f.of(v)
		if _, bad := unread[f.name]; bad && x.Kind() == reflect.Pointer {
			continue // it has its default, which is not what is stored; a required member has its zero value
		}
		if f.name == customMember {
			out = append(appendName(out, f.name), c.customJSON(x.Interface())...)
			continue
		}
		if (f.omitzero || f.omitempty) && x.IsZero() {
			if text, ok := c.defaults[f.name]; ok {
				out = appendText(appendName(out, f.name), text)
			}
			continue
		}
		if f.isText {
			if x.Kind() == reflect.Pointer {
				x = x.Elem()
			}
			out = appendText(appendName(out, f.name), x.String())
			continue
		}
		if raw := toJSON(x.Interface()); raw != nil {
			if c.integersAsText && isInteger(x.Type()) {
				raw = toJSON(string(raw))
			}
			out = append(appendName(out, f.name), raw...)
		}
	}
	marks := c.marksOf(v)
	for _, m := range c.marks {
		if mark, ok := marks[m.Property]; ok && m.Member != "" {
			out = appendText(appendName(out, m.Member), mark.String())
		}
	}
	return append(out, '}')
}

// appendName appends the name of a member and what separates it from the one
// before.
func appendName(out []byte, name string) []byte {
	if out[len(out)-1] != '{' {
		out = append(out, ',')
	}
	out = append(out, '"')
	out = append(out, name...)
	return append(out, `":`...)
}

// appendText appends the JSON of a text.
func appendText(out []byte, text string) []byte {
	for i := range len(text) {
		if b := text[i]; b < ' ' || b > '~' || b == '"' || b == '\\' {
			return append(out, toJSON(text)...)
		}
	}
	out = append(out, '"')
	out = append(out, text...)
	return append(out, '"')
}

// custom returns the custom properties of v.
func (c *codec) custom(v any) value.Map {
	f := c.field(customMember)
	if f == nil {
		return nil
	}
	properties, _ := f.of(v).Interface().(value.Map)
	return properties
}

// marksOf returns the custom properties of v that are marks.
func (c *codec) marksOf(v any) value.Map {
	if len(c.marks) == 0 {
		return nil
	}
	out := value.Map{}
	properties := c.custom(v)
	for _, m := range c.marks {
		if mark, ok := properties[m.Property]; ok {
			out[m.Property] = mark
		}
	}
	return out
}

// setMarks sets the custom properties of v that are marks. Those of a request are
// dropped.
func (c *codec) setMarks(v any, marks value.Map) {
	f := c.field(customMember)
	if f == nil || len(c.marks) == 0 {
		return
	}
	properties := maps.Clone(c.custom(v))
	for _, m := range c.marks {
		delete(properties, m.Property)
	}
	if len(marks) > 0 && properties == nil {
		properties = value.Map{}
	}
	maps.Copy(properties, marks)
	f.of(v).Set(reflect.ValueOf(properties))
}

// isMark reports whether a member of a whole entity shows a mark.
func (c *codec) isMark(name string) bool {
	return slices.ContainsFunc(c.marks, func(m Mark) bool { return m.Member != "" && strings.EqualFold(m.Member, name) })
}

// isTextType reports whether t is a string or a pointer to one, and its JSON is that
// of a string.
func isTextType(t reflect.Type) bool {
	if t.Implements(marshaler) || t.Implements(textMarshaler) {
		return false
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.String
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

func isInteger(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Int64 || t.Kind() == reflect.Int32
}

// customJSON returns the JSON object of custom properties. It is {} if v has none.
func (c *codec) customJSON(v any) []byte {
	properties, ok := v.(value.Map)
	if !ok {
		return []byte("{}")
	}
	out := []byte{'{'}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if slices.ContainsFunc(c.marks, func(m Mark) bool { return m.Property == name }) {
			continue
		}
		raw := toJSON(properties[name])
		if raw == nil {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, toJSON(name)...)
		out = append(out, ':')
		out = append(out, raw...)
	}
	return append(out, '}')
}

// toJSON returns the JSON of v without escapes for HTML, or nil if v has none.
func toJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// unknownField is the failure of a request with a member that it must not have.
func unknownField(name string) *failure { return fail(400, "json: unknown field %q", name) }

// set sets the given members in v. Only those in allowed may occur; the letter
// case of their names does not matter. schema is what messages call the object.
// Constants are left out: the caller checks them.
func (c *codec) set(v any, members []member, allowed []string, schema string) error {
	for _, m := range members {
		if c.isConstant(m.name) {
			continue
		}
		at := slices.IndexFunc(allowed, func(name string) bool { return strings.EqualFold(name, m.name) })
		if at < 0 {
			return unknownField(m.name)
		}
		f := c.field(allowed[at])
		if m.isNull() {
			if c.nullRemoves {
				f.of(v).SetZero()
			}
			continue
		}
		if f.name == customMember {
			properties, err := parseCustom(m.value)
			if err != nil {
				return err
			}
			f.of(v).Set(reflect.ValueOf(properties))
			continue
		}
		into := reflect.New(f.of(v).Type())
		if c.integersAsText && isInteger(into.Type().Elem()) {
			m.value = bytes.Trim(m.value, `"`)
		}
		err := checkForm(m.value, into.Type().Elem())
		if err == nil {
			err = json.Unmarshal(m.value, into.Interface())
		}
		if err != nil {
			return fail(400, "%v", inField(err, schema, f.name))
		}
		f.of(v).Set(into.Elem())
		if f.isID && f.isText {
			if id, err := strconv.ParseInt(c.text(v, f.name), 10, 64); err == nil && id > 0 {
				f.setText(v, value.FormatID(id)) // "+1" and "01" are 1, as in paths
			}
		}
	}
	return nil
}

// checkForm returns an error for JSON that Unmarshal would take for a value of t,
// but the documents of an API do not: a number as a time, and null in a list.
func checkForm(raw json.RawMessage, t reflect.Type) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var list []json.RawMessage
	switch {
	case t == reflect.TypeFor[value.Time]() && raw[0] != '"':
		return &json.UnmarshalTypeError{Value: "number", Type: reflect.TypeFor[string]()}
	case t.Kind() == reflect.Slice && json.Unmarshal(raw, &list) == nil:
		if slices.ContainsFunc(list, func(m json.RawMessage) bool { return string(m) == "null" }) {
			return &json.UnmarshalTypeError{Value: "null", Type: t.Elem()}
		}
	}
	return nil
}

func (c *codec) isConstant(name string) bool {
	return slices.ContainsFunc(c.constants, func(m member) bool { return strings.EqualFold(m.name, name) })
}

// inField returns an error of encoding/json as it would be for a field of a
// struct.
func inField(err error, schema, name string) error {
	var mismatch *json.UnmarshalTypeError
	if !errors.As(err, &mismatch) {
		return fmt.Errorf("%s: %w", name, err)
	}
	in := *mismatch
	in.Struct, in.Field = schema, strings.TrimSuffix(name+"."+in.Field, ".")
	return &in
}

// parseCustom returns the custom properties in the JSON of a request.
func parseCustom(raw []byte) (value.Map, error) {
	var properties map[string]json.RawMessage
	if err := json.Unmarshal(raw, &properties); err != nil {
		return nil, fail(400, "%v", inField(err, "", customMember))
	}
	out := make(value.Map, len(properties))
	for name, raw := range properties {
		v, err := parseProperty(raw)
		if err != nil {
			return nil, badRequest("error setting field CustomProperties: customProperties.%s: %v", name, err)
		}
		out[name] = v
	}
	return out, nil
}

func parseProperty(raw []byte) (v value.Value, err error) {
	var shape struct {
		Kind string          `json:"metadataType"`
		Int  json.RawMessage `json:"int_value"`
	}
	if err := json.Unmarshal(raw, &shape); err != nil {
		return v, errors.New("must be an object with a metadataType")
	}
	if shape.Kind == "" {
		return v, fmt.Errorf("metadataType not found in %s", raw)
	}
	if shape.Kind == "MetadataIntValue" && len(shape.Int) > 0 && shape.Int[0] != '"' {
		return v, errors.New("failed to unmarshal MetadataValue as MetadataIntValue: int_value must be a string of digits")
	}
	err = json.Unmarshal(raw, &v)
	return v, err
}

// millis returns a time of v in milliseconds since the epoch, or 0.
func (c *codec) millis(v any, name string) int64 {
	f := c.field(name)
	if f == nil {
		return 0
	}
	t, _ := f.of(v).Interface().(value.Time)
	return t.Millis()
}

// text returns a string member of v, or "" if it is not set.
func (c *codec) text(v any, name string) string {
	f := c.field(name)
	if f == nil {
		return ""
	}
	x := f.of(v)
	if x.Kind() == reflect.Pointer {
		if x.IsNil() {
			return ""
		}
		x = x.Elem()
	}
	if x.Kind() != reflect.String {
		return ""
	}
	return x.String()
}
