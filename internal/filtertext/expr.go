// Package filtertext prints the conditions of package filter in the filter
// language of MLMD.
//
// The language drops a node that lacks a property named anywhere in the text,
// even where the other side of an OR is true. An OR over different properties
// is therefore printed as several texts, whose union is the condition.
package filtertext

// An Expr is the condition behind a filter.Expr, which converts to it. The zero
// Expr selects everything.
type Expr struct{ root *Node }

// New returns the condition with the given syntax tree; nil stands for the zero
// Expr.
func New(root *Node) Expr { return Expr{root} }

// Root returns the syntax tree of e, or nil for the zero Expr.
func (e Expr) Root() *Node { return e.root }

// An Op is the operation of a node.
type Op uint8

// The operations. Those below OpNever compare Field with Args.
const (
	OpAnd      Op = iota
	OpOr          //
	OpNot         // of one child
	OpNever       // selects nothing
	OpEq          // field = arg
	OpNe          // field != arg
	OpLt          // field < arg
	OpLe          // field <= arg
	OpGt          // field > arg
	OpGe          // field >= arg
	OpIn          // field IN args; without args the same as OpNever
	OpLike        // field LIKE arg
	OpPrefix      // field begins with arg
	OpContains    // field contains arg
	OpIsSet       // field IS NOT NULL
	OpNeighbor    // has a neighbor along Edge for which the child, if any, holds; see Resolve
)

// A Node is a vertex of a condition's syntax tree. It does not change once it
// is part of an Expr.
type Node struct {
	Op    Op
	Kids  []*Node // of OpAnd, OpOr, OpNot and OpNeighbor
	Field Field   // of a comparison
	Edge  Edge    // of OpNeighbor
	// Args are the operands: string, int64, float64, bool, or an error that
	// Print returns.
	Args []any
}

// An Edge is the edge of an OpNeighbor, which its user knows more about. String
// identifies it.
type Edge interface{ String() string }

// A Field is what a comparison reads: a column of the node or of a linked one,
// or a value column of a property.
type Field struct {
	// Attr is the language's name of a column; empty for a property.
	Attr string
	// Neighbor is the language's alias of a linked node, whose column Attr is;
	// empty for the node itself.
	Neighbor string
	// Property is the property's name, and Custom reports whether it is a custom
	// property.
	Property string
	Custom   bool
	// Column is the value column of a property.
	Column string
	// LegacyNames are further names of the property. The first name that a node
	// has counts.
	LegacyNames []string
	// AnyNumber reports whether the property may hold an integer or a double,
	// whichever Column says.
	AnyNumber bool
	// Edge is not nil if the field is the ID of every neighbor along an edge, which
	// Neighbor or Property read, if the language can. Among, if not empty, are
	// further conditions on Neighbor. If Exact is false, Neighbor selects nodes too
	// that have no such neighbor.
	Edge  Edge
	Among string
	Exact bool
	// OwnName reports that Attr is the name without the prefix that the stored
	// name of a child has.
	OwnName bool
	// Member is the path from the entity to what is compared, if that is a part of
	// the property's value: names of Go fields, joined by dots. [] after a name
	// stands for each element of a list. In a union, Value and the Go type of a
	// variant lead to the variant, and Kind() to the discriminator.
	Member string
}

// The value columns of properties. A field without one reads whatever value the
// property has, which the filter language cannot.
const (
	StringColumn = "string_value"
	IntColumn    = "int_value"
	DoubleColumn = "double_value"
	BoolColumn   = "bool_value"
)

// in returns f with another value column.
func (f Field) in(column string) Field {
	f.Column = column
	return f
}

func isSetNode(f Field) *Node { return &Node{Op: OpIsSet, Field: f} }

// Resolve returns e with each OpNeighbor in it replaced by what resolve returns for
// it: a comparison with the IDs of the neighbors.
func Resolve(e Expr, resolve func(*Node) (*Node, error)) (Expr, error) {
	if e.root == nil || !HasNeighbors(e) {
		return e, nil
	}
	root, err := e.root.resolve(resolve)
	return Expr{root}, err
}

// HasNeighbors reports whether an OpNeighbor is in e.
func HasNeighbors(e Expr) bool {
	return e.root != nil && e.root.contains(func(n *Node) bool { return n.Op == OpNeighbor })
}

func (n *Node) resolve(resolve func(*Node) (*Node, error)) (*Node, error) {
	if n.Op == OpNeighbor {
		return resolve(n)
	}
	out := *n
	out.Kids = make([]*Node, len(n.Kids))
	for i, kid := range n.Kids {
		var err error
		if out.Kids[i], err = kid.resolve(resolve); err != nil {
			return nil, err
		}
	}
	return &out, nil
}
