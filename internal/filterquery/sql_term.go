package filterquery

import (
	"math"
	"strings"
)

// infix are the operators that every database spells alike.
var infix = map[op]string{
	opEq: "%1 = %2", opNe: "%1 <> %2", opLt: "%1 < %2", opLe: "%1 <= %2", opGt: "%1 > %2", opGe: "%1 >= %2",
	opNot: "(NOT %1)", opIsNull: "(%1 IS NULL)", opIsTrue: "(%1 IS TRUE)", opIsFalse: "(%1 IS FALSE)",
	opNullIf: "NULLIF(%1, %2)",
}

// term is the SQL of t. Text is in the exact form, see [Dialect].
func (b *builder) term(t *term) frag {
	switch t.op {
	case opValue:
		return b.value(t)
	case opColumn:
		col := frag{sql: t.col.sql()}
		if t.typ == TextType && b.exact != "" {
			return b.put(b.exact, col)
		}
		return col
	case opAnd:
		return b.nest("AND", b.terms(t.kids))
	case opOr:
		return b.nest("OR", b.terms(t.kids))
	case opEq, opNe, opLt, opLe, opGt, opGe:
		return b.compare(t)
	case opIn:
		kids := b.comparable(t.kids)
		if b.indexedByStart(t) {
			return b.put("(%1 IN (%2) AND %3 IN (%4))", kids[0], b.list(kids[1:]), b.put(b.start, kids[0]), b.list(b.starts(kids[1:])))
		}
		return b.put("(%1 IN (%2))", kids[0], b.list(kids[1:]))
	case opBetween:
		return b.between(t)
	case opLike:
		return b.likeOf(t)
	case opCase, opCaseOf:
		return b.caseOf(t)
	case opCoalesce:
		if len(t.kids) == 1 {
			return b.term(t.kids[0])
		}
		return b.put("COALESCE(%1)", b.list(b.terms(t.kids)))
	case opConcat:
		all := b.term(t.kids[0])
		for _, kid := range t.kids[1:] {
			all = b.put(b.ops[opConcat], all, b.term(kid))
		}
		return all
	case opSubstr:
		return b.substr(t)
	}
	kids := b.terms(t.kids)
	switch {
	case t.typ == IntType && b.ints[t.op] != "":
		return b.put(b.ints[t.op], kids...)
	case t.typ == FloatType && b.floats[t.op] != "":
		for len(kids) < 2 {
			kids = append(kids, frag{})
		}
		return b.put(b.floats[t.op], kids[0], kids[1], b.param(FloatType, math.MaxFloat64), b.param(FloatType, scale))
	case b.ops[t.op] != "":
		return b.put(b.ops[t.op], kids...)
	}
	return b.put(infix[t.op], kids...)
}

func (b *builder) param(typ Type, v any) frag { return frag{b.Dialect.value[typ], []any{v}} }

func (b *builder) value(t *term) frag {
	switch v := t.val.(type) {
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

// comparable is the SQL of terms that are tested for equality. A text
// column that meets nothing but constants stays as it is, so that its index
// serves.
func (b *builder) comparable(ts []*term) []frag {
	if b.exact == "" || ts[0].typ != TextType || ts[0].op != opColumn {
		return b.terms(ts)
	}
	for _, t := range ts[1:] {
		if t.op != opValue {
			return b.terms(ts)
		}
	}
	out := []frag{{sql: ts[0].col.sql()}}
	for _, t := range ts[1:] {
		if t.val == nil {
			out = append(out, frag{sql: b.null[TextType]})
		} else {
			out = append(out, b.param(TextType, t.val))
		}
	}
	return out
}

var orderSigns = map[op]string{opLt: "<", opLe: "<=", opGt: ">", opGe: ">="}

// compare is a comparison of two terms.
func (b *builder) compare(t *term) frag {
	if sign := orderSigns[t.op]; sign != "" && t.kids[0].typ == TextType {
		return b.put("("+b.before+")", b.term(t.kids[0]), frag{sql: sign}, b.term(t.kids[1]))
	}
	kids := b.comparable(t.kids)
	if t.op == opEq && b.indexedByStart(t) {
		return b.put("(%1 = %2 AND %3 = %4)", kids[0], kids[1], b.put(b.start, kids[0]), b.put(b.start, kids[1]))
	}
	return b.put("("+infix[t.op]+")", kids...)
}

// indexedByStart reports whether t looks for some texts in a column whose index
// has only the start of each. The starts are then compared, too, which changes
// nothing but what the planner can use.
func (b *builder) indexedByStart(t *term) bool {
	const most = 1000 // a longer list is not worth its parameters
	if b.start == "" || t.kids[0].op != opColumn || t.kids[0].col.name != "string_value" || len(t.kids) > most {
		return false
	}
	for _, kid := range t.kids[1:] {
		if kid.op != opValue || kid.val == nil {
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

func (b *builder) between(t *term) frag {
	kids := b.terms(t.kids)
	if t.kids[0].typ == TextType {
		return b.put("("+b.before+" AND "+strings.NewReplacer("%2", "%4", "%3", "%5").Replace(b.before)+")",
			kids[0], frag{sql: ">="}, kids[1], frag{sql: "<="}, kids[2])
	}
	return b.put("(%1 BETWEEN %2 AND %3)", kids...)
}

func (b *builder) likeOf(t *term) frag {
	pattern := b.like
	if t.kids[1].op != opValue {
		pattern = b.likeAny
	}
	return b.put("("+pattern+")", b.terms(t.kids)...)
}

func (b *builder) caseOf(t *term) frag {
	kids := b.terms(t.kids)
	out := frag{sql: "(CASE"}
	if t.op == opCaseOf {
		out = b.put("(CASE %1", kids[0])
		kids = kids[1:]
	}
	pieces := []frag{out}
	for ; len(kids) > 1; kids = kids[2:] {
		pieces = append(pieces, b.put("WHEN %1 THEN %2", kids[0], kids[1]))
	}
	return b.join(" ", append(pieces, b.put("ELSE %1 END)", kids[0])))
}

// substr takes characters. Its positions are constants that have been checked.
func (b *builder) substr(t *term) frag {
	kids := b.terms(t.kids)
	if len(kids) == 3 {
		return b.put(b.substrLen, kids...)
	}
	return b.put(b.substrFrom, kids...)
}
