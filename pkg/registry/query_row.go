package registry

import (
	"reflect"
	"strings"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A tested is a row as the tests of a filter see it.
type tested struct {
	row
	ident func(any) mlmd.Ident
}

// Value implements [filtertext.Row]. The name below the prefix, the parent and
// members of objects are those of the decoded entity. The rest is read from the
// node, as the server does.
func (r tested) Value(f filtertext.Field) any {
	switch {
	case f.Edge != nil:
		return r.neighbors[f.Edge]
	case f.Member != "":
		return memberValue(reflect.ValueOf(r.value), f.Member)
	case f.OwnName:
		return nonEmpty(r.ident(r.value).Name)
	case f.Neighbor != "":
		if id, err := value.ParseID(r.ident(r.value).ParentID); err == nil {
			return id
		}
		return nil
	}
	return r.node.value(f)
}

// value returns the value of a column or property of the node, or nil.
func (n *nodeView) value(f filtertext.Field) any {
	if f.Attr != "" {
		return n.attribute(f.Attr)
	}
	props := n.props
	if f.Custom {
		props = n.custom
	}
	v := props[f.Property]
	for i := 0; v == nil && i < len(f.LegacyNames); i++ {
		v = props[f.LegacyNames[i]]
		f.AnyNumber = f.AnyNumber || f.Column == filtertext.DoubleColumn // an integer may have become a number
	}
	return columnValue(v, f)
}

func nonEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// attribute returns the value of a column of the node, by its name in the filter
// language, or nil.
func (v *nodeView) attribute(name string) any {
	text := func(s *string) any {
		if s == nil {
			return nil
		}
		return *s
	}
	switch name {
	case "id":
		return v.id
	case "name":
		return text(v.name)
	case "external_id":
		return text(v.externalID)
	case "uri":
		if v.uri == nil {
			return nil
		}
		return nonEmpty(*v.uri)
	case "state", "last_known_state":
		if v.state == nil {
			return nil
		}
		return int64(*v.state)
	case "create_time_since_epoch":
		return v.created
	case "last_update_time_since_epoch":
		return v.updated
	}
	return nil
}

// columnValue returns v if it is of the kind that f reads, and otherwise nil.
func columnValue(v *mlmdpb.Value, f filtertext.Field) any {
	number := f.AnyNumber && (f.Column == filtertext.IntColumn || f.Column == filtertext.DoubleColumn)
	switch x := v.GetValue().(type) {
	case *mlmdpb.Value_StringValue:
		if f.Column == filtertext.StringColumn {
			return x.StringValue
		}
	case *mlmdpb.Value_StructValue: // stored as text, which can only be tested for being set
		if f.Column == filtertext.StringColumn {
			return x.StructValue
		}
	case *mlmdpb.Value_IntValue:
		if number || f.Column == filtertext.IntColumn {
			return x.IntValue
		}
	case *mlmdpb.Value_DoubleValue:
		if number || f.Column == filtertext.DoubleColumn {
			return x.DoubleValue
		}
	case *mlmdpb.Value_BoolValue:
		if f.Column == filtertext.BoolColumn {
			return x.BoolValue
		}
	}
	if f.Column == "" && v != nil {
		return v
	}
	return nil
}

// memberValue returns what a path of [filtertext.Field] reads in v.
func memberValue(v reflect.Value, path string) any {
	for path != "" {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return nil
			}
			v = v.Elem()
			continue
		}
		name, rest, _ := strings.Cut(path, ".")
		if v.Kind() == reflect.Interface { // the variant of a union, by its type
			if v = v.Elem(); !v.IsValid() || v.Type().Elem().Name() != name || v.IsNil() {
				return nil
			}
			path = rest
			continue
		}
		if name == "Kind()" { // the discriminator of a union
			u, _ := v.Interface().(interface{ Kind() string })
			if u == nil || u.Kind() == "" {
				return nil
			}
			return u.Kind()
		}
		name, elements := strings.CutSuffix(name, "[]")
		if v = v.FieldByName(name); !v.IsValid() {
			return nil
		}
		if path = rest; !elements {
			continue
		}
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if !v.IsValid() || v.IsNil() {
			return nil
		}
		list := make(filtertext.List, 0, v.Len())
		for i := range v.Len() {
			x := memberValue(v.Index(i), rest)
			if inner, ok := x.(filtertext.List); ok {
				list = append(list, inner...)
			} else {
				list = append(list, x)
			}
		}
		return list
	}
	return basicValue(v)
}

// dateTimeLayout is the layout of times in conditions, in UTC.
const dateTimeLayout = "2006-01-02T15:04:05.000000000Z"

// basicValue returns v in the types that conditions compare, or nil if it is not
// set.
func basicValue(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		if v.IsNil() {
			return nil
		}
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case value.Time:
		if x.IsZero() {
			return nil
		}
		return x.UnixMilli()
	case time.Time:
		if x.IsZero() {
			return nil
		}
		return x.UTC().Format(dateTimeLayout)
	case interface{ Kind() string }: // a union
		if x.Kind() == "" {
			return nil
		}
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Float64:
		return v.Float()
	}
	return v.Interface()
}
