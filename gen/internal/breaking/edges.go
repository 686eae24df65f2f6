package breaking

import (
	"slices"
	"strconv"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// edges compares the edges of an entity. Those of parents are compared with the
// parents, except for their inverses.
func (c *comparison) edges(old, e *ir.Entity) {
	used := map[*ir.Relation]bool{}
	for _, was := range old.Edges {
		now := edgeCounterpart(was, e.Edges)
		path := e.Name + "." + was.Name
		if now == nil {
			if was.Kind != ir.ParentRelation {
				f := c.found("EDGE_NO_DELETE", was.Pos, path, "the edge is gone")
				f.Old, f.Edge = true, was
			}
			continue
		}
		used[now] = true
		c.edge(e.Name+"."+now.Name, was, now)
	}
	for _, now := range e.Edges {
		if used[now] || now.Kind == ir.ParentRelation {
			continue
		}
		path := e.Name + "." + now.Name
		stored := func(f *ir.Field) bool { return now.Field != nil && f.Name == now.Field.Name }
		switch {
		case slices.ContainsFunc(old.Fields, stored):
			c.found("EDGE_NOT_STRICTER", now.Pos, path, "IDs in the field are checked now").demands(now, EdgeChecked)
		case now.Required && now.Linkable():
			c.found("EDGE_NOT_STRICTER", now.Pos, path, "the new edge is required").demands(now, EdgeRequired)
		}
	}
}

func (f *Finding) demands(now *ir.Relation, what string) { f.EdgeNow, f.Key = now, what }

// edgeCounterpart returns the edge that corresponds to was: the one with its name,
// or else one that is stored alike.
func edgeCounterpart(was *ir.Relation, after []*ir.Relation) *ir.Relation {
	for _, r := range after {
		if r.Name == was.Name && r.Linkable() == was.Linkable() {
			return r
		}
	}
	for _, r := range after {
		if r.Kind != was.Kind || r.Event != was.Event || r.Key != was.Key {
			continue
		}
		if !r.Linkable() && r.Field.Key != was.Field.Key {
			continue
		}
		if slices.ContainsFunc(was.To, func(to *ir.Entity) bool { return leads(r, to) }) {
			return r
		}
	}
	return nil
}

// leads reports whether an edge leads to the entity that was to, which may have
// another name or be stored as another type.
func leads(r *ir.Relation, to *ir.Entity) bool {
	return slices.ContainsFunc(r.To, func(e *ir.Entity) bool {
		return e.Name == to.Name || e.Kind == to.Kind && e.TypeName == to.TypeName
	})
}

func (c *comparison) edge(path string, was, now *ir.Relation) {
	if now.Kind != ir.ParentRelation && was.Kind == now.Kind {
		for _, to := range was.To {
			if !leads(now, to) {
				f := c.found("EDGE_KEEPS_TARGETS", now.Pos, path, "it could lead to %s", to.Name)
				f.Edge, f.EdgeNow, f.To = was, now, to
			}
		}
	}
	moved := func(format string, before, after any) {
		f := c.found("EDGE_SAME_KIND", now.Pos, path, format, before, after)
		f.Edge, f.EdgeNow = was, now
	}
	switch {
	case was.Kind != now.Kind || was.Event != now.Event:
		moved("it was stored as %s and is now stored as %s", link(was), link(now))
		return
	case was.Key != now.Key:
		moved("its key was %q and is now %q", was.Key, now.Key)
	case was.Step != now.Step:
		moved("its last step was %q and is now %q", was.Step, now.Step)
	}
	if was.Linkable() || was.Name == now.Name {
		switch {
		case was.Go != now.Go:
			c.found("EDGE_SAME_NAME", now.Pos, path, "the Go symbol %s is now %s", was.Go, now.Go)
		case (len(was.To) > 1) != (len(now.To) > 1):
			c.found("EDGE_SAME_NAME", now.Pos, path, "the Go symbol %s has a member for each target, or had one", now.Go)
		case was.Many() != now.Many() && was.Linkable():
			c.found("EDGE_SAME_NAME", now.Pos, path, "the Go field %s holds one neighbor, or held one", now.Go)
		}
	}
	if was.Inverse != "" && was.Back != now.Back {
		c.found("EDGE_SAME_NAME", now.Pos, path, "the inverse %s is now %s", was.Back, orNone(now.Back))
	}
	if !now.Linkable() {
		return
	}
	if now.Required && !was.Required {
		c.found("EDGE_NOT_STRICTER", now.Pos, path, "it is newly required").demands(now, EdgeRequired)
	}
	if now.Unique && !was.Unique {
		c.found("EDGE_NOT_STRICTER", now.Pos, path, "its neighbors are newly unique").demands(now, EdgeUnique)
	}
	if now.Max > 0 && (was.Max == 0 || now.Max < was.Max) {
		limit := "not limited"
		if was.Max > 0 {
			limit = "at most " + strconv.Itoa(was.Max)
		}
		f := c.found("EDGE_NOT_STRICTER", now.Pos, path, "its neighbors were %s and are now at most %d", limit, now.Max)
		f.demands(now, EdgeMax)
	}
}

// link describes how an edge is stored.
func link(r *ir.Relation) string {
	switch r.Kind {
	case ir.EventRelation:
		return "an event of type " + r.Event
	case ir.MembershipRelation:
		return "a membership"
	case ir.ParentRelation:
		return "the parent"
	default:
		return "an ID"
	}
}
