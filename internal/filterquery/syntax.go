package filterquery

import "strings"

// An Expr is a node of a filter's syntax tree: one of the types below. Parentheses
// are not in the tree, except as [Paren].
type Expr interface {
	// Pos returns where the expression begins in the text.
	Pos() Pos
	children() []Expr
}

// The nodes of the syntax tree.
type (
	// Null is the literal NULL.
	Null struct{ At Pos }
	// Bool is TRUE or FALSE.
	Bool struct {
		At    Pos
		Value bool
	}
	// Int is an integer literal with its sign.
	Int struct {
		At    Pos
		Value int64
	}
	// Float is a floating-point literal with its sign.
	Float struct {
		At    Pos
		Value float64
	}
	// Text is a string literal.
	Text struct {
		At    Pos
		Value string
	}
	// Paren is a name, an integer, a boolean or NULL in parentheses, which change its
	// meaning beside an enum column.
	Paren struct {
		At Pos
		X  Expr
	}
	// Path is a name or several names joined by dots.
	Path struct{ Parts []Part }
	// Unary is an operator before its operand: "-", "+", "~" or "NOT".
	Unary struct {
		At Pos
		Op string
		X  Expr
	}
	// Binary is an operator between its operands: a comparison, arithmetic on
	// numbers and bits, or "||".
	Binary struct {
		Op   string
		L, R Expr
	}
	// Chain is two or more terms joined by "AND" or by "OR".
	Chain struct {
		Op    string
		Terms []Expr
	}
	// In is X [NOT] IN (List).
	In struct {
		X    Expr
		Not  bool
		List []Expr
	}
	// Like is X [NOT] LIKE Pattern.
	Like struct {
		X       Expr
		Not     bool
		Pattern Expr
	}
	// Between is X [NOT] BETWEEN Low AND High.
	Between struct {
		X         Expr
		Not       bool
		Low, High Expr
	}
	// Is is X IS [NOT] What: "NULL", "TRUE", "FALSE" or "UNKNOWN".
	Is struct {
		X    Expr
		Not  bool
		What string
	}
	// Call is a function call.
	Call struct {
		Func *Path
		Args []Expr
	}
	// Case is CASE Operand WHEN … THEN … ELSE … END; Operand and ELSE are optional.
	Case struct {
		At      Pos
		Operand Expr // or nil
		Whens   []When
		Else    Expr // or nil
	}
	// Cast is CAST(X AS Type).
	Cast struct {
		At     Pos
		X      Expr
		Type   string // in upper case
		TypeAt Pos
	}
)

// A Part is a name of a Path.
type Part struct {
	At     Pos
	Name   string
	Quoted bool // in backquotes
	// blankBefore and blankAfter report white space before and after the dot that
	// precedes the name.
	blankBefore, blankAfter bool
}

// A When is one branch of a Case.
type When struct{ If, Then Expr }

func (x *Null) Pos() Pos    { return x.At }
func (x *Bool) Pos() Pos    { return x.At }
func (x *Int) Pos() Pos     { return x.At }
func (x *Float) Pos() Pos   { return x.At }
func (x *Text) Pos() Pos    { return x.At }
func (x *Paren) Pos() Pos   { return x.At }
func (x *Path) Pos() Pos    { return x.Parts[0].At }
func (x *Unary) Pos() Pos   { return x.At }
func (x *Binary) Pos() Pos  { return x.L.Pos() }
func (x *Chain) Pos() Pos   { return x.Terms[0].Pos() }
func (x *In) Pos() Pos      { return x.X.Pos() }
func (x *Like) Pos() Pos    { return x.X.Pos() }
func (x *Between) Pos() Pos { return x.X.Pos() }
func (x *Is) Pos() Pos      { return x.X.Pos() }
func (x *Call) Pos() Pos    { return x.Func.Pos() }
func (x *Case) Pos() Pos    { return x.At }
func (x *Cast) Pos() Pos    { return x.At }

func (x *Null) children() []Expr    { return nil }
func (x *Bool) children() []Expr    { return nil }
func (x *Int) children() []Expr     { return nil }
func (x *Float) children() []Expr   { return nil }
func (x *Text) children() []Expr    { return nil }
func (x *Paren) children() []Expr   { return []Expr{x.X} }
func (x *Path) children() []Expr    { return nil }
func (x *Unary) children() []Expr   { return []Expr{x.X} }
func (x *Binary) children() []Expr  { return []Expr{x.L, x.R} }
func (x *Chain) children() []Expr   { return x.Terms }
func (x *In) children() []Expr      { return append([]Expr{x.X}, x.List...) }
func (x *Like) children() []Expr    { return []Expr{x.X, x.Pattern} }
func (x *Between) children() []Expr { return []Expr{x.X, x.Low, x.High} }
func (x *Is) children() []Expr      { return []Expr{x.X} }
func (x *Call) children() []Expr    { return x.Args }
func (x *Cast) children() []Expr    { return []Expr{x.X} }

func (x *Case) children() []Expr {
	var kids []Expr
	if x.Operand != nil {
		kids = append(kids, x.Operand)
	}
	for _, w := range x.Whens {
		kids = append(kids, w.If, w.Then)
	}
	if x.Else != nil {
		kids = append(kids, x.Else)
	}
	return kids
}

// name returns the name of the function in upper case.
func (x *Call) name() string {
	parts := make([]string, len(x.Func.Parts))
	for i, part := range x.Func.Parts {
		parts[i] = part.Name
	}
	return strings.ToUpper(strings.Join(parts, "."))
}
