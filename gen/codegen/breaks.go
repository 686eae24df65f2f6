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
	File    string `json:"file"`    // in the new spec, or in the old one
	Old     bool   `json:"old"`     // File is in the old one: the declaration was removed
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path"`
	Message string `json:"message"`
	Why     string `json:"why"`
	Instead string `json:"instead"`
	// Accepted says who accepts the change. Without it, the change is not accepted.
	Accepted *Acceptance `json:"accepted,omitempty"`
}

// An Acceptance says since when and why a break is accepted, and where.
type Acceptance struct {
	Since  string `json:"since"` // YYYY-MM-DD
	Reason string `json:"reason"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// AcceptedWithoutChange is the rule of an acceptance that accepts nothing.
var AcceptedWithoutChange = breaking.Stale.ID

// Refused reports whether the break is neither a warning nor accepted.
func (b Break) Refused() bool { return !b.Warning && b.Accepted == nil }

// String returns a human-readable description.
func (b Break) String() string {
	at := fmt.Sprintf("%s:%d:%d: %s: ", b.File, b.Line, b.Column, b.Path)
	switch {
	case b.Accepted != nil:
		return fmt.Sprintf("%saccepted: %s: %s\n    since %s: %s",
			at, b.Rule, b.Message, b.Accepted.Since, b.Accepted.Reason)
	case b.Warning:
		at += "warning: "
	}
	return fmt.Sprintf("%s%s: %s\n    why: %s\n    instead: %s", at, b.Rule, b.Message, b.Why, b.Instead)
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
// both of which must be valid, with those that the later version accepts. past is
// the history of the earlier version, from which names are known that were removed
// and may still be stored.
func Breaking(ctx context.Context, before, after Config, past Past) ([]Break, error) {
	old, oldSet, err := build(ctx, before)
	if err != nil {
		return nil, fmt.Errorf("the old spec: %w", err)
	}
	now, set, err := build(ctx, after)
	if err != nil {
		return nil, fmt.Errorf("the new spec: %w", err)
	}
	if breaking.CheckAccepted(set); len(set.Problems()) > 0 {
		return nil, fmt.Errorf("the new spec: %w", set.Problems().Sorted())
	}
	var h breaking.History
	if past.Versions != nil && breaking.AsksHistory(old, now) {
		for v := range past.Versions {
			v.Accepted = ""
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
	findings := breaking.Compare(old, now, &h, before.apis(old, ignore), after.apis(now, ignore))
	var out []Break
	for _, f := range breaking.Accept(findings, oldSet.Accepted(), set.Accepted()) {
		out = append(out, breakOf(f))
	}
	return out, nil
}

func breakOf(f breaking.Finding) Break {
	b := Break{
		Rule: f.Rule.ID, Warning: f.Rule.Warning, File: f.Pos.File, Old: f.Old, Line: f.Pos.Line, Column: f.Pos.Col,
		Path: f.Path, Message: f.Msg, Why: f.Rule.Why, Instead: f.Rule.Instead,
	}
	if a := f.Accepted; a != nil {
		b.Accepted = &Acceptance{Since: a.Since, Reason: a.Reason, File: a.Pos.File, Line: a.Pos.Line, Column: a.Pos.Col}
	}
	return b
}
