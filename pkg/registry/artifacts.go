package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// ModelArtifacts stores and finds the artifacts that make up a model version,
// such as its weights.
type ModelArtifacts struct {
	c *Collection[model.ModelArtifact, *mlmdpb.Artifact]
}

// ModelArtifacts returns the collection of artifacts. It makes no RPC.
func (c *Client) ModelArtifacts() ModelArtifacts {
	return ModelArtifacts{c.collections.modelArtifacts}
}

// Upsert creates v or patches the stored artifact, and sets v.ID.
// An artifact is identified by its ID, or else by its version and its name.
// Without a version, an artifact is identified by its external ID; without
// either, each Upsert creates another one. See [Collection.Upsert].
func (s ModelArtifacts) Upsert(
	ctx context.Context, v *model.ModelArtifact, opts ...UpsertOption[model.ModelArtifact],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new artifact and sets v.ID. The error is [ErrAlreadyExists] if
// it exists. See [Collection.Create].
func (s ModelArtifacts) Create(ctx context.Context, v *model.ModelArtifact) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the artifacts in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s ModelArtifacts) UpsertAll(
	ctx context.Context, values []*model.ModelArtifact, opts ...UpsertOption[model.ModelArtifact],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [ModelArtifacts.UpsertAll] except that all artifacts must be new.
func (s ModelArtifacts) CreateAll(
	ctx context.Context, values []*model.ModelArtifact, opts ...BatchOption[model.ModelArtifact],
) ([]Result, error) {
	return s.c.CreateAll(ctx, values, opts...)
}

// Update stores what f changes in the artifact with the given ID. See
// [Collection.Update].
func (s ModelArtifacts) Update(ctx context.Context, id string, f func(v *model.ModelArtifact) error) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [ModelArtifacts.Upsert] except that it removes the fields that
// are not set in v. See [Collection.Replace].
func (s ModelArtifacts) Replace(
	ctx context.Context, v *model.ModelArtifact, opts ...WriteOption[model.ModelArtifact],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Get returns the artifact with the given ID. The error is [ErrNotFound] if it
// does not exist.
func (s ModelArtifacts) Get(
	ctx context.Context, id string, opts ...ReadOption[model.ModelArtifact],
) (*model.ModelArtifact, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the artifact with the given name in the given model
// version. The error is [ErrNotFound] if it does not exist.
func (s ModelArtifacts) FindByName(
	ctx context.Context, modelVersionID, name string, opts ...ReadOption[model.ModelArtifact],
) (*model.ModelArtifact, error) {
	return s.c.FindByNameIn(ctx, modelVersionID, name, opts...)
}

// FindByExternalID returns the artifact with the given external ID. The error
// is [ErrNotFound] if it does not exist.
func (s ModelArtifacts) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.ModelArtifact],
) (*model.ModelArtifact, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all artifacts.
func (s ModelArtifacts) Query() Query[model.ModelArtifact] {
	return s.c.Query()
}

// OfVersion returns a query for the artifacts of the given model version.
func (s ModelArtifacts) OfVersion(modelVersionID string) Query[model.ModelArtifact] {
	return s.c.ChildrenOf(modelVersionID)
}

// DocArtifacts stores and finds the documents about model versions.
type DocArtifacts struct {
	c *Collection[model.DocArtifact, *mlmdpb.Artifact]
}

// DocArtifacts returns the collection of documents. It makes no RPC.
func (c *Client) DocArtifacts() DocArtifacts {
	return DocArtifacts{c.collections.docArtifacts}
}

// Upsert creates v or patches the stored document, and sets v.ID. A
// document is identified by its ID, or else by its version and its name.
// Without a version, a document is identified by its external ID; without
// either, each Upsert creates another one. See [Collection.Upsert].
func (s DocArtifacts) Upsert(
	ctx context.Context, v *model.DocArtifact, opts ...UpsertOption[model.DocArtifact],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new artifact and sets v.ID. The error is [ErrAlreadyExists] if
// it exists. See [Collection.Create].
func (s DocArtifacts) Create(ctx context.Context, v *model.DocArtifact) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the artifacts in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s DocArtifacts) UpsertAll(
	ctx context.Context, values []*model.DocArtifact, opts ...UpsertOption[model.DocArtifact],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [DocArtifacts.UpsertAll] except that all artifacts must be new.
func (s DocArtifacts) CreateAll(
	ctx context.Context, values []*model.DocArtifact, opts ...BatchOption[model.DocArtifact],
) ([]Result, error) {
	return s.c.CreateAll(ctx, values, opts...)
}

// Update stores what f changes in the artifact with the given ID. See
// [Collection.Update].
func (s DocArtifacts) Update(ctx context.Context, id string, f func(v *model.DocArtifact) error) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [DocArtifacts.Upsert] except that it removes the fields that are
// not set in v. See [Collection.Replace].
func (s DocArtifacts) Replace(
	ctx context.Context, v *model.DocArtifact, opts ...WriteOption[model.DocArtifact],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Get returns the document with the given ID. The error is [ErrNotFound] if it
// does not exist.
func (s DocArtifacts) Get(
	ctx context.Context, id string, opts ...ReadOption[model.DocArtifact],
) (*model.DocArtifact, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the document with the given name in the given model
// version. The error is [ErrNotFound] if it does not exist.
func (s DocArtifacts) FindByName(
	ctx context.Context, modelVersionID, name string, opts ...ReadOption[model.DocArtifact],
) (*model.DocArtifact, error) {
	return s.c.FindByNameIn(ctx, modelVersionID, name, opts...)
}

// FindByExternalID returns the document with the given external ID. The error
// is [ErrNotFound] if it does not exist.
func (s DocArtifacts) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.DocArtifact],
) (*model.DocArtifact, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all documents.
func (s DocArtifacts) Query() Query[model.DocArtifact] {
	return s.c.Query()
}

// OfVersion returns a query for the documents of the given model version.
func (s DocArtifacts) OfVersion(modelVersionID string) Query[model.DocArtifact] {
	return s.c.ChildrenOf(modelVersionID)
}

// DataSets stores and finds the data sets that model versions were made or
// tested with.
type DataSets struct {
	c *Collection[model.DataSet, *mlmdpb.Artifact]
}

// DataSets returns the collection of data sets. It makes no RPC.
func (c *Client) DataSets() DataSets {
	return DataSets{c.collections.dataSets}
}

// Upsert creates v or patches the stored data set, and sets v.ID. A
// data set is identified by its ID, or else by its version and its name.
// Without a version, a data set is identified by its external ID; without
// either, each Upsert creates another one. See [Collection.Upsert].
func (s DataSets) Upsert(
	ctx context.Context, v *model.DataSet, opts ...UpsertOption[model.DataSet],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new data set and sets v.ID. The error is [ErrAlreadyExists] if
// it exists. See [Collection.Create].
func (s DataSets) Create(ctx context.Context, v *model.DataSet) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the data sets in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s DataSets) UpsertAll(
	ctx context.Context, values []*model.DataSet, opts ...UpsertOption[model.DataSet],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [DataSets.UpsertAll] except that all data sets must be new.
func (s DataSets) CreateAll(ctx context.Context, values []*model.DataSet) ([]Result, error) {
	return s.c.CreateAll(ctx, values)
}

// Update stores what f changes in the data set with the given ID. See
// [Collection.Update].
func (s DataSets) Update(ctx context.Context, id string, f func(v *model.DataSet) error) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [DataSets.Upsert] except that it removes the fields that are
// not set in v. See [Collection.Replace].
func (s DataSets) Replace(
	ctx context.Context, v *model.DataSet, opts ...WriteOption[model.DataSet],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Get returns the data set with the given ID. The error is [ErrNotFound] if it
// does not exist.
func (s DataSets) Get(ctx context.Context, id string, opts ...ReadOption[model.DataSet]) (*model.DataSet, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the data set with the given name in the given model
// version. The error is [ErrNotFound] if it does not exist.
func (s DataSets) FindByName(
	ctx context.Context, modelVersionID, name string, opts ...ReadOption[model.DataSet],
) (*model.DataSet, error) {
	return s.c.FindByNameIn(ctx, modelVersionID, name, opts...)
}

// FindByExternalID returns the data set with the given external ID. The error
// is [ErrNotFound] if it does not exist.
func (s DataSets) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.DataSet],
) (*model.DataSet, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all data sets.
func (s DataSets) Query() Query[model.DataSet] {
	return s.c.Query()
}

// OfVersion returns a query for the data sets of the given model version.
func (s DataSets) OfVersion(modelVersionID string) Query[model.DataSet] {
	return s.c.ChildrenOf(modelVersionID)
}

// Metrics stores and finds the metrics of model versions.
type Metrics struct {
	c *Collection[model.Metric, *mlmdpb.Artifact]
}

// Metrics returns the collection of metrics. It makes no RPC.
func (c *Client) Metrics() Metrics {
	return Metrics{c.collections.metrics}
}

// Upsert creates v or patches the stored metric, and sets v.ID. A
// metric is identified by its ID, or else by its version and its name.
// Without a version, a metric is identified by its external ID; without
// either, each Upsert creates another one. See [Collection.Upsert].
func (s Metrics) Upsert(
	ctx context.Context, v *model.Metric, opts ...UpsertOption[model.Metric],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new metric and sets v.ID. The error is [ErrAlreadyExists] if
// it exists. See [Collection.Create].
func (s Metrics) Create(ctx context.Context, v *model.Metric) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the metrics in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s Metrics) UpsertAll(
	ctx context.Context, values []*model.Metric, opts ...UpsertOption[model.Metric],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [Metrics.UpsertAll] except that all metrics must be new.
func (s Metrics) CreateAll(ctx context.Context, values []*model.Metric) ([]Result, error) {
	return s.c.CreateAll(ctx, values)
}

// Update stores what f changes in the metric with the given ID. See
// [Collection.Update].
func (s Metrics) Update(ctx context.Context, id string, f func(v *model.Metric) error) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [Metrics.Upsert] except that it removes the fields that are
// not set in v. See [Collection.Replace].
func (s Metrics) Replace(
	ctx context.Context, v *model.Metric, opts ...WriteOption[model.Metric],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Get returns the metric with the given ID. The error is [ErrNotFound] if it
// does not exist.
func (s Metrics) Get(ctx context.Context, id string, opts ...ReadOption[model.Metric]) (*model.Metric, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the metric with the given name in the given model
// version. The error is [ErrNotFound] if it does not exist.
func (s Metrics) FindByName(
	ctx context.Context, modelVersionID, name string, opts ...ReadOption[model.Metric],
) (*model.Metric, error) {
	return s.c.FindByNameIn(ctx, modelVersionID, name, opts...)
}

// FindByExternalID returns the metric with the given external ID. The error
// is [ErrNotFound] if it does not exist.
func (s Metrics) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.Metric],
) (*model.Metric, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all metrics.
func (s Metrics) Query() Query[model.Metric] {
	return s.c.Query()
}

// OfVersion returns a query for the metrics of the given model version.
func (s Metrics) OfVersion(modelVersionID string) Query[model.Metric] {
	return s.c.ChildrenOf(modelVersionID)
}

// Parameters stores and finds the parameters that model versions were made with.
type Parameters struct {
	c *Collection[model.Parameter, *mlmdpb.Artifact]
}

// Parameters returns the collection of parameters. It makes no RPC.
func (c *Client) Parameters() Parameters {
	return Parameters{c.collections.parameters}
}

// Upsert creates v or patches the stored parameter, and sets v.ID. A
// parameter is identified by its ID, or else by its version and its name.
// Without a version, a parameter is identified by its external ID; without
// either, each Upsert creates another one. See [Collection.Upsert].
func (s Parameters) Upsert(
	ctx context.Context, v *model.Parameter, opts ...UpsertOption[model.Parameter],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new parameter and sets v.ID. The error is [ErrAlreadyExists] if
// it exists. See [Collection.Create].
func (s Parameters) Create(ctx context.Context, v *model.Parameter) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the parameters in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s Parameters) UpsertAll(
	ctx context.Context, values []*model.Parameter, opts ...UpsertOption[model.Parameter],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [Parameters.UpsertAll] except that all parameters must be new.
func (s Parameters) CreateAll(ctx context.Context, values []*model.Parameter) ([]Result, error) {
	return s.c.CreateAll(ctx, values)
}

// Update stores what f changes in the parameter with the given ID. See
// [Collection.Update].
func (s Parameters) Update(ctx context.Context, id string, f func(v *model.Parameter) error) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [Parameters.Upsert] except that it removes the fields that are
// not set in v. See [Collection.Replace].
func (s Parameters) Replace(
	ctx context.Context, v *model.Parameter, opts ...WriteOption[model.Parameter],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Get returns the parameter with the given ID. The error is [ErrNotFound] if it
// does not exist.
func (s Parameters) Get(
	ctx context.Context, id string, opts ...ReadOption[model.Parameter],
) (*model.Parameter, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the parameter with the given name in the given model
// version. The error is [ErrNotFound] if it does not exist.
func (s Parameters) FindByName(
	ctx context.Context, modelVersionID, name string, opts ...ReadOption[model.Parameter],
) (*model.Parameter, error) {
	return s.c.FindByNameIn(ctx, modelVersionID, name, opts...)
}

// FindByExternalID returns the parameter with the given external ID. The error
// is [ErrNotFound] if it does not exist.
func (s Parameters) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.Parameter],
) (*model.Parameter, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all parameters.
func (s Parameters) Query() Query[model.Parameter] {
	return s.c.Query()
}

// OfVersion returns a query for the parameters of the given model version.
func (s Parameters) OfVersion(modelVersionID string) Query[model.Parameter] {
	return s.c.ChildrenOf(modelVersionID)
}
