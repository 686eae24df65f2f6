package catalog

import (
	"strconv"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

// A validator checks values as the generated Validate functions do.
type validator struct {
	gensupport.Validator
	codecs *codecs
}

// Rules check values of fields by the rules of the spec.
type Rules struct{ codecs *codecs }

// NewRules returns Rules.
func NewRules() *Rules { return &Rules{newCodecs()} }

// Break reports whether a value of f, as the Fields of a Value have it, breaks a
// rule. One that is not set breaks none.
func (r *Rules) Break(f *ir.Field, v any) bool {
	c := &validator{codecs: r.codecs}
	if isSet(f, v) || v != nil && f.ZeroLeaves() {
		c.value(f.Name, v, f.Type, f.Rules)
	}
	return c.Err() != nil
}

func (c *codecs) validate(e *ir.Entity, v *Value) error {
	check := &validator{codecs: c}
	update := v.text(e.Field(ir.ID)) != ""
	for _, f := range e.Fields {
		if !assigned(f) {
			check.field(f, v.Fields[f.Name], update)
		}
	}
	return check.Err()
}

// field checks the field of an entity. An entity with an ID is an update, whose
// unset fields keep their stored values.
func (c *validator) field(f *ir.Field, v any, update bool) {
	set := isSet(f, v)
	if f.Required && !f.Nullable && !f.ZeroLeaves() {
		c.Required(f.Name, update || set)
	}
	list := f.Type.Basic == ir.List || f.Type.Basic == ir.Map
	switch {
	case f.Slot == ir.Parent || f.Type.Basic == ir.IDString:
		c.ID(f.Name, textOf(v))
	case f.ZeroLeaves() && (!update || set), list && f.Rules.MinItems == nil, set:
		if v == nil && !list {
			v = zero(f.Type)
		}
		c.value(f.Name, v, f.Type, f.Rules)
	}
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

// members checks the members of an object.
func (c *validator) members(t *ir.Type, object map[string]any) {
	for _, f := range t.Fields {
		v := object[f.Name]
		if f.Required && !f.Pointer && f.Type.ZeroIsUnset() {
			c.Required(f.Name, isSet(f, v))
		}
		if v == nil && !f.Pointer && !f.Type.UnsetIsZero() {
			v = zero(f.Type)
		}
		c.value(f.Name, v, f.Type, f.Rules)
	}
}

// value checks a value: of a field, or of an element, whose name is empty. A nil v
// is not set; of a list or a map, it is empty.
func (c *validator) value(name string, v any, t *ir.Type, r ir.Rules) {
	switch t.Basic {
	case ir.String:
		s, ok := v.(string)
		if !ok {
			return
		}
		if r.MinLength != nil || r.MaxLength != nil {
			c.Length(name, &s, orElse(r.MinLength, 0), orElse(r.MaxLength, -1))
		}
		if r.Pattern != "" {
			p, _ := c.codecs.patterns.LoadOrStore(r.Pattern, &gensupport.Pattern{Text: r.Pattern})
			c.Pattern(name, &s, p.(*gensupport.Pattern))
		}
	case ir.Int32:
		bounds(c, name, v, r, func(s string) (int32, error) {
			i, err := strconv.ParseInt(s, 10, 32)
			return int32(i), err
		})
	case ir.Int64:
		bounds(c, name, v, r, func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) })
	case ir.Double:
		bounds(c, name, v, r, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
	case ir.Enum:
		if s, ok := v.(string); ok {
			values := make([]string, len(t.Values))
			for i, v := range t.Values {
				values[i] = v.Text
			}
			gensupport.Enum(&c.Validator, name, &s, values...)
		}
	case ir.List:
		list, _ := v.([]any)
		if r.MinItems != nil || r.MaxItems != nil {
			c.Items(name, len(list), orElse(r.MinItems, 0), orElse(r.MaxItems, -1))
		}
		for i, elem := range list {
			c.Enter(name, i)
			c.element(elem, t)
			c.Leave()
		}
	case ir.Map:
		m, _ := v.(map[string]any)
		for _, k := range gensupport.Keys(m) {
			c.EnterKey(name, k)
			c.element(m[k], t)
			c.Leave()
		}
	case ir.Object:
		if object, ok := v.(map[string]any); ok {
			c.Enter(name, -1)
			c.members(t, object)
			c.Leave()
		}
	case ir.Union:
		if object, ok := v.(map[string]any); ok {
			c.Enter(name, -1)
			c.union(t, object)
			c.Leave()
		}
	}
}

// union checks the variant of a union.
func (c *validator) union(t *ir.Type, object map[string]any) {
	if object == nil {
		c.Required("", false)
		return
	}
	kind, _ := object[t.Kind].(string)
	if v := t.VariantOf(kind); v != nil {
		c.members(v.Type, object)
		return
	}
	var kinds []string
	for _, v := range t.Variants {
		kinds = append(kinds, v.Values...)
	}
	gensupport.CheckUnknown(&c.Validator, object, t.Kind, kinds...)
}

// element checks an element of a list or map of type t.
func (c *validator) element(v any, t *ir.Type) {
	if object, ok := v.(map[string]any); ok && t.Elem.Basic == ir.Object {
		c.members(t.Elem, object)
		return
	}
	if object, ok := v.(map[string]any); ok && t.Elem.Basic == ir.Union {
		c.union(t.Elem, object)
		return
	}
	c.value("", v, t.Elem, t.Rules)
}

// bounds checks the limits of a number.
func bounds[N gensupport.Number](c *validator, name string, v any, r ir.Rules, parse func(string) (N, error)) {
	n, ok := v.(N)
	if !ok {
		return
	}
	if limit, err := parse(r.Minimum); err == nil {
		if r.ExclusiveMin {
			gensupport.MoreThan(&c.Validator, name, &n, limit)
		} else {
			gensupport.AtLeast(&c.Validator, name, &n, limit)
		}
	}
	if limit, err := parse(r.Maximum); err == nil {
		if r.ExclusiveMax {
			gensupport.LessThan(&c.Validator, name, &n, limit)
		} else {
			gensupport.AtMost(&c.Validator, name, &n, limit)
		}
	}
}

func orElse(v *int, otherwise int) int {
	if v == nil {
		return otherwise
	}
	return *v
}
