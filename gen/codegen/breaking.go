package codegen

import (
	"context"
	"fmt"

	"github.com/mlmd-go/sdk/gen/internal/breaking"
)

// A Break is one change of a spec that breaks stored data or callers, or, as a
// warning, may lose data where programs of both specs run.
type Break struct {
	Rule    string `json:"rule"`
	Warning bool   `json:"warning"` // nothing breaks by the change alone
	File    string `json:"file"`    // in the new spec; of what is gone, in the old one
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path"`
	Message string `json:"message"`
	Why     string `json:"why"`
	Instead string `json:"instead"`
}

// String returns the break for people.
func (b Break) String() string {
	rule := b.Rule
	if b.Warning {
		rule = "warning: " + rule
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s: %s\n    why: %s\n    instead: %s",
		b.File, b.Line, b.Column, b.Path, rule, b.Message, b.Why, b.Instead)
}

// Breaking returns what the way from the spec before to the spec after breaks.
// Both must be without mistakes.
func Breaking(ctx context.Context, before, after Config) ([]Break, error) {
	old, _, err := build(ctx, before)
	if err != nil {
		return nil, fmt.Errorf("the old spec: %w", err)
	}
	now, _, err := build(ctx, after)
	if err != nil {
		return nil, fmt.Errorf("the new spec: %w", err)
	}
	var out []Break
	for _, f := range breaking.Compare(old, now) {
		out = append(out, Break{
			Rule: f.Rule.ID, Warning: f.Rule.Warning, File: f.Pos.File, Line: f.Pos.Line, Column: f.Pos.Col,
			Path: f.Path, Message: f.Msg, Why: f.Rule.Why, Instead: f.Rule.Instead,
		})
	}
	return out, nil
}
