package filterquery

import "github.com/mlmd-go/sdk/internal/typekind"

// Op is the operation of a [Term].
type Op uint8

// The operations. Those without a comment do what their name says.
const (
	OpValue      Op = iota // constant Value
	OpColumn               // Column
	OpAnd                  // all Kids
	OpOr                   // any of Kids
	OpNot                  //
	OpEq                   // Kids[0] = Kids[1], and so on
	OpNe                   //
	OpLt                   //
	OpLe                   //
	OpGt                   //
	OpGe                   //
	OpIn                   // Kids[0] is among the others
	OpLike                 // Kids[0] matches pattern Kids[1]
	OpBetween              // Kids[1] <= Kids[0] <= Kids[2]
	OpIsNull               //
	OpIsTrue               //
	OpIsFalse              //
	OpAdd                  // numbers of one type; limited to the largest number
	OpSub                  //
	OpMul                  //
	OpDiv                  // doubles; NULL by zero
	OpNeg                  //
	OpAbs                  //
	OpSign                 // integer
	OpBitAnd               // integers
	OpBitOr                //
	OpBitNot               //
	OpToFloat              // an integer as a double
	OpToText               // an integer as decimal text
	OpToInt                // a bool as 0 or 1
	OpCase                 // WHEN Kids[0] THEN Kids[1] … ELSE the last
	OpCaseOf               // CASE Kids[0] WHEN Kids[1] THEN Kids[2] … ELSE the last
	OpCoalesce             //
	OpNullIf               //
	OpLower                // ASCII letters only
	OpUpper                //
	OpLength               // characters
	OpSubstr               // from character Kids[1], counted from 1; Kids[2] characters, or all
	OpTrim                 // spaces on both sides
	OpTrimLeft             //
	OpTrimRight            //
	OpReplace              // each Kids[1] in Kids[0] by Kids[2]
	OpConcat               //
	OpStartsWith           // byte for byte
	OpEndsWith             //
)

// Term is a vertex of the checked tree. Each operand has the type that its
// operator expects.
type Term struct {
	Op     Op
	typ    Type
	Kids   []*Term
	Column Column // of OpColumn
	Value  any    // of OpValue: nil, bool, int64, float64 or string
}

// Column is a column of one of the filter's sources.
type Column struct {
	Source *Source
	Name   string // in SQL
	OfType bool   // of the type's row
}

// Source is what columns belong to: the node itself, one of its properties, or
// an alias of a neighbor.
type Source struct {
	neighbor *neighbor // nil for the node and for a property
	Prefix   string    // of the alias: "contexts_"
	Property string
	IsProp   bool
	Custom   bool
	typed    bool // a column of its type is used
	number   int  // from 1 in the order of the text; 0 is the node
}

// Filter is a filter that was checked for one kind of node. It is immutable.
type Filter struct {
	kind    typekind.Kind
	root    *Term
	node    *Source
	sources []*Source // the properties and neighbors, in the order of the text
}

// Root returns the condition of the filter.
func (f *Filter) Root() *Term { return f.root }

// Self returns the source that stands for the node itself.
func (f *Filter) Self() *Source { return f.node }

// Sources returns the properties and neighbors of the filter, in the order of its
// text.
func (f *Filter) Sources() []*Source { return f.sources }
