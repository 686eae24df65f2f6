package filterquery

import (
	"math"
	"strings"
)

// infix are the operators with the same spelling in every database.
var infix = map[Op]string{
	OpEq: "%1 = %2", OpNe: "%1 <> %2", OpLt: "%1 < %2", OpLe: "%1 <= %2", OpGt: "%1 > %2", OpGe: "%1 >= %2",
	OpNot: "(NOT %1)", OpIsNull: "(%1 IS NULL)", OpIsTrue: "(%1 IS TRUE)", OpIsFalse: "(%1 IS FALSE)",
	OpNullIf: "NULLIF(%1, %2)",
}

// term returns the SQL of t. Text is in exact form; see [Dialect].
func (b *builder) term(t *Term) frag {
	switch t.Op {
	case OpValue:
		return b.value(t)
	case OpColumn:
		col := frag{sql: t.Column.sql()}
		if t.typ == TextType && b.exact != "" {
			return b.put(b.exact, col)
		}
		return col
	case OpAnd:
		return b.nest("AND", b.terms(t.Kids))
	case OpOr:
		return b.nest("OR", b.terms(t.Kids))
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe:
		return b.compare(t)
	case OpIn:
		kids := b.comparable(t.Kids)
		if b.indexedByStart(t) {
			return b.put(
				"(%1 IN (%2) AND %3 IN (%4))", kids[0], b.list(kids[1:]), b.put(b.start, kids[0]),
				b.list(b.starts(kids[1:])),
			)
		}
		return b.put("(%1 IN (%2))", kids[0], b.list(kids[1:]))
	case OpBetween:
		return b.between(t)
	case OpLike:
		return b.likeOf(t)
	case OpCase, OpCaseOf:
		return b.caseOf(t)
	case OpCoalesce:
		if len(t.Kids) == 1 {
			return b.term(t.Kids[0])
		}
		return b.put("COALESCE(%1)", b.list(b.terms(t.Kids)))
	case OpConcat:
		all := b.term(t.Kids[0])
		for _, kid := range t.Kids[1:] {
			all = b.put(b.ops[OpConcat], all, b.term(kid))
		}
		return all
	case OpSubstr:
		return b.substr(t)
	}
	kids := b.terms(t.Kids)
	switch {
	case t.typ == IntType && b.ints[t.Op] != "":
		return b.put(b.ints[t.Op], kids...)
	case t.typ == FloatType && b.floats[t.Op] != "":
		for len(kids) < 2 {
			kids = append(kids, frag{})
		}
		return b.put(b.floats[t.Op], kids[0], kids[1], b.param(FloatType, math.MaxFloat64), b.param(FloatType, scale))
	case b.ops[t.Op] != "":
		return b.put(b.ops[t.Op], kids...)
	}
	return b.put(infix[t.Op], kids...)
}

func (b *builder) param(typ Type, v any) frag { return frag{b.Dialect.value[typ], []any{v}} }

func (b *builder) value(t *Term) frag {
	switch v := t.Value.(type) {
	case nil:
		return frag{sql: b.null[orInt(t.typ)]}
	case bool:
		if v {
			return frag{sql: "TRUE"}
		}
		return frag{sql: "FALSE"}
	default:
		p := b.param(t.typ, v)
		if t.typ == TextType && b.exact != "" {
			p.sql = strings.ReplaceAll(b.exact, "%1", "?")
		}
		return p
	}
}

// comparable returns the SQL of terms that are tested for equality. A text column that
// is compared with constants only is not converted, so that its index can be used.
func (b *builder) comparable(ts []*Term) []frag {
	if b.exact == "" || ts[0].typ != TextType || ts[0].Op != OpColumn {
		return b.terms(ts)
	}
	for _, t := range ts[1:] {
		if t.Op != OpValue {
			return b.terms(ts)
		}
	}
	out := []frag{{sql: ts[0].Column.sql()}}
	for _, t := range ts[1:] {
		if t.Value == nil {
			out = append(out, frag{sql: b.null[TextType]})
		} else {
			out = append(out, b.param(TextType, t.Value))
		}
	}
	return out
}

var orderSigns = map[Op]string{OpLt: "<", OpLe: "<=", OpGt: ">", OpGe: ">="}

// compare returns the SQL of a comparison.
func (b *builder) compare(t *Term) frag {
	if sign := orderSigns[t.Op]; sign != "" && t.Kids[0].typ == TextType {
		return b.put("("+b.before+")", b.term(t.Kids[0]), frag{sql: sign}, b.term(t.Kids[1]))
	}
	kids := b.comparable(t.Kids)
	if t.Op == OpEq && b.indexedByStart(t) {
		return b.put("(%1 = %2 AND %3 = %4)", kids[0], kids[1], b.put(b.start, kids[0]), b.put(b.start, kids[1]))
	}
	return b.put("("+infix[t.Op]+")", kids...)
}

// indexedByStart reports whether t compares texts with a column whose index contains
// only their prefixes. The SQL then compares the prefixes too, so that the planner
// can use the index.
func (b *builder) indexedByStart(t *Term) bool {
	const most = 1000 // a longer list would have too many parameters
	if b.start == "" || t.Kids[0].Op != OpColumn || t.Kids[0].Column.Name != "string_value" || len(t.Kids) > most {
		return false
	}
	for _, kid := range t.Kids[1:] {
		if kid.Op != OpValue || kid.Value == nil {
			return false
		}
	}
	return true
}

func (b *builder) starts(texts []frag) []frag {
	out := make([]frag, len(texts))
	for i, text := range texts {
		out[i] = b.put(b.start, text)
	}
	return out
}

func (b *builder) between(t *Term) frag {
	kids := b.terms(t.Kids)
	if t.Kids[0].typ == TextType {
		return b.put("("+b.before+" AND "+strings.NewReplacer("%2", "%4", "%3", "%5").Replace(b.before)+")",
			kids[0], frag{sql: ">="}, kids[1], frag{sql: "<="}, kids[2])
	}
	return b.put("(%1 BETWEEN %2 AND %3)", kids...)
}

func (b *builder) likeOf(t *Term) frag {
	pattern := b.like
	if t.Kids[1].Op != OpValue {
		pattern = b.likeAny
	}
	return b.put("("+pattern+")", b.terms(t.Kids)...)
}

func (b *builder) caseOf(t *Term) frag {
	kids := b.terms(t.Kids)
	out := frag{sql: "(CASE"}
	if t.Op == OpCaseOf {
		out = b.put("(CASE %1", kids[0])
		kids = kids[1:]
	}
	pieces := []frag{out}
	for ; len(kids) > 1; kids = kids[2:] {
		pieces = append(pieces, b.put("WHEN %1 THEN %2", kids[0], kids[1]))
	}
	return b.join(" ", append(pieces, b.put("ELSE %1 END)", kids[0])))
}

// substr returns the SQL of SUBSTR, which counts characters. Its positions are checked
// constants.
func (b *builder) substr(t *Term) frag {
	kids := b.terms(t.Kids)
	if len(kids) == 3 {
		return b.put(b.substrLen, kids...)
	}
	return b.put(b.substrFrom, kids...)
}
