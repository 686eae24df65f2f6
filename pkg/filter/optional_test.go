package filter_test

import (
	"testing"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
)

func TestMaskPath(t *testing.T) {
	custom := field.ModelVersion.Custom("a b")
	for want, fields := range map[string][]filter.Clearable[*model.ModelVersion]{
		"custom_properties.a b": {custom, custom.AsString(), custom.Int(), custom.Double(), custom.Bool()},
		"custom_properties":     {field.ModelVersion.CustomProperties},
		"properties.author":     {field.ModelVersion.Author},
		"external_id":           {field.ModelVersion.ExternalID},
	} {
		for _, f := range fields {
			if got := filter.MaskPath(f); got != want {
				t.Errorf("%T: got %q, want %q", f, got, want)
			}
		}
	}
}
