package registry

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// Experiments stores and finds experiments.
type Experiments struct {
	c *Collection[model.Experiment, *mlmdpb.Context]
}

// Experiments returns the collection of experiments. It makes no RPC.
func (c *Client) Experiments() Experiments {
	return Experiments{c.collections.experiments}
}

// Upsert creates v or patches the stored experiment, and sets v.ID. An
// experiment is identified by its ID, or else by its name. See
// [Collection.Upsert].
func (s Experiments) Upsert(
	ctx context.Context, v *model.Experiment, opts ...UpsertOption[model.Experiment],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new experiment and sets v.ID. The error is [ErrAlreadyExists] if
// it exists. See [Collection.Create].
func (s Experiments) Create(ctx context.Context, v *model.Experiment) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the experiments in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s Experiments) UpsertAll(
	ctx context.Context, values []*model.Experiment, opts ...UpsertOption[model.Experiment],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [Experiments.UpsertAll] except that all experiments must be new.
func (s Experiments) CreateAll(ctx context.Context, values []*model.Experiment) ([]Result, error) {
	return s.c.CreateAll(ctx, values)
}

// Update stores what f changes in the experiment with the given ID. See
// [Collection.Update].
func (s Experiments) Update(
	ctx context.Context, id string, f func(v *model.Experiment) error,
) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [Experiments.Upsert] except that it removes the fields that are
// not set in v. See [Collection.Replace].
func (s Experiments) Replace(
	ctx context.Context, v *model.Experiment, opts ...WriteOption[model.Experiment],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Get returns the experiment with the given ID. The error is [ErrNotFound] if
// it does not exist.
func (s Experiments) Get(
	ctx context.Context, id string, opts ...ReadOption[model.Experiment],
) (*model.Experiment, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the experiment with the given name. The error is
// [ErrNotFound] if it does not exist.
func (s Experiments) FindByName(
	ctx context.Context, name string, opts ...ReadOption[model.Experiment],
) (*model.Experiment, error) {
	return s.c.FindByName(ctx, name, opts...)
}

// FindByExternalID returns the experiment with the given external ID. The
// error is [ErrNotFound] if it does not exist.
func (s Experiments) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.Experiment],
) (*model.Experiment, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all experiments.
func (s Experiments) Query() Query[model.Experiment] {
	return s.c.Query()
}

// ExperimentRuns stores and finds the runs of experiments.
type ExperimentRuns struct {
	c *Collection[model.ExperimentRun, *mlmdpb.Context]
}

// ExperimentRuns returns the collection of runs. It makes no RPC.
func (c *Client) ExperimentRuns() ExperimentRuns {
	return ExperimentRuns{c.collections.experimentRuns}
}

// Upsert creates v or patches the stored run, and sets v.ID. A run is
// identified by its ID, or else by its experiment and its name. Without a name,
// it is identified by its external ID. See [Collection.Upsert].
func (s ExperimentRuns) Upsert(
	ctx context.Context, v *model.ExperimentRun, opts ...UpsertOption[model.ExperimentRun],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new run and sets v.ID. A run without a name gets a random
// one. The error is [ErrAlreadyExists] if it exists. See [Collection.Create].
func (s ExperimentRuns) Create(ctx context.Context, v *model.ExperimentRun) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the runs in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s ExperimentRuns) UpsertAll(
	ctx context.Context, values []*model.ExperimentRun, opts ...UpsertOption[model.ExperimentRun],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [ExperimentRuns.UpsertAll] except that all runs must be new.
func (s ExperimentRuns) CreateAll(ctx context.Context, values []*model.ExperimentRun) ([]Result, error) {
	return s.c.CreateAll(ctx, values)
}

// Update stores what f changes in the run with the given ID. See
// [Collection.Update].
func (s ExperimentRuns) Update(
	ctx context.Context, id string, f func(v *model.ExperimentRun) error,
) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [ExperimentRuns.Upsert] except that it removes the fields that
// are not set in v. See [Collection.Replace].
func (s ExperimentRuns) Replace(
	ctx context.Context, v *model.ExperimentRun, opts ...WriteOption[model.ExperimentRun],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Get returns the run with the given ID. The error is [ErrNotFound] if it
// does not exist.
func (s ExperimentRuns) Get(
	ctx context.Context, id string, opts ...ReadOption[model.ExperimentRun],
) (*model.ExperimentRun, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the run with the given name in the given experiment. The
// error is [ErrNotFound] if it does not exist.
func (s ExperimentRuns) FindByName(
	ctx context.Context, experimentID, name string, opts ...ReadOption[model.ExperimentRun],
) (*model.ExperimentRun, error) {
	return s.c.FindByNameIn(ctx, experimentID, name, opts...)
}

// FindByExternalID returns the run with the given external ID. The error
// is [ErrNotFound] if it does not exist.
func (s ExperimentRuns) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.ExperimentRun],
) (*model.ExperimentRun, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all runs.
func (s ExperimentRuns) Query() Query[model.ExperimentRun] {
	return s.c.Query()
}

// OfExperiment returns a query for the runs of the given experiment.
func (s ExperimentRuns) OfExperiment(experimentID string) Query[model.ExperimentRun] {
	return s.c.ChildrenOf(experimentID)
}

// MetricHistories stores and finds the measurements of metrics in experiment
// runs. The name of a measurement is "<metric>__<time in milliseconds>".
type MetricHistories struct {
	c *Collection[model.MetricHistory, *mlmdpb.Artifact]
}

// MetricHistories returns the collection of measurements. It makes no RPC.
func (c *Client) MetricHistories() MetricHistories {
	return MetricHistories{c.collections.metricHistories}
}

// Upsert creates v or patches the stored measurement, and sets v.ID. A
// measurement is identified by its ID, or else by its run and its name. See
// [Collection.Upsert].
func (s MetricHistories) Upsert(
	ctx context.Context, v *model.MetricHistory, opts ...UpsertOption[model.MetricHistory],
) (Result, error) {
	return s.c.Upsert(ctx, v, opts...)
}

// Create stores v as a new measurement and sets v.ID. The error is [ErrAlreadyExists] if
// it exists. See [Collection.Create].
func (s MetricHistories) Create(ctx context.Context, v *model.MetricHistory) (Result, error) {
	return s.c.Create(ctx, v)
}

// UpsertAll upserts the measurements in order, in transactions of up to 500 where
// the store has them. See [Collection.UpsertAll].
func (s MetricHistories) UpsertAll(
	ctx context.Context, values []*model.MetricHistory, opts ...UpsertOption[model.MetricHistory],
) ([]Result, error) {
	return s.c.UpsertAll(ctx, values, opts...)
}

// CreateAll is [MetricHistories.UpsertAll] except that all measurements must be new.
func (s MetricHistories) CreateAll(ctx context.Context, values []*model.MetricHistory) ([]Result, error) {
	return s.c.CreateAll(ctx, values)
}

// Update stores what f changes in the measurement with the given ID. See
// [Collection.Update].
func (s MetricHistories) Update(ctx context.Context, id string, f func(v *model.MetricHistory) error) (Result, error) {
	return s.c.Update(ctx, id, f)
}

// Replace is [MetricHistories.Upsert] except that it removes the fields that are
// not set in v. See [Collection.Replace].
func (s MetricHistories) Replace(
	ctx context.Context, v *model.MetricHistory, opts ...WriteOption[model.MetricHistory],
) (Result, error) {
	return s.c.Replace(ctx, v, opts...)
}

// Get returns the measurement with the given ID. The error is [ErrNotFound] if it
// does not exist.
func (s MetricHistories) Get(
	ctx context.Context, id string, opts ...ReadOption[model.MetricHistory],
) (*model.MetricHistory, error) {
	return s.c.Get(ctx, id, opts...)
}

// FindByName returns the measurement with the given name in the given run. The
// error is [ErrNotFound] if it does not exist.
func (s MetricHistories) FindByName(
	ctx context.Context, experimentRunID, name string, opts ...ReadOption[model.MetricHistory],
) (*model.MetricHistory, error) {
	return s.c.FindByNameIn(ctx, experimentRunID, name, opts...)
}

// FindByExternalID returns the measurement with the given external ID. The error
// is [ErrNotFound] if it does not exist.
func (s MetricHistories) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[model.MetricHistory],
) (*model.MetricHistory, error) {
	return s.c.FindByExternalID(ctx, externalID, opts...)
}

// Query returns a query for all measurements.
func (s MetricHistories) Query() Query[model.MetricHistory] {
	return s.c.Query()
}

// OfRun returns a query for the measurements of the given run.
func (s MetricHistories) OfRun(experimentRunID string) Query[model.MetricHistory] {
	return s.c.ChildrenOf(experimentRunID)
}
