package codegen

import (
	"context"
	"fmt"
	"iter"

	"github.com/mlmd-go/sdk/gen/internal/breaking"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// A Break is one change of a spec that breaks stored data or callers, or, as
// a warning, may lose data while programs of both versions run.
type Break struct {
	Rule    string `json:"rule"`
	Warning bool   `json:"warning"` // the change alone breaks nothing
	File    string `json:"file"`    // in the new spec, or in the old one if it was removed
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path"`
	Message string `json:"message"`
	Why     string `json:"why"`
	Instead string `json:"instead"`
}

// String returns a human-readable description.
func (b Break) String() string {
	rule := b.Rule
	if b.Warning {
		rule = "warning: " + rule
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s: %s\n    why: %s\n    instead: %s",
		b.File, b.Line, b.Column, b.Path, rule, b.Message, b.Why, b.Instead)
}

// A Version is an earlier version of a spec.
type Version struct {
	Config
	Name string // how breaks refer to it, such as commit 1a2b3c4
}

// A Past is the history of a spec. The zero Past is empty.
type Past struct {
	// Versions are the specs of the past, in any order. They are read only if
	// the change adds a name that one of them may have had.
	Versions iter.Seq[Version]
	// Skipped is called for each version that cannot be read.
	Skipped func(Version, error)
}

// ignore drops what a REST API cannot serve: Generate reports it.
func ignore(spec.Pos, string, string, string) {}

// Breaking returns the breaking changes from one version of a spec to another,
// both of which must be valid. past is the history of the earlier version, from
// which names are known that were removed and may still be stored.
func Breaking(ctx context.Context, before, after Config, past Past) ([]Break, error) {
	old, _, err := build(ctx, before)
	if err != nil {
		return nil, fmt.Errorf("the old spec: %w", err)
	}
	now, _, err := build(ctx, after)
	if err != nil {
		return nil, fmt.Errorf("the new spec: %w", err)
	}
	var h breaking.History
	if past.Versions != nil && breaking.AsksHistory(old, now) {
		for v := range past.Versions {
			g, _, err := build(ctx, v.Config)
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case err == nil:
				h.Add(g, v.Name)
			case past.Skipped != nil:
				past.Skipped(v, err)
			}
		}
	}
	var out []Break
	for _, f := range breaking.Compare(old, now, &h, before.apis(old, ignore), after.apis(now, ignore)) {
		out = append(out, Break{
			Rule: f.Rule.ID, Warning: f.Rule.Warning, File: f.Pos.File, Line: f.Pos.Line, Column: f.Pos.Col,
			Path: f.Path, Message: f.Msg, Why: f.Rule.Why, Instead: f.Rule.Instead,
		})
	}
	return out, nil
}
