package registry

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/relation"
	"github.com/mlmd-go/sdk/pkg/value"
)

// Unlink removes links to neighbors, which must have IDs. Links that do not exist
// are ignored, as are links to the same neighbor along another edge or under another
// key. The neighbors themselves stay. Other links keep their positions, and a later
// link gets the one after the last.
//
// MLMD cannot remove links: on a server the error is [ErrUnsupported]. It is
// [ErrInvalidArgument] if a required edge would lose its last neighbor or if a
// neighbor is the parent whose ID the entity has, and [ErrNotFound] if the entity or
// a neighbor does not exist or is another entity. On an error nothing is removed.
func (c *Collection[T, N]) Unlink(ctx context.Context, id string, links ...relation.Link[*T]) error {
	return c.core.unlink(ctx, id, untypedLinks(links))
}

// An unlinker is an RPC client that can remove links. Those of embedded stores are.
type unlinker interface {
	Unlink(ctx context.Context, events []*mlmdpb.Event, attributions []*mlmdpb.Attribution,
		associations []*mlmdpb.Association, parents []*mlmdpb.ParentContext) error
}

// unlinker returns the store of an embedded client, or nil.
func (c *Client) unlinker() unlinker {
	t, _ := transactorOf(c.rpc)
	u, _ := t.(unlinker)
	return u
}

// unlink removes links of the entity with the given ID.
func (c *core[N]) unlink(ctx context.Context, idText string, links []relation.Links) (err error) {
	ctx, observed := c.client.observe(ctx, "unlink", c.m.entity)
	defer func() { observed.end(err) }()
	s, id, err := c.linkOperation("unlink", idText, links)
	if err != nil {
		return err
	}
	if c.client.unlinker() == nil {
		return s.newError(ErrUnsupported, "a server cannot remove links: use an embedded store")
	}
	_, err = c.client.inBatch(ctx, func(client *Client) ([]Result, error) {
		return nil, c.on(client).unlinkIn(ctx, s, id, links)
	})
	return err
}

func (c *core[N]) unlinkIn(ctx context.Context, s operation, id int64, links []relation.Links) error {
	targets, err := c.client.targets(s, links)
	if err != nil {
		return err
	}
	for _, t := range targets {
		if t.id == 0 {
			return s.edgeError(ErrInvalidArgument, t.relation, "", "a neighbor without an ID cannot be unlinked")
		}
	}
	if err := c.checkStored(ctx, s, id); err != nil {
		return err
	}
	if err := c.client.checkTargets(ctx, s, targets); err != nil {
		return err
	}
	if err := c.lock(ctx, s, id, targets); err != nil {
		return err
	}
	if targets, err = c.linked(ctx, s, id, targets); err != nil {
		return err
	}
	if err := c.checkLeft(ctx, s, id, targets); err != nil {
		return err
	}
	var events []*mlmdpb.Event
	var attributions []*mlmdpb.Attribution
	var associations []*mlmdpb.Association
	var parents []*mlmdpb.ParentContext
	for _, t := range targets {
		switch {
		case t.relation.Kind == relation.Event:
			events = append(events, &mlmdpb.Event{ExecutionId: &id, ArtifactId: &t.id, Type: &t.relation.EventType})
		case c.typ.kind == mlmd.Artifact:
			attributions = append(attributions, &mlmdpb.Attribution{ContextId: &t.id, ArtifactId: &id})
		case c.typ.kind == mlmd.Execution:
			associations = append(associations, &mlmdpb.Association{ContextId: &t.id, ExecutionId: &id})
		default:
			parents = append(parents, &mlmdpb.ParentContext{ParentId: &t.id, ChildId: &id})
		}
	}
	if err := c.client.unlinker().Unlink(ctx, events, attributions, associations, parents); err != nil {
		return s.rpcError(ctx, err)
	}
	return nil
}

// linked returns those targets that the entity with the given ID is linked to. The
// error is [ErrInvalidArgument] if one of them is the parent that names the entity.
func (c *core[N]) linked(ctx context.Context, s operation, id int64, targets []*target) ([]*target, error) {
	var stored eventSet
	var contexts map[int64]bool
	var out []*target
	for _, t := range targets {
		if t.relation.Kind == relation.Event {
			if stored == nil {
				events, err := c.client.events(ctx, false, []int64{id})
				if err != nil {
					return nil, s.rpcError(ctx, err)
				}
				stored = events
			}
			if has, _ := stored.has(t); has {
				out = append(out, t)
			}
			continue
		}
		if contexts == nil {
			var err error
			if contexts, err = c.contextsOf(ctx, s, id); err != nil {
				return nil, err
			}
		}
		if !contexts[t.id] {
			continue
		}
		parent, err := c.parentOf(ctx, s, id)
		if err != nil {
			return nil, err
		}
		if t.id == parent {
			return nil, s.edgeError(ErrInvalidArgument, t.relation, strconv.FormatInt(t.id, 10),
				"is the parent, whose ID the entity has: it cannot be unlinked")
		}
		out = append(out, t)
	}
	return out, nil
}

// parentOf returns the ID of the parent that an entity is read with, or 0.
func (c *core[N]) parentOf(ctx context.Context, s operation, id int64) (int64, error) {
	if c.m.parent == nil {
		return 0, nil
	}
	found, err := c.find(ctx, s, []int64{id})
	if err != nil || found[id] == nil {
		return 0, err
	}
	parent, _ := value.ParseID(c.m.IdentAny(found[id]).ParentID)
	return parent, nil
}

// checkLeft returns an error if a required edge has no neighbor besides those to be
// removed.
func (c *core[N]) checkLeft(ctx context.Context, s operation, id int64, removed []*target) error {
	without := make(map[*relation.Relation]map[int64]bool)
	for _, t := range removed {
		if t.relation.Required {
			if without[t.relation] == nil {
				without[t.relation] = make(map[int64]bool)
			}
			without[t.relation][t.id] = true
		}
	}
	for r, ids := range without {
		left := 0
		for i := range r.To {
			e := &relation.End{Relation: r, Target: i}
			f, err := c.client.neighbors(ctx, s, e, map[int64]any{id: nil})
			if err != nil {
				return err
			}
			others := slices.DeleteFunc(f.targets(), func(to int64) bool { return ids[to] })
			stored, err := c.client.far(e).find(ctx, s, others)
			if err != nil {
				return err
			}
			left += len(stored)
		}
		if left == 0 {
			return s.edgeError(ErrInvalidArgument, r, "",
				fmt.Sprintf("would have no neighbor left: %s needs at least one", withArticle(c.m.entity)))
		}
	}
	return nil
}
