package filterquery

import "github.com/mlmd-go/sdk/internal/typekind"

// An op is what a term does.
type op uint8

const (
	opValue      op = iota // a constant: val
	opColumn               // col
	opAnd                  // all kids
	opOr                   // any kid
	opNot                  //
	opEq                   // kids[0] = kids[1], and so on
	opNe                   //
	opLt                   //
	opLe                   //
	opGt                   //
	opGe                   //
	opIn                   // kids[0] among the others
	opLike                 // kids[0] matches the pattern kids[1]
	opBetween              // kids[0] from kids[1] to kids[2]
	opIsNull               //
	opIsTrue               //
	opIsFalse              //
	opAdd                  // numbers of one type; what overflows is the largest number
	opSub                  //
	opMul                  //
	opDiv                  // doubles; by zero: NULL
	opNeg                  //
	opAbs                  //
	opSign                 // integer
	opBitAnd               // integers
	opBitOr                //
	opBitNot               //
	opToFloat              // an integer as a double
	opToText               // an integer as decimal text
	opToInt                // a bool as 0 or 1
	opCase                 // WHEN kids[0] THEN kids[1] … ELSE the last
	opCaseOf               // CASE kids[0] WHEN kids[1] THEN kids[2] … ELSE the last
	opCoalesce             //
	opNullIf               //
	opLower                // ASCII letters only
	opUpper                //
	opLength               // characters
	opSubstr               // from the character kids[1], from 1; kids[2] characters, or all
	opTrim                 // blanks, on both sides
	opTrimLeft             //
	opTrimRight            //
	opReplace              // in kids[0] each kids[1] by kids[2]
	opConcat               //
	opStartsWith           // byte for byte
	opEndsWith             //
)

// A term is a vertex of the checked tree: every operand has the type that its
// operator wants.
type term struct {
	op   op
	typ  Type
	kids []*term
	col  column // of opColumn
	val  any    // of opValue: nil, bool, int64, float64 or string
}

// A column is a column of one of the filter's sources.
type column struct {
	src    *source
	name   string // in SQL
	ofType bool   // of the type's row
}

// A source is where columns come from: the node itself, one of its properties,
// or an alias of a neighbour.
type source struct {
	neighbour *neighbour // nil: the node or a property
	prefix    string     // of the alias: "contexts_"
	property  string
	isProp    bool
	custom    bool
	typed     bool // a column of its type's row is used
	number    int  // from 1 in the order of the text; 0 is the node
}

// A Filter is a filter checked for one kind of node. It is immutable.
type Filter struct {
	kind    typekind.Kind
	root    *term
	node    *source
	sources []*source // the properties and neighbours, in the order of the text
}
