// Package typekind names the three kinds of nodes and of their types.
package typekind

import "strings"

// A Kind is a kind of node. The values are those of column Type.type_kind.
type Kind uint8

// The kinds of nodes.
const (
	Execution Kind = iota
	Artifact
	Context

	// Invalid is not the kind of any node.
	Invalid Kind = 255
)

// Of returns the kind that column type_kind stores as n, or Invalid.
func Of(n int64) Kind {
	if n < 0 || n > int64(Context) {
		return Invalid
	}
	return Kind(n)
}

// Table returns the name of the table of the nodes of kind k.
func (k Kind) Table() string {
	switch k {
	case Execution:
		return "Execution"
	case Artifact:
		return "Artifact"
	case Context:
		return "Context"
	}
	return "Invalid"
}

// String returns the kind in lower case.
func (k Kind) String() string { return strings.ToLower(k.Table()) }

// IDColumn returns the name that other tables give to the ID of a node of kind k.
func (k Kind) IDColumn() string { return k.String() + "_id" }
