// Package openlineage exports lineage as events of OpenLineage, which data catalogs
// read.
//
//	g, err := lineage.Provenance(ctx, reg, &weights)
//	events, err := openlineage.Events(g, openlineage.Config{
//		Namespace: "mlmd://registry.example.com",
//		Producer:  "https://example.com/nightly-export",
//	})
//	err = openlineage.Write(file, events)
//
// The events follow version 2-0-2 of the specification. They depend on the graph and
// the config only, so that exporting a graph again makes the same events, which
// catalogs store once.
package openlineage

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"github.com/mlmd-go/sdk/internal/exchange"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// Config says what the graph does not know.
type Config struct {
	// Namespace names the store, such as "mlmd://registry.example.com". It is the
	// namespace of jobs, and of data sets without a URI. IDs of runs are made from
	// it, so two stores must not share one.
	Namespace string

	// Producer is an absolute URI that identifies the program that exports.
	Producer string

	// Job returns the name of the job that an execution is a run of. The default
	// has the type and the name of the execution, such as "example.Training/night".
	// A program whose executions each have a name of their own may return the type,
	// so that catalogs show them as runs of one job. Job must not return "".
	Job func(*lineage.Node) string
}

// A RunEvent says what an execution read and wrote.
type RunEvent struct {
	// EventType is COMPLETE for executions that are COMPLETE or CACHED, FAIL for
	// FAILED, ABORT for CANCELED, RUNNING for RUNNING, and OTHER for the rest.
	EventType string `json:"eventType"`
	// EventTime is when the execution was last updated, or else created, in the
	// format of RFC 3339. If the store did not record either, it is the time of the
	// latest event of MLMD.
	EventTime string    `json:"eventTime"`
	Run       Run       `json:"run"`
	Job       Job       `json:"job"`
	Inputs    []Dataset `json:"inputs"`
	Outputs   []Dataset `json:"outputs"`
	Producer  string    `json:"producer"`
	SchemaURL string    `json:"schemaURL"`
}

// A Run is an execution. Its ID is the UUID of version 5 of "execution/ID" in the
// namespace that is the UUID of version 5 of Config.Namespace, as a URL.
type Run struct {
	RunID  string `json:"runId"`
	Facets Facets `json:"facets,omitempty"`
}

// A Job is what an execution is a run of.
type Job struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Facets    Facets `json:"facets,omitempty"`
}

// A Dataset is an artifact. Its name follows the URI, as the specification says:
// "s3://bucket/a/b" is "a/b" in the namespace "s3://bucket". Users, passwords and
// parameters with credentials, such as X-Amz-Signature and token, are left out. An
// artifact without a URI has a name such as
// "kf.DataSet/12/payments" in Config.Namespace.
//
// Artifacts of one execution with the same URI are one Dataset, whose standard facets
// describe the artifact with the greatest ID.
type Dataset struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Facets    Facets `json:"facets,omitempty"`
}

// Facets are parts of an event by name. Their values can be encoded as JSON.
type Facets map[string]any

const (
	schemaURL = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
	facetsURL = "https://openlineage.io/spec/facets/"

	// What a URL of a schema leads to never changes: a tag, which RELEASE.md says to make.
	ownURL = "https://github.com/mlmd-go/sdk/raw/openlineage-facets-1-0-0/" +
		"pkg/lineage/openlineage/facets-1-0-0.json#/$defs/"
)

var eventTypes = map[string]string{
	"COMPLETE": "COMPLETE", "CACHED": "COMPLETE", "FAILED": "FAIL", "CANCELED": "ABORT", "RUNNING": "RUNNING",
}

// Events returns an event for each execution of g, in the order of the nodes. Edges
// of unknown direction are left out. If the graph was cut, some events lack inputs
// or outputs.
//
// The error says that the config is not valid, or that an execution has no time, or
// one beyond the year 9999.
func Events(g *lineage.Graph, c Config) ([]RunEvent, error) {
	if c.Namespace == "" {
		return nil, fmt.Errorf("openlineage: Config.Namespace is empty: set it to a URI that names the store")
	}
	if u, err := url.Parse(c.Producer); err != nil || !u.IsAbs() {
		return nil, fmt.Errorf("openlineage: Config.Producer %q: must be an absolute URI", c.Producer)
	}
	edges := make(map[lineage.Ref][]lineage.Edge)
	for _, e := range g.Edges {
		if _, execution, _, ok := exchange.Flow(e); ok {
			edges[execution] = append(edges[execution], e)
		}
	}
	x := exporter{Config: c, graph: g}
	events := []RunEvent{}
	for _, n := range g.Nodes {
		if n.Kind != mlmd.Execution {
			continue
		}
		e, err := x.event(n, edges[n.Ref])
		if err != nil {
			return nil, fmt.Errorf("openlineage: %v %q: %w", n.Ref, n.Name, err)
		}
		events = append(events, e)
	}
	return events, nil
}

