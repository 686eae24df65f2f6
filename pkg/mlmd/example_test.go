package mlmd_test

import (
	"fmt"
	"log"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A generated mapping makes the node that a store keeps, and reads it back.
// Programs rarely need it: the verbs of package registry do.
func Example() {
	m := mapping.ModelVersion
	node, err := m.Encode(
		&model.ModelVersion{RegisteredModelID: "1", Name: "v1.0", Author: new("ada")},
		mlmd.Parent{ID: 1, Name: "fraud"},
	)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.TypeName, node.GetName(), node.GetProperties()["author"].GetStringValue())
	v, err := m.Decode(node)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Name, *v.Author)
	// Output:
	// kf.ModelVersion 1:v1.0 ada
	// v1.0 ada
}
