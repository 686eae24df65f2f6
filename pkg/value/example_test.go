package value_test

import (
	"encoding/json"
	"fmt"
	"log"
	"math"

	"github.com/mlmd-go/sdk/pkg/value"
)

// A custom property has one of six kinds.
func Example() {
	properties := value.Map{
		"auc":    value.Double(0.93),
		"epochs": value.Int(7),
		"stage":  value.String("prod"),
		"split":  value.Struct(map[string]any{"train": 0.8, "test": 0.2}),
	}
	if auc, ok := properties["auc"].AsDouble(); ok {
		fmt.Println(auc)
	}
	_, ok := properties["epochs"].AsString()
	fmt.Println(properties["epochs"], properties["epochs"].Kind(), ok)
	fmt.Println(properties["split"])
	// Output:
	// 0.93
	// 7 int false
	// {"test":0.2,"train":0.8}
}

// The JSON of a value includes its kind.
func ExampleValue_MarshalJSON() {
	raw, err := json.Marshal(value.Int(7))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(raw))
	// Output: {"int_value":"7","metadataType":"MetadataIntValue"}
}

// Err reports values that cannot be stored.
func ExampleValue_Err() {
	fmt.Println(value.Double(math.NaN()).Err() != nil, value.Double(1).Err())
	// Output: true <nil>
}
