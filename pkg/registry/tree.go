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

// A ModelTree is a registered model with its versions and their artifacts.
type ModelTree struct {
	Model    *model.RegisteredModel
	Versions []VersionTree // by ID
}

// A VersionTree is a model version with its artifacts, which are sorted by ID.
type VersionTree struct {
	Version   *model.ModelVersion
	Artifacts []*model.ModelArtifact
	Docs      []*model.DocArtifact
}

// Tree returns the model with the given ID, its versions and their artifacts. The
// error is [ErrNotFound] if the model does not exist. Tree makes one RPC for the
// model, one for each 100 versions, and one for each 100 artifacts of either
// kind. It is not one transaction: the tree may lack entities that are written
// at the same time.
func (s RegisteredModels) Tree(ctx context.Context, id string) (*ModelTree, error) {
	m, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	versions, err := s.c.core.client.ModelVersions().OfModel(id).Collect(ctx)
	if err != nil {
		return nil, err
	}
	tree := &ModelTree{Model: m, Versions: make([]VersionTree, len(versions))}
	at := make(map[string]int, len(versions))
	for i, v := range versions {
		tree.Versions[i].Version = v
		at[v.ID] = i
	}
	err = attachChildren(ctx, s.c.core.client.ModelArtifacts().c, at, func(i int, a *model.ModelArtifact) {
		tree.Versions[i].Artifacts = append(tree.Versions[i].Artifacts, a)
	})
	if err != nil {
		return nil, err
	}
	err = attachChildren(ctx, s.c.core.client.DocArtifacts().c, at, func(i int, d *model.DocArtifact) {
		tree.Versions[i].Docs = append(tree.Versions[i].Docs, d)
	})
	if err != nil {
		return nil, err
	}
	return tree, nil
}

// maxParents limits the parents whose children one request selects.
const maxParents = 5000

// attachChildren calls add with each child of the parents in e. indexes maps the
// IDs of the parents to the index that add is called with.
func attachChildren[T any, N mlmd.Node](
	ctx context.Context, e *Collection[T, N], indexes map[string]int, add func(index int, v *T),
) error {
	ids := slices.Collect(maps.Keys(indexes))
	slices.SortFunc(ids, func(a, b string) int { return indexes[a] - indexes[b] })
	for some := range slices.Chunk(ids, maxParents) {
		q := e.Query()
		q.query.scope = e.core.nodes.parentAlias() + "of.id IN (" + strings.Join(some, ", ") + ")"
		for v, err := range q.All(ctx) {
			if err != nil {
				return err
			}
			if i, ok := indexes[e.core.m.IdentAny(v).ParentID]; ok {
				add(i, v)
				continue
			}
			if err := attachByLinks(ctx, e, indexes, v, add); err != nil {
				return err
			}
		}
	}
	return nil
}

// attachByLinks is attachChildren for an entity whose parent is known only from
// its links.
func attachByLinks[T any, N mlmd.Node](
	ctx context.Context, e *Collection[T, N], indexes map[string]int, v *T, add func(index int, v *T),
) error {
	s := e.core.operation("list", "")
	id, err := parseID(e.core.m.IdentAny(v).ID)
	if err != nil {
		return s.newError(ErrInternal, "the store returned an entity without an ID")
	}
	above, err := e.core.nodes.parents(ctx, id)
	if err != nil {
		return s.rpcError(ctx, err)
	}
	for _, p := range above {
		if i, ok := indexes[strconv.FormatInt(p.GetId(), 10)]; ok {
			add(i, v)
		}
	}
	return nil
}
