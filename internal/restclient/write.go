package restclient

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/connection"
	"github.com/mlmd-go/sdk/internal/precondition"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/resttable"
)

// put creates the node, or updates the members at the paths if it has an ID, and
// returns the ID.
func (c *Client) put(ctx context.Context, n node, paths []string) (int64, error) {
	e := c.entityOf(n)
	if e == nil {
		return 0, status.Error(codes.Unimplemented, "a REST registry stores entities of known mappings only")
	}
	p, err := c.place(ctx, e)
	if err != nil {
		return 0, err
	}
	o, err := p.objectOf(n)
	if err != nil {
		return 0, err
	}
	if id := n.GetId(); id != 0 {
		return id, c.update(ctx, p, id, n, o, paths)
	}
	return c.create(ctx, p, n, o)
}

// entityOf returns the entity that a node belongs to: the bound one, or else that
// of its type. It returns nil if neither is known.
func (c *Client) entityOf(n node) *entity {
	if c.bound != nil {
		return c.bound
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if id := n.GetTypeId(); id > 0 && id <= int64(len(c.entities)) {
		return c.entities[id-1]
	}
	return nil
}

// create stores a new entity.
func (c *Client) create(ctx context.Context, p *place, n node, o object) (int64, error) {
	parent := int64(0)
	if p.Parent != nil {
		parent = o.number(p.Parent.Field)
	}
	if len(p.table.Create) == 0 {
		return 0, status.Errorf(codes.Unimplemented, "the REST API does not create %s", p.Entity)
	}
	path, below := p.createPath(parent)
	if path == "" {
		return 0, status.Errorf(codes.Unimplemented, "the REST API creates %s only below one %s", p.Entity, p.parentName())
	}
	body := object{}
	for name, raw := range o {
		switch {
		case p.takes(p.table.Create, name):
			body[name] = raw
		case name == idMember, name == createdMember, name == updatedMember:
		case p.Parent != nil && name == p.Parent.Field && below:
		default:
			return 0, cannot(p, name, "be stored")
		}
	}
	upserts := p.union != nil && below && slices.Contains(p.union.UpsertByName, p.Entity)
	if upserts && !p.exact { // POST would change the entity that has the name
		old, err := c.named(ctx, p.Kind, p.TypeName, n.GetName())
		if err != nil {
			return 0, err
		}
		if old != nil {
			return 0, status.Errorf(codes.AlreadyExists, "there is %s %s already", p.Entity, o.text(nameMember))
		}
	}
	var stored object
	_, err := c.http.send(ctx, request{
		method: "POST", path: p.base + path, body: p.constants(body), ifNone: upserts,
		repeatable: !connection.IsOnce(ctx) && (n.GetName() != "" || n.GetExternalId() != ""),
	}, &stored)
	if err != nil {
		return 0, err
	}
	id := stored.number(idMember)
	if id <= 0 {
		return 0, status.Errorf(codes.Internal, "the server created %s and answered without its ID", p.Entity)
	}
	if parent != 0 {
		c.noteParent(edge{p.Kind, id}, parent)
	}
	return id, nil
}

// createPath returns the path to create an entity at, and whether that is below
// the parent. A path below the parent is taken only if the body cannot name the
// parent.
func (p *place) createPath(parent int64) (path string, below bool) {
	if parent == 0 || p.table.Operations&resttable.Create != 0 && slices.Contains(p.table.Create, p.Parent.Field) {
		switch {
		case p.table.Operations&resttable.Create != 0:
			return p.table.Plural, false
		case p.union != nil:
			return p.union.Plural, false
		}
		return "", false
	}
	if path, below = p.listPath(parent); below {
		return path, true
	}
	return "", false
}

func cannot(p *place, member, what string) error {
	return status.Errorf(codes.Unimplemented, "%s of %s cannot %s through this REST API", member, p.Entity, what)
}

// maxConflicts limits how often a change of custom properties is tried again
// because other writers came first.
const maxConflicts = 20

// update changes the members at the update_mask paths of a stored entity. It
// loses no change of another writer, unless the configuration allows that.
func (c *Client) update(ctx context.Context, p *place, id int64, n node, o object, paths []string) error {
	path := p.one(resttable.Update, id)
	if path == "" {
		return status.Errorf(codes.Unimplemented, "the REST API cannot change %s", p.Entity)
	}
	body, customs, err := p.changes(n, o, paths, touches(ctx))
	if err != nil {
		return err
	}
	if !p.exact && !c.http.Unchecked {
		return status.Errorf(codes.Unimplemented, "%s does not check for other writers, so that a change may undo "+
			"theirs: add registry.WithUncheckedUpdates() to accept that", c.http.base.Host)
	}
	since := int64(0)
	if conditional(ctx) {
		since = n.GetLastUpdateTimeSinceEpoch()
	}
	for try := 1; ; try++ {
		match := since
		if customs != nil || !p.exact {
			was, err := c.object(ctx, p, id)
			if err != nil {
				return err
			}
			if was == nil {
				return status.Errorf(codes.NotFound, "%s %d does not exist", p.Entity, id)
			}
			if since != 0 && was.number(updatedMember) != since {
				return status.Errorf(codes.FailedPrecondition, "%s %d changed since it was read", p.Entity, id)
			}
			match = was.number(updatedMember)
			if err := p.merge(body, was, customs); err != nil {
				return err
			}
		}
		if !p.exact {
			match = 0
		}
		_, err := c.http.send(ctx, request{
			method: "PATCH", path: p.base + path, body: p.patchOf(body), ifMatch: match,
			repeatable: match == 0 && !connection.IsOnce(ctx),
		}, nil)
		if since == 0 && status.Code(err) == codes.FailedPrecondition && try < maxConflicts {
			select {
			case <-time.After(time.Duration(try) * time.Millisecond):
				continue
			case <-ctx.Done():
				return status.FromContextError(ctx.Err()).Err()
			}
		}
		return err
	}
}

// patchOf returns the body of a patch, which names the kind of an entity in a
// union.
func (p *place) patchOf(body object) object {
	if p.union == nil {
		return body
	}
	return p.constants(body)
}

// merge adds to the body of a patch what the stored entity keeps: the custom
// properties that do not change, because the request replaces all of them, and on
// some servers the states, which they otherwise reset.
func (p *place) merge(body, was object, customs map[string]json.RawMessage) error {
	if customs != nil {
		all := map[string]json.RawMessage{}
		if raw := was[customMember]; raw != nil {
			if err := json.Unmarshal(raw, &all); err != nil {
				return status.Errorf(codes.Internal, "the custom properties of %s %s are not a JSON object",
					p.Entity, was.text(idMember))
			}
		}
		for name, raw := range customs {
			if raw == nil {
				delete(all, name)
			} else {
				all[name] = raw
			}
		}
		raw, err := json.Marshal(all)
		if err != nil {
			return status.Errorf(codes.InvalidArgument, "the custom properties have no JSON: %v", err)
		}
		body[customMember] = raw
	}
	if p.exact {
		return nil
	}
	for name := range p.table.Defaults {
		if _, changes := body[name]; !changes && was[name] != nil && slices.Contains(p.table.Update, name) {
			body[name] = was[name]
		}
	}
	return nil
}

// changes returns the body of a patch, and the custom properties that it sets, or
// removes if they are nil. Paths of derived members are left out.
func (p *place) changes(
	n node, o object, paths []string, touch bool,
) (body object, customs map[string]json.RawMessage, _ error) {
	body = object{}
	sent := map[string]json.RawMessage{}
	if raw := o[customMember]; raw != nil {
		if err := json.Unmarshal(raw, &sent); err != nil {
			return nil, nil, status.Errorf(codes.Internal, "the custom properties have no JSON object: %v", err)
		}
	}
	for _, path := range paths {
		if key, ok := strings.CutPrefix(path, "custom_properties."); ok {
			if customs == nil {
				customs = map[string]json.RawMessage{}
			}
			customs[key] = sent[key]
			continue
		}
		i := slices.IndexFunc(p.Fields, func(f mlmd.Field) bool { return f.Path == path })
		if i < 0 {
			return nil, nil, status.Errorf(codes.Unimplemented, "%s of %s cannot be changed through a REST API", path, p.Entity)
		}
		f := &p.Fields[i]
		switch raw, set := o[f.Name]; {
		case f.Derived:
		case touch && path == "external_id": // names a member that does not change
		case !p.takes(p.table.Update, f.Name):
			return nil, nil, cannot(p, f.Name, "be changed")
		case set && p.isSet(n, path):
			body[f.Name] = raw
		case p.exact:
			body[f.Name] = json.RawMessage("null")
		default:
			return nil, nil, cannot(p, f.Name, "be removed")
		}
	}
	return body, customs, nil
}

// isSet reports whether the node has a value at the path, and not only a default.
func (p *place) isSet(n node, path string) bool {
	if name, ok := strings.CutPrefix(path, "properties."); ok {
		return n.GetProperties()[name] != nil
	}
	return true
}

// touches and conditional report what the caller asks for beside the request.
func touches(ctx context.Context) bool     { return precondition.Touches(incoming(ctx)) }
func conditional(ctx context.Context) bool { return precondition.In(incoming(ctx)) }

// incoming returns the outgoing metadata as a service sees it.
func incoming(ctx context.Context) context.Context {
	md, _ := metadata.FromOutgoingContext(ctx)
	return metadata.NewIncomingContext(ctx, md)
}

// checkLink returns nil if the child is linked to the parent. A REST registry
// links each child when it creates it.
func (c *Client) checkLink(ctx context.Context, kind mlmd.Kind, parent, child int64) error {
	if c.parentOf(edge{kind, child}) == parent {
		return nil
	}
	n, err := c.byID(ctx, kind, child)
	if err != nil {
		return err
	}
	name := "node"
	if c.bound != nil {
		name = c.bound.Entity
	}
	if n == nil {
		return status.Errorf(codes.NotFound, "%s %d does not exist", name, child)
	}
	if c.parentOf(edge{kind, child}) != parent {
		return status.Errorf(codes.Unimplemented, "a REST registry cannot add a parent to %s %d", name, child)
	}
	return nil
}

// parentNode returns the parent of the child, or nil if the API does not tell it.
func (c *Client) parentNode(ctx context.Context, child int64) (node, error) {
	e := c.bound
	if e == nil || e.Parent == nil {
		return nil, nil
	}
	id := c.parentOf(edge{e.Kind, child})
	if id == 0 {
		return nil, nil
	}
	up := c.byName(e.Parent.Entity)
	if up == nil {
		return nil, nil
	}
	n, err := c.to(up.TypeName).byID(ctx, up.Kind, id)
	if n == nil {
		return nil, err
	}
	return n.(node), err
}
