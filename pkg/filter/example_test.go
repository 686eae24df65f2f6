package filter_test

import (
	"fmt"
	"log"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
)

// Conditions come from generated symbols. A query takes them as they are; Print
// shows the text that it sends.
func Example() {
	f := field.ModelVersion
	condition := f.Author.Eq("ada's").And(f.Custom("auc").Double().Gt(0.9))
	text, err := filter.Print(condition)
	if err != nil {
		log.Fatal(err)
	}
	for _, branch := range text.Branches {
		fmt.Println(branch)
	}
	// Output: properties.author.string_value = 'ada\'s' AND (custom_properties.auc.double_value > 0.9 OR custom_properties.auc.int_value > 0)
}

// An Or over different properties becomes several texts, since the language
// drops a node that lacks one of them.
func ExampleExpr_Or() {
	f := field.ModelVersion
	text, err := filter.Print(f.Author.Eq("ada").Or(f.State.Eq(model.ModelVersionStateArchived)))
	if err != nil {
		log.Fatal(err)
	}
	for _, branch := range text.Branches {
		fmt.Println(branch)
	}
	// Output:
	// properties.author.string_value = 'ada'
	// properties.state.string_value = 'ARCHIVED'
}
