package stored

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/gen/internal/breaking"
	"github.com/mlmd-go/sdk/gen/internal/catalog"
	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A node is a stored node, as it is and as both specs read it.
type node struct {
	props, custom map[string]*mlmdpb.Value
	old, now      *catalog.Value // nil if the spec has no such entity
	before, after *ir.Entity
	rules         *catalog.Rules
}

func (n *node) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return n.props[k].GetValue() != nil })
}

// A test reports whether a finding concerns a node.
type test func(f *breaking.Finding, n *node) bool

// A judgement is about a rule that concerns stored data. excused reports that a
// change which concerns no stored entity breaks nothing. Where it is false, programs
// notice the change when they run, whatever is stored.
type judgement struct {
	test    test // nil for a rule about edges, see links
	excused bool
}

var (
	each test = func(*breaking.Finding, *node) bool { return true }
	// Of a member, which Key has after the property, it is true for all nodes with the
	// property.
	hasProperty test = func(f *breaking.Finding, n *node) bool {
		return n.has(f.Key, f.Key[:strings.IndexAny(f.Key+".", ".[")])
	}
)

var judgements = map[string]judgement{
	"ENTITY_NO_DELETE":           {each, true},
	"ENTITY_SAME_KIND":           {each, true},
	"ENTITY_SAME_TYPE_NAME":      {each, true},
	"ENTITY_SAME_NAME_RULE":      {each, true},
	"PARENT_SAME":                {each, true},
	"COPY_NO_DELETE":             {hasProperty, true},
	"FIELD_NO_DELETE":            {hasValue, true},
	"FIELD_SAME_SLOT":            {hasValue, true},
	"FIELD_SAME_TYPE":            {hasOther, true},
	"FIELD_SAME_TYPE_AS_REMOVED": {hasProperty, true},
	"FIELD_KEEPS_OLD_NAMES":      {hasOldName, true},
	"FIELD_SAME_DEFAULT":         {hasNone, true},
	"ENUM_VALUE_NO_DELETE":       {hasName, true},
	"UNION_VARIANT_NO_DELETE":    {hasName, true},
	"UNION_SAME_DISCRIMINATOR":   {hasName, true},
	"FIELD_KEY_NOT_CUSTOM":       {hasCustom, true},
	"FIELD_NOT_NEWLY_REQUIRED":   {lacks, false},
	"EDGE_NO_DELETE":             {nil, true},
	"EDGE_SAME_KIND":             {nil, true},
	"EDGE_KEEPS_TARGETS":         {nil, true},
	"EDGE_NOT_STRICTER":          {nil, false},
	"FIELD_NOT_STRICTER":         {refuses, false},
}

// hasValue is true for nodes with a value of the field that the old spec had.
func hasValue(f *breaking.Finding, n *node) bool {
	if f.Field == nil {
		return true
	}
	if f.In == nil {
		if f.Field.Slot == ir.Property {
			return n.has(append([]string{f.Field.Key}, f.Field.Aliases...)...) || n.old.Fields[f.Field.Name] != nil
		}
		x := n.old.Fields[f.Field.Name]
		s, text := x.(string)
		return x != nil && (!text || s != "")
	}
	return within(n.before, n.old, func(t *ir.Type, v any) bool {
		object, _ := v.(map[string]any)
		return t == f.In && object[f.Field.Name] != nil
	})
}

// hasOther is true for nodes with a value that the new type of the field may not
// hold: for an enum instead of a text, one that the enum lacks.
func hasOther(f *breaking.Finding, n *node) bool {
	if f.In != nil || f.Field.Type.Basic != ir.String || f.FieldNow.Type.Basic != ir.Enum ||
		f.Field.Stored != f.FieldNow.Stored {
		return hasValue(f, n)
	}
	text, _ := n.old.Fields[f.Field.Name].(string)
	return text != "" &&
		!slices.ContainsFunc(f.FieldNow.Type.Values, func(v ir.Value) bool { return v.Text == text })
}

// hasOldName is true for nodes with a value under a former name. Of a member, the
// name under which it is stored is not known.
func hasOldName(f *breaking.Finding, n *node) bool {
	if f.In != nil {
		return hasValue(f, n)
	}
	return n.has(f.Key)
}

// hasNone is true for nodes that lack the field, which so read as its default.
func hasNone(f *breaking.Finding, n *node) bool {
	if f.In != nil || f.Field.Slot != ir.Property { // it cannot be told from the default
		return hasValue(f, n)
	}
	return !n.has(append([]string{f.Field.Key}, f.Field.Aliases...)...)
}

// hasName is true for nodes with the value of an enum, or a variant of a union: any
// if Key is empty.
func hasName(f *breaking.Finding, n *node) bool {
	return within(n.before, n.old, func(t *ir.Type, v any) bool {
		if object, ok := v.(map[string]any); ok && t.Basic == ir.Union {
			return t == f.Enum && (f.Key == "" || object[t.Kind] == f.Key)
		}
		return t == f.Enum && v == f.Key
	})
}

func hasCustom(f *breaking.Finding, n *node) bool { return n.custom[f.Key].GetValue() != nil }

// lacks is true for nodes without a value of the field that the new spec has.
func lacks(f *breaking.Finding, n *node) bool {
	if f.FieldNow == nil || n.now == nil {
		return false
	}
	if f.InNow == nil {
		x := n.now.Fields[f.FieldNow.Name]
		return x == nil || x == "" || n.now.Unreadable.Has(f.FieldNow.Name)
	}
	return within(n.after, n.now, func(t *ir.Type, v any) bool {
		object, ok := v.(map[string]any)
		return t == f.InNow && ok && object[f.FieldNow.Name] == nil
	})
}

