package lineage_test

import (
	"fmt"
	"strconv"

	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A sketch is a graph that is made by hand.
type sketch struct {
	g    *lineage.Graph
	next map[mlmd.Kind]int
}

func newSketch() *sketch { return &sketch{&lineage.Graph{}, map[mlmd.Kind]int{}} }

func (s *sketch) node(kind mlmd.Kind, entity, typeName, name, state string) lineage.Ref {
	s.next[kind]++
	r := lineage.Ref{Kind: kind, ID: strconv.Itoa(s.next[kind])}
	s.g.Nodes = append(s.g.Nodes, &lineage.Node{
		Ref: r, Entity: entity, TypeName: typeName, Name: name, State: state, CreateTime: value.Millis(1_700_000_000_000),
	})
	return r
}

func (s *sketch) edge(kind lineage.EdgeKind, from, to lineage.Ref) {
	s.g.Edges = append(s.g.Edges, lineage.Edge{From: from, To: to, Kind: kind})
}

// trainings returns the lineage of a model that was trained n times, each time from
// shards of a data set, in a run of one pipeline, with metrics.
func trainings(runs, shards, metrics int) *lineage.Graph {
	s := newSketch()
	raw := s.node(mlmd.Artifact, "DataSet", "kf.DataSet", "payments-raw", "LIVE")
	s.g.Starts = []lineage.Ref{raw}
	pipeline := s.node(mlmd.Context, "", "system.Pipeline", "fraud-training", "")
	registered := s.node(mlmd.Context, "RegisteredModel", "kf.RegisteredModel", "fraud", "LIVE")
	for i := range runs {
		run := s.node(mlmd.Context, "", "system.PipelineRun", fmt.Sprintf("fraud-training-%d", i+1), "")
		s.edge(lineage.ParentContext, run, pipeline)
		split := s.node(mlmd.Execution, "", "system.ContainerExecution", "split", "COMPLETE")
		train := s.node(mlmd.Execution, "", "system.ContainerExecution", "train", "COMPLETE")
		s.edge(lineage.Association, split, run)
		s.edge(lineage.Association, train, run)
		s.edge(lineage.Input, raw, split)
		for j := range shards {
			shard := s.node(mlmd.Artifact, "DataSet", "kf.DataSet", fmt.Sprintf("payments-%d-%d", i+1, j+1), "LIVE")
			s.edge(lineage.Output, split, shard)
			s.edge(lineage.Input, shard, train)
			s.edge(lineage.Attribution, shard, run)
		}
		version := s.node(mlmd.Context, "ModelVersion", "kf.ModelVersion", fmt.Sprintf("v%d", i+1), "LIVE")
		s.edge(lineage.ParentContext, version, registered)
		weights := s.node(mlmd.Artifact, "ModelArtifact", "kf.ModelArtifact", "weights", "LIVE")
		s.edge(lineage.Output, train, weights)
		s.edge(lineage.Attribution, weights, version)
		eval := s.node(mlmd.Execution, "", "system.ContainerExecution", "evaluate", []string{"COMPLETE", "FAILED"}[i%2])
		s.edge(lineage.Association, eval, run)
		s.edge(lineage.Input, weights, eval)
		for j := range metrics {
			m := s.node(mlmd.Artifact, "Metric", "kf.Metric", fmt.Sprintf("auc-%d", j+1), "LIVE")
			s.edge(lineage.Output, eval, m)
			s.edge(lineage.Attribution, m, run)
		}
	}
	return s.g
}
