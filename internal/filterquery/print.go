package filterquery

import (
	"strconv"
	"strings"
)

// The precedence of expressions, lowest first. The operators on numbers take one step
// for each of [levels].
const (
	bindsOr = iota
	bindsAnd
	bindsNot
	bindsCompare
	bindsBinary
)

var (
	bindsUnary   = bindsBinary + len(levels)
	bindsOperand = bindsUnary + 1
)

// Print returns a text of x, which parses to x except for positions.
func Print(x Expr) string {
	var p printer
	p.expr(x, bindsOr)
	return p.String()
}

type printer struct{ strings.Builder }

// expr writes x, in parentheses if its precedence is below least.
func (p *printer) expr(x Expr, least int) {
	if binds(x) < least {
		p.WriteByte('(')
		p.bare(x)
		p.WriteByte(')')
		return
	}
	p.bare(x)
}

func binds(x Expr) int {
	switch x := x.(type) {
	case *Chain:
		if x.Op == "OR" {
			return bindsOr
		}
		return bindsAnd
	case *Unary:
		if x.Op == "NOT" {
			return bindsNot
		}
		return bindsUnary
	case *Binary:
		for level, ops := range levels {
			for _, op := range ops {
				if op == x.Op {
					return bindsBinary + level
				}
			}
		}
		return bindsCompare
	case *In, *Like, *Between, *Is:
		return bindsCompare
	}
	return bindsOperand
}

func (p *printer) bare(x Expr) {
	switch x := x.(type) {
	case *Null:
		p.WriteString("NULL")
	case *Bool:
		p.WriteString(strings.ToUpper(strconv.FormatBool(x.Value)))
	case *Int:
		p.WriteString(strconv.FormatInt(x.Value, 10))
	case *Float:
		p.WriteString(formatFloat(x.Value))
	case *Text:
		p.WriteString(QuoteText(x.Value))
	case *Paren:
		p.WriteByte('(')
		p.bare(x.X)
		p.WriteByte(')')
	case *Path:
		p.path(x)
	case *Unary:
		p.unary(x)
	case *Binary:
		level := binds(x)
		if level == bindsCompare {
			level++
		}
		p.expr(x.L, level)
		p.WriteString(" " + x.Op + " ")
		p.expr(x.R, max(bindsBinary, binds(x)+1))
	case *Chain:
		for i, term := range x.Terms {
			if i > 0 {
				p.WriteString(" " + x.Op + " ")
			}
			p.expr(term, binds(x)+1)
		}
	case *In:
		p.word(x.X, x.Not, "IN ")
		p.list(x.List)
	case *Like:
		p.word(x.X, x.Not, "LIKE ")
		p.expr(x.Pattern, bindsBinary)
	case *Between:
		p.word(x.X, x.Not, "BETWEEN ")
		p.expr(x.Low, bindsBinary)
		p.WriteString(" AND ")
		p.expr(x.High, bindsBinary)
	case *Is:
		p.expr(x.X, bindsBinary)
		p.WriteString(" IS ")
		if x.Not {
			p.WriteString("NOT ")
		}
		p.WriteString(x.What)
	case *Call:
		p.path(x.Func)
		p.list(x.Args)
	case *Case:
		p.caseOf(x)
	case *Cast:
		p.WriteString("CAST(")
		p.expr(x.X, bindsOr)
		p.WriteString(" AS " + x.Type + ")")
	}
}

func (p *printer) path(x *Path) {
	for i, part := range x.Parts {
		if part.blankBefore {
			p.WriteByte(' ')
		}
		if i > 0 {
			p.WriteByte('.')
		}
		if part.blankAfter {
			p.WriteByte(' ')
		}
		if part.Quoted {
			p.WriteString(QuoteName(part.Name))
		} else {
			p.WriteString(part.Name)
		}
	}
}

// unary writes an operator and its operand. It separates a minus from a number, of
// which it would become part, and from another minus, with which it would begin a
// comment.
func (p *printer) unary(x *Unary) {
	p.WriteString(x.Op)
	least := bindsUnary
	if x.Op == "NOT" {
		p.WriteByte(' ')
		least = bindsNot
	}
	if x.Op == "-" {
		switch inner := x.X.(type) {
		case *Int:
			switch {
			case inner.Value < 0:
				p.WriteByte(' ')
			case inner.Value == 0: // it was parsed with its sign
				p.WriteString(" -0")
				return
			default:
				least = bindsOperand + 1
			}
		case *Float:
			least = bindsOperand + 1
		case *Unary:
			if inner.Op == "-" {
				least = bindsOperand
			}
		}
	}
	p.expr(x.X, least)
}

func (p *printer) word(x Expr, not bool, word string) {
	p.expr(x, bindsBinary)
	if not {
		word = "NOT " + word
	}
	p.WriteString(" " + word)
}

func (p *printer) list(xs []Expr) {
	p.WriteByte('(')
	for i, x := range xs {
		if i > 0 {
			p.WriteString(", ")
		}
		p.expr(x, bindsOr)
	}
	p.WriteByte(')')
}

func (p *printer) caseOf(x *Case) {
	p.WriteString("CASE")
	if x.Operand != nil {
		p.WriteByte(' ')
		p.expr(x.Operand, bindsOr)
	}
	for _, w := range x.Whens {
		p.WriteString(" WHEN ")
		p.expr(w.If, bindsOr)
		p.WriteString(" THEN ")
		p.expr(w.Then, bindsOr)
	}
	if x.Else != nil {
		p.WriteString(" ELSE ")
		p.expr(x.Else, bindsOr)
	}
	p.WriteString(" END")
}
