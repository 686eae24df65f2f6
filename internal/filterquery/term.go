package filterquery

import "github.com/mlmd-go/sdk/internal/typekind"

// An Op is what a term does.
type Op uint8

const (
	OpValue      Op = iota // a constant: val
	OpColumn               // col
	OpAnd                  // all kids
	OpOr                   // any kid
	OpNot                  //
	OpEq                   // kids[0] = kids[1], and so on
	OpNe                   //
	OpLt                   //
	OpLe                   //
	OpGt                   //
	OpGe                   //
	OpIn                   // kids[0] among the others
	OpLike                 // kids[0] matches the pattern kids[1]
	OpBetween              // kids[0] from kids[1] to kids[2]
	OpIsNull               //
	OpIsTrue               //
	OpIsFalse              //
	OpAdd                  // numbers of one type; what overflows is the largest number
	OpSub                  //
	OpMul                  //
	OpDiv                  // doubles; by zero: NULL
	OpNeg                  //
	OpAbs                  //
	OpSign                 // integer
	OpBitAnd               // integers
	OpBitOr                //
	OpBitNot               //
	OpToFloat              // an integer as a double
	OpToText               // an integer as decimal text
	OpToInt                // a bool as 0 or 1
	OpCase                 // WHEN kids[0] THEN kids[1] … ELSE the last
	OpCaseOf               // CASE kids[0] WHEN kids[1] THEN kids[2] … ELSE the last
	OpCoalesce             //
	OpNullIf               //
	OpLower                // ASCII letters only
	OpUpper                //
	OpLength               // characters
	OpSubstr               // from the character kids[1], from 1; kids[2] characters, or all
	OpTrim                 // blanks, on both sides
	OpTrimLeft             //
	OpTrimRight            //
	OpReplace              // in kids[0] each kids[1] by kids[2]
	OpConcat               //
	OpStartsWith           // byte for byte
	OpEndsWith             //
)

// A Term is a vertex of the checked tree: every operand has the type that its
// operator wants.
type Term struct {
	Op     Op
	typ    Type
	Kids   []*Term
	Column Column // of opColumn
	Value  any    // of opValue: nil, bool, int64, float64 or string
}

// A Column is a column of one of the filter's sources.
type Column struct {
	Source *Source
	Name   string // in SQL
	OfType bool   // of the type's row
}

// A Source is where columns come from: the node itself, one of its properties,
// or an alias of a neighbour.
type Source struct {
	neighbour *neighbour // nil: the node or a property
	Prefix    string     // of the alias: "contexts_"
	Property  string
	IsProp    bool
	Custom    bool
	typed     bool // a column of its type's row is used
	number    int  // from 1 in the order of the text; 0 is the node
}

// A Filter is a filter checked for one kind of node. It is immutable.
type Filter struct {
	kind    typekind.Kind
	root    *Term
	node    *Source
	sources []*Source // the properties and neighbours, in the order of the text
}

// Root returns the condition of the filter.
func (f *Filter) Root() *Term { return f.root }

// Self returns the source that stands for the node itself.
func (f *Filter) Self() *Source { return f.node }

// Sources returns the properties and neighbors of the filter, in the order of its
// text.
func (f *Filter) Sources() []*Source { return f.sources }
