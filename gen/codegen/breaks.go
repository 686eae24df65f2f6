package codegen

import (
	"context"
	"fmt"
	"iter"

	"github.com/mlmd-go/sdk/gen/internal/breaking"
	"github.com/mlmd-go/sdk/gen/internal/ir"
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
	// Accepted is the acceptance of the change, or nil if it is not accepted.
	Accepted *Acceptance `json:"accepted,omitempty"`
	// Stored counts the stored entities that the change concerns, if it was judged by
	// a store and is about stored data.
	Stored *Stored `json:"stored,omitempty"`
}

// Stored counts the entities in a store that a break concerns.
type Stored struct {
	Entities int  `json:"entities"` // that the change concerns
	Of       int  `json:"of"`       // of the same types
	Excused  bool `json:"excused"`  // the change breaks nothing, because it concerns none
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

// Refused reports whether the break is neither a warning, nor accepted, nor excused
// by a store that has nothing which it concerns.
func (b Break) Refused() bool { return !b.Warning && b.Accepted == nil && !b.NotStored() }

// NotStored reports whether the break is excused, because a store has nothing that
// it concerns.
func (b Break) NotStored() bool { return b.Stored != nil && b.Stored.Excused }

// Count describes the stored entities that b concerns, or is empty.
func (b Break) Count() string {
	if b.Stored == nil {
		return ""
	}
	return fmt.Sprintf("; stored: %d of %d entities", b.Stored.Entities, b.Stored.Of)
}

// String returns a human-readable description.
func (b Break) String() string {
	at := fmt.Sprintf("%s:%d:%d: %s: ", b.File, b.Line, b.Column, b.Path)
	switch {
	case b.Accepted != nil:
		return fmt.Sprintf("%saccepted: %s: %s%s\n    since %s: %s", at, b.Rule, b.Message, b.Count(), b.Accepted.Since,
			b.Accepted.Reason)
	case b.NotStored():
		return fmt.Sprintf("%snot stored: %s: %s%s", at, b.Rule, b.Message, b.Count())
	case b.Warning:
		at += "warning: "
	}
	return fmt.Sprintf("%s%s: %s%s\n    why: %s\n    instead: %s", at, b.Rule, b.Message, b.Count(), b.Why, b.Instead)
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

// A Judge counts, for findings about stored data, the entities in a store that they
// concern.
type Judge = func(ctx context.Context, old, now *ir.Graph, findings []breaking.Finding) error

// Load returns a spec, which must be valid.
func Load(ctx context.Context, c Config) (*ir.Graph, error) {
	g, _, err := build(ctx, c)
	return g, err
}

// Breaking returns the breaking changes from one version of a spec to another,
// both of which must be valid, with those that the later version accepts. past is
// the history of the earlier version, from which names are known that were removed
// and may still be stored. If judge is not nil, it judges the changes by a store.
func Breaking(ctx context.Context, before, after Config, past Past, judge Judge) ([]Break, error) {
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
	if judge != nil {
		if err := judge(ctx, old, now, findings); err != nil {
			return nil, fmt.Errorf("judge by the store: %w", err)
		}
	}
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
	if s := f.Stored; s != nil {
		b.Stored = new(Stored(*s))
	}
	if a := f.Accepted; a != nil {
		b.Accepted = &Acceptance{Since: a.Since, Reason: a.Reason, File: a.Pos.File, Line: a.Pos.Line, Column: a.Pos.Col}
	}
	return b
}
