package codegen

import (
	"context"
	"fmt"

	"github.com/mlmd-go/sdk/gen/internal/lint"
)

// A Finding is one place in a valid spec that a rule of Lint finds.
type Finding struct {
	Rule    string `json:"rule"`
	Warning bool   `json:"warning"`
	Report
}

// String returns a human-readable description.
func (f Finding) String() string {
	rule := f.Rule
	if f.Warning {
		rule = "warning: " + rule
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s: %s; %s", f.File, f.Line, f.Column, f.Path, rule, f.Message, f.Fix)
}

// LintRules returns the IDs of the rules of Lint.
func LintRules() []string {
	var out []string
	for _, r := range lint.Rules {
		out = append(out, r.ID)
	}
	return out
}

// Lint returns what the rules find in the spec, in order of place. If the spec is
// invalid, the error is a [Problems].
func Lint(ctx context.Context, c Config) ([]Finding, error) {
	g, set, err := build(ctx, c)
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, f := range lint.Run(set, g) {
		out = append(out, Finding{Rule: f.Rule, Report: reportOf(f.Problem)})
	}
	return out, nil
}
