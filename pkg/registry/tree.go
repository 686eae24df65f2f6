package registry

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A ModelTree is a registered model with all that hangs below it.
type ModelTree struct {
	Model    *model.RegisteredModel
	Versions []VersionTree // by id
}

// A VersionTree is a model version with its artifacts, by id.
type VersionTree struct {
	Version   *model.ModelVersion
	Artifacts []*model.ModelArtifact
	Docs      []*model.DocArtifact
}

// Tree returns the model with the given id, its versions and their artifacts,
// or [ErrNotFound]. It takes one request for the model, one for each hundred
// versions, and one for each hundred artifacts of either kind; how many
// versions have artifacts does not matter. What other programs write
// meanwhile may be missing.
func (s RegisteredModels) Tree(ctx context.Context, id string) (*ModelTree, error) {
	m, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	versions, err := s.e.c.ModelVersions().OfModel(id).Collect(ctx)
	if err != nil {
		return nil, err
	}
	tree := &ModelTree{Model: m, Versions: make([]VersionTree, len(versions))}
	at := make(map[string]int, len(versions))
	for i, v := range versions {
		tree.Versions[i].Version = v
		at[v.ID] = i
	}
	err = attachChildren(ctx, s.e.c.ModelArtifacts().e, at, func(i int, a *model.ModelArtifact) {
		tree.Versions[i].Artifacts = append(tree.Versions[i].Artifacts, a)
	})
	if err != nil {
		return nil, err
	}
	err = attachChildren(ctx, s.e.c.DocArtifacts().e, at, func(i int, d *model.DocArtifact) {
		tree.Versions[i].Docs = append(tree.Versions[i].Docs, d)
	})
	if err != nil {
		return nil, err
	}
	return tree, nil
}

// maxParents is how many parents one request asks for the children of.
const maxParents = 5000

// attachChildren calls add with each entity of e that hangs below one of the parents,
// whose places are given by their ids.
func attachChildren[T any, N mlmd.Node](ctx context.Context, e *Collection[T, N], places map[string]int, add func(place int, v *T)) error {
	ids := slices.Collect(maps.Keys(places))
	slices.SortFunc(ids, func(a, b string) int { return places[a] - places[b] })
	for some := range slices.Chunk(ids, maxParents) {
		q := e.Query()
		q.scope = e.nodes.parentAlias() + "of.id IN (" + strings.Join(some, ", ") + ")"
		for v, err := range q.All(ctx) {
			if err != nil {
				return err
			}
			if i, ok := places[e.m.Ident(v).ParentID]; ok {
				add(i, v)
				continue
			}
			if err := attachByLinks(ctx, e, places, v, add); err != nil {
				return err
			}
		}
	}
	return nil
}

// attachByLinks does so for an entity whose stored name does not say its parent:
// programs of 2023 wrote such artifacts.
func attachByLinks[T any, N mlmd.Node](ctx context.Context, e *Collection[T, N], places map[string]int, v *T, add func(place int, v *T)) error {
	s := e.operation("list", "")
	id, err := parseID(e.m.Ident(v).ID)
	if err != nil {
		return s.newError(ErrInternal, "the store returned an entity without an ID")
	}
	above, err := e.nodes.parents(ctx, id)
	if err != nil {
		return s.rpcError(ctx, err)
	}
	for _, p := range above {
		if i, ok := places[strconv.FormatInt(p.GetId(), 10)]; ok {
			add(i, v)
		}
	}
	return nil
}