// Write writes events as JSON, one in a line.
func Write(w io.Writer, events []RunEvent) error {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	for i, e := range events {
		if err := enc.Encode(e); err != nil {
			return fmt.Errorf("openlineage: write event %d: %w", i, err)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("openlineage: write: %w", err)
	}
	return nil
}

type exporter struct {
	Config
	graph *lineage.Graph
}

func (x exporter) event(n *lineage.Node, edges []lineage.Edge) (RunEvent, error) {
	at := n.UpdateTime
	if at.IsZero() {
		at = n.CreateTime
	}
	if at.IsZero() {
		for _, e := range edges {
			if e.Time.After(at.Time) {
				at = e.Time
			}
		}
	}
	if at.IsZero() {
		return RunEvent{}, fmt.Errorf("has no time of creation or update: read the graph from a store")
	}
	when, err := formatTime(at)
	if err != nil {
		return RunEvent{}, err
	}
	e := RunEvent{
		EventType: eventTypes[n.State],
		EventTime: when,
		Run: Run{
			RunID:  exchange.ID(x.Namespace, n.Ref.String()),
			Facets: Facets{"mlmd_execution": runFacet{x.base(ownURL + "MLMDExecutionRunFacet"), x.node(n)}},
		},
		Job:       Job{Namespace: x.Namespace, Name: x.jobName(n), Facets: Facets{}},
		Producer:  x.Producer,
		SchemaURL: schemaURL,
	}
	if e.EventType == "" {
		e.EventType = "OTHER"
	}
	if text := exchange.PropertiesOf(n).Text("description"); text != "" {
		e.Job.Facets["documentation"] = documentation{
			x.base(facetsURL + "1-1-0/DocumentationJobFacet.json#/$defs/DocumentationJobFacet"), text,
		}
	}
	e.Inputs, err = x.datasets(edges, false)
	if err != nil {
		return RunEvent{}, err
	}
	e.Outputs, err = x.datasets(edges, true)
	return e, err
}

func (x exporter) jobName(n *lineage.Node) string {
	switch {
	case x.Job != nil:
		return x.Job(n)
	case n.TypeName == "":
		return exchange.Title(n)
	case n.Name == "":
		return n.TypeName
	}
	return n.TypeName + "/" + n.Name
}

// datasets returns the data sets that edges of one execution lead to or from.
func (x exporter) datasets(edges []lineage.Edge, outputs bool) ([]Dataset, error) {
	var refs []lineage.Ref
	events := make(map[lineage.Ref][]event)
	for _, e := range edges {
		r, _, output, ok := exchange.Flow(e)
		if !ok || output != outputs || x.graph.Node(r) == nil {
			continue
		}
		how := event{Kind: string(e.Kind), Path: e.Path}
		if !e.Time.IsZero() {
			var err error
			if how.Time, err = formatTime(e.Time); err != nil {
				return nil, fmt.Errorf("event of %v: %w", r, err)
			}
		}
		if _, ok := events[r]; !ok {
			refs = append(refs, r)
		}
		events[r] = append(events[r], how)
	}
	out := []Dataset{}
	index := make(map[[2]string]int)
	for _, r := range refs {
		n := x.graph.Node(r)
		namespace, name := x.datasetName(n)
		i, ok := index[[2]string{namespace, name}]
		if !ok {
			i = len(out)
			index[[2]string{namespace, name}] = i
			out = append(out, Dataset{namespace, name, Facets{}})
		}
		x.describe(out[i].Facets, n, events[r])
	}
	return out, nil
}

// describe adds what is known of an artifact to the facets of a data set.
func (x exporter) describe(facets Facets, n *lineage.Node, events []event) {
	p := exchange.PropertiesOf(n)
	if text := p.Text("description"); text != "" {
		facets["documentation"] = documentation{
			x.base(facetsURL + "1-1-0/DocumentationDatasetFacet.json#/$defs/DocumentationDatasetFacet"), text,
		}
	}
	if digest := p.Text("digest"); digest != "" {
		facets["version"] = version{
			x.base(facetsURL + "1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet"), digest,
		}
	}
	if fields := schemaFields(p.Text("schema")); len(fields) > 0 {
		facets["schema"] = schema{
			x.base(facetsURL + "1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"), fields,
		}
	}
	own, ok := facets["mlmd_artifacts"].(datasetFacet)
	if !ok {
		own.base = x.base(ownURL + "MLMDArtifactsDatasetFacet")
	}
	own.Artifacts = append(own.Artifacts, artifact{x.node(n), events})
	facets["mlmd_artifacts"] = own
}

// objectStores are the schemes whose names do not begin with a slash.
var objectStores = map[string]bool{"s3": true, "gs": true, "wasb": true, "wasbs": true}

// datasetName returns the namespace and name of an artifact.
func (x exporter) datasetName(n *lineage.Node) (namespace, name string) {
	l, ok := exchange.ParseURI(n.URI)
	if !ok {
		name = n.TypeName + "/" + n.ID
		if n.Name != "" {
			name += "/" + n.Name
		}
		return x.Namespace, name
	}
	if l.Scheme == "s3a" || l.Scheme == "s3n" {
		l.Scheme = "s3"
	}
	namespace, name = l.Scheme, l.Rest
	if l.Authority != "" {
		namespace += "://" + l.Authority
	}
	if objectStores[l.Scheme] && len(name) > 1 && name[0] == '/' {
		name = name[1:]
	}
	if name == "" {
		name = "/"
	}
	return namespace, name
}

// formatTime returns t in the format of RFC 3339, in UTC and with milliseconds.
func formatTime(t value.Time) (string, error) {
	u := t.UTC()
	if y := u.Year(); y < 0 || y > 9999 {
		return "", fmt.Errorf("the time %d ms since the epoch is not in the years 0 to 9999", t.Millis())
	}
	return u.Format("2006-01-02T15:04:05.000Z07:00"), nil
}

// contexts returns what n belongs to.
func (x exporter) contexts(n *lineage.Node) []membership {
	var out []membership
	for _, c := range x.graph.Contexts(n.Ref) {
		out = append(out, membership{c.ID, c.TypeName, c.Name})
	}
	return out
}

// timeOf returns t for a facet, or "" if it is not known or cannot be formatted.
func timeOf(t value.Time) string {
	if t.IsZero() {
		return ""
	}
	s, err := formatTime(t)
	if err != nil {
		return ""
	}
	return s
}