// refuses is true for nodes whose value of the field breaks a rule of the new spec.
func refuses(f *breaking.Finding, n *node) bool {
	if f.FieldNow == nil || n.now == nil {
		return false
	}
	if f.InNow == nil {
		return n.rules.Break(f.FieldNow, n.now.Fields[f.FieldNow.Name])
	}
	return within(n.after, n.now, func(t *ir.Type, v any) bool {
		object, ok := v.(map[string]any)
		return t == f.InNow && ok && n.rules.Break(f.FieldNow, object[f.FieldNow.Name])
	})
}

// within reports whether found is true for one of the values in v, with its type.
func within(e *ir.Entity, v *catalog.Value, found func(*ir.Type, any) bool) bool {
	var in func(t *ir.Type, v any) bool
	in = func(t *ir.Type, v any) bool {
		if v == nil {
			return false
		}
		if found(t, v) {
			return true
		}
		switch v := v.(type) {
		case []any:
			return slices.ContainsFunc(v, func(elem any) bool { return in(t.Elem, elem) })
		case map[string]any:
			if t.Basic == ir.Map {
				for _, elem := range v {
					if in(t.Elem, elem) {
						return true
					}
				}
			}
			if t.Basic == ir.Union {
				kind, _ := v[t.Kind].(string)
				variant := t.VariantOf(kind)
				return variant != nil && in(variant.Type, v)
			}
			if t.Basic == ir.Object {
				return slices.ContainsFunc(t.Fields, func(f *ir.Field) bool { return in(f.Type, v[f.Name]) })
			}
		}
		return false
	}
	return v != nil && slices.ContainsFunc(e.Fields, func(f *ir.Field) bool { return in(f.Type, v.Fields[f.Name]) })
}

// uses reports whether a value of the entity may hold one of the type.
func uses(e *ir.Entity, want *ir.Type) bool {
	seen := map[*ir.Type]bool{}
	var in func(t *ir.Type) bool
	in = func(t *ir.Type) bool {
		switch {
		case t == want:
			return true
		case t.Basic == ir.List || t.Basic == ir.Map:
			return in(t.Elem)
		case seen[t]:
			return false
		}
		seen[t] = true
		if slices.ContainsFunc(t.Variants, func(v ir.Variant) bool { return in(v.Type) }) {
			return true
		}
		return slices.ContainsFunc(t.Fields, func(f *ir.Field) bool { return in(f.Type) })
	}
	return slices.ContainsFunc(e.Fields, func(f *ir.Field) bool { return in(f.Type) })
}

// entities returns the entities of the old spec whose nodes the finding may concern.
func entities(f *breaking.Finding, old *ir.Graph) []*ir.Entity {
	var out []*ir.Entity
	for _, e := range old.Entities {
		switch {
		case f.Enum != nil && uses(e, f.Enum), f.Enum == nil && f.In != nil && uses(e, f.In):
			out = append(out, e)
		case f.Enum == nil && f.In == nil && e == f.Before:
			out = append(out, e)
		}
	}
	return out
}

// Judge returns a function that sets, in the findings about stored data, how many
// entities of a store they concern. It reads each entity of the types that they are
// about once, and for findings about edges their links.
func Judge(
	rpc mlmdpb.MetadataStoreServiceClient,
) func(ctx context.Context, old, now *ir.Graph, fs []breaking.Finding) error {
	return func(ctx context.Context, old, now *ir.Graph, fs []breaking.Finding) error {
		byEntity := map[*ir.Entity][]*breaking.Finding{}
		for i := range fs {
			f := &fs[i]
			if _, ok := judgements[f.Rule.ID]; !ok {
				continue
			}
			for _, e := range entities(f, old) {
				f.Stored = &breaking.Stored{}
				byEntity[e] = append(byEntity[e], f)
			}
		}
		oldMappings, nowMappings, rules := catalog.Of(old), catalog.Of(now), catalog.NewRules()
		for i, e := range old.Entities {
			concerned := byEntity[e]
			if concerned == nil {
				continue
			}
			var after mlmd.AnyMapping
			j := slices.IndexFunc(now.Entities, func(n *ir.Entity) bool { return n.Kind == e.Kind && n.TypeName == e.TypeName })
			if j >= 0 {
				after = nowMappings[j]
			}
			var failed error
			edges := slices.DeleteFunc(slices.Clone(concerned), func(f *breaking.Finding) bool {
				return judgements[f.Rule.ID].test != nil
			})
			l := links{rpc: rpc, kind: e.Kind, values: map[int64]*catalog.Value{}}
			err := Each(ctx, rpc, oldMappings[i].Type().Kind, e.TypeName, func(m proto.Message) {
				n := &node{before: e, rules: rules}
				n.props, n.custom = Properties(m)
				v, err := oldMappings[i].DecodeAny(m)
				if err != nil {
					failed = err
					return
				}
				n.old = v.(*catalog.Value)
				if after != nil {
					if v, err = after.DecodeAny(m); err != nil {
						failed = err
						return
					}
					n.now, n.after = v.(*catalog.Value), now.Entities[j]
				}
				if len(edges) > 0 {
					id := m.(interface{ GetId() int64 }).GetId()
					l.nodes, l.values[id] = append(l.nodes, id), n.old
				}
				for _, f := range concerned {
					f.Stored.Of++
					if test := judgements[f.Rule.ID].test; test != nil && test(f, n) {
						f.Stored.Entities++
					}
				}
			})
			if err != nil {
				return err
			}
			if failed != nil {
				return failed
			}
			if err := l.count(ctx, edges); err != nil {
				return err
			}
		}
		for i := range fs {
			if f := &fs[i]; f.Stored != nil {
				f.Stored.Excused = judgements[f.Rule.ID].excused && f.Stored.Entities == 0
			}
		}
		return nil
	}
}
