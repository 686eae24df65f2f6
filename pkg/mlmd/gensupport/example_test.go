package gensupport_test

import (
	"fmt"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

// Generated code writes the properties of a node, reads them back, and checks
// fields. Programs use packages mlmd and registry instead.
func Example() {
	w := gensupport.NewPropertyWriter(2)
	w.String("author", "author", new("ada"))
	w.Int("epochs", new(int64(7)))
	fmt.Println(len(w.Props()), w.Err())

	node := &mlmdpb.Context{Properties: w.Props()}
	r := gensupport.NewPropertyReader(node.Properties, node.CustomProperties)
	fmt.Println(*r.String("author"), *r.Int("epochs", "epochs"))

	c := &gensupport.Validator{}
	gensupport.AtMost(c, "epochs", r.Int("epochs", "epochs"), 5)
	fmt.Println(c.Err())
	// Output:
	// 2 <nil>
	// ada 7
	// epochs "7" is too large: want 5 or less
}
